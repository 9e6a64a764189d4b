"""``lookalike fit --html``: how training went, as a page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lookalike as la
from lookalike.cli._fit import write_page

Run = Callable[..., Any]

pytestmark = pytest.mark.train


def test_fit_writes_how_training_went(run: Run, csv: Path, small: list[str]) -> None:
    model, page = csv.with_name("m.lookalike"), csv.with_name("training.html")
    result = run("fit", csv, "-o", model, *small, "--seed", 3, "--html", page)
    assert result.code == 0
    assert f"wrote {page}" in result.err
    text = page.read_text(encoding="utf-8")
    assert "<dd>120</dd>" in text
    assert "all 8 steps were completed" in text or "Too little was recorded" in text


def test_the_page_can_go_to_standard_output(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_page(la.load(trained), "-")
    found = capsys.readouterr()
    assert found.out.startswith("<!DOCTYPE html>")
    assert found.err == ""


def test_the_page_must_not_overwrite_the_data_or_the_model(
    run: Run, csv: Path, small: list[str]
) -> None:
    model = csv.with_name("m.lookalike")
    for path in (csv, model):
        result = run("fit", csv, "-o", model, *small, "--html", path)
        assert result.code == 2
        assert "must not overwrite" in result.err
