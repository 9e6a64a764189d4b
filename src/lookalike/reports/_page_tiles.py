"""The first answers of all pages but those of evaluations, training and functions.

As on the page of an evaluation: each a number, a word, and what the number is to be read beside.
They read plain attributes: reports do not know the rooms of what they show.
"""

from __future__ import annotations

from typing import Any

from lookalike._core.differences import plain, signed
from lookalike.reports._text import shorten
from lookalike.reports._tiles import Tile
from lookalike.reports.figures._scores import number

__all__ = [
    "audit_tiles",
    "comparison_tiles",
    "database_tiles",
    "pipeline_tiles",
    "stress_tiles",
    "verdict_tiles",
]

_NAIVE = "naive baseline"
_TONES = {"helps": "good", "harms": "poor", "better": "good", "worse": "poor"}
#: Detectability at least this near to real rows, as a share of the way from independent columns.
_NEAR, _FAR = 0.9, 0.5


def verdict_tiles(verdict: Any) -> list[Tile]:
    """Return the answers of a study by `boost`.

    Parameters
    ----------
    verdict : Verdict

    Returns
    -------
    list of Tile
        Do synthetic rows help, also beside a cheap control, would more real rows, and the score
        of the real rows. A tile of what was not compared is left out.
    """
    found, row, name = [], verdict.chief, verdict.metric_name
    if row is not None:
        word = {"no evidence that it helps": "no evidence that they help"}.get(row.word, row.word)
        tone = _TONES.get(row.word, "fair")
        title = f"Synthetic rows ({row.label})"
        found.append(_difference(title, row.real, word, tone, "real rows alone", name))
        if row.control is not None:
            words, tone = row.control.word, _TONES.get(row.control.word, "fair")
            beside = row.control.opponent
            found.append(
                _difference("Beside a cheap control", row.control, words, tone, beside, name)
            )
    fewer = verdict.fewer
    if fewer is not None:
        word = {"worse": "more would probably help", "better": "more may harm"}.get(
            fewer.real.word, "no evidence that more help"
        )
        title = f"Real rows ({100 * fewer.share:g} % of them)"
        found.append(_difference(title, fewer.real, word, "none", "all real rows", name, "curve"))
    found.append(_real(verdict, name))
    return found


def _difference(
    title: str, one: Any, word: str, tone: str, beside: str, metric: str, anchor: str = "arms"
) -> Tile:
    reference = _beside(one.low, one.high, beside, metric)
    return Tile(title, signed(one.difference), word, reference, tone, anchor)


def _beside(low: float | None, high: float | None, beside: str, metric: str) -> str:
    """Return what a difference is read beside: its interval, and against what it is."""
    reach = "no interval"
    if low is not None and high is not None:
        reach = f"95 % CI {signed(low)} to {signed(high)}"
    return f"{metric} · {reach} · against {shorten(beside, 30)}"


def _real(verdict: Any, name: str) -> Tile:
    real = max((row for row in verdict.table if row.role == "real"), key=lambda row: row.share)
    score, naive = real.scores[verdict.metric], real.models.get(_NAIVE)
    whose = "real rows" if real.share == 1 else f"{100 * real.share:g} % of the real rows"
    title = f"{name[:1].upper()}{name[1:]} of {whose}"
    return Tile(
        title,
        number(score),
        f"mean of {len(verdict.facts['models'])} models",
        f"{verdict.facts['repeats']} splits · naive baseline {number(naive)}",
        "none",
        "models",
    )


