"""The first answers of a page: four numbers, each with its reference and a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lookalike.metrics import Score
from lookalike.reports._standing import capitalised, units_of
from lookalike.reports._summary import Summary
from lookalike.reports._text import shorten
from lookalike.reports._verdict import headline, told_apart, weakest
from lookalike.reports.figures._scores import number

__all__ = ["Tile", "sentence", "tiles"]

#: The words of `told_apart`, in short, and whether they are good news.
_SHORT = {
    "cannot be told from real ones": ("like real", "good"),
    "can hardly be told from real ones": ("nearly like real", "good"),
    "can at times be told from real ones": ("at times told apart", "fair"),
    "can often be told from real ones": ("often told apart", "fair"),
    "can mostly be told from real ones": ("mostly told apart", "poor"),
    "can nearly always be told from real ones": ("nearly always told apart", "poor"),
}
_STANDING = {
    "real": ("as useful as real", "good"),
    "unplaced": ("too little to learn", "none"),
    "independent": ("no better than independent", "poor"),
    "between": ("less useful than real", "fair"),
}


@dataclass(frozen=True)
class Tile:
    """One answer in a number and a word.

    Parameters
    ----------
    title : str
        What is asked.
    value : str
        The number, or a dash.
    word : str
        The answer.
    reference : str
        The number of real rows, in words; or the reason why there is none.
    tone : {"good", "fair", "poor", "none"}
        Whether the answer is good news.
    anchor : str
        The section of the page with the details.
    """

    title: str
    value: str
    word: str
    reference: str
    tone: str
    anchor: str


def tiles(scores: Mapping[str, Score], summary: Summary) -> list[Tile]:
    """Return the answers on fidelity, utility, privacy and help, in this order.

    Parameters
    ----------
    scores : mapping of str to Score
    summary : Summary

    Returns
    -------
    list of Tile
        A tile of something that was not measured says so, and how to measure it.
    """
    return [_fidelity(scores), _utility(scores), _privacy(scores), _help(summary)]


def sentence(scores: Mapping[str, Score], summary: Summary) -> str:
    """Return the answer on fidelity in at most 15 words, with the weakest point.

    Parameters
    ----------
    scores : mapping of str to Score
    summary : Summary

    Returns
    -------
    str
    """
    score = headline(scores)
    units = units_of(summary)
    if score is None:
        return f"No detector judged these {units}."
    words = f"{capitalised(units)} {told_apart(score)}"
    name = weakest(scores)
    if name is None or (scores[name].shortfall or 0.0) <= _SMALL:
        return f"{words}."
    title = scores[name].words.title
    whole = f"{words}; weakest: {title[:1].lower()}{title[1:]}."
    return whole if len(whole.split()) <= _MOST_WORDS else f"{words}."


#: A shortfall up to this is not called a weakness.
_SMALL = 0.05
_MOST_WORDS = 15


def _beside(score: Score) -> str:
    parts = [
        f"{word} {number(value)}"
        for word, value in (("real", score.ceiling), ("independent", score.floor))
        if value is not None
    ]
    return " · ".join(parts)


def _fidelity(scores: Mapping[str, Score]) -> Tile:
    score = headline(scores)
    if score is None or score.value is None:
        return Tile("Fidelity", "–", "not measured", "no detector was computed", "none", "scores")
    word, tone = _SHORT[told_apart(score)]
    if score.standing == "unplaced":
        word, tone = "nothing to tell apart", "none"
    return Tile("Fidelity", number(score.value), word, _beside(score), tone, "scores")


def _utility(scores: Mapping[str, Score]) -> Tile:
    found = [s for s in scores.values() if s.words.group == "use" and s.words.role == "judged"]
    if not found:
        return Tile("Utility", "–", "not measured", "needs a target column", "none", "scores")
    score = found[0]
    if score.value is None:
        reason = shorten((score.reason or "").rstrip("."), 60)
        return Tile("Utility", "–", "not measured", reason, "none", "use")
    word, tone = _STANDING.get(score.standing, ("no reference", "none"))
    return Tile("Utility", number(score.value), word, _beside(score), tone, "use")


def _privacy(scores: Mapping[str, Score]) -> Tile:
    found = [s for s in scores.values() if s.words.group == "privacy" and s.value is not None]
    if not found:
        word = "smoke tests not run"
        return Tile("Privacy", "–", word, "see lookalike audit", "none", "scores")
    warned = [score for score in found if score.warning]
    score = (warned or found)[-1]
    beside = f"{score.words.title.lower()}"
    if score.ceiling is not None:
        beside += f" · unseen real rows {number(score.ceiling)}"
    # Tests that find nothing prove nothing: the tone is never "good".
    word, tone = ("rows leak", "poor") if warned else ("no gross fault, no proof", "fair")
    return Tile("Privacy", number(score.value), word, beside, tone, "privacy")


def _help(summary: Summary) -> Tile:
    target = "COL" if summary.target is None else shorten(summary.target, 20)
    command = f"lookalike boost DATA --target {target}"
    return Tile("Does it help a model?", "–", "not measured here", command, "none", "scores")
