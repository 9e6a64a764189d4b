"""Where a score stands between its floor and its ceiling: the one source of all words about it."""

from __future__ import annotations

from typing import Literal

from lookalike.metrics import Score

__all__ = ["DETECTORS", "Place", "note", "place", "references", "shortfall", "tolerance"]

#: Scores of detectors that see all columns at once.
DETECTORS = ("c2st", "c2st_holdout")
#: By so much a detector's score may differ from another one on as good rows, on any table.
_DETECTION = 0.04
#: The shortest way from floor to ceiling in which a shortfall is measured, as a share of the
#: score's range: a value a little below two references that are nearly the same is no disaster.
_SHORTEST_WAY = 0.1

Place = Literal["unknown", "real", "between", "independent", "unplaced"]


def tolerance(score: Score) -> float:
    """Return by how much a value may differ from that of equally good rows."""
    return max(score.chance, _DETECTION if score.name in DETECTORS else 0.0)


def place(score: Score) -> Place:
    """Say where a score stands.

    Parameters
    ----------
    score : Score
        Any score.

    Returns
    -------
    str
        ``"unknown"``: the value or a reference is missing. ``"unplaced"``: independent columns get
        as much as real rows, so that there is no place between them. ``"real"``: the value is that
        of real rows, but for chance. ``"independent"``: it is no better than that of independent
        columns. ``"between"``: neither.

    Examples
    --------
    >>> place(Score("trend", 0.8, ceiling=1.0, floor=0.7, direction="higher", low=0, high=1))
    'between'
    """
    if score.gap is None or score.way is None:
        return "unknown"
    if not score.bracketed:
        return "unplaced"
    if score.gap <= tolerance(score) + 1e-9:
        return "real"
    return "independent" if score.gap >= score.way else "between"


def shortfall(score: Score) -> float | None:
    """Return how far a value is from its ceiling, as a share of the way from the floor.

    Parameters
    ----------
    score : Score
        Any score.

    Returns
    -------
    float or None
        0 where the value is that of real rows, but for chance; None where a part is missing. The
        way is taken to be a tenth of the score's range or more.

    Examples
    --------
    >>> score = Score("trend", 0.9, ceiling=1.0, floor=0.8, direction="higher", low=0, high=1)
    >>> round(shortfall(score), 6)
    0.5
    """
    if score.gap is None or score.way is None:
        return None
    if score.gap <= tolerance(score):
        return 0.0
    return score.gap / max(score.way, _SHORTEST_WAY * (score.high - score.low))


def note(score: Score) -> str:
    """Say what a score's place means where a bar would not say it, as a sentence; or nothing."""
    where = place(score)
    if where == "independent":
        return "No better than independent columns."
    if where != "unplaced":
        return ""
    alike = "Independent columns get as much as real rows, but for chance"
    if shortfall(score):
        return f"{alike}; the synthetic rows get less than both."
    return f"{alike}: there is no place between them."


def references(holdout_rows: int | None) -> dict[str, str]:
    """Say what ceilings and floors are measured on.

    Parameters
    ----------
    holdout_rows : int or None
        The count of held-out rows, None where none were given.

    Returns
    -------
    dict of str to str
        Of ``"ceiling"`` and ``"floor"``, which rows stand in the place of the synthetic ones.
    """
    real = "one random half of the real rows, against the other half: no rows were held out"
    if holdout_rows is not None:
        real = f"the {holdout_rows:,} held-out real rows"
    return {"ceiling": real, "floor": "the same rows, each of their columns shuffled on its own"}