def pipeline_tiles(report: Any) -> list[Tile]:
    """Return the answers of a pipeline.

    Parameters
    ----------
    report : PipelineReport

    Returns
    -------
    list of Tile
        What refinement gained on the report rows, also over what costs nothing, the changes that
        were kept, and the score of the final rows.
    """
    last, name, tried = report.final, report.metric_name, report.cycles[1:]
    kept = sum(one.kept for one in tried)
    found = []
    if kept and last.report_gain is not None:
        since = (last.report_gain, last.report_low, last.report_high)
        found.append(_gain("Gain of refinement", *since, report.cycles[0].made, name))
        found += [
            _gain("Beside other rows", one.gain, one.low, one.high, one.name, name)
            for one in report.rivals
            if one.gain is not None
        ]
    count = f"of {len(tried)} tried"
    word = "better beyond chance" if kept else "none was better beyond chance"
    found.append(Tile("Changes kept", str(kept), word, count, "fair", "cycles"))
    level = "–" if last.report is None else number(last.report)
    rows = f"{report.facts['report_rows']:,} rows that no cycle has seen"
    title = f"{name[:1].upper()}{name[1:]} at the end"
    found.append(Tile(title, level, "on the report rows", rows, "none", "cycles"))
    return found


def _gain(
    title: str, gain: float, low: float | None, high: float | None, beside: str, metric: str
) -> Tile:
    """Return a gain of the final rows on the report rows: positive is better."""
    tone, word = "fair", "no evidence of a difference"
    if low is not None and high is not None and (low > 0 or high < 0):
        tone, word = ("good", "better") if low > 0 else ("poor", "worse")
    return Tile(title, signed(gain), word, _beside(low, high, beside, metric), tone, "gain")


def comparison_tiles(comparison: Any) -> list[Tile]:
    """Return the answers of a comparison of families.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    list of Tile
        The chosen model's detectability, the spread of all, privacy, and cost.
    """
    winner = comparison.winner
    if winner is None:
        return [Tile("Chosen", "–", "no model could be chosen", "", "poor", "choice")]
    place = _place(winner.report, comparison.floor, comparison.ceiling)
    word, tone = _closeness(place)
    beside = f"real {number(comparison.ceiling)} · independent {number(comparison.floor)}"
    others = [one.report for one in comparison.trials if one.report is not None]
    spread = f"{number(min(others))} to {number(max(others))}" if others else "–"
    seconds = sum(one.seconds or 0.0 for one in comparison.trials)
    return [
        Tile(
            f"Chosen: {shorten(winner.model, 22)}",
            number(winner.report),
            word,
            f"c2st, 1 is best · {beside}",
            tone,
            "choice",
        ),
        Tile("All models", str(len(comparison.trials)), spread, "detectability", "none", "choice"),
        Tile(
            "Privacy",
            "!" if winner.privacy else "–",
            winner.privacy or "no gross fault, no proof",
            "membership and copies of the chosen model",
            "poor" if winner.privacy else "fair",
            "choice",
        ),
        Tile(
            "Fit of the chosen",
            "–" if winner.seconds is None else f"{winner.seconds:.1f} s",
            f"{winner.rows:,} rows",
            f"all fits {seconds:.0f} s",
            "none",
            "cost",
        ),
    ]


def audit_tiles(audit: Any) -> list[Tile]:
    """Return the answers of a privacy audit.

    Parameters
    ----------
    audit : PrivacyAudit

    Returns
    -------
    list of Tile
        Attacks that succeed, membership, repeated rows, and the largest residual risk. No tone is
        ever good: attacks that fail prove nothing.
    """
    best, found = audit.strongest, audit.found
    attacks = len(audit.membership) + len(audit.risks) + 1
    leaking = Tile(
        "Attacks that succeed",
        str(len(found)),
        shorten(found[0], 40) if found else "none, which is no proof",
        f"of {attacks}, each beside its control",
        "poor" if found else "fair",
        "membership",
    )
    member = any(name.startswith("membership") for name in found)
    tiles = [
        leaking,
        Tile(
            "Was this row learned?",
            f"{best.area:.3f}",
            "better than chance" if member else "no better than chance",
            f"AUC · 95 % CI {best.low:.3f} to {best.high:.3f} · chance 0.500",
            "poor" if member else "fair",
            "membership",
        ),
        Tile(
            "Rows repeated",
            f"{100 * audit.copies.value:.1f} %",
            "more than by chance" if "copies of learned rows" in found else "as by chance",
            f"of rows never learned {100 * audit.copies_of_others.value:.1f} %",
            "poor" if "copies of learned rows" in found else "fair",
            "membership",
        ),
    ]
    if audit.risks:
        risk = max(audit.risks, key=lambda one: one.residual)
        name = f"{risk.attack} of {risk.secret}" if risk.secret else risk.attack
        leaks = (f"{risk.attack} of {risk.secret!r}" if risk.secret else risk.attack) in found
        tiles.append(
            Tile(
                "Largest residual risk",
                f"{plain(100 * risk.residual)} %",
                shorten(name, 40),
                f"95 % CI {plain(100 * risk.low)} to {plain(100 * risk.high)} % · control "
                f"{100 * risk.control.value:.1f} %",
                "poor" if leaks else "fair",
                "risks",
            )
        )
    return tiles


