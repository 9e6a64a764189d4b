"""`Copies`: the share of synthetic rows that repeat training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from scipy.stats import binom

from lookalike.metrics._base import Metric
from lookalike.metrics._codebook import Floats
from lookalike.metrics._details import Details
from lookalike.metrics._neighbours import MOST_ROWS, Neighbours, between, nearest, within
from lookalike.metrics._pair import Pair
from lookalike.metrics._result import Direction, Measured, Score
from lookalike.metrics._view import View

__all__ = ["Copies", "CopyDetails", "clearly_more", "row_keys"]

#: Nearer than this share of real rows are to their nearest real neighbour is a near copy.
NEAR = 0.01
#: The excess of copies over those among real rows that is worth a warning.
_MANY = 0.02
#: Below this probability of so many copies at the usual share, they are no chance.
_CHANCE = 0.01
#: Significant digits in which two numbers of a copy agree.
_DIGITS = 9
#: The largest number of distances, and the smallest number of synthetic rows that are checked:
#: fewer are checked where there are very many real rows. All real rows always take part.
_MOST_DISTANCES = 1_200_000_000
_FEWEST_QUERIES = 2_000


@dataclass(frozen=True)
class CopyDetails(Details):
    """Details of `Copies`.

    Parameters
    ----------
    raw, rows, columns, pairs, pairs_seen, pairs_in_all, importances : optional
        See `Details`.
    exact_rows, synthetic_rows : int
        The synthetic rows that are exact copies, and all of them.
    near_rows : int
        The synthetic rows among which near copies were counted.
    near_limit : float
        The distance below which a row is a near copy.
    """

    exact_rows: int = 0
    synthetic_rows: int = 0
    near_rows: int = 0
    near_limit: float = 0.0


class Copies(Metric):
    """Count the synthetic rows that are exact or near copies of training rows.

    Exact: equal in all compared columns, numbers to their decimals or nine significant digits.
    Near: no farther from a training row than the nearest hundredth of training rows is from
    another training row. Held-out rows, the ceiling, have such copies too: only what goes beyond
    them is suspicious.

    A smoke test for copying, nothing more: few copies do not prove privacy (Yao et al. 2025,
    arXiv 2505.01524). Training rows are never sampled; of synthetic rows, exact copies are
    counted among all and near copies among a sample where there are very many.
    """

    name: ClassVar[str] = "copies"
    title: ClassVar[str] = "Copies"
    subject: ClassVar[str] = "copies of real rows"
    meaning: ClassVar[str] = (
        "The share of synthetic rows that are exact or near copies of real rows; less is "
        "better, and as few as among held-out rows are to be expected. A smoke test for "
        "copying, no more."
    )
    group: ClassVar[Literal["likeness", "use", "privacy"]] = "privacy"
    role: ClassVar[Literal["headline", "judged", "reference"]] = "reference"
    direction: ClassVar[Direction] = "lower"
    best: ClassVar[float] = 0.0
    details_type: ClassVar[type[Details]] = CopyDetails
    fewest_rows: ClassVar[int] = 1

    def _measure(self, pair: Pair) -> Measured:
        real, synthetic = pair.real_view, pair.synthetic_view
        if len(real) < 2:
            return Measured.undefined("It needs 2 real rows or more; there is 1.")
        training = set(row_keys(real))
        exact = sum(key in training for key in row_keys(synthetic))
        most = max(_FEWEST_QUERIES, _MOST_DISTANCES // len(real))
        limit = float(np.quantile(_own_distances(real, most), NEAR))
        checked = synthetic.sample(most)
        near = float(np.mean(between(checked, real)[0][:, 0] <= limit))
        details = CopyDetails(
            exact_rows=exact,
            synthetic_rows=len(synthetic),
            near_rows=len(checked),
            near_limit=limit,
        )
        return Measured(max(near, exact / len(synthetic)), details=details)

    def finding(self, score: Score) -> str:
        """Return the number of exact copies in words."""
        found = score.details
        if not isinstance(found, CopyDetails):
            return ""
        return f"{found.exact_rows:,} exact copies among {found.synthetic_rows:,} rows."

    def warning(self, score: Score) -> str:
        """Return a warning where there are clearly more copies than among real rows."""
        usual = score.ceiling or 0.0
        if score.value is None or not clearly_more(score, usual):
            return ""
        return (
            f"Beware: {100 * score.value:.0f} % of the synthetic rows are copies or near copies of "
            f"real rows, where {100 * usual:.0f} % are to be expected: rows may have been "
            "memorised."
        )


def clearly_more(score: Score, usual: float) -> bool:
    """Return whether there are more copies than usual by a share that matters, and beyond chance.

    Parameters
    ----------
    score : Score
        Of copies, with `CopyDetails`.
    usual : float
        The share of copies among real rows that nobody learned.
    """
    found = score.details
    if score.value is None or not isinstance(found, CopyDetails) or score.value <= usual + _MANY:
        return False
    count, rows = round(score.value * found.near_rows), found.near_rows
    return float(binom.sf(count - 1, rows, max(usual, NEAR))) < _CHANCE


def _own_distances(real: View, most: int) -> Floats:
    """Return the distances of training rows to their nearest other training row."""
    if len(real) <= min(most, MOST_ROWS):
        return within(real)[0][:, 0].astype(np.float64)

    def ask() -> Neighbours:
        return nearest(real.sample(most).embedding, real.embedding, 2)

    # The nearest of a row that is itself among the references is that row.
    distances = real.keep(("copies", most), ask)[0]
    return distances[:, 1].astype(np.float64)


def row_keys(view: View) -> list[bytes]:
    """Return a key for each row; rows with equal keys are copies.

    Parameters
    ----------
    view : View
        A table.

    Returns
    -------
    list of bytes
        Equal where all compared cells are: numbers to their decimals or nine significant digits.
    """
    return view.keep("keys", lambda: _make_keys(view))


def _make_keys(view: View) -> list[bytes]:
    columns = [
        _rounded(view.numbers[:, place], decimals)
        for place, decimals in enumerate(view.codebook.decimals)
    ]
    numbers = np.stack(columns, axis=1) if columns else np.empty((len(view), 0))
    # + 0.0 makes 0 of -0; all missing cells get the same bits.
    numbers = np.where(np.isnan(numbers), np.nan, numbers) + 0.0
    bits = np.concatenate([numbers.view(np.int64), view.codes.astype(np.int64)], axis=1)
    rows = np.ascontiguousarray(bits).view(np.dtype((np.void, bits.shape[1] * 8)))
    return [bytes(row) for row in rows.ravel().tolist()]


def _rounded(values: Floats, decimals: int | None) -> Floats:
    if decimals is not None:
        return np.round(values, decimals)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        size = np.floor(np.log10(np.abs(values)))
        unit = 10.0 ** (_DIGITS - 1 - np.where(np.isfinite(size), size, 0.0))
        rounded = np.round(values * unit) / unit
    return np.where(np.isfinite(rounded), rounded, values)
