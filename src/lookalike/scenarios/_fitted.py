"""Steps that need a fitted model of ordinary rows."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import ParameterError
from lookalike.models import Mixture
from lookalike.scenarios._base import ScenarioStep, StepChange

__all__ = ["ModelStep", "fitted_model"]


class ModelStep(ScenarioStep):
    """A step that needs a model of ordinary rows, with a likelihood and conditions."""

    @abstractmethod
    def change_by(self, model: Any, table: pa.Table, random: np.random.Generator) -> StepChange:
        """Change a table by means of a model; see `ScenarioStep.change`.

        Parameters
        ----------
        model : synthesizer
            A fitted model of the columns of `table`.
        table : pyarrow.Table
            The rows, which stay as they are.
        random : numpy.random.Generator
            The source of everything that is drawn.

        Returns
        -------
        StepChange
        """

    def change(self, table: pa.Table, random: np.random.Generator) -> StepChange:
        """Change a table by means of a `Mixture` that is fitted to it."""
        return self.change_by(fitted_model(None, table), table, random)


def fitted_model(model: Any, table: pa.Table) -> Any:
    """Return a model for the steps of a scenario: the given one, or a `Mixture` of the rows.

    Raises
    ------
    ParameterError
        If the given model has no likelihood.
    SchemaError
        If it has other columns than the table.
    """
    if model is None:
        # The rows of these steps are drawn from the model as it is, whose density is known.
        return Mixture(random_state=0, refine={"correct": False}).fit(table)
    if not hasattr(model, "log_prob"):
        raise ParameterError(
            "Anomalies and rare events need a fitted model with a likelihood, such as Mixture, "
            f"AdversarialForest or BayesianNetwork; got {type(model).__name__}. Leave it out, and "
            "a Mixture is fitted."
        )
    return model
