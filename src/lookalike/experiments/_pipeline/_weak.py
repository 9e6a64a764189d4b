"""Weak spots of an evaluation: classes and regions of large losses, columns made unlike real.

A region proves itself on validation rows that took no part in its search. Each weakness says which
rows the next cycle may make.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.numerics import Floats
from lookalike._core.seeds import generator
from lookalike.experiments._pipeline._matched import column_distance
from lookalike.experiments._pipeline._mix import condition_words
from lookalike.experiments._study_spec import StudySpec
from lookalike.metrics import View
from lookalike.tables import Schema, fulfilled, parse_conditions, render

__all__ = ["WeakSpot", "weak_classes", "weak_columns", "weak_regions"]

RowMask = npt.NDArray[np.bool_]
Conditions = tuple[tuple[str, Any], ...]

#: Standard errors by which the losses of a weak spot exceed those of all other rows.
_BEYOND = 2.0
#: The least and the largest share of rows in a region.
_LEAST, _MOST = 0.05, 0.6
#: The most levels of a column that are looked at, the most frequent first.
_MOST_LEVELS = 30
#: Of the regions that one search finds, those that are kept.
_REGIONS = 3
#: The share by which a second condition must raise the excess loss, for the region to have two.
_WORTH = 1.2


@dataclass(frozen=True)
class WeakSpot:
    """A class, a region or a column on which an evaluation is weak.

    Parameters
    ----------
    kind : {"class", "region", "column"}
        What it is.
    words : str
        Its name in words.
    given : tuple of (str, object)
        The conditions of its rows; none for a column.
    share : float
        The share of rows that are in it; of a column 1.
    excess : float
        The loss that its rows add to the mean loss of all rows, as a share of this; of a column,
        the distance of generated from real rows beyond that between real ones.
    strength : float
        The difference in standard errors.
    """

    kind: str
    words: str
    given: Conditions
    share: float
    excess: float
    strength: float

    def to_dict(self) -> dict[str, Any]:
        """Return the spot as plain values, fit for JSON; its conditions are in its words."""
        return {name: value for name, value in asdict(self).items() if name != "given"}


def weak_classes(spec: StudySpec, losses: Floats) -> list[WeakSpot]:
    """Return the classes whose rows have larger losses than the others, the worst first.

    Parameters
    ----------
    spec : StudySpec
        The rows.
    losses : ndarray of float, shape (n,)
        The mean loss of each row while it was held out; NaN where it never was.
    """
    if not spec.classes:
        return []
    cells = spec.table[spec.target].combine_chunks()
    conditions = ((spec.target, level) for level in pc.unique(cells).to_pylist())
    return _worst(_spots("class", conditions, spec, losses))


def weak_regions(spec: StudySpec, losses: Floats, seed: int) -> list[WeakSpot]:
    """Return regions of one or two conditions on inputs whose rows have larger losses.

    Half of the rows finds them; they are returned if the other half agrees.

    Parameters
    ----------
    spec : StudySpec
        The rows.
    losses : ndarray of float, shape (n,)
        As of `weak_classes`.
    seed : int
        The seed of the halves.
    """
    known = np.flatnonzero(~np.isnan(losses))
    order = generator(seed, "pipeline", "halves").permutation(known)
    halves = []
    for rows in (order[::2], order[1::2]):
        half = np.full(len(losses), np.nan)
        half[rows] = losses[rows]
        halves.append(half)
    inputs = [name for name in spec.schema.names if name != spec.target]
    atoms = [atom for name in inputs for atom in _atoms(spec, name)]
    found = _searched(spec, atoms, halves[0])
    if not found:
        return []
    confirmed = [
        spot for given in found if (spot := _spot(spec, "region", given, halves[1])) is not None
    ]
    return _worst(iter(confirmed))


def weak_columns(
    views: Sequence[tuple[View, View, View]], target: str, columns: Sequence[str]
) -> list[WeakSpot]:
    """Return the columns that come with the target otherwise in generated rows than in real ones.

    Parameters
    ----------
    views : sequence of (View, View, View)
        Of each split: training rows, validation rows, generated rows.
    target : str
        The target.
    columns : sequence of str
        The inputs.
    """
    found = []
    for name in columns:
        excess = [_excess_distance(*three, target, name) for three in views]
        mean = float(np.mean(excess))
        error = float(np.std(excess, ddof=1)) / math.sqrt(len(excess))
        strength = mean / error if error > 0 else 0.0
        if mean > 0 and strength > _BEYOND:
            found.append(WeakSpot("column", name, (), 1.0, mean, strength))
    return _worst(iter(found))


def _excess_distance(real: View, held: View, made: View, target: str, name: str) -> float:
    """Return the distance of generated rows from held-out ones, less that of training rows.

    As many rows of each, so that chance adds the same to both.
    """
    count = min(len(real), len(made))
    apart = (
        column_distance(held, target, name, View(one.table.slice(0, count), one.codebook, 0))
        for one in (made, real)
    )
    from_made, from_real = apart
    return from_made - from_real


# --- spots ----------------------------------------------------------------------------------------


def _spots(
    kind: str, conditions: Iterator[tuple[str, Any]], spec: StudySpec, losses: Floats
) -> Iterator[WeakSpot]:
    for name, value in conditions:
        given = ((name, value),)
        spot = _spot(spec, kind, given, losses)
        if spot is not None:
            yield spot


def _spot(spec: StudySpec, kind: str, given: Conditions, losses: Floats) -> WeakSpot | None:
    """Return a weak spot, or None where its losses are not larger beyond chance."""
    known, inside = ~np.isnan(losses), _mask(spec, given)
    own, other = losses[known & inside], losses[known & ~inside]
    if len(own) < 2 or len(other) < 2:
        return None
    apart = own.mean() - other.mean()
    error = math.sqrt(own.var(ddof=1) / len(own) + other.var(ddof=1) / len(other))
    if not apart > _BEYOND * error or error == 0:
        return None
    share = len(own) / known.sum()
    whole = losses[known].mean()
    excess = float(share * (own.mean() - whole) / whole)
    words = condition_words({name: _as_given(spec, name, value) for name, value in given})
    return WeakSpot(kind, words, given, float(share), excess, float(apart / error))


def _worst(spots: Iterator[WeakSpot]) -> list[WeakSpot]:
    return sorted(spots, key=lambda spot: (-spot.excess, spot.words))


# --- regions --------------------------------------------------------------------------------------


def _searched(spec: StudySpec, atoms: list[tuple[str, Any]], losses: Floats) -> list[Conditions]:
    """Return the conditions of the regions with the largest excess loss, on different columns."""
    known = ~np.isnan(losses)
    if not atoms or known.sum() < 1 / _LEAST:
        return []
    above = np.where(known, losses - losses[known].mean(), 0.0)
    masks = np.stack([_mask(spec, (atom,)) for atom in atoms])
    excess = _excess(masks, above, known)
    found: list[Conditions] = []
    for place in np.argsort(-excess, kind="stable"):
        if len(found) == _REGIONS or not excess[place] > 0:
            break
        if any(atoms[place][0] == name for given in found for name, _ in given):
            continue
        found.append(_narrowed(int(place), atoms, masks, above, known))
    return found


def _narrowed(
    place: int, atoms: list[tuple[str, Any]], masks: RowMask, above: Floats, known: RowMask
) -> Conditions:
    """Return a region, with a second condition where it holds more loss for its rows."""
    first = masks[place]
    both = masks & first
    others = np.array([name != atoms[place][0] for name, _ in atoms])
    if not others.any():
        return (atoms[place],)
    # Excess per root of the rows, as a standard score counts it: fewer rows must hold more loss.
    scores = np.where(others, _score(both, above, known), -np.inf)
    best = int(np.argmax(scores))
    if scores[best] > _WORTH * _score(first[None], above, known)[0]:
        return (atoms[place], atoms[best])
    return (atoms[place],)


def _excess(masks: RowMask, above: Floats, known: RowMask) -> Floats:
    """Return the loss above the mean that is within each region of an allowed size."""
    shares = (masks & known).sum(axis=1) / known.sum()
    return np.where((shares >= _LEAST) & (shares <= _MOST), masks @ above, -np.inf)


def _score(masks: RowMask, above: Floats, known: RowMask) -> Floats:
    counts = np.maximum((masks & known).sum(axis=1), 1)
    return np.asarray(_excess(masks, above, known) / np.sqrt(counts))


def _atoms(spec: StudySpec, name: str) -> Iterator[tuple[str, Any]]:
    """Yield conditions on a column: its levels, or its lower and upper parts, and missing cells."""
    plain = spec.table[name].combine_chunks()
    if plain.null_count:
        yield name, None
    plain = plain.drop_null()
    if not len(plain):
        return
    counted = pc.value_counts(plain)
    levels, counts = counted.field(0).to_pylist(), counted.field(1).to_numpy()
    if spec.schema[name].kind.is_discrete:
        for place in np.argsort(-counts, kind="stable")[:_MOST_LEVELS]:
            yield name, levels[place]
        return
    ordered = plain.take(pc.sort_indices(plain))
    limits = [ordered[int(share * (len(ordered) - 1))].as_py() for share in (0.25, 0.5, 0.75)]
    for limit in dict.fromkeys(limits):
        yield name, (None, limit)
        yield name, (limit, None)


def _mask(spec: StudySpec, given: Conditions) -> RowMask:
    """Return the rows that fulfil conditions."""
    return np.asarray(fulfilled(parse_conditions(dict(given), spec.schema), spec.table))


def _as_given(spec: StudySpec, name: str, value: Any) -> Any:
    """Return the value of a condition as the caller's table writes it."""
    if isinstance(value, tuple):
        return tuple(_as_given(spec, name, one) for one in value)
    if value is None or not spec.schema[name].kind.is_discrete:
        return value
    cell = pa.table({name: pa.array([value], spec.table[name].type)})
    return render(cell, Schema((spec.schema[name],)))[name][0].as_py()
