"""`report`: split, fit, sample, evaluate and write the page, in one call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sklearn.base import clone

from lookalike._core.errors import ParameterError
from lookalike._core.seeds import RandomState, as_seed
from lookalike._core.tabular import Tabular
from lookalike.models import Synthesizer, find_synthesizer
from lookalike.reports import Evaluation, evaluate
from lookalike.workflow._split import split

__all__ = ["Report", "report"]


@dataclass(frozen=True, eq=False, repr=False)
class Report(Tabular):
    """A table, a model of it, its synthetic rows, and what they are worth.

    Parameters
    ----------
    train, test : dataframe
        The rows that the model has learned, and those that it has not seen.
    model : Synthesizer
        The fitted model.
    synthetic : dataframe
        As many synthetic rows as were learned.
    evaluation : Evaluation
        Their scores, whose ceilings are those of `test`.
    """

    train: Any
    test: Any
    model: Synthesizer
    synthetic: Any
    evaluation: Evaluation

    def to_html(
        self, path: str | os.PathLike[str] | None = None, *, title: str | None = None
    ) -> str:
        """Return the page of the evaluation, with today's date, and write it to a file if given.

        Parameters
        ----------
        path : str or path-like, optional
            The file; it is whole or absent.
        title : str, optional
            The page's heading.

        Returns
        -------
        str
            HTML that refers to nothing outside of itself.
        """
        return self.evaluation.to_html(path, title=title, date=date.today().isoformat())

    def __repr__(self) -> str:
        return repr(self.evaluation)

    def _headline(self) -> str:
        return self.evaluation.verdict

    def _frame_columns(self) -> Mapping[str, Any]:
        return self.evaluation._frame_columns()


def report(
    data: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    target: str | None = None,
    model: Synthesizer | str | None = None,
    test: float = 0.2,
    random_state: RandomState = 0,
    progress: bool | None = None,
) -> Report:
    """Learn a part of a table, generate as many rows, and score them against the rest.

    Parameters
    ----------
    data : pandas, polars or pyarrow table, or path
        The table.
    path : str or path-like, optional
        The HTML file to write.
    target : str, optional
        The column that models should predict.
    model : Synthesizer or str, optional
        An unfitted model, of which a copy is fitted, or the name of a family such as ``"mixture"``;
        a `GAN` by default.
    test : float
        The share of rows that the model does not see.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        The seed of the split and of the scores, and of a model that has none.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown where it is
        watched: in a terminal and in a notebook.

    Returns
    -------
    Report

    Raises
    ------
    ParameterError
        If a parameter breaks its rule.
    DataError
        If the table cannot be used.

    Examples
    --------
    >>> import lookalike as la
    >>> found = la.report(la.datasets.load("penguins"), model=la.Independent())
    >>> "c2st" in found.evaluation.scores
    True
    """
    seed = as_seed(random_state)
    fitted = _unfitted(model, seed, progress)
    train, rest = split(data, test=test, target=target, random_state=seed)
    fitted.fit(train, target=target)
    synthetic = fitted.sample(len(train))
    name = path_name(data)
    named = {} if name is None else {"table": name}
    evaluation = evaluate(
        train,
        synthetic,
        holdout=rest,
        model=fitted,
        facts=named,
        random_state=seed,
        progress=progress,
    )
    found = Report(train, rest, fitted, synthetic, evaluation)
    if path is not None:
        found.to_html(path)
    return found


def path_name(data: Any) -> str | None:
    """Return the name of the file that a table comes from; None for a dataframe."""
    return Path(data).name if isinstance(data, str | os.PathLike) else None


def _unfitted(model: Synthesizer | str | None, seed: int, progress: bool | None) -> Synthesizer:
    """Return a model to fit, with a seed."""
    if model is not None and not isinstance(model, Synthesizer | str):
        raise ParameterError(f"model must be an unfitted synthesizer or a name; got {model!r}.")
    chosen = clone(model) if isinstance(model, Synthesizer) else find_synthesizer(model or "GAN")()
    if chosen.random_state is None:
        chosen.set_params(random_state=seed)
    if progress is not None and "progress" in chosen.get_params():
        chosen.set_params(progress=progress)
    result: Synthesizer = chosen
    return result
