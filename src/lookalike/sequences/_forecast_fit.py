"""The fit of forecasts, so that a series drawn by them is as wide as the real one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.signal import lfilter, lfiltic

from lookalike.sequences._clock import EventClock
from lookalike.sequences._forecast import NO_PULL, Forecast

__all__ = ["fit_forecast", "proven"]

#: The most events that are looked at, from the last ones back.
_MOST_EVENTS = 50_000
#: The most weights, and the events for each of these.
_MOST_WEIGHTS, _EACH_WEIGHT = 24, 20
#: The calendar in days, and the most waves of each period; those of a week that are not of a day.
_DAY, _WEEK, _YEAR = 1.0, 7.0, 365.2425
_WAVES = {_DAY: 12, _WEEK: 20, _YEAR: 6}
#: The periods that a series must span, and the steps of a wave.
_SPANNED, _STEPS = 2, 2
#: The t-value that a trend must exceed, and that of one without which nothing returns.
_TREND, _RETURN = 3.0, 2.0
#: The rounds in which the course and the weights are fitted in turn.
_ROUNDS = 3
#: Below this pull, or for so many events, a pull is matched; the evidence that it demands.
_QUICK, _LOCAL, _EVIDENCE = 0.3, 60.0, 0.1
#: The numbers of a simulation, and the least and the most series of these.
_NUMBERS, _SERIES = 300_000, (16, 200)
#: The steps of the search of a pull.
_SEARCH = 7
#: The greatest ratio, or its inverse, of the spreads of simulated series and of the real one; how
#: many are simulated, and for how many events at most.
_MOST_APART, _PROOFS, _PROVEN_EVENTS = 1.4, 64, 5_000
#: The gain in nats per event by which logarithms must be more likely.
_LOGS = 0.03


def fit_forecast(
    raw: np.ndarray,
    time: np.ndarray | None,
    clock: EventClock | None,
    rng: np.random.Generator,
    *,
    logs: bool | None = None,
) -> Forecast:
    """Fit the forecast of a column of numbers of one series.

    The course (level, trend and waves of the calendar) and the weights of past deviations are
    fitted in turn by least squares (Cochrane and Orcutt 1949). Least squares make a slow return to
    the course too fast, and one-step errors hardly tell a slow return from none. So the pull, 1
    less the sum of the weights, is matched: of series that are simulated with it, as long as the
    real one, half deviate more from their course than that does, relative to the size of one-step
    errors. There is no pull if a tenth of random walks would deviate as little. (The ratio is that
    of Sargan and Bhargava 1983; the match is the median-unbiased estimate of Andrews 1993.)

    Parameters
    ----------
    raw : ndarray, shape (events,)
    time : ndarray or None, shape (events,)
        In ticks.
    clock : EventClock or None
    rng : numpy.random.Generator
        Draws the errors of simulated series.
    logs : bool, optional
        Whether logarithms are forecast; by default where they are forecast better.
    """
    if np.ptp(raw) == 0:
        return Forecast(False, float(raw[0]), 0.0, 0.0, (), (0.0,), (0.0,), (0.0,), 0.0, 0.0)
    raw = raw[-_MOST_EVENTS:].astype(float)
    time = None if time is None else time[-_MOST_EVENTS:].astype(float)
    logs = _in_logs(raw) if logs is None else logs
    values = np.log(raw) if logs else raw
    scale = max(float(values.std()), 1e-300)
    values = values / scale
    draws = rng.random((_series(len(raw)), 2 * len(raw)))
    waves, periods = _waves(time, clock, len(raw))
    ones, begin, span = np.ones((len(raw), 1)), 0.0, 1.0
    fit: _FittedCourse | None = None
    if time is not None:
        begin, span = float(time[0]), max(float(np.ptp(time)), 1e-300)
        both = np.concatenate([ones, (time[:, None] - begin) / span], axis=1)
        fit = _FittedCourse.of(values, both, waves, draws)
    if fit is None or abs(fit.certainty) <= _TREND:
        flat = _FittedCourse.of(values, ones, waves, draws)
        if fit is None or flat.returns or not fit.returns or abs(fit.certainty) <= _RETURN:
            fit = flat
    at = np.flatnonzero(fit.waves.any(axis=1))
    slope = float(fit.base[1] * scale / span) if len(fit.base) > 1 else 0.0
    chosen = tuple(
        (float(periods[k]), float(fit.waves[k, 0] * scale), float(fit.waves[k, 1] * scale))
        for k in at
    )
    # The ends are means of two deviations, so that none of these is stored.
    ordered = np.sort(fit.deviations * scale)
    low, high = float(ordered[1:3].mean()), float(ordered[-3:-1].mean())
    if not fit.returns:  # a series without return goes elsewhere
        low, high = low - (high - low) / 2, high + (high - low) / 2
    level = float(fit.base[0] * scale)
    weights, learned = tuple(fit.weights.tolist()), tuple(fit.learned.tolist())
    covariances = _covariances(fit.deviations * scale, len(weights))
    return Forecast(logs, level, slope, begin, chosen, weights, learned, covariances, low, high)


def proven(
    forecast: Forecast,
    deviations: Float[np.ndarray, " events"],
    errors: Float[np.ndarray, " events"],
    rng: np.random.Generator,
) -> Forecast | None:
    """Return a forecast with which new series are about as wide as the real one; None if none is.

    Series are simulated as they will be drawn: from pasts that are drawn, on by errors of the real
    one. Where the matched pull does not keep their spread, as in what swings at length, the weights
    of least squares are tried. Numbers that do not return have no spread to keep.

    Parameters
    ----------
    forecast : Forecast
    deviations, errors : ndarray, shape (events,)
        Those of the real series.
    rng : numpy.random.Generator
    """
    real = float(deviations.std())
    if not forecast.returns or real == 0:
        return forecast
    length = min(len(deviations), _PROVEN_EVENTS)
    last = rng.normal(0.0, real, _PROOFS)
    drawn = rng.choice(errors - errors.mean(), (_PROOFS, length))
    for weights in (forecast.weights, forecast.learned):
        tried = replace(forecast, weights=weights)
        memory, filtered = tried.pasts(last, rng), np.r_[1.0, -np.array(weights)]
        begin = np.stack([lfiltic([1.0], filtered, each) for each in memory])
        made = lfilter([1.0], filtered, drawn, axis=1, zi=begin)[0]
        apart = float(np.median(made.std(axis=1))) / real
        if 1 / _MOST_APART <= apart <= _MOST_APART:
            return tried
    return None


def _covariances(values: Float[np.ndarray, " events"], count: int) -> tuple[float, ...]:
    """Return the autocovariances of a series, over all events, so that they fit together."""
    n, off = len(values), values - values.mean()
    return tuple(float(off[: n - lag] @ off[lag:]) / n for lag in range(count))


def _series(events: int) -> int:
    return int(np.clip(_NUMBERS // events, *_SERIES))


@dataclass(frozen=True)
class _FittedCourse:
    """A course and weights.

    Parameters
    ----------
    base : ndarray, shape (terms,)
        Level, and slope.
    waves : ndarray, shape (waves, 2)
        Zero for those that are not used.
    weights, learned : ndarray, shape (depth,)
        With the matched pull, and by least squares.
    deviations : ndarray, shape (events,)
    certainty : float
        The t-value of the slope.
    """

    base: Float[np.ndarray, " terms"]
    waves: Float[np.ndarray, "waves two"]
    weights: Float[np.ndarray, " depth"]
    learned: Float[np.ndarray, " depth"]
    deviations: Float[np.ndarray, " events"]
    certainty: float

    @property
    def returns(self) -> bool:
        """True where deviations are pulled back."""
        return bool(self.weights.sum() < 1.0 - NO_PULL)

    @classmethod
    def of(
        cls,
        values: Float[np.ndarray, " events"],
        base: Float[np.ndarray, "events terms"],
        waves: Float[np.ndarray, "events twice"],
        draws: Float[np.ndarray, "series twice"],
    ) -> _FittedCourse:
        """Fit the course and the weights in turn, from two sides, and take what explains more."""
        most = min(max(len(values) // _EACH_WEIGHT, 1), _MOST_WEIGHTS)
        off = values - base @ np.linalg.lstsq(base, values, rcond=None)[0]
        first = _Lags.of(off, 1)
        # With memory first, waves of the calendar may be taken for it; without, the reverse.
        sides = [
            _Turn.last(values, base, waves, weights, most)
            for weights in (_weights(first, first.pull), np.zeros(1))
        ]
        best = min(sides, key=lambda turn: turn.criterion)
        terms = base.shape[1]
        weights = _weights(best.lags, _matched(best.off, best.lags, base, draws))
        # A trend beside a slow return is less certain than beside a fast one.
        course, off, certainty = _course(values, base, waves, weights)[:3]
        learned = _weights(best.lags, best.lags.pull)
        return cls(course[:terms], course[terms:].reshape(-1, 2), weights, learned, off, certainty)


@dataclass(frozen=True)
class _Turn:
    """Deviations from a course, and their memory, as one turn finds them.

    Parameters
    ----------
    off : ndarray, shape (events,)
        The deviations.
    lags : _Lags
    criterion : float
        Smaller is better.
    """

    off: Float[np.ndarray, " events"]
    lags: _Lags
    criterion: float

    @classmethod
    def last(
        cls,
        values: Float[np.ndarray, " events"],
        base: Float[np.ndarray, "events terms"],
        waves: Float[np.ndarray, "events twice"],
        weights: Float[np.ndarray, " depth"],
        most: int,
    ) -> _Turn:
        """Return the last of several turns, from given weights on."""
        events = len(values)
        for _ in range(_ROUNDS):
            off, _, count = _course(values, base, waves, weights)[1:]
            lags = _Lags.of(off, _order(off, most))
            weights = _weights(lags, lags.pull)
        errors = lags.others(lags.pull)[1]
        paid = count * _price(events, waves.shape[1] // 2) + len(weights) * np.log(events)
        return cls(off, lags, float(2 * events * np.log(errors.std() + 1e-300) + paid))


def _course(
    values: Float[np.ndarray, " events"],
    base: Float[np.ndarray, "events terms"],
    waves: Float[np.ndarray, "events twice"],
    weights: Float[np.ndarray, " depth"],
) -> tuple[np.ndarray, np.ndarray, float, int]:
    """Fit a course, given the memory of deviations from it.

    Returns
    -------
    course : ndarray, shape (columns,)
        The coefficients of the base and of all waves, 0 for those that are not used.
    off : ndarray, shape (events,)
        The deviations.
    certainty : float
        The t-value of the last term of the base.
    count : int
        The number of waves in use.
    """
    # What is left of each column after the forecast from those before it.
    design = np.concatenate([base, waves], axis=1)
    left = lfilter(np.r_[1.0, -weights], [1.0], np.c_[design, values], axis=0)[len(weights) :]
    chosen, found, certainty = _forward(left[:, :-1], left[:, -1], base.shape[1])
    course = np.zeros(design.shape[1])
    course[chosen] = found
    off = values - design @ course
    course[0] += off.mean()
    return course, off - off.mean(), certainty, (len(chosen) - base.shape[1]) // 2


def _price(events: int, waves: int) -> float:
    """Return the gain in twice the log-likelihood that the best of many waves has to bring."""
    return float(2 * np.log(events * max(waves, 1)))


@dataclass(frozen=True)
class _Lags:
    """Changes of a series, as they follow from its last deviation and the changes before.

    Parameters
    ----------
    now : ndarray, shape (n,)
        The changes.
    past : ndarray, shape (n, depth + 1)
        The last deviation, the changes before, and ones.
    """

    now: Float[np.ndarray, " n"]
    past: Float[np.ndarray, "n inputs"]

    @classmethod
    def of(cls, values: Float[np.ndarray, " events"], depth: int) -> _Lags:
        """Return those of a series."""
        moves, n = np.diff(values), len(values)
        before = [moves[depth - 1 - j : n - 1 - j] for j in range(1, depth)]
        past = [values[depth - 1 : n - 1], *before, np.ones(n - depth)]
        return cls(moves[depth - 1 :], np.stack(past, axis=1))

    @property
    def pull(self) -> float:
        """The share of the last deviation that goes back at once, by least squares; none if < 0."""
        found = np.linalg.lstsq(self.past, self.now, rcond=None)[0]
        return float(np.clip(-found[0], 0.0, 2.0))

    def others(self, pull: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the coefficients of changes before, given the pull, and the errors."""
        rest = self.now + pull * self.past[:, 0]
        found = np.linalg.lstsq(self.past[:, 1:], rest, rcond=None)[0]
        return found[:-1], rest - self.past[:, 1:] @ found


