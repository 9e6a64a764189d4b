"""Monitors, one file each: they observe a run between compiled steps, on fixed samples of rows.

A `Monitor` declares what it measures, the range, what is good, its cost and its needs. It gets an
`IntervalSnapshot`: training rows, held-out rows and fresh generated rows, at most 512 of each.
"""

from __future__ import annotations

from lookalike._core.registry import Registry
from lookalike.training.monitors._base import (
    IntervalSnapshot,
    Measure,
    Monitor,
    MonitorData,
    MonitoredRows,
)
from lookalike.training.monitors.collapse import Collapse
from lookalike.training.monitors.convergence import Convergence
from lookalike.training.monitors.detector import Detector
from lookalike.training.monitors.diversity import Diversity
from lookalike.training.monitors.memorisation import Memorisation
from lookalike.training.monitors.players import Players

__all__ = [
    "MONITORS",
    "Collapse",
    "Convergence",
    "Detector",
    "Diversity",
    "IntervalSnapshot",
    "Measure",
    "Memorisation",
    "Monitor",
    "MonitorData",
    "MonitoredRows",
    "Players",
]

#: The monitors that a user can choose; yours may join them.
MONITORS: Registry[Monitor] = Registry("monitor", Monitor)
MONITORS.enter(Players, Diversity, Collapse, Convergence, Detector, Memorisation)
