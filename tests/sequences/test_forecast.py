"""Series that return to their course keep their spread; walks, trends and the calendar stay."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import lookalike as la
from lookalike.errors import DataError, ModelFileError
from lookalike.sequences._beside import go_beside
from lookalike.sequences._changes import Change
from lookalike.sequences._clock import EventClock
from lookalike.sequences._forecast import Forecast
from lookalike.sequences._forecast_fit import fit_forecast


def returning(weight: float, events: int, seed: int) -> np.ndarray:
    """Return an autoregressive series that began long ago."""
    rng, values = np.random.default_rng(seed), np.zeros(events + 500)
    for k in range(1, len(values)):
        values[k] = weight * values[k - 1] + rng.normal()
    return values[500:]


def fitted(values: np.ndarray, step: str = "h") -> tuple[Forecast, np.ndarray]:
    """Return the forecast of a series at equal steps, and its times."""
    dates = pd.date_range("2000-01-01", periods=len(values), freq=step).as_unit("us")
    raw = dates.asi8
    clock = EventClock.fit(raw, np.arange(1, len(raw)), pa.timestamp("us"))
    return fit_forecast(values, raw, clock, np.random.default_rng(0)), raw


def tabled(values: np.ndarray, step: str = "h") -> pd.DataFrame:
    dates = pd.date_range("2000-01-01", periods=len(values), freq=step)
    return pd.DataFrame({"time": dates, "x": values})


@pytest.mark.parametrize(("weight", "events"), [(0.9, 300), (0.95, 300), (0.98, 600)])
def test_the_pull_is_that_of_the_series_and_not_of_least_squares(weight, events):
    found = [fitted(returning(weight, events, seed))[0] for seed in range(12)]
    pulls = [1 - sum(one.weights) for one in found]
    by_squares = [1 - sum(one.learned) for one in found]
    assert np.median(pulls) == pytest.approx(1 - weight, rel=0.3)
    assert np.median(pulls) < np.median(by_squares)
    assert sum(bool(one.waves) for one in found) <= 2


def test_walks_do_not_return():
    found = [fitted(np.cumsum(np.random.default_rng(k).normal(size=600)))[0] for k in range(12)]
    assert sum(not one.returns for one in found) >= 6
    # Those that do, by chance, do it slowly.
    assert np.median([1 - sum(one.weights) for one in found]) < 0.01


def test_trends_are_found_and_not_invented():
    rises = np.linspace(0, 20, 500)
    with_trend = [fitted(returning(0.9, 500, seed) + rises)[0] for seed in range(8)]
    hours = [one.slope * 3_600_000_000 * 500 for one in with_trend]
    assert np.mean(hours) == pytest.approx(20, rel=0.15)
    without = [fitted(returning(0.9, 500, seed))[0] for seed in range(8)]
    assert sum(bool(one.slope) for one in without) <= 1


def test_the_calendar_is_told_from_memory():
    steps, rng = np.arange(900), np.random.default_rng(0)
    daily = 3 * np.sin(steps * np.pi / 12) * (1 + (steps // 24 % 7 < 5))
    forecast, raw = fitted(daily + rng.normal(0, 0.3, 900))
    errors = forecast.errors_of(daily, forecast.course(raw, len(raw)))
    assert errors[24:].std() < 0.4
    assert abs(sum(forecast.weights)) < 0.2
    yearly = 5 * np.cos(np.arange(240) * np.pi / 6) + returning(0.7, 240, 0)
    forecast, _ = fitted(yearly, "MS")
    assert 365.2425 * 86_400_000_000 in [wave[0] for wave in forecast.waves]


def test_numbers_that_grow_by_shares_are_forecast_in_logarithms():
    grows = np.exp(0.01 * np.arange(300) + 0.1 * returning(0.8, 300, 0))
    assert fitted(grows)[0].logs
    assert not fitted(100 + returning(0.8, 300, 0))[0].logs


def test_a_forecast_survives_its_file_and_damage_is_refused():
    forecast, _ = fitted(np.exp(returning(0.9, 300, 0)) + np.sin(np.arange(300) * np.pi / 12))
    values = forecast.to_dict()
    assert Forecast.from_dict(values) == forecast
    for damage in (
        {"weights": []},
        {"learned": [*forecast.learned, 0.1]},
        {"covariances": []},
        {"waves": [(0.0, 1.0, 1.0)]},
        {"low": 1.0, "high": 0.0},
        {"slope": float("inf")},
    ):
        with pytest.raises(ValueError, match=r"damaged|finite|no period"):
            Forecast.from_dict({**values, **damage})


@pytest.mark.slow
@pytest.mark.parametrize("rise", [0.0, 15.0])
def test_a_returning_series_keeps_its_spread(rise):
    """Drawn as changes, it was 1.2 to 1.5 times as wide."""
    ratios = []
    for seed in range(6):
        values = (returning(0.95, 500, seed) + np.linspace(0, rise, 500)).round(2)
        model = la.Sequences(engine="trees", random_state=seed).fit(tabled(values), time="time")
        assert not model.changes_
        assert "returns to its course" in model.forecasts_["x"]
        made = model.sample(length=500)["x"]
        ratios.append(made.std() / values.std())
        assert made.diff().std() == pytest.approx(np.diff(values).std(), rel=0.15)
    assert 0.87 < np.mean(ratios) < 1.13


def swinging(kind: str) -> np.ndarray:
    """Return a series that goes up and down without a calendar."""
    steps, rng = np.arange(800), np.random.default_rng(0)
    if kind == "alternating":
        return np.where(steps % 2, 1.0, -1.0) + rng.normal(0, 0.01, 800)
    if kind == "saw":
        return steps % 12 + rng.normal(0, 0.1, 800)
    return np.sin(2 * np.pi * steps / 17.3) + rng.normal(0, 0.05, 800)


@pytest.mark.parametrize("kind", ["alternating", "saw", "sine"])
def test_what_swings_goes_on_swinging(kind):
    """Begun where it is still, it hardly moved: with a tenth to a third of its spread."""
    values = swinging(kind)
    model = la.Sequences(trees=1, engine="trees", random_state=0).fit(
        tabled(values, "D"), time="time"
    )
    spread = [model.sample(length=800, random_state=seed)["x"].std() for seed in range(4)]
    assert 0.6 < np.mean(spread) / values.std() < 1.4


def test_a_trend_goes_on_and_nothing_falls_below_zero(tmp_path):
    rng, months = np.random.default_rng(0), np.arange(144)
    season = 1 + 0.2 * np.sin(months * np.pi / 6)
    counts = np.exp(0.01 * months + rng.normal(0, 0.03, 144)) * 100 * season
    table = tabled(counts.round().astype(int), "MS")
    model = la.Sequences(engine="trees", random_state=0).fit(table, time="time")
    made, future = model.sample(), model.continue_from(table, 24, n=8)
    assert made["x"].dtype == table["x"].dtype
    assert np.corrcoef(made["x"], table["x"])[0, 1] > 0.9
    assert future["x"].max() > table["x"].max()
    by_month = future["x"].groupby(future["time"].dt.month).mean()
    assert by_month.idxmax() in (3, 4, 5)
    model.save(tmp_path / "m.lookalike")
    assert la.load(tmp_path / "m.lookalike").sample().equals(made)
    assert model.sample(windows=200, window=12)["x"].min() >= 0


def test_a_walk_may_leave_the_range_of_the_real_one():
    values = np.cumsum(np.random.default_rng(0).normal(0, 0.3, 800)).round(2)
    model = la.Sequences(engine="trees", random_state=0).fit(tabled(values), time="time")
    assert set(model.changes_) == {"x"}
    made = model.sample(windows=100, window=400)["x"]
    assert made.max() > values.max() or made.min() < values.min()
    assert np.ptp(made) <= 2 * np.ptp(values)


def prices(events: int = 700, seed: int = 0) -> pd.DataFrame:
    """Return prices of days: each opens where the last one closed, about, and has a range."""
    rng = np.random.default_rng(seed)
    moves, gaps = rng.normal(0, 0.02, events), rng.normal(0, 0.003, events)
    close = np.exp(np.cumsum(moves + gaps)) * 50
    opened = close * np.exp(-moves)
    high = np.maximum(opened, close) * np.exp(np.abs(rng.normal(0, 0.005, events)))
    low = np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0, 0.005, events)))
    table = {"open": opened, "high": high, "low": low, "close": close}
    return pd.DataFrame({name: values.round(2) for name, values in table.items()})


def test_numbers_that_move_together_stay_together(tmp_path):
    table = prices()
    model = la.Sequences(engine="trees", random_state=0).fit(table)
    assert model.forecasts_["open"].startswith("from the last event and close of the last event")
    made = model.sample(length=700)
    assert (made["high"] >= made[["open", "close"]].max(axis=1)).all()
    assert (made["low"] <= made[["open", "close"]].min(axis=1)).all()
    for each in (table, made):
        apart = np.log(each["high"] / each["low"])
        gap = np.log(each["open"] / each["close"].shift()).dropna()
        assert 0.01 < apart.mean() < 0.05
        assert gap.std() < 0.009
    model.save(tmp_path / "m.lookalike")
    assert la.load(tmp_path / "m.lookalike").sample(length=50).equals(model.sample(length=50))
    past = table[-5:].assign(close=[np.nan, *table["close"][-4:]])
    with pytest.raises(DataError, match="its past must be known"):
        model.continue_from(past, 3)


def test_whole_numbers_beside_decimals_are_in_the_same_unit(tmp_path):
    rng = np.random.default_rng(0)
    watts = (rng.gamma(2, 40, 600) // 10 * 10).astype(int)
    heat = (20 + 0.1 * returning(0.98, 600, 1)).round(4)
    cold = (heat + 0.05 * returning(0.8, 600, 2)).round(2)
    table = pd.DataFrame({"watts": watts, "heat": heat, "cold": cold})
    model = la.Sequences(trees=1, engine="trees", random_state=0).fit(table)
    assert "watts" not in model.forecasts_.get("heat", "")
    made = model.sample(length=600)
    for name in ("heat", "cold"):
        assert abs(made[name].mean() - table[name].mean()) < 3 * table[name].std()
        assert made[name].std() < 2 * table[name].std()


def test_a_number_follows_no_other_one_from_which_it_differs_for_long():
    # Where each follows the other, lasting differences would add up at every step.
    slow = np.cumsum(np.convolve(returning(0.9, 807, 0), np.ones(8) / 8, "valid"))
    table = pa.table({"one": slow + returning(0.99, 800, 1), "two": slow - returning(0.99, 800, 2)})
    plain = Change("one", "change of one", "double", None, -1e6, 1e6, 1.0)
    rng = np.random.default_rng(0)
    assert go_beside([plain], table, ["one", "two"], None, None, rng) == [plain]


def test_equal_numbers_stay_equal_and_others_go_their_own_way():
    walk = np.cumsum(np.random.default_rng(0).normal(size=400))
    other = np.cumsum(np.random.default_rng(1).normal(size=400))
    table = pd.DataFrame({"a": walk, "b": walk, "c": other})
    model = la.Sequences(engine="trees", random_state=0).fit(table)
    assert "a of the same event" in model.forecasts_["b"]
    assert "event and" not in model.forecasts_.get("c", "")
    made = model.sample(length=100)
    assert (made["a"] == made["b"]).all()


def test_a_number_beside_one_that_is_drawn_later_is_refused(tmp_path, monkeypatch):
    from lookalike.models import _archive
    from lookalike.sequences import _saving

    model = la.Sequences(trees=1, engine="trees", random_state=0).fit(prices(120))

    def write(parts, path):
        changes = parts.manifest["model"]["parts"]["events"]["changes"]
        changes[0]["forecast"] = {**changes[1]["forecast"], "beside": "high", "follows": False}
        _archive.write_parts(parts, path)

    monkeypatch.setattr(_saving, "write_parts", write)
    model.save(tmp_path / "m.lookalike")
    with pytest.raises(ModelFileError):
        la.load(tmp_path / "m.lookalike")
