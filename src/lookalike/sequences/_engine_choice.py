"""The engine that generates windows: chosen on stretches of the series that took no part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from lookalike._core.errors import DataError, ParameterError
from lookalike._core.seeds import derive_seed
from lookalike.sequences._basis import WindowBasis
from lookalike.sequences._clock import ticks
from lookalike.sequences._histories import Histories
from lookalike.sequences._history_model import HistoryModel
from lookalike.sequences._judge import told_apart_by
from lookalike.sequences._regular import RegularTimes
from lookalike.sequences._running import numbers_of
from lookalike.sequences._series_model import SeriesModel
from lookalike.sequences._transforms import FoundTransform, find_transforms
from lookalike.sequences._window_model import (
    WindowCoder,
    WindowEngine,
    WindowModel,
    apart,
    stretches,
    unsuited,
)
from lookalike.sequences._window_networks import NETWORK_ENGINES
from lookalike.tables import Kind, Schema
from lookalike.tables.values.arrow import flat

__all__ = ["ENGINES", "EngineRules", "check_engine", "with_windows"]

#: A model whose windows can be generated as a whole.
AnyModel = SeriesModel | HistoryModel
#: The engines of windows; `"auto"` is the choice among them.
ENGINES = ("auto", "trees", "basis", *NETWORK_ENGINES)
#: The fewest windows end to end of a series whose windows are learned as a whole, and the most
#: windows that are learned.
_FEWEST, _MOST = 20, 20_000
#: The windows of a judged stretch begin so many times in a window.
_STRIDE = 4
#: The fewest windows that judge, and the number of generated ones.
_JUDGES, _MADE = 20, 256
#: The stretches by which engines are chosen, and those by which an engine chooses its components.
_OF_ENGINES, _OF_COMPONENTS = 2, 1
#: The most numbers of a window: its principal components take the cube of that.
_LARGEST = 3_000
#: Of whole histories: the fewest that a component stands for, the number of which one judges, and
#: the fewest events.
_ENTITIES, _SPARED, _SHORTEST = 20, 5, 4
#: The success by which an engine that has learned the judging stretches is ahead.
_AHEAD = 0.1


@dataclass(frozen=True)
class EngineRules:
    """The settings of the engine of windows.

    Parameters
    ----------
    engine : str
        One of `ENGINES`.
    window : int
        The number of events of a window.
    transforms : mapping of str to str or None
        Transforms of single columns that the caller has chosen.
    least : int
        The least number of rows that share a stored value.
    training : mapping of str to object or None
        Parameters of the training of networks, as of `GAN`.
    show : bool or None
        Whether that training shows its progress; None where it is watched.
    """

    engine: str
    window: int
    transforms: Mapping[str, str] | None
    least: int
    training: Mapping[str, Any] | None
    show: bool | None


@dataclass(frozen=True)
class _Windows:
    """A series as all that engines of windows learn."""

    histories: Histories
    schema: Schema
    times: RegularTimes
    raw: np.ndarray | None
    starts: np.ndarray
    window: int
    kept: list[tuple[tuple[FoundTransform, ...], WindowCoder, np.ndarray]] = field(
        default_factory=list, repr=False, compare=False
    )

    @property
    def single(self) -> bool:
        """Return whether windows are parts of one series, and not whole histories."""
        return len(self.histories.lengths) == 1

    def apart(self, starts: np.ndarray, judge: int) -> tuple[np.ndarray, np.ndarray]:
        """Return which windows judge, and which share no event with those: see `apart`."""
        if self.single:
            return apart(starts, self.window, judge)
        held_out = starts // self.window % _SPARED == judge
        return held_out, ~held_out

    def judges(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the first events of the windows that judge engines, and their groups."""
        starts = self.starts[self.apart(self.starts, _OF_ENGINES)[0]]
        if not self.single:
            return starts[:_MADE], np.arange(min(len(starts), _MADE))
        starts = starts[starts % max(self.window // _STRIDE, 1) == 0]
        return starts, np.unique(stretches(starts, self.window), return_inverse=True)[1]

    def learned(
        self, name: str, rules: EngineRules, only: np.ndarray, seed: int
    ) -> tuple[WindowModel, tuple[FoundTransform, ...], list[str]]:
        """Return the model of windows that begin at some of the starts, and what was found.

        Parameters
        ----------
        name : str
            That of the engine.
        rules : EngineRules
        only : ndarray of bool, shape (starts,)
        seed : int
        """
        found, coder, numbers = self._coded(rules, seed)
        starts = self.starts[only][:: max(-(-int(only.sum()) // _MOST), 1)]
        windows = numbers[starts[:, None] + np.arange(self.window)]
        words = [transform.words for transform in found]
        own = derive_seed(seed, name)
        engine: WindowEngine
        if name in NETWORK_ENGINES:
            kind, preset = NETWORK_ENGINES[name]
            engine = kind.fit(windows, preset, own, rules.training or {}, show=rules.show)
        else:
            begins = None if self.raw is None else self.raw[starts]
            calendar = self.times.calendar(begins, len(starts))
            held_out, learned = self.apart(starts, _OF_COMPONENTS)
            # Windows of one series overlap, so that a component of few stands for one event.
            least = self.window if self.single else _ENTITIES
            engine = WindowBasis.fit(windows, calendar, held_out, learned, least, own, words.append)
        count = len(self.histories.table) - self.window + 1
        return WindowModel(name, coder, engine, self.times, self.window, count), found, words

    def _coded(
        self, rules: EngineRules, seed: int
    ) -> tuple[tuple[FoundTransform, ...], WindowCoder, np.ndarray]:
        """Return transforms, the map to numbers and all numbers: once, for rival and choice."""
        if not self.kept:
            table = self.histories.table.select(list(self.histories.dynamic))
            found = find_transforms(self.histories, self.schema, rules.transforms, rules.least)
            encodings = {transform.column: transform.name for transform in found}
            coder = WindowCoder.fit(table, self.schema, encodings, rules.least, seed)
            self.kept.append((found, coder, coder.numbers(table, seed)))
        return self.kept[0]

    def cells(self, table: pa.Table) -> Float[np.ndarray, "events columns"]:
        """Return the numbers of events."""
        kinds = (Kind.CONTINUOUS, Kind.INTEGER)
        names = [n for n in self.histories.dynamic if self.schema[n].kind in kinds]
        return numbers_of(table, names)


def check_engine(rules: EngineRules) -> None:
    """Raise an error for parameters that the engine does not use.

    Raises
    ------
    ParameterError
        If transforms or parameters of training are given to an engine without any.
    """
    if rules.transforms and rules.engine == "trees":
        raise ParameterError(
            "transforms= is for windows that are learned as a whole, but engine='trees' draws "
            "events one by one. Leave it out, or choose another engine."
        )
    if rules.training and rules.engine not in NETWORK_ENGINES:
        raise ParameterError(
            f"training= is for engines that train networks ({', '.join(NETWORK_ENGINES)}); got "
            f"engine={rules.engine!r}. Leave it out, or choose one of them."
        )


def with_windows(
    model: AnyModel,
    histories: Histories,
    schema: Schema,
    rules: EngineRules,
    seed: int,
    report: Callable[[str], None],
) -> AnyModel:
    """Return a model with an engine of windows, if that proves itself.

    With ``"auto"``, both engines generate windows, and trees tell them from those of held-out
    stretches. An engine of windows is taken unless it is found out clearly more: it has not learned
    these stretches (but for the scales of columns), while the trees have.

    Parameters
    ----------
    model : SeriesModel or HistoryModel
    histories : Histories
    schema : Schema
    rules : EngineRules
    seed : int
    report : callable
        Takes what is found, in words.

    Raises
    ------
    DataError
        If an engine is demanded that cannot learn the table.
    """
    series = _windows_of(model, histories, schema, rules.window)
    if isinstance(series, str):
        if rules.engine == "auto":
            if isinstance(model, SeriesModel):
                report(f"windows are drawn event by event: {series}")
            return model
        raise DataError(
            f"engine={rules.engine!r} learns windows of a regular series of numbers, or histories "
            f"of one length, but {series}. Choose engine='auto', which draws events one by one."
        )
    name = rules.engine
    noun = "windows" if series.single else "histories"
    if rules.engine == "auto":
        against = _against(model, series, rules, seed)
        if not against[0]:
            report(f"{noun} are drawn event by event: {against[1]}")
            return model
        report(f"{noun} are drawn as a whole: {against[1]}")
        name = "basis"
    every = np.ones(len(series.starts), bool)
    learned, transforms, words = series.learned(name, rules, every, seed)
    for sentence in words:
        report(sentence)
    return replace(model, windowed=learned, transforms=transforms)


def _windows_of(
    model: AnyModel, histories: Histories, schema: Schema, window: int
) -> _Windows | str:
    """Return the windows of a series, or why they cannot be learned."""
    reason = unsuited(histories.table, schema, histories.dynamic)
    if reason is not None:
        return reason
    length = window if isinstance(model, SeriesModel) else int(histories.lengths[0])
    if length * len(histories.dynamic) > _LARGEST:
        return f"a window of {length:,} events has more than {_LARGEST:,} numbers"
    if isinstance(model, HistoryModel):
        return _histories_of(histories, schema, model)
    events, time = len(histories.table), model.roles.time
    if events < _FEWEST * window:
        return f"{events:,} events are fewer than {_FEWEST} windows of {window}"
    raw = None if time is None else ticks(flat(histories.table[time]), schema[time])
    times = RegularTimes.fit(raw, model.events.clock)
    if times is None:
        return f"the steps of {time!r} are not equal"
    starts = times.whole(raw, window, events)
    if len(starts) < _FEWEST * window // 2:
        return f"gaps in {time!r} leave too few whole windows"
    return _Windows(histories, schema, times, raw, starts, window)


def _histories_of(histories: Histories, schema: Schema, model: HistoryModel) -> _Windows | str:
    """Return whole histories as windows, or why they cannot be learned so."""
    lengths, time = histories.lengths, model.roles.time
    window = int(lengths[0])
    if (lengths != window).any() or window < _SHORTEST:
        return "histories have different lengths, or too few events"
    if histories.static:
        return f"histories have static columns, such as {histories.static[0]!r}"
    if len(lengths) < _SPARED * _ENTITIES:
        return f"{len(lengths):,} histories are fewer than {_SPARED * _ENTITIES}"
    raw, times = None, RegularTimes.fit(None, None)
    if time is not None:
        raw = ticks(flat(histories.table[time]), schema[time]).reshape(-1, window)
        times = RegularTimes.fit(raw[0], model.events.clock)
        if times is None or (raw != raw[0]).any():
            return f"histories differ in {time!r}, or its steps are not equal"
        times = replace(times, periods=())
    assert times is not None
    return _Windows(histories, schema, times, None, histories.starts, window)


def _against(model: AnyModel, series: _Windows, rules: EngineRules, seed: int) -> tuple[bool, str]:
    """Compare both engines on held-out stretches; return whether windows win, and the words."""
    judges, groups = series.judges()
    if len(judges) < _JUDGES:
        return False, f"{len(judges)} held-out windows are too few to compare engines"
    every = series.cells(series.histories.table)
    real: np.ndarray = every[judges[:, None] + np.arange(series.window)]
    rival, _, _ = series.learned("basis", rules, series.apart(series.starts, _OF_ENGINES)[1], seed)
    drawn = derive_seed(seed, "rivals")
    if isinstance(model, SeriesModel):
        whole = rival.tables(_MADE, series.window, series.schema, model.roles.time, drawn, 0)
        made = [pa.concat_tables(whole)]
        made.append(pa.concat_tables(model.windows(_MADE, series.window, drawn, 0)))
    else:
        made = [rival.events(_MADE, drawn, 0)]
        made.append(pa.concat_tables(model.tables(_MADE, None, drawn, 0)))
    shape = (-1, series.window, real.shape[2])
    scores = [
        told_apart_by(real, groups, series.cells(table).reshape(shape), seed) for table in made
    ]
    words = (
        f"trees tell them from held-out ones with a success of {scores[0]:.2f} where the engine is "
        f"{rival.name}, {scores[1]:.2f} where it draws event by event (0: not at all, 1: always)"
    )
    return scores[0] < scores[1] + _AHEAD, words
