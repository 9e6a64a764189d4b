"""Writing files: readable again, in bounded pieces, whole or absent."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import os
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike._core.errors import DataError, OutputError, ParameterError
from lookalike.tables import TableWriter, check_output, read_table, write_table

resource = pytest.importorskip("resource", reason="needed to limit the size of files")


def lines_of(table, tmp_path):
    path = tmp_path / "x.csv"
    write_table(table, path)
    return path.read_bytes().decode().split("\n")


def cells_of(values, arrow, tmp_path):
    """Return how some values of one type are written."""
    table = pa.table({"x": pa.array(values, arrow), "end": [""] * len(values)})
    return [line.removesuffix(',""') for line in lines_of(table, tmp_path)[1:-1]]


# --- CSV ------------------------------------------------------------------------------------------


def test_a_csv_is_plain_where_it_can_be(tmp_path):
    table = pa.table(
        {
            "name": ["Ada", "", None, 'say "hi", now', "two\nlines", " wide "],
            "a,b": [1, None, 3, 4, 5, 6],
            "ok": [True, False, None, True, True, True],
        }
    )
    assert "\n".join(lines_of(table, tmp_path)) == (
        'name,"a,b",ok\n'
        "Ada,1,true\n"
        '"",,false\n'
        ",3,\n"
        '"say ""hi"", now",4,true\n'
        '"two\nlines",5,true\n'
        '" wide ",6,true\n'
    )


@pytest.mark.parametrize(
    ("values", "arrow", "written"),
    [
        ([0.1, 1e-7, 1e20, 1 / 3], "float64", ["0.1", "1e-7", "1e+20", "0.3333333333333333"]),
        ([float("nan"), None, float("inf")], "float64", ["", "", "inf"]),
        ([0.1], "float32", ["0.1"]),
        ([2**63 - 1, -(2**63)], "int64", ["9223372036854775807", "-9223372036854775808"]),
        ([Decimal("1.50"), None], pa.decimal128(6, 2), ["1.50", ""]),
        ([dt.date(2013, 1, 31), None], "date32", ["2013-01-31", ""]),
        ([dt.time(7, 5), dt.time(7, 5, 0, 500)], "time64[us]", ["07:05:00", "07:05:00.000500"]),
        ([0, 1_500_000], pa.timestamp("us"), ["1970-01-01T00:00:00", "1970-01-01T00:00:01.500000"]),
        ([0], pa.timestamp("s"), ["1970-01-01T00:00:00"]),
        ([0, None], pa.timestamp("us", "UTC"), ["1970-01-01T00:00:00Z", ""]),
        ([0], pa.timestamp("ns", "Asia/Kolkata"), ["1970-01-01T05:30:00+05:30"]),
        ([5_400_000_000, -1, None], pa.duration("us"), ["PT5400S", "-PT0.000001S", ""]),
        ([90, -90], pa.duration("s"), ["PT90S", "-PT90S"]),
        (["a,b", None], pa.dictionary(pa.int8(), pa.string()), ['"a,b"', ""]),
        ([None, None], pa.null(), ["", ""]),
        ([b"plain"], pa.binary(), ["plain"]),
    ],
)
def test_how_values_are_written(values, arrow, written, tmp_path):
    if isinstance(arrow, str):
        arrow = pa.type_for_alias(arrow)
    assert cells_of(values, arrow, tmp_path) == written


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(), min_size=1, max_size=20))
def test_floats_come_back_bit_for_bit(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "floats.csv"
    write_table(pa.table({"x": values}), path)
    back = [np.nan if cell is None else float(cell) for cell in read_table(path)["x"].to_pylist()]
    np.testing.assert_array_equal(np.array(back), np.array(values))


CELLS = st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=6))


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 3).flatmap(
        lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=6)
    ),
    st.lists(st.text(min_size=1, max_size=4), min_size=3, max_size=3, unique=True),
    st.sampled_from(["x.csv", "x.csv.gz"]),
)
def test_text_comes_back_with_nulls_and_empty_text_apart(tmp_path_factory, rows, names, name):
    path = tmp_path_factory.getbasetemp() / name
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    table = pa.table(columns, names=names[: len(columns)])
    write_table(table, path)
    assert read_table(path).equals(table)


def test_the_csv_module_reads_the_same_cells(tmp_path):
    rows = [["a", 'b"c'], ["d,e", "f\r\ng"], ["", "ü"]]
    lines = lines_of(pa.table([list(c) for c in zip(*rows, strict=True)], ["x", "y"]), tmp_path)
    assert list(csv.reader(io.StringIO("\n".join(lines), newline="")))[1:] == rows


def test_no_rows_are_a_header(tmp_path):
    empty = pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())})
    assert lines_of(empty, tmp_path) == ["a,b", ""]


def test_equal_rows_are_equal_bytes_in_gzip(tmp_path):
    table = pa.table({"a": [1, 2]})
    write_table(table, tmp_path / "x.csv.gz")
    write_table(table, tmp_path / "y.csv.gz")
    first, second = (tmp_path / f"{name}.csv.gz" for name in "xy")
    assert first.read_bytes() == second.read_bytes()
    assert gzip.decompress(first.read_bytes()) == b"a\n1\n2\n"


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz"])
def test_pieces_make_the_same_csv_as_the_whole(tmp_path, name):
    table = pa.table({"a": range(70_000), "b": [f"x{i % 7}" for i in range(70_000)]})
    write_table(table, tmp_path / f"whole-{name}")
    with TableWriter(tmp_path / name, table.schema) as writer:
        for start, size in ((0, 1), (1, 50_000), (50_001, 0), (50_001, 70_000)):
            writer.write(table.slice(start, size))
    assert (tmp_path / name).read_bytes() == (tmp_path / f"whole-{name}").read_bytes()


def test_bytes_that_are_not_text_are_refused_by_name(tmp_path):
    with pytest.raises(DataError, match="column 'raw' of type binary"):
        write_table(pa.table({"raw": [b"\xff"]}), tmp_path / "x.csv")
    assert list(tmp_path.iterdir()) == []


# --- Parquet --------------------------------------------------------------------------------------


def test_parquet_comes_back_equal(tmp_path):
    table = pa.table(
        {
            "c": pa.array(["x", None]).dictionary_encode(),
            "f": pa.array([0.5, None], pa.float32()),
            "t": pa.array([1, None], pa.timestamp("us", "Europe/Berlin")),
            "a.b": ["", None],
        }
    )
    write_table(table, tmp_path / "x.parquet")
    assert read_table(tmp_path / "x.parquet").equals(table)


def test_small_pieces_share_a_row_group_and_big_ones_are_cut(tmp_path):
    path = tmp_path / "x.parquet"
    table = pa.table({"a": range(300_000)})
    with TableWriter(path, table.schema) as writer:
        for start in range(0, 40_000, 4_000):
            writer.write(table.slice(start, 4_000).to_batches()[0])
        writer.write(table.slice(40_000))
    metadata = pq.read_metadata(path)
    assert metadata.num_rows == 300_000
    assert metadata.num_row_groups <= 4
    assert read_table(path).equals(table)


def test_pieces_may_carry_different_dictionaries(tmp_path):
    path = tmp_path / "x.parquet"
    pieces = [pa.table({"c": pa.array(c).dictionary_encode()}) for c in (["a", "b"], ["z", None])]
    with TableWriter(path, pieces[0].schema) as writer:
        for piece in pieces:
            writer.write(piece)
    assert read_table(path)["c"].to_pylist() == ["a", "b", "z", None]
    write_table(pa.concat_tables(pieces), path)
    assert read_table(path)["c"].to_pylist() == ["a", "b", "z", None]


def test_no_rows_are_a_parquet_file_with_columns(tmp_path):
    path = tmp_path / "x.parquet"
    write_table(pa.table({"a": pa.array([], pa.int64())}), path)
    assert pq.read_table(path).schema.names == ["a"]


# --- what cannot be written -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.parquet"])
def test_nothing_is_left_where_the_work_fails(tmp_path, name):
    path = tmp_path / name
    path.write_text("before")
    rows = pa.table({"a": [1]})

    def fail():
        with TableWriter(path, rows.schema) as writer:
            writer.write(rows)
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        fail()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def full_disk():
    """Let no file grow beyond 20 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("rows", [4_000, 200_000])