def _weights(lags: _Lags, pull: float) -> Float[np.ndarray, " depth"]:
    """Return the weights of the last deviations, of which no series explodes."""
    others = lags.others(pull)[0]
    for _ in range(64):
        weights = np.zeros(len(others) + 1)
        weights[0] = 1.0 - pull
        weights[:-1] += others
        weights[1:] -= others
        if np.abs(np.roots(np.r_[1.0, -weights])).max(initial=0.0) <= 1.0 + 1e-6:
            break
        others = others * 0.95
    return weights


def _order(values: Float[np.ndarray, " events"], most: int) -> int:
    """Return the number of weights with the least Bayesian information criterion."""
    lags = _Lags.of(values, most)
    # The ones come second, so that the inputs of fewer weights are the first ones.
    past = np.concatenate([lags.past[:, :1], lags.past[:, -1:], lags.past[:, 1:-1]], axis=1)
    products, with_now, n = past.T @ past, past.T @ lags.now, len(past)
    least, whole = (np.inf, 1), float(lags.now @ lags.now)
    for depth in range(1, most + 1):
        found = np.linalg.lstsq(products[: depth + 1, : depth + 1], with_now[: depth + 1], None)[0]
        errors = max(whole - found @ with_now[: depth + 1], 1e-12 * whole + 1e-300)
        least = min(least, (n * np.log(errors / n) + np.log(n) * depth, depth))
    return least[1]


