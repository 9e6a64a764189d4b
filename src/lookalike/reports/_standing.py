"""Where a score stands between its floor and its ceiling."""

from __future__ import annotations

from dataclasses import dataclass

from lookalike.metrics import Score

__all__ = ["Standing", "standing"]

#: The shortest way from floor to ceiling by which a score is judged, as a share of its range.
#: `shape` has nearly the same floor and ceiling, and a value a little below both is no disaster.
SHORTEST_WAY = 0.1


@dataclass(frozen=True)
class Standing:
    """Places on a way that ends at the ceiling, at 1; further on is better.

    Parameters
    ----------
    value : float
        Where the score is.
    floor : float
        Where the floor is: at 0, or nearer to 1 where the two are close to each other.
    """

    value: float
    floor: float


def standing(score: Score) -> Standing | None:
    """Return where a score stands; None where a part is missing.

    Parameters
    ----------
    score : Score
        Any score.

    Returns
    -------
    Standing or None
        The way is at least a tenth of the score's range.

    Examples
    --------
    >>> score = Score("shape", 0.9, ceiling=1.0, floor=0.8, direction="higher", low=0, high=1)
    >>> round(standing(score).value, 6)
    0.5
    """
    if score.value is None or score.ceiling is None or score.floor is None:
        return None
    sign = 1.0 if score.direction == "higher" else -1.0
    gap = sign * (score.ceiling - score.floor)
    way = max(gap, SHORTEST_WAY * (score.high - score.low))
    return Standing(1 - sign * (score.ceiling - score.value) / way, 1 - gap / way)
