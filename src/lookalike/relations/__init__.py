"""Relations between columns. Room rule: ``relations`` knows ``tables`` and ``_core`` only.

To add a relation, write a file with a subclass of `Relation`, and enter its class in the last line.
"""

from __future__ import annotations

from lookalike.relations._base import Relation
from lookalike.relations._candidates import Feasible
from lookalike.relations._cells import Cells, cells_of
from lookalike.relations._discovery import find_dependencies, infer_schema
from lookalike.relations._domains import Domains, LearnedColumn
from lookalike.relations._evidence import Evidence, Stage, in_order
from lookalike.relations._graph import RelationGraph
from lookalike.relations._reconciled import Reconciled
from lookalike.relations._registry import RELATIONS, describe, relation
from lookalike.relations.approximate_lookup import ApproximateLookup
from lookalike.relations.equal import Equal
from lookalike.relations.linear import LinearCombination
from lookalike.relations.lookup import Lookup
from lookalike.relations.offset import Offset
from lookalike.relations.ratio import Ratio
from lookalike.tables import Schema

__all__ = [
    "RELATIONS",
    "Cells",
    "Domains",
    "Evidence",
    "Feasible",
    "LearnedColumn",
    "Reconciled",
    "Relation",
    "RelationGraph",
    "Stage",
    "cells_of",
    "describe",
    "find_dependencies",
    "in_order",
    "infer_schema",
    "relation",
]

Schema._inferred = staticmethod(infer_schema)
RELATIONS.enter(LinearCombination, Lookup, ApproximateLookup, Offset, Ratio, Equal)
