"""The verdict: two or three sentences that follow from the numbers.

The headline is a detector: it sees all columns at once, where other scores saturate. Of several
with the role ``"headline"`` the worst is taken (that against held-out rows, where rows were
memorised). Its score is converted into a plain probability: that the detector, shown one real and
one synthetic row, picks out the synthetic one. (That is its AUC; 50 in 100 is guessing.) It is
judged by its distance from that of other real rows, the *ceiling*, so that a small or noisy table
is not blamed for a limit that every synthesizer has. The steps are those
of small, medium and large differences of two normal populations (Cohen 1988: d = 0.2, 0.5, 0.8, by
AUC = Φ(d / √2)):

====================  ====================================================
above the ceiling by  synthetic rows can be told from real ones
====================  ====================================================
≤ .02                 not at all (two runs on real rows differ by as much)
≤ .06  (d ≤ 0.2)      hardly
≤ .14  (d ≤ 0.5)      at times
≤ .21  (d ≤ 0.8)      often
≤ .35  (d ≤ 1.5)      mostly
more                  nearly always
====================  ====================================================

In small tables, "not at all" reaches as far as chance does; of histories and blocks, which are
often few, the verdict then says that so few do not decide. Where the detector does not even find
independent columns, the *floor*, beyond chance (few rows, or columns that have nothing to do with
each other), its silence is no praise, and the verdict says so.

The weakest point is, among the other scores, the one that falls farthest short of its ceiling, as
a share of the way from floor to ceiling (see `Score.shortfall`). Less than a twentieth of the way
is not called a weakness. Where it is no better than independent columns, the headline does not say
without reserve that rows cannot be told from real ones; that follows from `Score.standing`.

Each metric has warnings of its own: copies, a membership attack.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lookalike.metrics import Score
from lookalike.reports._standing import capitalised, references, units_of
from lookalike.reports._summary import Summary
from lookalike.reports._text import quoted

__all__ = ["chance", "headline", "told_apart", "verdict", "weakest"]

_NOISE = 0.02
_STEPS = (
    (_NOISE, "cannot be told from real ones"),
    (0.06, "can hardly be told from real ones"),
    (0.14, "can at times be told from real ones"),
    (0.21, "can often be told from real ones"),
    (0.35, "can mostly be told from real ones"),
    (1.0, "can nearly always be told from real ones"),
)
_SMALL = 0.05
#: The units of sequences, of which there are often few, and the difference from which on chance
#: decides instead of the detector.
_OF_SEQUENCES, _DECIDING = ("histories", "blocks"), 0.1


def verdict(scores: Mapping[str, Score], summary: Summary | None = None) -> list[str]:
    """State the meaning of scores in a few sentences.

    Parameters
    ----------
    scores : mapping of str to Score
        Scores by name.
    summary : Summary, optional
        Gives the column, or the pair of columns, of the weakest point.

    Returns
    -------
    list of str
        The detector's success; the weakest point; and warnings, where synthetic rows are copies of
        real ones or reveal training rows.
    """
    worst = weakest(scores)
    doubted = worst is not None and scores[worst].standing == "independent"
    parts = [
        _detection(scores, doubted, units_of(summary)),
        _weakness(scores, worst, summary),
        *(score.warning for score in scores.values()),
        _halves(scores, summary),
    ]
    return [part for part in parts if part]


def chance(value: float) -> float:
    """Return the percentage of pairs in which a detector of this score picks the right row."""
    return 100 * (1 - value / 2)


def _detection(scores: Mapping[str, Score], doubted: bool, units: str) -> str:
    score = headline(scores)
    if score is None:
        headlines = [one for one in scores.values() if one.words.role == "headline"]
        reason = next((f" ({s.reason.rstrip('.')})" for s in headlines if s.reason), "")
        return f"No detector judged the {units} as a whole{reason}."
    words = told_apart(score)
    if doubted and words == _STEPS[0][1]:
        words = f"{words} by a detector, though they are unlike them by another score"
    few = _too_few(score, units)
    if few and words == _STEPS[0][1] and _excess(score) > _NOISE:
        words = "may or may not be like real ones, for there are too few of them to decide"
    beside = ["guessing: 50"]
    if score.ceiling is not None:
        beside.append(f"with other real {units}: {chance(score.ceiling):.0f}")
    if score.floor is not None:
        beside.append(f"with {score.words.floor}: {chance(score.floor):.0f}")
    sentence = (
        f"The synthetic {units} {words}: shown one of each, a detector picks out the synthetic one "
        f"{chance(score.value or 0.0):.0f} times in 100 ({'; '.join(beside)})."
    )
    return sentence + few + _doubt(score)


def _too_few(score: Score, units: str) -> str:
    """Say how large a difference chance could hide; nothing where it is small, or one was found."""
    hidden = score.leeway / 2
    if units not in _OF_SEQUENCES or hidden <= max(_DECIDING, _excess(score)):
        return ""
    return (
        f" So few {units} do not decide: by chance alone, the detector's success may differ by "
        f"{100 * hidden:.0f} in 100."
    )


def headline(scores: Mapping[str, Score]) -> Score | None:
    """Return the score of the detector that succeeds best; None where none was computed.

    Parameters
    ----------
    scores : mapping of str to Score

    Returns
    -------
    Score or None
    """
    found = [one for one in scores.values() if one.words.role == "headline"]
    return max((one for one in found if one.value is not None), key=_excess, default=None)


def told_apart(score: Score) -> str:
    """State a detector's success in words, such as ``"can hardly be told from real ones"``.

    Parameters
    ----------
    score : Score
        Of a detector.

    Returns
    -------
    str
    """
    if _excess(score) <= score.leeway / 2 + 1e-9:
        return _STEPS[0][1]
    return next(words for step, words in _STEPS[1:] if _excess(score) <= step + 1e-9)


def _excess(score: Score) -> float:
    """Return the difference of a detector's AUC from that with real rows."""
    ceiling = 1.0 if score.ceiling is None else score.ceiling
    return (ceiling - (score.value or 0.0)) / 2


