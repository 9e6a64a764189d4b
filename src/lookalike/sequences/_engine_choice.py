"""The engine that generates windows: chosen on stretches of the series that took no part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from lookalike._core.errors import DataError
from lookalike._core.seeds import derive_seed
from lookalike.sequences._basis import WindowBasis
from lookalike.sequences._clock import ticks
from lookalike.sequences._histories import Histories
from lookalike.sequences._judge import told_apart_by
from lookalike.sequences._network_windows import WINDOW_PRESETS, NetworkWindows
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
from lookalike.tables import Kind, Schema
from lookalike.tables.values.arrow import flat

__all__ = ["ENGINES", "EngineRules", "with_windows"]

#: The engines of windows; `"auto"` is the choice among them.
ENGINES = ("auto", "trees", "basis", *WINDOW_PRESETS)
#: The fewest windows end to end of a series whose windows are learned as a whole, and the most
#: windows that are learned.
_FEWEST, _MOST = 20, 20_000
#: The windows of a judged stretch begin so many times in a window.
_STRIDE = 4
#: The fewest windows that judge, and the number of generated ones.
_JUDGES, _MADE = 20, 256
#: The least difference in favour of a new engine.
_WORTH = 0.02


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
    training : mapping of str to object
        Parameters of the training of networks, as of `GAN`.
    """

    engine: str
    window: int
    transforms: Mapping[str, str] | None
    least: int
    training: Mapping[str, Any]


@dataclass(frozen=True)
class _Windows:
    """A series as all that engines of windows learn."""

    histories: Histories
    schema: Schema
    times: RegularTimes
    raw: np.ndarray | None
    starts: np.ndarray
    window: int

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
        table = self.histories.table.select(list(self.histories.dynamic))
        found = find_transforms(
            table, self.schema, table.column_names, rules.transforms, rules.least
        )
        encodings = {transform.column: transform.name for transform in found}
        coder = WindowCoder.fit(table, self.schema, encodings, rules.least, seed)
        numbers = coder.numbers(table, seed)
        starts = self.starts[only][:: max(-(-int(only.sum()) // _MOST), 1)]
        windows = numbers[starts[:, None] + np.arange(self.window)]
        words = [transform.words for transform in found]
        own = derive_seed(seed, name)
        engine: WindowEngine
        if name in WINDOW_PRESETS:
            engine = NetworkWindows.fit(windows, WINDOW_PRESETS[name], own, rules.training)
        else:
            begins = None if self.raw is None else self.raw[starts]
            calendar = self.times.calendar(begins, len(starts))
            held_out, learned = apart(starts, self.window)
            least = self.window
            engine = WindowBasis.fit(windows, calendar, held_out, learned, least, own, words.append)
        count = len(self.histories.table) - self.window + 1
        return WindowModel(name, coder, engine, self.times, self.window, count), found, words

    def cells(self, table: pa.Table) -> Float[np.ndarray, "events columns"]:
        """Return the numbers of events."""
        kinds = (Kind.CONTINUOUS, Kind.INTEGER)
        names = [n for n in self.histories.dynamic if self.schema[n].kind in kinds]
        return numbers_of(table, names)


def with_windows(
    model: SeriesModel,
    histories: Histories,
    schema: Schema,
    rules: EngineRules,
    seed: int,
    report: Callable[[str], None],
) -> SeriesModel:
    """Return the model of a series with an engine of windows, if that proves itself.

    With ``"auto"``, both engines generate windows, and trees tell them from those of held-out
    stretches: an engine of windows is taken if it is found out less. It has not learned these
    stretches, while the trees have: the comparison is not in its favour.

    Parameters
    ----------
    model : SeriesModel
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
            report(f"windows are drawn event by event: {series}")
            return model
        raise DataError(
            f"engine={rules.engine!r} learns windows of a regular series of numbers, but {series}. "
            "Choose engine='auto', which draws such a series event by event."
        )
    name = rules.engine
    if rules.engine == "auto":
        against = _against(model, series, rules, seed)
        if not against[0]:
            report(f"windows are drawn event by event: {against[1]}")
            return model
        report(f"windows are drawn as a whole: {against[1]}")
        name = "basis"
    every = np.ones(len(series.starts), bool)
    learned, transforms, words = series.learned(name, rules, every, seed)
    for sentence in words:
        report(sentence)
    return replace(model, windowed=learned, transforms=transforms)


def _windows_of(
    model: SeriesModel, histories: Histories, schema: Schema, window: int
) -> _Windows | str:
    """Return the windows of a series, or why they cannot be learned."""
    reason = unsuited(histories.table, schema, histories.dynamic)
    if reason is not None:
        return reason
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


def _against(
    model: SeriesModel, series: _Windows, rules: EngineRules, seed: int
) -> tuple[bool, str]:
    """Compare both engines on held-out stretches; return whether windows win, and the words."""
    held_out, learned = apart(series.starts, series.window)
    judges = series.starts[held_out]
    judges = judges[judges % max(series.window // _STRIDE, 1) == 0]
    if len(judges) < _JUDGES:
        return False, f"{len(judges)} held-out windows are too few to compare engines"
    real = series.cells(series.histories.table)[judges[:, None] + np.arange(series.window)]
    groups = np.unique(stretches(judges, series.window), return_inverse=True)[1]
    rival, _, _ = series.learned("basis", rules, learned, seed)
    drawn = derive_seed(seed, "rivals")
    made = [
        rival.tables(_MADE, series.window, series.schema, model.roles.time, drawn, 0),
        model.windows(_MADE, series.window, drawn, 0),
    ]
    shape = (_MADE, *real.shape[1:])
    scores = [
        told_apart_by(real, groups, series.cells(pa.concat_tables(tables)).reshape(shape), seed)
        for tables in made
    ]
    words = (
        f"trees tell them from held-out ones with a success of {scores[0]:.2f} where the engine is "
        f"{rival.name}, {scores[1]:.2f} where it draws event by event (0: not at all, 1: always)"
    )
    return scores[0] < scores[1] - _WORTH, words
