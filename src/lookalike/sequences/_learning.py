"""The steps of `Sequences.fit`: checks, warnings, learning."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lookalike._core.errors import DataError, LookalikeWarning
from lookalike._core.progress import progress
from lookalike._core.seeds import derive_seed
from lookalike.models import Growth
from lookalike.sequences._engine_choice import EngineRules, check_engine, with_windows
from lookalike.sequences._events import EventRules
from lookalike.sequences._histories import Histories, collect, count_ties, schema_of_histories
from lookalike.sequences._history_model import HistoryModel
from lookalike.sequences._roles import Roles
from lookalike.sequences._series_model import SeriesModel
from lookalike.tables import Kind, Schema
from lookalike.training import History

__all__ = ["LearnedHistories", "learn_histories"]

#: The greatest number of rows by which a tree of an event's column chooses its splits.
_MOST_ROWS = 65_536
#: The events for each row that a leaf must have, where there are few.
_EACH_LEAF = 500
#: The events for each bin of a number, where there are few, and the bins that there are anyway.
_EACH_BIN, _FEWEST_BINS = 80, 16
#: The engines with which histories may be drawn event by event, so that a choice is fitted.
_BY_EVENTS = ("auto", "trees")
#: The fewest events of a table to learn.
_FEWEST = 3
#: The steps of a fit, for the progress line.
_STEPS = 3


@dataclass(frozen=True)
class LearnedHistories:
    """The result of a fit.

    Parameters
    ----------
    model : HistoryModel or SeriesModel
    schema : Schema
    roles : Roles
    histories : Histories
        The events that were learned, in order.
    history : History
        What was found, as events.
    """

    model: HistoryModel | SeriesModel
    schema: Schema
    roles: Roles
    histories: Histories
    history: History


def learn_histories(
    table: pa.Table,
    settings: Mapping[str, Any],
    seed: int,
    *,
    entity: str | None,
    time: str | None,
    static: Collection[str] | None,
    kinds: Mapping[str, Kind | str] | None,
    target: str | None,
) -> LearnedHistories:
    """Learn a table of events.

    Parameters
    ----------
    table : pyarrow.Table, shape (events, columns)
    settings : mapping of str to object
        The parameters of `Sequences`.
    seed : int
    entity, time, static, kinds, target
        As for `Sequences.fit`.

    Raises
    ------
    ParameterError, DataError
        As for `Sequences.fit`.
    """
    schema = schema_of_histories(table, entity, time, kinds, target)
    histories = collect(table, schema, entity, time, static)
    _check_enough(histories, entity)
    _warn_of_ties(histories, schema, time)
    _warn_of_single_events(histories, entity)
    roles = Roles(entity, time, histories.static, histories.dynamic)
    least, show = settings["min_category_count"], settings["progress"]
    leaf = min(settings["leaf"], max(len(table) // _EACH_LEAF, 2))
    rules = EventRules(
        Growth(settings["trees"], leaf, _MOST_ROWS),
        min(settings["bins"], max(len(table) // _EACH_BIN, _FEWEST_BINS)),
        least,
        settings["text_placeholder"],
        () if target is None else (target,),
        stationary=entity is None,
    )
    engine = EngineRules(
        settings["engine"],
        settings["window"],
        settings["transforms"],
        least,
        settings["training"],
        show,
    )
    check_engine(engine)
    parameters = {
        "min_category_count": least,
        "text_placeholder": settings["text_placeholder"],
        "random_state": derive_seed(seed, "rows"),
    }
    kind = SeriesModel if entity is None else HistoryModel
    found: list[str] = []
    with progress("learning histories", _STEPS, show=show) as report:
        model = kind.fit(histories, schema, roles, rules, parameters, seed)
        report(2, {})
        if isinstance(model, HistoryModel) and settings["choose"] and engine.engine in _BY_EVENTS:
            model = _chosen(model, histories, seed)
        if engine.engine != "trees":
            model = _with_windows(model, histories, schema, engine, seed, found)
        report(3, {})
    return LearnedHistories(model, schema, roles, histories, _history_of(model, found))


def _history_of(model: HistoryModel | SeriesModel, found: Iterable[str]) -> History:
    """Return what was found at the fit."""
    trained = None
    if model.windowed is not None:
        trained = model.windowed.history
    history = History() if trained is None else History.from_dict(trained.to_dict())
    for words in found:
        history.add(0, "choice", words)
    for change in model.events.changes:
        words = f"{change.column} is drawn as {change.words} ({change.gain:.3g} nats gained)"
        history.add(0, "choice", words)
    if isinstance(model, HistoryModel) and model.choice is not None:
        gain = model.choice.gain
        history.add(0, "correction", f"histories are chosen: {gain:.3g} nats per history gained")
    if trained is None:
        history.stopped = "all trees are grown"
    return history


def _chosen(model: HistoryModel, histories: Histories, seed: int) -> HistoryModel:
    """Return the model with its choice; after an interrupt, without one."""
    try:
        return model.with_choice(histories, seed)
    except KeyboardInterrupt:
        warnings.warn(
            "The fit was interrupted before histories could be chosen. The model is usable.",
            LookalikeWarning,
            stacklevel=5,
        )
        return model


def _with_windows(
    model: HistoryModel | SeriesModel,
    histories: Histories,
    schema: Schema,
    rules: EngineRules,
    seed: int,
    found: list[str],
) -> HistoryModel | SeriesModel:
    """Return the model with its engine of windows; after an interrupt, one that draws events."""
    try:
        return with_windows(model, histories, schema, rules, seed, found.append)
    except KeyboardInterrupt:
        warnings.warn(
            "The fit was interrupted before windows were learned as a whole. The model is usable: "
            "it draws them event by event.",
            LookalikeWarning,
            stacklevel=5,
        )
        return model


def _check_enough(histories: Histories, entity: str | None) -> None:
    """Raise an error if there is nothing to learn order from."""
    if len(histories.table) < _FEWEST:
        raise DataError(
            f"Sequences need at least {_FEWEST} events to learn from; got {len(histories.table)}."
        )
    if entity is not None and len(histories.lengths) == 1:
        raise DataError(
            f"Histories need several entities to learn from, but {entity!r} has one value. Leave "
            "entity= out to learn its events as one series."
        )


def _warn_of_single_events(histories: Histories, entity: str | None) -> None:
    if entity is not None and histories.lengths.max() == 1:
        warnings.warn(
            f"Every {entity!r} has one event alone, so that there is no order to learn: all "
            "histories will have one event. If rows belong together by another column, name that "
            "as entity=; if they do not, learn them as a table.",
            LookalikeWarning,
            stacklevel=5,
        )


def _warn_of_ties(histories: Histories, schema: Schema, time: str | None) -> None:
    ties = 0 if time is None else count_ties(histories, schema, time)
    if ties:
        warnings.warn(
            f"{ties:,} of {len(histories.table):,} events have the same {time!r} as the event "
            "before them: they are taken in the order of rows, and generated histories have such "
            "events, too.",
            LookalikeWarning,
            stacklevel=5,
        )
