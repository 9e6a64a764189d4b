"""Sentences on a score's standing, and on the rows of its references."""

from __future__ import annotations

from lookalike.metrics import Score
from lookalike.reports._summary import Summary

__all__ = ["capitalised", "note", "references", "units_of"]


def note(score: Score) -> str:
    """Explain a score's standing in a sentence where a bar would not show it."""
    floor = score.words.floor
    if score.standing == "independent":
        return f"No better than {floor}."
    if score.standing != "unplaced":
        return ""
    alike = f"{capitalised(floor)} get as much as the real ones, but for chance"
    if score.shortfall:
        return f"{alike}; the synthetic ones get less than both."
    return f"{alike}: there is no place between them."


def capitalised(words: str) -> str:
    """Return words as the beginning of a sentence."""
    return words[:1].upper() + words[1:]


def units_of(summary: Summary | None) -> str:
    """Return what is compared, in the plural: rows, histories or blocks."""
    if summary is None or summary.sequences is None:
        return "rows"
    return summary.sequences.unit


def references(summary: Summary | None) -> dict[str, str]:
    """Describe the rows on which ceilings and floors are measured.

    Parameters
    ----------
    summary : Summary or None
        The contents of the report; None where no rows were held out.

    Returns
    -------
    dict of str to str
        For ``"ceiling"`` and ``"floor"``, the rows that take the place of the synthetic ones.
    """
    units = units_of(summary)
    held = None if summary is None else summary.holdout_rows
    floor = "the same rows, each of their columns shuffled on its own"
    if summary is not None and summary.sequences is not None:
        held = summary.sequences.holdout_units
        floor = (
            f"the same {units}, their events drawn independently of each other; for scores of "
            "single events, with each column shuffled on its own"
        )
    real = (
        f"one random half of the real {units}, against the other half: no rows were held out"
        if held is None
        else f"the {held:,} held-out real {units}"
    )
    return {"ceiling": real, "floor": floor}