def stress_tiles(report: Any) -> list[Tile]:
    """Return the answers of a stress test.

    Parameters
    ----------
    report : StressReport

    Returns
    -------
    list of Tile
        Where the model breaks, and its headline metric at both ends of the dial, beside the
        reference.
    """
    broken, tolerance = report.broken, report.facts["tolerance"]
    at = report.breaks
    tiles, word = [], report.standing
    if word is not None:
        tone = {"holds": "good", "breaks": "poor", "not measured": "none"}.get(word, "fair")
        tiles.append(
            Tile(
                "Breaks at",
                "–" if at is None else f"{at:g}",
                word if broken is None else f"by {broken.metric}",
                f"dial from 0 to 1 · tolerance {tolerance:g}",
                tone,
                "curves",
            )
        )
    if not report.curves or not report.curves[0].points:
        return tiles
    curve = report.curves[0]
    first, last = curve.points[0], curve.points[-1]
    for title, point in (("As they came", first), ("At full strength", last)):
        beside = "" if point.reference is None else f"reference {number(point.reference)}"
        if point.low is not None and point.high is not None:
            beside = f"95 % CI {point.low:.3f} to {point.high:.3f} · {beside}".strip(" ·")
        tiles.append(Tile(title, number(point.value), curve.metric, beside, "none", "scores"))
    excess = last.excess
    lost = "–" if excess is None else signed(-excess)
    reach = (
        "no interval"
        if last.excess_low is None or last.excess_high is None
        else f"95 % CI {signed(-last.excess_high)} to {signed(-last.excess_low)}"
    )
    beyond = "beyond the reference" if report.facts.get("reference") else "since dial 0"
    tone = "poor" if last.significant and (excess or 0.0) > tolerance else "fair"
    tiles.append(Tile("Change at full strength", lost, beyond, reach, tone, "scores"))
    return tiles


def database_tiles(evaluation: Any) -> list[Tile]:
    """Return the answers of an evaluation of a database.

    Parameters
    ----------
    evaluation : DatabaseEvaluation

    Returns
    -------
    list of Tile
        Keys that lead nowhere, then each score beside two halves of the real database and chance.
    """
    lost = sum(evaluation.orphans.values())
    tiles = [
        Tile(
            "Rows that lead nowhere",
            f"{lost:,}",
            "some keys are broken" if lost else "every key leads to a row",
            f"of {len(evaluation.orphans)} foreign key{'s' * (len(evaluation.orphans) != 1)}",
            "poor" if lost else "good",
            "orphans",
        )
    ]
    for score in evaluation.scores.values():
        if score.value is not None:
            word, tone = _closeness(_place(score.value, score.floor, score.ceiling))
            beside = f"real halves {number(score.ceiling)} · chance {number(score.floor)}"
            tiles.append(Tile(score.title, number(score.value), word, beside, tone, score.name))
    return tiles


def _place(value: float | None, floor: float | None, ceiling: float | None) -> float | None:
    """Return the place between floor and ceiling; None where there is none."""
    if value is None or floor is None or ceiling is None or ceiling - floor < 0.01:
        return None
    return (value - floor) / (ceiling - floor)


def _closeness(place: float | None) -> tuple[str, str]:
    if place is None:
        return "no reference", "none"
    if place >= _NEAR:
        return "like real", "good"
    return ("between real and chance", "fair") if place >= _FAR else ("nearer to chance", "poor")
