"""Results are a line in a terminal, a table in a notebook and a data frame on request."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import lookalike as la
from lookalike._core import tabular
from lookalike._core.tabular import Tabular
from lookalike.training import History

PENGUINS = la.datasets.load("penguins")


class Counts(Tabular):
    """Some lines, with names that are markup."""

    def __init__(self, lines: int) -> None:
        self.lines = lines

    def _headline(self) -> str:
        return "a < b"

    def _frame_columns(self):
        return {
            "<name>": ["<b>"] * self.lines,
            "n": pa.array(range(self.lines)),
            "x": [None] * self.lines,
        }


def test_names_are_escaped_and_long_tables_are_cut():
    page = Counts(45)._repr_html_()
    assert "<b>" not in page
    assert "a &lt; b" in page
    assert "15 more lines" in page
    assert Counts(0)._repr_html_() == "<p>a &lt; b</p>"


@pytest.mark.parametrize(
    ("library", "kind"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame), ("pyarrow", pa.Table)]
)
def test_the_frame_is_of_the_library_that_is_there(library, kind, monkeypatch):
    monkeypatch.setattr(tabular, "best_library", lambda: library)
    frame = Counts(3).to_frame()
    assert isinstance(frame, kind)
    assert len(frame) == 3


def model() -> la.Independent:
    """Return a model that is fitted at once."""
    return la.Independent(random_state=0).fit(PENGUINS)


def evaluation() -> la.Evaluation:
    """Return a few scores."""
    return la.evaluate(PENGUINS, model().sample(100), metrics=["shape", "trend"])


RESULTS = {
    "schema": lambda: la.Schema.infer(PENGUINS),
    "history": lambda: History([{"step": 50.0, "loss": 0.7}], stopped="all steps completed"),
    "no history": lambda: model().history_,
    "evaluation": evaluation,
    "score": lambda: evaluation().scores["shape"],
    "comparison": lambda: la.compare(PENGUINS, ["Independent"], metrics=False),
    "database": lambda: la.Database({"penguins": PENGUINS}),
    "audit": lambda: la.audit(*reversed(la.split(PENGUINS)), la.split(PENGUINS)[0]),
    "verdict": lambda: la.boost(
        PENGUINS,
        target="species",
        synthesizer=la.Independent(),
        models=["decision tree"],
        repeats=2,
    ),
    "stress": lambda: la.stress(
        lambda rows: rows["bill_length_mm"] / 2.5,
        PENGUINS.dropna(),
        [{"name": "missing", "column": "island", "share": 0.5}],
        target="bill_depth_mm",
        repeats=3,
        dials=(0, 1),
        reference=False,
    ),
}


@pytest.mark.parametrize("make", RESULTS.values(), ids=RESULTS)
def test_every_result_is_shown(make):
    result = make()
    frame, page = result.to_frame(), result._repr_html_()
    assert isinstance(frame, pd.DataFrame)
    assert page.startswith("<p>")
    assert page.count("<tr>") == (len(frame) + 1 if len(frame) else 0)
    assert len(repr(result).splitlines()[0]) < 600
    assert "array(" not in repr(result)


def test_short_forms():
    schema = la.Schema.infer(PENGUINS)
    assert repr(schema).startswith("Schema(344 rows, 8 columns: 4 categorical")
    assert list(schema.to_frame()["column"]) == list(schema.names)
    history = History([{"step": 50.0, "loss": 0.7}], stopped="all steps completed")
    assert repr(history) == "History(1 intervals, 50 steps: all steps completed)"
