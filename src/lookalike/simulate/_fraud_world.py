"""The world of the fraud simulator: customers, cards, terminals, rhythms, and its parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.spatial import cKDTree

from lookalike._core.errors import DataError, ParameterError, SchemaError
from lookalike._core.numerics import Floats
from lookalike._core.parameters import Number, Rule, check_parameters
from lookalike.simulate._frames import check_columns, codes_of, numbers_of
from lookalike.tables import natural_rows

__all__ = ["CATEGORIES", "EntityNumbers", "FraudWorld", "People", "Terminals"]

EntityNumbers = npt.NDArray[np.int64]

#: Kinds of merchants: the share of terminals, and the factor of amounts.
CATEGORIES = {
    "groceries": (0.30, 1.0),
    "restaurant": (0.20, 1.2),
    "fuel": (0.10, 2.0),
    "clothing": (0.12, 2.5),
    "electronics": (0.05, 6.0),
    "travel": (0.03, 10.0),
    "online": (0.20, 1.8),
}
ONLINE = list(CATEGORIES).index("online")
#: Shares of transactions by hour: a quiet night, noon and early evening.
_HOURS = (2, 1, 1, 1, 1, 2, 5, 10, 14, 16, 18, 21, 24, 22, 19, 19, 21, 26, 28, 24, 18, 13, 8, 4)
_WEEKDAYS = (13, 13, 13.5, 14, 17, 18, 11.5)
#: The width of the land in km, the number of its towns, and their spread.
_WIDTH, _TOWNS, _TOWN = 300.0, 12, 8.0
#: The number of terminals that a customer goes to, and how many near ones they are chosen from.
FAVOURITES, _NEAR = 12, 40


@dataclass(frozen=True)
class FraudWorld:
    """The parameters of ordinary transactions.

    Parameters
    ----------
    amount_median : float
        The median amount of a middling customer at the grocer's.
    amount_sigma : float
        The standard deviation of its logarithm, within a customer.
    per_day : float
        The mean number of transactions of a customer on a day.
    hours : tuple of float
        The share of each hour of the day.
    weekdays : tuple of float
        The share of each day of the week, from Monday.

    Examples
    --------
    >>> from lookalike.simulate import FraudWorld
    >>> FraudWorld(amount_median=12.0).per_day
    0.6
    """

    amount_median: float = 18.0
    amount_sigma: float = 0.6
    per_day: float = 0.6
    hours: tuple[float, ...] = _HOURS
    weekdays: tuple[float, ...] = _WEEKDAYS

    _rules: ClassVar[dict[str, Rule]] = {
        "amount_median": Number(0, open_low=True),
        "amount_sigma": Number(0, 5),
        "per_day": Number(0, 1_000, open_low=True),
    }

    def __post_init__(self) -> None:
        check_parameters("FraudWorld", self._rules, {n: getattr(self, n) for n in self._rules})
        for name, count in (("hours", 24), ("weekdays", 7)):
            shares = np.asarray(getattr(self, name), float)
            if shares.shape != (count,) or not (shares >= 0).all() or not shares.sum() > 0:
                raise ParameterError(f"{name} must be {count} shares of 0 or more, not all 0.")

    @classmethod
    def fit(
        cls,
        data: Any,
        *,
        amount: str | None = None,
        time: str | None = None,
        customer: str | None = None,
    ) -> Self:
        """Fit the parameters to a table of transactions, as far as its columns are named.

        Parameters
        ----------
        data : dataframe or path
            One row for each transaction.
        amount, time, customer : str, optional
            The columns of the amount, the moment, and the customer or card. What is not named
            keeps its default.

        Returns
        -------
        FraudWorld

        Raises
        ------
        SchemaError
            If a column does not exist, or `time` holds no moments.
        DataError
            If a column has no usable value.
        """
        table, world = natural_rows(data)[0], cls()
        check_columns(table, (amount, time, customer))
        if amount is not None:
            world = replace(world, **_amounts(table, amount, customer))
        if time is not None:
            world = replace(world, **_rhythm(table, time, customer))
        return world


@dataclass(frozen=True)
class Terminals:
    """Terminals.

    Parameters
    ----------
    x, y : ndarray, shape (m,)
        Where they stand, in km.
    category : ndarray of int, shape (m,)
        Their kind, by the order of `CATEGORIES`.
    """

    x: Floats
    y: Floats
    category: EntityNumbers

    @classmethod
    def draw(cls, count: int, towns: Floats, random: np.random.Generator) -> Terminals:
        """Draw terminals in towns."""
        x, y = _in_towns(count, towns, random)
        shares = np.array([share for share, _ in CATEGORIES.values()])
        category = random.choice(len(shares), count, p=shares / shares.sum())
        category[:2] = ONLINE, 0  # one online and one in the street at least
        return cls(x, y, category)

    @property
    def online(self) -> EntityNumbers:
        """The terminals of online merchants."""
        return np.flatnonzero(self.category == ONLINE)

    @property
    def street(self) -> EntityNumbers:
        """All others."""
        return np.flatnonzero(self.category != ONLINE)


@dataclass(frozen=True)
class People:
    """Customers.

    Parameters
    ----------
    x, y : ndarray, shape (k,)
        Their homes, in km.
    median : ndarray, shape (k,)
        Their median amount.
    activity : ndarray, shape (k,)
        How often they pay, relative to each other.
    shift : ndarray, shape (k,)
        How many hours later than others they are about.
    favourites : ndarray of int, shape (k, f)
        Terminals they go to, the most frequent first.
    cards : ndarray of int, shape (k,)
        The number of their cards, 1 or 2.
    """

    x: Floats
    y: Floats
    median: Floats
    activity: Floats
    shift: Floats
    favourites: EntityNumbers
    cards: EntityNumbers

    @classmethod
    def draw(
        cls,
        count: int,
        world: FraudWorld,
        places: Terminals,
        towns: Floats,
        random: np.random.Generator,
    ) -> People:
        """Draw customers, who go to terminals near their homes and to a few online merchants."""
        x, y = _in_towns(count, towns, random)
        street, online = places.street, places.online
        near = min(_NEAR, len(street))
        tree = cKDTree(np.column_stack([places.x[street], places.y[street]]))
        _, found = tree.query(np.column_stack([x, y]), k=near)
        found = street[found.reshape(count, near)]
        picked = random.random(found.shape).argsort(axis=1)[:, :FAVOURITES]
        favourites = np.take_along_axis(found, picked, axis=1)
        # A quarter of the places are online merchants.
        other = random.random(favourites.shape) < 0.25
        favourites = np.where(other, random.choice(online, favourites.shape), favourites)
        return cls(
            x,
            y,
            world.amount_median * random.lognormal(0.0, 0.5, count),
            random.gamma(2.0, 1.0, count) + 0.05,
            random.normal(0.0, 1.5, count),
            favourites,
            1 + (random.random(count) < 0.3),
        )

    @property
    def first_card(self) -> EntityNumbers:
        """The number of the first card of each customer."""
        return np.concatenate([[0], np.cumsum(self.cards)[:-1]]).astype(np.int64)


def draw_towns(random: np.random.Generator) -> Floats:
    """Return the middles of towns; shape (towns, 2)."""
    return random.uniform(0, _WIDTH, (_TOWNS, 2))


def _in_towns(count: int, towns: Floats, random: np.random.Generator) -> tuple[Floats, Floats]:
    # Towns differ in size, as Zipf has it.
    sizes = 1 / np.arange(1, len(towns) + 1)
    middle = towns[random.choice(len(towns), count, p=sizes / sizes.sum())]
    spots = middle + random.normal(0, _TOWN, (count, 2))
    return spots[:, 0], spots[:, 1]


def _amounts(table: pa.Table, amount: str, customer: str | None) -> dict[str, Any]:
    numbers = numbers_of(table, amount, "Amounts")
    good = numbers > 0
    if not good.any():
        raise DataError(f"Amounts must be above 0; {amount!r} has none.")
    logs = np.log(numbers[good])
    default = FraudWorld()
    # The median over all customers and kinds of merchants, less what kinds make of it.
    factors = [np.log(factor) for _, factor in CATEGORIES.values()]
    shares = [share for share, _ in CATEGORIES.values()]
    found = {"amount_median": float(np.exp(np.median(logs) - np.average(factors, weights=shares)))}
    within = default.amount_sigma
    if customer is not None:
        codes = codes_of(table, customer)[good] + 1
        counts = np.maximum(np.bincount(codes), 1)
        means = np.bincount(codes, logs) / counts
        spread = np.average((factors - np.average(factors, weights=shares)) ** 2, weights=shares)
        within = float(np.sqrt(max(np.mean((logs - means[codes]) ** 2) - spread, 0.01)))
    found["amount_sigma"] = min(within, 5.0)
    return found


def _rhythm(table: pa.Table, time: str, customer: str | None) -> dict[str, Any]:
    moments = table[time]
    if not pa.types.is_timestamp(moments.type):
        raise SchemaError(f"Times must be moments; {time!r} holds {moments.type}.")
    moments = moments.drop_null()
    if not len(moments):
        raise DataError(f"Times must be present; {time!r} has none.")
    hours = np.bincount(pc.hour(moments).to_numpy(), minlength=24)
    weekdays = np.bincount(pc.day_of_week(moments).to_numpy(), minlength=7)
    # One more of each, so that no hour is impossible.
    found: dict[str, Any] = {
        "hours": tuple((hours + 1.0).tolist()),
        "weekdays": tuple((weekdays + 1.0).tolist()),
    }
    if customer is not None:
        seconds = moments.cast(pa.timestamp("s"), safe=False).cast(pa.int64()).to_numpy()
        days = max((seconds.max() - seconds.min()) / 86_400, 1.0)
        customers = max(len(table[customer].drop_null().unique()), 1)
        found["per_day"] = float(np.clip(len(moments) / customers / days, 1e-3, 1e3))
    return found
