"""The commands on tables that are not held as a whole, and rows that go on after others."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lookalike as la
from lookalike.cli import main
from lookalike.cli._databases import check_source
from lookalike.errors import FileFormatError
from lookalike.tables import read_table
from lookalike.tables.frames import _sample


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    place = tmp_path / "rows"
    place.mkdir()
    for k in range(3):
        table = pa.table({"x": rng.normal(size=700), "town": rng.choice(["Ulm", "Bonn"], 700)})
        pq.write_table(table, place / f"part-{k}.parquet")
    return place


def test_fit_and_evaluate_hold_as_many_rows_as_they_may(folder, tmp_path, capsys):
    model, fake = str(tmp_path / "m.lookalike"), str(tmp_path / "fake.csv")
    fit = ["fit", str(folder), "-o", model, "--model", "independent", "--seed", "0"]
    assert main([*fit, "--max-rows", "500"]) == 0
    said = capsys.readouterr().err
    assert "500 of 2,100 rows" in said
    assert "450 rows learned" in said
    assert main(["sample", model, "-n", "400", "-o", fake]) == 0
    evaluate = ["evaluate", str(folder), fake, "--max-rows", "300", "--metric", "shape"]
    assert main(evaluate) == 0
    assert main([*fit, "--max-rows", "0"]) == 2


def test_info_of_a_large_table_says_what_it_has_read(folder, capsys, monkeypatch):
    monkeypatch.setattr(_sample, "MOST_MEMORY", 1000)
    assert main(["info", str(folder)]) == 0
    assert "Of 2,100 rows, 2,100 were read: the first of 3 parts." in capsys.readouterr().out


def test_options_that_have_no_meaning_are_refused(folder, tmp_path):
    fit = ["fit", str(folder), "-o", str(tmp_path / "m.lookalike"), "--max-rows", "5"]
    assert main([*fit, "--model", "auto"]) == 2
    assert main([*fit, "--time", "x"]) == 2


def test_rows_go_on_after_others(folder, tmp_path):
    model = str(tmp_path / "m.lookalike")
    la.Independent(random_state=0).fit(folder).save(model)
    for name, options in (("all", ["-n", "50"]), ("more", ["-n", "20", "--start", "30"])):
        assert main(["sample", model, "-o", str(tmp_path / f"{name}.parquet"), *options]) == 0
    whole, more = (read_table(tmp_path / f"{name}.parquet") for name in ("all", "more"))
    assert more.equals(whole.slice(30))


def test_an_address_is_looked_for_where_it_leads():
    check_source("s3://bucket/rows/")
    with pytest.raises(FileFormatError, match="no folder or file 'rows'"):
        check_source("rows")
