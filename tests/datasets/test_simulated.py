"""Simulated tables follow the distributions that are stated beside them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lookalike._core.errors import DataError, ParameterError
from lookalike.datasets import (
    DEPENDENT_CATEGORIES,
    GAUSSIAN,
    MIXTURES,
    make_dependent_categories,
    make_gaussian,
    make_mixture,
    make_ugly,
)
from lookalike.tables import from_arrow, read_table, to_arrow, write_table

MAKERS = [make_gaussian, make_mixture, make_dependent_categories, make_ugly]


@pytest.mark.parametrize("make", MAKERS)
def test_a_maker_makes_n_rows_from_its_seed(make):
    assert [make(n).num_rows for n in (0, 1, 7)] == [0, 1, 7]
    assert make(9, 1).equals(make(9, 1))
    assert not make(9, 1).equals(make(9, 2))
    assert make(0).schema == make(9).schema
    with pytest.raises(ParameterError, match=r"n must be an integer in \[0, "):
        make(-1)
    with pytest.raises(ParameterError, match="random_state"):
        make(1, "seed")


def test_the_gaussian_has_its_moments():
    table = make_gaussian(20_000)
    values = np.column_stack([table[name].to_numpy() for name in GAUSSIAN.columns])
    scale = np.sqrt(np.diag(GAUSSIAN.covariance))
    np.testing.assert_allclose((values.mean(0) - GAUSSIAN.mean) / scale, 0, atol=0.03)
    np.testing.assert_allclose(np.corrcoef(values.T), GAUSSIAN.correlation, atol=0.03)
    np.testing.assert_allclose(values.std(0) / scale, 1, atol=0.03)


@pytest.mark.parametrize("shape", MIXTURES)
def test_a_mixture_has_its_modes(shape):
    mixture = MIXTURES[shape]
    shares = mixture.shares(make_mixture(20_000, shape=shape))
    assert mixture.weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(shares, mixture.weights, atol=0.02)
    assert shares.sum() > 0.99
    assert mixture.shares(pa.table({"x": [99.0], "y": [99.0]})).sum() == 0


def test_modes_do_not_overlap():
    for mixture in MIXTURES.values():
        apart = np.linalg.norm(mixture.centres[:, None] - mixture.centres, axis=2)
        apart[np.diag_indices(len(apart))] = np.inf
        assert apart.min() > 10 * mixture.spread


def test_dependent_categories_have_their_probabilities():
    known = DEPENDENT_CATEGORIES
    table = make_dependent_categories(20_000)
    shares = known.shares(table)
    assert known.joint.sum() == pytest.approx(1)
    np.testing.assert_allclose(shares, known.joint, atol=0.015)
    assert (shares[known.joint == 0] == 0).all()
    wheels = dict(zip(known.transport, known.wheels, strict=True))
    assert [wheels[way] for way in table["transport"].to_pylist()] == table["wheels"].to_pylist()
    late = table["late"].to_numpy(zero_copy_only=False)
    assert late.mean() == pytest.approx((known.joint * known.late).sum(), abs=0.015)


@pytest.mark.parametrize("known", [MIXTURES["ring"], DEPENDENT_CATEGORIES])
def test_shares_need_rows_of_the_right_columns(known):
    with pytest.raises(DataError, match="must have rows and the columns"):
        known.shares(pa.table({"a": [1]}))


def test_an_unknown_mixture_is_refused():
    with pytest.raises(ParameterError, match="'grid'"):
        make_mixture(3, shape="gird")


def test_the_ugly_table_goes_everywhere(tmp_path):
    table = make_ugly(200)
    assert table["nothing"].null_count == 200
    assert 0 < table["half missing"].null_count < 200
    assert len(table["constant"].unique()) == 1
    assert len(table["id"].unique()) == 200
    assert from_arrow(*to_arrow(table)).equals(table)
    write_table(table, tmp_path / "x.parquet")
    # Parquet has no seconds: it keeps them as milliseconds.
    assert read_table(tmp_path / "x.parquet").cast(table.schema).equals(table)
    write_table(table, tmp_path / "x.csv")
    text = read_table(tmp_path / "x.csv")
    assert text.column_names == table.column_names
    assert [c.null_count for c in text.columns] == [c.null_count for c in table.columns]
    assert text["note"].to_pylist() == table["note"].to_pylist()
