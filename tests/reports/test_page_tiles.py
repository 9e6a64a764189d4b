"""Every page begins with a few numbers, each beside a reference, and lists its sections."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import lookalike as la
from lookalike.experiments import PipelineRival, boost
from lookalike.reports import evaluate_databases
from lookalike.reports._page_tiles import (
    audit_tiles,
    comparison_tiles,
    database_tiles,
    pipeline_tiles,
    stress_tiles,
    verdict_tiles,
)
from lookalike.reports.figures import CurvePoint, LearningLine, learning_curve

PENGUINS = la.datasets.load("penguins")


def compared() -> Any:
    return la.compare(PENGUINS, ["Independent"], metrics=False)


def studied() -> Any:
    options = {"models": ["decision tree"], "repeats": 2, "controls": False}
    return boost(PENGUINS, "species", synthesizer=la.Independent(), **options)


def audited() -> Any:
    learned, control = la.split(PENGUINS, test=0.5)
    return la.audit(learned, la.Independent(random_state=0).fit(learned).sample(150), control)


def stressed() -> Any:
    step = {"name": "missing", "column": "island", "share": 0.5}
    rows = PENGUINS.dropna()
    return la.stress(
        lambda rows: rows["bill_length_mm"] / 2.5,
        rows, [step], target="bill_depth_mm", repeats=3, dials=(0, 1), reference=False,
    )  # fmt: skip


def databases() -> Any:
    shops = pa.table({"shop": range(40), "city": ["Bonn", "Ulm"] * 20})
    sales = pa.table({"sale": range(80), "shop": [k % 40 for k in range(80)]})
    keys = {"primary_keys": {"shops": "shop", "sales": "sale"}}
    shop = la.Database(
        {"shops": shops, "sales": sales}, **keys, foreign_keys=["sales.shop -> shops.shop"]
    )
    return evaluate_databases(shop, shop)


def refined() -> Any:
    return la.pipeline(
        PENGUINS, target="sex", estimator="logistic regression", cycles=1, splits=3, progress=False
    )


def refined_better() -> Any:
    """Return a report in which a change was kept, and stands beside copies."""
    found = refined()
    gains = {"report": 0.9, "report_gain": 0.1, "report_low": 0.05, "report_high": 0.15}
    rival = PipelineRival("copies", 0.8, 0.8, 0.1, -0.01, 0.2)
    last = replace(found.final, number=1, kept=True, gain=0.1, **gains)
    return replace(found, cycles=(found.cycles[0], last), rivals=(rival,))


@pytest.mark.parametrize(
    ("make", "tiles"),
    [
        (compared, comparison_tiles),
        (studied, verdict_tiles),
        (audited, audit_tiles),
        (stressed, stress_tiles),
        (databases, database_tiles),
        (refined, pipeline_tiles),
        (refined_better, pipeline_tiles),
    ],
    ids=lambda one: one.__name__,
)
def test_a_page_begins_with_answers_and_lists_its_sections(make: Any, tiles: Any) -> None:
    result = make()
    page = result.to_html().replace("\u00a0", " ")
    found = tiles(result)
    assert len(found) >= 2
    head = page[: page.index("<main")]
    for tile in found:
        assert f"<strong>{tile.value}</strong>" in head
        assert tile.word in head
        assert tile.tone in ("good", "fair", "poor", "none")
    ids = re.findall(r'<h2 id="([^"]+)"', page)
    assert re.findall(r'<li><a href="#([^"]+)">', head) == ids
    for anchor in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{anchor}"' in page
    # Whatever lies wide can be reached by the keyboard.
    assert page.count('<div class="scroll"') == page.count('<div class="scroll" tabindex="0"')


def test_the_tiles_of_an_audit_are_never_good() -> None:
    assert "good" not in {tile.tone for tile in audit_tiles(audited())}


def test_a_curve_goes_through_all_real_rows() -> None:
    fewer = LearningLine("real", "real", [CurvePoint(0.3, -0.02, -0.03, -0.01)])
    more = LearningLine("boosted", "synthetic", [CurvePoint(1.2, 0.01, None, None)])
    axes = learning_curve([fewer, more], "ROC AUC").axes[0]
    lines = {str(line.get_label()): line for line in axes.lines}
    assert lines["real"].get_ydata().tolist() == [-0.02, 0.0]
    assert lines["boosted"].get_ydata().tolist() == [0.0, 0.01]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["30 %", "100 %", "120 %"]


def test_differences_have_one_form_on_the_page() -> None:
    verdict = studied()
    tile = verdict_tiles(verdict)[0]
    assert verdict.chief is not None
    assert f"ROC AUC {tile.value}, 95 % CI" in verdict.answer
    frame = pd.DataFrame(verdict.to_frame())
    assert frame["trained on"].tolist()[:3] == ["real, 30 % kept", "real, 60 % kept", "real"]


def test_a_model_holds_only_where_its_answer_says_so() -> None:
    found = stressed()
    curve = found.curves[0]
    worse = [replace(one, excess=0.0, excess_low=-0.5, excess_high=0.5) for one in curve.points]
    unknown = [replace(one, value=None, excess_high=None, reason="none") for one in curve.points]
    for points, words in ((worse, "no break found"), (unknown, "not measured")):
        other = replace(found, curves=(replace(curve, points=tuple(points)),))
        first = stress_tiles(other)[0]
        assert (first.word, first.tone == "good") == (words, False)
    detector = replace(found, facts={**found.facts, "kind": "changes"})
    assert stress_tiles(detector)[0].title == "As they came"


def test_the_tile_of_real_rows_is_of_all_that_there_are() -> None:
    options = {"models": ["decision tree"], "repeats": 2, "controls": False}
    found = boost(PENGUINS, "species", shares=(1.0, 0.3), synthesizer=la.Independent(), **options)
    whole = next(row for row in found.table if row.role == "real" and row.share == 1)
    assert verdict_tiles(found)[-1].value == f"{whole.scores[found.metric]:.3f}"
