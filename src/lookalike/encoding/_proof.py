"""The proof of a relation: its column must be no worse than if it had been learned by itself.

The rows are split. The relation and the columns are fitted on the greater part, and rows are
generated from it as an ideal network would: encoded, blurred with noise, and decoded. This is done
twice from the same blurred columns, with the relation and without it, and both are compared with
the held-out rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.rows import Rows
from lookalike.encoding._choice import EncodingChoice
from lookalike.encoding._columns import fit_columns
from lookalike.encoding._draw import Z_MAX, sample_encoded
from lookalike.encoding._layout import SampledRows
from lookalike.encoding._one_block import ANY_LEVELS
from lookalike.encoding._spans import encode_columns, lay_out
from lookalike.relations import Cells, Relation, relation
from lookalike.tables import Column, Dependency, Kind, Schema
from lookalike.tables.values.arrow import is_null, plain, to_numpy
from lookalike.tables.values.grid import raw_of

__all__ = ["Proof"]

#: The share of held-out rows, their greatest number, and the greatest number of fitted rows.
_HELD_OUT, _MOST_HELD_OUT, _MOST_FITTED = 1 / 3, 3_000, 6_000
#: The noise of a network: the standard deviation added to normal scores, and the share of levels
#: that are resampled.
_BLUR, _RESAMPLED = 0.1, 0.05
#: The tolerance for chance, over the root of the number of held-out rows.
_CHANCE = 1.0
#: A value with this share of a column, and this count, is compared by itself.
_COMMON, _FEWEST = 0.01, 10
#: The number of cells per column in a contingency table; of columns that a column is compared with;
#: and of candidates for these.
_CELLS, _OTHERS, _CANDIDATES = 8, 6, 32
#: The share of a value that gets a range of its own; the greatest number of cells with it.
_SPIKE, _WIDE = 0.05, _CELLS + 4


class Proof:
    """The split rows of a table, and its columns as a network would generate them.

    Parameters
    ----------
    schema : Schema
        The columns and their kinds.
    choice : EncodingChoice
        The rules for choosing encodings; here every number is one normal score.
    cells : mapping of str to pyarrow.Array
        The columns of a canonical table.
    """

    def __init__(self, schema: Schema, choice: EncodingChoice, cells: Cells) -> None:
        rows = len(next(iter(cells.values())))
        order = np.random.default_rng(0).permutation(rows)
        held_out = min(int(rows * _HELD_OUT), _MOST_HELD_OUT)
        self._held_out = pa.array(np.sort(order[:held_out]))
        self._fitted = pa.array(np.sort(order[held_out : held_out + _MOST_FITTED]))
        # A level that is kept among all rows may occur only once in a small part of them.
        least = choice.min_count if 2 * len(self._fitted) >= rows else 1
        numeric = {kind.value: "quantile" for kind in Kind if kind.is_numeric}
        self._choice = replace(choice, chosen=numeric, onehot_limit=ANY_LEVELS, min_count=least)
        self._schema, self._cells = schema, cells
        self._sides: dict[str, _Sides] = {}
        self._margin = _CHANCE / np.sqrt(max(held_out, 1))

    def refuted(self, dependency: Dependency) -> str | None:
        """Return in words what a relation would make worse; None where it proves itself.

        Relations that build on others must come after these.
        """
        fitted_relation = relation(dependency, self._choice.least)
        if not fitted_relation.needs_proof or not len(self._held_out):
            return None
        names = (dependency.column, *dependency.needs)
        fitted = {name: self._cells[name].take(self._fitted) for name in names}
        if not fitted_relation.suits(fitted):
            return "a part of the table has rows that it cannot describe"
        if fitted_relation.fit(fitted, self._schema).is_empty:
            return "too few rows share any of its values"
        others = {name: self._of(name).made for name in dependency.needs}
        # The residual and the column as a network would generate them with the relation.
        residual = fitted_relation.residual(fitted)
        if residual is not None:
            seed = f"{dependency.column} rest"
            residual = _noisy(fitted_relation.residual_column, residual, self._choice, seed)
        column = fitted_relation.compute(others, residual, Rows())
        for what, by_itself, related in self._compared(fitted_relation, others, column):
            if related > by_itself + self._margin:
                return (
                    f"{what} would be off by {related:.3f}, against {by_itself:.3f} when learned "
                    f"by itself, on {len(self._held_out):,} held-out rows"
                )
        self._sides[dependency.column] = replace(self._of(dependency.column), related=column)
        return None

    def _compared(
        self, made: Relation, others: Cells, column: pa.Array
    ) -> Iterator[tuple[str, float, float]]:
        """Yield each distance from held-out rows with its name, without and with a relation."""
        name, on = made.spec.column, made.spec.on
        both = (self._of(name).alone, column)
        alone, related = (_apart(self._of(name).real, cells) for cells in both)
        yield "its distribution", alone, related
        real = made.residual({n: self._of(n).real for n in (name, *on)})
        if real is not None:
            alone, related = (
                _apart(real, made.residual({**others, name: cells})) for cells in both
            )
            yield f"its residual beside {_listed(on)}", alone, related
        codes = [self._of(name).codes(cells) for cells in both]
        for names in (on, self._others(made.spec)):
            if names:
                alone, related = (self._joint(name, code, names) for code in codes)
                yield f"its association with {_listed(names)}", alone, related

    @cached_property
    def _candidates(self) -> tuple[list[str], np.ndarray]:
        """Candidate columns, evenly spaced among all, and their coarse cells in held-out rows."""
        able = [c.name for c in self._schema.columns if c.kind.is_learned]
        able = able[:: max(1, -(-len(able) // _CANDIDATES))]
        return able, np.stack([self._of(name).real_codes for name in able])

    def _others(self, dependency: Dependency) -> list[str]:
        """Return the columns most associated with one, apart from those that it depends on."""
        names, codes = self._candidates
        # Contingency tables of the column with each candidate, one after the other.
        keys = self._of(dependency.column).real_codes * _WIDE + codes
        keys += _WIDE**2 * np.arange(len(names))[:, None]
        counts = np.bincount(keys.ravel(), minlength=len(names) * _WIDE**2)
        seen = counts.reshape(-1, _WIDE, _WIDE) / codes.shape[1]
        # Association: the distance from the table expected under independence.
        expected = seen.sum(axis=2, keepdims=True) * seen.sum(axis=1, keepdims=True)
        strength = np.abs(seen - expected).sum(axis=(1, 2))
        related = {dependency.column, *dependency.on}
        order = [names[i] for i in np.argsort(-strength, kind="stable")]
        return [name for name in order if name not in related][:_OTHERS]

    def _joint(self, name: str, codes: np.ndarray, others: Sequence[str]) -> float:
        """Return how much a column's association with others differs from that in held-out rows."""
        far = [
            np.abs(
                _shares(self._of(name).real_codes, self._of(other).real_codes)
                - _shares(codes, self._of(other).made_codes)
            ).sum()
            for other in others
        ]
        return float(np.mean(far)) / 2

    def _of(self, name: str) -> _Sides:
        if name not in self._sides:
            cells = self._cells[name]
            self._sides[name] = _Sides(
                self._schema[name],
                cells.take(self._fitted),
                cells.take(self._held_out),
                self._choice,
            )
        return self._sides[name]


