"""Curves and surfaces as sets of points over their variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
import pyarrow as pa

from lookalike._core.errors import ParameterError, nearest
from lookalike._core.parameters import Number, check_parameters
from lookalike._core.seeds import RandomState, as_seed, generator
from lookalike.datasets.functions._expression import Expression
from lookalike.datasets.functions._poles import poles

__all__ = ["Function", "FunctionColumn", "Variable"]

#: Points of the fine grid along a curve, and in each direction of a surface.
_ALONG = 20_000
_ACROSS = 400
#: A column that changes by more than this share of its range between grid neighbours has a jump.
_JUMP = 0.1
#: The number of points of a curve, and of lines of a surface, in a plot.
_DRAWN, _LINES = 4_000, 31


@dataclass(frozen=True)
class Variable:
    """A variable of a function, drawn evenly between two bounds.

    Parameters
    ----------
    name : str
        Its name in the formulas.
    low, high : float
        The bounds.
    unit : str
        Its unit of measurement, or empty.
    """

    name: str
    low: float
    high: float
    unit: str = ""

    def __post_init__(self) -> None:
        span = self.high - self.low
        if not (np.isfinite([self.low, self.high]).all() and 0 < span < np.inf):
            raise ParameterError(
                f"The range of {self.name!r} must go from a lower to a higher finite number; got "
                f"{self.low:g}:{self.high:g}."
            )


@dataclass(frozen=True)
class FunctionColumn:
    """A column of a function's points.

    Parameters
    ----------
    name : str
    formula : Expression
        Over the function's variables.
    unit : str
        Its unit of measurement, or empty.
    """

    name: str
    formula: Expression
    unit: str = ""


@dataclass(frozen=True)
class Function:
    """A curve (one variable) or a surface (two), as formulas over its variables.

    An explicit function has its variables as columns, and one value over them. A parametric one may
    fold back over itself; its variables are parameters, not columns.

    Parameters
    ----------
    name : str
    variables : tuple of Variable
        One or two.
    columns : tuple of FunctionColumn
        The computed columns: the value alone of an explicit function, or all coordinates of a
        parametric one.
    explicit : bool
    title : str
        A short description.
    source : str
        The source of the formula.

    Examples
    --------
    >>> double = FunctionColumn("y", Expression("2*x"))
    >>> line = Function("line", (Variable("x", 0, 1),), (double,), True)
    >>> line.names
    ('x', 'y')
    >>> line.at(np.array([[0.5]])).tolist()
    [[0.5, 1.0]]
    """

    name: str
    variables: tuple[Variable, ...]
    columns: tuple[FunctionColumn, ...]
    explicit: bool
    title: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        known = [variable.name for variable in self.variables]
        if len(known) not in (1, 2):
            found = ", ".join(map(repr, known)) or "none"
            raise ParameterError(
                f"A function must have one variable (a curve) or two (a surface); got {found}."
            )
        if len(set(self.names)) < len(self.names):
            raise ParameterError(
                f"The columns of a function must have different names; got {', '.join(self.names)}."
            )
        used = {name for column in self.columns for name in column.formula.variables}
        if not used <= set(known):
            raise ParameterError(
                f"There is no range for {', '.join(map(repr, sorted(used - set(known))))}."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns of its points, the value last."""
        inputs = tuple(v.name for v in self.variables) if self.explicit else ()
        return inputs + tuple(column.name for column in self.columns)

    @property
    def units(self) -> tuple[str, ...]:
        """The unit of each column, empty where there is none."""
        inputs = tuple(v.unit for v in self.variables) if self.explicit else ()
        return inputs + tuple(column.unit for column in self.columns)

    @property
    def formula(self) -> str:
        """All formulas as one line."""
        return ", ".join(f"{column.name} = {column.formula.text}" for column in self.columns)

    def over(self, ranges: Mapping[str, tuple[float, float]]) -> Function:
        """Return the function over other ranges of some of its variables.

        Parameters
        ----------
        ranges : mapping of str to (float, float)
            The bounds by the variables' names.

        Returns
        -------
        Function

        Raises
        ------
        ParameterError
            If there is no such variable, or a range is not one.
        """
        known = [variable.name for variable in self.variables]
        for name in ranges:
            if name not in known:
                hint = nearest(name, known) or f" It has {', '.join(map(repr, known))}."
                raise ParameterError(f"The function has no variable {name!r}.{hint}")
        moved = (
            replace(v, low=ranges[v.name][0], high=ranges[v.name][1]) if v.name in ranges else v
            for v in self.variables
        )
        return replace(self, variables=tuple(moved))

    def at(self, inputs: np.ndarray) -> np.ndarray:
        """Return the points over values of the variables.

        Parameters
        ----------
        inputs : ndarray, shape (n, variables)

        Returns
        -------
        ndarray of float64, shape (n, columns)
            Not finite where the function is not defined.
        """
        values = {v.name: inputs[:, k] for k, v in enumerate(self.variables)}
        own = [column.formula(**values) for column in self.columns]
        return np.column_stack([*(values.values() if self.explicit else ()), *own])

    def inputs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw values of the variables uniformly within their ranges, shape (n, variables)."""
        low, high = self.bounds
        return rng.uniform(low, high, (n, len(self.variables)))

    def draw(self, n: int, seed: RandomState = 0, *, noise: float = 0.0) -> pa.Table:
        """Draw points of the function.

        Parameters
        ----------
        n : int
            The number of points.
        seed : int, Generator, RandomState or None
            The seed.
        noise : float
            The standard deviation of normal noise as a share of the column's range: on the value
            of an explicit function, on every coordinate of a parametric one.

        Returns
        -------
        pyarrow.Table, shape (n, columns)
            The points, in float64.

        Raises
        ------
        ParameterError
            If `n` or `noise` breaks its rule, or the function is not finite within its ranges.
        """
        rules = {"n": Number(0, integer=True), "noise": Number(0, 10)}
        check_parameters("draw", rules, {"n": n, "noise": noise})
        low, high = self.limits
        rng = generator(as_seed(seed), "function", self.name)
        points = self.at(self.inputs(n, rng))
        first = len(self.variables) if self.explicit else 0
        spread = noise * (high - low)[first:]
        points[:, first:] += spread * rng.standard_normal(points[:, first:].shape)
        return pa.table(dict(zip(self.names, points.T.copy(), strict=True)))

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The lower and the upper bounds of the variables, shapes (variables,)."""
        return (
            np.array([variable.low for variable in self.variables]),
            np.array([variable.high for variable in self.variables]),
        )

    @cached_property
    def grid(self) -> tuple[np.ndarray, np.ndarray]:
        """A fine grid over the variables, shape (n, variables), and its points, shape (n, columns).

        20,000 points along a curve, 400 × 400 on a surface. That it is finite is also checked at 0,
        in the middle, and between neighbours of different signs.

        Raises
        ------
        ParameterError
            If the function is not finite within its ranges.
        """
        count = _ALONG if len(self.variables) == 1 else _ACROSS
        axes = [np.linspace(v.low, v.high, count) for v in self.variables]
        inputs = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
        points = self.at(inputs)
        lost = inputs[~np.isfinite(points).all(axis=1)]
        lost = lost if len(lost) else self._lost_between(inputs, points)
        if len(lost):
            raise ParameterError(self._not_finite(lost))
        return inputs, points

    def _lost_between(self, inputs: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Return inputs off the grid where it is not finite: at 0, in the middle, at a pole."""
        # The corners, middles and zeros of the ranges.
        noted = [(v.low, (v.low + v.high) / 2, v.high, 0.0) for v in self.variables]
        few = np.array(list(product(*noted)))
        low, high = self.bounds
        few = few[((few >= low) & (few <= high)).all(axis=1)]
        lost: np.ndarray = few[~np.isfinite(self.at(few)).all(axis=1)]
        if len(lost):
            return lost
        # Poles of each column, by changes of sign on the grid.
        count = _ALONG if len(self.variables) == 1 else _ACROSS
        shape = (count,) * len(self.variables)
        cube = points.reshape(*shape, -1)

        def poles_of(column: int) -> np.ndarray:
            def value(at: np.ndarray) -> np.ndarray:
                return self.at(at)[:, column]

            return poles(value, inputs.reshape(*shape, -1), cube[..., column])

        return np.concatenate([poles_of(-k) for k in range(1, len(self.columns) + 1)])

    def _not_finite(self, inputs: np.ndarray) -> str:
        ends = [[f"{x:.4g}" for x in (part.min(), part.max())] for part in inputs.T]
        spans = " and ".join(
            f"{v.name} at {low}" if low == high else f"{v.name} from {low} to {high}"
            for v, (low, high) in zip(self.variables, ends, strict=True)
        )
        return (
            f"A function must be finite within its ranges; {self.formula} is not, with {spans}. "
            "Choose another range."
        )

    @cached_property
    def limits(self) -> tuple[np.ndarray, np.ndarray]:
        """The least and the greatest value of each column, shapes (columns,)."""
        _, points = self.grid
        return points.min(axis=0), points.max(axis=0)

    @cached_property
    def jumps(self) -> bool:
        """True where a column changes by a tenth of its range between neighbours on the grid."""
        low, high = self.limits
        _, points = self.grid
        count = _ALONG if len(self.variables) == 1 else _ACROSS
        cube = points.reshape(*(count for _ in self.variables), -1)
        # The greatest difference of neighbours, over all axes, for each column.
        steps = [np.abs(np.diff(cube, axis=k)).max(axis=k) for k in range(len(self.variables))]
        widest = np.max([step.reshape(-1, len(low)).max(axis=0) for step in steps], axis=0)
        return bool((widest > _JUMP * (high - low)).any())

    @property
    def outline(self) -> np.ndarray:
        """Points for a plot: shape (n, columns) of a curve, (m, m, columns) of a surface."""
        _, points = self.grid
        if len(self.variables) == 1:
            return points[:: _ALONG // _DRAWN]
        square = points.reshape(_ACROSS, _ACROSS, -1)
        lines = np.linspace(0, _ACROSS - 1, _LINES).round().astype(int)
        return np.asarray(square[np.ix_(lines, lines)])
