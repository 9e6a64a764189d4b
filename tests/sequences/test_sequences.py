"""Histories and series: exact where they can be, on ugly tables, and refused where they must be."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pandas as pd
import pytest

import lookalike as la
from lookalike.cli import main
from lookalike.errors import DataError, ModelFileError, ParameterError
from lookalike.testing import sequence_checks

FAST = {"trees": 2, "random_state": 0}


def histories(entities=80, seed=0, **options):
    """Return histories whose states never leave a cycle, on weekdays."""
    rng = np.random.default_rng(seed)
    rows = []
    for entity in range(entities):
        time = pd.Timestamp("2024-01-01") + pd.offsets.BDay(int(rng.integers(0, 100)))
        state, score = int(rng.integers(3)), float(rng.normal())
        for _ in range(rng.integers(2, 9)):
            rows.append(
                (f"C-{entity:04d}", time, "nsew"[entity % 4], "abc"[state], round(score, 1))
            )
            time += pd.offsets.BDay(int(rng.integers(1, 4)))
            state, score = (state + 1) % 3, score + rng.choice([-0.1, 0.1])
    return pd.DataFrame(rows, columns=["client", "when", "region", "state", "score"], **options)


@pytest.fixture(scope="module")
def table():
    return histories()


@pytest.fixture(scope="module")
def model(table):
    return la.Sequences(**FAST).fit(table, entity="client", time="when")


@pytest.mark.parametrize(("name", "check"), sequence_checks(la.Sequences(trees=2)))
def test_contract(name, check):
    check()


def test_roles_are_found(model):
    assert model.static_ == ("region",)
    assert model.dynamic_ == ("state", "score")
    assert set(model.changes_) == {"score"}


def test_a_model_is_saved_whose_losses_are_not_finite(model, tmp_path):
    copied = deepcopy(model)
    copied.history_.rows.append({"step": 1.0, "loss": float("nan"), "gap": float("inf")})
    copied.save(tmp_path / "m.lookalike")
    rows = la.load(tmp_path / "m.lookalike").history_.rows
    assert rows[-1] == {"step": 1.0, "loss": None, "gap": None}


def test_transitions_and_calendar_are_learned(model):
    made = model.sample(300)
    last = made.groupby("client")["state"].shift()
    pairs = (last + made["state"])[last.notna()]
    assert pairs.isin(["ab", "bc", "ca"]).mean() > 0.95
    assert (made["when"].dt.day_of_week < 5).mean() > 0.95
    steps = made.groupby("client")["score"].diff().dropna().round(1).abs()
    assert steps.isin([0.1, 0.0]).mean() > 0.95


def test_rows_may_come_in_any_order(table, model):
    mixed = table.sample(frac=1, random_state=1)
    other = la.Sequences(**FAST).fit(mixed, entity="client", time="when")
    assert other.n_entities_ == model.n_entities_
    assert set(other.changes_) == set(model.changes_)


def test_order_of_rows_serves_as_time(table):
    made = la.Sequences(**FAST).fit(table.drop(columns="when"), entity="client").sample(5)
    assert list(made.columns) == ["client", "region", "state", "score"]


def test_events_without_columns_of_their_own(table):
    made = la.Sequences(**FAST).fit(table[["client", "when"]], entity="client", time="when")
    made = made.sample(20)
    assert made.groupby("client")["when"].is_monotonic_increasing.all()
    assert not made.duplicated().any()


def test_ties_are_named_and_kept():
    twice = pd.DataFrame({"id": np.repeat(range(40), 4), "t": [1, 1, 2, 2] * 40, "x": range(160)})
    with pytest.warns(la.errors.LookalikeWarning, match="80 of 160 events have the same 't'"):
        model = la.Sequences(**FAST).fit(twice, entity="id", time="t")
    assert model.sample(30).groupby("id")["t"].is_monotonic_increasing.all()


def test_single_events_are_named():
    once = pd.DataFrame({"id": range(60), "t": range(60), "x": np.arange(60) % 3})
    with pytest.warns(la.errors.LookalikeWarning, match="Every 'id' has one event alone"):
        model = la.Sequences(**FAST).fit(once, entity="id", time="t")
    assert model.sample(20)["id"].is_unique


@pytest.mark.filterwarnings("ignore::lookalike.errors.LookalikeWarning")
def test_ugly_columns():
    rng = np.random.default_rng(0)
    n = 300
    ugly = pd.DataFrame(
        {
            "gap of t": rng.normal(size=n),  # the name of a column within
            "length": np.where(rng.random(n) < 0.3, np.nan, rng.exponential(size=n)),
            "größe": rng.choice(["ä", "ß", None], n),
            "nothing": [None] * n,
            "one": 7,
            "many": [f"level {k % 150}" for k in range(n)],
            "event": [f"T-{k:06d}" for k in range(n)],
            "id": np.repeat(np.arange(100), 3),
            "t": np.cumsum(rng.exponential(size=n)),
        }
    )
    made = la.Sequences(**FAST).fit(ugly, entity="id", time="t").sample(50)
    assert list(made.columns) == list(ugly.columns)
    assert made["one"].eq(7).all()
    assert made["nothing"].isna().all()
    assert not made["event"].duplicated().any()
    assert (made.groupby("id")["t"].diff().dropna() > 0).all()
    assert made["length"].min() >= 0


def test_first_times_may_be_coarser_than_others():
    rng = np.random.default_rng(0)
    rows = [
        (e, e % 7 + 0.125 * k, float(e % 5) + 0.01 * k)
        for e in range(60)
        for k in range(rng.integers(2, 6))
    ]
    table = pd.DataFrame(rows, columns=["id", "t", "x"])
    made = la.Sequences(**FAST).fit(table, entity="id", time="t").sample(40)
    first = made.groupby("id").first()
    assert first["t"].between(0, 6).all()
    assert first["x"].between(0, 4).all()
    assert np.allclose(made.groupby("id")["t"].diff().dropna(), 0.125)


def test_histories_of_months_begin_with_a_month():
    starts = pd.date_range("2000-01-01", periods=30, freq="MS")
    rows = [(e, starts[(e * 7) % 24 + k], k) for e in range(50) for k in range(1 + e % 6)]
    table = pd.DataFrame(rows, columns=["id", "month", "k"])
    made = la.Sequences(**FAST).fit(table, entity="id", time="month").sample(30)
    assert made["month"].dt.is_month_start.all()


def test_ends_of_months_stay_frequent():
    rng = np.random.default_rng(0)
    rows = []
    for entity in range(60):
        day = pd.Timestamp("2020-01-01") + pd.Timedelta(days=int(rng.integers(0, 200)))
        for _ in range(8):
            rows.append((entity, day))
            end = day + pd.offsets.MonthEnd(1)
            day = end if rng.random() < 0.7 else day + pd.Timedelta(days=int(rng.integers(1, 20)))
    table = pd.DataFrame(rows, columns=["id", "day"])
    model = la.Sequences(**FAST).fit(table, entity="id", time="day")
    made = model.sample(100)
    assert "days of the month" in model.times_
    assert made["day"].dt.is_month_end.mean() > 0.8 * table["day"].dt.is_month_end.mean()
    assert (made.groupby("id")["day"].diff().dropna() > pd.Timedelta(0)).all()


def test_months_stay_months():
    when = pd.date_range("1990-01-01", periods=240, freq="MS")
    value = np.sin(np.arange(240) / 6) + 0.01 * np.random.default_rng(0).normal(size=240)
    series = pd.DataFrame({"month": when, "x": value.round(3)})
    model = la.Sequences(**FAST).fit(series, time="month")
    made = model.sample(length=30)
    assert (made["month"] == when[:30]).all()
    future = model.continue_from(series, 12, n=3)
    expected = pd.date_range("2010-01-01", periods=12, freq="MS")
    assert (future["month"].to_numpy().reshape(3, 12) == expected.to_numpy()).all()


@pytest.fixture(scope="module")
def series():
    rng = np.random.default_rng(0)
    x = np.zeros(400)
    for k in range(1, 400):
        x[k] = 0.9 * x[k - 1] + rng.normal()
    return pd.DataFrame({"t": pd.date_range("2024-01-01", periods=400, freq="h"), "x": x.round(2)})


@pytest.fixture(scope="module")
def of_series(series):
    return la.Sequences(**FAST).fit(series, time="t")


def test_series_keep_their_grid_and_memory(series, of_series):
    made = of_series.sample()
    assert len(made) == len(series)
    assert (made["t"] == series["t"]).all()
    assert abs(made["x"].autocorr() - series["x"].autocorr()) < 0.15


def test_windows_are_addressable(of_series):
    five = of_series.sample(windows=5, window=8)
    assert five["window"].tolist() == np.repeat(range(5), 8).tolist()
    rest = of_series.sample(windows=2, window=8, start=3)
    assert rest.equals(five[24:].reset_index(drop=True))


def test_conditions_of_windows_and_lengths(of_series, model, series):
    for wrong in ({"n": 3}, {"given": {"x": 1}}, {"length": 3, "windows": 2}, {"length": -1}):
        with pytest.raises(ParameterError):
            of_series.sample(**wrong)
    with pytest.raises(ParameterError, match="longer than the series, 400 events"):
        of_series.sample(windows=1, window=401)
    with pytest.raises(ParameterError, match="static="):
        la.Sequences(**FAST).fit(series, time="t", static=["x"])
    with pytest.raises(ParameterError, match="n must be"):
        model.sample()


def test_no_rows(model, of_series):
    assert len(model.sample(0)) == 0
    assert len(of_series.sample(length=0)) == 0
    assert model.sample(0).dtypes.equals(model.sample(2).dtypes)


def test_a_past_of_two_entities_is_refused(model, table):
    with pytest.raises(DataError, match="has 2 values of 'client'"):
        model.continue_from(table[table["client"] < "C-0002"], 3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"entity": "cleint"}, "Did you mean 'client'"),
        ({"time": "when?"}, "Did you mean 'when'"),
        ({"time": "state"}, "Times must be dates"),
        ({"time": "client"}, "two columns"),
        ({"static": ["state"]}, "'state' changes within some"),
        ({"target": "x"}, "target= must name a column"),
    ],
)
def test_unusable_roles(table, change, words):
    with pytest.raises(DataError, match=words):
        la.Sequences(**FAST).fit(table, **{"entity": "client", "time": "when", **change})


def test_missing_roles_are_refused(table):
    for column in ("client", "when"):
        holes = table.copy()
        holes.loc[3, column] = None
        with pytest.raises(DataError, match="1 missing cells"):
            la.Sequences(**FAST).fit(holes, entity="client", time="when")


def test_a_failed_fit_changes_nothing(table):
    model = la.Sequences(**FAST).fit(table, entity="client", time="when")
    before = model.sample(3)
    with pytest.raises(DataError):
        model.fit(table, entity="nobody")
    assert model.sample(3).equals(before)


@pytest.mark.slow
def test_choice_survives_the_file(tmp_path):
    many = histories(260)
    model = la.Sequences(**FAST).fit(many, entity="client", time="when")
    path = tmp_path / "m.lookalike"
    model.save(path)
    loaded = la.load(path)
    assert loaded.sample(4).equals(model.sample(4))
    assert loaded.choice_gain_ == model.choice_gain_


def test_damaged_files_are_refused(model, of_series, tmp_path, monkeypatch):
    from lookalike.models import _archive
    from lookalike.sequences import _saving

    def damaged(which, change):
        def write(parts, path):
            change(parts)
            _archive.write_parts(parts, path)

        monkeypatch.setattr(_saving, "write_parts", write)
        which.save(tmp_path / "x.lookalike")
        with pytest.raises(ModelFileError):
            la.load(tmp_path / "x.lookalike")

    def shorter(name):
        def change(parts):
            key = next(k for k in parts.arrays if k.endswith(name))
            parts.arrays[key] = parts.arrays[key][:-1]

        return change

    damaged(model, lambda p: p.manifest["roles"].update(static=[]))
    damaged(model, lambda p: p.manifest["roles"].update(entity=None))
    damaged(model, lambda p: p.manifest["model"]["parts"].pop("events"))
    damaged(model, shorter("splits"))
    damaged(of_series, lambda p: p.manifest.update({"rows model": None}))
    damaged(of_series, shorter("marginal"))


def test_command_line(table, tmp_path, capsys):
    data, out = str(tmp_path / "events.csv"), str(tmp_path / "m.lookalike")
    table.to_csv(data, index=False)
    own = ["--entity", "client", "--time", "when"]
    assert main(["fit", data, "-o", out, *own, "--seed", "1", "--set", "trees=2", "--quiet"]) == 0
    made = str(tmp_path / "made.parquet")
    assert main(["sample", out, "-n", "7", "-o", made]) == 0
    assert pd.read_parquet(made)["client"].nunique() == 7
    past = str(tmp_path / "past.csv")
    table[table["client"] == "C-0000"].to_csv(past, index=False)
    assert main(["sample", out, "--continue", past, "--length", "2", "-n", "3", "-o", made]) == 0
    assert len(pd.read_parquet(made)) == 6
    capsys.readouterr()
    assert main(["info", out]) == 0
    assert "static: one value for each entity" in capsys.readouterr().out
    assert main(["info", out, "--json"]) == 0
    for wrong in (["--length", "3"], ["--windows", "2"], ["--complete", data], []):
        assert main(["sample", out, "-o", made, *wrong]) == 2
    assert main(["fit", data, "-o", out, *own, "--model", "gan"]) == 2
    assert main(["fit", data, "-o", out, "--entity", "nobody"]) == 2


@pytest.mark.parametrize("name", ["hour", "exact", "walk"])
def test_a_series_keeps_its_hour_or_drifts_as_it_should(name) -> None:
    """A number that follows the hour is drawn itself, a random walk by its changes."""
    rng, steps = np.random.default_rng(0), np.arange(800)
    values = {
        "hour": np.sin(steps * np.pi / 12) * (1 + (steps // 24 % 7 < 5)) + rng.normal(0, 0.2, 800),
        "exact": np.sin(steps * np.pi / 12),
        "walk": np.cumsum(rng.normal(0, 0.3, 800)).round(2),
    }[name]
    times = pd.date_range("2024-01-01", periods=800, freq="h")
    table = pd.DataFrame({"time": times, "x": values})
    model = la.Sequences(engine="trees", random_state=0).fit(table, time="time")
    assert set(model.changes_) == ({"x"} if name == "walk" else set())
    made = model.sample(length=800)
    if name != "walk":
        by_hour = made["x"].groupby(made["time"].dt.hour).transform("mean")
        assert 1 - (made["x"] - by_hour).var() / made["x"].var() > 0.6
    else:
        assert made["x"].diff().std() == pytest.approx(0.3, rel=0.2)