@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.parquet"])
def test_a_full_disk_is_one_error_and_leaves_nothing(tmp_path, name, rows):
    table = pa.table({"a": np.random.default_rng(0).random(rows)})
    with pytest.raises(OutputError, match=name) as caught:
        write_table(table, tmp_path / name)
    assert len(str(caught.value).splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("x.cvs", "'.cvs'. Did you mean '.csv'"),
        ("x", "no suffix"),
        ("nowhere/x.csv", "no '.*nowhere'"),
        ("folder.csv", "is a folder"),
    ],
)
def test_a_path_that_cannot_be_written_is_found_before_the_work(tmp_path, path, words):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(OutputError, match=words):
        check_output(tmp_path / path)
    with pytest.raises(OutputError, match=words):
        write_table(pa.table({"a": [1]}), tmp_path / path)


def test_names_and_types_that_make_no_readable_file_are_refused(tmp_path):
    for table, words in (
        (pa.table([[1], [2]], names=["a", "a"]), "'a' for columns 1 and 2"),
        (pa.table([[1]], names=[""]), "none for column 1"),
        (pa.table({"a": [[1]]}), "'a' of type list"),
    ):
        with pytest.raises(DataError, match=words):
            write_table(table, tmp_path / "x.csv")


def test_pieces_must_fit_the_schema(tmp_path):
    schema = pa.schema([("a", pa.int8())])
    with TableWriter(tmp_path / "x.csv", schema) as writer:
        writer.write(pa.table({"a": [1]}))
        with pytest.raises(DataError, match="'a' must fit the type int8"):
            writer.write(pa.table({"a": [300]}))
        with pytest.raises(DataError, match="must have the columns"):
            writer.write(pa.table({"b": [1]}))
    with pytest.raises(OutputError, match="inside its with block"):
        writer.write(pa.table({"a": [1]}))
    assert (tmp_path / "x.csv").read_text() == "a\n1\n"


