"""`HeldOutScorer`: a metric as a scorer of scikit-learn's searches."""

from __future__ import annotations

import math
from typing import Any

from lookalike._core.errors import ParameterError
from lookalike._core.seeds import RandomState, as_seed, derive_seed
from lookalike.metrics._base import METRICS, Metric
from lookalike.metrics._score import score_tables
from lookalike.tables import conform, to_arrow

__all__ = ["HeldOutScorer"]


class HeldOutScorer:
    """A metric of generated rows against held-out rows, for the ``scoring`` of a search.

    The fitted model generates as many rows as were held out, and these are compared with them. More
    is better, as scikit-learn expects: where less of a metric is better, its negative is returned.
    The score is NaN where the metric cannot be computed.

    Parameters
    ----------
    metric : str
        A metric of likeness, such as ``"c2st"`` (detection by trees) or ``"trend"``; or ``"tstr"``,
        for the models that are trained on the generated rows and predict the held-out ones.
    target : str, optional
        The column to predict; by default the target of the model's fit.
    random_state : int, Generator, RandomState or None
        The seed of the generated rows and of the metric: the same for all models and folds.

    Raises
    ------
    ParameterError
        If there is no such metric, or it needs the rows that were learned.

    Examples
    --------
    >>> from sklearn.model_selection import cross_val_score
    >>> import lookalike as la
    >>> penguins = la.datasets.load("penguins")
    >>> scorer = la.HeldOutScorer("shape")
    >>> cross_val_score(la.Independent(random_state=0), penguins, scoring=scorer, cv=2).shape
    (2,)
    """

    def __init__(
        self, metric: str = "c2st", *, target: str | None = None, random_state: RandomState = 0
    ) -> None:
        self.metric = metric
        self.target = target
        self.random_state = random_state
        found = self._found()
        if found.role == "reference":
            raise ParameterError(
                f"A scorer needs a metric of generated and held-out rows; {found.name} judges by "
                "the rows that were learned. Take c2st, trend or tstr."
            )
        self._seed = as_seed(random_state)

    def __call__(self, model: Any, data: Any, y: Any = None) -> float:  # noqa: ARG002
        """Score a fitted model.

        Parameters
        ----------
        model : Synthesizer
            Fitted; it may also be the last step of a pipeline.
        data : dataframe
            Held-out rows, with the columns of the training table.
        y : array-like, optional
            Ignored; scikit-learn passes it.

        Returns
        -------
        float
            The value of the metric, or its negative where less is better; NaN if there is none.
        """
        fitted = model[-1] if hasattr(model, "steps") else model
        real = conform(to_arrow(data)[0], fitted.schema_)
        seed = derive_seed(self._seed, "scorer")
        made = conform(fitted.sample(len(real), random_state=seed, as_="arrow"), fitted.schema_)
        score = score_tables(
            real,
            made,
            schema=fitted.schema_,
            holdout=real,
            target=fitted.target_ if self.target is None else self.target,
            metrics=[self.metric],
            random_state=self._seed,
            references=False,
        )[self.metric]
        if score.value is None:
            return math.nan
        return -score.value if score.direction == "lower" else score.value

    def _found(self) -> Metric:
        return METRICS.create(self.metric)

    def __repr__(self) -> str:
        target = "" if self.target is None else f", target={self.target!r}"
        return f"HeldOutScorer({self.metric!r}{target})"
