"""Grids, statistics and sample rows of any columns, and tiles of any scores."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from lookalike.metrics import About, Score
from lookalike.reports import Evaluation, PairRow, ShareGrid, figures
from lookalike.reports._grids import components, pair_grids
from lookalike.reports._statistics import sample_rows, statistics
from lookalike.reports._tiles import sentence, tiles
from lookalike.tables import conform, infer_columns

RNG = np.random.default_rng(0)
LEVELS = [f"level {i}" for i in range(20)]


def table(**columns: object) -> pa.Table:
    return pa.table(columns)


def grids_of(real: pa.Table, fake: pa.Table, first: str, second: str) -> ShareGrid:
    schema = infer_columns(real)
    pair = PairRow(first, second, {}, None, None)
    tables = conform(real, schema), conform(fake, schema)
    return pair_grids(schema, *tables, [pair])[0]


def test_cells_hold_the_shares_of_both_tables() -> None:
    real = table(a=["x"] * 60 + ["y"] * 40, b=[True] * 50 + [False] * 50)
    found = grids_of(real, real, "a", "b")
    assert found.real == found.synthetic
    assert np.array(found.real).sum() == pytest.approx(1)
    assert sorted(np.array(found.real).ravel()) == [0.0, 0.1, 0.4, 0.5]


def test_a_single_row_is_in_no_cell_and_missing_cells_are_left_out() -> None:
    real = table(a=["x"] * 98 + ["y", None], b=["u"] * 100)
    found = grids_of(table(a=real["a"], b=["u", "v"] * 50), real, "a", "b")
    assert np.array(found.synthetic).sum() == pytest.approx(0.98)


@pytest.mark.parametrize(
    "values",
    [
        RNG.normal(size=200),
        [1e308, -1e308] * 100,
        [None] * 150 + list(range(50)),
        [dt.date(2020, 1, 1) + dt.timedelta(days=int(d)) for d in RNG.integers(0, 900, 200)],
        RNG.choice(LEVELS, 200),
    ],
    ids=["numbers", "huge", "missing", "dates", "levels"],
)
def test_any_two_columns_can_be_drawn(values) -> None:
    real = table(a=values, b=RNG.choice(["u", "v"], 200))
    found = grids_of(real, real, "a", "b")
    assert len(found.real) == found.across.size
    assert len(found.real[0]) == found.up.size
    figures.to_svg(figures.grid(found), label="x", salt="x")


def test_components_show_a_missing_kind_of_rows() -> None:
    kinds = RNG.random(400) < 0.5
    columns = {n: np.where(kinds, 5, -5) + RNG.normal(size=400) for n in "abc"}
    real, fake = table(**columns), table(**{n: v[kinds] for n, v in columns.items()})
    schema = infer_columns(real)
    view = components(schema, conform(real, schema), conform(fake, schema))
    assert view is not None
    real_halves, fake_halves = (
        sorted((cells[:16].sum(), cells[16:].sum()))
        for cells in (np.array(view.real), np.array(view.synthetic))
    )
    assert fake_halves[0] == 0
    assert real_halves[0] > 0.2


@pytest.mark.parametrize(
    "real", [table(a=[1, 2]), table(a=[1.5, 2.5, 3.5] * 4), table(a=["x"] * 9, b=["y"] * 9)]
)
def test_too_little_for_two_dimensions_is_no_view(real: pa.Table) -> None:
    schema = infer_columns(real)
    assert components(schema, conform(real, schema), conform(real, schema)) is None


def test_statistics_and_rows_are_text() -> None:
    real = table(
        n=[1.5, 2.5, 3.5, 10.25, None] * 5,
        d=[dt.date(2020, 1, i + 1) for i in range(25)],
        s=["é", "x" * 90, None, "a", "b"] * 5,
    )
    schema = infer_columns(real, {"s": "categorical"})
    canonical = conform(real, schema)
    numbers, dates = statistics(schema, canonical, canonical)
    assert numbers.real == numbers.synthetic
    assert numbers.real[0] == "4.4375"
    assert dates.real[3] == "2020-01-13"
    rows = sample_rows(schema, canonical)
    assert len(rows.rows) == 10
    assert rows.rows[0] == ("1.50", "2020-01-01", "é")
    assert len(rows.rows[1][2]) == 40
    assert rows.rows[2][2] == ""


def test_no_rows_are_no_rows() -> None:
    real = table(n=[1.5, 2.5])
    schema = infer_columns(real)
    nothing = conform(real.slice(0, 0), schema)
    assert sample_rows(schema, nothing).rows == ()
    assert statistics(schema, nothing, nothing)[0].real == ("–",) * 6


def score(name: str, group: str, role: str, value: float | None, **more: object) -> Score:
    about = About(name.title(), name, "", group=group, role=role)  # type: ignore[arg-type]
    limits = {"ceiling": 0.95, "floor": 0.3, "direction": "higher", "low": 0.0, "high": 1.0}
    return Score(name, value, about=about, **{**limits, **more})  # type: ignore[arg-type]


def test_privacy_is_never_good_news(evaluation: Evaluation) -> None:
    for warning, word in (("", "no gross fault, no proof"), ("Beware!", "rows leak")):
        scores = {"m": score("membership", "privacy", "judged", 0.5, warning=warning)}
        tile = tiles(scores, evaluation.summary)[2]
        assert tile.word == word
        assert tile.tone != "good"


def test_tiles_of_nothing_say_so(evaluation: Evaluation) -> None:
    found = tiles({}, evaluation.summary)
    assert [tile.value for tile in found] == ["–"] * 4
    assert "No detector" in sentence({}, evaluation.summary)


@pytest.mark.parametrize(
    ("value", "word"), [(0.95, "like real"), (0.75, "at times told apart"), (0.1, "nearly always")]
)
def test_fidelity_is_said_in_a_word(value: float, word: str, evaluation: Evaluation) -> None:
    scores = {"c2st": score("c2st", "likeness", "headline", value)}
    tile = tiles(scores, evaluation.summary)[0]
    assert word in tile.word
    assert tile.reference == "real 0.950 · independent 0.300"
    assert len(sentence(scores, evaluation.summary).split()) <= 15