# --- standard output ------------------------------------------------------------------------------

WRITE = """
import sys, pyarrow as pa
from lookalike.tables import TableWriter
table = pa.table({"a": range(100_000)})
with TableWriter("-", table.schema) as writer:
    for _ in range(ROUNDS):
        writer.write(table)
print("done", file=sys.stderr)
"""


def test_standard_output_is_csv(capfdbinary):
    write_table(pa.table({"a": [1, None], "b": ["ü", ""]}), "-")
    assert capfdbinary.readouterr().out.decode() == 'a,b\n1,ü\n,""\n'


def test_a_reader_that_goes_away_ends_the_work_quietly():
    code = WRITE.replace("ROUNDS", "10**9")
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"a\n"
        process.stdout.close()
        assert process.stderr.read() == b"done\n"
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is of Linux")
def test_a_full_device_behind_standard_output_is_one_error():
    code = WRITE.replace("ROUNDS", "1")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE)
    assert b"OutputError: Cannot write to standard output: No space left" in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_text_that_comes_as_dictionaries_is_written_as_the_schema_says(tmp_path):
    table = pa.table(
        {
            "a": ["x", "y", None, "x"],
            "n": pa.array([1, 2, 3, 4], pa.int16()),
            "at": pa.array([1, 2, None, 4], pa.timestamp("us", "Europe/Paris")),
        }
    )
    encoded, other = (
        table.set_column(0, "a", pa.array(cells).dictionary_encode())
        for cells in (["x", "y", None, "x"], ["q", "y", "z", None])
    )
    text = other.set_column(0, "a", other["a"].cast(pa.string()))
    for pieces in ([encoded], [encoded, other, table], [table, encoded]):
        for suffix in ("parquet", "csv"):
            path = tmp_path / f"rows.{suffix}"
            with TableWriter(path, table.schema) as writer:
                for piece in pieces:
                    writer.write(piece)
            wanted = [text if piece is other else table for piece in pieces]
            found = read_table(path)
            assert found["a"].to_pylist() == pa.concat_tables(wanted)["a"].to_pylist()
        schema = pq.read_table(tmp_path / "rows.parquet").schema
        assert schema.equals(table.schema, check_metadata=True)


