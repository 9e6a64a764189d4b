"""Scenarios: labelled changes of a table, to test models with. Room rule: they know tables only.

Add a step: a frozen dataclass that is a `ScenarioStep`, and its class below, in `STEPS`.
"""

from __future__ import annotations

from lookalike.scenarios._bad_data import (
    ClippedNumbers,
    DuplicatedRows,
    MissingCells,
    MistypedText,
    NoisyNumbers,
    StuckNumbers,
    SwappedLevels,
    WrongUnits,
)
from lookalike.scenarios._base import STEPS, ScenarioStep, StepChange
from lookalike.scenarios._drift import ConceptDrift, CovariateDrift, DriftStep, PriorDrift
from lookalike.scenarios._scenario import Scenario, ScenarioResult

__all__ = [
    "STEPS",
    "ClippedNumbers",
    "ConceptDrift",
    "CovariateDrift",
    "DriftStep",
    "DuplicatedRows",
    "MissingCells",
    "MistypedText",
    "NoisyNumbers",
    "PriorDrift",
    "Scenario",
    "ScenarioResult",
    "ScenarioStep",
    "StepChange",
    "StuckNumbers",
    "SwappedLevels",
    "WrongUnits",
]

STEPS.enter(
    MissingCells,
    SwappedLevels,
    MistypedText,
    WrongUnits,
    NoisyNumbers,
    ClippedNumbers,
    StuckNumbers,
    DuplicatedRows,
    CovariateDrift,
    PriorDrift,
    ConceptDrift,
)
