"""The verdict on a training run, from its records alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from lookalike.reports._summary import Curves
from lookalike.reports._training_words import Quantity, quantity_of

__all__ = ["Judgement", "judge", "last_values"]

#: The share of a run at its end that is judged, and the fewest points of it.
TAIL = 0.25
FEWEST = 4
#: Both kinds of rows are separated so surely that the generator hardly gets a gradient: the
#: minimax loss is flat there (Goodfellow et al. 2014, arXiv 1406.2661, section 3).
SURE = 0.95
#: Mean probabilities that still move by this much within the last half have not settled. Means over
#: an interval of 32 rows or more vary by less than a tenth by chance alone.
SWING = 0.3
#: A loss this many times as large as in the first quarter has run away.
AWAY = 20.0


@dataclass(frozen=True)
class Judgement:
    """The verdict on a run.

    Parameters
    ----------
    word : str
        ``"diverged"``, ``"collapsed"``, ``"one-sided"`` (the discriminator has won),
        ``"oscillates"``, ``"settled"`` or ``"unknown"`` (too little was recorded). Where several
        are true, the first of them.
    sentences : tuple of str
        All that was seen, in the same order.
    """

    word: str
    sentences: tuple[str, ...]


def judge(drawn: Curves | None, quantities: Mapping[str, Quantity] | None = None) -> Judgement:
    """Judge a run by its last quarter; a run that went back, by its last attempt.

    A settled run means that the game was steady, not that the rows are good: scores of the rows
    show that.

    Parameters
    ----------
    drawn : Curves or None
        The recorded curves, as `curves` returns them.
    quantities : mapping of str to Quantity, optional
        Good ranges of quantities that `lookalike` does not know.

    Returns
    -------
    Judgement
        One word, and sentences with the numbers on which it rests.

    Examples
    --------
    >>> from lookalike.reports import curves, judge
    >>> rows = [{"step": i, "probability_real": 0.99, "probability_fake": 0.01} for i in range(9)]
    >>> judge(curves(rows)).word
    'one-sided'
    """
    if drawn is None:
        return Judgement("unknown", ("Too little was recorded to say how training went.",))
    drawn = _last_attempt(drawn)
    findings = [seen for check in _CHECKS if (seen := check(drawn)) is not None]
    recorded = ("probability_real", *(f"loss_{network}" for network in drawn.networks))
    if not findings and not any(_tail(drawn, name) for name in recorded):
        findings = [("unknown", "Losses and probabilities were not recorded.")]
    if not findings:
        what = "Training" if len(drawn.networks) == 1 and drawn.optimisers else "The game"
        findings = [("settled", f"{what} was steady in its last quarter.")]
    outside = _outside(drawn, quantities)
    return Judgement(
        findings[0][0], (*(words for _, words in findings), *([outside] if outside else ()))
    )


def _last_attempt(drawn: Curves) -> Curves:
    """Leave out the part before the run went back to an earlier step."""
    part = drawn.attempts()[-1]
    series = {name: values[part] for name, values in drawn.series.items()}
    return replace(drawn, steps=drawn.steps[part], series=series)


def _diverged(drawn: Curves) -> tuple[str, str] | None:
    if "not finite" in drawn.stopped:
        return "diverged", f"Training diverged: {drawn.stopped}."
    for name in (f"loss_{network}" for network in drawn.networks):
        values = np.abs([v for v in drawn.series.get(name, ()) if v is not None])
        part = len(values) // 4
        if part < FEWEST:
            continue
        begun, ended = float(np.median(values[:part])), float(np.median(values[-part:]))
        if ended > AWAY * max(begun, 0.1):
            title = quantity_of(name).title
            return "diverged", f"{title} ran away: from {begun:.3g} to {ended:.3g} (medians)."
    return None


def _collapsed(drawn: Curves) -> tuple[str, str] | None:
    seen = _tail(drawn, "collapsed")
    if seen and np.mean(seen) >= 0.5:
        return "collapsed", "The generator reaches only a part of the kinds of rows: mode collapse."
    return None


def _one_sided(drawn: Curves) -> tuple[str, str] | None:
    for kind, real, fake in (
        ("probability", "probability_real", "probability_fake"),
        ("accuracy", "accuracy_real", "accuracy_fake"),
    ):
        values = _tail(drawn, real), _tail(drawn, fake)
        if not all(values):
            continue
        high, low = (float(np.mean(part)) for part in values)
        if kind == "probability" and high >= SURE and low <= 1 - SURE:
            words = f"it gives real rows {high:.2f} and generated rows {low:.2f} on average"
        elif kind == "accuracy" and min(high, low) >= SURE:
            words = f"it is right on {_share(high)} of real and {_share(low)} of generated rows"
        else:
            continue
        return "one-sided", f"The discriminator has won: {words}. The generator learns no more."
    return None


def _oscillates(drawn: Curves) -> tuple[str, str] | None:
    for name in ("probability_real", "probability_fake"):
        values = [v for v in drawn.series.get(name, ()) if v is not None]
        half = values[len(values) // 2 :]
        if len(half) < 2 * FEWEST:
            continue
        low, high = np.quantile(half, [0.05, 0.95])
        # A slow drift is no oscillation: the trend is subtracted first.
        places = np.arange(len(half))
        detrended = np.array(half) - np.polyval(np.polyfit(places, half, 1), places)
        if np.subtract(*np.quantile(detrended, [0.95, 0.05])) >= SWING:
            title = quantity_of(name).title
            words = f"{title} still moved between {low:.2f} and {high:.2f} in the last half"
            return "oscillates", f"The networks did not settle: {words[0].lower()}{words[1:]}."
    return None


_CHECKS = (_diverged, _collapsed, _one_sided, _oscillates)


def _outside(drawn: Curves, quantities: Mapping[str, Quantity] | None) -> str:
    """Name the quantities that ended outside their good range."""
    found = []
    for name, value in last_values(drawn).items():
        known = quantity_of(name, quantities)
        if known.good is not None and not known.good[0] <= value <= known.good[1]:
            found.append(f"{known.title[0].lower()}{known.title[1:]} ({value:.3g})")
    return f"Outside the good range at the end: {', '.join(found)}." if found else ""


def last_values(drawn: Curves) -> dict[str, float]:
    """Return each quantity's value at the end: the median of the last quarter's values.

    Parameters
    ----------
    drawn : Curves
        The recorded curves.

    Returns
    -------
    dict of str to float
        By name; quantities that were never recorded are absent.
    """
    tails = {name: _tail(drawn, name) for name in drawn.series}
    return {name: float(np.median(tail)) for name, tail in tails.items() if tail}


def _tail(drawn: Curves, name: str) -> list[float]:
    values = [value for value in drawn.series.get(name, ()) if value is not None]
    return values[-max(FEWEST, int(TAIL * len(values))) :]


def _share(value: float) -> str:
    return f"{100 * value:.0f}\u00a0%"
