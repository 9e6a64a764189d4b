"""Relations between columns. Room rule: ``relations`` knows ``tables`` and ``_core`` only.

To add a relation, write a file with a subclass of `Relation`, and enter its class in the last line.
"""

from __future__ import annotations

from lookalike.relations._atoms import Among, Atom, BoundedSum, Computed, Presence, RowValues, Term
from lookalike.relations._base import Relation
from lookalike.relations._candidates import Feasible
from lookalike.relations._cells import Cells, cells_of
from lookalike.relations._clauses import Clause, ConflictError
from lookalike.relations._discovery import find_dependencies, infer_schema
from lookalike.relations._domains import Domains, LearnedColumn
from lookalike.relations._evidence import Evidence, Found, Stage, in_order
from lookalike.relations._graph import RelationGraph
from lookalike.relations._reconciled import Reconciled
from lookalike.relations._registry import RELATIONS, describe, relation
from lookalike.relations._ruled_column import RuledColumn, row_values
from lookalike.relations._settled_rows import settled_rows
from lookalike.relations._settling import Settling
from lookalike.relations.approximate_lookup import ApproximateLookup
from lookalike.relations.equal import Equal
from lookalike.relations.formula import Formula, rounding_of
from lookalike.relations.linear import LinearCombination
from lookalike.relations.lookup import Lookup
from lookalike.relations.offset import Offset
from lookalike.relations.one_hot import EarlierFlag, LastFlag, is_one
from lookalike.relations.ratio import Ratio
from lookalike.tables import Schema

__all__ = [
    "RELATIONS",
    "Among",
    "Atom",
    "BoundedSum",
    "Cells",
    "Clause",
    "Computed",
    "ConflictError",
    "Domains",
    "Evidence",
    "Feasible",
    "Found",
    "LearnedColumn",
    "Presence",
    "Reconciled",
    "Relation",
    "RelationGraph",
    "RowValues",
    "RuledColumn",
    "Settling",
    "Stage",
    "Term",
    "cells_of",
    "describe",
    "find_dependencies",
    "in_order",
    "infer_schema",
    "is_one",
    "relation",
    "rounding_of",
    "row_values",
    "settled_rows",
]

Schema._inferred = staticmethod(infer_schema)
RELATIONS.enter(
    LinearCombination,
    Formula,
    LastFlag,
    Lookup,
    ApproximateLookup,
    Offset,
    Ratio,
    Equal,
    EarlierFlag,
)
