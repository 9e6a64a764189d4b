"""Contrasts of arms, the rows that they make up, and the words that follow from both.

A difference is positive where the arm is better than its opponent, also where less of a metric is
better; so are its interval and its word. Only `Row.word` states the effect of an arm with
synthetic rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lookalike._core.differences import signed
from lookalike.experiments._arms import Replaced
from lookalike.experiments._statistics import LEVEL
from lookalike.experiments._taught_arms import (
    ReplacedBalanced,
    ReplacedLabelled,
    TeacherAlone,
)

__all__ = [
    "BATTERY",
    "BETTER",
    "HARMS",
    "HELPS",
    "NO_EVIDENCE",
    "WORSE",
    "Contrast",
    "Row",
    "label",
]

#: The effects of synthetic rows, by both comparisons of a row.
HELPS = "helps"
HARMS = "harms"
NO_EVIDENCE = "no evidence that it helps"
#: The results of comparing an arm with one other.
BETTER = "better"
WORSE = "worse"
UNDECIDED = "no evidence of a difference"
#: Stands for the mean over all models.
BATTERY = "all models"
#: The arm of real rows alone.
_REAL = "real"
#: The arms of synthetic rows alone.
_ALONE = (Replaced.name, ReplacedBalanced.name, ReplacedLabelled.name)


@dataclass(frozen=True)
class Contrast:
    """One arm against another, over all splits.

    Parameters
    ----------
    arm : str
        An arm with synthetic rows, or a control.
    factor, share : float
        Rows added for each real one, and the share of the training rows that was kept.
    against : str
        The other arm: ``"real"``, or a control.
    model, metric : str
        The model and the metric; the model may be ``"all models"``.
    difference : float
        The mean over splits; positive where the arm is better, also where less is better.
    low, high : float or None
        Its 95 % interval.
    p, p_holm : float or None
        From the corrected resampled t-test, and adjusted for the number of arms.
    repeats : int
        The number of splits that were compared.
    repeats_needed : int or None
        The number of splits needed to see such an effect; None where no number suffices.
    models : tuple of str
        The models in the mean: those with a value in both arms in all compared splits.
    against_factor : float
        Rows added for each real one by the other arm; 0 where it has no such number.
    against_share : float or None
        The share of the training rows that the other arm kept; None where it is that of the arm.
    """

    arm: str
    factor: float
    share: float
    against: str
    model: str
    metric: str
    difference: float
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    repeats: int
    repeats_needed: int | None
    models: tuple[str, ...] = ()
    against_factor: float = 0.0
    against_share: float | None = None

    @property
    def seen(self) -> bool:
        """True where there is a difference, by the adjusted test."""
        return self.p_holm is not None and self.p_holm < LEVEL

    @property
    def word(self) -> str:
        """The result in a word: better, worse, or no evidence of a difference."""
        if not self.seen:
            return UNDECIDED
        return BETTER if self.difference > 0 else WORSE

    @property
    def words(self) -> str:
        """The result and the opponent, such as ``"worse than jitter +20 %"``."""
        whom = self.whom if self.against in (_REAL, TeacherAlone.name) else self.opponent
        return f"{self.word} {'than' if self.seen else 'from'} {whom}"

    @property
    def label(self) -> str:
        """The arm with its factor and share, such as ``"boosted +20 %, 50 % kept"``."""
        return label(self.arm, self.factor, self.share)

    @property
    def opponent(self) -> str:
        """The other arm with its factor, such as ``"jitter +20 %"``."""
        return label(self.against, self.against_factor, 1.0)

    @property
    def whom(self) -> str:
        """The other arm within a sentence about an arm with synthetic rows."""
        if self.against == _REAL:
            return "real rows alone" if self.against_share is None else "all real rows"
        if self.against == TeacherAlone.name:
            return "the teacher itself"
        return f"the best cheap control ({self.opponent})"

    @property
    def interval(self) -> str:
        """The difference and its interval, such as ``"+0.010 (−0.020 to +0.040)"``."""
        if self.low is None or self.high is None:
            return f"{signed(self.difference)} (no interval)"
        return f"{signed(self.difference)} ({signed(self.low)} to {signed(self.high)})"

    @property
    def stated(self) -> str:
        """The `interval` as part of a sentence, such as ``"+0.010, 95 % CI −0.020 to +0.040"``."""
        if self.low is None or self.high is None:
            return f"{signed(self.difference)}, no interval: every split gave the same"
        return f"{signed(self.difference)}, 95 % CI {signed(self.low)} to {signed(self.high)}"

    @property
    def found(self) -> str:
        """The interval, with the word where there is a difference."""
        return f"{self.interval}, {self.word}" if self.seen else self.interval

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready values, with its word."""
        return {**asdict(self), "word": self.word}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Contrast:
        """Rebuild a comparison from JSON values; its word follows from them."""
        fields = {name: value for name, value in values.items() if name != "word"}
        return cls(**{**fields, "models": tuple(values.get("models", ()))})


@dataclass(frozen=True)
class Row:
    """One arm at one share, over all models and splits.

    Parameters
    ----------
    arm : str
        The set of training rows.
    role : {"real", "synthetic", "control"}
        The role of the arm in comparisons.
    factor, share : float
        Rows added for each real one, and the share of the training rows that was kept.
    scores : dict of str to float or None
        The mean of each metric.
    models : dict of str to float or None
        For each model, and the naive baseline, the mean of the headline metric.
    real : Contrast or None
        Against the real rows; for a share of the real rows alone, against all of them; None for
        these themselves.
    control : Contrast or None
        Against the best cheap control, for an arm with synthetic rows.
    teacher : Contrast or None
        Against the teacher, for an arm whose labels it has drawn.
    """

    arm: str
    role: str
    factor: float
    share: float
    scores: dict[str, float | None]
    models: dict[str, float | None]
    real: Contrast | None = None
    control: Contrast | None = None
    teacher: Contrast | None = None

    @property
    def alone(self) -> bool:
        """Return whether these are synthetic rows alone."""
        return self.arm in _ALONE

    @property
    def word(self) -> str | None:
        """The effect of the rows: ``"helps"``, ``"harms"`` or ``"no evidence that it helps"``.

        They help if they are better than real rows alone *and* than the best cheap control, and
        harm if they are worse than real rows alone. None for other arms.
        """
        if self.role != "synthetic":
            return None
        if self.real is None or not self.real.seen:
            return NO_EVIDENCE
        if self.real.word == WORSE:
            return HARMS
        return HELPS if self.control is None or self.control.word == BETTER else NO_EVIDENCE

    @property
    def label(self) -> str:
        """The arm with its factor and share, such as ``"boosted +20 %, 50 % kept"``."""
        return label(self.arm, self.factor, self.share)

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values, with its words."""
        pairs = {"real": self.real, "control": self.control, "teacher": self.teacher}
        written = {name: None if one is None else one.to_dict() for name, one in pairs.items()}
        return {**asdict(self), **written, "word": self.word}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Row:
        """Rebuild a row from JSON values; its word follows from them."""
        fields = {name: value for name, value in values.items() if name != "word"}
        for name in ("real", "control", "teacher"):
            if fields.get(name) is not None:
                fields[name] = Contrast.from_dict(fields[name])
        return cls(**fields)


def label(arm: str, factor: float, share: float) -> str:
    """Return an arm with its factor and share."""
    name = arm if factor == 0 or arm in _ALONE else f"{arm} +{100 * factor:g} %"
    return name if share == 1 else f"{name}, {100 * share:g} % kept"
