"""Independent: every column right, and nothing between them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lookalike.datasets import make_ugly
from lookalike.models import Independent, load
from lookalike.tables import read_table
from lookalike.testing import synthesizer_checks

# learns=False: it draws columns independently on purpose, it is the floor of the others.
CHECKS = dict(synthesizer_checks(Independent(), learns=False))


@pytest.mark.parametrize("name", CHECKS)
def test_keeps_the_contract(name):
    CHECKS[name]()


def _sampled(**columns):
    return Independent(random_state=0).fit(pa.table(columns)).sample(20_000)


def test_numbers_have_the_quantiles_of_the_training_column():
    x = np.random.default_rng(0).gamma(2.0, size=2000)
    made = _sampled(x=x)["x"].to_numpy()
    at = [0.05, 0.25, 0.5, 0.75, 0.95]
    np.testing.assert_allclose(np.quantile(made, at), np.quantile(x, at), rtol=0.06)


def test_levels_have_their_frequencies_and_missing_its_share():
    c = pa.array((["a"] * 5 + ["b"] * 3 + [None] * 2) * 10)
    x = pa.array([None if i % 4 == 0 else i % 17 + 0.5 for i in range(100)])
    made = _sampled(c=c, x=x)
    counts = {v["values"]: v["counts"] for v in made["c"].value_counts().to_pylist()}
    assert counts["a"] == pytest.approx(10_000, rel=0.05)
    assert counts[None] == pytest.approx(4_000, rel=0.08)
    assert made["x"].null_count == pytest.approx(5_000, rel=0.08)


def test_columns_are_independent():
    x = np.random.default_rng(1).normal(size=1000)
    made = _sampled(x=x, y=x + np.random.default_rng(2).normal(scale=0.1, size=1000))
    r = np.corrcoef(made["x"].to_numpy(), made["y"].to_numpy())[0, 1]
    assert abs(r) < 0.03


def test_known_rows_do_not_change():
    table = pa.table({"n": list(range(10)) * 3, "c": ["a", "b", "b"] * 10})
    rows = Independent(random_state=7).fit(table).sample(4)
    assert rows.to_pydict() == {"n": [0, 4, 3, 7], "c": ["b", "b", "b", "b"]}


@pytest.mark.filterwarnings("ignore::lookalike._core.errors.LookalikeWarning")
def test_every_kind_of_column_at_once(tmp_path):
    table = make_ugly(300)
    model = Independent(random_state=0).fit(table)
    rows = model.sample(400)
    assert rows.schema.equals(table.schema)
    model.save(tmp_path / "m")
    assert load(tmp_path / "m").sample(400).equals(rows)
    model.sample_to(tmp_path / "x.csv", 400)
    assert read_table(tmp_path / "x.csv").num_rows == 400
