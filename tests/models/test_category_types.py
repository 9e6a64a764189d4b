"""Keys, numbers and booleans in dtypes that say little of them: learned, sampled, saved."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import lookalike as la
from lookalike.errors import LookalikeWarning

RNG = np.random.default_rng(3)
N = 130
KEYS = [f"K{i:04d}x" for i in RNG.permutation(9000)[:N]]
MEASURES = RNG.normal(size=N)
SMALL = pa.dictionary(pa.int16(), pa.string())


def refitted(frame, path, n):
    """Return what a model samples before and after it was saved."""
    model = la.Independent(random_state=0).fit(frame)
    model.save(path / "model.lookalike")
    return model.sample(n), la.load(path / "model.lookalike").sample(n)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"x": pd.Categorical(KEYS)}),
        pd.DataFrame({"x": pd.Categorical([*KEYS[:-1], None], ordered=True)}),
        pl.DataFrame({"x": pl.Series(KEYS, dtype=pl.Categorical)}),
        pa.table({"x": pa.array(KEYS).dictionary_encode()}),
        pa.table(
            {
                "x": pa.array(KEYS[:120])
                .dictionary_encode()
                .cast(pa.dictionary(pa.int8(), pa.string()))
            }
        ),
    ],
    ids=["pandas", "ordered", "polars", "pyarrow", "int8"],
)
def test_keys_of_a_category_type_are_new(frame, tmp_path):
    for made in refitted(frame, tmp_path, 300):
        cells = (
            made["x"].to_pylist()
            if isinstance(made, pa.Table)
            else list(made["x"].dropna() if isinstance(made, pd.DataFrame) else made["x"])
        )
        present = [cell for cell in cells if cell is not None]
        assert len(set(present)) == len(present) > 280
        assert not set(present) & set(KEYS)
        if isinstance(frame, pd.DataFrame):
            assert made["x"].dtype.name == "category"
            assert made["x"].cat.ordered == frame["x"].cat.ordered
            assert not set(made["x"].cat.categories) & set(KEYS)


def test_keys_of_an_enum_are_drawn_from_the_set(tmp_path):
    frame = pl.DataFrame({"x": pl.Series(KEYS, dtype=pl.Enum(KEYS))})
    with pytest.warns(LookalikeWarning, match="'x' is an identifier, but its dtype Enum"):
        both = refitted(frame, tmp_path, N)
    for made in both:
        assert made.schema == frame.schema
        assert sorted(made["x"].to_list()) == sorted(KEYS)


def test_numbers_of_a_category_type_are_made_anew(tmp_path):
    frame = pd.DataFrame({"x": pd.Categorical(MEASURES)})
    for made in refitted(frame, tmp_path, 50):
        assert made["x"].dtype.name == "category"
        assert made["x"].notna().all()


@pytest.mark.parametrize("arrow", [pa.decimal32(9, 2), pa.decimal64(12, 2)])
def test_narrow_decimals(arrow, tmp_path):
    prices = [Decimal(int(i)) / 100 for i in RNG.integers(0, 9999, N)]
    flags = [Decimal(int(i)) for i in RNG.integers(0, 2, N)]
    table = pa.table(
        {"price": pa.array(prices, arrow), "flag": pa.array([*flags[:-1], None], arrow)}
    )
    model = la.Independent(random_state=0).fit(table)
    assert [c.kind.value for c in model.schema_.columns] == ["continuous", "boolean"]
    made = model.sample(40)
    assert made.schema == table.schema
    assert 0 <= min(made["price"].to_pylist()) <= max(made["price"].to_pylist()) <= 100


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_booleans_as_floats_with_gaps(make):
    cells = [[1.0, 0.0, float("nan")][i] for i in RNG.integers(0, 3, N)]
    frame = make({"x": cells, "y": MEASURES})
    model = la.Independent(random_state=0).fit(frame)
    assert model.schema_["x"].kind.value == "boolean"
    made = model.sample(60)["x"]
    seen = set(made.to_pylist() if hasattr(made, "to_pylist") else made.to_list())
    assert {0.0, 1.0} <= seen
    assert len({value for value in seen if value is not None and value == value}) == 2


@pytest.mark.parametrize(
    "values",
    [
        10.0 ** RNG.uniform(-308, 308, N),
        RNG.uniform(-1, 1, N) * 1.7e308,
        np.append(MEASURES[3:], [-1.7e308, 1.7e308, 5e-324]),
        MEASURES * 1e-310,
    ],
    ids=["every power", "the largest", "both ends", "the smallest"],
)
def test_numbers_of_any_size(values):
    frame = pd.DataFrame({"x": values, "half": values / 2, "y": MEASURES})
    made = la.Independent(random_state=0).fit(frame).sample(50)
    assert np.isfinite(made.to_numpy()).all()
    assert made["x"].between(values.min(), values.max()).all()


def test_what_is_in_the_way_is_named_when_fitting():
    table = pa.table({"x": [*map(str, range(40)), "about 40"]})
    with pytest.warns(LookalikeWarning) as caught:
        la.Independent(random_state=0).fit(table)
    assert any("such as 'about 40'" in str(warning.message) for warning in caught)
