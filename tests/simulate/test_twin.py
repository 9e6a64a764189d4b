"""A twin follows a stream: what it expects is near, faults are far, gaps begin anew."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from lookalike.errors import DataError, ParameterError, SchemaError
from lookalike.simulate import SensorTwin, sensors

NAMES = ["temperature", "pressure", "flow", "power"]
CALM = sensors(6_000, faults={}, random_state=0)
BY = {"inputs": ["demand"], "time": "time"}
TWICE = pd.concat([CALM[100:300], CALM[100:300]])
TWIN = SensorTwin.fit(CALM[:4_000], NAMES, **BY)


def test_readings_without_faults_are_as_far_off_as_the_twin_says() -> None:
    found = TWIN.follow(CALM[4_000:])
    off = found[[f"{name}_off" for name in NAMES]].dropna()
    assert len(off) == 2_000 - 2
    assert (off.std() - 1).abs().max() < 0.3
    naive = CALM["temperature"][4_000:].diff().std()
    assert np.sqrt(TWIN.spread[0, 0]) < naive


def test_faults_are_far_off() -> None:
    rows = sensors(6_000, faults={"bias": 3}, random_state=5)
    found = TWIN.follow(rows)
    own = rows["sensor"].isin(NAMES)
    begins = np.flatnonzero(own & ~own.shift(fill_value=False))
    assert len(begins)
    for row in begins:
        assert abs(found[f"{rows['sensor'][row]}_off"][row]) > 4


def test_the_twin_goes_on_where_readings_are_missing_and_anew_after_a_gap() -> None:
    rows = CALM[4_000:4_300].reset_index(drop=True)
    rows.loc[100:120, "temperature"] = np.nan
    found = TWIN.follow(rows)
    assert found["temperature_expected"][100:122].notna().all()
    assert found["temperature_off"][100:121].isna().all()
    apart = TWIN.follow(rows.drop(index=range(150, 170)))
    assert apart["flow_expected"][150:152].isna().all()
    assert apart["flow_expected"][152:].notna().all()


def test_rows_are_taken_in_the_order_of_time() -> None:
    rows = CALM[4_000:4_200]
    mixed = rows.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(TWIN.follow(mixed), TWIN.follow(rows))


def test_a_forecast_holds_what_came_as_often_as_it_says() -> None:
    inside = []
    for begin in range(4_100, 5_900, 60):
        coming = CALM[begin : begin + 20]
        found = TWIN.forecast(CALM[begin - 50 : begin], 20, coming=coming)
        for name in NAMES:
            low, high = (found[f"{name}_{end}"].to_numpy() for end in ("low", "high"))
            inside.append((coming[name].to_numpy() >= low) & (coming[name].to_numpy() <= high))
    assert 0.9 < np.mean(inside) < 0.99
    wide = TWIN.forecast(CALM[:50], 30, coming=CALM[50:80])
    reach = wide["temperature_high"] - wide["temperature_low"]
    assert reach.is_monotonic_increasing


def test_without_moments_rows_are_equally_far_apart() -> None:
    twin = SensorTwin.fit(CALM, ["flow"])
    assert twin.follow(CALM, as_="arrow").column_names == ["flow_expected", "flow_off"]
    assert len(twin.forecast(CALM, 5)) == 5
    constant = CALM.assign(flow=3.0)
    assert SensorTwin.fit(constant, ["flow"]).follow(constant)["flow_expected"][10] == 3.0


@pytest.mark.parametrize("value", [0.1, 1 / 3, 20.7])
def test_a_constant_that_is_not_exact_in_binary_has_no_unit(value) -> None:
    rows = CALM[:1_000].assign(b=value)
    twin = SensorTwin.fit(rows, ["flow", "b"], time="time")
    assert (twin.spread[1] == 0).all()
    rows.loc[500, "b"] = 2 * value
    found = twin.follow(rows)
    assert found["b_off"].isna().all()
    np.testing.assert_allclose(found["b_expected"][2:500], value)
    # Nor do other sensors react to a column that never varied.
    assert found["flow_off"].abs().max() < 20


def test_nanoseconds_and_decimals_are_read() -> None:
    rows = CALM[:500].assign(time=CALM["time"].astype("datetime64[ns]") + pd.Timedelta(1, "ns"))
    flows = pa.array(rows["flow"].round(2).astype(str)).cast(pa.decimal128(8, 2))
    table = pa.Table.from_pandas(rows[["time"]], preserve_index=False)
    twin = SensorTwin.fit(table.append_column("flow", flows), ["flow"], time="time")
    assert twin.follow(rows)["flow_expected"][2:].notna().all()


def test_an_infinite_input_is_missing() -> None:
    rows = CALM[4_000:4_100].reset_index(drop=True)
    rows.loc[50, "demand"] = np.inf
    found = TWIN.follow(rows).drop(columns="time").to_numpy(float)
    assert np.isnan(found[50]).all()
    assert np.isfinite(np.delete(found, [0, 1, 50], axis=0)).all()


def test_coming_rows_are_taken_in_the_order_of_time() -> None:
    coming = CALM[4_050:4_060]
    found = TWIN.forecast(CALM[4_000:4_050], 10, coming=coming)
    pd.testing.assert_frame_equal(
        found, TWIN.forecast(CALM[4_000:4_050], 10, coming=coming.iloc[::-1])
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: SensorTwin.fit(CALM, ["flo"]), SchemaError, "Did you mean 'flow'"),
        (lambda: SensorTwin.fit(CALM, "flow"), SchemaError, "list of columns"),
        (lambda: SensorTwin.fit(CALM, ["time"]), SchemaError, "must be numbers"),
        (lambda: SensorTwin.fit(CALM, ["flow"], time="demand"), SchemaError, "must be moments"),
        (lambda: SensorTwin.fit(CALM, ["flow"], inputs="demand"), SchemaError, "list of columns"),
        (lambda: SensorTwin.fit(CALM, ["flow"], inputs=["flow"]), SchemaError, "named once"),
        (lambda: SensorTwin.fit(CALM, ["flow", "flow"]), SchemaError, "named once"),
        (lambda: SensorTwin.fit(TWICE, ["flow"], time="time"), DataError, "01:40:00 more than"),
        (lambda: TWIN.follow(TWICE), DataError, "one plant at a time"),
        (lambda: SensorTwin.fit(CALM[:40], ["flow"]), DataError, "53 rows"),
        (lambda: TWIN.forecast(CALM, 3), DataError, "coming values of demand"),
        (lambda: TWIN.forecast(CALM, 3, coming=CALM[:2]), DataError, "3 rows"),
        (lambda: TWIN.forecast(CALM[:1], 3, coming=CALM), DataError, "2 rows at the end"),
        (lambda: TWIN.forecast(CALM, 0, coming=CALM), ParameterError, "n must be"),
        (lambda: TWIN.follow(CALM, as_="numpy"), ParameterError, "as_ must be"),
    ],
)
def test_a_wrong_call_is_one_clear_error(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()
