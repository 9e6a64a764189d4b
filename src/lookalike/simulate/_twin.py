"""`SensorTwin`: a linear model that follows a real stream of sensors and says what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
from scipy import stats

from lookalike._core.errors import DataError, SchemaError
from lookalike._core.numerics import Floats
from lookalike._core.parameters import Number, check_parameters
from lookalike.simulate._frames import (
    LIBRARY_RULE,
    TickTimes,
    check_columns,
    frame_of,
    moments_in_order,
    numbers_of,
)
from lookalike.tables import natural_rows

__all__ = ["SensorTwin"]

#: The last readings that a prediction depends on.
_LAGS = 2
#: Harmonics of a day, where there are moments.
_HARMONICS = 2
_DAY = 86_400.0
#: The ridge penalty, in units of a standardised column's variance times the rows.
_RIDGE = 1e-4
#: The share of the rows, at the end, that measures the errors and is not learned.
_HELD = 0.2
_FEWEST = 50
#: A step this many times as long as the usual one is a gap: the twin begins anew.
_GAP = 1.5
#: What `numbers_of` reads here.
_WHAT = "Sensors and inputs"


@dataclass(frozen=True)
class SensorTwin:
    """Linear state-space model of a plant, fitted to a table of its sensors.

    Each sensor's next reading is a linear function of the last two readings of all sensors, of the
    present values of the inputs, and of the time of the day. The twin follows a stream: its state
    is what was read, or, where a reading is missing, what it expected.

    Parameters
    ----------
    sensors : tuple of str
        The columns that it predicts.
    inputs : tuple of str
        Columns that are known before the sensors are read, such as a demand.
    time : str or None
        The column of moments.
    step : float
        The usual time between two rows, in seconds; 0 without moments.
    weights : ndarray, shape (1 + lags · sensors + inputs + harmonics, sensors)
        The coefficients, the constant first.
    spread : ndarray, shape (sensors, sensors)
        The covariance of errors on rows that were not learned.

    Examples
    --------
    >>> import lookalike as la
    >>> rows = la.simulate.sensors(3_000, faults={}, random_state=0)
    >>> names = ["temperature", "flow"]
    >>> twin = la.simulate.SensorTwin.fit(rows, names, inputs=["demand"], time="time")
    >>> followed = twin.follow(rows)
    >>> followed.columns.tolist()[:3]
    ['time', 'temperature_expected', 'temperature_off']
    """

    sensors: tuple[str, ...]
    inputs: tuple[str, ...]
    time: str | None
    step: float
    weights: Floats
    spread: Floats

    @classmethod
    def fit(
        cls,
        data: Any,
        sensors: Sequence[str],
        *,
        inputs: Sequence[str] = (),
        time: str | None = None,
    ) -> Self:
        """Fit the twin to rows in the order of time, which should hold few faults.

        Parameters
        ----------
        data : dataframe or path
            One row for each moment, of one plant. Infinite numbers count as missing.
        sensors : sequence of str
            The columns to predict.
        inputs : sequence of str
            Columns that are known before the sensors are read.
        time : str, optional
            The column of moments, by which rows are ordered and gaps are seen. Without it, rows
            follow each other at equal steps, and there is no time of the day.

        Returns
        -------
        SensorTwin

        Raises
        ------
        SchemaError
            If a column does not exist, is of another kind, or is named twice.
        DataError
            If too few rows follow each other without missing readings, or moments repeat.
        """
        if isinstance(sensors, str) or not sensors:
            raise SchemaError(f"sensors must be a list of columns; got {sensors!r}.")
        if isinstance(inputs, str):
            raise SchemaError(f"inputs must be a list of columns; got {inputs!r}.")
        names = (tuple(sensors), tuple(inputs))
        _check_once(*names)
        bare = cls(*names, time, 0.0, np.empty(0), np.empty(0))
        stream = bare._read(data)
        timed = time is not None and len(stream.steps) > 0
        step = float(np.median(stream.steps)) if timed else 0.0
        twin = cls(*names, time, step, np.empty(0), np.empty(0))
        features, known = twin._features(stream)
        usable = np.flatnonzero(known & np.isfinite(stream.readings).all(axis=1))
        if len(usable) < _FEWEST + features.shape[1]:
            raise DataError(
                f"A twin needs {_FEWEST + features.shape[1]} rows that follow each other without "
                f"missing readings; there are {len(usable)}."
            )
        learned = usable[: int((1 - _HELD) * len(usable))]
        weights = _ridge(features[learned], stream.readings[learned])
        held = usable[len(learned) :]
        errors = stream.readings[held] - features[held] @ weights
        # A constant that is not exact in binary leaves errors of rounding, which are no unit.
        errors[:, np.ptp(stream.readings[usable], axis=0) == 0] = 0.0
        return cls(*names, time, step, weights, errors.T @ errors / len(errors))

    def follow(self, data: Any, *, as_: str | None = None) -> Any:
        """Follow a real stream, and say before each row what it should read.

        Parameters
        ----------
        data : dataframe or path
            Rows with the columns of the fit.
        as_ : {"pandas", "polars", "arrow"} or None
            The kind of dataframe; None is the first of the three that is installed.

        Returns
        -------
        dataframe, shape (n, 2 · sensors), with the moments first where there are any
            Rows in the order of time: for each sensor ``NAME_expected``, one step ahead, and
            ``NAME_off``, the reading less this in standard deviations. Missing for the first rows
            and after a gap, and ``NAME_off`` where there is no reading or the sensor never varied.
        """
        check_parameters("follow", {"as_": LIBRARY_RULE}, {"as_": as_})
        stream = self._read(data)
        expected = self._expected(stream)
        unit = np.sqrt(np.diag(self.spread))
        # A sensor that never varied has no unit.
        off = (stream.readings - expected) / np.where(unit > 0, unit, np.nan)
        columns: dict[str, Any] = {} if self.time is None else {self.time: stream.times}
        for place, name in enumerate(self.sensors):
            columns[f"{name}_expected"] = pa.array(expected[:, place], from_pandas=True)
            columns[f"{name}_off"] = pa.array(off[:, place], from_pandas=True)
        return frame_of(pa.table(columns), as_)

    def forecast(self, data: Any, n: int, *, coming: Any = None, as_: str | None = None) -> Any:
        """Say what comes after the last row of a stream.

        Parameters
        ----------
        data : dataframe or path
            The stream so far.
        n : int
            The number of rows to come.
        coming : dataframe or path, optional
            The inputs of these rows, where the twin has any; in the order of time, where it has
            the column of moments.
        as_ : {"pandas", "polars", "arrow"} or None
            As of `follow`.

        Returns
        -------
        dataframe, shape (n, 3 · sensors)
            For each sensor ``NAME_expected``, and the limits of a 95 % interval, ``NAME_low`` and
            ``NAME_high``, which hold the errors of all steps.

        Raises
        ------
        DataError
            If the stream ends in too short a run of readings, or inputs are missing.
        """
        check_parameters(
            "forecast", {"n": Number(1, integer=True), "as_": LIBRARY_RULE}, {"n": n, "as_": as_}
        )
        stream = self._read(data)
        drivers = self._coming(coming, n)
        state = self._last(stream)
        width, count = len(self.sensors), len(self.sensors) * _LAGS
        # The last readings move back by one step, and the newest are predicted.
        moved = np.zeros((count, count))
        moved[:width] = self.weights[1 : 1 + count].T
        moved[width:, :-width] = np.eye(count - width)
        cover = np.zeros((count, count))
        z = float(stats.norm.ppf(0.975))
        means, reach = np.empty((n, width)), np.empty((n, width))
        for ahead in range(n):
            moment = stream.moments[-1] + self.step * (ahead + 1)
            row = np.concatenate([[1.0], state, drivers[ahead], self._rhythm(moment)])
            means[ahead] = row @ self.weights
            cover = moved @ cover @ moved.T
            cover[:width, :width] += self.spread
            reach[ahead] = z * np.sqrt(np.diag(cover)[:width])
            state = np.concatenate([means[ahead], state[:-width]])
        columns = {}
        for place, name in enumerate(self.sensors):
            columns[f"{name}_expected"] = means[:, place]
            columns[f"{name}_low"] = means[:, place] - reach[:, place]
            columns[f"{name}_high"] = means[:, place] + reach[:, place]
        return frame_of(pa.table(columns), as_)

    # --- rows -------------------------------------------------------------------------------------

    def _read(self, data: Any) -> _Stream:
        table, _ = natural_rows(data)
        names = [*self.sensors, *self.inputs, *([self.time] if self.time is not None else [])]
        check_columns(table, names)
        moments, times = TickTimes(np.arange(len(table)), 1), None
        if self.time is not None:
            table, moments = moments_in_order(table, self.time)
            times = table[self.time].combine_chunks()
        columns = [numbers_of(table, name, _WHAT) for name in (*self.sensors, *self.inputs)]
        values = np.stack(columns, axis=1)
        width = len(self.sensors)
        return _Stream(values[:, :width], values[:, width:], moments.seconds, moments.steps, times)

    def _features(self, stream: _Stream) -> tuple[Floats, Any]:
        """Return the features of every row, and whether all of them are known."""
        readings = stream.readings
        lags = [np.roll(readings, lag, axis=0) for lag in range(1, _LAGS + 1)]
        constant = np.ones((len(readings), 1))
        rhythm = self._rhythm(stream.moments)
        features = np.concatenate([constant, *lags, stream.drivers, rhythm], axis=1)
        joined = self._joined(stream)
        known = np.isfinite(features).all(axis=1) & (np.arange(len(readings)) >= _LAGS)
        for lag in range(_LAGS):
            known &= np.roll(joined, lag)
        return features, known

    def _joined(self, stream: _Stream) -> Any:
        """Return whether each row follows the one before it without a gap."""
        joined = np.ones(len(stream.moments), bool)
        joined[:1] = False
        if self.step > 0:
            joined[1:] = stream.steps <= _GAP * self.step
        return joined

    def _rhythm(self, moments: Any) -> Floats:
        """Return harmonics of the day; none without moments."""
        if self.time is None:
            return np.empty((*np.shape(moments), 0))
        angle = 2 * np.pi * np.asarray(moments) / _DAY
        parts = [f(k * angle) for k in range(1, _HARMONICS + 1) for f in (np.sin, np.cos)]
        return np.stack(parts, axis=-1)

    def _expected(self, stream: _Stream) -> Floats:
        """Return what each row should read; NaN where that is unknown."""
        joined, rhythm = self._joined(stream), self._rhythm(stream.moments)
        found = np.full(stream.readings.shape, np.nan)
        state = np.full(len(self.sensors) * _LAGS, np.nan)
        for row, readings in enumerate(stream.readings):
            if not joined[row]:
                state = np.full(len(state), np.nan)
            inputs = np.concatenate([[1.0], state, stream.drivers[row], rhythm[row]])
            found[row] = inputs @ self.weights
            # Where nothing was read, the twin goes on with what it expected.
            read = np.where(np.isfinite(readings), readings, found[row])
            state = np.concatenate([read, state[: -len(self.sensors)]])
        return found

    def _last(self, stream: _Stream) -> Floats:
        """Return the last readings, the newest first, missing ones as expected."""
        expected = self._expected(stream)
        read = np.where(np.isfinite(stream.readings), stream.readings, expected)[-_LAGS:]
        joined = self._joined(stream)[-_LAGS + 1 :].all()
        if len(read) < _LAGS or not np.isfinite(read).all() or not joined:
            raise DataError(
                f"A forecast needs {_LAGS} rows at the end of the stream that follow each other "
                "and have readings; these have not."
            )
        return np.asarray(read[::-1].ravel())

    def _coming(self, coming: Any, n: int) -> Floats:
        if not self.inputs:
            return np.empty((n, 0))
        if coming is None:
            raise DataError(f"Give the coming values of {', '.join(self.inputs)} as coming.")
        table, _ = natural_rows(coming)
        check_columns(table, self.inputs, "coming")
        if self.time is not None and self.time in table.column_names:
            table, _ = moments_in_order(table, self.time)
        values = np.stack([numbers_of(table, name, _WHAT) for name in self.inputs], axis=1)
        if len(values) < n or not np.isfinite(values[:n]).all():
            raise DataError(f"coming must have {n} rows without missing values.")
        return values[:n]


@dataclass(frozen=True)
class _Stream:
    """Rows in the order of time: readings, inputs, seconds, steps, and the moments as given."""

    readings: Floats
    drivers: Floats
    moments: Floats
    steps: Floats
    times: pa.Array | None


def _check_once(sensors: Sequence[str], inputs: Sequence[str]) -> None:
    """Raise `SchemaError` if a column is named twice: a sensor must not read its own answer."""
    names = [*sensors, *inputs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SchemaError(
            f"A column must be named once, in sensors or in inputs; not so {twice!r}."
        )


def _ridge(features: Floats, targets: Floats) -> Floats:
    """Return the coefficients of a ridge regression, the constant not penalised."""
    middle, scale = features.mean(axis=0), features.std(axis=0)
    # The deviation of a constant may be an error of rounding instead of 0.
    middle[0], scale[np.ptp(features, axis=0) == 0] = 0.0, 1.0
    inputs = (features - middle) / scale
    penalty = _RIDGE * len(inputs) * np.eye(inputs.shape[1])
    penalty[0, 0] = 0.0
    found = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ targets) / scale[:, None]
    found[0] -= middle @ found
    return np.asarray(found)
