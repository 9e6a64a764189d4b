"""The ways to make a column of a procedural table: one frozen dataclass each.

A maker computes a whole block of rows from a random stream of its own and the columns before it.
Its numbers may be formulas over these columns, such as ``mean = "0.3 * age"``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from lookalike._core.errors import ParameterError
from lookalike._core.numerics import Floats
from lookalike._core.parameters import AnyOf, Instance, Number, Rule
from lookalike._core.registry import Component, Registry
from lookalike.datasets.functions import Expression
from lookalike.simulate._moments import first_moment

__all__ = [
    "MAKERS",
    "ColumnMaker",
    "CounterColumn",
    "DateColumn",
    "ExponentialColumn",
    "FormulaColumn",
    "IntegerColumn",
    "LevelColumn",
    "LognormalColumn",
    "LookupColumn",
    "MadeBlock",
    "NormalColumn",
    "PoissonColumn",
    "StateColumn",
    "UniformColumn",
]

#: A number, or a formula over earlier columns.
AMOUNT = AnyOf((Number(), Instance((str,), "a formula of earlier columns")))
_CHANCES = Instance((Mapping,), "a mapping of levels to chances")


@dataclass(frozen=True)
class MadeBlock:
    """The columns of a block that are made already.

    Parameters
    ----------
    first : int
        The number of its first row.
    rows : int
        The number of its rows.
    length : int
        The number of rows of a history.
    cells : dict of str to pyarrow.Array
        The columns.
    """

    first: int
    rows: int
    length: int
    cells: dict[str, pa.Array]

    def numbers(self, name: str) -> Floats:
        """Return a column of numbers, NaN where missing."""
        cells = self.cells[name]
        if not (pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type)):
            raise ParameterError(f"A formula takes numbers; {name!r} holds other values.")
        return np.asarray(cells.cast(pa.float64()).to_numpy(zero_copy_only=False))

    def amount(self, value: float | str) -> Floats | float:
        """Return a number, or a formula as a number for each row."""
        if not isinstance(value, str):
            return float(value)
        formula = Expression(value)
        with np.errstate(all="ignore"):
            return formula(**{name: self.numbers(name) for name in formula.variables})


@dataclass(frozen=True)
class ColumnMaker(Component):
    """A way to make a column."""

    name: ClassVar[str]

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns that must be made before."""
        found: list[str] = []
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, str) and self.rules[one.name] is AMOUNT:
                found.extend(Expression(value).variables)
        return tuple(dict.fromkeys(found))

    @abstractmethod
    def make(self, block: MadeBlock, random: np.random.Generator) -> Any:
        """Return the cells of a block: an array of numbers, or an Arrow array.

        Parameters
        ----------
        block : MadeBlock
            The columns before.
        random : numpy.random.Generator
            The stream of this column and block.
        """


#: The makers by name; yours may join them.
MAKERS: Registry[ColumnMaker] = Registry("way to make a column", ColumnMaker, "makers")


@dataclass(frozen=True)
class NormalColumn(ColumnMaker):
    """Normal numbers.

    Parameters
    ----------
    mean, sd : float or str
        Numbers, or formulas of earlier columns.
    """

    mean: float | str = 0.0
    sd: float | str = 1.0

    name: ClassVar[str] = "normal"
    rules: ClassVar[Mapping[str, Rule]] = {"mean": AMOUNT, "sd": AMOUNT}

    def make(self, block: MadeBlock, random: np.random.Generator) -> Any:
        """Draw from the normal distribution."""
        drawn = random.normal(size=block.rows)
        return block.amount(self.mean) + block.amount(self.sd) * drawn


@dataclass(frozen=True)
class LognormalColumn(ColumnMaker):
    """Positive numbers whose logarithm is normal.

    Parameters
    ----------
    median : float or str
        The median; a number or a formula.
    sigma : float or str
        The standard deviation of the logarithm.
    """

    median: float | str = 1.0
    sigma: float | str = 1.0

    name: ClassVar[str] = "lognormal"
    rules: ClassVar[Mapping[str, Rule]] = {"median": AMOUNT, "sigma": AMOUNT}

    def make(self, block: MadeBlock, random: np.random.Generator) -> Any:
        """Draw from the log-normal distribution."""
        drawn = random.normal(size=block.rows)
        return block.amount(self.median) * np.exp(block.amount(self.sigma) * drawn)


