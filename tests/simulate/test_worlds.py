"""Simulated worlds: labels are true, seeds decide, and what should be odd is odd."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import lookalike as la
from lookalike._core.errors import DataError, ParameterError, SchemaError
from lookalike.cli import main
from lookalike.simulate import FraudWorld, TrafficWorld, fraud, sensors, traffic

PAYMENTS = fraud(60_000, fraud_share=0.02, random_state=3)
BY = dict(list(PAYMENTS.groupby("pattern", observed=True)))
ORDINARY = PAYMENTS[~PAYMENTS["fraud"]]


def test_payments_have_their_number_order_and_labels() -> None:
    assert len(PAYMENTS) == 60_000
    assert PAYMENTS["time"].is_monotonic_increasing
    assert PAYMENTS["time"].between("2026-01-01", "2026-04-01").all()
    assert {name: len(part) for name, part in BY.items()} == dict.fromkeys(BY, 240)
    assert len(BY) == 5
    assert PAYMENTS["pattern"].isna().equals(~PAYMENTS["fraud"])
    assert PAYMENTS["case"].isna().equals(~PAYMENTS["fraud"])
    # A case has one pattern, a card one customer, a terminal one category.
    assert PAYMENTS.dropna(subset="case").groupby("case")["pattern"].nunique().max() == 1
    assert PAYMENTS.groupby("card")["customer"].nunique().max() == 1
    assert PAYMENTS.groupby("terminal")["category"].nunique().max() == 1
    assert (PAYMENTS["amount"] > 0).all()
    online = PAYMENTS["category"] == "online"
    assert PAYMENTS["distance"].isna().equals(online)
    assert PAYMENTS["device"].isna().equals(~online)


def test_ordinary_payments_have_rhythms_and_habits() -> None:
    hours = ORDINARY["time"].dt.hour.value_counts(normalize=True)
    assert hours[[11, 12, 17, 18]].min() > 3 * hours[[2, 3, 4]].max()
    assert ORDINARY["distance"].median() < 20
    spread = np.log(ORDINARY["amount"]).groupby(ORDINARY["customer"])
    assert spread.std().mean() < np.log(ORDINARY["amount"]).std()
    often = ORDINARY.groupby(["customer", "terminal"]).size()
    assert often.max() > 10


def test_each_pattern_is_what_it_says() -> None:
    testing, stolen, taken = (BY[n] for n in ("card testing", "stolen card", "account take-over"))
    assert testing["amount"].max() <= 3
    assert testing.groupby("case")["terminal"].nunique().max() == 1
    assert (testing.groupby("case")["card"].nunique() > 10).mean() > 0.5
    assert stolen["distance"].median() > 5 * ORDINARY["distance"].median()
    assert stolen.groupby("case")["card"].nunique().max() == 1
    assert taken["time"].dt.hour.max() < 6
    assert taken.groupby("case")["device"].nunique().max() == 1
    assert not set(taken["device"]) & set(ORDINARY["device"])
    ring = BY["ring"]
    assert (ring["amount"] < 500).all()
    assert ring["amount"].median() > 480
    assert ring.groupby("case")["terminal"].nunique().max() <= 3
    gaps = BY["velocity"].groupby("case")["time"].diff().dropna()
    assert gaps.median() < pd.Timedelta(minutes=5)
    assert ORDINARY.groupby("card")["time"].diff().median() > pd.Timedelta(hours=6)


def test_the_world_is_fitted_to_a_table(tmp_path: Path) -> None:
    world = FraudWorld(amount_median=40, per_day=2, hours=(1,) * 12 + (3,) * 12)
    rows = fraud(20_000, fraud_share=0, world=world, days=20, random_state=1)
    fitted = FraudWorld.fit(rows, amount="amount", time="time", customer="customer")
    assert 30 < fitted.amount_median < 55
    assert 0.4 < fitted.amount_sigma < 0.8
    assert 1.6 < fitted.per_day < 2.4
    assert sum(fitted.hours[12:]) > 2 * sum(fitted.hours[:12])
    rows.to_csv(tmp_path / "rows.csv", index=False)
    again = FraudWorld.fit(tmp_path / "rows.csv", amount="amount", time="time", customer="customer")
    assert again == fitted
    assert FraudWorld.fit(rows) == FraudWorld()
    with pytest.raises(SchemaError, match="Did you mean 'amount'"):
        FraudWorld.fit(rows, amount="amout")
    with pytest.raises(SchemaError, match="must be moments"):
        FraudWorld.fit(rows, time="amount")


def test_seeds_and_shares_decide() -> None:
    options = {"patterns": {"ring": 1}, "fraud_share": 0.1, "as_": "arrow"}
    one, two = fraud(2_000, **options), fraud(2_000, **options)
    assert one.equals(two)
    assert not one.equals(fraud(2_000, random_state=1, **options))
    assert one["pattern"].drop_null().unique().to_pylist() == ["ring"]
    assert fraud(1).shape == (1, 12)
    assert fraud(50, fraud_share=1)["fraud"].all()


ROWS = sensors(30_000, random_state=2)


def test_sensors_show_their_faults() -> None:
    assert ROWS["fault"].value_counts().min() > 0
    assert set(ROWS["fault"].dropna()) == {"stuck", "bias", "drift", "spike", "delay"}
    assert ROWS["sensor"].isna().equals(ROWS["fault"].isna())
    stuck = ROWS["fault"] == "stuck"
    runs = (stuck != stuck.shift()).cumsum()
    for _, part in ROWS[stuck].groupby(runs[stuck]):
        assert part[part["sensor"].iloc[0]].nunique() == 1


def test_wear_ends_with_a_failure() -> None:
    life = ROWS["remaining_life"]
    assert (life.dropna() == 0).sum() == 3
    near, fresh = ROWS[life < 100], ROWS[life.isna() & ROWS["fault"].isna()]
    assert near["vibration"].mean() > fresh["vibration"].mean() + 2
    steps = life.diff()[life.notna() & life.shift().notna()]
    assert (steps == -1).all()


def test_flow_follows_demand_and_stays_within_the_pump() -> None:
    calm = sensors(5_000, faults={}, random_state=0)
    assert calm["fault"].isna().all()
    assert calm["remaining_life"].isna().all()
    assert calm["flow"].corr(calm["demand"]) > 0.95
    assert calm["flow"].max() < 83
    assert sensors(1).shape == (1, 11)
    pd.testing.assert_frame_equal(calm, sensors(5_000, faults={}, random_state=0))


def test_traffic_slows_where_an_incident_is() -> None:
    rows = traffic(14, sites=6, incidents=2, random_state=0)
    assert len(rows) == 14 * 288 * 6
    day = rows[rows["time"].dt.hour.between(7, 19)]
    slowed = day.groupby("incident")["speed"].mean()
    assert slowed[True] < 0.8 * slowed[False]
    weather = rows.groupby("weather", observed=True)["speed"].median()
    assert weather["dry"] > weather["rain"]
    weekday = ~rows["time"].dt.day_name().isin(["Saturday", "Sunday"])
    peak = rows[weekday & (rows["time"].dt.hour == 17)]["flow"].mean()
    assert peak > 3 * rows[rows["time"].dt.hour == 3]["flow"].mean()
    assert (rows["flow"] >= 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fraud(0), "n must be an integer"),
        (lambda: fraud(10, patterns={"rings": 1}), "Did you mean 'ring'"),
        (lambda: fraud(10, patterns={"ring": 0}), "weight above 0"),
        (lambda: fraud(10, start="soon"), "must be a date"),
        (lambda: FraudWorld(hours=(1, 2)), "hours must be 24 shares"),
        (lambda: sensors(10, faults={"stick": 1}), "Did you mean 'stuck'"),
        (lambda: sensors(10, faults={"stuck": -1}), "stuck must be an integer"),
        (lambda: traffic(0), "days must be an integer"),
        (lambda: traffic(1, as_="excel"), "as_ must be None or"),
    ],
)
def test_a_wrong_call_is_one_clear_error(call, message) -> None:
    with pytest.raises(ParameterError, match=message):
        call()


def test_the_command_line_writes_worlds(tmp_path, capsys) -> None:
    out = tmp_path / "rows.parquet"
    words = ["simulate", "fraud", "-n", "500", "-o", str(out), "--set", "fraud_share=0.1"]
    assert main(words) == 0
    assert pd.read_parquet(out)["fraud"].sum() == 50
    assert main(["simulate", "traffic", "--days", "1", "-o", str(tmp_path / "t.csv")]) == 0
    assert main(["simulate", "sensors", "-n", "50", "-o", str(tmp_path / "s.csv")]) == 0
    assert len(pd.read_csv(tmp_path / "s.csv")) == 50
    assert main(["simulate", "frau", "-n", "5", "-o", str(out)]) == 2
    assert "Did you mean 'fraud'" in capsys.readouterr().err
    assert main(["simulate", "traffic", "-n", "5", "-o", str(out)]) == 2
    assert main(["simulate", "sensors", "-o", str(out)]) == 2
    assert la.simulate.fraud is fraud


def test_a_road_is_fitted_to_a_table(tmp_path: Path) -> None:
    calm = TrafficWorld(capacity=1_500, free_speed=60, working=(0.5,) * 144 + (0.2,) * 144)
    options = {"sites": 4, "incidents": 0, "random_state": 1}
    rows = traffic(14, world=calm, **options)
    by = {"flow": "flow", "speed": "speed", "time": "time", "site": "site"}
    fitted = TrafficWorld.fit(rows, **by)
    assert 50 < fitted.free_speed < 66
    assert np.mean(fitted.working[:144]) > 2 * np.mean(fitted.working[144:])
    assert 0.6 < fitted.smallest <= fitted.largest < 1.2
    # A road of the fitted world has about the flows of the first one.
    again = traffic(14, world=fitted, **options)
    assert again["flow"].mean() == pytest.approx(rows["flow"].mean(), rel=0.15)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    assert TrafficWorld.fit(tmp_path / "rows.csv", **by).capacity == fitted.capacity
    # An hourly table fills the minutes between; days that are not there keep their default.
    monday = rows[(rows["time"].dt.minute == 0) & (rows["time"].dt.day_of_week < 5)]
    hourly = TrafficWorld.fit(monday, flow="flow", time="time")
    assert hourly.free == TrafficWorld().free
    assert np.isfinite(hourly.working).all()
    assert TrafficWorld.fit(rows) == TrafficWorld()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"flow": "flw"}, SchemaError, "Did you mean 'flow'"),
        ({"flow": "weather"}, SchemaError, "must be numbers"),
        ({"flow": "flow", "time": "speed"}, SchemaError, "must be moments"),
        ({"flow": "none"}, DataError, "above 0"),
        ({"flow": "sign", "time": "time"}, DataError, "0 or more; 'sign' has -1"),
    ],
)
def test_a_wrong_table_of_traffic_is_one_clear_error(options, error, message) -> None:
    rows = traffic(1, sites=1).assign(none=0.0, sign=[-1, 5] * 144)
    with pytest.raises(error, match=message):
        TrafficWorld.fit(rows, **options)


def test_categories_of_polars_and_decimals_are_read() -> None:
    rows = traffic(1, sites=3, as_="polars", random_state=0)
    by = {"flow": "flow", "site": "site"}
    plain = TrafficWorld.fit(rows.with_columns(pl.col("site").cast(pl.String)), **by)
    site = pl.col("site").cast(pl.String).cast(pl.Categorical)
    assert TrafficWorld.fit(rows.with_columns(site), **by) == plain
    decimals = rows.with_columns(pl.col("flow").cast(pl.Decimal(10, 2)))
    assert TrafficWorld.fit(decimals, **by).capacity == pytest.approx(plain.capacity, abs=0.01)
    paid = pl.DataFrame({"amount": [3.0, 5.0, 9.0], "card": ["a", "a", None]})
    coded = paid.with_columns(pl.col("card").cast(pl.Categorical))
    by = {"amount": "amount", "customer": "card"}
    assert FraudWorld.fit(coded, **by) == FraudWorld.fit(paid, **by)


def test_a_wrong_road_is_one_clear_error() -> None:
    with pytest.raises(ParameterError, match="288 shares"):
        TrafficWorld(working=(1.0,))
    with pytest.raises(ParameterError, match="above largest"):
        TrafficWorld(smallest=2)
    with pytest.raises(ParameterError, match="world must be"):
        traffic(1, world=3)
