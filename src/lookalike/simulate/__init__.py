"""Tables without data: recipes and simulators.

Room rule: nothing here learns. Row i depends on the parameters, the seed and i alone, or, of a
simulated world, all rows on the parameters and the seed.
"""

from __future__ import annotations

from lookalike.simulate._fraud import fraud
from lookalike.simulate._fraud_world import FraudWorld
from lookalike.simulate._makers import (
    MAKERS,
    ColumnMaker,
    CounterColumn,
    DateColumn,
    ExponentialColumn,
    FormulaColumn,
    IntegerColumn,
    LevelColumn,
    LognormalColumn,
    LookupColumn,
    MadeBlock,
    NormalColumn,
    PoissonColumn,
    StateColumn,
    UniformColumn,
)
from lookalike.simulate._procedural import Procedural, ProceduralColumn, read_procedural
from lookalike.simulate._sensor_laws import Rhythm, SensorLaw
from lookalike.simulate._sensor_world import SensorWorld
from lookalike.simulate._sensors import sensors
from lookalike.simulate._traffic import traffic
from lookalike.simulate._traffic_world import TrafficWorld
from lookalike.simulate._twin import SensorTwin

__all__ = [
    "MAKERS",
    "ColumnMaker",
    "CounterColumn",
    "DateColumn",
    "ExponentialColumn",
    "FormulaColumn",
    "FraudWorld",
    "IntegerColumn",
    "LevelColumn",
    "LognormalColumn",
    "LookupColumn",
    "MadeBlock",
    "NormalColumn",
    "PoissonColumn",
    "Procedural",
    "ProceduralColumn",
    "Rhythm",
    "SensorLaw",
    "SensorTwin",
    "SensorWorld",
    "StateColumn",
    "TrafficWorld",
    "UniformColumn",
    "fraud",
    "read_procedural",
    "sensors",
    "traffic",
]
