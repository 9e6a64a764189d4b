"""The result of a metric, and the score that it becomes between its references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import pyarrow as pa

from lookalike._core.tabular import Tabular
from lookalike.metrics._details import Details

__all__ = ["About", "Direction", "Measured", "Reference", "Score", "Standing", "score_columns"]

Direction = Literal["higher", "lower"]
#: The standing of a score; see `Score.standing`.
Standing = Literal["unknown", "unplaced", "real", "between", "independent"]

#: Floor and ceiling that are no farther apart than this differ by chance.
_CHANCE_WAY = 0.005
#: The smallest distance from floor to ceiling that a shortfall is divided by, as a share of the
#: score's range: a value a little below two nearly equal references is no disaster.
_LEAST_WAY = 0.1


@dataclass(frozen=True)
class Measured:
    """The result of a metric on one pair of tables.

    Parameters
    ----------
    value : float or None
        The number; None where it cannot be computed.
    reason : str or None
        The reason why it cannot be computed, as a sentence; None where there is a number.
    details : Details
        The details beside the number: columns, pairs, and those of the metric's own.
    """

    value: float | None
    reason: str | None = None
    details: Details = field(default_factory=Details)

    @classmethod
    def undefined(cls, reason: str) -> Measured:
        """Return the result of a metric that cannot be computed, for this reason."""
        return cls(None, reason)


@dataclass(frozen=True)
class About:
    """A score in words.

    Parameters
    ----------
    title : str
        A heading.
    subject : str
        The same within a sentence, after "the weakest point is".
    meaning : str
        The meaning of the score, as a sentence.
    group : {"likeness", "use", "privacy"}
        The part of a report in which it stands.
    role : {"headline", "judged", "reference"}
        A headline opens the verdict: a detector that sees all columns at once, whose score is
        2 − 2 AUC. What is judged may be called the weakest point. A reference is neither: it does
        not depend on the synthetic rows, or a good value only says that a fault was not found.
    floor : str
        What the floor is measured on.
    """

    title: str
    subject: str
    meaning: str
    group: Literal["likeness", "use", "privacy"] = "likeness"
    role: Literal["headline", "judged", "reference"] = "judged"
    floor: str = "independent columns"


@dataclass(frozen=True)
class Reference:
    """The measurement of a ceiling or a floor.

    Parameters
    ----------
    on : str
        The rows that it was measured on, in words.
    raw : float or None
        The value as published, where the metric sets it against chance.
    reason : str or None
        The reason why there is no value.
    """

    on: str
    raw: float | None = None
    reason: str | None = None


@dataclass(frozen=True, repr=False)
class Score(Tabular):
    """A metric's value between its references.

    It has everything that a report needs: reading it back does not require the metric.

    Parameters
    ----------
    name : str
        The metric's name.
    value : float or None
        Its value; None where it cannot be computed.
    ceiling : float or None
        The score of held-out real rows.
    floor : float or None
        The score of independent columns.
    direction : {"higher", "lower"}
        The direction of better values.
    low, high : float
        The range of possible values.
    reason : str or None
        The reason why there is no value; None where there is one.
    details : Details
        The details: columns, pairs, and those of the metric's own.
    chance : float
        By how much the values of equally good rows may differ: two standard deviations.
    tolerance : float
        By how much they may differ on any table, however many rows it has.
    best : float or None
        The best possible value.
    about : About or None
        The score in words; None for its bare name.
    finding : str
        The finding as a sentence, where the number does not say it.
    warning : str
        A warning to the reader, as a sentence.
    ceiling_source, floor_source : Reference or None
        The measurements of both.
    left_out : tuple of str
        The columns that no score covers.

    Examples
    --------
    >>> score = Score("shape", 0.9, ceiling=1.0, floor=0.8, direction="higher", low=0, high=1)
    >>> score.position, score.standing, round(score.shortfall, 6)
    (0.5, 'between', 0.5)
    """

    name: str
    value: float | None
    ceiling: float | None
    floor: float | None
    direction: Direction
    low: float
    high: float
    reason: str | None = None
    details: Details = field(default_factory=Details)
    chance: float = 0.0
    tolerance: float = 0.0
    best: float | None = None
    about: About | None = None
    finding: str = ""
    warning: str = ""
    ceiling_source: Reference | None = None
    floor_source: Reference | None = None
    left_out: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Score({self._headline()})"

    def _headline(self) -> str:
        if self.value is None:
            return f"{self.name}: not computed. {self.reason or ''}".rstrip()
        beside = [
            f"{word} {value:.3f}"
            for word, value in (("ceiling", self.ceiling), ("floor", self.floor))
            if value is not None
        ]
        return ", ".join([f"{self.name} {self.value:.3f}", *beside])

    def _frame_columns(self) -> Mapping[str, Any]:
        return score_columns([self])

    @property
    def words(self) -> About:
        """The score in words, its bare name where it has none."""
        spaced = self.name.replace("_", " ")
        return self.about or About(spaced.capitalize(), spaced, "")

    @property
    def raw(self) -> float | None:
        """The value as published, where the metric sets it against chance; else the value."""
        return self.value if self.details.raw is None else self.details.raw

    @property
    def way(self) -> float | None:
        """The distance from the floor up to the ceiling; None where one is missing.

        It may be negative: in a score of single columns, independent ones are as good.
        """
        if self.ceiling is None or self.floor is None:
            return None
        return self._better(self.ceiling, self.floor)

    @property
    def gap(self) -> float | None:
        """The distance from the value up to the ceiling; None where one is missing."""
        if self.ceiling is None or self.value is None:
            return None
        return self._better(self.ceiling, self.value)

    @property
    def leeway(self) -> float:
        """The most that a value may differ from that of equally good rows."""
        return max(self.chance, self.tolerance)

    @property
    def standing(self) -> Standing:
        """The place of the value between its references, in a word.

        ``"unknown"``: the value or a reference is missing. ``"unplaced"``: the ceiling is not
        better than the floor beyond chance, so that there is no place between them. ``"real"``:
        the value is that of real rows, but for chance. ``"independent"``: it is no better than
        that of independent columns. ``"between"``: neither.
        """
        if self.gap is None or self.way is None:
            return "unknown"
        if self.way <= max(_CHANCE_WAY, self.chance):
            return "unplaced"
        if self.gap <= self.leeway + 1e-9:
            return "real"
        return "independent" if self.gap >= self.way else "between"

    @property
    def position(self) -> float | None:
        """The place of the value between the floor (0) and the ceiling (1).

        It may lie outside [0, 1]. None where the standing is ``"unknown"`` or ``"unplaced"``.
        """
        if self.standing in ("unknown", "unplaced") or self.way is None or self.gap is None:
            return None
        return round(1 - self.gap / self.way, 12)

    @property
    def shortfall(self) -> float | None:
        """The distance to the ceiling, as a share of that from the floor to the ceiling.

        0 where the value is that of real rows, but for chance; None where a part is missing. The
        way is taken to be a tenth of the score's range or more.
        """
        if self.gap is None or self.way is None:
            return None
        if self.gap <= self.leeway:
            return 0.0
        return self.gap / max(self.way, _LEAST_WAY * (self.high - self.low))

    def _better(self, one: float, other: float) -> float:
        return one - other if self.direction == "higher" else other - one

    def to_dict(self) -> dict[str, Any]:
        """Return the score as plain values, its position and standing among them."""
        return {**asdict(self), "position": self.position, "standing": self.standing}


def score_columns(scores: Iterable[Score]) -> dict[str, Any]:
    """Return scores as the columns of a data frame, a row for each.

    Parameters
    ----------
    scores : iterable of Score

    Returns
    -------
    dict of str to list or pyarrow.Array
        Name, value, ceiling, floor, standing, and the meaning or the reason why there is no value.
    """
    scores = list(scores)
    return {
        "score": pa.array([one.name for one in scores], pa.string()),
        **{
            name: pa.array([getattr(one, name) for one in scores], pa.float64())
            for name in ("value", "ceiling", "floor")
        },
        "standing": pa.array([one.standing for one in scores], pa.string()),
        "meaning": pa.array([one.reason or one.words.meaning for one in scores], pa.string()),
    }
