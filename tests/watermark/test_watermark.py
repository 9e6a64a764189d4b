"""A mark in the choice of rows: found after harm, and in no table that does not carry it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import lookalike as la
from lookalike.errors import DataError, LookalikeWarning, OutputError, ParameterError
from lookalike.watermark._cells import CellHashes
from lookalike.watermark._sets import column_sets

KEY = bytes(range(32))


def people(rows: int = 1_500, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, rows),
            "town": rng.choice(["Ülm", "Kiel", "北京", "Bonn"], rows),
            "job": rng.choice(list("abcdefghij"), rows),
            "weight": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(70, 10, rows).round(1)),
            "income": rng.lognormal(8, 1, rows).round(2),
            "smokes": rng.random(rows) < 0.3,
            "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, rows), "D"),
            "visits": rng.poisson(3, rows),
            "name": [f"P-{i:05d}" for i in rng.permutation(rows)],
        }
    )


@pytest.fixture(scope="module")
def model() -> la.Independent:
    return la.Independent(random_state=0).fit(people())


@pytest.fixture(scope="module")
def marked(model) -> pd.DataFrame:
    return model.sample(1_000, watermark=la.Watermark(KEY))


def noised(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with a fifth of the cells replaced by others of their column."""
    rng, changed = np.random.default_rng(1), rows.copy()
    for name in rows:
        at = np.where(rng.random(len(rows)) < 0.2, rng.integers(0, len(rows), len(rows)), -1)
        at = np.where(at < 0, np.arange(len(rows)), at)
        changed[name] = rows[name].to_numpy()[at]
    return changed


HARMS = {
    "half of the rows": lambda rows: rows.sample(frac=0.5, random_state=0),
    "a fifth of the cells": noised,
    "a third of the columns": lambda rows: rows.drop(columns=["income", "job", "name"]),
    "every row twice": lambda rows: pd.concat([rows, rows]),
    "shuffled columns": lambda rows: rows[list(rows.columns[::-1])],
    "two decimals fewer": lambda rows: rows.assign(income=rows["income"].round()),
}


@pytest.mark.parametrize("harm", list(HARMS))
def test_the_mark_survives(marked, harm):
    found = la.Watermark(KEY).test(HARMS[harm](marked))
    assert found.found
    assert found.p_value < 1e-5


def test_real_rows_and_other_keys_are_nominal(marked):
    """Of 60 keys, as many find a mark as chance has it, however rows repeat."""
    for rows in (people(120, seed=3), people(20).sample(120, replace=True, random_state=0)):
        p = np.array([la.Watermark(bytes([i]) * 32).test(rows).p_value for i in range(1, 61)])
        assert (p < 0.05).mean() <= 0.13
        assert 0.37 < p.mean() < 0.63
    others = [la.Watermark(bytes([i]) * 32).test(marked.head(200)) for i in range(1, 21)]
    assert sum(one.found for one in others) == 0


def test_rows_do_not_depend_on_others(model, marked):
    mark = la.Watermark(KEY)
    part = model.sample(100, start=300, watermark=mark)
    assert part.reset_index(drop=True).equals(marked[300:400].reset_index(drop=True))
    batches = model.sample_batches(1_000, batch_size=77, watermark=mark)
    whole = pa.Table.from_batches(list(batches))
    assert whole["income"].to_pylist() == marked["income"].tolist()
    assert not model.sample(1_000).equals(marked)
    assert not model.sample(1_000, watermark=la.Watermark(bytes(32))).equals(marked)


def test_identifiers_are_unique_and_the_same(model, marked):
    assert marked["name"].is_unique
    assert marked["name"].tolist() == model.sample(1_000)["name"].tolist()


def test_files_and_frames_carry_the_same_mark(model, marked, tmp_path):
    mark = la.Watermark(KEY)
    direct = mark.test(marked)
    for name in ("a.csv", "a.parquet"):
        model.sample_to(tmp_path / name, 1_000, watermark=mark)
        assert mark.test(tmp_path / name).z == pytest.approx(direct.z, abs=0.8)
    marked.to_csv(tmp_path / "pandas.csv", index=False)
    assert mark.test(tmp_path / "pandas.csv").z == pytest.approx(direct.z, abs=0.8)


def test_frequent_values_are_as_frequent_as_without(model):
    mark = la.Watermark(KEY, candidates=4)
    plain, rows = model.sample(8_000), model.sample(8_000, watermark=mark)
    for name in ("town", "smokes", "job"):
        a, b = (one[name].value_counts(normalize=True).sort_index() for one in (plain, rows))
        assert np.abs(a - b).max() < 0.025
    assert rows["age"].mean() == pytest.approx(plain["age"].mean(), abs=1)


