"""Marginals made right after training, by monotone maps that leave rank dependence alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import ndtr

from lookalike.encoding import Z_MAX, EncodedRows
from lookalike.models._sampler import Calibration, Sampler

__all__ = ["calibrate"]

#: Rounds of the fixed-point iteration on level biases; each shrinks the error by an order.
_ROUNDS = 4
#: Knots between ±_TAIL, beyond which too few rows are generated to measure a quantile.
_KNOTS = 512
_TAIL = 3.5
#: No level's bias moves further than this, so that a level the generator never makes is not forced.
_MAX_BIAS = 3.0


def calibrate(sampler: Sampler, encoded: EncodedRows, seed: int, *, blocks: int = 8) -> Calibration:
    """Measure a generator's marginals and return what corrects them.

    Levels: biases b ← b + ln(share in the table / mean generated probability).
    Numbers: the generator's own quantile function is mapped on the normal one, since the
    encoding made every number exactly N(0, 1).

    Parameters
    ----------
    sampler : Sampler
        With a calibration that changes nothing.
    encoded : EncodedRows
        The training rows.
    seed : int
        Of the rows that are generated to measure on.
    blocks : int
        How many blocks of rows are generated.

    Returns
    -------
    Calibration
    """
    sampler = replace(sampler, calibration=_level_biases(sampler, encoded, seed, blocks))
    own, due = _number_knots(sampler, seed, blocks)
    return replace(sampler.calibration, own=own, due=due)


def _level_biases(sampler: Sampler, encoded: EncodedRows, seed: int, blocks: int) -> Calibration:
    calibration = sampler.calibration
    if not sampler.plan.levels:
        return calibration
    due = sampler.plan.level_frequencies(encoded.codes)
    for _ in range(_ROUNDS):
        current = replace(sampler, calibration=calibration)
        mean = (
            sum(current.uncalibrated(seed, number, measure=True)[1] for number in range(blocks))
            / blocks
        )
        step = np.log(np.maximum(due, 1e-7)) - np.log(np.maximum(mean, 1e-7))
        bias = np.clip(calibration.bias + step, -_MAX_BIAS, _MAX_BIAS)
        calibration = replace(calibration, bias=bias.astype(np.float32))
    return calibration


def _number_knots(sampler: Sampler, seed: int, blocks: int) -> tuple[np.ndarray, np.ndarray]:
    """Return for each interval number the knots of its own and of the due quantile function."""
    width = sampler.plan.number_width
    # Knots lie evenly in z, so that the tails are as finely corrected as the middle.
    grid = np.linspace(-_TAIL, _TAIL, _KNOTS)
    due = np.tile(np.concatenate([[-Z_MAX], grid, [Z_MAX]]), (width, 1)).astype(np.float32)
    own = due.copy()
    if not width:
        return own, due
    rows = [sampler.uncalibrated(seed, number)[0].numbers for number in range(blocks)]
    drawn = np.concatenate(rows)
    for k, interval in enumerate(sampler.plan.is_interval):
        present = drawn[drawn[:, k] != 0, k]
        if interval and len(present) > _KNOTS:
            inner = np.quantile(present, ndtr(grid))
            own[k] = np.concatenate([[present.min()], inner, [present.max()]])
    return own, due
