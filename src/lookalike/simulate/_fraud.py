"""`fraud`: card transactions with labelled patterns of fraud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import ParameterError, nearest
from lookalike._core.numerics import Floats
from lookalike._core.parameters import AnyOf, Instance, Number, check_parameters
from lookalike._core.seeds import RandomState, as_seed, generator
from lookalike.simulate._frames import LIBRARY_RULE, frame_of
from lookalike.simulate._fraud_patterns import PATTERNS, Payments
from lookalike.simulate._fraud_world import (
    CATEGORIES,
    FAVOURITES,
    ONLINE,
    FraudWorld,
    People,
    Terminals,
    draw_towns,
)
from lookalike.simulate._moments import first_moment

__all__ = ["fraud"]

_DAY, _HOUR = 86_400.0, 3_600.0
#: Transactions at a terminal, over the whole time.
_PER_TERMINAL = 100
#: The share of payments at a terminal of the customer's own choice.
_LOYAL = 0.85
_COUNT = AnyOf((Number(1, integer=True),), none=True)


def fraud(
    n: int,
    *,
    customers: int | None = None,
    terminals: int | None = None,
    days: int = 90,
    fraud_share: float = 0.005,
    patterns: Mapping[str, float] | None = None,
    world: FraudWorld | None = None,
    start: str = "2026-01-01",
    random_state: RandomState = 0,
    as_: str | None = None,
) -> Any:
    """Simulate card transactions, in the order of time, with labelled patterns of fraud.

    Customers live in towns and pay at terminals nearby, at some of them most often, and online;
    each has a level of amounts, a number of cards and hours of the day. Frauds come in cases:

    - ``card testing``: many cards, tiny amounts, one online merchant, one device, within minutes;
    - ``stolen card``: one card, two days, far from home, several times the usual amount;
    - ``account take-over``: one customer, online at night from a new device, rising amounts;
    - ``ring``: ten customers and three merchants, for four weeks, amounts just below 500;
    - ``velocity``: one card, ordinary amounts at its usual terminals, minutes apart.

    Parameters
    ----------
    n : int
        The number of transactions.
    customers, terminals : int, optional
        Their numbers; by default such that a customer pays as often as in `world`, and a terminal
        has a hundred transactions. There are 12 terminals or more.
    days : int
        The length of time.
    fraud_share : float
        The share of frauds among all transactions.
    patterns : mapping of str to float, optional
        The weight of each pattern among frauds; equal by default.
    world : FraudWorld, optional
        The parameters of ordinary transactions, which can be fitted to a table.
    start : str
        The first day, such as ``"2026-01-01"``.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        The same seed gives the same transactions.
    as_ : {"pandas", "polars", "arrow"} or None
        The kind of dataframe; None is the first of the three that is installed.

    Returns
    -------
    dataframe, shape (n, 12)
        ``transaction``, ``time``, ``customer``, ``card``, ``terminal``, ``category``, ``device``
        (missing in the street), ``amount``, ``distance`` (km from home; missing online), and the
        labels ``fraud``, ``pattern`` and ``case`` (missing where ordinary).

    Raises
    ------
    ParameterError
        If a parameter breaks its rule or a pattern is unknown.

    Examples
    --------
    >>> import lookalike as la
    >>> rows = la.simulate.fraud(10_000, fraud_share=0.01, random_state=0)
    >>> int(rows["fraud"].sum())
    100
    """
    weights = _checked(n, customers, terminals, days, fraud_share, patterns, world, as_)
    first = first_moment(start) // 86_400
    world, seed = world or FraudWorld(), as_seed(random_state)
    random = generator(seed, "fraud", "world")
    towns = draw_towns(random)
    places = Terminals.draw(terminals or max(n // _PER_TERMINAL, FAVOURITES), towns, random)
    people_count = customers or max(round(n / (world.per_day * days)), 10)
    people = People.draw(people_count, world, places, towns, random)
    counts = _shared(round(fraud_share * n), weights)
    # The first of January 1970 was a Thursday.
    ordinary = _ordinary(
        n - sum(counts.values()), people, places, world, days, (first + 3) % 7, seed
    )
    parts, labels, cases = [ordinary], [np.zeros(len(ordinary), np.int8)], 0
    for number, (name, count) in enumerate(counts.items(), start=1):
        made = PATTERNS[name](count, people, places, days * _DAY, generator(seed, "fraud", name))
        made.case[:] += cases
        cases += len(np.unique(made.case))
        # What would come after the end has come before it.
        made.time[:] = np.mod(made.time, days * _DAY)
        parts.append(made)
        labels.append(np.full(count, number, np.int8))
    found, label = Payments.joined(parts), np.concatenate(labels)
    order = np.argsort(found.time, kind="stable")
    table = _table(found.take(order), label[order], list(counts), people, places, first)
    return frame_of(table, as_)


def _checked(
    n: int,
    customers: int | None,
    terminals: int | None,
    days: int,
    fraud_share: float,
    patterns: Mapping[str, float] | None,
    world: FraudWorld | None,
    as_: str | None,
) -> dict[str, float]:
    """Return the weights of patterns, all parameters checked."""
    check_parameters(
        "fraud",
        {
            "n": Number(1, integer=True),
            "customers": _COUNT,
            "terminals": AnyOf((Number(FAVOURITES, integer=True),), none=True),
            "days": Number(1, 36_500, integer=True),
            "fraud_share": Number(0, 1),
            "world": Instance((FraudWorld,), "a FraudWorld or None", optional=True),
            "as_": LIBRARY_RULE,
        },
        {
            "n": n,
            "customers": customers,
            "terminals": terminals,
            "days": days,
            "fraud_share": fraud_share,
            "world": world,
            "as_": as_,
        },
    )
    if patterns is None:
        return dict.fromkeys(PATTERNS, 1.0)
    for name in patterns:
        if name not in PATTERNS:
            raise ParameterError(
                f"patterns must be among {', '.join(PATTERNS)}; got {name!r}."
                f"{nearest(str(name), PATTERNS)}"
            )
    check_parameters("patterns", {name: Number(0) for name in patterns}, patterns)
    if not sum(patterns.values()):
        raise ParameterError("patterns must have a weight above 0.")
    return {name: float(weight) for name, weight in patterns.items() if weight}


def _shared(count: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Divide a number by weights, without a rest."""
    total = sum(weights.values())
    ends = np.round(np.cumsum(list(weights.values())) / total * count).astype(int)
    sizes = np.diff(np.concatenate([[0], ends]))
    return dict(zip(weights, map(int, sizes), strict=True))


