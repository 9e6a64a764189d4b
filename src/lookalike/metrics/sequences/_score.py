"""`score_sequences`: every metric, between real units and events drawn independently."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from lookalike._core.seeds import generator
from lookalike.metrics._base import METRICS, SEQUENCE_METRICS, Metric
from lookalike.metrics._result import Measured, Score
from lookalike.metrics._score import Progress, attempt, independent_columns
from lookalike.metrics.sequences._base import SequenceMetric
from lookalike.metrics.sequences._pair import SequencePair
from lookalike.metrics.sequences._units import SequenceUnits

__all__ = ["chosen_metrics", "score_sequences"]

#: Metrics of single events that stand among those of sequences.
_OF_EVENTS = ("shape", "trend")


def chosen_metrics(names: Iterable[str] | None = None) -> list[Metric]:
    """Return the metrics of an evaluation of sequences.

    Parameters
    ----------
    names : iterable of str, optional
        Names of metrics of sequences, or of tables, which then take each event as a row. By
        default those of `SEQUENCE_METRICS` that are not computed on request alone, and the shape
        and the trend of events.

    Raises
    ------
    ParameterError
        If a name is unknown.
    """
    if names is None:
        usual = [kind for kind in map(SEQUENCE_METRICS.get, SEQUENCE_METRICS.entered) if kind]
        own = [kind.name for kind in usual if not getattr(kind, "on_request", False)]
        names = [*own[:2], *_OF_EVENTS, *own[2:]]
    listed = [names] if isinstance(names, str) else list(names)
    tables = [name for name in listed if name in METRICS and name not in SEQUENCE_METRICS]
    made = {m.name: m for m in METRICS.create_all(tables)}
    own_names = [name for name in listed if name not in tables]
    made |= {m.name: m for m in SEQUENCE_METRICS.create_all(own_names)}
    return [made[name] for name in listed]


def score_sequences(
    pair: SequencePair,
    metrics: Iterable[str] | None = None,
    progress: Progress | None = None,
) -> dict[str, Score]:
    """Score synthetic histories, or blocks of a series, against real ones.

    The ceiling of each score is that of held-out units, or, without them, of one random half of the
    real units against the other. Its floor is that of the same units with their events drawn
    independently of each other (for metrics of single events, with independent columns).

    Parameters
    ----------
    pair : SequencePair
        The units that the synthesizer was trained on, those that it generated, and, where there
        are any, real ones that it has not seen.
    metrics : iterable of str, optional
        See `chosen_metrics`.
    progress : callable, optional
        As of `score_tables`.

    Returns
    -------
    dict of str to Score
        In the order of `metrics`.
    """
    chosen = chosen_metrics(metrics)
    references = _references(pair)
    scores = {}
    for done, metric in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen), metric.name)
        scores[metric.name] = _score(metric, references)
    return scores


@dataclass(frozen=True)
class _UnitReferences:
    """The pairs behind a score: that of the synthetic units, and those of both references."""

    pair: SequencePair
    ceiling: SequencePair
    copied: SequencePair

    def ceiling_of(self, metric: Metric) -> SequencePair:
        return self.copied if metric.ceiling_from == "training" else self.ceiling

    def floor_of(self, metric: Metric) -> SequencePair:
        other = self.ceiling_of(metric)
        units, key = other.units[1], isinstance(metric, SequenceMetric)
        return other.keep(("floor", key), lambda: other.with_units(self._floor(units, key)))

    def _floor(self, units: SequenceUnits, events: bool) -> SequenceUnits:
        seed = self.pair.seed
        if events:
            return units.independent(self.pair.static, seed)
        return replace(units, table=independent_columns(units.table, len(units.table), seed))

    def chance(self, metric: Metric, ceiling: Measured | None) -> float:
        """Return two standard deviations of the value of equally good units."""
        known = ceiling is not None and ceiling.value is not None
        pair = self.ceiling_of(metric) if known else self.pair
        sizes = [len(one) for one in pair.units]
        if "holdout" in metric.needs and pair.test_units is not None:
            sizes.append(len(pair.test_units))
        return 2 * metric.noise / math.sqrt(max(min(sizes), 1))

    def words(self, metric: Metric) -> tuple[str, str]:
        """Describe the units on which ceiling and floor were measured."""
        noun = self.pair.units[0].order.unit
        if metric.ceiling_from == "training":
            rows = f"the training {noun}"
        elif self.pair.test_units is None:
            rows = f"one random half of the real {noun} against the other, as none were held out"
        else:
            rows = f"{len(self.ceiling.units[1]):,} held-out {noun} against the training {noun}"
        if isinstance(metric, SequenceMetric):
            return rows, f"the same {noun}, their events drawn independently of each other"
        return rows, "the same events, each column shuffled on its own"


def _references(pair: SequencePair) -> _UnitReferences:
    real, synthetic = pair.units
    copied = pair.with_units(real)
    held, seed = pair.test_units, pair.seed
    if held is None:
        one, other = real.halves(seed)
        halves = replace(SequencePair.of(one, other, pair.schema, None, seed), static=pair.static)
        return _UnitReferences(pair, halves, copied)
    if len(held) > len(synthetic):
        # No more units than there are synthetic ones, for few score lower than many.
        drawn = generator(seed, "metrics", "ceiling").permutation(len(held))[: len(synthetic)]
        held = held.take(np.sort(drawn))
    return _UnitReferences(pair, pair.with_units(held), copied)


def _score(metric: Metric, references: _UnitReferences) -> Score:
    measured = attempt(metric.compute, references.pair)
    ceiling = floor = None
    if measured.value is not None:
        floor = attempt(metric.compute_floor, references.floor_of(metric))
        ceiling = attempt(metric.compute_ceiling, references.ceiling_of(metric))
    pair = references.pair
    return metric.score(
        measured,
        ceiling,
        floor,
        chance=references.chance(metric, ceiling),
        on=references.words(metric),
        left_out=tuple(name for name in pair.schema.names if name not in pair.columns),
    )
