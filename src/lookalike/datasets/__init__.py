"""Tables for experiments: small real ones, and simulated ones with known answers.

Room rule: ``datasets`` knows ``tables`` and ``_core``, and never JAX.
"""

from __future__ import annotations

from lookalike.datasets import functions
from lookalike.datasets._bundled import DataSet, describe, load, names
from lookalike.datasets._simulated import (
    DEPENDENT_CATEGORIES,
    GAUSSIAN,
    MIXTURES,
    DependentCategories,
    Gaussian,
    NormalMixture,
    make_dependent_categories,
    make_gaussian,
    make_mixture,
)
from lookalike.datasets._ugly import make_ugly

__all__ = [
    "DEPENDENT_CATEGORIES",
    "GAUSSIAN",
    "MIXTURES",
    "DataSet",
    "DependentCategories",
    "Gaussian",
    "NormalMixture",
    "describe",
    "functions",
    "load",
    "make_dependent_categories",
    "make_gaussian",
    "make_mixture",
    "make_ugly",
    "names",
]