@dataclass(frozen=True)
class UniformColumn(ColumnMaker):
    """Numbers anywhere between two limits.

    Parameters
    ----------
    low, high : float or str
        The limits; numbers or formulas.
    """

    low: float | str = 0.0
    high: float | str = 1.0

    name: ClassVar[str] = "uniform"
    rules: ClassVar[Mapping[str, Rule]] = {"low": AMOUNT, "high": AMOUNT}

    def make(self, block: MadeBlock, random: np.random.Generator) -> Any:
        """Draw from the uniform distribution."""
        low, high = block.amount(self.low), block.amount(self.high)
        return low + (high - low) * random.random(block.rows)


@dataclass(frozen=True)
class IntegerColumn(ColumnMaker):
    """Whole numbers between two limits, both included.

    Parameters
    ----------
    low, high : float or str
        The limits; numbers or formulas.
    """

    low: float | str
    high: float | str

    name: ClassVar[str] = "integers"
    rules: ClassVar[Mapping[str, Rule]] = {"low": AMOUNT, "high": AMOUNT}

    def make(self, block: MadeBlock, random: np.random.Generator) -> Any:
        """Draw whole numbers, all equally often."""
        low, high = np.ceil(block.amount(self.low)), np.floor(block.amount(self.high))
        return _whole(low + np.floor((high - low + 1) * random.random(block.rows)))


@dataclass(frozen=True)
class ExponentialColumn(ColumnMaker):
    """Exponential numbers, such as waiting times.

    Parameters
    ----------
    mean : float or str
        A number or a formula.
    """

    mean: float | str = 1.0

    name: ClassVar[str] = "exponential"
    rules: ClassVar[Mapping[str, Rule]] = {"mean": AMOUNT}

    def make(self, block: MadeBlock, random: np.random.Generator) -> Any:
        """Draw from the exponential distribution."""
        return block.amount(self.mean) * random.exponential(size=block.rows)


@dataclass(frozen=True)
class PoissonColumn(ColumnMaker):
    """Counts of independent events.

    Parameters
    ----------
    mean : float or str
        A number or a formula; negative means count as 0, and a missing one makes a missing cell.
    """

    mean: float | str = 1.0

    name: ClassVar[str] = "poisson"
    rules: ClassVar[Mapping[str, Rule]] = {"mean": AMOUNT}

    def make(self, block: MadeBlock, random: np.random.Generator) -> Any:
        """Draw from the Poisson distribution."""
        mean = np.broadcast_to(block.amount(self.mean), block.rows)
        drawn = random.poisson(np.clip(np.nan_to_num(mean), 0.0, 1e15))
        return pa.array(drawn, mask=np.isnan(mean))


@dataclass(frozen=True)
class FormulaColumn(ColumnMaker):
    """A formula of earlier columns, with normal noise if wanted.

    Parameters
    ----------
    formula : float or str
        Such as ``"0.3 * income + where(age > 65, 100, 0)"``.
    noise : float or str
        The standard deviation of the noise; a number or a formula.
    """

    formula: float | str
    noise: float | str = 0.0

    name: ClassVar[str] = "formula"
    rules: ClassVar[Mapping[str, Rule]] = {"formula": AMOUNT, "noise": AMOUNT}

    def make(self, block: MadeBlock, random: np.random.Generator) -> Any:
        """Compute the formula."""
        found = np.broadcast_to(block.amount(self.formula), block.rows)
        if self.noise == 0:
            return np.array(found)
        return found + block.amount(self.noise) * random.normal(size=block.rows)