def _ordinary(
    count: int,
    people: People,
    places: Terminals,
    world: FraudWorld,
    days: int,
    weekday: int,
    seed: int,
) -> Payments:
    """Return ordinary transactions, in any order; the first day is this day of the week."""
    random = generator(seed, "fraud", "ordinary")
    who = random.choice(len(people.x), count, p=people.activity / people.activity.sum())
    when = _moments(who, people, world, days, weekday, random)
    # The favourites by Zipf's law, or, sometimes, any terminal.
    ranks = 1 / np.arange(1, people.favourites.shape[1] + 1)
    rank = random.choice(len(ranks), count, p=ranks / ranks.sum())
    anywhere = random.integers(len(places.x), size=count)
    where = np.where(random.random(count) < _LOYAL, people.favourites[who, rank], anywhere)
    category = places.category[where]
    factors = np.array([factor for _, factor in CATEGORIES.values()])
    amount = people.median[who] * factors[category]
    amount = np.maximum(amount * random.lognormal(0.0, world.amount_sigma, count), 0.01)
    return Payments(
        when,
        who,
        where,
        np.where(category == ONLINE, who, -1),
        np.full(count, -1),
        np.round(amount, 2),
        random.random(count) < 0.3,
    )


def _moments(
    who: Any,
    people: People,
    world: FraudWorld,
    days: int,
    weekday: int,
    random: np.random.Generator,
) -> Floats:
    """Return seconds since the start, by the rhythms of the week and the day."""
    shares = np.array(world.weekdays, float)[(weekday + np.arange(days)) % 7]
    if not shares.any():  # no day of this span has a share
        shares = np.ones(days)
    day = random.choice(days, len(who), p=shares / shares.sum())
    hours = np.array(world.hours, float)
    hour = random.choice(24, len(who), p=hours / hours.sum()) + random.random(len(who))
    return np.asarray(day * _DAY + np.mod(hour + people.shift[who], 24.0) * _HOUR)


def _table(
    found: Payments,
    label: Any,
    patterns: list[str],
    people: People,
    places: Terminals,
    first: int,
) -> pa.Table:
    who, where = found.customer, found.terminal
    category = places.category[where]
    street = category != ONLINE
    distance = np.hypot(places.x[where] - people.x[who], places.y[where] - people.y[who])
    card = people.first_card[who] + (found.second & (people.cards[who] == 2))
    seconds = first * 86_400 + np.floor(found.time).astype(np.int64)
    ordinary = label == 0
    names = pa.array(list(CATEGORIES))
    kinds = pa.array(np.maximum(label.astype(np.int32) - 1, 0), mask=ordinary)
    return pa.table(
        {
            "transaction": np.arange(1, len(found) + 1),
            "time": pa.array(seconds, pa.timestamp("s")),
            "customer": who,
            "card": card,
            "terminal": where,
            "category": pa.DictionaryArray.from_arrays(category.astype(np.int32), names),
            "device": pa.array(found.device, mask=found.device < 0),
            "amount": found.amount,
            "distance": pa.array(np.round(distance, 1), mask=~street),
            "fraud": ~ordinary,
            "pattern": pa.DictionaryArray.from_arrays(kinds, pa.array(patterns)),
            "case": pa.array(found.case, mask=ordinary),
        }
    )
