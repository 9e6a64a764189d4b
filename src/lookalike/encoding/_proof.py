"""The proof of a relation: its column must be no worse than if it had been learned by itself.

The rows are parted. On the greater part the relation and the columns are fitted, and rows are made
from it as a network at best would: encoded, blurred, and decoded again. They are made twice from
the same blurred columns, with the relation and without it, and compared with the rows that took no
part.
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
from lookalike.encoding._spans import encode_columns, lay_out
from lookalike.relations import Cells, Relation, relation
from lookalike.tables import Column, Dependency, Kind, Schema
from lookalike.tables.values.arrow import is_null, plain, to_numpy
from lookalike.tables.values.grid import raw_of

__all__ = ["Proof"]

#: The share of rows that take no part in a fit, the most of them, and the most that are fitted.
_HELD_OUT, _MOST_HELD_OUT, _MOST_FITTED = 1 / 3, 3_000, 6_000
#: What a network blurs: normal scores by so many standard deviations, and the share of levels that
#: are drawn again.
_BLUR, _REDRAWN = 0.1, 0.05
#: What is as good may look worse by chance by this, over the root of the number of rows held out.
_CHANCE = 1.0
#: A value that is this share of a column, and occurs so often, counts by itself.
_COMMON, _FEWEST = 0.01, 10
#: Levels or ranges of two columns that are counted together; columns that a column is compared
#: with, and of how many these are chosen.
_CELLS, _OTHERS, _LOOKED_AT = 8, 6, 32
#: One range is cut out for a value that is this share of a column; cells there can be then.
_SPIKE, _WIDE = 0.05, _CELLS + 4
#: One column of levels costs nothing here.
_ANY_LEVELS = 2**31 - 1


class Proof:
    """The rows of a table, parted, and its columns as a network would make them.

    Parameters
    ----------
    schema : Schema
        What the columns are.
    choice : EncodingChoice
        By which rules columns get their encodings; here every number is one normal score.
    cells : mapping of str to pyarrow.Array
        The columns of a canonical table.
    """

    def __init__(self, schema: Schema, choice: EncodingChoice, cells: Cells) -> None:
        rows = len(next(iter(cells.values())))
        order = np.random.default_rng(0).permutation(rows)
        held_out = min(int(rows * _HELD_OUT), _MOST_HELD_OUT)
        self._held_out = pa.array(np.sort(order[:held_out]))
        self._fitted = pa.array(np.sort(order[held_out : held_out + _MOST_FITTED]))
        # a level that is kept in all rows may occur but once in few of them
        least = choice.min_count if 2 * len(self._fitted) >= rows else 1
        numeric = {kind.value: "quantile" for kind in Kind if kind.is_numeric}
        self._choice = replace(choice, chosen=numeric, onehot_limit=_ANY_LEVELS, min_count=least)
        self._schema, self._cells = schema, cells
        self._sides: dict[str, _Sides] = {}
        self._margin = _CHANCE / np.sqrt(max(held_out, 1))

    def refuted(self, dependency: Dependency) -> str | None:
        """Return what a relation would make worse, in words; None where it proves itself.

        Relations that build on others must come after these.
        """
        made = relation(dependency, self._choice.least)
        if not made.needs_proof or not len(self._held_out):
            return None
        names = (dependency.column, *dependency.needs)
        fitted = {name: self._cells[name].take(self._fitted) for name in names}
        if not made.suits(fitted):
            return "a part of the table has rows that it cannot describe"
        if made.fit(fitted, self._schema).is_empty:
            return "too few rows share any of its values"
        others = {name: self._of(name).made for name in dependency.needs}
        residual = made.residual(fitted)
        if residual is not None:
            seed = f"{dependency.column} rest"
            residual = _noisy(made.residual_column, residual, self._choice, seed)
        column = made.compute(others, residual, Rows())
        for what, by_itself, related in self._compared(made, others, column):
            if related > by_itself + self._margin:
                return (
                    f"{what} would be off by {related:.3f}, by itself by {by_itself:.3f}, "
                    f"in {len(self._held_out):,} rows held out"
                )
        self._sides[dependency.column] = replace(self._of(dependency.column), related=column)
        return None

    def _compared(
        self, made: Relation, others: Cells, column: pa.Array
    ) -> Iterator[tuple[str, float, float]]:
        """Yield how far rows without and with a relation are from those that took no part."""
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
    def _looked_at(self) -> tuple[list[str], np.ndarray]:
        """Return columns, evenly taken of all, and their coarse cells in rows held out."""
        able = [c.name for c in self._schema.columns if c.kind.is_learned]
        able = able[:: max(1, -(-len(able) // _LOOKED_AT))]
        return able, np.stack([self._of(name).real_codes for name in able])

    def _others(self, dependency: Dependency) -> list[str]:
        """Return the columns that go most with one, of those that it does not depend on."""
        names, codes = self._looked_at
        # all tables of the column's cells and another's, one after the other
        keys = self._of(dependency.column).real_codes * _WIDE + codes
        keys += _WIDE**2 * np.arange(len(names))[:, None]
        counts = np.bincount(keys.ravel(), minlength=len(names) * _WIDE**2)
        seen = counts.reshape(-1, _WIDE, _WIDE) / codes.shape[1]
        expected = seen.sum(axis=2, keepdims=True) * seen.sum(axis=1, keepdims=True)
        strength = np.abs(seen - expected).sum(axis=(1, 2))
        related = {dependency.column, *dependency.on}
        order = [names[i] for i in np.argsort(-strength, kind="stable")]
        return [name for name in order if name not in related][:_OTHERS]

    def _joint(self, name: str, codes: np.ndarray, others: Sequence[str]) -> float:
        """Return how far a column goes with others otherwise than it does in rows held out."""
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
    """One column: the rows that are fitted, and those that take no part.

    Parameters
    ----------
    column : Column
    fitted, real : pyarrow.Array
        Its cells.
    choice : EncodingChoice
        By which rules it is encoded.
    related : pyarrow.Array or None
        The fitted rows as they are made by a relation that has proved itself.
    """

    column: Column
    fitted: pa.Array
    real: pa.Array
    choice: EncodingChoice
    related: pa.Array | None = None

    @cached_property
    def alone(self) -> pa.Array:
        """The fitted rows as a network would make them that has learned the column by itself."""
        return _noisy(self.column, self.fitted, self.choice, self.column.name)

    @property
    def made(self) -> pa.Array:
        """The fitted rows as they will be made."""
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
    """Few ranges of a number, or its most frequent levels, and all that is missing.

    Parameters
    ----------
    cuts : ndarray or None
        Where ranges part, as raw values.
    levels : pyarrow.Array or None
        Levels; all others are one.
    """

    cuts: np.ndarray | None
    levels: pa.Array | None

    @classmethod
    def of(cls, real: pa.Array) -> Self:
        """Cut about evenly, and around the commonest value."""
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
        """Return the cell of each row, below `_WIDE`; the last is for what is missing."""
        if self.cuts is not None:
            floats = _floats(cells)
            found = np.searchsorted(self.cuts, floats, side="right")
            return np.where(np.isnan(floats), _WIDE - 1, found)
        levels = plain(cells)
        found = to_numpy(pc.index_in(levels, value_set=self.levels).fill_null(_WIDE - 2))
        return np.where(is_null(levels), _WIDE - 1, found)


def _shares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the shares of the combinations of two columns' cells."""
    counts = np.bincount(a * _WIDE + b, minlength=_WIDE**2)
    return np.asarray(counts.reshape(_WIDE, _WIDE) / max(len(a), 1))


