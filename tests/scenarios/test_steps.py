"""Every step changes what its labels say, as often as was asked, and nothing else."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import ks_2samp, spearmanr

from lookalike._core.errors import ParameterError, SchemaError
from lookalike.scenarios import STEPS, ModelStep, Scenario


def table(rows: int = 2000, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    age = random.integers(18, 90, rows)
    return pd.DataFrame(
        {
            "age": age,
            "income": np.round(random.lognormal(10, 0.5, rows) + 100 * age, 2),
            "city": pd.Categorical(random.choice(["Köln", "北京", "Oslo"], rows)),
            "name": random.choice(["Anna", "Bob", "Zoë"], rows),
            "label": np.where(age + random.normal(0, 9, rows) > 50, "yes", "no"),
        }
    )


STEP_OPTIONS = {
    "missing": {"column": "income", "share": 0.2},
    "swapped_levels": {"column": "label", "share": 0.1},
    "mistyped": {"column": "name", "share": 0.3},
    "wrong_units": {"column": "income", "share": 0.1, "factor": 0.01},
    "noisy": {"column": "income", "share": 0.5, "scale": 2},
    "clipped": {"column": "income", "high": 40_000},
    "stuck": {"column": "income", "length": 50, "runs": 3},
    "duplicates": {"share": 0.1},
    "collective_anomalies": {"kind": "shuffled", "length": 20, "runs": 3},
    "covariate_drift": {"column": "age"},
    "prior_drift": {"column": "label", "level": "yes", "share": 0.9},
    "concept_drift": {"column": "label", "by": "age"},
}


def test_every_step_has_an_example() -> None:
    # Steps that need a model have tests of their own.
    own = {name for name in STEPS.entered if not issubclass(STEPS[name], ModelStep)}
    assert set(STEP_OPTIONS) == own


@pytest.mark.parametrize("name", STEP_OPTIONS)
def test_labels_are_the_changes_and_nothing_else_changes(name: str) -> None:
    before = table()
    kept = before.copy()
    found = Scenario([{"name": name, **STEP_OPTIONS[name]}]).apply(before, random_state=1)
    pd.testing.assert_frame_equal(before, kept)
    labels = found.labels
    assert len(labels)
    assert (labels["kind"] == name).all()
    assert (labels["strength"] > 0).all()
    rows = labels["row"].to_numpy()
    if labels["column"].isna().any():
        # Whole rows: each label names the row that it repeats.
        sources = before.iloc[labels["source_row"]].reset_index(drop=True).astype(str)
        now = found.data.iloc[rows].reset_index(drop=True).astype(str)
        pd.testing.assert_frame_equal(now, sources)
        return
    column = labels["column"].iloc[0]
    was = before[column].astype(str).to_numpy()
    now = found.data[column].astype(str).to_numpy()
    assert set(np.flatnonzero(was != now)) == set(rows)
    others = before.columns.drop(column)
    pd.testing.assert_frame_equal(
        found.data[others].astype(str), before[others].astype(str), check_dtype=False
    )


def test_shares_are_exact() -> None:
    for name, count in (("missing", 400), ("swapped_levels", 200), ("mistyped", 600)):
        found = Scenario([{"name": name, **STEP_OPTIONS[name]}]).apply(table())
        assert len(found.labels) == count
        assert found.manifest["steps"][0]["changed"] == count


def test_the_mechanism_decides_where_cells_go_missing() -> None:
    before = table(4000)

    def gone(**options):
        step = {"name": "missing", "column": "income", "share": 0.3, **options}
        cells = Scenario([step]).apply(before, random_state=2).data["income"].isna()
        return cells.to_numpy(bool)

    assert abs(spearmanr(gone(), before["income"]).statistic) < 0.05
    by_age = gone(mechanism="mar", by="age")
    assert spearmanr(by_age, before["age"]).statistic > 0.3
    # Given the age, the income says no more about what is missing.
    old = (before["age"] > 60) & (before["age"] < 66)
    assert abs(spearmanr(by_age[old], before["income"][old]).statistic) < 0.15
    assert spearmanr(gone(mechanism="mnar"), before["income"]).statistic > 0.3


def test_covariate_drift_moves_inputs_and_keeps_what_follows_from_them() -> None:
    before = table(8000)
    step = {"name": "covariate_drift", "column": "age", "shift": 1.0, "at": 0.5}
    found = Scenario([step]).apply(before, random_state=0)
    data, facts = found.data, found.manifest["steps"][0]
    assert (facts["first_row"], facts["complete_row"]) == (4000, 4000)
    pd.testing.assert_frame_equal(data[:4000], before[:4000], check_categorical=False)
    moved = data["age"][4000:].mean() - data["age"][:4000].mean()
    assert moved > 0.5 * before["age"].std()
    # A detector fires after the true time, and not before.
    assert ks_2samp(data["age"][:2000], data["age"][2000:4000]).pvalue > 0.01
    assert ks_2samp(data["age"][2000:4000], data["age"][4000:6000]).pvalue < 1e-9
    rate = [
        (part["label"][part["age"].between(45, 55)] == "yes").mean()
        for part in (data[:4000], data[4000:])
    ]
    assert abs(rate[0] - rate[1]) < 0.08


def test_prior_drift_reaches_its_share_gradually() -> None:
    step = {"name": "prior_drift", "column": "label", "level": "yes", "share": 0.9}
    found = Scenario([{**step, "at": 0.2, "pattern": "gradual", "until": 0.8}]).apply(table(5000))
    shares = [
        (found.data["label"][start : start + 1000] == "yes").mean()
        for start in range(0, 5000, 1000)
    ]
    assert shares == sorted(shares)
    assert abs(shares[-1] - 0.9) < 0.04
    assert found.manifest["steps"][0]["complete_row"] == 4000


def test_concept_drift_recurs_and_touches_only_high_rows() -> None:
    before = table(4000)
    step = {"name": "concept_drift", "column": "label", "by": "age", "at": 0.25}
    found = Scenario([{**step, "pattern": "recurring", "until": 0.5}]).apply(before)
    changed = (found.data["label"] != before["label"]).to_numpy()
    high = (before["age"] > before["age"].median()).to_numpy()
    quarters = [changed[start : start + 1000] for start in range(0, 4000, 1000)]
    assert [bool(part.any()) for part in quarters] == [False, True, False, True]
    assert not changed[~high].any()
    assert changed[1000:2000][high[1000:2000]].all()


def test_labels_follow_rows_that_later_steps_move() -> None:
    steps = [
        {"name": "missing", "column": "income", "share": 0.1},
        {"name": "duplicates", "share": 0.5},
    ]
    found = Scenario(steps).apply(table(400), random_state=3)
    gone = set(np.flatnonzero(found.data["income"].isna()))
    labels = found.labels[found.labels["kind"] == "missing"]
    assert set(labels["row"]) == gone
    assert len(gone) > 40
    assert found.manifest["output"]["rows"] == 600


def test_seeds_and_later_steps_do_not_change_earlier_ones() -> None:
    first = {"name": "missing", "column": "income", "share": 0.1}
    alone = Scenario([first]).apply(table(), random_state=7)
    both = Scenario([first, {"name": "mistyped", "column": "name", "share": 0.1}])
    again = both.apply(table(), random_state=7)
    pd.testing.assert_series_equal(alone.data["income"], again.data["income"])
    assert both.apply(table(), random_state=7).manifest == again.manifest
    assert both.apply(table(), random_state=8).manifest["output"] != again.manifest["output"]


GONE = {"name": "missing", "column": "age", "share": 0.1}
MOVED = {"name": "covariate_drift", "column": "age"}
RARE = {"name": "prior_drift", "column": "label"}


@pytest.mark.parametrize(
    ("step", "error", "words"),
    [
        ({"name": "missing", "column": "age"}, ParameterError, "needs 'share'"),
        ({"name": "concept_drift", "column": "label"}, ParameterError, "needs 'by'"),
        (
            {"name": "mising", "column": "age", "share": 0.1},
            ParameterError,
            "Did you mean 'missing'",
        ),
        ({"name": "missing", "colum": "age", "share": 0.1}, ParameterError, "colum"),
        ({"name": "missing", "column": "age", "share": 1.5}, ParameterError, r"\[0, 1\]"),
        (
            {"name": "missing", "column": "age", "share": 0.1, "mechanism": "mar"},
            ParameterError,
            "by",
        ),
        ({"name": "missing", "column": "agee", "share": 0.1}, SchemaError, "Did you mean 'age'"),
        ({"name": "noisy", "column": "city", "share": 0.1}, SchemaError, "numbers"),
        ({"name": "mistyped", "column": "age", "share": 0.1}, SchemaError, "text"),
        ({"name": "clipped", "column": "age"}, ParameterError, "bound"),
        ({"name": "stuck", "column": "age", "length": 9000}, ParameterError, "2000 rows"),
        ({"name": "wrong_units", "column": "age", "share": 0.1}, ParameterError, "factor"),
        (
            {"name": "covariate_drift", "column": "age", "pattern": "gradual"},
            ParameterError,
            "until",
        ),
        (
            {"name": "prior_drift", "column": "label", "level": "yess"},
            SchemaError,
            "Did you mean 'yes'",
        ),
    ],
)
def test_a_wrong_step_gives_one_clear_line(step, error, words) -> None:
    with pytest.raises(error, match=words) as caught:
        Scenario([step]).apply(table())
    assert "\n" not in str(caught.value)


def test_ugly_tables_survive() -> None:
    ugly = pd.DataFrame({"x": [np.inf, np.nan, 1.0], "s": ["a", None, ""], "n": [1, 2, 3]})
    steps = [
        {"name": "noisy", "column": "x", "share": 1.0},
        {"name": "mistyped", "column": "s", "share": 1.0},
        {"name": "missing", "column": "n", "share": 0.4},
        {"name": "duplicates", "share": 1.0},
    ]
    found = Scenario(steps).apply(ugly)
    assert len(found.data) == 6
    assert found.data["n"].isna().sum() == 2
    one = Scenario([{"name": "covariate_drift", "column": "n"}]).apply(ugly[:1])
    assert len(one.data) == 1


def test_changed_cells_stay_within_their_type() -> None:
    rows = pa.table(
        {
            "small": pa.array([1, 2, 250] * 40, pa.uint8()),
            "price": pa.array([Decimal("1.50"), Decimal("2.25"), None] * 40, pa.decimal128(10, 2)),
        }
    )
    for column in rows.column_names:
        steps = [{"name": "noisy", "column": column, "share": 1, "scale": 50}]
        changed = Scenario(steps).apply(rows).data
        assert changed.schema.equals(rows.schema)


def test_the_dial_of_a_rare_event_begins_at_its_present_rate() -> None:
    rows = pa.table({"x": [*range(100)], "late": ["yes"] * 20 + ["no"] * 80})
    step = STEPS.create({"name": "rare_event", "where": {"late": "yes"}, "rate": 0.3})
    assert [step.dialled(dial, rows).rate for dial in (0.5, 1)] == [0.25, 0.3]
    assert step.dialled(0, rows) is None
