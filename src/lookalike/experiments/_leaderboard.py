"""`Comparison`: families of models on one table, by rows that none of them has learned."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import pyarrow as pa

from lookalike._core.documents import Document
from lookalike._core.tabular import Tabular, aligned
from lookalike.experiments._trial import Trial
from lookalike.models import Synthesizer

__all__ = ["Comparison"]

#: The attributes of a trial that are columns of the frame of all trials.
_NUMBERS = ("choose", "report", "seconds", "rows_per_second", "memory")


@dataclass(frozen=True, repr=False)
class Comparison(Document, Tabular):
    """Families of models side by side on one table.

    Parameters
    ----------
    trials : tuple of Trial
        The models, the best one first.
    chosen : str
        The label of the model that the choosing rows prefer; empty if there is none.
    ceiling, floor : float or None
        The detectability of the report rows among the choosing rows, and that of independent
        columns.
    facts : dict
        The numbers of rows, the target, the seed and the versions.
    notes : tuple of str
        Remarks on the choice.
    best : Synthesizer or None
        The fitted model; None if none was chosen, or after reading from JSON.

    Examples
    --------
    >>> import lookalike as la
    >>> found = la.compare(la.datasets.load("penguins"), ["Independent"], metrics=False)
    >>> len(found.leaderboard)
    1
    """

    trials: tuple[Trial, ...]
    chosen: str
    ceiling: float | None
    floor: float | None
    facts: dict[str, Any]
    notes: tuple[str, ...] = ()
    best: Synthesizer | None = field(default=None, compare=False, repr=False)

    _noun: ClassVar[str] = "a comparison"
    _format: ClassVar[int] = 2
    _heading: ClassVar[str] = "Which model for this table?"
    _page_name: ClassVar[str] = "comparison"

    @property
    def winner(self) -> Trial | None:
        """The trial of the chosen model."""
        return next((trial for trial in self.trials if trial.label == self.chosen), None)

    @property
    def optimism(self) -> float | None:
        """The score of the chosen model on the choosing rows less that on the report rows."""
        winner = self.winner
        if winner is None or winner.choose is None or winner.report is None:
            return None
        return winner.choose - winner.report

    @property
    def answer(self) -> str:
        """The choice in one sentence."""
        winner, optimism = self.winner, self.optimism
        if winner is None:
            return "No model could be chosen."
        if winner.report is None or optimism is None:
            return f"{winner.label} is chosen; its detectability could not be measured."
        less = "less" if optimism >= 0 else "more"
        return (
            f"{winner.label} is chosen: its detectability (c2st, 1 is indistinguishable) is "
            f"{winner.report:.3f} on rows that took no part in the choice, {abs(optimism):.3f} "
            f"{less} than on those that chose it."
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The trials by what tells them apart: their labels, or settings of the same model."""
        first = self.trials[0].settings if self.trials else {}
        if len({trial.model for trial in self.trials}) > 1:
            return tuple(trial.label for trial in self.trials)
        common = [
            name
            for name, value in first.items()
            if all(name in one.settings and one.settings[name] == value for one in self.trials)
        ]
        return tuple(
            ", ".join(f"{k}={v!r}" for k, v in trial.settings.items() if k not in common)
            or trial.model
            for trial in self.trials
        )

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of `leaderboard`."""
        return ("model", "choose", "report", "seconds", "rows/s", "MiB", "remark")

    @property
    def leaderboard(self) -> list[tuple[str, ...]]:
        """A line for each model as text: scores, cost, and why it was not chosen."""
        return [
            (
                f"{name} *" if trial.label == self.chosen else name,
                _number(trial.choose, ".3f"),
                _number(trial.report, ".3f"),
                _number(trial.seconds, ".1f"),
                _number(trial.rows_per_second, ",.0f"),
                _number(trial.memory, ",.0f"),
                trial.reason or trial.privacy,
            )
            for name, trial in zip(self.names, self.trials, strict=True)
        ]

    def _json(self) -> str:
        values = {name: value for name, value in vars(self).items() if name != "best"}
        values["trials"] = [asdict(trial) for trial in self.trials]
        values = {"format": self._format, **values}
        return json.dumps(values, ensure_ascii=False, allow_nan=False, indent=1, default=str)

    @classmethod
    def _from_values(cls, values: Mapping[str, Any]) -> Comparison:
        return cls(
            trials=tuple(Trial(**one) for one in values["trials"]),
            chosen=values["chosen"],
            ceiling=values["ceiling"],
            floor=values["floor"],
            facts=dict(values["facts"]),
            notes=tuple(values["notes"]),
        )

    def _headline(self) -> str:
        return self.answer

    def _frame_columns(self) -> Mapping[str, Any]:
        trials = self.trials
        settings = [json.dumps(one.settings, default=str) for one in trials]
        return {
            "model": pa.array([one.model for one in trials], pa.string()),
            "settings": pa.array(settings, pa.string()),
            "chosen": pa.array([one.label == self.chosen for one in trials], pa.bool_()),
            "proposed": pa.array([one.proposed for one in trials], pa.bool_()),
            "rows": pa.array([one.rows for one in trials], pa.int64()),
            **{n: pa.array([getattr(one, n) for one in trials], pa.float64()) for n in _NUMBERS},
            "remark": pa.array([one.reason or one.privacy for one in trials], pa.string()),
        }

    def __repr__(self) -> str:
        lines = [self.heads[:-1], *(line[:-1] for line in self.leaderboard)]
        table = aligned(lines, right=range(1, len(lines[0])))
        remarks = [f"{line[0]}: {line[-1]}" for line in self.leaderboard if line[-1]]
        return "\n".join([self.answer, *self.notes, "", *table, *remarks])


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
