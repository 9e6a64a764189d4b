"""`Procedural`: tables from a declared recipe for each column, without any data."""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import FileFormatError, ModelFileError, ParameterError, nearest
from lookalike._core.parameters import AnyOf, Choice, Instance, Number, Rule, check_parameters
from lookalike._core.seeds import RandomState, as_seed, generator
from lookalike.models import FORMAT, ArchiveParts, write_parts
from lookalike.relations import cells_of
from lookalike.rules import Ruleset, check_texts
from lookalike.simulate._frames import LIBRARY_RULE, frame_of
from lookalike.simulate._makers import MAKERS, ColumnMaker, MadeBlock
from lookalike.tables import (
    Kind,
    Schema,
    TableWriter,
    check_output,
    conform,
    fulfilled,
    infer_columns,
    parse_conditions,
)

__all__ = ["Procedural", "ProceduralColumn", "read_procedural"]

#: About the number of rows of a block, which holds whole histories.
_BLOCK = 4_096
#: How often rows that break a rule are drawn again.
_ROUNDS = 200
#: After so many rounds, rows that have never obeyed never will.
_HOPELESS = 20
#: Blocks in a row without a row that fulfils conditions, after which there is none.
_FRUITLESS = 50
_NUMBER_OR_NONE = AnyOf((Number(),), none=True)


@dataclass(frozen=True)
class ProceduralColumn:
    """A column of a procedural table.

    Parameters
    ----------
    name : str
        Its name.
    maker : ColumnMaker
        The way to make it.
    min, max : float or None
        Numbers beyond are set to the bound.
    decimals : int or None
        The decimals that numbers are rounded to; 0 gives whole numbers.
    missing : float
        The share of missing cells.
    per : {"row", "history"}
        Whether all rows of a history have the value of its first one.
    """

    name: str
    maker: ColumnMaker
    min: float | None = None
    max: float | None = None
    decimals: int | None = None
    missing: float = 0.0
    per: str = "row"

    rules: ClassVar[Mapping[str, Rule]] = {
        "name": Instance((str,), "the name of a column"),
        "min": _NUMBER_OR_NONE,
        "max": _NUMBER_OR_NONE,
        "decimals": AnyOf((Number(0, 15, integer=True),), none=True),
        "missing": Number(0, 1),
        "per": Choice(("row", "history")),
    }

    @classmethod
    def read(cls, spec: Mapping[str, Any]) -> ProceduralColumn:
        """Read a column from its part of a spec.

        Raises
        ------
        ParameterError
            If an option is unknown or breaks its rule.
        """
        options = dict(spec)
        own = {name: options.pop(name) for name in cls.rules if name in options}
        if "name" not in own or "make" not in options:
            raise ParameterError(f"A column needs 'name' and 'make'; got {dict(spec)!r}.")
        check_parameters(f"column {own['name']!r}", cls.rules, own)
        kind = options.pop("make")
        try:
            maker = MAKERS.create({"name": kind, **options})
        except TypeError:
            raise ParameterError(
                f"The column {own['name']!r} lacks an option of {kind!r}; got {options!r}."
            ) from None
        except ParameterError as error:
            raise ParameterError(f"The column {own['name']!r}: {error}") from None
        return cls(maker=maker, **own)

    def make(self, block: MadeBlock, random: np.random.Generator) -> pa.Array:
        """Return the cells of a block."""
        absent = random.random(block.rows) < self.missing
        cells = self.maker.make(block, random)
        if isinstance(cells, pa.Array) and pa.types.is_floating(cells.type):
            cells = np.asarray(cells.to_numpy(zero_copy_only=False), np.float64)
        if isinstance(cells, np.ndarray):
            cells = self._numbers(cells)
        elif pa.types.is_integer(cells.type):
            cells = self._bounded(cells)
        if absent.any():
            cells = pc.if_else(pa.array(absent), pa.scalar(None, cells.type), cells)
        if self.per == "row":
            return cells
        rows = np.arange(block.rows)
        return cells.take(pa.array(rows - rows % block.length))

    def _bounded(self, cells: pa.Array) -> pa.Array:
        """Return whole numbers, some of which may be missing, within their bounds."""
        if self.min is not None:
            least = pa.scalar(math.ceil(self.min), cells.type)
            cells = pc.max_element_wise(cells, least, skip_nulls=False)
        if self.max is not None:
            most = pa.scalar(math.floor(self.max), cells.type)
            cells = pc.min_element_wise(cells, most, skip_nulls=False)
        return cells

    def _numbers(self, numbers: np.ndarray) -> pa.Array:
        """Return numbers within their bounds, rounded; those that are not finite are missing."""
        whole = numbers.dtype.kind in "iu"
        if self.min is not None or self.max is not None:
            low = -np.inf if self.min is None else self.min
            high = np.inf if self.max is None else self.max
            numbers = np.clip(numbers, low, high)
        if self.decimals is not None and not whole:
            numbers = np.round(numbers, self.decimals)
        known = np.isfinite(numbers)
        if not whole and self.decimals != 0:
            return pa.array(numbers, mask=~known)
        known &= np.abs(numbers) < 2**62
        return pa.array(np.where(known, numbers, 0).astype(np.int64), mask=~known)


