"""Simulated tables with known answers: the true distribution is stated beside the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError
from lookalike._core.parameters import Choice, Number, check_parameters
from lookalike._core.seeds import RandomState, as_seed, generator

__all__ = [
    "DEPENDENT_CATEGORIES",
    "GAUSSIAN",
    "MIXTURES",
    "DependentCategories",
    "Gaussian",
    "NormalMixture",
    "make_dependent_categories",
    "make_gaussian",
    "make_mixture",
]

#: A point farther than this many standard deviations from every centre belongs to no mode.
_NEAR = 4.0


@dataclass(frozen=True, eq=False)
class Gaussian:
    """A normal distribution of several columns.

    Parameters
    ----------
    columns : tuple of str
        The column names.
    mean : ndarray, shape (columns,)
        The mean.
    covariance : ndarray, shape (columns, columns)
        The covariance.
    """

    columns: tuple[str, ...]
    mean: np.ndarray
    covariance: np.ndarray

    @property
    def correlation(self) -> np.ndarray:
        """The Pearson correlation of each pair, shape (columns, columns)."""
        scale = np.sqrt(np.diag(self.covariance))
        return np.asarray(self.covariance / np.outer(scale, scale))


@dataclass(frozen=True, eq=False)
class NormalMixture:
    """A mixture of round normal distributions in the plane.

    Parameters
    ----------
    centres : ndarray, shape (modes, 2)
        The mean of each mode.
    weights : ndarray, shape (modes,)
        The share of each mode.
    spread : float
        The standard deviation of each mode in each direction.
    """

    centres: np.ndarray
    weights: np.ndarray
    spread: float

    def shares(self, table: pa.Table) -> np.ndarray:
        """Return the share of rows near each centre.

        Parameters
        ----------
        table : pyarrow.Table, shape (n, 2)
            Columns ``x`` and ``y``, without missing cells, one row at least.

        Returns
        -------
        ndarray, shape (modes,)
            The share of all rows whose nearest centre it is, within four standard deviations; the
            remainder to 1 lies near none.

        Raises
        ------
        DataError
            If the table has no rows or no such columns.
        """
        _check(table, ("x", "y"))
        points = np.column_stack([table["x"].to_numpy(), table["y"].to_numpy()])
        distances = np.linalg.norm(points[:, None, :] - self.centres, axis=2)
        nearest = distances.argmin(axis=1)
        near = distances.min(axis=1) <= _NEAR * self.spread
        return np.bincount(nearest[near], minlength=len(self.centres)) / len(points)


@dataclass(frozen=True, eq=False)
class DependentCategories:
    """Dependent categorical columns; some pairs of categories never occur.

    Parameters
    ----------
    weather, transport : tuple of str
        The categories of the first two columns.
    joint : ndarray, shape (weather, transport)
        The probability of each pair; an exact 0 is a pair that never occurs.
    late : ndarray, shape (weather, transport)
        The probability that the third column is true, given the pair.
    wheels : tuple of int
        The fourth column: a function of transport.
    """

    weather: tuple[str, ...]
    transport: tuple[str, ...]
    joint: np.ndarray
    late: np.ndarray
    wheels: tuple[int, ...]

    def shares(self, table: pa.Table) -> np.ndarray:
        """Return the share of rows with each pair of weather and transport.

        Parameters
        ----------
        table : pyarrow.Table, shape (n, columns)
            Columns ``weather`` and ``transport``, one row at least.

        Returns
        -------
        ndarray, shape (weather, transport)
            The observed counterpart of `joint`.

        Raises
        ------
        DataError
            If the table has no rows or no such columns.
        """
        _check(table, ("weather", "transport"))
        pairs = list(zip(table["weather"].to_pylist(), table["transport"].to_pylist(), strict=True))
        counts = [pairs.count(pair) for pair in product(self.weather, self.transport)]
        return np.reshape(counts, self.joint.shape) / len(pairs)


def _check(table: pa.Table, columns: tuple[str, ...]) -> None:
    if table.num_rows == 0 or not set(columns) <= set(table.column_names):
        raise DataError(
            f"The table must have rows and the columns {', '.join(columns)}; "
            f"got {table.num_rows} rows of {table.column_names}."
        )


#: The distribution of `make_gaussian`.
GAUSSIAN = Gaussian(
    columns=("x", "y", "z", "w"),
    mean=np.array([0.0, 10.0, -5.0, 100.0]),
    covariance=np.array(
        [
            [1.00, 1.60, -0.25, 0.0],
            [1.60, 4.00, -0.30, 0.0],
            [-0.25, -0.30, 0.25, 0.0],
            [0.00, 0.00, 0.00, 400.0],
        ]
    ),
)

_ANGLES = np.arange(8) * np.pi / 4
#: The distributions of `make_mixture` by name.
MIXTURES: Mapping[str, NormalMixture] = MappingProxyType(
    {
        "ring": NormalMixture(
            2.0 * np.column_stack([np.cos(_ANGLES), np.sin(_ANGLES)]), np.full(8, 1 / 8), 0.1
        ),
        "grid": NormalMixture(
            2.0 * np.array(list(product(range(-2, 3), repeat=2)), dtype=float),
            np.full(25, 1 / 25),
            0.1,
        ),
        "rare": NormalMixture(
            np.array([[-2.0, 0.0], [2.0, 0.0], [0.0, 3.0]]), np.array([0.60, 0.38, 0.02]), 0.2
        ),
    }
)

#: The distribution of `make_dependent_categories`.
DEPENDENT_CATEGORIES = DependentCategories(
    weather=("sun", "rain", "snow"),
    transport=("bicycle", "car", "tram"),
    joint=np.array([[0.30, 0.15, 0.05], [0.05, 0.15, 0.15], [0.00, 0.03, 0.12]]),
    late=np.array([[0.02, 0.10, 0.05], [0.20, 0.30, 0.10], [0.50, 0.80, 0.40]]),
    wheels=(2, 4, 16),
)


def make_gaussian(n: int, seed: RandomState = 0) -> pa.Table:
    """Draw rows of four numbers from `GAUSSIAN`: three correlated, one independent.

    Parameters
    ----------
    n : int
        The number of rows.
    seed : int, Generator, RandomState or None
        The seed.

    Returns
    -------
    pyarrow.Table, shape (n, 4)
        Columns ``x``, ``y``, ``z``, ``w``, float64.

    Raises
    ------
    ParameterError
        If `n` or `seed` breaks its rule.

    Examples
    --------
    >>> make_gaussian(3).shape
    (3, 4)
    >>> GAUSSIAN.correlation.round(2)[0].tolist()
    [1.0, 0.8, -0.5, 0.0]
    """
    rng = _generator("gaussian", n, seed)
    values = rng.standard_normal((n, len(GAUSSIAN.columns)))
    values = GAUSSIAN.mean + values @ np.linalg.cholesky(GAUSSIAN.covariance).T
    return pa.table(dict(zip(GAUSSIAN.columns, values.T.copy(), strict=True)))


def make_mixture(n: int, seed: RandomState = 0, *, shape: str = "ring") -> pa.Table:
    """Draw points of the plane from one of `MIXTURES`.

    Parameters
    ----------
    n : int
        The number of rows.
    seed : int, Generator, RandomState or None
        The seed.
    shape : {"ring", "grid", "rare"}
        Eight modes on a ring, 25 on a grid, or three modes, one with 2 % of the rows.

    Returns
    -------
    pyarrow.Table, shape (n, 2)
        Columns ``x`` and ``y``, float64.

    Raises
    ------
    ParameterError
        If a parameter breaks its rule.

    Examples
    --------
    >>> rows = make_mixture(1000, shape="rare")
    >>> bool(abs(MIXTURES["rare"].shares(rows) - MIXTURES["rare"].weights).max() < 0.05)
    True
    """
    check_parameters("make_mixture", {"shape": Choice(tuple(MIXTURES))}, {"shape": shape})
    rng = _generator("mixture", n, seed)
    mixture = MIXTURES[shape]
    modes = rng.choice(len(mixture.weights), size=n, p=mixture.weights)
    points = mixture.centres[modes] + mixture.spread * rng.standard_normal((n, 2))
    return pa.table({"x": points[:, 0].copy(), "y": points[:, 1].copy()})


def make_dependent_categories(n: int, seed: RandomState = 0) -> pa.Table:
    """Draw rows of categories from `DEPENDENT_CATEGORIES`.

    Parameters
    ----------
    n : int
        The number of rows.
    seed : int, Generator, RandomState or None
        The seed.

    Returns
    -------
    pyarrow.Table, shape (n, 4)
        Columns ``weather`` and ``transport`` (text), ``late`` (boolean) and ``wheels`` (integer, a
        function of transport). Nobody rides a bicycle in the snow.

    Raises
    ------
    ParameterError
        If `n` or `seed` breaks its rule.

    Examples
    --------
    >>> make_dependent_categories(2).column_names
    ['weather', 'transport', 'late', 'wheels']
    """
    rng = _generator("categories", n, seed)
    known = DEPENDENT_CATEGORIES
    pair = rng.choice(known.joint.size, size=n, p=known.joint.ravel())
    weather, transport = np.unravel_index(pair, known.joint.shape)
    return pa.table(
        {
            "weather": pa.array(np.array(known.weather, dtype=object)[weather], pa.string()),
            "transport": pa.array(np.array(known.transport, dtype=object)[transport], pa.string()),
            "late": rng.random(n) < known.late[weather, transport],
            "wheels": np.array(known.wheels)[transport],
        }
    )


def _generator(name: str, n: int, seed: RandomState) -> np.random.Generator:
    check_parameters(f"make_{name}", {"n": Number(0, integer=True)}, {"n": n})
    return generator(as_seed(seed), name)
