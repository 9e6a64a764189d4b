"""Estimators that are fitted as a whole or not at all."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Self

from sklearn.base import BaseEstimator

__all__ = ["Refitted"]


class Refitted(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """An estimator that learns in a fresh copy of itself, which it then adopts.

    A fit that fails changes nothing, and one that succeeds leaves nothing of an earlier one.

    Examples
    --------
    >>> class Mean(Refitted):
    ...     def fit(self, values):
    ...         fresh = self._fresh()
    ...         fresh.mean_ = sum(values) / len(values)
    ...         return self._adopt(fresh)
    >>> Mean().fit([1, 3]).mean_
    2.0
    """

    #: The parameters of the fit: those of the estimator may change before the next one.
    _fitted_with: dict[str, Any]
    #: The names of the attributes that the fit has set, parameters included.
    _own_names: frozenset[str]

    def _fresh(self) -> Self:
        """Return an unfitted estimator that has the parameters themselves, to learn in."""
        fresh = type(self)(**self.get_params(deep=False))
        fresh._keep_parameters()
        return fresh

    def _adopt(self, fresh: Self) -> Self:
        """Take over the attributes of a fitted copy, and return the estimator itself.

        Attributes of an earlier fit are dropped; those that others have set, such as scikit-learn
        during a search, are kept.
        """
        fresh._keep_names()
        earlier: frozenset[str] = getattr(self, "_own_names", frozenset())
        others = {name: value for name, value in vars(self).items() if name not in earlier}
        self.__dict__ = {**others, **vars(fresh)}
        return self

    def _keep_parameters(self) -> None:
        """Record the parameters of the fit."""
        self._fitted_with = deepcopy(self.get_params(deep=False))

    def _keep_names(self) -> None:
        """Record the attributes of the fit, so that the next one replaces them."""
        self._own_names = frozenset((*vars(self), "_own_names"))
