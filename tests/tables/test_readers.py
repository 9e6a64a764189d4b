"""Reading files: every cell as it stands, every fault with its line."""

from __future__ import annotations

import csv
import gzip
import io
import os
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike._core.errors import FileFormatError, ParameterError
from lookalike.tables import read_table

DATA = Path(os.environ.get("LOOKALIKE_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture
def put(tmp_path):
    """Return a function that writes bytes or text to a file."""

    def write(content, name="x.csv"):
        path = tmp_path / name
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write


def test_everything_is_text_and_only_an_empty_cell_is_null(put):
    table = read_table(put('zip,na,empty\n00501,NA,""\n1e5,?,\n true ,null,-\n'))
    assert table.schema.types == [pa.string()] * 3
    assert table.to_pydict() == {
        "zip": ["00501", "1e5", " true "],
        "na": ["NA", "?", "null"],
        "empty": ["", None, "-"],
    }


def test_line_breaks_in_quotes_belong_to_names_and_cells(put):
    table = read_table(put('"Review\nDate",b\n"x\r\ny",1\n"say ""hi""",2\n'))
    assert table.to_pydict() == {"Review\nDate": ["x\r\ny", 'say "hi"'], "b": ["1", "2"]}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "X.CSV"])
def test_byte_order_marks_and_line_ends(put, end, mark, name):
    path = put(mark + end.join(["a,ü", "1,é", "2,", ""]), name)
    assert read_table(path).to_pydict() == {"a": ["1", "2"], "ü": ["é", None]}


def test_a_quote_inside_a_plain_field_is_a_character(put):
    table = read_table(put('size,b\n5" pipe,1\na"b"c,2\n'))
    assert table["size"].to_pylist() == ['5" pipe', 'a"b"c']


def test_empty_lines_are_nothing_beside_other_columns_and_a_missing_cell_alone(put):
    assert read_table(put("\n\na,b\n1,2\n\n3,4\n\n")).num_rows == 2
    assert read_table(put("a\n1\n\n3\n")).to_pydict() == {"a": ["1", None, "3"]}


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_an_obvious_delimiter_is_found_out(put, delimiter):
    rows = [["a", "b"], ["1,5", "x"], ["2,5", "y"]]
    table = read_table(put("\n".join(delimiter.join(row) for row in rows)))
    assert table.to_pydict() == {"a": ["1,5", "2,5"], "b": ["x", "y"]}


def test_a_delimiter_that_is_not_obvious_is_a_comma(put):
    assert read_table(put("a,b\n1;5,2;5\n1,2\n")).column_names == ["a", "b"]
    assert read_table(put("note\nfirst; second\nthird\n")).column_names == ["note"]


def test_one_bad_row_does_not_hide_the_delimiter(put):
    path = put("a;b\n" + "1;2\n" * 5 + "1;2;3\n" + "1;2\n" * 5)
    with pytest.raises(FileFormatError, match=r"line 7 .* 3 fields, the header has 2"):
        read_table(path)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)