def test_a_parquet_file_keeps_what_the_schema_says_of_its_columns(tmp_path):
    fields = [
        pa.field("a", pa.string(), nullable=False, metadata={"unit": "m"}),
        pa.field("n", pa.int8(), nullable=False),
    ]
    schema = pa.schema(fields, metadata={"made by": "hand"})
    path = tmp_path / "rows.parquet"
    encoded = pa.table({"a": pa.array(["x", "y"]).dictionary_encode(), "n": [1, 2]})
    for rows in (encoded, pa.table({"a": ["x", "y"], "n": [1, 2]}), encoded.slice(0, 0)):
        with TableWriter(path, schema) as writer:
            writer.write(rows)
        found = pq.read_schema(path)
        assert found.metadata == schema.metadata
        for read, asked in zip(found, fields, strict=True):
            assert read.equals(asked)
            assert (asked.metadata or {}).items() <= (read.metadata or {}).items()


# --- formulas


DANGEROUS = ["=1+1", "+49 1", "-a", "-", "@x", "\tx", "\r=1", "=", "-3.5.1", "- 3", "=HYPERLINK(1)"]
HARMLESS = ["-3.5", "+3", "-.5e-7", "1-1", "a=b", "'=1", "", " =1", "\u2212 3", "-3", "+1E+9"]


def records(path):
    return list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_that_a_spreadsheet_takes_for_a_formula_gets_a_quote(tmp_path, text):
    for column in (pa.array([text, None]), pa.array([text, None]).dictionary_encode()):
        table = pa.table({text: column, "number": [-3.5, -0.25]})
        write_table(table, tmp_path / "safe.csv", safe_csv=True)
        write_table(table, tmp_path / "plain.csv")
        rows = records(tmp_path / "safe.csv")
        assert rows == [[f"'{text}", "number"], [f"'{text}", "-3.5"], ["", "-0.25"]]
        assert records(tmp_path / "plain.csv")[0][0] == text


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_and_numbers_stay_as_they_are(tmp_path, text):
    table = pa.table({"text": [text], "when": pa.array([-5], pa.duration("s"))})
    write_table(table, tmp_path / "safe.csv", safe_csv=True)
    write_table(table, tmp_path / "plain.csv")
    assert (tmp_path / "safe.csv").read_bytes() == (tmp_path / "plain.csv").read_bytes()


def test_safe_csv_is_asked_of_a_csv_only(tmp_path):
    with pytest.raises(ParameterError, match="Parquet"):
        write_table(pa.table({"x": ["=1"]}), tmp_path / "x.parquet", safe_csv=True)
    assert list(tmp_path.iterdir()) == []


# --- devices and pipes


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
@pytest.mark.parametrize("name", ["pipe", "pipe.csv", "pipe.csv.gz", "pipe.parquet"])
def test_a_pipe_gets_the_same_as_a_file(tmp_path, name):
    table = pa.table({"x": [1.5, None], "c": ["a", "b"]})
    file = tmp_path / f"file{''.join(Path(name).suffixes) or '.csv'}"
    write_table(table, file)
    os.mkfifo(tmp_path / name)
    got = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / name).read_bytes()))
    reader.start()
    check_output(tmp_path / name)
    write_table(table, tmp_path / name)
    reader.join()
    assert got == [file.read_bytes()]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full to write to")
@pytest.mark.parametrize("suffix", ["", ".csv", ".csv.gz", ".parquet"])
def test_a_full_device_is_said_in_one_line(tmp_path, suffix):
    (tmp_path / f"x{suffix}").symlink_to("/dev/full")
    with pytest.raises(OutputError, match="No space left on device"):
        write_table(pa.table({"x": [1.5] * 100_000}), tmp_path / f"x{suffix}")
