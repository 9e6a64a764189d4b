"""The training rows of a cycle: real rows, and synthetic rows of several sorts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from lookalike.experiments._identity import digest

__all__ = ["MixPart", "TrainingMix", "condition_words"]


@dataclass(frozen=True)
class MixPart:
    """Synthetic rows of one sort.

    Parameters
    ----------
    factor : float
        Their number, for each real training row.
    given : tuple of (str, object)
        The conditions that they fulfil, as of `Synthesizer.sample`; none for rows as they come.
    matched : tuple of str
        Columns that come with each class (or range) of the target as often as in the real rows.
    told : str
        The conditions in words, in the values of the caller's table.
    """

    factor: float
    given: tuple[tuple[str, Any], ...] = ()
    matched: tuple[str, ...] = ()
    told: str = ""

    @property
    def words(self) -> str:
        """The rows in words."""
        if self.given:
            return f"rows with {self.told or condition_words(dict(self.given))}"
        if self.matched:
            return f"rows as they come, {' and '.join(self.matched)} as often as in the real rows"
        return "rows as they come"

    @property
    def key(self) -> str:
        """A digest of the part: rows are drawn by it."""
        return digest(self.factor, self.given, self.matched)


@dataclass(frozen=True)
class TrainingMix:
    """The training rows of a model: real ones, synthetic ones, or both.

    Parameters
    ----------
    real : bool
        Whether the real training rows are among the rows.
    parts : tuple of MixPart
        The synthetic rows.
    """

    real: bool
    parts: tuple[MixPart, ...] = ()

    @property
    def key(self) -> str:
        """A digest of the mix."""
        return digest(self.real, [part.key for part in self.parts])

    @property
    def words(self) -> str:
        """The rows in words, such as ``"real rows, +100 % rows as they come"``."""
        made = [f"{100 * part.factor:+.0f} % {part.words}" for part in self.parts]
        return ", ".join([*(["real rows"] if self.real else []), *made]) or "no rows"

    @property
    def ordinary(self) -> MixPart | None:
        """The rows that come without conditions; None where there are none."""
        return next((part for part in self.parts if not part.given), None)

    def changed(self, part: MixPart) -> TrainingMix:
        """Return the mix with a part more; rows as they come take the place of such rows."""
        others = [one for one in self.parts if part.given or one.given]
        return replace(self, parts=(*others, part))

    def to_list(self) -> list[dict[str, Any]]:
        """Return the synthetic parts as plain values, fit for JSON."""
        return [
            {
                "factor": part.factor,
                "given": {name: _plain(value) for name, value in part.given},
                "matched": list(part.matched),
                "words": part.words,
            }
            for part in self.parts
        ]


def condition_words(given: Mapping[str, Any]) -> str:
    """Return conditions in words, such as ``"age up to 20 and sex = male"``."""
    return " and ".join(f"{name} {_told(value)}" for name, value in given.items())


def _told(value: Any) -> str:
    if value is None:
        return "missing"
    if not isinstance(value, tuple):
        return f"= {_short(value)}"
    low, high = value
    if low is None:
        return f"up to {_short(high)}"
    return f"from {_short(low)}" if high is None else f"from {_short(low)} to {_short(high)}"


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date | datetime | time | timedelta):
        return str(value)
    return value
