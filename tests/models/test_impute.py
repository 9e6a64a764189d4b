"""Completed rows keep what holds in the table, whichever cells are known."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lookalike import GAN, Independent
from lookalike._core.errors import DataError, LookalikeWarning
from lookalike.encoding import TableEncoder
from lookalike.models import Synthesizer

pytestmark = pytest.mark.train

ROWS = 2_000


def make_table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 50, ROWS), rng.integers(0, 70, ROWS)
    kin = rng.choice(["husband", "wife", "other"], ROWS, p=[0.4, 0.3, 0.3])
    either = rng.choice(["m", "f"], ROWS)
    x = rng.normal(size=ROWS).round(3)
    pick = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 43_200, ROWS), unit="m")
    ride = pd.to_timedelta(rng.gamma(2, 8, ROWS).astype(int) + 1, unit="m")
    shop = rng.choice(["north", "south", "east"], ROWS)
    day = rng.choice(["weekday", "sunday"], ROWS)
    place = pd.Series(shop) + " " + pd.Series(day)
    price = {name: f"p{k % 5}" for k, name in enumerate(sorted(set(place)))}
    return pd.DataFrame(
        {
            "a": a,
            "b": b,
            "total": a + b,
            "kin": kin,
            "sex": np.where(kin == "husband", "m", np.where(kin == "wife", "f", either)),
            "x": x,
            "y": (2 * x).round(3),
            "pick": pick,
            "drop": pick + ride,
            "shop": shop,
            "day": day,
            "tariff": place.map(price),
        }
    )


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return make_table()


class Unconditional(Independent):
    """Cannot be told conditions: rows are completed from those that it makes."""

    capabilities = frozenset()

    def _encoder(self):
        return TableEncoder()


@pytest.fixture(scope="module", params=["gan", "independent", "unconditional"])
def model(table: pd.DataFrame, request: pytest.FixtureRequest) -> Synthesizer:
    settings: dict[str, Any] = {"width": 16, "depth": 1, "batch_size": 64, "monitors": False}
    gan = GAN(steps=8, held_out=0.0, refine={"correct": False}, **settings)
    models = {"gan": gan, "independent": Independent(), "unconditional": Unconditional()}
    made = models[request.param].set_params(random_state=0).fit(table)
    forms = {"total": "linear", "y": "linear", "drop": "offset", "tariff": "lookup"}
    if request.param == "independent":  # it learns every number by itself
        del forms["drop"]
    assert {d.column: d.form for d in made.schema_.dependencies} == forms
    assert "kin husband: never with sex f" in made.encoder_.never_together()
    return made


def related(model: Synthesizer) -> set[str]:
    """Return the columns that follow from others."""
    return {dependency.column for dependency in model.schema_.dependencies}


def assert_holds(made: pd.DataFrame, table: pd.DataFrame, model: Synthesizer) -> None:
    """Check that rows keep all that the model knows to hold in the table."""
    assert (made["a"] + made["b"] == made["total"]).all()
    assert np.allclose(made["y"], 2 * made["x"], atol=1e-9)
    if "drop" in related(model):
        assert (made["drop"] >= made["pick"]).all()
    tariffs = table.groupby(["shop", "day"])["tariff"].first().rename("due")
    assert (made.join(tariffs, on=["shop", "day"])["due"] == made["tariff"]).all()
    assert not ((made["kin"] == "husband") & (made["sex"] == "f")).any()
    assert not ((made["kin"] == "wife") & (made["sex"] == "m")).any()


@pytest.mark.parametrize(
    "known",
    [
        ["total"],
        ["a", "total"],
        ["a"],
        ["y"],
        ["x"],
        ["drop"],
        ["pick"],
        ["kin"],
        ["sex"],
        ["tariff"],
        ["tariff", "day"],
        ["total", "y", "drop", "tariff", "sex"],
    ],
)
def test_what_holds_in_the_table_holds_in_completed_rows(
    model: Synthesizer, table: pd.DataFrame, known: list[str]
) -> None:
    rows = table.tail(200).reset_index(drop=True)
    made = model.impute(rows[known])
    assert_holds(made, table, model)
    pd.testing.assert_frame_equal(made[known], rows[known], check_dtype=False)


@pytest.mark.filterwarnings("ignore:The known cells of .* are unlike all rows")
def test_gaps_of_all_kinds_are_completed(model: Synthesizer, table: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    rows = table.head(300).astype(object)
    gaps = rng.random(rows.shape) < 0.5
    made = model.impute(rows.mask(gaps))
    assert_holds(made, table, model)
    assert not made.isna().any().any()
    assert ((made.astype(object) == rows) | gaps).all().all()


def test_a_single_unknown_part_is_what_is_left(model: Synthesizer, table: pd.DataFrame) -> None:
    rows = table.head(100)
    assert (model.impute(rows[["b", "total"]])["a"] == rows["a"]).all()
    np.testing.assert_allclose(model.impute(rows[["y"]])["x"], rows["x"], atol=1e-9)


def test_parts_of_a_known_total_stay_within_their_ranges(
    model: Synthesizer, table: pd.DataFrame
) -> None:
    made = model.impute(pd.DataFrame({"total": [0, 3, 60, 117] * 25}))
    assert (made["a"] + made["b"] == made["total"]).all()
    for name in ("a", "b"):
        assert made[name].between(table[name].min(), table[name].max()).all()
    assert made["a"][2::4].nunique() > 3


def test_rows_do_not_depend_on_those_beside_them(model: Synthesizer, table: pd.DataFrame) -> None:
    rows = table[["total", "kin", "drop"]]
    few, many = model.impute(rows.head(7)), model.impute(rows.head(400))
    pd.testing.assert_frame_equal(few, many.head(7))


def test_what_cannot_be_kept_is_said_with_its_count(model: Synthesizer) -> None:
    with pytest.warns(LookalikeWarning, match=r"total = a \+ b \(not in 2 of the rows\)"):
        made = model.impute(pd.DataFrame({"total": [500, 20, 900]}))
    assert made["total"].tolist() == [500, 20, 900]
    assert made["a"][1] + made["b"][1] == 20


def test_known_cells_that_break_a_relation_are_kept_in_silence(model: Synthesizer) -> None:
    rows = pd.DataFrame({"a": [1], "b": [1], "total": [5], "kin": ["husband"], "sex": ["f"]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "The known cells of .* are unlike all rows")
        made = model.impute(rows)
    pd.testing.assert_frame_equal(made[list(rows.columns)], rows, check_dtype=False)


def test_an_end_before_its_beginning_is_not_asked_for(model: Synthesizer) -> None:
    if "drop" not in related(model):
        pytest.skip("this model does not know that one follows the other")
    given = {"pick": ("2024-01-20", "2024-01-21"), "drop": ("2024-01-02", "2024-01-03")}
    with pytest.raises(DataError, match=r"pick in .* and drop in .* never below pick"):
        model.sample(5, given=given)
    given["drop"] = ("2024-01-20", "2024-01-25")
    assert len(model.sample(5, given=given)) == 5
