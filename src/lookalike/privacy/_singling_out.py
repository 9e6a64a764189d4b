"""Singling out: properties, read off the synthetic rows, that exactly one learned row has.

The attacks of Anonymeter (Giomi, Boenisch, Wehmeyer and Tasnádi 2023, arXiv 2211.10459), here on
equally many learned and control rows: the smaller the table, the more often a property is unique.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lookalike._core.intervals import ShareEstimate
from lookalike._core.numerics import Floats
from lookalike._core.seeds import generator
from lookalike.metrics import View
from lookalike.privacy._attack_results import RiskEstimate
from lookalike.privacy._ground import AuditedTables, Bools
from lookalike.privacy._residual import estimated

__all__ = ["singling_out"]

#: The most guesses, the fewest and most columns of one with several, and the candidates for each.
_GUESSES, _FEWEST_COLUMNS, _COLUMNS, _CANDIDATES = 1_000, 2, 6, 6
#: The largest number of rows of each table.
_MOST = 20_000


class _PredicateTerm(NamedTuple):
    """A property of one column: its place, the comparison and the value (NaN is missing)."""

    place: int
    sign: str
    value: float


_Predicate = tuple[_PredicateTerm, ...]


def singling_out(tables: AuditedTables) -> list[RiskEstimate]:
    """Return the risks of properties of one column and of several.

    Parameters
    ----------
    tables : AuditedTables
    """
    pair = tables.pair
    assert pair.test_view is not None  # the control
    count = min(len(pair.real), len(pair.test_view), _MOST)
    synthetic = _cells(tables.synthetic.sample(_MOST))
    learned, control = _cells(pair.real_view.sample(count)), _cells(pair.test_view.sample(count))
    numeric = tables.synthetic.numbers.shape[1]
    rng = generator(tables.seed, "privacy", "singling out")
    naive = list(_random(synthetic, numeric, rng))
    single = list(_extremes(synthetic, numeric, rng))
    several = list(_combined(synthetic, numeric, rng))
    found = []
    for words, guesses in (("one column", single), ("several columns", several)):
        if not guesses:
            continue  # no property of synthetic rows is unique: there is nothing to guess
        found.append(
            estimated(
                f"singling out, {words}",
                "properties that one synthetic row has",
                _right(guesses, learned),
                _right(guesses, control),
                _right(naive, learned),
            )
        )
    return found


def _cells(view: View) -> Floats:
    """Return all columns as numbers, shape (n, columns); levels as their numbers."""
    return np.concatenate([view.numbers, view.codes.astype(np.float64)], axis=1)


def _extremes(cells: Floats, numeric: int, rng: np.random.Generator) -> Iterator[_Predicate]:
    """Yield ends of numbers, and values and missing cells that one synthetic row has."""
    ends, unique = [], []
    for place in range(cells.shape[1]):
        column = cells[:, place]
        present = column[~np.isnan(column)]
        if len(column) - len(present) == 1:
            unique.append(_PredicateTerm(place, "=", np.nan))
        if place < numeric and len(present):
            ends += [
                _PredicateTerm(place, "≤", present.min()),
                _PredicateTerm(place, "≥", present.max()),
            ]
        values, counts = np.unique(present, return_counts=True)
        unique += [_PredicateTerm(place, "=", value) for value in values[counts == 1]]
    room = max(_GUESSES - len(ends), 0)
    drawn = rng.permutation(len(unique))[:room]
    for term in [*ends[:_GUESSES], *(unique[i] for i in drawn)]:
        yield (term,)


def _combined(cells: Floats, numeric: int, rng: np.random.Generator) -> Iterator[_Predicate]:
    """Yield properties of a few columns that exactly one synthetic row has."""
    most = min(_COLUMNS, cells.shape[1])
    fewest = min(_FEWEST_COLUMNS, most)
    middle = np.zeros(cells.shape[1])
    for place in range(numeric):
        present = cells[~np.isnan(cells[:, place]), place]
        middle[place] = np.median(present) if len(present) else 0.0
    left = _GUESSES
    for _ in range(_CANDIDATES * _GUESSES):
        row = cells[rng.integers(len(cells))]
        places = rng.permutation(cells.shape[1])[: rng.integers(fewest, most + 1)]
        guess = tuple(_toward_end(int(p), row[p], middle[p], numeric) for p in places)
        if _matches(guess, cells) == 1:
            yield guess
            left -= 1
            if not left:
                return


def _toward_end(place: int, value: float, middle: float, numeric: int) -> _PredicateTerm:
    """Return the rarer side of a number, or a level itself."""
    if place >= numeric or np.isnan(value):
        return _PredicateTerm(place, "=", value)
    return _PredicateTerm(place, "≥" if value >= middle else "≤", value)


def _random(cells: Floats, numeric: int, rng: np.random.Generator) -> Iterator[_Predicate]:
    """Yield naive guesses: random columns, comparisons, and values of unrelated rows."""
    for _ in range(_GUESSES):
        places = rng.permutation(cells.shape[1])[: rng.integers(1, _COLUMNS + 1)]
        yield tuple(
            _PredicateTerm(
                int(p),
                "=" if p >= numeric else str(rng.choice(["≤", "≥", "="])),
                cells[rng.integers(len(cells)), p],
            )
            for p in places
        )


def _right(guesses: list[_Predicate], cells: Floats) -> ShareEstimate:
    return ShareEstimate.of(sum(_matches(one, cells) == 1 for one in guesses), len(guesses))


def _matches(guess: _Predicate, cells: Floats) -> int:
    """Return the number of rows that have a property; later terms only see rows that are left."""
    for term in guess:
        cells = cells[_holds(term, cells[:, term.place])]
    return len(cells)


def _holds(term: _PredicateTerm, column: Floats) -> Bools:
    if np.isnan(term.value):
        return np.isnan(column)
    if term.sign == "=":
        return np.asarray(column == term.value)
    return np.asarray(column <= term.value if term.sign == "≤" else column >= term.value)
