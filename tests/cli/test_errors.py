"""Bad input: one clear error of one or two lines, exit code 2, nothing half-written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lookalike._core.errors import OutputError, TrainingError

Run = Callable[..., Any]


def assert_refused(result: Any, *words: str) -> None:
    """Check that a call ended as a wrong call must, and that the error has the words."""
    assert result.code == 2, result.err
    assert result.out == ""
    assert 1 <= len(result.errors) <= 2, result.err
    assert result.errors[0].startswith("error: ")
    assert "Traceback" not in result.err
    for word in words:
        assert word in result.err


BAD_FILES = {
    "empty.csv": (b"", ["empty"]),
    "header.csv": (b"a,b\n", ["row"]),
    "latin.csv": ("a,b\nÄ,1\nÖ,2\n".encode("latin-1"), ["UTF-8"]),
    "malformed.csv": (b"a,b\n1,2\n3,4,5\n6,7\n", ["3"]),
    "twice.csv": (b"a,a\n1,2\n3,4\n", ["'a'"]),
    "nameless.csv": (b"a,\n1,2\n3,4\n", ["name"]),
    "table.xlsx": (b"not a table", [".csv", ".parquet"]),
    "broken.parquet": (b"PAR1 and nothing else", []),
    "infinite.csv": (b"a,b\n1.5,x\ninf,y\n2.5,x\n", ["'a'"]),
}


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("command", ["info", "fit", "evaluate"])
def test_bad_file(run: Run, tmp_path: Path, csv: Path, name: str, command: str) -> None:
    content, words = BAD_FILES[name]
    path, out = tmp_path / name, tmp_path / "out"
    path.write_bytes(content)
    options = {"fit": ["-o", out], "evaluate": [csv, "--json", out], "info": []}
    before = sorted(tmp_path.iterdir())
    assert_refused(run(command, path, *options[command]), *words)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("command", ["info", "fit", "evaluate"])
def test_missing_file(run: Run, tmp_path: Path, csv: Path, command: str) -> None:
    options = {"fit": ["-o", tmp_path / "out"], "evaluate": [csv], "info": []}
    result = run(command, tmp_path / "absent.csv", *options[command])
    assert_refused(result, "absent.csv")


def test_nested_parquet(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "nested.parquet"
    pq.write_table(pa.table({"a": [1, 2], "deep": [[1], [2, 3]]}), path)
    assert_refused(run("info", path), "'deep'")


def test_table_without_columns(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "nothing.parquet"
    pq.write_table(pa.table({}), path)
    assert_refused(run("fit", path, "-o", tmp_path / "out"), "column")


@pytest.mark.parametrize("command", ["sample", "info"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 but no zip", b"a,b\n1,2\n"])
def test_bad_model(run: Run, tmp_path: Path, command: str, content: bytes) -> None:
    model = tmp_path / "m.lookalike"
    model.write_bytes(content)
    options = {"sample": ["-n", 3, "-o", tmp_path / "out.csv"], "info": []}
    assert_refused(run(command, model, *options[command]), "m.lookalike")
    assert not (tmp_path / "out.csv").exists()


def test_missing_model(run: Run, tmp_path: Path) -> None:
    result = run("sample", tmp_path / "no.lookalike", "-n", 3, "-o", tmp_path / "out.csv")
    assert_refused(result, "no.lookalike")


@pytest.mark.parametrize("rows", ["-1", "many", "1.5"])
def test_bad_count(run: Run, fitted: Path, tmp_path: Path, rows: str) -> None:
    out = tmp_path / "out.csv"
    assert_refused(run("sample", fitted, "-n", rows, "-o", out), rows)
    assert not out.exists()


def test_bad_seed(run: Run, fitted: Path, tmp_path: Path) -> None:
    result = run("sample", fitted, "-n", 3, "-o", tmp_path / "out.csv", "--seed", -1)
    assert_refused(result, "--seed")


def test_unknown_suffix_of_an_output(run: Run, fitted: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    assert_refused(run("sample", fitted, "-n", 3, "-o", out), ".csv", ".parquet")
    assert not out.exists()


WRONG_FITS = {
    "kind": (["--kind", "town=categoricl"], ["'categoricl'", "'categorical'"]),
    "kind without a name": (["--kind", "categorical"], ["COL=KIND"]),
    "kind of no column": (["--kind", "twon=categorical"], ["'twon'", "'town'"]),
    "target": (["--target", "lat"], ["'lat'", "'late'"]),
    "parameter": (["--set", "stesp=4"], ["'stesp'", "'steps'"]),
    "parameter without a value": (["--set", "steps"], ["NAME=VALUE"]),
    "value": (["--set", "steps=-4"], ["steps", "-4"]),
    "word for a number": (["--set", "steps=many"], ["steps", "'many'"]),
    "value that Python cannot hold": (["--set", "steps={['x']: 1}"], ["steps", "['x']"]),
    "value that is nested too deeply": (["--set", "steps=" + "-" * 9_999 + "1"], ["steps"]),
    "budget": (["--budget", "balancd"], ["'balancd'", "'balanced'"]),
    "option": (["--taget", "late"], ["--target"]),
    "argument too many": (["another.csv"], ["another.csv"]),
}


@pytest.mark.parametrize("case", WRONG_FITS)
def test_wrong_fit(run: Run, csv: Path, case: str) -> None:
    options, words = WRONG_FITS[case]
    out = csv.with_name("m.lookalike")
    assert_refused(run("fit", csv, "-o", out, *options), *words)
    assert sorted(csv.parent.iterdir()) == [csv]


def test_missing_arguments(run: Run, csv: Path) -> None:
    assert_refused(run("fit"), "DATA")
    assert_refused(run("fit", csv), "-o")
    assert_refused(run("sample", csv), "-o")
    assert_refused(run("sample", csv, "-o", "rows.csv"), "-n", "--complete")
    assert_refused(run("evaluate", csv), "SYNTHETIC")


def test_unknown_command(run: Run) -> None:
    assert_refused(run("sampel"), "sampel", "'sample'")


def test_unknown_target_of_an_evaluation(run: Run, csv: Path) -> None:
    assert_refused(run("evaluate", csv, csv, "--target", "lat"), "'lat'", "'late'")


def test_tables_with_different_columns(run: Run, csv: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text(csv.read_text().replace("town", "city", 1))
    assert_refused(run("evaluate", csv, other), "'town'")


def test_kind_of_a_model(run: Run, fitted: Path) -> None:
    assert_refused(run("info", fitted, "--kind", "town=text"), "--kind")


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test if anything is trained, sampled or scored."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the output was not checked first")

    monkeypatch.setattr("lookalike.models.gan.GAN.fit", never)
    monkeypatch.setattr("lookalike.models.load", never)
    monkeypatch.setattr("lookalike.reports.evaluate", never)


@pytest.mark.usefixtures("untrained")
def test_unwritable_output_is_found_before_the_work(
    run: Run, csv: Path, fitted: Path, tmp_path: Path
) -> None:
    nowhere = tmp_path / "absent" / "out"
    assert_refused(run("fit", csv, "-o", nowhere), "absent")
    assert_refused(run("fit", csv, "-o", tmp_path), "folder")
    assert_refused(run("fit", csv, "-o", "-"), "file")
    assert_refused(run("fit", csv, "-o", tmp_path / ("m" * 256)), "too long")
    assert_refused(run("sample", fitted, "-n", 3, "-o", f"{nowhere}.csv"), "absent")
    assert_refused(run("evaluate", csv, csv, "--html", nowhere), "absent")
    assert_refused(run("evaluate", csv, csv, "--json", nowhere), "absent")
    assert_refused(run("demo", "--out", csv), "people.csv")


@pytest.mark.usefixtures("untrained")
def test_output_never_overwrites_an_input(run: Run, csv: Path, fitted: Path) -> None:
    before = csv.read_bytes()
    assert_refused(run("fit", csv, "-o", csv), "overwrite")
    assert_refused(run("evaluate", csv, csv, "--json", csv), "overwrite")
    assert_refused(run("sample", fitted, "-n", 3, "-o", fitted), "overwrite")
    assert csv.read_bytes() == before


@pytest.mark.usefixtures("untrained")
def test_a_stream_is_used_once(run: Run, csv: Path, people: str) -> None:
    assert_refused(run("evaluate", "-", "-", stdin=people), "once")
    assert_refused(run("evaluate", csv, csv, "--json", "-", "--html", "-"), "once")


def test_full_disk(run: Run, csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    model = csv.with_name("m.lookalike")
    monkeypatch.setattr("zipfile.ZipFile.writestr", full)
    result = run("fit", csv, "-o", model, "--model", "independent", "--quiet")
    assert_refused(result, "No space left on device")
    assert sorted(csv.parent.iterdir()) == [csv]


# --- what is not the caller's fault ---------------------------------------------------------------


def raiser(error: BaseException) -> Callable[..., None]:
    """Return a function that raises."""

    def fails(*_: object, **__: object) -> None:
        raise error

    return fails


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (TrainingError("All losses are NaN.\nLower the rate."), 1, "error: All losses are NaN. Lo"),
        (OutputError("No.\nReally."), 2, "error: No. Really."),
        (ZeroDivisionError("oh"), 1, "error: ZeroDivisionError: oh"),
        (MemoryError(), 1, "error: MemoryError"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_exit_codes(
    run: Run,
    csv: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    words: str,
) -> None:
    monkeypatch.setattr("lookalike.tables.read_table", raiser(error))
    result = run("info", csv)
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith(words)
    assert len(result.err.splitlines()) <= 2


def test_unexpected_error_names_debug_and_debug_shows_the_traceback(
    run: Run, csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.tables.read_table", raiser(ZeroDivisionError("oh")))
    assert "--debug" in run("info", csv).err
    for words in (["--debug", "info", csv], ["info", csv, "--debug"]):
        result = run(*words)
        assert result.code == 1
        assert "Traceback" in result.err
        assert result.err.rstrip().endswith("error: ZeroDivisionError: oh")


def test_interrupt_while_writing_leaves_nothing(
    run: Run, fitted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.csv"
    monkeypatch.setattr("lookalike.tables.TableWriter.write", raiser(KeyboardInterrupt()))
    result = run("sample", fitted, "-n", 3, "-o", out)
    assert (result.code, result.out) == (130, "")
    assert sorted(tmp_path.iterdir()) == []
