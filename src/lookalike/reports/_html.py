"""An evaluation as one page: everything is in the file, and nothing is fetched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from markupsafe import Markup

from lookalike.encoding import columns_by_origin
from lookalike.metrics import Details, ModelDetails, Score
from lookalike.reports import figures
from lookalike.reports._marginals import say
from lookalike.reports._standing import note, references, units_of
from lookalike.reports._summary import Histogram, Marginal, SequenceSummary, Summary
from lookalike.reports._template import environment, picture
from lookalike.reports._text import shorten
from lookalike.reports._tiles import sentence, tiles
from lookalike.reports._training_page import training_parts
from lookalike.reports._training_verdict import judge
from lookalike.reports._verdict import verdict
from lookalike.reports.figures._correlation_differences import SCORE as CORRELATIONS
from lookalike.reports.figures._heatmaps import MOST_COLUMNS
from lookalike.reports.figures._scores import number

__all__ = ["page"]

#: The number of columns that are drawn, the worst first; the table lists all.
MOST_MARGINALS = 60
MOST_PAIRS = 15
_MEASURES = {"auc": "ROC AUC", "r2": "R²"}


def page(scores: Mapping[str, Score], summary: Summary, title: str, date: str | None) -> str:
    """Write an evaluation as HTML.

    Parameters
    ----------
    scores : mapping of str to Score
        The scores of the evaluation, by name.
    summary : Summary
        The other contents of the page.
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
            references=references(summary),
            partial_pairs=_partial_pairs(scores),
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
            tiles=tiles(scores, summary),
            sentence=sentence(scores, summary),
            anchors=_anchors(scores, summary),
            grids=_grids(summary),
            view=_view(summary),
            distances=_distances(summary),
            words=columns_by_origin(
                (shorten(one.column, 24), one.word) for one in summary.origins if one.word
            ),
            correlations=_correlations(summary),
            sequences=summary.sequences,
            units=units_of(summary),
            followed=None if summary.sequences is None else _followed(summary.sequences),
            judgement=judge(summary.curves),
            training=None if summary.curves is None else training_parts(summary.curves),
        )
    )


