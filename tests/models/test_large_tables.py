"""Models of tables of which only a sample is held: their marginals are those of all rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

import lookalike as la
from lookalike._core.errors import LookalikeWarning, ParameterError
from lookalike.models._balanced_sample import _chosen, _worst

ROWS, HELD = 60_000, 6_000


@pytest.fixture(scope="module")
def table() -> pa.Table:
    rng = np.random.default_rng(1)
    z = rng.normal(size=ROWS)
    return pa.table(
        {
            "z": z,
            "town": rng.choice(["Ulm", "Bonn", "Köln"], ROWS, p=[0.7, 0.2, 0.1]),
            "spend": pa.array(np.where(z < 0.2, 0.0, np.round(50 * z, 1)), mask=z > 2),
            "visits": rng.poisson(np.exp(0.5 * z)),
            "same": ["x"] * ROWS,
            "id": [f"k{k:06d}" for k in range(ROWS)],
        }
    )


def sentence(model) -> str:
    (words,) = [e.words for e in model.history_.events if e.kind == "sample"]
    return str(words)


@pytest.fixture(scope="module")
def model(table) -> la.Independent:
    return la.Independent(random_state=0).fit(table, max_rows=HELD)


def test_marginals_are_those_of_all_rows(table, model, tmp_path):
    assert model.n_rows_ == round(0.9 * HELD)
    words = sentence(model)
    assert words.startswith("6,000 of 60,000 rows")
    assert "all 60,000 were counted" in words
    rows = model.sample(300_000)
    shares = [np.mean(np.asarray(t["town"]) == "Ulm") for t in (rows, table)]
    assert abs(shares[0] - shares[1]) < 0.003  # of a plain sample: 0.006
    missing = [t["spend"].null_count / len(t) for t in (rows, table)]
    assert abs(missing[0] - missing[1]) < 0.002
    grid = np.quantile(table["z"], np.linspace(0.02, 0.98, 49))
    below = [np.searchsorted(np.sort(t["z"]), grid) / len(t) for t in (rows, table)]
    assert np.abs(below[0] - below[1]).max() < 0.005  # of a plain sample: 0.011
    model.save(tmp_path / "m.lookalike")
    assert sentence(la.load(tmp_path / "m.lookalike")) == words


def test_chosen_rows_are_ten_times_as_near_and_keep_what_goes_together():
    rng = np.random.default_rng(3)
    n, all_rows = 50_000, 2_000_000
    z = rng.normal(size=all_rows)
    other = (z + rng.normal(size=all_rows) > 0).astype(int)
    cuts = np.quantile(z, np.linspace(0, 1, 65)[1:-1])
    codes = [np.searchsorted(cuts, z), other]
    shares = [np.bincount(c) / all_rows for c in codes]
    held = [c[:n] for c in codes]
    kept = _chosen(held, shares, 45_000, 0)
    assert len(kept) == len(set(kept.tolist())) == 45_000
    assert _worst(held, shares, kept) < _worst(held, shares, slice(None)) / 10
    before, after = (np.corrcoef(z[:n][k], other[:n][k])[0, 1] for k in (slice(None), kept))
    assert abs(before - after) < 0.01


def test_the_files_make_no_difference(table, model, tmp_path):
    for k in range(4):
        pq.write_table(table.slice(15_000 * k, 15_000), tmp_path / f"part-{k}.parquet")
    parts = la.Independent(random_state=0).fit(tmp_path, max_rows=HELD)
    assert parts.sample(50, as_="arrow").equals(model.sample(50, as_="arrow"))


def test_cells_of_a_kind_that_the_sample_lacks_stop_nothing(table, tmp_path):
    odd = table.select(["z", "town"]).slice(0, 20_000)
    words = odd["z"].cast(pa.string()).to_pylist()
    drawn = la.tables.to_arrow_sample(odd, 500, 0)[0]["z"].to_pylist()
    at = next(k for k in range(20_000) if odd["z"][k].as_py() not in drawn)
    words[at] = "see note"
    pacsv.write_csv(odd.set_column(0, "z", pa.array(words)), tmp_path / "x.csv")
    fitted = la.Independent(random_state=0).fit(tmp_path / "x.csv", max_rows=500)
    assert "but not by 'z', where some cells are of another kind" in sentence(fitted)


def test_an_odd_cell_does_not_take_the_rows_around_it(tmp_path):
    rows = 40_000
    words = [str(k) for k in range(rows)]  # sorted, so that a piece is a range
    held = set(la.tables.to_arrow_sample(pa.table({"x": words}), 4_000, 0)[0]["x"].to_pylist())
    words[next(k for k in range(20_000, rows) if words[k] not in held)] = "see note"
    town = np.random.default_rng(0).choice(["Ulm", "Bonn"], rows)
    table = pa.table({"x": words, "town": town})
    for k in range(20):
        pacsv.write_csv(table.slice(2_000 * k, 2_000), tmp_path / f"part-{k:02d}.csv")
    fitted = la.Independent(random_state=0).fit(tmp_path, max_rows=4_000)
    drawn = np.asarray(fitted.sample(20_000, as_="arrow")["x"], float)
    share = np.mean((drawn >= 20_000) & (drawn < 22_000))
    assert 0.04 < share < 0.06, share  # of all rows: 0.05
    with pytest.warns(LookalikeWarning, match="Free text"):
        alone = la.Independent(random_state=0).fit(tmp_path, max_rows=4_000, kinds={"town": "text"})
    assert sentence(alone).endswith("of another kind")  # and nothing on marginals


def test_rules_and_relations_hold(table):
    priced = table.select(["z"]).append_column("w", pa.array(np.asarray(table["z"]) * 2))
    fitted = la.Independent(random_state=0).fit(priced, max_rows=1000, rules=["w == z * 2"])
    assert la.check_rules(fitted.sample(500), ["w == z * 2"]).passed


def test_evaluate_holds_as_many_rows(table, model):
    found = la.evaluate(
        table.drop_columns(["id"]),
        model.sample(9000).drop_columns(["id"]),
        metrics=["shape"],
        max_rows=4000,
    )
    facts = found.summary.facts
    assert "4,000 of 60,000 rows" in facts["real rows"]
    assert "9,000" in facts["synthetic rows"]
    assert found.scores["shape"].value > 0.97


def test_bad_numbers_of_rows(table):
    with pytest.raises(ParameterError, match="max_rows"):
        la.Independent().fit(table, max_rows=0)
    with pytest.raises(ParameterError, match="Private counts all rows"):
        la.Private().fit(table.select(["town"]), max_rows=10)
