"""A simulated pump takes its gains, delays, rhythms and noise from a stream, where it is nearer."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lookalike._core.errors import DataError, LookalikeWarning, ParameterError, SchemaError
from lookalike.simulate import Rhythm, SensorLaw, SensorTwin, SensorWorld, sensors

NAMES = {
    name: name for name in ("time", "ambient", "demand", "temperature", "pressure", "flow", "power")
}
#: A pump of another size, in other units, with a row every ten minutes.
OTHER = SensorWorld(
    step=600,
    demand=Rhythm(900.0, (-200.0, 50.0, 0.0, 0.0, 60.0, 0.0, 0.0, 0.0), 40.0, 0.7),
    flow=SensorLaw(20.0, {"demand": 2.0}, 0.6, 15.0),
    power=SensorLaw(50.0, {"flow": 0.01, "flow²": 0.0}, 0.0, 0.5),
    temperature=SensorLaw(10.0, {"ambient": 0.5, "power": 2.0}, 0.9, 0.4, memory=0.8),
    pressure=SensorLaw(3.0, {"flow": -0.0002}, 0.0, 0.001),
    limit=2_400.0,
)


def fitted(rows: pd.DataFrame, **names: str) -> tuple[SensorWorld, str]:
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        world = SensorWorld.fit(rows, **names)
    return world, " ".join(str(one.message) for one in raised)


ROWS = sensors(4_000, faults={}, world=OTHER, random_state=0)
WORLD, SAID = fitted(ROWS, **NAMES)


def test_gains_delays_and_noise_are_found() -> None:
    assert WORLD.step == 600
    assert WORLD.flow.gains["demand"] == pytest.approx(2, rel=0.03)
    assert WORLD.flow.kept == pytest.approx(0.6, abs=0.05)
    assert WORLD.flow.noise == pytest.approx(15, rel=0.2)
    assert WORLD.limit == pytest.approx(2_400, rel=0.03)
    assert WORLD.temperature.gains["power"] == pytest.approx(2, rel=0.1)
    assert WORLD.temperature.kept == pytest.approx(0.9, abs=0.03)
    assert WORLD.temperature.memory == pytest.approx(0.8, abs=0.05)
    assert WORLD.pressure.gains["flow"] == pytest.approx(-0.0002, rel=0.1)
    assert WORLD.demand.mean == pytest.approx(900, rel=0.05)
    assert WORLD.demand.waves[0] == pytest.approx(-200, rel=0.15)
    assert WORLD.demand.kept == pytest.approx(0.7, abs=0.05)
    # A year cannot be seen in four weeks, and what is not named is as it was.
    assert WORLD.demand.waves[6:] == (0.0, 0.0)
    assert WORLD.vibration == SensorWorld().vibration


def test_rows_of_the_fitted_world_are_near_the_stream_and_those_of_the_default_are_not() -> None:
    again = sensors(4_000, faults={}, world=WORLD, random_state=5)
    plain = sensors(4_000, faults={}, random_state=5)
    for name in ("demand", "flow", "power", "pressure"):
        spread = ROWS[name].std()
        assert abs(again[name].mean() - ROWS[name].mean()) < 0.3 * spread, name
        assert again[name].std() == pytest.approx(spread, rel=0.25), name
        assert abs(plain[name].mean() - ROWS[name].mean()) > spread, name
    assert again["time"].diff().dropna().dt.total_seconds().unique().tolist() == [600.0]
    assert again["pressure"].nunique() > 100  # small units keep their decimals
    faulty = sensors(4_000, world=WORLD, random_state=5)
    assert set(faulty["fault"].dropna()) == {"stuck", "bias", "drift", "spike", "delay"}


def test_what_held_out_rows_do_not_confirm_is_said_and_not_taken() -> None:
    random = np.random.default_rng(0)
    rows = ROWS[["time", "demand"]].assign(flow=random.normal(5, 1, len(ROWS)))
    rows.loc[3_200:, "flow"] -= rows.loc[3_200:, "demand"] * 0.01
    rows.loc[:3_199, "flow"] += rows.loc[:3_199, "demand"] * 0.01
    world, said = fitted(rows, time="time", demand="demand", flow="flow")
    assert world.flow.gains == {}
    assert "the constant stays for 'flow'" in said
    # The default's own rows: nothing is nearer to them than the default.
    default, _ = fitted(sensors(3_000, faults={}, random_state=1), time="time", power="power")
    assert default.power.gains == {}  # no input is named
    assert "'demand'" not in SAID
    assert "'flow'" not in SAID


def test_ugly_streams_are_read() -> None:
    ugly = ROWS.copy()
    random = np.random.default_rng(1)
    for name in ("demand", "flow", "power"):
        ugly.loc[random.random(len(ugly)) < 0.1, name] = np.nan
    ugly.loc[::97, "flow"] = np.inf
    ugly = ugly.drop(index=ugly.index[1_000:1_100]).sample(frac=1, random_state=0)
    world, _ = fitted(ugly, time="time", demand="demand", flow="flow", power="power")
    assert world.flow.gains["demand"] == pytest.approx(2, rel=0.1)
    still, _ = fitted(ROWS.assign(power=4.0), time="time", flow="flow", power="power")
    assert still.power.noise == pytest.approx(0, abs=1e-6)
    assert np.allclose(sensors(100, world=replace(still, limit=None))["power"], 4.0, atol=20)


@pytest.mark.parametrize("seen", [slice(3_300, 4_000), slice(0, 1_500)], ids=["late", "early"])
def test_sensors_that_are_read_for_a_part_of_the_time_are_fitted_to_it(seen) -> None:
    rows = ROWS.assign(flow=ROWS["flow"].iloc[seen])
    world, said = fitted(rows, time="time", demand="demand", flow="flow")
    assert world.flow.gains["demand"] == pytest.approx(2, rel=0.05)
    assert world.flow.noise == pytest.approx(15, rel=0.3)
    rows = ROWS.assign(demand=ROWS["demand"].iloc[seen])
    world, said = fitted(rows, time="time", demand="demand", flow="flow")
    assert world.demand.mean == pytest.approx(900, rel=0.1)
    assert world.flow.gains["demand"] == pytest.approx(2, rel=0.05)
    assert "flow" not in said


def test_rows_within_one_step_are_named_and_averaged() -> None:
    extra = ROWS[10:11].assign(time=ROWS["time"][10] + pd.Timedelta(seconds=20), demand=4e6)
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        world = SensorWorld.fit(pd.concat([ROWS, extra]), time="time", demand="demand")
    assert "2026-01-01 01:40:00 and 2026-01-01 01:40:20." in str(raised[0].message)
    assert raised[0].filename == __file__
    # The constant of 4,000 moments, one of which is the mean of both rows.
    assert world.demand.mean == pytest.approx(900 + 4e6 / 2 / 4_000, abs=30)


def test_a_clock_of_whole_seconds_does_not_stretch_or_fold_the_stream() -> None:
    # A row every 59.6 s, stamped in whole seconds: most steps are of 60 s.
    seconds = np.floor(59.6 * np.arange(4_000)).astype(int)
    rows = ROWS.assign(time=ROWS["time"][0] + pd.to_timedelta(seconds, unit="s"))
    world, said = fitted(rows, time="time", demand="demand", flow="flow")
    assert world.step == pytest.approx(59.6, rel=1e-4)
    assert "within one step" not in said
    assert world.flow.kept == pytest.approx(0.6, abs=0.05)


@pytest.mark.parametrize("step", [0.5, 0.1, 1 / 3, 1e-3, 2e-6, 5e-7])
def test_short_steps_are_held_and_read_back(step) -> None:
    rows = sensors(4_000, faults={}, world=replace(OTHER, step=step), random_state=0)
    gaps = rows["time"].astype("datetime64[ns]").astype("int64").diff().dropna()
    assert gaps.min() > 0
    assert np.allclose(gaps, step * 1e9, rtol=1e-3)
    world, said = fitted(rows, time="time", demand="demand", flow="flow")
    assert world.step == pytest.approx(step, rel=1e-4)
    assert world.flow.kept == pytest.approx(0.6, abs=0.05)
    assert "within one step" not in said
    twin = SensorTwin.fit(rows, ["flow"], inputs=["demand"], time="time")
    assert twin.step == pytest.approx(step, rel=1e-3)
    assert twin.follow(rows)["flow_expected"].isna().sum() == 2


def test_a_step_that_no_unit_holds_is_one_clear_error() -> None:
    with pytest.raises(ParameterError, match=r"whole nanoseconds.*got 4e-10 s"):
        sensors(10, world=SensorWorld(step=4e-10))
    with pytest.raises(ParameterError, match=r"Ask for fewer rows or a longer step"):
        sensors(10, world=SensorWorld(step=1e18))
    # Whole seconds as ever.
    assert str(sensors(3, as_="arrow")["time"].type) == "timestamp[s]"


@pytest.mark.parametrize("noise", [0.0, 1e-7])
def test_small_numbers_keep_their_digits(noise) -> None:
    small = SensorWorld(
        ambient=Rhythm(1e-5),
        demand=Rhythm(1e-5, (-2e-6, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
        flow=SensorLaw(0.0, {"demand": 1.0}, 0.5, noise),
        limit=None,
    )
    rows = sensors(1_500, faults={}, world=small, random_state=0)
    assert rows["ambient"].to_numpy() == pytest.approx(1e-5, rel=1e-3)
    for name in ("demand", "flow"):
        assert rows[name].mean() == pytest.approx(1e-5, rel=0.1)
        assert rows[name].nunique() > 50
    assert rows["power"].round(3).equals(rows["power"])  # others as ever


@pytest.mark.parametrize(("step", "late"), [(60, 30), (600, 3), (86_400, 1), (1, 1_800)])
def test_a_delay_is_half_an_hour_whatever_the_step(step, late) -> None:
    world = replace(SensorWorld(step=step), limit=None)
    well, delayed = (
        sensors(20_000, faults=faults, world=world, random_state=0) for faults in ({}, {"delay": 1})
    )
    (rows,) = np.nonzero(delayed["fault"].notna().to_numpy())
    (name,) = delayed["sensor"].dropna().unique()
    shown, true = delayed[name].to_numpy(), well[name].to_numpy()
    # A fault of 20,000 rows takes 2,000 to 8,000 of these, and half of it may be shorter.
    least = min(late, 1_000)
    lags = [k for k in range(1, 4_000) if rows[0] >= k and (shown[rows] == true[rows - k]).all()]
    assert len(lags) == 1
    assert least <= lags[0] <= late


def test_a_delay_in_the_first_rows_shows_no_row_before_them() -> None:
    for seed in range(20):
        delayed = sensors(40, faults={"delay": 1}, random_state=seed)
        (rows,) = np.nonzero(delayed["fault"].notna().to_numpy())
        assert rows[0] > 0
        name = delayed["sensor"].dropna().iloc[0]
        assert (np.diff(delayed[name].to_numpy()[rows]) != 0).any() or len(rows) < 3


@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_a_law_without_inputs_is_its_constant(kept) -> None:
    assert float(SensorLaw(6.0, kept=kept).answer({})) == 6.0


@pytest.mark.parametrize(
    ("change", "names", "error", "message"),
    [
        ({}, {"time": "time", "flow": "flw"}, SchemaError, "Did you mean 'flow'"),
        ({}, {"time": "flow"}, SchemaError, "time must be moments"),
        ({"flow": "x"}, {"time": "time", "flow": "flow"}, SchemaError, "must be numbers"),
        ({"flow": np.nan}, {"time": "time", "flow": "flow"}, DataError, "'flow' has fewer"),
        ({"time": pd.Timestamp(0)}, {"time": "time"}, DataError, "more than once"),
    ],
)
def test_a_wrong_stream_is_one_clear_error(change, names, error, message) -> None:
    with pytest.raises(error, match=message):
        SensorWorld.fit(ROWS.assign(**change), **names)


def test_a_short_or_uneven_stream_and_wrong_parameters_are_one_clear_error() -> None:
    with pytest.raises(DataError, match="needs 50 rows"):
        SensorWorld.fit(ROWS[:49], time="time")
    far = ROWS[:60].assign(time=[*ROWS["time"][:59], pd.Timestamp("2099-01-01")])
    with pytest.raises(DataError, match="about equal steps"):
        SensorWorld.fit(far, time="time")
    apart = ROWS.assign(
        flow=ROWS["flow"].where(ROWS.index >= 3_000),
        demand=ROWS["demand"].where(ROWS.index < 2_990),
    )
    with pytest.raises(DataError, match="'flow' answers to 'demand', and needs 50 readings"):
        SensorWorld.fit(apart, time="time", flow="flow", demand="demand")
    with pytest.raises(ParameterError, match="flow answers to demand"):
        SensorWorld(flow=SensorLaw(0.0, {"demnd": 1.0}))
    with pytest.raises(ParameterError, match="must be a SensorLaw"):
        SensorWorld(flow=3.0)
    with pytest.raises(ParameterError, match="kept must be"):
        SensorLaw(0.0, kept=1.0)
    with pytest.raises(ParameterError, match="waves must be 8 numbers"):
        Rhythm(1.0, (1.0,))
    with pytest.raises(ParameterError, match="a SensorWorld or None"):
        sensors(10, world="pump")


def test_the_warning_names_the_column() -> None:
    random = np.random.default_rng(0)
    rows = ROWS[["time"]].assign(cold=random.normal(100, 1, len(ROWS)))
    rows.loc[3_200:, "cold"] = 12.0
    with pytest.warns(LookalikeWarning, match=r"the default stays for 'cold'"):
        SensorWorld.fit(rows, time="time", ambient="cold")