def _groups(scores: Mapping[str, Score]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {"likeness": [], "use": [], "privacy": []}
    for score in scores.values():
        words = score.words
        entry = {"score": score, "words": words, "bar": None, "note": "", "place": "–"}
        if words.group != "privacy" and words.role != "reference":
            entry["note"] = note(score)
            if score.position is not None:
                # Beyond both ends a place means nothing.
                entry["place"] = f"{min(max(score.position, 0.0), 1.0):.2f}"
                entry["bar"] = _bar(score, words.title)
        groups[words.group].append(entry)
    return groups


def _partial_pairs(scores: Mapping[str, Score]) -> Details | None:
    """Return the details of a score of only a part of the pairs, if there is one."""
    found = (score.details for score in scores.values())
    return next((d for d in found if (d.pairs_seen or 0) < (d.pairs_in_all or 0)), None)


def _bar(score: Score, title: str) -> Markup:
    label = f"{title}: {number(score.value)}, between {number(score.floor)} and "
    salt = f"score-{score.name}"
    return picture(partial(figures.score_bar, score), label + number(score.ceiling), salt)


def _batteries(scores: Mapping[str, Score]) -> list[ModelDetails]:
    """Return the results of models trained on synthetic and on real rows, or nothing."""
    found = {
        score.words.role: score.details
        for score in scores.values()
        if isinstance(score.details, ModelDetails) and score.value is not None
    }
    both = [found.get("judged"), found.get("reference")]
    return [one for one in both if one is not None] if None not in both else []


def _models(scores: Mapping[str, Score]) -> list[dict[str, Any]]:
    """Return the score of each model trained on synthetic and on real rows."""
    results = [{one.model: one.headline for one in of.models} for of in _batteries(scores)]
    if not results:
        return []
    synthetic, real = results
    return [
        {"name": n, "synthetic": v, "real": real[n], "difference": v - real[n]}
        for n, v in synthetic.items()
        if n in real
    ]


def _measure(scores: Mapping[str, Score]) -> str:
    """Return the measure of `_models`."""
    found = [_MEASURES[of.headline] for of in _batteries(scores)]
    return found[0] if found else ""


def _card(drawn: Marginal, summary: Summary, place: int) -> dict[str, Any]:
    row = next(row for row in summary.columns if row.column == drawn.column)
    label = f"Distribution of {shorten(drawn.column, 60)} in the real and the synthetic table"
    return {
        "row": row,
        "svg": picture(partial(figures.marginal, drawn), label, f"column-{place}"),
        "note": drawn.note,
        "bins": None if drawn.histogram is None else _bins(drawn.histogram),
    }


def _bins(drawn: Histogram) -> str:
    """Return a histogram's bins as the page's script reads them."""
    edges = [say(edge, drawn.axis) for edge in drawn.edges]
    shares = {
        name: [round(share, 4) for share in found]
        for name, found in (("real", drawn.real), ("synthetic", drawn.synthetic))
    }
    return json.dumps({"edges": edges, **shares}, separators=(",", ":"), ensure_ascii=False)


def _anchors(scores: Mapping[str, Score], summary: Summary) -> dict[str, str]:
    """Return the sections of the page, by their ids, in order."""
    groups = {score.words.group for score in scores.values()}
    sections = {
        "scores": ("Scores", True),
        "order": ("Order of events", summary.sequences is not None),
        "columns": ("Columns", bool(summary.marginals)),
        "together": ("Pairs", bool(summary.grids)),
        "view": ("All in two dimensions", summary.view is not None),
        "pairs": ("Associations", len(summary.associations.columns) > 1),
        "use": ("Use", "use" in groups),
        "privacy": ("Privacy", "privacy" in groups),
        "share": ("May I share this?", bool(summary.origins)),
        "training": ("Training", summary.curves is not None and bool(summary.curves.steps)),
        "rows": ("Ten rows", bool(summary.sample.rows)),
        "statistics": ("Statistics", bool(summary.statistics)),
        "table": ("All columns", True),
    }
    return {anchor: heading for anchor, (heading, there) in sections.items() if there}


def _grids(summary: Summary) -> list[dict[str, Any]]:
    """Draw the worst pairs of columns."""
    return [
        {
            "name": f"{one.across.name} {one.up.name}",
            "svg": picture(
                partial(figures.grid, one),
                f"{shorten(one.up.name, 60)} by {shorten(one.across.name, 60)}, real and synthetic",
                f"grid-{place}",
            ),
        }
        for place, one in enumerate(summary.grids)
    ]


def _view(summary: Summary) -> Markup | None:
    if summary.view is None:
        return None
    label = "Rows on two principal components, real and synthetic"
    return picture(partial(figures.grid, summary.view), label, "view")


def _distances(summary: Summary) -> dict[str, Any] | None:
    found = summary.distances
    if found is None:
        return None
    label = "Rows by their distance to the nearest learned row, real and synthetic"
    bins = None if found.shares.histogram is None else _bins(found.shares.histogram)
    drawn = picture(partial(figures.marginal, found.shares), label, "distances")
    return {
        "svg": drawn,
        "bins": bins,
        "near": found.near,
        "usually": found.usually,
        "reference": found.reference,
    }


def _worst(summary: Summary) -> Markup | None:
    pairs = summary.associations.pairs()
    if not any("shape" in row.scores for row in summary.columns):
        return None
    label = "The worst columns and the worst pairs of columns"
    return picture(partial(figures.worst, summary.columns, pairs), label, "worst")


def _heatmaps(summary: Summary) -> Markup | None:
    if len(summary.associations.columns) < 2:
        return None
    label = "Associations of each two columns: real, synthetic, and their difference"
    return picture(partial(figures.heatmaps, summary.associations), label, "heatmaps")


def _importances(summary: Summary) -> Markup | None:
    if not summary.importances:
        return None
    label = "The columns that the detector used most"
    return picture(partial(figures.importances, summary.importances), label, "importances")


def _correlations(summary: Summary) -> Markup | None:
    if not any(CORRELATIONS in row.scores for row in summary.columns):
        return None
    label = "The errors of the correlations of each numeric column"
    draw = partial(figures.correlation_differences, summary.columns)
    return picture(draw, label, "correlations")


def _followed(found: SequenceSummary) -> dict[str, Any]:
    """Draw how events follow each other, the worst columns first."""
    label = "in the real and the synthetic table"
    return {
        "courses": [
            {
                "column": one.column,
                "svg": picture(
                    partial(figures.course, one),
                    f"Course, autocorrelation and spectrum of {shorten(one.column, 60)} {label}",
                    f"course-{place}",
                ),
            }
            for place, one in enumerate(found.courses)
        ],
        "transitions": [
            {
                "column": one.column,
                "svg": picture(
                    partial(figures.transitions, one),
                    f"Transitions of {shorten(one.column, 60)} {label}",
                    f"transitions-{place}",
                ),
            }
            for place, one in enumerate(found.transitions)
        ],
        "counts": [
            {
                "name": one.column,
                "svg": picture(
                    partial(figures.marginal, one),
                    f"Distribution of the {one.column} {label}",
                    f"count-{place}",
                ),
                "note": one.note,
            }
            for place, one in enumerate(found.marginals)
        ],
        "families": picture(
            partial(figures.importances, found.families),
            "The families of features that the detector used most",
            "families",
        )
        if found.families
        else None,
    }
