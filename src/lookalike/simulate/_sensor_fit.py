"""Fits the laws of a simulated plant to a stream; each is kept where held-out rows agree."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from lookalike._core.errors import DataError, LookalikeWarning
from lookalike._core.numerics import Floats
from lookalike.simulate._frames import TickTimes, check_columns, moments_in_order, numbers_of
from lookalike.simulate._sensor_laws import PERIODS, Rhythm, SensorLaw, harmonics, settled
from lookalike.tables import natural_rows

__all__ = ["RegularStream", "fitted_law", "fitted_rhythm"]

StreamMask = npt.NDArray[np.bool_]
#: The share of the readings of a column, at the end, that judges what the others say.
_HELD = 0.2
_FEWEST = 50
#: A grid of equal steps may have this many times as many moments as there are rows.
_SPARSEST = 20
#: A wave is looked for where the stream is this many times as long.
_PERIODS_SEEN = 1.5
#: The shares of a deviation that may be left after a row: from none to all but 0.03 %.
_KEPT = 1 - 10 ** -np.linspace(0, 3.5, 36)
#: The most that is kept of noise from row to row.
_MOST_MEMORY = 0.9999
#: Steps this many times as long as the middle one, or as short, tell nothing of its length.
_ALIKE = 1.5
#: Rounds in which rows beyond the limit of the plant are found and left out.
_ROUNDS = 3


@dataclass(frozen=True)
class RegularStream:
    """Readings at equal steps of time; NaN where there is none.

    Parameters
    ----------
    step : float
        The seconds between two moments.
    seconds : ndarray, shape (n,)
        The moments, in seconds since 1970.
    readings : dict of str to ndarray, shape (n,)
        The readings by role.
    names : dict of str to str
        The columns of the roles.
    """

    step: float
    seconds: Floats
    readings: Mapping[str, Floats]
    names: Mapping[str, str]

    @classmethod
    def read(cls, data: Any, time: str, names: Mapping[str, str]) -> Self:
        """Read a table of one plant.

        Raises
        ------
        SchemaError
            If a column does not exist or is of another kind.
        DataError
            If there are too few rows, moments repeat, or steps are too uneven.

        Warns
        -----
        LookalikeWarning
            If several rows fall on one step: the mean of their readings stands for them.
        """
        table, _ = natural_rows(data)
        check_columns(table, [*names.values(), time])
        if len(table) < _FEWEST:
            raise DataError(f"A world needs {_FEWEST} rows to be fitted to; got {len(table)}.")
        table, moments = moments_in_order(table, time)
        step = _step(moments)
        places = np.rint(moments.since_first / step).astype(np.int64)
        if places[-1] >= _SPARSEST * len(table):
            raise DataError(
                f"Moments must follow each other at about equal steps; most steps of {time!r} are "
                f"{step:g} seconds, but {len(table):,} rows take {places[-1]:,} of these."
            )
        crowded = np.flatnonzero(np.diff(places) == 0)
        if len(crowded):
            pairs = [f"{moments.named(i)} and {moments.named(i + 1)}" for i in crowded[:3].tolist()]
            more = f", and {len(crowded) - 3:,} more" if len(crowded) > 3 else ""
            warnings.warn(
                f"Rows of {time!r} come within one step of {step:g} seconds, and the mean of their "
                f"readings is taken: {'; '.join(pairs)}{more}.",
                LookalikeWarning,
                stacklevel=3,
            )
        readings = {}
        for role, name in names.items():
            readings[role] = _on_grid(numbers_of(table, name, "Readings"), places)
            if np.isfinite(readings[role]).sum() < _FEWEST:
                raise DataError(f"A column needs {_FEWEST} readings; {name!r} has fewer.")
        seconds = moments.seconds[0] + step * np.arange(places[-1] + 1)
        return cls(step, seconds, readings, names)

    def __getitem__(self, role: str) -> Floats:
        return self.readings[role]

    def inputs(self, roles: Sequence[str]) -> dict[str, Floats]:
        """Return the inputs that are named, gaps filled in straight lines."""
        found = {}
        for role in roles:
            plain = role.removesuffix("²")
            if plain in self.readings:
                readings = self.readings[plain]
                known = np.flatnonzero(np.isfinite(readings))
                filled = np.interp(np.arange(len(readings)), known, readings[known])
                found[role] = filled**2 if role != plain else filled
        return found

    def parts(self, role: str, inputs: Sequence[str] = ()) -> tuple[StreamMask, StreamMask]:
        """Return the moments that are learned and those that judge, the last fifth.

        Parameters
        ----------
        role : str
            A column; moments without its reading are in neither.
        inputs : sequence of str
            Moments before the first or after the last reading of one of these are in neither.

        Returns
        -------
        tuple of ndarray of bool, shape (n,)

        Raises
        ------
        DataError
            If there are too few.
        """
        known = np.isfinite(self.readings[role])
        for one in {one.removesuffix("²") for one in inputs}:
            seen = np.flatnonzero(np.isfinite(self.readings[one]))
            known[: seen[0]] = known[seen[-1] + 1 :] = False
            if known.sum() < _FEWEST:
                raise DataError(
                    f"{self.names[role]!r} answers to {self.names[one]!r}, and needs {_FEWEST} "
                    f"readings from the time in which both are read; there are {known.sum()}."
                )
        count = int(known.sum())
        learned = known & (np.cumsum(known) <= int((1 - _HELD) * count))
        return learned, known & ~learned


def fitted_rhythm(stream: RegularStream, role: str, default: Rhythm) -> tuple[Rhythm, list[str]]:
    """Fit what drives a plant, and say where held-out rows do not agree.

    Parameters
    ----------
    stream : RegularStream
    role : str
        The column to fit.
    default : Rhythm

    Returns
    -------
    tuple of (Rhythm, list of str)
        The rhythm, and what stays of a constant or of the default, in words.
    """
    readings, (learned, held) = stream[role], stream.parts(role)
    known = learned | held
    span = float(np.ptp(stream.seconds[known]))
    seen = np.repeat([span >= _PERIODS_SEEN * one for one in PERIODS], 2)

    def fit(rows: StreamMask, waves: StreamMask) -> Rhythm:
        columns = np.column_stack([np.ones(rows.sum()), harmonics(stream.seconds[rows])[:, waves]])
        found = np.linalg.lstsq(columns, readings[rows], rcond=None)[0]
        amplitudes = np.zeros(len(waves))
        amplitudes[waves] = found[1:]
        return Rhythm(float(found[0]), tuple(amplitudes.tolist()))

    constant = np.zeros_like(seen)
    tried = {
        "waves": fit(learned, seen).steady(stream.seconds),
        "constant": fit(learned, constant).steady(stream.seconds),
        "default": default.steady(stream.seconds),
    }
    best, words = _best(stream, role, held, tried, "waves")
    if best == "default":
        return default, words
    rhythm = fit(known, seen if best == "waves" else constant)
    spread, memory = _noise(readings - rhythm.steady(stream.seconds))
    shock = spread * math.sqrt(1 - memory**2)
    return replace(rhythm, shock=shock, kept=memory), words


def fitted_law(
    stream: RegularStream,
    role: str,
    roles: Sequence[str],
    default: SensorLaw,
    limit: float | None,
) -> tuple[SensorLaw, list[str]]:
    """Fit how a sensor answers to its inputs, and say where held-out rows do not agree.

    Parameters
    ----------
    stream : RegularStream
    role : str
        The sensor.
    roles : sequence of str
        Its inputs; those that are not in the stream have no gain.
    default : SensorLaw
    limit : float or None
        The largest reading that the plant can give.

    Returns
    -------
    tuple of (SensorLaw, list of str)
        The law, and what stays of a constant or of the default, in words.
    """
    readings, inputs = stream[role], stream.inputs(roles)
    learned, held = stream.parts(role, list(inputs))
    known = learned | held

    def answers(law: SensorLaw) -> Floats:
        found = np.broadcast_to(law.answer(inputs), readings.shape)
        return found if limit is None else np.minimum(found, limit)

    constant = SensorLaw(float(readings[learned].mean()))
    tried = {"constant": answers(constant)}
    if inputs:
        law = _law(readings, inputs, learned, limit)
        tried = {"gains": answers(law), **tried}
    if set(inputs) == set(default.gains):
        tried["default"] = answers(default)
    best, words = _best(stream, role, held, tried, "gains" if inputs else "constant")
    if best == "default":
        return default, words
    law = SensorLaw(float(readings[known].mean()))
    if best == "gains":
        law = _law(readings, inputs, known, limit)
    spread, memory = _noise(np.where(known, readings - answers(law), np.nan))
    return replace(law, noise=spread, memory=memory), words


def _law(
    readings: Floats, inputs: Mapping[str, Floats], rows: StreamMask, limit: float | None
) -> SensorLaw:
    """Return the law with the least squared error, of all that keep a share of a deviation."""
    used = rows
    for _ in range(1 if limit is None else _ROUNDS):
        tried = [_answering(readings, inputs, used, kept) for kept in _KEPT.tolist()]
        _, law, answer = min(tried, key=lambda one: one[0])
        if limit is None:
            break
        # Where the plant should give more than it can, its readings say nothing of its gains.
        below = rows & (answer < limit)
        if below.sum() < _FEWEST:
            break
        used = below
    return law


def _answering(
    readings: Floats, inputs: Mapping[str, Floats], rows: StreamMask, kept: float
) -> tuple[float, SensorLaw, Floats]:
    """Return the law that keeps a share of a deviation, after its error and before its answer."""
    settling = [settled((1 - kept) * one, kept, float(one[0])) for one in inputs.values()]
    columns = np.column_stack([np.ones(len(readings)), *settling])
    weights = np.linalg.lstsq(columns[rows], readings[rows], rcond=None)[0]
    answer: Floats = columns @ weights
    error = float(np.mean((readings[rows] - answer[rows]) ** 2))
    gains = dict(zip(inputs, weights[1:].tolist(), strict=True))
    return error, SensorLaw(float(weights[0]), gains, kept), answer


def _step(moments: TickTimes) -> float:
    """Return the mean of the steps that are about as long as the middle one, in seconds.

    The middle one alone would be a whole number of what clocks are rounded to.
    """
    steps = moments.steps
    middle = np.median(steps)
    return float(steps[(steps * _ALIKE > middle) & (steps < _ALIKE * middle)].mean())


def _on_grid(readings: Floats, places: npt.NDArray[np.int64]) -> Floats:
    """Return the reading of each place, the mean of several; NaN where there is none."""
    known = np.isfinite(readings)
    sums = np.bincount(places[known], readings[known], places[-1] + 1)
    counts = np.bincount(places[known], minlength=places[-1] + 1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _best(
    stream: RegularStream, role: str, held: StreamMask, tried: Mapping[str, Floats], wanted: str
) -> tuple[str, list[str]]:
    """Return what is nearest to held-out readings, and words where that is not what is wanted."""
    errors = {
        name: float(np.sqrt(np.mean((stream[role] - answer)[held] ** 2)))
        for name, answer in tried.items()
    }
    best = min(errors, key=lambda name: errors[name])
    if best == wanted:
        return best, []
    what = f"the {best} stays for {stream.names[role]!r}"
    fitted = f"{wanted} of its own" if wanted != "constant" else "its own mean"
    return best, [f"{what} (off by {errors[best]:.3g}, with {fitted} by {errors[wanted]:.3g})"]


def _noise(errors: Floats) -> tuple[float, float]:
    """Return the standard deviation of errors and their correlation from row to row."""
    known = np.isfinite(errors)
    centred = np.where(known, errors - errors[known].mean(), 0.0)
    variance = float(np.mean(centred[known] ** 2))
    pairs = known[1:] & known[:-1]
    if variance == 0 or not pairs.any():
        return math.sqrt(variance), 0.0
    memory = float(np.mean((centred[1:] * centred[:-1])[pairs])) / variance
    # A correlation within chance is none.
    if memory < 2 / math.sqrt(pairs.sum()):
        return math.sqrt(variance), 0.0
    return math.sqrt(variance), min(memory, _MOST_MEMORY)
