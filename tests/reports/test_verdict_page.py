"""The page of a verdict says all that a verdict holds, and survives what is missing."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from lookalike.experiments import Verdict, boost
from lookalike.models import Independent
from lookalike.reports import verdict_page
from lookalike.reports._verdict_page import _failures
from lookalike.reports.figures import (
    Effect,
    EffectCurve,
    EffectPanel,
    EffectPoint,
    arms_by_model,
    effect_curves,
    effects,
    to_svg,
)
from lookalike.reports.figures._arms import reach

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    """Return the verdict on a small table with a hostile name."""
    rng = np.random.default_rng(0)
    table = pa.table({HOSTILE: rng.normal(size=80), "late": rng.choice(["yes", "no"], 80)})
    return boost(
        table,
        "late",
        synthesizer=Independent(),
        models=["Gaussian naive Bayes", "support vector machine"],
        factors=(0.2, 0.5),
        shares=(0.5, 1.0),
        replace=True,
        repeats=2,
    )


@pytest.fixture(scope="module")
def page(verdict: Verdict) -> str:
    """Return its page."""
    return verdict.to_html()


def test_the_answer_comes_first_and_everything_follows(verdict: Verdict, page: str) -> None:
    shown = page.replace("\u00a0", " ")
    assert shown.index('class="tiles"') < shown.index(verdict.answer) < shown.index("<table")
    for words in ("boosted +20 %, 50 % kept", "class weights", "Holm", "Independent()"):
        assert words in page
    assert "The model gives no probabilities." in page
    assert page == verdict.to_html() == Verdict.from_json(verdict.to_json()).to_html()


def test_every_word_names_what_it_compares_with(verdict: Verdict, page: str) -> None:
    arms, statistics = page.split('id="statistics"')
    for one in verdict.statistics:
        assert f'<td class="words">{one.words}</td>' in statistics
    for row in verdict.table:
        for one in filter(None, (row.real, row.control)):
            assert f'<td class="n">{one.found}</td>' in arms
        assert f'<td class="words">{row.word or ""}</td>' in arms
    assert "harms" not in statistics


def test_what_was_done_is_told(page: str) -> None:
    page = re.sub(r"\s+", " ", page)
    for words in (
        "Design: 20 %, 50 % more rows; 50 %, 100 % of the training rows kept; synthetic rows "
        "alone: yes; cheap controls: yes.",
        "(continuous)",
        "With 50 % kept: 64 training rows in each split, 32 of them kept; 16 were held out.",
        "0.1 standard deviations of the training rows",
        "one of its 5 nearest",
    ):
        assert words in page


def test_failures_stand_together_with_their_counts(verdict: Verdict) -> None:
    rows = {(row.arm, row.factor, row.share) for row in verdict.table}
    (found,) = _failures(verdict)
    assert found.arms == ["every arm"]
    assert (found.model, found.metrics) == ("support vector machine", ["log_loss"])
    assert found.numbers == 2 * len(rows)
    some = [
        replace(one, value=None, reason="why") if (one.arm, one.share) == ("SMOTE", 1.0) else one
        for one in verdict.records
        if one.reason is None
    ]
    some = [one for one in some if one.model != "naive baseline"]
    found = _failures(replace(verdict, records=tuple(some)))
    assert {tuple(one.arms) for one in found} == {("SMOTE",)}
    assert sum(one.numbers for one in found) == sum(one.reason is not None for one in some)
    assert "why" in replace(verdict, records=tuple(some)).to_html()


def test_every_number_of_the_table_is_on_the_page(verdict: Verdict, page: str) -> None:
    for row in verdict.table:
        for one in (row.real, row.control):
            assert one is None or one.interval in page
    assert verdict.outlook in page.replace("\u00a0", " ")


def test_curves_over_factors_and_shares(page: str) -> None:
    for words in ("By the number of added rows", "By the share of training rows kept"):
        assert words in page
    pattern = r'aria-label="Differences of roc_auc to real rows by the (\S+) (.*?)</svg>'
    figures = re.findall(pattern, page, re.DOTALL)
    assert [what for what, _ in figures] == ["rows", "training", "training"]
    for words in ("50 % of the training rows kept", "+20 %", "jitter", "class weights"):
        assert words in figures[0][1]
    assert "50 % more rows" in figures[1][1]
    assert "replaced" in figures[2][1]
    assert "replaced" not in figures[0][1] + figures[1][1]


def test_no_curve_through_one_point(verdict: Verdict) -> None:
    few = tuple(row for row in verdict.table if row.factor in (0, 0.2) and row.share == 1)
    page = replace(verdict, table=few).to_html()
    assert "More rows, fewer rows" not in page


def test_the_page_is_complete_and_safe(verdict: Verdict) -> None:
    page = verdict_page(verdict, title=HOSTILE, date="1 May")
    assert page.count("<script") == 1  # its own
    assert "<script>alert" not in page
    assert "1 May" in page
    assert not re.search(r'(src|href)="(?!#)', page)
    assert len(set(re.findall(r'\bid="([^"]+)"', page))) == len(re.findall(r'\bid="', page))


def test_figures_of_nothing_and_of_gaps() -> None:
    bars = arms_by_model(["tree"], [("real", "real", {"tree": None})], None)
    rows = effects([Effect("a", "control", 0.0, None, None)], "roc_auc")
    panel = EffectPanel("", [EffectCurve("a", "control", [EffectPoint(None, 0.1, None, None)])])
    curves = effect_curves([panel], "r2", "factor")
    for figure in (bars, rows, curves, effects([], "r2"), effect_curves([], "r2", "share")):
        assert to_svg(figure, label="x", salt="x").startswith("<svg")


def test_curves_stand_at_their_places() -> None:
    points = [
        EffectPoint(at, value, value - 0.1, value + 0.1) for at, value in ((1, 0.2), (9, 0.3))
    ]
    aside = EffectCurve("b", "control", [EffectPoint(None, -0.1, -0.2, 0.0)])
    panel = EffectPanel("title", [EffectCurve("a", "synthetic", points), aside])
    figure = effect_curves([panel, panel], "r2", "factor")
    assert len(figure.axes) == 2
    axes = figure.axes[0]
    lines = {str(line.get_label()): line for line in axes.lines}
    assert lines["a"].get_ydata().tolist() == [0.2, 0.3]
    assert lines["a"].get_xdata() == pytest.approx([0, 1], abs=0.05)
    assert lines["b"].get_xdata()[0] > 1
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["+100 %", "+900 %"]
    low, high = axes.get_ylim()
    assert low < -0.2
    assert high > 0.4


def test_an_axis_holds_all_differences_and_the_usual_intervals() -> None:
    usual = [(value - 1.0, value, value + 1.0) for value in (0.0, 1.0, 7.0)]
    low, high = reach([*usual, (-900.0, 0.0, 900.0)])
    assert -6 < low < -1
    assert 8 < high < 10
    assert reach([(None, 0.0, None)]) == (-1.0, 1.0)


def test_worthless_models_are_bars_of_nothing_with_their_number() -> None:
    figure = arms_by_model(["tree"], [("real", "real", {"tree": -3.25})], -0.01)
    assert "-3.250" in to_svg(figure, label="x", salt="x")