@settings(max_examples=80, deadline=None)
@given(
    st.integers(2, 4).flatmap(
        lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=6)
    ),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_whatever_the_csv_module_writes_is_read(rows, quoting):
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting)
    writer.writerows([[f"n{i}" for i in range(len(rows[0]))], *rows])
    stream = io.TextIOWrapper(io.BytesIO(text.getvalue().encode()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", stream)
        table = read_table("-")
    back = [[cell or "" for cell in column.to_pylist()] for column in table.columns]
    assert [list(row) for row in zip(*back, strict=True)] == rows


def test_columns_are_chosen_in_the_order_given(put):
    path = put("a,b,c\n1,2,3\n")
    assert read_table(path, columns=["c", "a"]).to_pydict() == {"c": ["3"], "a": ["1"]}
    with pytest.raises(FileFormatError, match="no column 'd'"):
        read_table(path, columns=["d"])
    with pytest.raises(ParameterError, match="at least one"):
        read_table(path, columns=[])
    with pytest.raises(ParameterError, match="sequence of names"):
        read_table(path, columns="a")


# --- faults of CSV --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a,b\n1,2\n1,2,3\n", "line 3 of .* has 3 fields, the header has 2. Put .* quotes"),
        ("a,b\n1,2\n\n1\n", "line 4 of .* has 1 fields, the header has 2. Complete"),
        ('a,b\n"x\ny",2\n"u\nv",2,3\n', "line 4 of .* has 3 fields"),
        ('"a\nb",c\r\n1,2\r\n1,2,3\r\n', "line 4 of .* has 3 fields"),
        ("a,b\r1,2\r1,2,3\r", "line 3 of .* has 3 fields"),
        ("a;b\n1;2\n1;2;3\n1;2\n", "line 3 of .* contain ';' in"),
        ("a\tb\n1\t2\n1\n1\t2\n", "line 3 of .* has 1 fields"),
        ('a,b\n1,2\n3,"x\n4,5\n', "line 3 that is still open"),
        ('a,"b\n1,2\n', "line 1 that is still open"),
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("\ufeff", "is empty"),
        ("a,b\n", "header but no rows"),
        ("a,b", "header but no rows"),
        ("a,b,a\n1,2,3\n", "'a' for columns 1 and 3"),
        (",a\n0,1\n", "none for column 1 of 2"),
        ("a,b,\n0,1,\n", "none for column 3 of 3"),
        (b"a,b\n1,2\nx,caf\xe9\n", "line 3 of .* byte 0xe9 at position 6.*iconv"),
        (b'a,b\n1,2\n"x\ny\xff",2\n', "line 4 of .* byte 0xff at position 2"),
        (b"a,b\xe9\n1,2\n", "line 1 of .* byte 0xe9 at position 4"),
        ("a,b\n1,é\n".encode("utf-16"), "as UTF-16 does"),
    ],
)
@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz"])
def test_a_faulty_csv_is_refused_with_its_line(put, content, words, name):
    path = put(content, name)
    with pytest.raises(FileFormatError, match=words) as caught:
        read_table(path)
    assert path.name in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_fault_late_in_a_big_file_has_its_line(put):
    rows = '"x\ny",2\n' * 200_000
    with pytest.raises(FileFormatError, match=r"line 400002 of .* has 3 fields"):
        read_table(put("a,b\n" + rows + "1,2,3\n" + rows))


@pytest.mark.skipif(not DATA.is_dir(), reason="the real data files are not here")
def test_a_real_malformed_file_is_refused_with_its_line():
    with pytest.raises(FileFormatError, match=r"line 8 of .* has 12 fields, the header has 11"):
        read_table(DATA / "nasty" / "malformed_unquoted_commas.csv")


@pytest.mark.skipif(not DATA.is_dir(), reason="the real data files are not here")
def test_a_real_file_with_line_breaks_in_its_header():
    table = read_table(DATA / "nasty" / "chocolate_bars_newline_headers.csv")
    assert table.shape == (1795, 9)
    assert table.column_names[3] == "Review\nDate"


# --- faults of files ------------------------------------------------------------------------------


def test_a_missing_file_suggests_the_nearest_name(put):
    path = put("a,b\n1,2\n", "flights.csv")
    with pytest.raises(FileFormatError, match=r"no file .*Did you mean 'flights.csv'\?"):
        read_table(path.with_name("flihgts.csv"))
    with pytest.raises(FileFormatError, match="no file"):
        read_table(path.parent / "nowhere" / "x.csv")


def test_a_folder_without_data_is_refused(tmp_path):
    folder = tmp_path / "x.csv"
    folder.mkdir()
    with pytest.raises(FileFormatError, match="There are no data files in"):
        read_table(folder)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x.cvs", "'.cvs'. Did you mean '.csv'"),
        ("x.parqet", "'.parqet'. Did you mean '.parquet'"),
        ("x.xlsx", "the suffix '.xlsx'"),
        ("x", "no suffix"),
    ],
)
def test_an_unknown_suffix_is_refused(put, name, words):
    with pytest.raises(FileFormatError, match=words):
        read_table(put("a,b\n1,2\n", name))


