"""The page of a verdict says all that a verdict holds, and survives what is missing."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest

from lookalike.experiments import Verdict, boost
from lookalike.models import Independent
from lookalike.reports._verdict_page import verdict_page
from lookalike.reports.figures._arms import Effect, arms_by_model, effects
from lookalike.reports.figures._style import to_svg

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
        shares=(0.5, 1.0),
        replace=True,
        repeats=2,
    )


def test_the_answer_comes_first_and_everything_follows(verdict: Verdict) -> None:
    page = verdict.to_html()
    assert page.index(verdict.answer) < page.index("<table")
    for words in ("boosted +20 %, 50 % kept", "class weights", "Holm", "Independent()"):
        assert words in page
    assert "The model gives no probabilities." in page
    assert page == verdict.to_html()


def test_the_page_is_complete_and_safe(verdict: Verdict) -> None:
    page = verdict_page(verdict, HOSTILE, "1 May")
    assert "<script" not in page
    assert "1 May" in page
    assert not re.search(r'(src|href)="(?!#)', page)
    assert len(set(re.findall(r'\bid="([^"]+)"', page))) == len(re.findall(r'\bid="', page))


def test_figures_of_nothing_and_of_gaps() -> None:
    bars = arms_by_model(["tree"], [("real", "real", {"tree": None})], None)
    rows = effects([Effect("a", "control", 0.0, None, None)], "roc_auc")
    for figure in (bars, rows, effects([], "r2")):
        assert to_svg(figure, label="x", salt="x").startswith("<svg")


def test_worthless_models_are_bars_of_nothing_with_their_number() -> None:
    figure = arms_by_model(["tree"], [("real", "real", {"tree": -3.25})], -0.01)
    assert "-3.250" in to_svg(figure, label="x", salt="x")