def _apart(real: pa.Array, made: pa.Array) -> float:
    """Return the greatest difference of two columns: of cumulative shares, or of common values."""
    if not _is_numeric(real.type):
        known = pc.unique(plain(real))
        found = [
            np.bincount(
                to_numpy(pc.index_in(plain(c), value_set=known).fill_null(len(known))),
                minlength=len(known) + 1,
            )
            / max(len(c), 1)
            for c in (real, made)
        ]
        return float(np.abs(found[0] - found[1]).sum() / 2)
    a, b = np.sort(_floats(real)), np.sort(_floats(made))  # missing cells come last
    values, counts = np.unique(a[~np.isnan(a)], return_counts=True)
    every = np.concatenate([values, b[~np.isnan(b)]])
    upto = [np.searchsorted(x, every, side="right") / max(len(x), 1) for x in (a, b)]
    gone = [np.isnan(x).mean() for x in (a, b)]
    common = values[counts >= max(_COMMON * len(a), _FEWEST)]
    both = [
        np.searchsorted(x, common, side="right") - np.searchsorted(x, common, side="left")
        for x in (a, b)
    ]
    jumps = np.abs(both[0] / max(len(a), 1) - both[1] / max(len(b), 1)).sum() / 2
    far = np.abs(upto[0] - upto[1]).max(initial=0.0)
    return float(max(far, abs(gone[0] - gone[1]), jumps))


def _is_numeric(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_temporal(kind)
    )


def _floats(cells: pa.Array) -> np.ndarray:
    """Return numbers and ticks as floats, NaN where missing."""
    floats = np.full(len(cells), np.nan)
    floats[~is_null(cells)] = raw_of(cells.drop_null(), None)
    return floats


def _noisy(column: Column, cells: pa.Array, choice: EncodingChoice, seed: str) -> pa.Array:
    """Return cells encoded, blurred as a network does it, and decoded."""
    schema = Schema((column,))
    rng = np.random.default_rng(list(seed.encode()))
    (part,) = fit_columns({column.name: cells}, replace(choice, schema=schema), rng)
    layout, (place,) = lay_out((part,))
    whole = encode_columns({column.name: cells}, [(part, place)], layout, len(cells))
    drawn = sample_encoded(whole, layout, rng)
    silent = is_null(cells) if part.has_gate else np.zeros(len(cells), bool)
    drawn = _blurred(drawn, silent, rng)
    missing = drawn.levels[:, 0] == 1 if part.has_gate else None
    return part.decode(place.of_drawn(drawn), missing, Rows())


def _blurred(drawn: SampledRows, silent: np.ndarray, rng: np.random.Generator) -> SampledRows:
    """Return rows as a network would make them that has learned them but for noise.

    Parameters
    ----------
    drawn : SampledRows
        Rows of one column.
    silent : ndarray of bool, shape (n,)
        In which rows its numbers say nothing: they are drawn again.
    """
    fresh = rng.standard_normal(drawn.numbers.shape)
    numbers = np.where(silent[:, None], rng.standard_normal(fresh.shape), drawn.numbers)
    # the sum of two normals, scaled so that it is as wide as the one
    numbers = (numbers + _BLUR * fresh) / np.hypot(1.0, _BLUR)
    redrawn = rng.random(drawn.levels.shape) < _REDRAWN
    levels = np.where(redrawn, rng.permuted(drawn.levels, axis=0), drawn.levels)
    return SampledRows(np.clip(numbers, -Z_MAX, Z_MAX).astype(np.float32), levels.astype(np.int32))
