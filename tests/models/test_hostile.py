"""Model files that ask for more than anything could need: refused in one line, at no cost."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lookalike._core.errors import ModelFileError
from lookalike.models import load

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def hostile():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import hostile
    finally:
        sys.path.remove(str(BENCHMARKS))
    return hostile


@pytest.fixture(scope="module")
def parts(hostile):
    return hostile.opened(hostile.saved(hostile.fitted()))


def words_of(encoding):
    """Return the stored pattern of identifiers that are words."""
    parts = [part for part in encoding["parts"].values() if "patterns" in part]
    return next(p for part in parts for p in part["patterns"] if p["kind"] == "words")


def patterns(manifest, encoding, arrays):
    part = next(part for part in encoding["parts"].values() if "patterns" in part)
    part["patterns"] *= 5_000


def places(manifest, encoding, arrays):
    words_of(encoding)["places"] = [["a", "b"]] * 100_000


def no_option(manifest, encoding, arrays):
    words_of(encoding)["places"][0] = []


def buckets(manifest, encoding, arrays):
    words_of(encoding)["levels"][0]["buckets"] = 10**12


def bucket_width(manifest, encoding, arrays):
    words_of(encoding)["levels"][0]["width"] = 2**63


def no_rows(manifest, encoding, arrays):
    manifest["rows"] = -1


def cuts(manifest, encoding, arrays):
    many = [0.5] * 20_000
    encoding["parts"]["exclusions"] |= {"pairs": [], "sizes": [], "cuts": {"0": many, "1": many}}


def exclusions(manifest, encoding, arrays):
    encoding["parts"]["exclusions"] |= {"pairs": [[0, 1]] * 5_000, "sizes": [0] * 5_000}


def columns(manifest, encoding, arrays):
    manifest["schema"]["columns"] *= 3_000


def wide_bytes(manifest, encoding, arrays):
    part = next(part for part in encoding["parts"].values() if "dictionary" in part)
    part["value"] = {"type": "fixed_size_binary[2000000000]", "values": [None]}


def targets(manifest, encoding, arrays):
    name = next(name for name in arrays if name.endswith("/by_first"))
    arrays[name] = np.full_like(arrays[name], 10**6)


def axes(manifest, encoding, arrays):
    i = next(i for i, c in enumerate(encoding["columns"]) if c["name"] == "many")
    encoding["columns"][i]["encoding"] = "embedding"
    part = encoding["parts"][f"column {i}"]
    count = len(part["levels"]["values"]) + (part["pool"] > 0)
    arrays[f"encoding/column {i}/places"] = np.arange(count)
    arrays[f"encoding/column {i}/limits"] = np.zeros((count, 20_000), np.float32)


@pytest.mark.parametrize(
    "ask",
    [
        patterns,
        places,
        no_option,
        buckets,
        bucket_width,
        no_rows,
        cuts,
        exclusions,
        columns,
        wide_bytes,
        targets,
        axes,
    ],
    ids=lambda ask: ask.__name__,
)
def test_what_no_model_needs_is_refused(hostile, parts, tmp_path, ask):
    asked = copy.deepcopy(parts)
    ask(*asked)
    (tmp_path / "m.lookalike").write_bytes(hostile.sealed(*asked))
    with pytest.raises(ModelFileError, match=r"m\.lookalike") as caught:
        load(tmp_path / "m.lookalike")
    assert len(str(caught.value)) < 700
    assert isinstance(caught.value.__cause__, ValueError) or "allowed" in str(caught.value)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is bounded on Linux only")
def test_any_value_and_any_array_may_be_hostile():
    """One process with bounded memory, in which each file has a bounded share of a core."""
    command = [sys.executable, str(BENCHMARKS / "hostile.py"), "--cases", "120"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "'refused'" in done.stdout
    assert "'loaded'" in done.stdout
