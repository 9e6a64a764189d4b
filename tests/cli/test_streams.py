"""Standard streams that are closed, full or no longer read, and text that steers a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lookalike.cli._options import check_outputs
from lookalike.models import Independent

Run = Callable[..., Any]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a shell closes the streams")


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a model that needs no JAX."""
    path = tmp_path_factory.mktemp("light") / "m.lookalike"
    table = pa.table({"=x": ["=1", "b", "=1", "b"] * 9, "y": [-1.5, -2.0, -3.25, -1.5] * 9})
    Independent(random_state=0).fit(table).save(path)
    return path


def shell(line: str, *words: object) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell, in which ``lookalike`` is the command line and ``$1 …`` are words."""
    command = f'lookalike() {{ "{sys.executable}" -m lookalike "$@"; }}; {line}'
    return subprocess.run(
        ["sh", "-c", command, "sh", *map(str, words)], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_closed_standard_output(light: Path, csv: Path, tmp_path: Path) -> None:
    """It is said where it is needed; and no file gets its number."""
    done = shell('lookalike info "$1" >&-', csv)
    assert (done.returncode, done.stderr) == (
        2,
        "error: Cannot write to standard output: it is closed.\n",
    )
    out = tmp_path / "x.csv"
    done = shell('lookalike sample "$1" -n 3 -o "$2" <&- >&- 2>&-', light, out)
    assert done.returncode == 0
    assert len(out.read_text().splitlines()) == 4


@pytest.mark.slow
def test_closed_standard_input_and_lost_messages(tmp_path: Path) -> None:
    done = shell("lookalike info - <&-")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: Standard input cannot be read: it is closed.")
    # Messages never end up among results, and an error that cannot be said keeps its exit code.
    done = shell('lookalike info "$1" 2>&-', tmp_path / "none.csv")
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full to write to")
def test_full_standard_error_and_a_reader_that_goes(tmp_path: Path, csv: Path) -> None:
    done = shell('lookalike info "$1" 2>/dev/full', tmp_path / "none.csv")
    assert (done.returncode, done.stdout) == (2, "")
    done = shell('{ lookalike info "$1"; echo "$?" >&2; } | true', csv)
    assert done.stderr == "0\n"
    reader, writer = os.pipe()
    os.close(reader)  # gone before the first word
    gone = subprocess.run(
        [sys.executable, "-m", "lookalike", "info", csv],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (gone.returncode, gone.stderr) == (0, b"")


def test_hostile_names_and_values_in_errors(run: Run, tmp_path: Path) -> None:
    name = "a\x1b[31m" + "x" * 10**5
    path = tmp_path / "hostile.csv"
    path.write_text(f'"{name}",b\n1.5,2\n2.5,4\n')
    for words in (["info", path, "--kind", f"{name}y=text"], ["info", path, "--kind", f"b={name}"]):
        result = run(*words)
        assert result.code == 2
        assert len(result.errors) == 1
        assert len(result.errors[0]) < 600
        assert "\x1b" not in result.err


def test_hostile_arguments(run: Run, tmp_path: Path) -> None:
    for words in (["fit", "\x1b[2Jno.csv", "-o", "m"], ["\x1b[31m" * 10**5], ["info", "x" * 10**5]):
        result = run(*words)
        assert result.code == 2
        assert "\x1b" not in result.err
        assert len(result.err) < 1_200


def test_safe_csv(run: Run, light: Path, tmp_path: Path) -> None:
    plain = run("sample", light, "-n", 9, "-o", "-")
    safe = run("sample", light, "-n", 9, "-o", "-", "--safe-csv")
    assert plain.out.startswith("=x,y\n")
    assert safe.out == plain.out.replace("=", "'=")
    refused = run("sample", light, "-n", 9, "-o", tmp_path / "x.parquet", "--safe-csv")
    assert refused.code == 2
    assert "Parquet" in refused.err


def test_outputs_that_are_devices_may_be_the_same(run: Run, light: Path, csv: Path) -> None:
    check_outputs([os.devnull, os.devnull], [str(csv)])
    assert run("sample", light, "-n", 3, "-o", os.devnull).code == 0