@dataclass(frozen=True)
class LevelColumn(ColumnMaker):
    """Levels by their chances, which may depend on an earlier column.

    Parameters
    ----------
    chances : mapping
        Levels and their chances, in any unit; with `by`, such a mapping for each level of that
        column, and ``"*"`` for all others.
    by : str or None
        The column that decides.
    """

    chances: Mapping[str, Any]
    by: str | None = None

    name: ClassVar[str] = "levels"
    rules: ClassVar[Mapping[str, Rule]] = {
        "chances": _CHANCES,
        "by": AnyOf((Instance((str,), "the name of a column"),), none=True),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        for row in [self.chances] if self.by is None else self.chances.values():
            _check_chances(row)

    @property
    def needs(self) -> tuple[str, ...]:
        """The column that decides, if there is one."""
        return () if self.by is None else (self.by,)

    def make(self, block: MadeBlock, random: np.random.Generator) -> Any:
        """Draw levels."""
        uniform = random.random(block.rows)
        if self.by is None:
            return _drawn(self.chances, uniform)
        keys = block.cells[self.by].cast(pa.string()).fill_null("").to_numpy(zero_copy_only=False)
        levels = list(dict.fromkeys(level for row in self.chances.values() for level in row))
        places = {level: place for place, level in enumerate(levels)}
        codes = np.full(block.rows, -1)
        for key in dict.fromkeys(keys.tolist()):
            row = self.chances.get(key if key in self.chances else "*")
            if row is None:
                raise ParameterError(
                    f"The chances by {self.by!r} must have every level, or '*'; {key!r} is absent."
                )
            among = np.flatnonzero(keys == key)
            picked = np.searchsorted(_steps(row), uniform[among], side="right")
            codes[among] = np.array([places[level] for level in row])[picked]
        return pa.array(levels).take(pa.array(codes))


@dataclass(frozen=True)
class LookupColumn(ColumnMaker):
    """A value for each level of an earlier column.

    Parameters
    ----------
    by : str
        That column.
    values : mapping
        The value of each level, and ``"*"`` for all others, which are missing without it.
    """

    by: str
    values: Mapping[str, Any]

    name: ClassVar[str] = "lookup"
    rules: ClassVar[Mapping[str, Rule]] = {
        "by": Instance((str,), "the name of a column"),
        "values": Instance((Mapping,), "a mapping of levels to values"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            pa.array(list(self.values.values()))
        except (pa.ArrowException, TypeError) as error:
            raise ParameterError(f"The values of a lookup must be of one type: {error}.") from None

    @property
    def needs(self) -> tuple[str, ...]:
        """The column that decides."""
        return (self.by,)

    def make(self, block: MadeBlock, random: np.random.Generator) -> Any:  # noqa: ARG002
        """Look values up."""
        other = self.values.get("*")
        keys = block.cells[self.by].cast(pa.string()).to_pylist()
        # The type of all values, whichever of them this block has.
        kind = pa.array(list(self.values.values())).type
        return pa.array([self.values.get(key, other) for key in keys], kind)


@dataclass(frozen=True)
class StateColumn(ColumnMaker):
    """The state of a machine that moves from row to row of a history (a Markov chain).

    Parameters
    ----------
    start : mapping
        The chance of each state in the first row of a history.
    moves : mapping
        For each state the chances of the next one.
    """

    start: Mapping[str, Any]
    moves: Mapping[str, Any]

    name: ClassVar[str] = "states"
    rules: ClassVar[Mapping[str, Rule]] = {"start": _CHANCES, "moves": _CHANCES}

    def __post_init__(self) -> None:
        super().__post_init__()
        for row in (self.start, *self.moves.values()):
            _check_chances(row)
        reached = {*self.start, *(level for row in self.moves.values() for level in row)}
        lacking = sorted(reached - self.moves.keys())
        if lacking:
            raise ParameterError(f"Every state needs its moves; {lacking[0]!r} has none.")

    def make(self, block: MadeBlock, random: np.random.Generator) -> Any:
        """Run a machine through each history."""
        states = list(self.moves)
        tables = np.array([[float(self.moves[a].get(b, 0)) for b in states] for a in states])
        steps = np.cumsum(tables / tables.sum(axis=1, keepdims=True), axis=1)
        first = np.array([float(self.start.get(state, 0)) for state in states])
        uniform = random.random((-(-block.rows // block.length), block.length))
        codes = np.empty(uniform.shape, np.int64)
        # All histories of the block take each step together.
        codes[:, 0] = _place(np.cumsum(first / first.sum()), uniform[:, 0])
        for step in range(1, block.length):
            rows = steps[codes[:, step - 1]]
            codes[:, step] = np.minimum(
                (rows <= uniform[:, step, None]).sum(axis=1), len(rows[0]) - 1
            )
        return pa.array(states).take(pa.array(codes.ravel()[: block.rows]))


@dataclass(frozen=True)
class CounterColumn(ColumnMaker):
    """A number that counts rows, histories, or the rows of each history.

    Parameters
    ----------
    start, step : int
        The first number, and the distance to the next.
    of : {"rows", "histories", "events"}
        Each row has the next number; each history; or each row of a history, from the start again.
    prefix : str
        Text before the number, which makes it an identifier.
    digits : int
        The least number of digits, where there is a prefix.
    """

    start: int = 1
    step: int = 1
    of: str = "rows"
    prefix: str = ""
    digits: int = 1

    name: ClassVar[str] = "counter"
    rules: ClassVar[Mapping[str, Rule]] = {
        "start": Number(integer=True),
        "step": Number(integer=True),
        "of": Instance((str,), "'rows', 'histories' or 'events'"),
        "prefix": Instance((str,), "text"),
        "digits": Number(1, 18, integer=True),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.of not in ("rows", "histories", "events"):
            raise ParameterError(
                f"A counter is of 'rows', 'histories' or 'events'; got {self.of!r}."
            )

    def make(self, block: MadeBlock, random: np.random.Generator) -> Any:  # noqa: ARG002
        """Count."""
        row = block.first + np.arange(block.rows, dtype=np.int64)
        if self.of == "histories":
            row = row // block.length
        elif self.of == "events":
            row = row % block.length
        numbers = self.start + self.step * row
        if not self.prefix:
            return numbers
        return pa.array([f"{self.prefix}{number:0{self.digits}d}" for number in numbers.tolist()])


@dataclass(frozen=True)
class DateColumn(ColumnMaker):
    """Dates or moments after a day.

    Parameters
    ----------
    start : str
        A day such as ``"2026-01-01"``.
    after : float or str
        Days after it; a number or a formula, such as ``"7 * week + shift"``.
    spread : float or str
        Up to so many days more, all equally likely.
    moments : bool
        Whether the column has the time of day, in seconds.
    """

    start: str
    after: float | str = 0.0
    spread: float | str = 0.0
    moments: bool = False

    name: ClassVar[str] = "dates"
    rules: ClassVar[Mapping[str, Rule]] = {
        "start": Instance((str, date), "a date such as '2026-01-01'"),
        "after": AMOUNT,
        "spread": AMOUNT,
        "moments": Instance((bool,), "true or false"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        first_moment(self.start)

    def make(self, block: MadeBlock, random: np.random.Generator) -> Any:
        """Draw days."""
        days = block.amount(self.after) + block.amount(self.spread) * random.random(block.rows)
        days = np.broadcast_to(days, block.rows)
        first = first_moment(self.start) // 86_400
        absent = ~np.isfinite(days)
        known = np.clip(np.where(absent, 0.0, days), -3e5, 3e6)
        if self.moments:
            seconds = np.floor((first + known) * 86_400).astype(np.int64)
            return pa.array(seconds, pa.timestamp("s"), mask=absent)
        whole = (first + np.floor(known)).astype(np.int32)
        return pa.array(whole, pa.int32(), mask=absent).cast(pa.date32())


def _whole(values: Floats) -> pa.Array:
    """Return whole numbers, missing where there are none."""
    absent = ~np.isfinite(values) | (np.abs(values) > 2**62)
    return pa.array(np.where(absent, 0, values).astype(np.int64), mask=absent)


def _check_chances(row: Any) -> None:
    numbers = list(row.values()) if isinstance(row, Mapping) else []
    plain = all(isinstance(n, int | float) and not isinstance(n, bool) and n >= 0 for n in numbers)
    if not numbers or not plain or not 0 < sum(numbers) < np.inf:
        raise ParameterError(
            f"Chances must be numbers of 0 or more, not all 0, by level; got {row!r}."
        )


def _steps(row: Mapping[str, Any]) -> Floats:
    chances = np.array([float(chance) for chance in row.values()])
    steps = np.cumsum(chances / chances.sum())
    steps[-1] = 1.0
    return np.asarray(steps)


def _place(steps: Floats, uniform: Floats) -> Any:
    return np.minimum(np.searchsorted(steps, uniform, side="right"), len(steps) - 1)


def _drawn(row: Mapping[str, Any], uniform: Floats) -> pa.Array:
    return pa.array(list(row)).take(pa.array(_place(_steps(row), uniform)))


MAKERS.enter(
    NormalColumn,
    LognormalColumn,
    UniformColumn,
    IntegerColumn,
    ExponentialColumn,
    PoissonColumn,
    FormulaColumn,
    LevelColumn,
    LookupColumn,
    StateColumn,
    CounterColumn,
    DateColumn,
)