@pytest.mark.parametrize("damage", ["cut", "changed", "plain"])
def test_a_damaged_gzip_is_refused(put, damage):
    path = put("a,b\n" + "".join(f"{i},{i * 7919}\n" for i in range(20_000)), "x.csv.gz")
    data = bytearray(path.read_bytes())
    if damage == "cut":
        data = data[:-30]
    elif damage == "changed":
        data[len(data) // 2 : len(data) // 2 + 50] = bytes(50)
    else:
        data = bytearray(b"a,b\n1,2\n")
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match=r"x.csv.gz' is not gzip, or damaged"):
        read_table(path)


def test_standard_input_is_named(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1,2,3\n")))
    with pytest.raises(FileFormatError, match="line 2 of standard input has 3 fields"):
        read_table("-")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(FileFormatError, match="standard input is empty"):
        read_table("-")


# --- Parquet --------------------------------------------------------------------------------------


@pytest.fixture
def parquet(tmp_path):
    def write(table, **options):
        path = tmp_path / "x.parquet"
        pq.write_table(table, path, **options)
        return path

    return write


def test_parquet_keeps_its_types(parquet):
    table = pa.table(
        {
            "n": pa.array([1, None], pa.int16()),
            "c": pa.array(["x", None]).dictionary_encode(),
            "t": pa.array([1, None], pa.timestamp("us", "Europe/Berlin")),
            "a.b": pa.array(["x", "y"]),
            "a": pa.array([0.5, 1.5]),
        }
    )
    path = parquet(table)
    assert read_table(path).equals(table)
    assert read_table(path, columns=["a", "n"]).equals(table.select(["a", "n"]))
    with pytest.raises(FileFormatError, match="no column 'm'"):
        read_table(path, columns=["m"])


def test_the_unnamed_index_of_pandas_is_left_out(tmp_path):
    path = tmp_path / "x.parquet"
    pd.DataFrame({"a": [3, 2]}, index=[5, 1]).to_parquet(path)
    assert read_table(path).to_pydict() == {"a": [3, 2]}
    assert read_table(path).schema.metadata is None
    assert read_table(path, columns=["__index_level_0__"])[0].to_pylist() == [5, 1]


def test_nested_columns_are_refused_by_name_unless_left_out(parquet):
    path = parquet(pa.table({"a": [1], "tags": [["x"]], "place": [{"lat": 1.0}]}))
    with pytest.raises(FileFormatError, match=r"x.parquet' has a column 'tags' of type list"):
        read_table(path)
    assert read_table(path, columns=["a"]).to_pydict() == {"a": [1]}


def test_a_parquet_file_without_rows_or_with_bad_names_is_refused(parquet):
    with pytest.raises(FileFormatError, match="columns but no rows"):
        read_table(parquet(pa.table({"a": pa.array([], pa.int64())})))
    with pytest.raises(FileFormatError, match="'a' for columns 1 and 2"):
        read_table(parquet(pa.table([[1], [2]], names=["a", "a"])))
    with pytest.raises(FileFormatError, match="none for column 1"):
        read_table(parquet(pa.table([[1], [2]], names=["", "a"])))


@pytest.mark.parametrize("damage", ["cut", "changed", "footer", "text"])
def test_a_damaged_parquet_is_refused(parquet, damage):
    path = parquet(pa.table({"a": list(range(10_000))}), write_page_checksum=True)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        data = data[:-10]
    elif damage == "changed":
        data[200:400] = bytes(200)
    elif damage == "footer":
        size = int.from_bytes(data[-8:-4], "little")
        data[-8 - size : -8 - size // 2] = b"\xff" * (size - size // 2)
    else:
        data = bytearray(b"a,b\n1,2\n")
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match=r"x.parquet' is not Parquet, or damaged") as error:
        read_table(path)
    assert "\n" not in str(error.value)