def tables_of_rare_and_frequent_rows(count: int, rows: int, seed: int) -> list[pa.Table]:
    """Return tables in which seven rows of ten have frequent cells alone, others one to five."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        rare = np.where(rng.random(rows) < 0.7, 0, rng.integers(1, 6, rows))
        cells = rng.integers(10**5, 10**9, (5, rows))
        columns = [np.where(k < rare, own, k) for k, own in enumerate(cells)]
        found.append(pa.table({f"c{k}": own for k, own in enumerate(columns)}))
    return found


@pytest.mark.parametrize("count", [4, 16, 64])
def test_frequent_rows_are_as_frequent_whatever_the_number_of_candidates(count):
    reference, *tables = tables_of_rare_and_frequent_rows(count + 1, 1_024, seed=2)
    chosen = la.Watermark(KEY).preference(reference).choose(tables, 0)
    rare = np.array([sum(one[f"c{k}"].to_numpy() != k for k in range(5)) for one in tables])
    after = rare[chosen, np.arange(1_024)]
    # As often as among candidates: rows without a rare cell, with one, and with five of them.
    for cells, share in ((0, 0.7), (1, 0.06), (5, 0.06)):
        assert (after == cells).mean() == pytest.approx(share, abs=3.5 * (share / 1_024) ** 0.5)


def test_conditions_and_balance_hold(model):
    mark = la.Watermark(KEY)
    rows = model.sample(400, given={"age": (30, 40)}, balance="town", watermark=mark)
    assert rows["age"].between(30, 40).all()
    assert set(rows["town"].value_counts()) == {100}
    assert mark.test(rows).found


def test_more_candidates_make_it_clearer(model):
    z = [
        la.Watermark(KEY, m).test(model.sample(500, watermark=la.Watermark(KEY, m))).z
        for m in (2, 8)
    ]
    assert z[1] > 1.4 * z[0] > 5


def test_rows_of_few_levels_cannot_carry_it():
    table = pd.DataFrame({"a": ["x", "y"] * 200, "b": [True, False, False, True] * 100})
    model = la.Independent(random_state=0).fit(table)
    with pytest.warns(LookalikeWarning, match="can carry the watermark"):
        rows = model.sample(100, watermark=la.Watermark(KEY))
    assert not la.Watermark(KEY).test(rows).found


@pytest.mark.slow
def test_parts_carry_it(model, tmp_path):
    mark = la.Watermark(KEY)
    la.sample_parts(model, tmp_path / "parts", 300, part_rows=150, workers=1, watermark=mark)
    assert mark.test(tmp_path / "parts").found
    assert KEY.hex() not in (tmp_path / "parts" / "_manifest.json").read_text()


def test_the_key_file(model, tmp_path):
    mark = la.Watermark.new(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    assert la.Watermark(tmp_path / "key") == mark
    rows = model.sample(300, watermark=tmp_path / "key")
    assert mark.test(rows).found
    assert mark.name not in (tmp_path / "key").read_text()
    with pytest.raises(OutputError, match="must not replace"):
        la.Watermark.new(tmp_path / "key")


def test_bad_input(model, tmp_path):
    (tmp_path / "text").write_text("key")
    with pytest.raises(ParameterError, match="is no key of a watermark"):
        la.Watermark(tmp_path / "text")
    with pytest.raises(ParameterError, match="cannot be read"):
        la.Watermark(tmp_path / "none")
    with pytest.raises(ParameterError, match="32 bytes; got 3"):
        la.Watermark(b"abc")
    with pytest.raises(ParameterError, match="candidates"):
        la.Watermark(KEY, 1)
    with pytest.raises(ParameterError, match="must be a Watermark"):
        model.sample(3, watermark=7)
    with pytest.raises(ParameterError, match="carry no watermark"):
        model.sample(given=people(3), watermark=la.Watermark(KEY))
    with pytest.raises(DataError, match="this table has none"):
        la.Watermark(KEY).test(people(0))
    assert len(model.sample(0, watermark=la.Watermark(KEY))) == 0


def test_cells_count_the_same_in_all_forms():
    hashes = CellHashes(KEY)
    forms = [
        pa.array([1234.5, 7.0, None, -0.001]),
        pa.array(["1,234", " 7 ", None, "-1e-3"]),
        pa.array(["$1230", "7.00", "", "-.001"]),
    ]
    first, *others = (hashes.of(pa.chunked_array([one]), "x") for one in forms)
    for other in others:
        assert (first == other).all()
    odd = hashes.of(pa.chunked_array([[np.inf, -np.inf, np.nan, 1e308, 5e-324, 0.0]]), "x")
    assert len(set(odd.tolist())) == 6
    dates = hashes.of(pa.chunked_array([["2024-01-05", "2024-01-05T07:30", "2024-01-06"]]), "d")
    assert dates[0] == dates[1] != dates[2]
    plain = hashes.of(pa.chunked_array([pa.array(["a", "A ", "b"])]), "y")
    assert plain[0] == plain[1] != plain[2]


def test_sets_survive_dropped_columns():
    names = [f"c{i}" for i in range(12)]
    kept = set(column_sets(KEY, names[:8]))
    for one in column_sets(KEY, names):
        if set(one) <= set(names[:8]):
            assert one in kept
    assert column_sets(KEY, ["only"]) == [("only",)]