def _doubt(score: Score) -> str:
    """Point out that a detector's failure means little, or that nothing was gained."""
    floor = score.words.floor
    if score.standing == "unplaced" or (score.way is not None and score.way <= score.leeway):
        return f" That says little here, for it does not find {floor} either."
    if score.standing == "independent":
        drawn = capitalised(floor.removeprefix("independent "))
        return f" {drawn} drawn independently of each other would do as well."
    return ""


def weakest(scores: Mapping[str, Score]) -> str | None:
    """Return the name of the score that falls farthest short; None where there is none to judge.

    Parameters
    ----------
    scores : mapping of str to Score

    Returns
    -------
    str or None
    """
    short = {
        name: found
        for name, score in scores.items()
        if score.words.role == "judged" and (found := score.shortfall) is not None
    }
    return max(short, key=lambda name: short[name]) if short else None


def _weakness(scores: Mapping[str, Score], name: str | None, summary: Summary | None) -> str:
    if name is None:
        return ""
    score = scores[name]
    if (score.shortfall or 0.0) <= _SMALL:
        return f"No other score falls short of real {units_of(summary)}."
    floor = score.words.floor
    no_better = f", no better than {floor}" if score.standing == "independent" else ""
    return (
        f"The weakest point is {score.words.subject}{no_better}: {name} is {score.value:.3f}, "
        f"where {floor} get {score.floor:.3f} and real {units_of(summary)} {score.ceiling:.3f}"
        f"{_where(score, summary)}."
    )


def _halves(scores: Mapping[str, Score], summary: Summary | None) -> str:
    """Describe the real rows of the ceiling where none were held out."""
    if summary is None or summary.holdout_rows is not None:
        return ""
    if all(score.ceiling is None for score in scores.values()):
        return ""
    return f"Real {units_of(summary)} are here {references(summary)['ceiling']}."


def _where(score: Score, summary: Summary | None) -> str:
    """Name the column, or the pair of columns, where a score is worst."""
    if summary is None:
        return ""
    rows = [row for row in summary.columns if score.name in row.scores]
    if rows:
        pick = min if score.direction == "higher" else max
        return f"; worst in {quoted(pick(rows, key=lambda row: row.scores[score.name]).column)}"
    cells = np.array(summary.associations.scores.get(score.name, ()), dtype=float)
    if not np.isfinite(cells).any():
        return ""
    pair = np.unravel_index(np.nanargmin(cells), cells.shape)
    names = [quoted(summary.associations.columns[place]) for place in pair]
    return f"; worst between {names[0]} and {names[1]}"
