"""Scenarios: labelled changes of a table, and the response of models to them.

Room rule: a step knows tables only, unless it is a `ModelStep`; the model that a scenario stresses
is any object that predicts.

Add a step: a frozen dataclass that is a `ScenarioStep`, and its class below, in `STEPS`.
"""

from __future__ import annotations

from lookalike.scenarios._anomalies import AnomalyStep
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
from lookalike.scenarios._collective import CollectiveAnomalies
from lookalike.scenarios._drift import ConceptDrift, CovariateDrift, DriftStep, PriorDrift
from lookalike.scenarios._fitted import ModelStep
from lookalike.scenarios._rare_event import RareEvent
from lookalike.scenarios._scenario import Scenario, ScenarioResult, ScenarioRun
from lookalike.scenarios._stress import stress
from lookalike.scenarios._stress_points import StressCurve, StressPoint
from lookalike.scenarios._stress_reference import train_trees
from lookalike.scenarios._stress_report import StressReport
from lookalike.scenarios._stress_slices import StressSlice

__all__ = [
    "STEPS",
    "AnomalyStep",
    "ClippedNumbers",
    "CollectiveAnomalies",
    "ConceptDrift",
    "CovariateDrift",
    "DriftStep",
    "DuplicatedRows",
    "MissingCells",
    "MistypedText",
    "ModelStep",
    "NoisyNumbers",
    "PriorDrift",
    "RareEvent",
    "Scenario",
    "ScenarioResult",
    "ScenarioRun",
    "ScenarioStep",
    "StepChange",
    "StressCurve",
    "StressPoint",
    "StressReport",
    "StressSlice",
    "StuckNumbers",
    "SwappedLevels",
    "WrongUnits",
    "stress",
    "train_trees",
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
    AnomalyStep,
    CollectiveAnomalies,
    RareEvent,
)
