"""The page: complete in itself, escaped, well-formed, the same on every run."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from lookalike._core.errors import OutputError
from lookalike.metrics import Score
from lookalike.reports import Evaluation, _html

VOID = {"meta", "br", "link", "img", "input", "hr", "col"}


class Page(HTMLParser):
    """Collects what a page is made of, and complains where tags do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def html(evaluation: Evaluation) -> str:
    return evaluation.to_html()


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_it_is_well_formed(page: Page) -> None:
    assert page.open == []


def test_it_refers_to_nothing_outside(html: str, page: Page) -> None:
    assert "http" not in html.replace("http-equiv", "")
    assert not {tag for tag, _ in page.tags} & {"link", "iframe", "object", "embed"}
    for tag, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "action", "srcset"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:image/png;base64,")), (tag, value)
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"url\((?!#)|@import|@font-face", html)


def test_its_only_script_is_its_own_small_and_permitted_by_its_digest(html: str) -> None:
    (source,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert len(source) < 15_000
    found = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    assert (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{found}'"
        in html
    )
    assert not re.search(r"fetch|XMLHttp|innerHTML|eval|import\(", source)


def test_the_first_screen_has_four_answers_and_a_short_sentence(html: str) -> None:
    words = re.findall(r'<p class="verdict">(.*?)</p>', html)
    assert len(words) == 1
    assert len(words[0].split()) <= 15
    titles = re.findall(r'<li class="(?:good|fair|poor|none)"><a href="#\w+">(.*?)</a>', html)
    assert titles == ["Fidelity", "Utility", "Privacy", "Does it help a model?"]


def test_contents_lead_to_every_section(html: str, page: Page) -> None:
    linked = re.findall(r'<li><a href="#(\w+)">', html)
    headed = re.findall(r'<h2 id="(\w+)">', html)
    assert set(linked) <= set(headed)
    assert {"scores", "columns", "together", "view", "rows", "statistics", "table"} <= set(linked)


@pytest.mark.parametrize(("value", "place"), [(0.1, "0.00"), (0.625, "0.50"), (0.99, "1.00")])
def test_places_are_between_0_and_1(evaluation: Evaluation, value: float, place: str) -> None:
    scores = {"x": Score("x", value, 0.95, 0.3, "higher", 0, 1)}
    html = replace(evaluation, scores=scores).to_html()
    assert re.findall(r'data-label="place"><strong>(.*?)</strong>', html) == [place]
    assert f"<span>{value:.3f}</span>" in html


def test_headings_are_in_order_and_controls_are_labelled(html: str, page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    inputs = [a["id"] for tag, a in page.tags if tag == "input"]
    labels = [a["for"] for tag, a in page.tags if tag == "label"]
    assert inputs == labels == ["find"]
    assert html.startswith("<!DOCTYPE html>\n<html lang=")


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2)."""

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_text_stands_out_from_the_page_in_light_and_dark(html: str) -> None:
    themes = re.findall(r":root \{(.*?)\}", html, re.DOTALL)
    assert len(themes) == 3
    for theme in themes:
        colours = dict(re.findall(r"--(\w+): (#\w{6})", theme))
        for ground in ("page", "card"):
            for ink in ("ink", "muted", "warn", "link"):
                assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
            for ink in ("real", "synthetic", "good", "fair", "poor"):
                assert contrast(colours[ink], colours[ground]) >= 3, (ink, ground)


def test_names_are_escaped_and_kept_whole_in_titles(
    evaluation: Evaluation, html: str, page: Page
) -> None:
    assert html.count("<script") == 1
    assert "<b>bold" not in html
    titles = {attributes.get("title") for _, attributes in page.tags}
    assert {row.column for row in evaluation.summary.columns} <= titles
    assert "x" * 60 not in page.text


def test_ids_are_unique_and_references_have_targets(html: str, page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    used = re.findall(r'(?:href="#|url\(#)([^")]+)', html)
    assert set(used) <= set(ids)


def test_every_figure_is_labelled(page: Page) -> None:
    labels = [a.get("aria-label") for tag, a in page.tags if tag == "svg"]
    assert len(labels) >= 10
    assert all(labels)


def test_it_says_what_it_is_about(evaluation: Evaluation, page: Page) -> None:
    for words in (
        "120",
        "60",
        "5 of 6",
        "Where it is worst",
        "Columns in pairs",
        "Columns that reveal synthetic rows",
        "Each model",
        "does not prove",
        "exact copies among 120 rows",
        "Training",
        "Seed 3",
    ):
        assert words in page.text, words
    first = evaluation.verdict.split(". ")[0]
    assert first in page.text


def test_it_is_the_same_on_every_run_and_small(evaluation: Evaluation, html: str) -> None:
    assert evaluation.to_html() == html
    assert len(html) < 500_000


def test_title_and_date_are_printed_escaped(evaluation: Evaluation) -> None:
    text = evaluation.to_html(title="<i>mine</i>", date="22 Nov & later")
    assert "&lt;i&gt;mine&lt;/i&gt;" in text
    assert "22 Nov &amp; later" in text


def test_only_the_worst_of_many_columns_are_drawn(
    evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_html, "MOST_MARGINALS", 4)
    many = 9
    one = evaluation.summary.marginals[0]
    row = next(r for r in evaluation.summary.columns if r.column == one.column)
    summary = replace(
        evaluation.summary,
        marginals=tuple(replace(one, column=f"c{i}") for i in range(many)),
        columns=tuple(replace(row, column=f"c{i}") for i in range(many)),
    )
    text = replace(evaluation, summary=summary).to_html()
    assert "These are the 4 worst of 9 columns" in text
    assert text.count("Distribution of") == 4


def test_an_evaluation_of_nothing_is_a_page(evaluation: Evaluation) -> None:
    scores = {"shape": Score("shape", None, None, None, "higher", 0, 1, "No column <is> there.")}
    empty = evaluation.summary.associations
    summary = replace(
        evaluation.summary,
        columns=(),
        marginals=(),
        associations=replace(empty, columns=(), real=(), synthetic=(), scores={}),
        importances=(),
        curves=None,
        holdout_rows=None,
        target=None,
    )
    text = Evaluation(scores, summary).to_html()
    assert Page(text).open == []
    assert "No column &lt;is&gt; there." in text
    assert "none given" in text


def test_it_is_written_whole_or_not_at_all(evaluation: Evaluation, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    text = evaluation.to_html(path)
    assert path.read_text(encoding="utf-8") == text
    with pytest.raises(OutputError, match="folder"):
        evaluation.to_html(tmp_path / "absent" / "report.html")
