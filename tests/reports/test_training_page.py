"""The page of a run of training, and the section on the page of an evaluation."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from lookalike._core.errors import OutputError
from lookalike.reports import Curves, Evaluation, Mark, Quantity, curves, training_page
from lookalike.reports._training_page import MOST_EVENTS, training_parts
from lookalike.reports._training_words import quantity_of
from lookalike.training import Event, History
from lookalike.training.monitors import MONITORS

VOID = {"meta", "br"}


class Tags(HTMLParser):
    """Complains where tags do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def history() -> History:
    names = [measure.name for kind in MONITORS.values() for measure in kind.measures]
    rows = [
        {"step": 10.0 * i, **dict.fromkeys(names, 0.5 + 0.01 * (i % 5)), "held_out": 0.8}
        for i in range(1, 30)
    ]
    found = History(rows, "all 290 steps <were> played")
    found.events.append(Event(100, "remedy", "it <b>collapsed</b> at step 120"))
    return found


@pytest.fixture(scope="module")
def brief() -> History:
    """Return a record of one measure, whose page is soon drawn."""
    return History([{"step": 10.0 * i, "loss_generator": 0.5 + 0.1 * i} for i in range(1, 5)])


def test_the_page_is_complete_and_shows_every_figure(history: History) -> None:
    text = training_page(history, facts={"rows": "1,047"})
    page = Tags(text)
    assert text.count("<svg") == 4
    assert "http" not in text
    assert not re.search(r"<script|<link|<img|url\((?!#)", text)
    for words in ("Learning rates", "Measurements of the monitors", "1,047", "290", "remedy"):
        assert words in page.text
    assert "<b>collapsed" not in text
    assert "steps <were>" not in text
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert training_page(history, facts={"rows": "1,047"}) == text


def test_an_old_record_is_a_page_that_says_what_is_missing() -> None:
    rows = [{"step": i, "loss_generator": 1.0, "loss_discriminator": 0.5} for i in range(9)]
    text = Tags(training_page(rows)).text
    assert "Not recorded: the discriminator’s losses on real and on generated rows" in text
    assert "probabilities, learning rates." in text


@pytest.mark.parametrize("rows", [[], [{"step": 1.0}], [{"step": 1.0, "loss_generator": 0.5}]])
def test_nothing_recorded_is_a_page(rows: list[dict[str, float]]) -> None:
    assert "Too little was recorded" in Tags(training_page(History(rows))).text


def test_it_is_written_whole_or_not_at_all(brief: History, tmp_path: Path) -> None:
    path = tmp_path / "training.html"
    assert path.parent.joinpath("training.html") == path
    assert training_page(brief, path) == path.read_text(encoding="utf-8")
    with pytest.raises(OutputError, match="folder"):
        training_page(brief, tmp_path / "absent" / "training.html")


def test_quantities_of_your_own_have_words_and_a_range(brief: History) -> None:
    rows = [{**row, "mine": 0.2} for row in brief.rows]
    own = {"mine": Quantity("My measure", "How mine it is.", (0.5, float("inf")))}
    text = Tags(training_page(rows, quantities=own)).text
    for words in ("My measure", "How mine it is.", "0.5 or more", "my measure (0.2)"):
        assert words in text
    assert "Mine mine" in Tags(training_page(rows)).text.replace("\n", " ")


def test_every_measure_of_every_monitor_has_words() -> None:
    for kind in MONITORS.values():
        for measure in kind.measures:
            known = quantity_of(measure.name)
            bare = measure.name.replace("_", " ").capitalize()
            assert known.meaning or known.title != bare, f"{measure.name} has no words"
            assert known.flag == (measure.good.startswith("0: ")), measure
            # An axis is held to a range only where it is the measure's own.
            assert known.low in (measure.low, -math.inf), measure
            assert known.high in (measure.high, math.inf), measure
            if known.good is not None:
                assert known.good[0] < measure.high
                assert known.good[1] > measure.low or known.flag


def test_long_lists_of_events_are_cut_and_keep_what_is_rare() -> None:
    marks = tuple(Mark(float(i), "rate", "…") for i in range(500))
    drawn = Curves((1.0, 2.0), {"a": (1.0, 2.0)}, "", (*marks, Mark(250.0, "remedy", "…")))
    parts = training_parts(drawn)
    assert len(parts["events"]) == MOST_EVENTS
    assert [event.kind for event in parts["events"]].count("remedy") == 1
    steps = [event.step for event in parts["events"]]
    assert steps == sorted(steps)
    assert {0.0, 499.0} <= set(steps)
    assert parts["unlisted"] == 501 - MOST_EVENTS


@pytest.mark.slow
def test_an_evaluation_shows_the_run_and_keeps_its_events(
    evaluation: Evaluation, history: History
) -> None:
    from dataclasses import replace

    found = replace(evaluation, summary=replace(evaluation.summary, curves=curves(history)))
    text = found.to_html()
    assert "Measurements of the monitors" in text
    assert "it &lt;b&gt;collapsed" in text
    assert Evaluation.from_json(found.to_json()).to_html() == text


@dataclass
class Record:
    rows: list[dict[str, Any]] = field(default_factory=list)


def test_a_record_without_events_has_no_marks() -> None:
    found = curves(Record([{"step": 1, "loss": 1.0}, {"step": 2, "loss": 1.0}]))
    assert found is not None
    assert (found.marks, found.cut_short, found.stopped) == ((), False, "")


def test_the_share_of_monitors_is_told_where_it_is_known(brief: History) -> None:
    assert "of the time" not in training_page(brief)
    timed = History(brief.rows, training_seconds=8.0, monitor_seconds=0.4)
    assert "5 % of the time" in training_page(timed)


def test_a_film_is_shown_where_there_is_one():
    rows = [{"step": 50, "loss_generator": 0.9}, {"step": 100, "loss_generator": 0.7}]
    text = training_page(rows, film=b"picture")
    assert 'src="data:image/png;base64,cGljdHVyZQ=="' in text
    assert "What was drawn" in text
    assert "What was drawn" not in training_page(rows)
