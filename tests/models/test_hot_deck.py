"""Rows that a model without conditions completes: from rows that it makes, or the nearest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lookalike._core.errors import LookalikeWarning, ParameterError
from lookalike._core.seeds import generator
from lookalike.encoding import EncodedRows, Layout, RowCondition, SampledRows, sample_encoded
from lookalike.models import Independent, Request
from lookalike.models._hot_deck import HotDeck


class Bootstrap(Independent):
    """Draws training rows again, so that its columns depend on each other as theirs do."""

    capabilities = frozenset()

    def _fit(self, task):
        super()._fit(task)
        self._encoded = task.rows

    def _source(self, request: Request):
        def make(block):
            rng = generator(request.seed, "sample", block)
            rows = rng.integers(0, len(self._encoded.floats), self.BLOCK)
            drawn = EncodedRows(*(part[rows] for part in self._encoded))
            return sample_encoded(drawn, self.encoder_.layout_, rng)

        return make


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    group = rng.choice(["a", "b", "c"], 900, p=[0.6, 0.37, 0.03])
    centre = pd.Series(group).map({"a": -3.0, "b": 0.0, "c": 4.0}).to_numpy()
    return pd.DataFrame(
        {
            "group": group,
            "x": (centre + 0.5 * rng.normal(size=900)).round(3),
            "gap": np.where(group == "b", np.nan, centre + rng.normal(size=900)),
        }
    )


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> Bootstrap:
    return Bootstrap(random_state=0).fit(table)


@pytest.mark.parametrize("as_", ["pandas", "polars", "arrow"])
def test_a_column_without_any_cell_is_completed_as_the_table_has_it(
    model: Bootstrap, table: pd.DataFrame, as_: str
) -> None:
    part = table.head(4).assign(x=None, group=None)
    frame = pa.Table.from_pandas(part, preserve_index=False)
    given = {"pandas": part, "arrow": frame, "polars": pl.from_arrow(frame)}[as_]
    made = model.impute(given)
    assert list(made.columns if as_ != "arrow" else made.column_names) == list(table.columns)
    whole = made.to_pandas() if as_ != "pandas" else made
    assert whole["x"].dtype == "float64"
    assert set(whole["group"]) <= {"a", "b", "c"}


def test_other_columns_follow_known_levels(model: Bootstrap) -> None:
    made = model.impute(pd.DataFrame({"group": ["a", "b", "c"] * 100}))
    assert made["group"].tolist() == ["a", "b", "c"] * 100
    means = made.groupby("group")["x"].mean()
    assert means["a"] == pytest.approx(-3, abs=0.2)
    assert means["b"] == pytest.approx(0, abs=0.2)
    assert means["c"] == pytest.approx(4, abs=0.3)
    assert made.loc[made["group"] == "b", "gap"].isna().all()
    assert made.loc[made["group"] == "a", "x"].nunique() > 50


def test_levels_follow_known_numbers(model: Bootstrap, table: pd.DataFrame) -> None:
    made = model.impute(table[["x"]].head(200))
    assert (made["group"] == table["group"].head(200)).mean() > 0.95


def test_another_seed_makes_other_guesses(model: Bootstrap) -> None:
    rows = pd.DataFrame({"group": ["a"] * 30})
    assert model.impute(rows).equals(model.impute(rows))
    assert not model.impute(rows).equals(model.impute(rows, random_state=1))


def test_known_cells_that_no_generated_row_has_are_warned_of(model: Bootstrap) -> None:
    rows = pd.DataFrame({"group": ["a", "b"], "gap": [-3.0, -3.0], "x": [-3.0, np.nan]})
    with pytest.warns(LookalikeWarning, match="known cells of 1 of 2 rows are unlike all"):
        made = model.impute(rows)
    assert made[["group", "gap"]].equals(rows[["group", "gap"]])


def test_rare_conditions_are_refused(model: Bootstrap) -> None:
    with pytest.raises(ParameterError, match="cannot generate rows for conditions"):
        model.sample(3, given={"group": "c", "x": (4.5, None)})


def test_completed_rows_are_written_in_batches_and_to_a_file(
    model: Bootstrap, tmp_path: Path
) -> None:
    rows = pd.DataFrame({"group": ["a", "b"] * 4_500})
    batches = list(model.sample_batches(given=rows, batch_size=4_000))
    assert [batch.num_rows for batch in batches] == [4_000, 4_000, 1_000]
    assert model.sample_to(tmp_path / "rows.csv", given=rows) == 9_000
    made = model.impute(rows)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "rows.csv"), made, atol=1e-12)
    assert [g for batch in batches for g in batch["group"].to_pylist()] == made["group"].tolist()


def test_rows_of_a_deck_fulfil_any_condition(model: Bootstrap, table: pd.DataFrame) -> None:
    layout: Layout = model.encoder_.layout_
    deck = HotDeck(layout, model._source(Request(0))(0), 0)
    rng = np.random.default_rng(0)
    allowed = {
        i: np.append(rng.random((50, block.width - 1)) < 0.4, np.ones((50, 1), bool), axis=1)
        for i, block in enumerate(layout.blocks)
        if block.source == "code"
    }
    low = rng.random((50, 1)) * 0.9
    bounds = {
        i: np.append(low, low + 0.01, axis=1)
        for i, block in enumerate(layout.blocks)
        if block.source == "interval"
    }
    condition = RowCondition(layout, 50, allowed, bounds)
    rows = deck.donors(condition, 0).block(7)
    assert condition.accepts(rows).all()
    assert not condition.accepts(SampledRows(rows.numbers[::-1], rows.levels[::-1])).all()