def _matched(
    off: Float[np.ndarray, " events"],
    lags: _Lags,
    base: Float[np.ndarray, "events terms"],
    draws: Float[np.ndarray, "series twice"],
) -> float:
    """Return the pull with which simulated series deviate as far as the real one."""
    events, at_once = len(off), lags.pull
    if at_once > _QUICK and at_once * events > _LOCAL:
        return at_once
    smooth = np.linalg.qr(base)[0]

    def beyond(pull: float) -> np.ndarray:
        """Return how much farther simulated series deviate than the real one, as logarithms."""
        errors = lags.others(pull)[1]
        drawn = (errors - errors.mean())[(draws * len(errors)).astype(np.int64)]
        filtered = lfilter([1.0], np.r_[1.0, -_weights(lags, pull)], drawn, axis=1)[:, events:]
        return np.asarray(np.log(_size(filtered, smooth) / max(_size(off, smooth), 1e-300)))

    if np.quantile(beyond(0.0), _EVIDENCE) <= 0:
        return 0.0
    low, high = 0.0, min(max(2 * at_once, 10 / events), 1.0)
    for _ in range(_SEARCH):
        middle = (low + high) / 2 if low else high / 4
        low, high = (middle, high) if np.median(beyond(middle)) > 0 else (low, middle)
    return (low + high) / 2


