"""The numbers of a study by arm, share, model, metric and split, and comparisons of two arms."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from lookalike.experiments._arms import ComparedArm
from lookalike.experiments._battery import NAIVE
from lookalike.experiments._contrast import BATTERY
from lookalike.experiments._records import Record
from lookalike.experiments._statistics import Difference, paired
from lookalike.metrics import LOWER_IS_BETTER

__all__ = ["ScoreTable"]


class ScoreTable:
    """Values by arm, share, model, metric and split."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.values: dict[tuple[str, float, float, str], dict[str, dict[int, float]]] = {}
        self.ratios: dict[float, list[float]] = {}
        for one in records:
            self.ratios.setdefault(one.share, []).append(one.test_rows / one.train_rows)
            key = (one.arm, one.factor, one.share, one.metric)
            splits = self.values.setdefault(key, {}).setdefault(one.model, {})
            if one.value is not None:
                splits[one.split] = one.value

    def of(self, arm: ComparedArm, share: float, metric: str) -> dict[str, dict[int, float]]:
        """Return the values of each model by split, the naive baseline aside."""
        models = self.values.get((arm.name, arm.factor, share, metric), {})
        return {name: splits for name, splits in models.items() if name != NAIVE}

    def means(self, arm: ComparedArm, share: float, metric: str) -> dict[str, float | None]:
        """Return the mean of each model over splits, the naive baseline included."""
        models = self.values.get((arm.name, arm.factor, share, metric), {})
        return {name: _mean(splits.values()) for name, splits in models.items()}

    def score(self, arm: ComparedArm, share: float, metric: str) -> float | None:
        """Return the mean over models and splits."""
        models = self.of(arm, share, metric).values()
        means = [_mean(_floored(metric, v) for v in splits.values()) for splits in models]
        return _mean(mean for mean in means if mean is not None)

    def differences(
        self,
        arm: ComparedArm,
        other: ComparedArm,
        share: float,
        metric: str,
        model: str,
        other_share: float | None = None,
    ) -> tuple[Difference, tuple[str, ...]] | None:
        """Compare two arms: one model, or the mean over those that both arms have in all splits.

        Returns the difference, and the models. The other arm is of the same share if none is given.
        """
        other_share = share if other_share is None else other_share
        mine, theirs = self.of(arm, share, metric), self.of(other, other_share, metric)
        common = {
            name: sorted(mine[name].keys() & theirs[name].keys())
            for name in mine.keys() & theirs.keys()
            if model in (BATTERY, name)
        }
        splits = sorted(set().union(*common.values()))
        whole = [name for name in sorted(common) if common[name] == splits]
        if not splits or not whole:
            return None
        sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
        floored = (lambda v: _floored(metric, v)) if model == BATTERY else (lambda v: v)
        found = [
            sign * float(np.mean([floored(mine[n][s]) - floored(theirs[n][s]) for n in whole]))
            for s in splits
        ]
        return paired(found, float(np.mean(self.ratios[share]))), tuple(whole)


def _floored(metric: str, value: float) -> float:
    """Return a value for a mean over models: R² below 0 counts as 0."""
    return max(value, 0.0) if metric == "r2" else value


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return float(np.mean(found)) if found else None