@dataclass(frozen=True, eq=False)
class _Sides:
    """One column's fitted rows and held-out rows.

    Parameters
    ----------
    column : Column
    fitted, real : pyarrow.Array
        Its cells in fitted and in held-out rows.
    choice : EncodingChoice
        The rules for choosing its encoding.
    related : pyarrow.Array or None
        The fitted rows as generated by a relation that has proved itself.
    """

    column: Column
    fitted: pa.Array
    real: pa.Array
    choice: EncodingChoice
    related: pa.Array | None = None

    @cached_property
    def alone(self) -> pa.Array:
        """The fitted rows as a network would generate them if it learned the column by itself."""
        return _noisy(self.column, self.fitted, self.choice, self.column.name)

    @property
    def made(self) -> pa.Array:
        """The fitted rows as they will be generated."""
        return self.alone if self.related is None else self.related

    @cached_property
    def _ranges(self) -> _Bins:
        return _Bins.of(self.real)

    def codes(self, cells: pa.Array) -> np.ndarray:
        """Return the coarse cells of rows of this column."""
        return self._ranges.codes(cells)

    @cached_property
    def real_codes(self) -> np.ndarray:
        return self.codes(self.real)

    @cached_property
    def made_codes(self) -> np.ndarray:
        return self.codes(self.made)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


