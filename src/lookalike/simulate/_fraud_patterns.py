"""The patterns of fraud: each draws all transactions of a number of cases at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from lookalike._core.numerics import Floats
from lookalike.simulate._fraud_world import CATEGORIES, EntityNumbers, People, Terminals

__all__ = ["PATTERNS", "Payments"]


_DAY, _HOUR, _MINUTE = 86_400.0, 3_600.0, 60.0
#: Devices of thieves are numbered from here on; those of customers have the customers' numbers.
STOLEN_DEVICE = 10**9
#: Below this amount, a terminal asks for no further proof; rings stay below it.
_LIMIT = 500.0


@dataclass(frozen=True)
class Payments:
    """Transactions as arrays of one length.

    Parameters
    ----------
    time : ndarray
        Seconds since the start.
    customer, terminal, device, case : ndarray of int
        Who, where, by which device (-1 at a terminal in the street), in which case (-1: none).
    amount : ndarray
        The amount.
    second : ndarray of bool
        Whether the second card is used, where there are two.
    """

    time: Floats
    customer: EntityNumbers
    terminal: EntityNumbers
    device: EntityNumbers
    case: EntityNumbers
    amount: Floats
    second: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.time)

    def take(self, rows: npt.NDArray[np.int64]) -> Payments:
        """Return some of the transactions."""
        return Payments(*(getattr(self, one.name)[rows] for one in fields(self)))

    @classmethod
    def joined(cls, parts: list[Payments]) -> Payments:
        """Return all transactions of several parts."""
        return cls(*(np.concatenate([getattr(p, one.name) for p in parts]) for one in fields(cls)))


def _cases(
    rows: int, least: int, most: int, random: np.random.Generator
) -> tuple[EntityNumbers, EntityNumbers, int]:
    """Return the case of each of some rows, its place within the case, and the number of cases."""
    count = max(2 * rows // (least + most), 1) + 2 + rows // least
    sizes = random.integers(least, most + 1, count)
    case = np.repeat(np.arange(count), sizes)[:rows]
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return case, np.arange(rows) - first[case], int(case[-1]) + 1 if rows else 0


def _gaps(
    case: EntityNumbers, place: EntityNumbers, mean: float, random: np.random.Generator
) -> Floats:
    """Return the time since the start of the case, with exponential gaps."""
    gaps = np.where(place == 0, 0.0, random.exponential(mean, len(case)))
    total = np.cumsum(gaps)
    start = total[np.flatnonzero(place == 0)] if len(case) else total
    return np.asarray(total - start[case])


def card_testing(
    rows: int, people: People, places: Terminals, span: float, random: np.random.Generator
) -> Payments:
    """A thief tries many stolen cards for tiny amounts at one online merchant, within minutes."""
    case, place, count = _cases(rows, 20, 60, random)
    start = random.uniform(0, 1, count)[case] * span
    return Payments(
        start + _gaps(case, place, 20.0, random),
        random.integers(len(people.x), size=rows),
        random.choice(places.online, count)[case],
        STOLEN_DEVICE + case,
        case,
        np.round(random.uniform(0.5, 3.0, rows), 2),
        random.random(rows) < 0.3,
    )


def stolen_card(
    rows: int, people: People, places: Terminals, span: float, random: np.random.Generator
) -> Payments:
    """A thief pays with one card for two days: far from home, and several times the usual."""
    case, place, count = _cases(rows, 3, 10, random)
    victim = random.integers(len(people.x), size=count)
    # Of some terminals, one of the farthest from home is the middle of the thief's tour.
    some = random.choice(places.street, (count, 8))
    far = np.hypot(
        places.x[some] - people.x[victim, None], places.y[some] - people.y[victim, None]
    ).argmax(axis=1)
    middle = some[np.arange(count), far][case]
    # Half of the payments are at that terminal, the others anywhere in the street.
    terminal = np.where(random.random(rows) < 0.5, middle, random.choice(places.street, rows))
    factor = _factors()[places.category[terminal]]
    amount = people.median[victim][case] * np.minimum(factor, 4.0) * random.uniform(2, 6, rows)
    start = random.uniform(0, 1, count)[case] * span
    return Payments(
        start + _gaps(case, place, 5 * _HOUR, random),
        victim[case],
        terminal,
        np.full(rows, -1),
        case,
        np.round(amount, 2),
        (random.random(count) < 0.3)[case],
    )


def account_takeover(
    rows: int, people: People, places: Terminals, span: float, random: np.random.Generator
) -> Payments:
    """A thief pays online from a new device for days, at night, with rising amounts."""
    case, place, count = _cases(rows, 5, 15, random)
    victim = random.integers(len(people.x), size=count)
    # From midnight to six, half a day apart on average.
    day = np.floor(random.uniform(0, 1, count)[case] * span / _DAY)
    night = day + np.floor(_gaps(case, place, 0.5, random))
    amount = people.median[victim][case] * 1.8 * 1.15 ** np.minimum(place, 12)
    return Payments(
        night * _DAY + random.uniform(0, 6, rows) * _HOUR,
        victim[case],
        random.choice(places.online, rows),
        STOLEN_DEVICE + 10**8 + case,
        case,
        np.round(amount * random.lognormal(0, 0.3, rows), 2),
        np.zeros(rows, bool),
    )


def ring(
    rows: int, people: People, places: Terminals, span: float, random: np.random.Generator
) -> Payments:
    """Ten customers and three merchants invent sales for weeks, each just below the limit."""
    case, _, count = _cases(rows, 60, 150, random)
    members = random.integers(len(people.x), size=(count, 10))
    shops = random.choice(places.street, (count, 3))
    start = random.uniform(0, 1, count)[case] * max(span - 28 * _DAY, 0.0)
    day = start + random.uniform(0, 28, rows) * _DAY
    return Payments(
        # In the opening hours of shops.
        np.floor(day / _DAY) * _DAY + random.uniform(9, 18, rows) * _HOUR,
        members[case, random.integers(10, size=rows)],
        shops[case, random.integers(3, size=rows)],
        np.full(rows, -1),
        case,
        np.round(_LIMIT - random.exponential(8.0, rows) - 0.5, 2).clip(1.0),
        np.zeros(rows, bool),
    )


def velocity(
    rows: int, people: People, places: Terminals, span: float, random: np.random.Generator
) -> Payments:
    """A copied card pays ordinary amounts at many of the usual terminals, minutes apart."""
    case, place, count = _cases(rows, 8, 20, random)
    victim = random.integers(len(people.x), size=count)
    usual = people.favourites[victim][case, random.integers(people.favourites.shape[1], size=rows)]
    amount = people.median[victim][case] * _factors()[places.category[usual]]
    start = np.floor(random.uniform(0, 1, count) * span / _DAY) * _DAY
    start += random.uniform(9, 21, count) * _HOUR
    online = places.category[usual] == list(CATEGORIES).index("online")
    return Payments(
        start[case] + _gaps(case, place, 2 * _MINUTE, random),
        victim[case],
        usual,
        np.where(online, victim[case], -1),
        case,
        np.round(amount * random.lognormal(0, 0.6, rows), 2),
        np.zeros(rows, bool),
    )


def _factors() -> Floats:
    return np.array([factor for _, factor in CATEGORIES.values()])


FraudPattern = Callable[[int, People, Terminals, float, np.random.Generator], Payments]
#: The patterns by their labels.
PATTERNS: dict[str, FraudPattern] = {
    "card testing": card_testing,
    "stolen card": stolen_card,
    "account take-over": account_takeover,
    "ring": ring,
    "velocity": velocity,
}