def _size(values: np.ndarray, smooth: Float[np.ndarray, "events terms"]) -> np.ndarray:
    """Return the size of deviations from a fitted level and trend."""
    rest = values - (values @ smooth) @ smooth.T
    return np.asarray(rest.std(axis=-1))


def _forward(
    design: Float[np.ndarray, "n columns"], values: Float[np.ndarray, " n"], terms: int
) -> tuple[list[int], np.ndarray, float]:
    """Choose waves one after another, each the one that leaves the smallest errors.

    Returns
    -------
    chosen : list of int
        The columns, those of level and trend first.
    found : ndarray, shape (chosen,)
        Their coefficients.
    certainty : float
        The t-value of the last of the terms.
    """
    products, with_values, n = design.T @ design, design.T @ values, len(values)
    whole, count = float(values @ values), (design.shape[1] - terms) // 2

    def fitted(columns: list[int]) -> tuple[np.ndarray, float]:
        found = np.linalg.lstsq(products[np.ix_(columns, columns)], with_values[columns], 1e-10)[0]
        return found, max(whole - float(found @ with_values[columns]), 1e-9 * whole + 1e-300)

    chosen = list(range(terms))
    errors = fitted(chosen)[1]
    left = [[k, k + 1] for k in range(terms, design.shape[1], 2)]
    while left and len(chosen) < n // 4:
        trials = [fitted(chosen + pair)[1] for pair in left]
        best = int(np.argmin(trials))
        if n * np.log(errors / trials[best]) < _price(n, count):
            break
        errors = trials[best]
        chosen += left.pop(best)
    found = fitted(chosen)[0]
    inverse = np.linalg.pinv(products[np.ix_(chosen, chosen)], 1e-10)
    spread = np.sqrt(max(inverse[terms - 1, terms - 1], 1e-300) * errors / n)
    return chosen, found, float(found[terms - 1] / spread)


def _waves(
    time: np.ndarray | None, clock: EventClock | None, events: int
) -> tuple[Float[np.ndarray, "events twice"], Float[np.ndarray, " waves"]]:
    """Return sines and cosines of the calendar, as far as a series spans it, and their periods."""
    if time is None or clock is None or not clock.day:
        return np.zeros((events, 0)), np.zeros(0)
    days, step = np.ptp(time) / clock.day, float(np.median(np.diff(time))) / clock.day
    periods = [
        period / turns
        for period, most in _WAVES.items()
        if days >= _SPANNED * period and (clock.hours or period != _DAY)
        for turns in range(1, most + 1)
        if period / turns >= _STEPS * step and (period != _WEEK or turns % int(_WEEK))
    ]
    if clock.monthly:
        periods = [period for period in periods if period > _WEEK]
    ticks = np.array(periods) * clock.day
    angles = 2 * np.pi * np.mod(time[:, None] / ticks, 1.0)
    both = np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(len(time), -1)
    return both, ticks


def _in_logs(raw: Float[np.ndarray, " events"]) -> bool:
    """Return whether logarithms of numbers are forecast better than the numbers themselves."""
    if raw.min() <= 0:
        return False
    depth = max(min(_MOST_WEIGHTS // 2, len(raw) // _EACH_WEIGHT), 1)
    sizes = []
    for values in (raw, np.log(raw)):
        lags = _Lags.of(values / max(values.std(), 1e-300), depth)
        found = np.linalg.lstsq(lags.past, lags.now, rcond=None)[0]
        errors = (lags.now - lags.past @ found).std() * values.std()
        sizes.append(np.log(max(errors, 1e-300)))
    return bool(sizes[0] - sizes[1] - np.log(raw[depth:]).mean() > _LOGS)