@dataclass(frozen=True)
class _Bins:
    """Coarse cells of a column: ranges of a number or its most frequent levels, and *missing*.

    Parameters
    ----------
    cuts : ndarray or None
        The limits between ranges, as raw values.
    levels : pyarrow.Array or None
        The levels; all others share one cell.
    """

    cuts: np.ndarray | None
    levels: pa.Array | None

    @classmethod
    def of(cls, real: pa.Array) -> Self:
        """Cut into about equal parts, and around the most common value."""
        if not _is_numeric(real.type):
            counted = plain(real).drop_null().value_counts()
            most = pc.array_sort_indices(counted.field("counts"), order="descending")[:_CELLS]
            return cls(None, counted.field("values").take(most))
        floats = _floats(real)
        present = floats[~np.isnan(floats)]
        if not len(present):
            return cls(np.zeros(0), None)
        values, counts = np.unique(present, return_counts=True)
        top = values[counts.argmax()]
        even = np.quantile(present, np.arange(1, _CELLS) / _CELLS, method="inverted_cdf")
        cuts = (
            even
            if counts.max() < _SPIKE * len(present)
            else [*even, top, np.nextafter(top, np.inf)]
        )
        return cls(np.unique(cuts), None)

    def codes(self, cells: pa.Array) -> np.ndarray:
        """Return the cell of each row, below `_WIDE`; the last is for missing ones."""
        if self.cuts is not None:
            floats = _floats(cells)
            codes = np.searchsorted(self.cuts, floats, side="right")
            return np.where(np.isnan(floats), _WIDE - 1, codes)
        levels = plain(cells)
        codes = to_numpy(pc.index_in(levels, value_set=self.levels).fill_null(_WIDE - 2))
        return np.where(is_null(levels), _WIDE - 1, codes)


def _shares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the shares of the combinations of two columns' cells."""
    counts = np.bincount(a * _WIDE + b, minlength=_WIDE**2)
    return np.asarray(counts.reshape(_WIDE, _WIDE) / max(len(a), 1))


def _apart(real: pa.Array, made: pa.Array) -> float:
    """Return the distance of two columns: Kolmogorov-Smirnov's, or total variation."""
    if not _is_numeric(real.type):
        levels = pc.unique(plain(real))
        shares = [
            np.bincount(
                to_numpy(pc.index_in(plain(c), value_set=levels).fill_null(len(levels))),
                minlength=len(levels) + 1,
            )
            / max(len(c), 1)
            for c in (real, made)
        ]
        return float(np.abs(shares[0] - shares[1]).sum() / 2)
    # Cumulative shares at every value; missing cells sort last.
    a, b = np.sort(_floats(real)), np.sort(_floats(made))
    values, counts = np.unique(a[~np.isnan(a)], return_counts=True)
    every = np.concatenate([values, b[~np.isnan(b)]])
    cumulative = [np.searchsorted(x, every, side="right") / max(len(x), 1) for x in (a, b)]
    missing = [np.isnan(x).mean() for x in (a, b)]
    # Shares of the common values.
    common = values[counts >= max(_COMMON * len(a), _FEWEST)]
    both = [
        np.searchsorted(x, common, side="right") - np.searchsorted(x, common, side="left")
        for x in (a, b)
    ]
    jumps = np.abs(both[0] / max(len(a), 1) - both[1] / max(len(b), 1)).sum() / 2
    distance = np.abs(cumulative[0] - cumulative[1]).max(initial=0.0)
    return float(max(distance, abs(missing[0] - missing[1]), jumps))


def _is_numeric(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_temporal(kind)
    )


def _floats(cells: pa.Array) -> np.ndarray:
    """Return numbers, or the ticks of times, as floats; NaN where missing."""
    floats = np.full(len(cells), np.nan)
    floats[~is_null(cells)] = raw_of(cells.drop_null(), None)
    return floats


def _noisy(column: Column, cells: pa.Array, choice: EncodingChoice, seed: str) -> pa.Array:
    """Return cells encoded, blurred with the noise of a network, and decoded."""
    schema = Schema((column,))
    rng = np.random.default_rng(list(seed.encode()))
    (part,) = fit_columns({column.name: cells}, replace(choice, schema=schema), rng)
    layout, (span,) = lay_out((part,))
    whole = encode_columns({column.name: cells}, [(part, span)], layout, len(cells))
    drawn = sample_encoded(whole, layout, rng)
    masked = is_null(cells) if part.has_gate else np.zeros(len(cells), bool)
    drawn = _blurred(drawn, masked, rng)
    missing = drawn.levels[:, 0] == 1 if part.has_gate else None
    return part.decode(span.of_drawn(drawn), missing, Rows())


def _blurred(drawn: SampledRows, masked: np.ndarray, rng: np.random.Generator) -> SampledRows:
    """Return rows as an ideal network would generate them, but for noise.

    Parameters
    ----------
    drawn : SampledRows
        The sampled rows of one column.
    masked : ndarray of bool, shape (n,)
        The rows whose numbers are masked: they are resampled.
    """
    noise = rng.standard_normal(drawn.numbers.shape)
    numbers = np.where(masked[:, None], rng.standard_normal(noise.shape), drawn.numbers)
    # The sum of two normals, scaled back to unit variance.
    numbers = (numbers + _BLUR * noise) / np.hypot(1.0, _BLUR)
    resampled = rng.random(drawn.levels.shape) < _RESAMPLED
    levels = np.where(resampled, rng.permuted(drawn.levels, axis=0), drawn.levels)
    return SampledRows(np.clip(numbers, -Z_MAX, Z_MAX).astype(np.float32), levels.astype(np.int32))
