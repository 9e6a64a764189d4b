"""Records survive kills: none is lost, none is there twice."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lookalike._core.errors import FileFormatError, OutputError
from lookalike.experiments._records import Record, Records

ONE = Record("d", "s", 0, "real", 0.0, 1.0, "tree", "f1", 0.5, None, 80, 80, 20)


def test_a_row_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    other = replace(ONE, split=1, value=None, reason="why")
    with Records(path) as store:
        store.add([ONE])
        store.add([replace(ONE, value=0.9), other])
    with Records(path) as store:
        assert store.of("d") == [ONE, other]
        assert store.of("e") == []


def test_memory_needs_no_file() -> None:
    with Records(None) as store:
        store.add([ONE])
        assert store.of("d") == [ONE]


@pytest.mark.slow
def test_a_kill_in_the_middle_of_writing_leaves_whole_pieces(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    code = f"""
import os, signal
from dataclasses import replace
from lookalike.experiments._records import Record, Records
one = {ONE!r}
def killed():
    for split in range(10, 20):
        yield replace(one, split=split)
    os.kill(os.getpid(), signal.SIGKILL)
store = Records({str(path)!r})
store.add(replace(one, split=split) for split in range(10))
store.add(killed())
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode < 0, done.stderr
    with Records(path) as store:
        assert [record.split for record in store.of("d")] == list(range(10))
        store.add([replace(ONE, split=10)])
        assert len(store.of("d")) == 11


def test_what_is_no_file_holds_no_records(tmp_path: Path) -> None:
    for path in (tmp_path, os.devnull):
        with pytest.raises(OutputError, match="Records are kept in a file"):
            Records(path)


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no database " * 100)
    with pytest.raises(FileFormatError, match="something else"):
        Records(text)
    assert text.read_text().startswith("no database")
    foreign = tmp_path / "foreign.sqlite"
    database = sqlite3.connect(foreign)
    database.execute("CREATE TABLE records (a TEXT)")
    database.close()
    with pytest.raises(FileFormatError, match="must have the columns"):
        Records(foreign)
    with pytest.raises(OutputError, match="Cannot write records"):
        Records(tmp_path / "nowhere" / "records.sqlite")
