"""Uniform samples of tables that may not fit into memory."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from lookalike._core.errors import FileFormatError, LookalikeWarning
from lookalike.tables import TablePieces, read_table, to_arrow, to_arrow_sample
from lookalike.tables.frames import _sample

ROWS = 3000


@pytest.fixture(scope="module")
def table() -> pa.Table:
    rng = np.random.default_rng(0)
    return pa.table({"n": np.arange(ROWS), "town": rng.choice(["Ulm", "Köln\n2", None], ROWS)})


def written(table: pa.Table, form: str, folder: Path) -> Path:
    """Write a table as one file or as parts."""
    if form == "parquet":
        pq.write_table(table, folder / "x.parquet", row_group_size=700)
        return folder / "x.parquet"
    if form == "parts":
        for k in range(3):
            pq.write_table(table.slice(1000 * k, 1000), folder / f"part-{k}.parquet")
        return folder
    pacsv.write_csv(table, folder / "x.csv")
    if form == "csv":
        return folder / "x.csv"
    (folder / "x.csv.gz").write_bytes(gzip.compress((folder / "x.csv").read_bytes()))
    return folder / "x.csv.gz"


@pytest.mark.parametrize("form", ["parquet", "parts", "csv", "csv.gz"])
def test_the_sample_depends_on_the_seed_alone_not_on_files_or_pieces(table, form, tmp_path):
    path = written(table, form, tmp_path)
    expected = to_arrow_sample(table, 100, 5)[0]["n"].to_pylist()
    rows, origin, large = to_arrow_sample(path, 100, 5)
    assert [int(n) for n in rows["n"].to_pylist()] == expected
    assert expected == sorted(expected)
    assert len(set(expected)) == 100
    assert origin.is_file
    assert large is not None
    assert large.rows == ROWS
    assert expected != to_arrow_sample(table, 100, 6)[0]["n"].to_pylist()
    again = pa.concat_tables(list(large.pieces("again", show=False)))
    assert again.equals(pa.concat_tables([read_table(path)]))


def test_text_that_repeats_is_the_same_however_it_is_stored(table, tmp_path):
    few = pa.table({"n": range(3000), "town": table["town"]})
    kinds = (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()))
    for k, kind in enumerate(kinds):
        own = few.set_column(1, "town", few["town"].cast(kind))
        folder = tmp_path / str(k)
        folder.mkdir()
        pq.write_table(own.slice(0, 1000), folder / "part-0.parquet")
        pq.write_table(own.slice(1000), folder / "part-1.parquet", use_dictionary=False)
        rows, _, large = to_arrow_sample(folder, 500, 0)
        assert rows["town"].type == own["town"].type
        expected = [few["town"][n].as_py() for n in rows["n"].to_pylist()]
        assert rows["town"].to_pylist() == expected
        pieces = list(large.pieces("again", show=False, columns=["town"], coded=["town", "none"]))
        assert [p.column_names for p in pieces] == [["town"]] * len(pieces)
        cells = [cell for piece in pieces for cell in piece["town"].to_pylist()]
        assert cells == few["town"].to_pylist()


def test_every_row_is_as_likely_as_any_other(table):
    counts = np.zeros(ROWS)
    for seed in range(200):
        counts[to_arrow_sample(table.slice(0, 300), 60, seed)[0]["n"]] += 1
    counts = counts[:300]
    assert counts.sum() == 200 * 60
    # 40 expected of each, with a standard deviation of 5.7
    assert counts.min() > 15
    assert counts.max() < 65
    assert abs(counts[:150].sum() / counts.sum() - 0.5) < 0.02


def test_a_table_of_no_more_rows_is_held_as_a_whole(table):
    rows, _, large = to_arrow_sample(table, ROWS, 0)
    assert rows.equals(table)
    assert large is None


def test_a_large_file_is_sampled_and_that_is_said(table, tmp_path, monkeypatch):
    path = written(table, "csv", tmp_path)
    assert to_arrow_sample(path, None, 0)[2] is None
    monkeypatch.setattr(_sample, "MOST_MEMORY", 1000)
    monkeypatch.setattr(_sample, "SAMPLED_ROWS", 50)
    with pytest.warns(LookalikeWarning, match="at most 50 of its rows, drawn at random"):
        rows, _, large = to_arrow_sample(path, None, 0)
    assert len(rows) == 50
    assert "50 of 3,000 rows" in str(large)


def test_the_memory_of_parquet_is_that_of_its_rows_not_of_its_pages(tmp_path):
    rng = np.random.default_rng(0)
    levels = np.array(["north and east", "south", "far west", "east"])
    words = [pa.array(levels[rng.integers(0, 4, 50_000)]) for _ in range(2)]
    city = pa.array([f"city {k}" for k in range(50_000)]).dictionary_encode()
    few = pa.table({"a": words[0], "b": words[1], "n": pa.array([7] * 50_000)})
    for k, table in enumerate((few, few.append_column("city", city))):
        folder = tmp_path / str(k)
        folder.mkdir()
        pq.write_table(table, folder / "whole.parquet")
        pq.write_table(table.slice(0, 0), folder / "part-0.parquet")
        pq.write_table(table.slice(0, 20_000), folder / "part-1.parquet")
        pq.write_table(table.slice(20_000), folder / "part-2.parquet")
        held = read_table(folder / "whole.parquet").nbytes
        for path in (folder / "whole.parquet", folder):
            copies = 1 if path.is_file() else 2
            assert 0.6 * held < TablePieces(path).memory / copies < 1.2 * held
        (folder / "whole.parquet").unlink()


def test_a_glance_reads_the_first_rows_of_parts(table, tmp_path):
    found, words = TablePieces(written(table, "parts", tmp_path)).glance(30)
    assert found["n"].to_pylist() == [*range(10), *range(1000, 1010), *range(2000, 2010)]
    assert words == "Of 3,000 rows, 30 were read: the first of 3 parts."
    (tmp_path / "x.csv").write_text("a\n1\n2\n3\n")
    found, words = TablePieces(tmp_path / "x.csv").glance(2)
    assert found["a"].to_pylist() == ["1", "2"]
    assert words == "2 rows were read, the first; there may be more."


def test_faults_are_named(table, tmp_path):
    with pytest.raises(FileFormatError, match="no file"):
        to_arrow_sample(tmp_path / "none.csv", 10, 0)
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n1,2,3\n")
    with pytest.raises(FileFormatError, match="line 3"):
        to_arrow_sample(tmp_path / "bad.csv", 1, 0)
    (tmp_path / "open.csv").write_text('a,b\n1,2\n1,"x\n3,4\n')
    with pytest.raises(FileFormatError, match="quote"):
        to_arrow_sample(tmp_path / "open.csv", 1, 0)
    folder = tmp_path / "parts"
    folder.mkdir()
    pq.write_table(table, folder / "part-0.parquet")
    pq.write_table(table.rename_columns(["n", "city"]), folder / "part-1.parquet")
    with pytest.raises(FileFormatError, match="must have the same columns"):
        to_arrow_sample(folder, 10, 0)
    odd = pa.table({"n": [str(n) for n in range(9)], "town": ["Ulm"] * 9})
    pq.write_table(odd, folder / "part-1.parquet")
    said = r"same types, but 'n' is int64 in 'part-0\.parquet' and string in 'part-1\.parquet'"
    for read in (lambda: to_arrow_sample(folder, 10, 0), lambda: read_table(folder)):
        with pytest.raises(FileFormatError, match=said):
            read()
    pacsv.write_csv(odd, folder / "part-1.csv")
    (folder / "part-1.parquet").unlink()
    with pytest.raises(FileFormatError, match=r"same types, but 'n' is int64 .* in 'part-1\.csv'"):
        to_arrow_sample(folder, 10, 0)
    pq.write_table(table.slice(0, 0), tmp_path / "none.parquet")
    with pytest.raises(FileFormatError, match="no rows"):
        to_arrow_sample(tmp_path / "none.parquet", 10, 0)


def test_folders_named_by_a_column_add_it(tmp_path):
    for year in (2020, 2021):
        (tmp_path / f"year={year}").mkdir()
        pq.write_table(pa.table({"x": range(50)}), tmp_path / f"year={year}/a.parquet")
    rows, _, large = to_arrow_sample(tmp_path, 20, 0)
    assert set(rows["year"].to_pylist()) == {"2020", "2021"}
    assert large.rows == 100
    assert to_arrow(tmp_path)[0].num_rows == 100
