"""The residual risk of an attack beyond its control."""

from __future__ import annotations

from math import hypot

from lookalike._core.intervals import ShareEstimate
from lookalike.privacy._attack_results import RiskEstimate

__all__ = ["estimated"]


def estimated(
    attack: str,
    variant: str,
    success: ShareEstimate,
    control: ShareEstimate,
    baseline: ShareEstimate,
    secret: str = "",
) -> RiskEstimate:
    """Return the residual risk (s − c) / (1 − c) of a success s beside a control c.

    Its interval combines the exact ones of both shares, as if they were independent (the square
    roots of summed squares of their distances, each times the slope of the risk).

    Parameters
    ----------
    attack, variant, secret : str
        As of `RiskEstimate`.
    success, control, baseline : ShareEstimate
        The shares of right guesses.

    Returns
    -------
    RiskEstimate
    """
    s, c = success.value, control.value
    if c >= 1:  # everybody is found out, learned or not
        return RiskEstimate(attack, variant, secret, success, control, baseline, 0.0, 0.0, 0.0)
    risk = (s - c) / (1 - c)
    of_s, of_c = 1 / (1 - c), (1 - s) / (1 - c) ** 2
    low = risk - hypot(of_s * (s - success.low), of_c * (control.high - c))
    high = risk + hypot(of_s * (success.high - s), of_c * (c - control.low))
    low, high = max(low, -1.0), min(high, 1.0)
    return RiskEstimate(attack, variant, secret, success, control, baseline, risk, low, high)
