"""`NextStep`: models that learn from synthetic events what comes next, judged on real ones."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.metrics import r2_score

from lookalike._core.numerics import Floats
from lookalike._core.seeds import generator
from lookalike._core.workers import in_parallel
from lookalike.metrics._details import ColumnScore, Details
from lookalike.metrics._models import BOOSTED_TREES, class_scores, macro_auc, models_for
from lookalike.metrics._result import Measured
from lookalike.metrics._view import View
from lookalike.metrics.sequences._base import SequenceMetric
from lookalike.metrics.sequences._pair import SequencePair
from lookalike.metrics.sequences._units import SequenceUnits

__all__ = ["NextStep"]

#: The most columns that are predicted, drawn from the seed; the most events on each side.
_MOST_TARGETS = 8
_MOST_EVENTS = 20_000
#: Numbers beyond these real quantiles count as the quantile: a few far ones would decide R².
_TAIL = 0.005
#: Levels after the most frequent ones are one class.
_MOST_CLASSES = 12


class NextStep(SequenceMetric):
    """Train on synthetic histories to predict the next event, test on held-out real ones.

    Boosted trees predict each column of the next event from the present event, the one before and
    the time between them; the mean over columns of R² (numbers, cut at the outermost half per cent
    of real ones) and 2 AUC − 1 (levels), where less than 0 counts as 0. The ceiling is training on
    the real events. At most eight columns are predicted, drawn from the seed.

    The published "predictive score" (Yoon et al. 2019) is the absolute error of a recurrent network
    instead; it depends on that network's training, and is tested on windows that overlap.
    """

    name: ClassVar[str] = "next_step"
    title: ClassVar[str] = "Predicting the next step"
    subject: ClassVar[str] = "the use for predicting the next step"
    meaning: ClassVar[str] = (
        "How well models predict the next event of held-out real units after training on synthetic "
        "ones; the ceiling is training on real units."
    )
    group: ClassVar[Literal["likeness", "use", "privacy"]] = "use"
    needs: ClassVar[frozenset[str]] = frozenset({"holdout"})
    ceiling_from: ClassVar[Literal["holdout", "training"]] = "training"
    noise: ClassVar[float] = 0.3

    def _compare(self, pair: SequencePair) -> Measured:
        assert pair.test_units is not None  # they are what this metric needs
        assert pair.test_view is not None
        if not pair.dynamic:
            return Measured.undefined("No column changes within a unit.")
        train = _events(pair.units[1], pair.synthetic_view, pair.seed)
        test = _events(pair.test_units, pair.test_view, pair.seed)
        if not len(train[0]) or not len(test[0]):
            return Measured.undefined("No unit has two events.")
        targets = list(pair.dynamic)
        if len(targets) > _MOST_TARGETS:
            drawn = generator(pair.seed, "metrics", "targets").permutation(len(targets))
            targets = [targets[place] for place in np.sort(drawn[:_MOST_TARGETS])]
        found = in_parallel([partial(_judge, pair, name, train, test) for name in targets])
        columns = tuple(
            ColumnScore(name, value)
            for name, value in zip(targets, found, strict=True)
            if value is not None
        )
        if not columns:
            return Measured.undefined("Every column is constant among the held-out events.")
        value = float(np.mean([entry.value for entry in columns]))
        return Measured(value, details=Details(columns=columns))


def _events(histories: SequenceUnits, view: View, seed: int) -> tuple[Floats, Floats]:
    """Return what is known at each event, and the cells of the next one.

    Returns
    -------
    known : ndarray of float, shape (n, features)
        The cells of the event and of the one before (NaN without one), and the time between.
    after : ndarray of float, shape (n, columns)
        The cells of the next event: numbers, then levels.
    """
    cells = np.concatenate([view.numbers, view.codes], axis=1)
    rows = np.flatnonzero(histories.follows(1))
    if len(rows) > _MOST_EVENTS:
        drawn = generator(seed, "metrics", "next step").permutation(len(rows))[:_MOST_EVENTS]
        rows = rows[np.sort(drawn)]
    first = np.isin(rows, histories.starts)[:, None]
    before = np.where(first, np.nan, cells[rows - 1])
    apart = np.where(first[:, 0], np.nan, histories.times[rows] - histories.times[rows - 1])
    return np.column_stack([cells[rows], before, apart]), cells[rows + 1]


def _judge(
    pair: SequencePair, name: str, train: tuple[Floats, Floats], test: tuple[Floats, Floats]
) -> float | None:
    """Return how well one column of the next event is predicted; None if it never changes."""
    book = pair.codebook
    place = (*book.numeric, *book.discrete).index(name)
    known, held = train[1][:, place], test[1][:, place]
    classes = name in book.discrete
    if classes:
        pooled = np.bincount(pair.real_view.codes[:, place - len(book.numeric)])
        kept = np.argsort(-pooled, kind="stable")[:_MOST_CLASSES]
        known, held = (np.where(np.isin(part, kept), part, -1.0) for part in (known, held))
    else:
        real = pair.real_view.numbers[:, place]
        limits = np.nanquantile(real, [_TAIL, 1 - _TAIL]) if np.isfinite(real).any() else (0.0, 0.0)
        known, held = (np.clip(part, *limits) for part in (known, held))
    present, tested = ~np.isnan(known), ~np.isnan(held)
    if not tested.any() or np.ptp(held[tested]) == 0:
        return None
    if not present.any() or np.ptp(known[present]) == 0:
        return 0.0
    model = models_for(classes, int(generator(pair.seed, "metrics", "models").integers(2**31)))
    inputs = train[0][present], test[0][tested]
    return _reached(model[BOOSTED_TREES](len(known)), inputs, known[present], held[tested], classes)


def _reached(
    model: Any, inputs: tuple[Floats, Floats], known: Floats, held: Floats, classes: bool
) -> float:
    with warnings.catch_warnings():
        # Arrays have no names of features.
        warnings.simplefilter("ignore", UserWarning)
        if classes:
            model.fit(inputs[0], known)
            scores = class_scores(model, inputs[1])
            area = macro_auc(held, scores, model.classes_, np.unique(held))
            return max(2 * area - 1, 0.0)
        middle, unit = known.mean(), known.std() or 1.0
        model.fit(inputs[0], (known - middle) / unit)
        return max(float(r2_score((held - middle) / unit, model.predict(inputs[1]))), 0.0)
