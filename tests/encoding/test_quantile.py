"""The randomised probability integral transform."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from lookalike.encoding import Quantile, SampledRows, sample_encoded
from lookalike.tables import Kind

from .columns import FLOATS, INT64, TICKS, TRIED, column, lists, stored, there_and_back

SEEDS = st.integers(0, 9)


@TRIED
@given(lists(INT64), SEEDS)
def test_whole_numbers_come_back(values: list[int], seed: int) -> None:
    cells = pa.array(values, pa.int64())
    encoding = Quantile(1).fit(cells, column(Kind.INTEGER))
    assert there_and_back(encoding, cells, seed).equals(cells)


@TRIED
@given(lists(FLOATS), SEEDS)
def test_floats_come_back(values: list[float], seed: int) -> None:
    cells = pa.array(values, pa.float64())
    encoding = Quantile(1).fit(cells, column(Kind.CONTINUOUS))
    assert there_and_back(encoding, cells, seed).to_pylist() == values


@TRIED
@given(lists(st.integers(-(10**9), 10**9)), st.integers(0, 6), SEEDS)
def test_decimals_come_back(wholes: list[int], decimals: int, seed: int) -> None:
    cells = pa.array([float(f"{whole}e-{decimals}") for whole in wholes])
    encoding = Quantile(1).fit(cells, column(Kind.CONTINUOUS, decimals=decimals))
    assert there_and_back(encoding, cells, seed).equals(cells)


@TRIED
@given(lists(TICKS), st.sampled_from([pa.timestamp("ns", "UTC"), pa.duration("us")]), SEEDS)
def test_moments_come_back(ticks: list[int], kind: pa.DataType, seed: int) -> None:
    cells = pa.array(ticks, pa.int64()).view(kind)
    encoding = Quantile(1).fit(cells, column(Kind.DURATION))
    assert there_and_back(encoding, cells, seed).equals(cells)


@TRIED
@given(lists(INT64), SEEDS)
def test_the_state_is_all(values: list[int], seed: int) -> None:
    cells = pa.array(values, pa.int64())
    encoding = Quantile(1).fit(cells, column(Kind.INTEGER))
    again = stored(encoding, column(Kind.INTEGER))
    assert there_and_back(again, cells, seed).equals(cells)
    assert again.layout == encoding.layout


def test_values_seen_once_in_a_million_come_back() -> None:
    rare = np.arange(999)
    common = np.full(1_000_000 - 999, 500)
    cells = pa.array(np.concatenate([rare, common]))
    encoding = Quantile(1).fit(cells, column(Kind.INTEGER))
    for seed in range(5):
        assert there_and_back(encoding, pa.array(rare), seed).to_numpy().tolist() == rare.tolist()


LONG = {
    "normal": lambda rng: rng.normal(size=5000),
    "lognormal": lambda rng: rng.lognormal(0, 3, 5000),
    "cauchy": lambda rng: rng.standard_cauchy(5000),
    "mostly zero": lambda rng: np.where(rng.random(5000) < 0.6, 0, rng.lognormal(0, 2, 5000)),
    "two heaps": lambda rng: np.r_[rng.normal(0, 1, 2500), rng.normal(1e6, 1, 2500)],
    "tiny": lambda rng: 1e-300 * rng.random(5000),
    "huge": lambda rng: 1e308 * rng.uniform(-1, 1, 5000),
}


@pytest.mark.parametrize("name", LONG)
def test_long_columns_become_normal_and_keep_their_distribution(name: str) -> None:
    rng = np.random.default_rng(0)
    values = LONG[name](rng)
    encoding = Quantile(1).fit(pa.array(values), column(Kind.CONTINUOUS))
    drawn = sample_encoded(encoding.encode(pa.array(values)), encoding.layout, rng)
    assert kstest(drawn.numbers[:, 0], "norm").statistic < 0.02
    z = rng.normal(size=(50_000, 1)).astype(np.float32)
    made = np.sort(encoding.decode(SampledRows(z, np.zeros((len(z), 0), np.int32))).to_numpy())
    assert values.min() <= made[0]
    assert made[-1] <= values.max()
    seen, share = np.unique(values, return_counts=True)
    error = np.searchsorted(made, seen, "right") / len(made) - np.cumsum(share) / len(values)
    assert np.abs(error).max() < 0.01
    state = encoding.state()
    assert sum(array.size for array in state.arrays.values()) <= 2000


def test_a_spike_comes_back_exactly_and_as_often() -> None:
    rng = np.random.default_rng(1)
    values = np.where(rng.random(20_000) < 0.3, 0.0, rng.normal(size=20_000))
    cells = pa.array(values)
    encoding = Quantile(1).fit(cells, column(Kind.CONTINUOUS))
    back = there_and_back(encoding, cells).to_numpy()
    np.testing.assert_array_equal(back == 0, values == 0)
    z = rng.normal(size=(50_000, 1)).astype(np.float32)
    made = encoding.decode(SampledRows(z, np.zeros((len(z), 0), np.int32))).to_numpy()
    assert abs((made == 0).mean() - (values == 0).mean()) < 0.01


def test_nothing_falls_into_a_gap() -> None:
    rng = np.random.default_rng(2)
    values = rng.integers(0, 20, 20_000) * 1000 + rng.random(20_000)
    encoding = Quantile(1).fit(pa.array(values), column(Kind.CONTINUOUS))
    z = rng.normal(size=(50_000, 1)).astype(np.float32)
    made = encoding.decode(SampledRows(z, np.zeros((len(z), 0), np.int32))).to_numpy()
    assert (made % 1000 <= 1).all()
    back = there_and_back(encoding, pa.array(values)).to_numpy()
    np.testing.assert_allclose(back, values, atol=0.01)


@pytest.mark.parametrize("step", [1, 5, 1000, 25])
def test_a_coarse_grid_is_kept_in_long_columns(step: int) -> None:
    rng = np.random.default_rng(3)
    wholes = 3 + step * rng.geometric(1 / 4000, 10_000)
    z = rng.normal(size=(10_000, 1)).astype(np.float32)
    none = np.zeros((len(z), 0), np.int32)
    encoding = Quantile(1).fit(pa.array(wholes), column(Kind.INTEGER))
    made = encoding.decode(SampledRows(z, none)).to_numpy()
    assert ((made - 3) % step == 0).all()
    cents = Quantile(1).fit(pa.array(wholes / 100), column(Kind.CONTINUOUS, decimals=2))
    np.testing.assert_array_equal(cents.decode(SampledRows(z, none)).to_numpy(), made / 100)
    back = there_and_back(cents, pa.array(wholes / 100)).to_numpy()
    assert (back == wholes / 100).mean() > 0.99


def test_values_seen_once_are_not_copied_in_short_columns_either() -> None:
    rng = np.random.default_rng(5)
    values = np.round(rng.lognormal(10, 1, 400), 2)
    values[:80] = 0.0
    encoding = Quantile(1).fit(pa.array(values), column(Kind.CONTINUOUS, decimals=2))
    z = rng.normal(size=(10_000, 1)).astype(np.float32)
    made = encoding.decode(SampledRows(z, np.zeros((len(z), 0), np.int32))).to_numpy()
    assert np.isin(made[made > 0], values).mean() < 0.05
    assert abs((made == 0).mean() - 0.2) < 0.02
    assert abs(np.median(made) / np.median(values) - 1) < 0.1
    assert sum(array.size for array in encoding.state().arrays.values()) <= 200
    back = there_and_back(encoding, pa.array(values)).to_numpy()
    np.testing.assert_allclose(back, values, rtol=1e-4)
    assert (back == values).mean() > 0.9


def test_decimals_that_do_not_hold_are_not_believed() -> None:
    cells = pa.array([0.123, 1.5])
    encoding = Quantile(1).fit(cells, column(Kind.CONTINUOUS, decimals=1))
    assert there_and_back(encoding, cells).equals(cells)


def test_values_never_seen_are_encoded_as_the_nearest() -> None:
    cells = pa.array([10, 20, 30])
    encoding = Quantile(1).fit(cells, column(Kind.INTEGER))
    strange = pa.array([-(2**63), 14, 26, 2**63 - 1])
    assert there_and_back(encoding, strange).to_pylist() == [10, 10, 30, 30]


def test_extreme_draws_are_the_ends() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=3000)
    encoding = Quantile(1).fit(pa.array(values), column(Kind.CONTINUOUS))
    z = np.float32([[-40], [40]])
    made = encoding.decode(SampledRows(z, np.zeros((2, 0), np.int32))).to_pylist()
    assert made == [values.min(), values.max()]


# --- what one row has ----------------------------------------------------------------------------


def made_of(encoding: Quantile, rows: int = 100_000) -> np.ndarray:
    z = np.random.default_rng(9).normal(size=(rows, 1)).astype(np.float32)
    return np.asarray(encoding.decode(SampledRows(z, np.zeros((rows, 0), np.int32))).to_numpy())


COLUMNS = {
    "normal": lambda rng: rng.normal(50_000, 9_000, 599),
    "long tail": lambda rng: rng.lognormal(10, 1, 599),
    "half zeros": lambda rng: np.where(rng.random(599) < 0.5, 0, rng.normal(5_000, 900, 599)),
    "two decimals": lambda rng: rng.normal(50, 9, 599).round(2),
    "few values": lambda rng: rng.choice([1.0, 2.5, 4.0], 599),
    "whole": lambda rng: rng.integers(30_000, 90_000, 599).astype(float),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_an_outlier_is_neither_stored_nor_decoded_and_stretches_nothing(name: str) -> None:
    usual = COLUMNS[name](np.random.default_rng(8))
    values = np.append(usual, 987_654_321.25)
    decimals = {"whole": 2, "two decimals": 2}.get(name)
    what = column(Kind.CONTINUOUS, decimals=decimals)
    encoding = Quantile().fit(pa.array(values), what)
    made = made_of(encoding)
    others = np.sort(usual)
    assert made.max() <= others[-1] + (others[-1] - others[-12])
    distinct, counts = np.unique(values, return_counts=True)
    rare = distinct[counts == 1]
    state = encoding.state()
    grid = state.values["grid"]
    knots = np.concatenate([a.ravel() for n, a in state.arrays.items() if n != "cumulative"])
    kept = np.concatenate([knots, [grid["low"], grid["high"]]])
    assert not np.isin(rare, kept).any()
    if decimals is None:
        assert not np.isin(rare, made).any()
    # the distribution is kept to a few rows
    error = np.searchsorted(np.sort(made), distinct, "right") / len(made)
    assert np.abs(error - np.cumsum(counts) / len(values)).max() < 6 / len(values)


@pytest.mark.parametrize("rows", [2, 3, 5, 9, 10, 25])
def test_short_columns_of_single_values(rows: int) -> None:
    values = np.random.default_rng(rows).normal(size=rows)
    encoding = Quantile().fit(pa.array(values), column(Kind.CONTINUOUS))
    made = made_of(encoding, 1_000)
    assert not np.isin(values, made).any()
    assert values.min() < made.min() <= made.max() < values.max()
    assert there_and_back(encoding, pa.array(values)).null_count == 0


def test_an_interior_single_value_between_shared_ones_is_not_decoded() -> None:
    cells = pa.array([10] * 50 + [11] + [12] * 50 + [40] + [99] * 50)
    encoding = Quantile().fit(cells, column(Kind.INTEGER))
    assert set(made_of(encoding).tolist()) == {10, 12, 99}
    assert set(there_and_back(encoding, cells).to_pylist()) == {10, 12, 99}


def test_a_grid_is_not_told_by_one_row() -> None:
    cells = pa.array([1_000] * 99 + [987_654_321])
    grid = Quantile().fit(cells, column(Kind.INTEGER)).state().values["grid"]
    assert (grid["low"], grid["high"], grid["step"]) == (1_000, 1_000, 1)
