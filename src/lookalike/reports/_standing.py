"""Sentences on a score's standing, and on what its references are measured."""

from __future__ import annotations

from lookalike.metrics import Score

__all__ = ["note", "references"]


def note(score: Score) -> str:
    """Say what a score's standing means where a bar would not say it, as a sentence; or nothing."""
    if score.standing == "independent":
        return "No better than independent columns."
    if score.standing != "unplaced":
        return ""
    alike = "Independent columns get as much as real rows, but for chance"
    if score.shortfall:
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
