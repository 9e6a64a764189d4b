"""An evaluation as one page: everything is in the file, nothing is fetched, nothing is run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from lookalike.metrics import Score
from lookalike.reports import figures
from lookalike.reports._standing import standing
from lookalike.reports._summary import Marginal, Summary
from lookalike.reports._template import environment, svg
from lookalike.reports._text import shorten
from lookalike.reports._training_page import training_parts
from lookalike.reports._training_verdict import judge
from lookalike.reports._verdict import verdict
from lookalike.reports._words import words_of
from lookalike.reports.figures._correlation_differences import SCORE as CORRELATIONS
from lookalike.reports.figures._heatmaps import MOST_COLUMNS
from lookalike.reports.figures._scores import number

__all__ = ["page"]

#: So many columns are drawn, the worst first; the table lists all.
MOST_MARGINALS = 60
MOST_PAIRS = 15


def page(scores: Mapping[str, Score], summary: Summary, title: str, date: str | None) -> str:
    """Write an evaluation as HTML.

    Parameters
    ----------
    scores : mapping of str to Score
        The scores of the evaluation, by name.
    summary : Summary
        Everything else to say and draw.
    title : str
        The page's heading.
    date : str or None
        A date to print, as it is; None for none, so that the same evaluation is the same page.

    Returns
    -------
    str
        A whole page without links to other files.
    """
    shown = summary.marginals[:MOST_MARGINALS]
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            title=title,
            date=date,
            # A number and its sign of per cent stay on one line.
            verdict=[part.replace(" %", "\u00a0%") for part in verdict(scores, summary)],
            summary=summary,
            groups=_groups(scores),
            left_out=[row for row in summary.columns if not row.compared],
            column_scores=list(dict.fromkeys(n for row in summary.columns for n in row.scores)),
            worst=_worst(summary),
            marginals=[_card(one, summary, place) for place, one in enumerate(shown)],
            heatmaps=_heatmaps(summary),
            heatmap_columns=MOST_COLUMNS,
            pairs=summary.associations.pairs()[:MOST_PAIRS],
            pair_scores=list(summary.associations.scores),
            importances=_importances(summary),
            models=_models(scores),
            measure=_measure(scores),
            correlations=_correlations(summary),
            judgement=judge(summary.curves),
            training=None if summary.curves is None else training_parts(summary.curves),
        )
    )


def _groups(scores: Mapping[str, Score]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {"likeness": [], "use": [], "privacy": []}
    for score in scores.values():
        words = words_of(score.name)
        entry = {"score": score, "words": words, "bar": None, "found": ""}
        if words.group == "privacy":
            entry["found"] = _found(score)
        elif words.judges and standing(score) is not None:
            entry["bar"] = _bar(score, words.title)
        groups[words.group].append(entry)
    return groups


def _bar(score: Score, title: str) -> Markup:
    label = f"{title}: {number(score.value)}, between {number(score.floor)} and "
    salt = f"score-{score.name}"
    return svg(figures.score_bar(score), label + number(score.ceiling), salt)


def _found(score: Score) -> str:
    """Say what a smoke test found, in a sentence."""
    details = score.details
    if score.value is not None and score.name == "copies":
        return f"{details['exact_rows']:,} exact copies among {details['rows']['exact']:,} rows."
    if score.value is not None and score.name == "membership":
        return (
            f"The strongest attack ({details['strongest']}) finds "
            f"{100 * details['true_positives']:.1f} % of the learned rows where it wrongly accuses "
            f"{100 * details['false_positives']:.0f} % of the others."
        )
    return ""


def _models(scores: Mapping[str, Score]) -> list[dict[str, Any]]:
    """Return what each model reaches after training on synthetic and on real rows."""
    if not all(name in scores and "models" in scores[name].details for name in ("tstr", "trtr")):
        return []
    both = [{m["model"]: m for m in scores[name].details["models"]} for name in ("tstr", "trtr")]
    key = scores["tstr"].details["headline"]
    return [
        {
            "name": name,
            "synthetic": both[0][name][key],
            "real": both[1][name][key],
            "difference": both[0][name][key] - both[1][name][key],
        }
        for name in both[0]
        if name in both[1]
    ]


def _measure(scores: Mapping[str, Score]) -> str:
    """Return what the numbers of `_models` are."""
    key = scores["tstr"].details.get("headline") if "tstr" in scores else None
    return {"auc": "ROC AUC", "r2": "R²"}.get(str(key), "")


def _card(drawn: Marginal, summary: Summary, place: int) -> dict[str, Any]:
    row = next(row for row in summary.columns if row.column == drawn.column)
    label = f"Distribution of {shorten(drawn.column, 60)} in the real and the synthetic table"
    return {"row": row, "svg": svg(figures.marginal(drawn), label, f"column-{place}")}


def _worst(summary: Summary) -> Markup | None:
    pairs = summary.associations.pairs()
    if not any("shape" in row.scores for row in summary.columns):
        return None
    label = "The worst columns and the worst pairs of columns"
    return svg(figures.worst(summary.columns, pairs), label, "worst")


def _heatmaps(summary: Summary) -> Markup | None:
    if len(summary.associations.columns) < 2:
        return None
    label = "Associations of each two columns: real, synthetic, and their difference"
    return svg(figures.heatmaps(summary.associations), label, "heatmaps")


def _importances(summary: Summary) -> Markup | None:
    if not summary.importances:
        return None
    label = "The columns on which the detector leant most"
    drawn = figures.importances(summary.importances)
    return svg(drawn, label, "importances")


def _correlations(summary: Summary) -> Markup | None:
    if not any(CORRELATIONS in row.scores for row in summary.columns):
        return None
    label = "By how much the correlations of each column of numbers are off"
    return svg(figures.correlation_differences(summary.columns), label, "correlations")
