"""Sentences on a score's standing, and on the rows of its references."""

from __future__ import annotations

from lookalike.metrics import Score

__all__ = ["note", "references"]


def note(score: Score) -> str:
    """Explain a score's standing in a sentence where a bar would not show it."""
    if score.standing == "independent":
        return "No better than independent columns."
    if score.standing != "unplaced":
        return ""
    alike = "Independent columns get as much as real rows, but for chance"
    if score.shortfall:
        return f"{alike}; the synthetic rows get less than both."
    return f"{alike}: there is no place between them."


def references(holdout_rows: int | None) -> dict[str, str]:
    """Describe the rows on which ceilings and floors are measured.

    Parameters
    ----------
    holdout_rows : int or None
        The number of held-out rows, None where none were given.

    Returns
    -------
    dict of str to str
        For ``"ceiling"`` and ``"floor"``, the rows that take the place of the synthetic ones.
    """
    real = "one random half of the real rows, against the other half: no rows were held out"
    if holdout_rows is not None:
        real = f"the {holdout_rows:,} held-out real rows"
    return {"ceiling": real, "floor": "the same rows, each of their columns shuffled on its own"}
