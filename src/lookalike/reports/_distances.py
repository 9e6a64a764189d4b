"""Distances to the nearest learned row: of synthetic rows, and of real rows that nobody learned.

Where synthetic rows lie nearer than real ones do, rows may have been memorised. Only shares in bins
are kept: the distance of a single row can give it away (Ganev and De Cristofaro 2023, arXiv
2312.05114).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike.metrics import Codebook, View, nearest
from lookalike.reports._summary import Bar, Distances, Histogram, Marginal
from lookalike.reports._values import Floats
from lookalike.tables import Schema

__all__ = ["nearest_distances"]

#: Rows whose distances are measured, and learned rows among which the nearest is sought.
_MOST_ROWS, _MOST_LEARNED = 2_000, 20_000
_BINS, _FEWEST_ROWS, _FEWEST_IN_BIN = 24, 20, 2
#: The share of the reference rows that counts as near.
_NEAR = 0.05


def nearest_distances(
    schema: Schema,
    real: pa.Table,
    synthetic: pa.Table,
    held_out: pa.Table | None,
    seed: int,
) -> Distances | None:
    """Count rows by their distance to the nearest learned row.

    Parameters
    ----------
    schema : Schema
    real, synthetic : pyarrow.Table
        Canonical; the real rows are those that were learned.
    held_out : pyarrow.Table or None
        Real rows that were not; without them, each learned row is compared with the others.
    seed : int
        The seed of samples of long tables.

    Returns
    -------
    Distances or None
        None where there are too few rows.
    """
    others = [table for table in (synthetic, held_out) if table is not None]
    if min(len(real), *map(len, others)) < _FEWEST_ROWS:
        return None
    book = Codebook(real, schema, *others)
    if not book.columns:
        return None
    learned = View(real, book, seed).sample(_MOST_LEARNED).embedding
    made = _to_nearest(View(synthetic, book, seed).sample(_MOST_ROWS).embedding, learned)
    if held_out is None:
        usual = nearest(learned[:_MOST_ROWS], learned, 2)[0][:, 1].astype(np.float64)
    else:
        usual = _to_nearest(View(held_out, book, seed).sample(_MOST_ROWS).embedding, learned)
    # Where many rows are equal, far more than a twentieth of the real rows are as near as that.
    bound = np.quantile(usual, _NEAR)
    reference = "held_out" if held_out is not None else "learned"
    near, usually = _share(made <= bound), _share(usual <= bound)
    return Distances(_binned(usual, made), reference, near, usually)


def _to_nearest(rows: np.ndarray, learned: np.ndarray) -> Floats:
    return nearest(rows, learned, 1)[0][:, 0].astype(np.float64)


def _binned(usual: Floats, made: Floats) -> Marginal:
    """Return the shares of both in equal bins from 0; those far beyond the bulk stand aside."""
    top = float(np.quantile(np.concatenate([usual, made]), 0.99)) or 1.0
    edges = np.linspace(0, top, _BINS + 1)
    aside = (
        Bar("0: a learned row", _share(usual == 0), _share(made == 0), "value"),
        Bar("beyond", _share(usual > top), _share(made > top), "beyond"),
    )
    histogram = Histogram(tuple(edges.tolist()), _shares(usual, edges), _shares(made, edges))
    bars = tuple(bar for bar in aside if bar.real or bar.synthetic)
    return Marginal("distance", bars, histogram)


def _share(rows: npt.NDArray[np.bool_]) -> float:
    return float(np.mean(rows))


def _shares(found: Floats, edges: Floats) -> tuple[float, ...]:
    """Return the share of all rows in each bin, those at 0 aside; bins of a single row are 0."""
    counts = np.histogram(found[found > 0], edges)[0]
    shares: list[float] = (np.where(counts < _FEWEST_IN_BIN, 0, counts) / len(found)).tolist()
    return tuple(shares)
