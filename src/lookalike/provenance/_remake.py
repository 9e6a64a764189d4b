"""Rows made again from a model: only rows that are addressed by number allow it."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lookalike._core.errors import DataError, ParameterError
from lookalike._core.seeds import generator
from lookalike.models import Synthesizer
from lookalike.provenance._content import row_digests
from lookalike.tables import cell_texts
from lookalike.watermark import Watermark

__all__ = ["SamplingRecipe", "differing_rows"]

#: Random rows are taken from this many blocks: a block is generated as a whole.
_BLOCKS = 8
#: Where nothing else says which rows differ, so many are made again at once.
_AT_ONCE = 65_536
_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True)
class SamplingRecipe:
    """How rows were made: with a model, this is all that it takes to make them again.

    Parameters
    ----------
    seed, start : int
        The seed of sampling, and the number of the first row.
    given : dict
        The conditions, as JSON: for each column its values, its range or its value.
    balance : str or None
        The column whose categories are equally frequent.
    watermark : Watermark or None
        The mark that the rows carry.
    """

    seed: int
    start: int
    given: dict[str, Any]
    balance: str | None
    watermark: Watermark | None = None

    @classmethod
    def of(
        cls,
        seed: int,
        start: int,
        given: Mapping[str, Any] | None,
        balance: str | None,
        watermark: Watermark | None,
    ) -> SamplingRecipe:
        """Return the recipe of a call of `Synthesizer.sample`.

        Raises
        ------
        ParameterError
            If `given` is a table, whose cells are no conditions on all rows.
        """
        if given is not None and not isinstance(given, Mapping):
            raise ParameterError(
                "given must be a mapping of conditions: completed rows cannot be made again from "
                "a statement, which would have to hold their known cells."
            )
        conditions = {str(name): _to_json(value) for name, value in (given or {}).items()}
        return cls(seed, start, conditions, balance, watermark)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], watermark: Watermark | None) -> SamplingRecipe:
        """Read the fields from a statement, which holds no key of a watermark."""
        seed, start = int(values["seed"]), int(values["start"])
        return cls(seed, start, dict(values["given"]), values["balance"], watermark)

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON values, without the key of the watermark."""
        mark = self.watermark
        return {
            "seed": self.seed,
            "start": self.start,
            "given": self.given,
            "balance": self.balance,
            "watermark": None
            if mark is None
            else {"name": mark.name, "candidates": mark.candidates},
        }

    def rows(self, model: Synthesizer, first: int, count: int) -> pa.Table:
        """Return some of the rows as they are written, from `first` on among those of the file."""
        given = {name: _from_json(value) for name, value in self.given.items()}
        # A file has cells in stored form, such as 0.0 for a number that the training file had so.
        with TemporaryDirectory(prefix="lookalike-") as folder:
            path = Path(folder) / "rows.parquet"
            model.sample_to(
                path,
                count,
                given=given or None,
                balance=self.balance,
                random_state=self.seed,
                start=self.start + first,
                watermark=self.watermark,
            )
            return pq.read_table(path)


def _to_json(value: Any) -> dict[str, Any]:
    if isinstance(value, tuple) and len(value) == 2:
        return {"range": [_cell(one) for one in value]}
    if isinstance(value, (set, frozenset, list, tuple)):
        return {"any": sorted(map(_cell, value), key=repr)}
    return {"value": _cell(value)}


def _cell(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, _PLAIN):
        return value
    raise ParameterError(f"A condition in a statement must be a plain value; got {value!r}.")


def _from_json(value: Mapping[str, Any]) -> Any:
    if "range" in value:
        return tuple(value["range"])
    return set(value["any"]) if "any" in value else value["value"]


def differing_rows(
    table: pa.Table,
    model: Synthesizer,
    recipe: SamplingRecipe,
    count: int,
    seed: int,
    *,
    ordered: bool,
) -> tuple[int, list[str]]:
    """Make random rows again, and return how many, and what differs in words.

    Parameters
    ----------
    table : pyarrow.Table
        The rows of the file.
    model : Synthesizer
    recipe : SamplingRecipe
    count : int
        The number of rows to make again; all of them if it is the number of rows.
    seed : int
        The seed of their choice.
    ordered : bool
        Whether a row must stand in its place; otherwise it must stand anywhere.

    Raises
    ------
    DataError
        If the model has other columns than the file.
    """
    names = [column.name for column in model.schema_.columns]
    if set(names) != set(table.column_names):
        raise DataError("the model has other columns than the file")
    everywhere = set() if ordered else set(row_digests(table))
    checked, words = 0, []
    for first, places in _chosen(len(table), model.BLOCK, count, seed):
        made = recipe.rows(model, first, int(places[-1]) + 1)
        made = made.take(pa.array(places))
        there = table.take(pa.array(places + first))
        checked += len(places)
        for row, (a, b) in enumerate(zip(row_digests(there), row_digests(made), strict=True)):
            if a == b or b in everywhere:
                continue
            words.append(_words(there, made, row, first + int(places[row])))
    return checked, words


def _chosen(
    rows: int, block: int, count: int, seed: int
) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
    """Yield the first row of a run and the places of the chosen ones within it."""
    if count >= rows:
        for first in range(0, rows, _AT_ONCE):
            yield first, np.arange(min(_AT_ONCE, rows - first))
        return
    rng = generator(seed, "provenance", "rows")
    if rows <= block:
        yield 0, np.sort(rng.permutation(rows)[:count])
        return
    blocks = -(-rows // block)
    drawn = np.sort(rng.permutation(blocks)[: min(_BLOCKS, count)])
    for number, own in zip(drawn, np.array_split(np.arange(count), len(drawn)), strict=True):
        first = int(number) * block
        size = min(block, rows - first)
        yield first, np.sort(rng.permutation(size)[: len(own)])


def _words(there: pa.Table, made: pa.Table, row: int, number: int) -> str:
    columns: Sequence[str] = there.column_names
    for name in columns:
        a, b = (cell_texts(t[name], name)[row].as_py() for t in (there, made))
        if a != b:
            return f"row {number + 1:,}: {name!r} is {a!r}, the model makes {b!r}"
    return f"row {number + 1:,} differs"
