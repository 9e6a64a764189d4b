"""`StressReport`: response curves of a model over the dial of a scenario, and where it breaks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import pyarrow as pa

from lookalike._core.documents import Document
from lookalike._core.plain import build, jsonable
from lookalike._core.tabular import Tabular, aligned
from lookalike.scenarios._stress_points import StressCurve
from lookalike.scenarios._stress_slices import StressSlice
from lookalike.scenarios._stress_words import answer, standing

__all__ = ["StressReport"]


@dataclass(frozen=True)
class StressReport(Document, Tabular):
    """The response of a model to a scenario: curves over the dial, and where it breaks.

    Parameters
    ----------
    curves : tuple of StressCurve
        One for each metric, the headline first.
    facts : dict
        The model, the question, the numbers of rows and repeats, the steps, the tolerance, the
        seed and the versions.
    notes : tuple of str
        Remarks.
    slices : tuple of StressSlice
        The rows that each drift brings, and whether the model is weak on them.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import lookalike as la
    >>> from sklearn.linear_model import LogisticRegression
    >>> x = np.random.default_rng(0).normal(size=(400, 2))
    >>> rows = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": x[:, 0] > 0})
    >>> model = LogisticRegression().fit(rows[["a", "b"]], rows["y"])
    >>> steps = [{"name": "noisy", "column": "b", "share": 1, "scale": 2}]
    >>> report = la.stress(model, rows, steps, target="y", repeats=3)
    >>> report.breaks is None
    True
    """

    curves: tuple[StressCurve, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    slices: tuple[StressSlice, ...] = ()

    _noun: ClassVar[str] = "a stress report"
    _format: ClassVar[int] = 1
    _heading: ClassVar[str] = "Where does this model break?"
    _page_name: ClassVar[str] = "stress"

    @property
    def breaks(self) -> float | None:
        """The first position of the dial at which any metric breaks; None where the model holds."""
        return None if self.broken is None else self.broken.breaks(self.facts["tolerance"])

    @property
    def broken(self) -> StressCurve | None:
        """The curve that breaks first, of equals the one named first; None where all hold."""
        tolerance = self.facts["tolerance"]
        found = [
            (at, place, curve)
            for place, curve in enumerate(self.curves)
            if (at := curve.breaks(tolerance)) is not None
        ]
        return min(found, key=lambda one: one[:2])[2] if found else None

    @property
    def lags(self) -> float | None:
        """The first position at which models trained on the rows are better; None where none is."""
        tolerance = self.facts["tolerance"]
        found = [at for one in self.curves if (at := one.lags(tolerance)) is not None]
        return min(found, default=None)

    @property
    def weak(self) -> StressSlice | None:
        """The slice on which the model is weak, of several the weakest; None where none is."""
        found = [one for one in self.slices if one.is_weak(self.facts["tolerance"])]
        return max(found, key=lambda one: one.gain, default=None)

    @property
    def answer(self) -> str:
        """The result in a few sentences."""
        return answer(self.curves, self.broken, self.weak, self.facts)

    @property
    def standing(self) -> str | None:
        """The answer in a few words, such as ``"holds"``; None for detectors and alarms."""
        return standing(self.curves, self.broken, self.weak, self.facts)

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of `table`."""
        return ("metric", "dial", "value", "95 %", "reference", "excess loss", "95 %")

    @property
    def table(self) -> list[tuple[str, ...]]:
        """A line for each metric and position as text."""
        return [
            (
                curve.metric,
                f"{one.dial:g}",
                _number(one.value) if one.reason is None else one.reason,
                _range(one.low, one.high),
                _number(one.reference),
                _number(one.excess, "+"),
                _range(one.excess_low, one.excess_high, "+"),
            )
            for curve in self.curves
            for one in curve.points
        ]

    def _headline(self) -> str:
        return self.answer

    def _frame_columns(self) -> Mapping[str, Any]:
        rows = [
            {"metric": curve.metric, **asdict(one)} for curve in self.curves for one in curve.points
        ]
        kinds = {"metric": pa.string(), "reason": pa.string()}
        kinds |= {"significant": pa.bool_(), "lagging": pa.bool_()}
        return {
            name: pa.array([row[name] for row in rows], kinds.get(name, pa.float64()))
            for name in rows[0]
        }

    def _json(self) -> str:
        values = {"format": self._format, **asdict(self)}
        values["answer"], values["breaks"] = self.answer, self.breaks
        values["lags"], values["weak"] = self.lags, self.weak and self.weak.words
        return json.dumps(jsonable(values), ensure_ascii=False, allow_nan=False, indent=1)

    @classmethod
    def _from_values(cls, values: Mapping[str, Any]) -> StressReport:
        return build(cls, {**values, "facts": dict(values["facts"])})

    def __repr__(self) -> str:
        table = aligned([self.heads, *self.table])
        return "\n".join([self.answer, *self.notes, "", *table])


def _number(value: float | None, sign: str = "") -> str:
    return "–" if value is None else f"{value:{sign}.3f}"


def _range(low: float | None, high: float | None, sign: str = "") -> str:
    return "–" if low is None or high is None else f"{low:{sign}.3f} to {high:{sign}.3f}"
