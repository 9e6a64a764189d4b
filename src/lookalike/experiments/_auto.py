"""`Auto`: automatic choice of the family that suits a table, in a stated time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import pyarrow as pa
from sklearn.base import BaseEstimator

from lookalike._core.errors import NotFittedError
from lookalike._core.parameters import AnyOf, Flag, Number, Rule, check_parameters
from lookalike._core.seeds import RandomState, as_seed
from lookalike._core.streams import read_again
from lookalike.experiments._candidates import QUICK
from lookalike.experiments._choice import choose_trial
from lookalike.experiments._clock import Clock
from lookalike.experiments._compare import divided, raced_families, summary
from lookalike.experiments._declared import Declared
from lookalike.experiments._race import Raced
from lookalike.experiments._refit import fitted_to_all, reserve_for
from lookalike.experiments._trial import TableParts
from lookalike.experiments._tune import raced_settings
from lookalike.models import Synthesizer
from lookalike.tables import Kind

__all__ = ["Auto"]

#: The settings that are tried of a quick family, and of others, the given ones included.
_SETTINGS, _SETTINGS_OF_OTHERS = 12, 4


class Auto(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The best family of models for a table, chosen by rows that no model has learned.

    Families are compared as by `compare`; of the best one, other settings are searched as by `tune`
    in the time that is left; the winner is then fitted to all rows. Sampling, imputation and saving
    are those of the winner, and a saved file holds the winner alone.

    Parameters
    ----------
    seconds : float or None
        The time for the whole fit, about. None for no limit: the same table and seed then give the
        same model everywhere.
    models : sequence of str or Synthesizer, optional
        Names of families, or unfitted models; all families by default.
    tune : bool
        Whether to search settings of the best family as well, as `tune` does, in the time that is
        left.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown
        where it is watched: in a terminal and in a notebook.
    random_state : int, Generator, RandomState or None
        The seed of the comparison, of the fit, and of sampling.

    Attributes
    ----------
    best_ : Synthesizer
        The winner, fitted to all rows.
    comparison_ : Comparison
        The trials, with the scores of the winner on rows that took no part in its choice.
    leaderboard_ : list of tuple of str
        A line for each model, the best one first.

    Examples
    --------
    >>> import lookalike as la
    >>> penguins = la.datasets.load("penguins")
    >>> auto = la.Auto(models=["Independent"], random_state=0).fit(penguins)
    >>> auto.sample(3).shape
    (3, 8)
    """

    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "seconds": AnyOf((Number(0, open_low=True),), none=True),
        "tune": Flag(),
        "progress": AnyOf((Flag(),), none=True),
    }

    def __init__(
        self,
        seconds: float | None = 300.0,
        *,
        models: Sequence[str | Synthesizer] | None = None,
        tune: bool = True,
        progress: bool | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.seconds = seconds
        self.models = models
        self.tune = tune
        self.progress = progress
        self.random_state = random_state

    def fit(
        self,
        data: Any,
        y: Any = None,  # noqa: ARG002 - scikit-learn's pipelines pass it
        *,
        kinds: Mapping[str, Kind | str] | None = None,
        target: str | None = None,
        rules: Sequence[str] | None = None,
        broken: str = "refuse",
    ) -> Self:
        """Choose a family and fit it to all rows.

        Parameters
        ----------
        data : dataframe or path
            The training table.
        y : array-like, optional
            Ignored.
        kinds : mapping of str to str, optional
            Kinds of single columns that override the inferred ones.
        target : str, optional
            The column that the table is meant to predict.
        rules : sequence of str, optional
            Rules that hold on every generated row, as for `Synthesizer.fit`.
        broken : {"refuse", "drop", "repair", "keep"}
            What becomes of real rows that break a rule: an error, rows left out, cells changed so
            that the rules hold, or nothing.

        Returns
        -------
        Auto
            The estimator itself. If `fit` fails, it is unchanged.

        Raises
        ------
        ParameterError
            If a parameter breaks its rule, or there is no such family.
        DataError
            If the table cannot be used, or every model fails; if rules contradict each other, or
            rows break them.
        """
        values = {name: getattr(self, name) for name in self._rules}
        check_parameters("Auto", self._rules, values)
        declared = Declared.of("Auto", rules, broken)
        clock, show = Clock(self.seconds), self.progress
        with read_again(data) as rows:
            parts = divided(rows, target, kinds, as_seed(self.random_state), declared)
            clock.reserve = reserve_for(parts)
            raced = raced_families(self.models, parts, clock, every_score=False, progress=show)
            winner = choose_trial(raced.trials, len(parts.choose))
            if self.tune and winner is not None:
                raced = self._with_settings(raced, raced.fitted[winner.label], parts, clock)
            found = summary(raced, parts)
            best = fitted_to_all(found, clock, rows, kinds, target, declared)
        self.best_, self.comparison_, self.leaderboard_ = best, found, found.leaderboard
        return self

    def _with_settings(
        self, raced: Raced, best: Synthesizer, parts: TableParts, clock: Clock
    ) -> Raced:
        """Race the best family so far against other settings of it."""
        if not best.SPACE:
            return raced
        plain = type(best)(**best.get_params(deep=False))
        trials = _SETTINGS if best.cost <= QUICK else _SETTINGS_OF_OTHERS
        return raced_settings(
            plain, best.SPACE, trials, parts, clock, known=raced, progress=self.progress
        )

    def sample(self, n: int | None = None, **options: Any) -> Any:
        """Generate rows with the winner; see `Synthesizer.sample`.

        Parameters
        ----------
        n : int, optional
            The number of rows.
        **options
            As for `Synthesizer.sample`.

        Returns
        -------
        dataframe
            Of the same kind as the training table.
        """
        return self._fitted.sample(n, **options)

    def sample_batches(self, n: int | None = None, **options: Any) -> Iterator[pa.RecordBatch]:
        """Generate rows in batches with the winner; see `Synthesizer.sample_batches`.

        Parameters
        ----------
        n : int, optional
            The number of rows.
        **options
            As for `Synthesizer.sample_batches`.

        Returns
        -------
        iterator of pyarrow.RecordBatch
        """
        return self._fitted.sample_batches(n, **options)

    def sample_to(self, path: str | os.PathLike[str], n: int | None = None, **options: Any) -> int:
        """Write rows of the winner to a file; see `Synthesizer.sample_to`.

        Parameters
        ----------
        path : str or path-like
            The file.
        n : int, optional
            The number of rows.
        **options
            As for `Synthesizer.sample_to`.

        Returns
        -------
        int
            The number of rows written.
        """
        return self._fitted.sample_to(path, n, **options)

    def impute(self, data: Any, *, random_state: RandomState = None) -> Any:
        """Complete rows with the winner; see `Synthesizer.impute`.

        Parameters
        ----------
        data : dataframe or path
            Rows to complete.
        random_state : int, Generator, RandomState or None
            The seed.

        Returns
        -------
        dataframe
        """
        return self._fitted.impute(data, random_state=random_state)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the winner, which `lookalike.load` reads; see `Synthesizer.save`.

        Parameters
        ----------
        path : str or path-like
            The file.
        """
        self._fitted.save(path)

    @property
    def _fitted(self) -> Synthesizer:
        if not hasattr(self, "best_"):
            raise NotFittedError("This Auto has not learned a table yet: call fit(data) first.")
        return self.best_
