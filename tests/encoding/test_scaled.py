"""Min-max, standard and power scaling."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import skew
from sklearn.preprocessing import MinMaxScaler, PowerTransformer, StandardScaler

from lookalike.encoding import MinMax, Power, SampledRows, Standard
from lookalike.encoding._scaled import Scaled
from lookalike.tables import Kind

from .columns import FLOATS, INT64, TRIED, column, lists, stored, there_and_back

SCALED = [MinMax, Standard, Power]
#: What a float32 can tell apart from its neighbours over the whole range.
SMALL = st.integers(-(2**17), 2**17)
LINEAR = [(MinMax, MinMaxScaler((-1, 1))), (Standard, StandardScaler())]


@pytest.mark.parametrize("kind", SCALED)
@TRIED
@given(lists(SMALL))
def test_whole_numbers_come_back(kind: type[Scaled], values: list[int]) -> None:
    cells = pa.array(values, pa.int64())
    encoding = kind(1).fit(cells, column(Kind.INTEGER))
    assert there_and_back(encoding, cells).equals(cells)
    assert there_and_back(stored(encoding, column(Kind.INTEGER)), cells).equals(cells)


@pytest.mark.parametrize("kind", SCALED)
@TRIED
@given(lists(SMALL), st.integers(0, 4))
def test_decimals_come_back(kind: type[Scaled], wholes: list[int], decimals: int) -> None:
    cells = pa.array([float(f"{whole}e-{decimals}") for whole in wholes])
    encoding = kind(1).fit(cells, column(Kind.CONTINUOUS, decimals=decimals))
    assert there_and_back(encoding, cells).equals(cells)


@pytest.mark.parametrize("kind", SCALED)
@TRIED
@given(lists(st.integers(-40_000, 40_000)))
def test_days_come_back(kind: type[Scaled], days: list[int]) -> None:
    cells = pa.array(days, pa.int32()).view(pa.date32())
    encoding = kind(1).fit(cells, column(Kind.DATE, unit="D"))
    assert there_and_back(encoding, cells).equals(cells)


@pytest.mark.parametrize("kind", SCALED)
@TRIED
@given(lists(FLOATS))
def test_any_float_comes_back_nearly_and_within_the_range(
    kind: type[Scaled], values: list[float]
) -> None:
    cells = pa.array(values, pa.float64())
    encoding = kind(1).fit(cells, column(Kind.CONTINUOUS))
    back = there_and_back(encoding, cells).to_numpy()
    low, high = min(values), max(values)
    assert ((back >= low) & (back <= high)).all()
    assert np.abs(back / 2 - np.array(values) / 2).max() <= 0.01 * (high / 2 - low / 2)


@pytest.mark.parametrize("kind", SCALED)
@TRIED
@given(lists(INT64), st.floats(-(2.0**100), 2.0**100, width=32))
def test_whatever_is_made_stays_within_the_range(
    kind: type[Scaled], values: list[int], number: float
) -> None:
    encoding = kind(1).fit(pa.array(values, pa.int64()), column(Kind.INTEGER))
    made = encoding.decode(SampledRows(np.float32([[number]]), np.zeros((1, 0), np.int32)))
    assert min(values) <= made[0].as_py() <= max(values)


@pytest.mark.parametrize(("kind", "reference"), LINEAR)
def test_linear_scales_agree_with_scikit_learn(kind: type[Scaled], reference: object) -> None:
    values = np.random.default_rng(0).lognormal(size=200)
    encoding = kind(1).fit(pa.array(values), column(Kind.CONTINUOUS))
    expected = reference.fit_transform(values[:, None])  # type: ignore[attr-defined]
    np.testing.assert_allclose(encoding.encode(pa.array(values)).floats, expected, atol=1e-6)


def test_power_agrees_with_scikit_learn_and_takes_the_skew_away() -> None:
    values = np.random.default_rng(0).lognormal(size=2000) - 1
    encoding = Power(1).fit(pa.array(values), column(Kind.CONTINUOUS))
    made = encoding.encode(pa.array(values)).floats
    np.testing.assert_allclose(made, PowerTransformer().fit_transform(values[:, None]), atol=1e-3)
    assert abs(skew(made[:, 0])) < 0.2


def test_heads() -> None:
    heads = [kind(1).fit(pa.array([1, 2]), column(Kind.INTEGER)).blocks[0].head for kind in SCALED]
    assert heads == ["tanh", "linear", "linear"]