class Procedural:
    """Synthesizer of tables from a declared recipe for each column, without any data.

    Row i depends on the spec, the seed and i alone, as of every synthesizer.

    Parameters
    ----------
    spec : mapping or path
        ``"column"``: a list of columns in their order, each with its ``"name"``, the way to
        ``"make"`` it, its options, and perhaps those of `ProceduralColumn`. ``"rules"``: a list of
        rules that every row obeys; rows that break one are drawn again. ``"history_length"``: the
        number of rows of a history, for states and counters (1). Or a TOML file of the same
        content.
    random_state : int, Generator, RandomState or None
        The default seed of sampling.

    Attributes
    ----------
    schema_ : Schema
        The kinds of the columns, inferred from one block.
    seed_ : int
        The default seed.

    Raises
    ------
    ParameterError
        If the spec is wrong, or rows hardly ever obey its rules.
    FileFormatError
        If the file is no TOML.

    Examples
    --------
    >>> import lookalike as la
    >>> spec = {
    ...     "column": [
    ...         {"name": "age", "make": "integers", "low": 18, "high": 80},
    ...         {"name": "city", "make": "levels", "chances": {"Oslo": 3, "Rome": 1}},
    ...         {"name": "income", "make": "lognormal", "median": "900 * age", "sigma": 0.3},
    ...     ],
    ...     "rules": ["income >= 12000"],
    ... }
    >>> model = la.Procedural(spec, random_state=0)
    >>> model.sample(2, start=1000).equals(model.sample(1002)[1000:].reset_index(drop=True))
    True
    """

    def __init__(
        self,
        spec: Mapping[str, Any] | str | os.PathLike[str],
        *,
        random_state: RandomState = 0,
    ) -> None:
        values = spec if isinstance(spec, Mapping) else _read_toml(spec)
        self.spec = dict(values)
        self.random_state = random_state
        self.seed_ = as_seed(random_state)
        self._columns, self._rules, self._length = _read_spec(self.spec)
        self._order = _ordered(self._columns)
        # Whole histories, so that a block needs no other.
        self._block_rows = max(_BLOCK // self._length, 1) * self._length
        first = self._drawn(0, 0, 0)
        self._arrow = first.schema
        self.schema_ = _with_numbers(infer_columns(first), first)
        if self._rules:
            self._check_rules(first)

    def sample(
        self,
        n: int,
        *,
        given: Mapping[str, Any] | None = None,
        random_state: RandomState = None,
        start: int = 0,
        as_: str | None = None,
    ) -> Any:
        """Generate rows.

        Parameters
        ----------
        n : int
            The number of rows, 0 or more.
        given : mapping of str to object, optional
            Conditions that every row fulfils, as for every synthesizer; rows are chosen among
            ordinary ones.
        random_state : int, Generator, RandomState or None
            The seed; None is the model's own ``seed_``.
        start : int
            The number of the first row.
        as_ : {"pandas", "polars", "arrow"} or None
            The kind of dataframe; None is the first of the three that is installed.

        Returns
        -------
        dataframe, shape (n, columns)

        Raises
        ------
        ParameterError
            If a parameter breaks its rule, or no row is found that fulfils `given`.
        """
        check_parameters("sample", {"as_": LIBRARY_RULE}, {"as_": as_})
        tables = list(self._tables(n, given, random_state, start))
        whole = pa.concat_tables([self._empty(), *tables])
        return frame_of(whole, as_)

    def sample_batches(
        self,
        n: int,
        *,
        given: Mapping[str, Any] | None = None,
        random_state: RandomState = None,
        start: int = 0,
    ) -> Iterator[pa.RecordBatch]:
        """Generate the rows of `sample` batch by batch, in constant memory.

        Parameters
        ----------
        n : int
            The number of rows, 0 or more.
        given : mapping of str to object, optional
            As for `sample`.
        random_state : int, Generator, RandomState or None
            As for `sample`.
        start : int
            The number of the first row.

        Yields
        ------
        pyarrow.RecordBatch
            The next rows.
        """
        for table in self._tables(n, given, random_state, start):
            yield from table.to_batches()

    def sample_to(
        self,
        path: str | os.PathLike[str],
        n: int,
        *,
        given: Mapping[str, Any] | None = None,
        random_state: RandomState = None,
        start: int = 0,
        safe_csv: bool = False,
    ) -> int:
        """Write the rows of `sample` to a file, in constant memory.

        Parameters
        ----------
        path : str or path-like
            A ``.csv``, ``.csv.gz`` or ``.parquet`` file, or ``"-"`` for CSV to standard output.
        n : int
            The number of rows.
        given : mapping of str to object, optional
            As for `sample`.
        random_state : int, Generator, RandomState or None
            As for `sample`.
        start : int
            The number of the first row.
        safe_csv : bool
            Whether to put a quote before text that a spreadsheet would read as a formula.

        Returns
        -------
        int
            The number of rows written.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        check_output(path)
        rows = 0
        with TableWriter(path, self._empty().schema, safe_csv=safe_csv) as writer:
            for table in self._tables(n, given, random_state, start):
                writer.write(table)
                rows += table.num_rows
        return rows

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the spec and the seed to one file, which `lookalike.load` reads.

        Parameters
        ----------
        path : str or path-like
            The file, by convention with the suffix ``.lookalike``.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        manifest = {
            "format": FORMAT,
            "lookalike": version("lookalike"),
            "synthesizer": "Procedural",
            "spec": _plain(self.spec),
            "seed": self.seed_,
        }
        write_parts(ArchiveParts(manifest, {}, {}), path)

    # --- blocks ----------------------------------------------------------------------------------

    def _tables(
        self, n: int, given: Mapping[str, Any] | None, random_state: RandomState, start: int
    ) -> Iterator[pa.Table]:
        count = Number(0, integer=True)
        check_parameters("sample", {"n": count, "start": count}, {"n": n, "start": start})
        seed = self.seed_ if random_state is None else as_seed(random_state)
        if given:
            yield from self._accepted(n, given, seed, start)
            return
        size, row = self._block_rows, start
        while row < start + n:
            block, offset = divmod(row, size)
            taken = min(size - offset, start + n - row)
            yield self._block(block, seed).slice(offset, taken)
            row += taken

    def _accepted(
        self, n: int, given: Mapping[str, Any], seed: int, start: int
    ) -> Iterator[pa.Table]:
        """Yield rows that fulfil conditions, in the order of ordinary rows."""
        conditions = parse_conditions(given, self.schema_)
        skipped, left, fruitless, block = 0, n, 0, 0
        while left:
            table = self._block(block, seed)
            rows = np.flatnonzero(fulfilled(conditions, conform(table, self.schema_)))
            fruitless = 0 if len(rows) else fruitless + 1
            if fruitless == _FRUITLESS:
                words = ", ".join(map(str, conditions))
                raise ParameterError(
                    f"Rows of the spec must be able to fulfil the conditions; none of "
                    f"{_FRUITLESS * self._block_rows:,} has {words}."
                )
            wanted = rows[max(start - skipped, 0) :][:left]
            skipped += len(rows)
            left -= len(wanted)
            block += 1
            if len(wanted):
                yield table.take(pa.array(wanted))

    def _block(self, block: int, seed: int) -> pa.Table:
        """Return a block of rows that obey all rules."""
        table = self._drawn(block, seed, 0)
        if not self._rules:
            return table
        left = np.flatnonzero(self._broken(table))
        for attempt in range(1, _ROUNDS):
            if not len(left):
                return table
            if attempt == _HOPELESS and len(left) == len(table):
                break
            # Another draw of the whole block, from which broken histories are replaced.
            other = self._drawn(block, seed, attempt).take(pa.array(left))
            source = np.arange(len(table))
            source[left] = len(table) + np.arange(len(left))
            table = pa.concat_tables([table, other]).take(pa.array(source)).combine_chunks()
            left = left[self._broken(other)]
        if len(left):
            raise ParameterError(
                f"Rows must be able to obey the rules {list(self._rules)!r}; {len(left):,} of "
                f"{len(table):,} still break one after many draws. Change the recipes."
            )
        return table

    def _drawn(self, block: int, seed: int, attempt: int) -> pa.Table:
        made = MadeBlock(block * self._block_rows, self._block_rows, self._length, {})
        for column in self._order:
            random = generator(seed, "procedural", block, attempt, column.name)
            made.cells[column.name] = column.make(made, random)
        return pa.table({column.name: made.cells[column.name] for column in self._columns})

    def _broken(self, table: pa.Table) -> np.ndarray:
        """Return the rows of histories that break a rule."""
        cells = cells_of(conform(table, self.schema_))
        masks = Ruleset.read(self._rules, self.schema_, cells, strict=False).broken(cells)
        broken = np.logical_or.reduce(list(masks.values()))
        histories: np.ndarray = broken.reshape(-1, self._length).any(axis=1)
        return np.repeat(histories, self._length)

    def _check_rules(self, first: pa.Table) -> None:
        cells = cells_of(conform(first, self.schema_))
        for rule in Ruleset.read(self._rules, self.schema_, cells, strict=False).rules:
            if rule.unique:
                raise ParameterError(
                    f"A rule of a procedural table must be on single rows; {rule.text!r} is on "
                    "several. Use a counter for unique values."
                )
        self._block(0, self.seed_)

    def _empty(self) -> pa.Table:
        return self._arrow.empty_table()

    def __repr__(self) -> str:
        names = ", ".join(column.name for column in self._columns[:8])
        more = ", …" if len(self._columns) > 8 else ""
        return f"Procedural({len(self._columns)} columns: {names}{more})"


def read_procedural(parts: ArchiveParts) -> Procedural:
    """Restore a model from the parts of its file, which may be damaged or hostile.

    Parameters
    ----------
    parts : ArchiveParts
        The content of the file, whose form has been checked.

    Returns
    -------
    Procedural

    Raises
    ------
    ModelFileError
        If the spec is damaged.
    """
    try:
        return Procedural(parts.manifest["spec"], random_state=as_seed(parts.manifest["seed"]))
    except ParameterError as error:
        raise ModelFileError(f"its spec is damaged: {error}") from error


def _read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FileFormatError(f"{os.fspath(path)} is no spec in TOML: {error}.") from error


def _read_spec(
    spec: Mapping[str, Any],
) -> tuple[tuple[ProceduralColumn, ...], tuple[str, ...], int]:
    known = ("column", "rules", "history_length")
    for name in spec:
        if name not in known:
            raise ParameterError(f"A spec has no part {name!r}.{nearest(str(name), known)}")
    listed = spec.get("column", [])
    if not isinstance(listed, list | tuple) or not listed:
        raise ParameterError(f"A spec must have a list of columns, 'column'; got {listed!r}.")
    if not all(isinstance(one, Mapping) for one in listed):
        raise ParameterError("The columns of a spec must be mappings, in TOML [[column]] tables.")
    columns, wrong = [], []
    for one in listed:
        try:
            columns.append(ProceduralColumn.read(one))
        except ParameterError as error:
            wrong.append(str(error))
    if wrong:
        raise ParameterError("\n".join(wrong))
    names = [column.name for column in columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ParameterError(f"Columns must have different names; {twice!r} comes twice.")
    length = spec.get("history_length", 1)
    check_parameters(
        "spec", {"history_length": Number(1, 100_000, integer=True)}, {"history_length": length}
    )
    rules = spec.get("rules", [])
    return tuple(columns), check_texts(rules) if rules else (), int(length)


def _ordered(columns: tuple[ProceduralColumn, ...]) -> list[ProceduralColumn]:
    """Return columns in an order in which each comes after those that it needs."""
    names = [column.name for column in columns]
    for column in columns:
        for name in column.maker.needs:
            if name not in names:
                raise ParameterError(
                    f"The column {column.name!r} needs a column {name!r}, which the spec does not "
                    f"have.{nearest(name, names)}"
                )
    left, done = list(columns), set[str]()
    ordered: list[ProceduralColumn] = []
    while left:
        ready = [column for column in left if done.issuperset(column.maker.needs)]
        if not ready:
            raise ParameterError(
                f"Columns must not need each other in a circle; "
                f"{', '.join(repr(column.name) for column in left)} do."
            )
        ordered += ready
        done.update(column.name for column in ready)
        left = [column for column in left if column.name not in done]
    return ordered


def _with_numbers(schema: Schema, table: pa.Table) -> Schema:
    """Return a schema in which columns of numbers are numbers, however few values they have."""
    kinds = {}
    for name in table.column_names:
        if pa.types.is_integer(table[name].type):
            kinds[name] = Kind.INTEGER
        elif pa.types.is_floating(table[name].type):
            kinds[name] = Kind.CONTINUOUS
        elif pa.types.is_string(table[name].type) and schema[name].kind is Kind.CONSTANT:
            kinds[name] = Kind.CATEGORICAL
    return infer_columns(table, kinds)


def _plain(value: Any) -> Any:
    """Return a spec as JSON values: TOML has dates."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
