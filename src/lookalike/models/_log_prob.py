"""The density of rows under models of discrete variables."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.errors import ParameterError
from lookalike.encoding import EncodedRows
from lookalike.models._base import Synthesizer
from lookalike.models._states import States
from lookalike.tables import conform, to_arrow

__all__ = ["DiscreteModel"]

#: The greatest number of rows whose mean density is recorded.
_JUDGED = 8_192


class DiscreteModel(Synthesizer):
    """Base class of synthesizers that know the probability of every row of states.

    A subclass sets `_states` and implements `_log_prob_of`.
    """

    #: The map between rows and discrete variables; None where rows are not modelled.
    _states: States | None

    @abstractmethod
    def _log_prob_of(self, states: Int[np.ndarray, "rows variables"]) -> Float[np.ndarray, " rows"]:
        """Return the log-probability of rows of states."""

    def _mean_log_density(self, rows: EncodedRows) -> float:
        """Return the mean log-density of the first rows: of some thousands, which tell enough."""
        assert self._states is not None
        some = EncodedRows(*(part[:_JUDGED] for part in rows))
        logs = self._log_prob_of(self._states.of_rows(some))
        return float((logs + self._states.log_within(some)).mean())

    def log_prob(self, data: Any) -> Float[np.ndarray, " rows"]:
        """Return the log-density of rows under the model, without its refinement.

        It is a probability where all columns are categories; numbers have a density with respect to
        their cumulative probability in the training table, so that 0 is what a single column has on
        average and that of independent columns is a sum over columns.

        Parameters
        ----------
        data : dataframe or path
            n rows with all columns of the training table. A category that is not in the model
            counts as the one it would be replaced by.

        Returns
        -------
        ndarray, shape (n,)

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        DataError
            If `data` has other columns, or values that do not fit them.
        ParameterError
            If rows of the model are random, whatever it has learned.
        """
        self._check_fitted()
        table = conform(to_arrow(data)[0], self.schema_)
        if not self.encoder_.layout_.blocks:
            return np.zeros(len(table))
        rows = self.encoder_.encode(table)
        if self._states is None:
            raise ParameterError(f"The rows of this {type(self).__name__} are random: no density.")
        logs = self._log_prob_of(self._states.of_rows(rows))
        return np.asarray(logs + self._states.log_within(rows))
