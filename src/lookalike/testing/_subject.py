"""The synthesizer under test, with one fitted model that many checks share."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
from sklearn.base import clone

from lookalike._core.errors import LookalikeWarning
from lookalike.models import Synthesizer
from lookalike.testing._tables import plain

__all__ = ["Subject"]


@dataclass
class Subject:
    """The fitted models that the checks of one synthesizer share: training is expensive.

    Parameters
    ----------
    estimator : Synthesizer
        As the caller configured it; it is never fitted itself.
    """

    estimator: Synthesizer

    @property
    def name(self) -> str:
        """The name of its class."""
        return type(self.estimator).__name__

    @cached_property
    def table(self) -> pa.Table:
        """The table that most checks use."""
        return plain()

    @cached_property
    def fitted(self) -> Synthesizer:
        """A model of `table`; checks must not fit it again."""
        return self.fit(self.table)

    def new(self, seed: int = 0) -> Synthesizer:
        """Return an unfitted estimator with a fixed seed."""
        made: Synthesizer = clone(self.estimator).set_params(random_state=seed)
        return made

    def fit(self, table: Any, **options: Any) -> Synthesizer:
        """Return a new model of a table; warnings about the table are not of interest here."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LookalikeWarning)
            return self.new().fit(table, **options)
