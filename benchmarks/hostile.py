"""Load model files that somebody wrote who wishes us ill: every digest right, one thing wrong.

Usage: ``python benchmarks/hostile.py [--cases N] [--seed N] [--gan]``. A model of a table with all
sorts of columns is saved, and read again with one value of its JSON or one of its arrays changed:
to another kind, another size, far beyond what it may be. Each must be refused by a ModelFileError
or give a model that makes rows, within `_SECONDS` of one core and `_MEGABYTES` of memory. What does
neither is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import io
import json
import resource
import signal
import sys
import tempfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import safetensors.numpy

import lookalike as la
from lookalike._core.errors import LookalikeError, ModelFileError
from lookalike.models import Synthesizer, load

#: What a file may take of one core and of memory, and what the process may have in all.
_SECONDS, _MEGABYTES, _ADDRESSES = 10.0, 500, 3 * 2**30
MANIFEST, ENCODING, WEIGHTS = "manifest.json", "encoding.json", "weights.safetensors"

#: What stands in the place of a value: too small, too large, of another kind, without end.
LEAVES: list[Any] = [
    None, True, -1, 0, 3, 2**31, 2**62, 2**64, 10**18, 10**30, 1e308, -1e308, 0.5, "", "x", "\0",
    "int64", "string", "fixed_size_binary[2000000000]", "decimal128(38, 30)", "9" * 4000,
    "z" * 10**5, [], [None], [[]], {}, {"x": 1}, [0] * 10**5, ["a"] * 10**5, [["a"]] * 10**5,
    "NaN", "deep", "long",
]  # fmt: skip
#: What JSON has no value for is put into its text.
_RAW = {'"NaN"': "NaN", '"deep"': "[" * 10**4 + "]" * 10**4, '"long"': "9" * 4000}


def main() -> int:
    """Load and sample mutants, and count what became of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--gan", action="store_true", help="of a GAN, which takes longer")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    cases = mutants(saved(fitted(gan=asked.gan)), np.random.default_rng(asked.seed))
    if not asked.gan:  # JAX takes more addresses than memory
        _bound_memory()
    found: Counter[str] = Counter()
    for _, (what, content) in zip(range(asked.cases), cases, strict=False):
        outcome = tried(content)
        found[outcome if outcome in ("loaded", "refused") else "wrong"] += 1
        if outcome not in ("loaded", "refused"):
            print(f"{what[:160]}: {outcome}", flush=True)
    print(f"{asked.cases} model files: {dict(found)}")
    return 1 if found["wrong"] else 0


def fitted(*, gan: bool = False) -> Synthesizer:
    """Return a model of all sorts of columns."""
    ours = partial(la.GAN, steps=6, width=8, depth=1) if gan else la.Independent
    model: Synthesizer = ours(random_state=0)
    kinds = dict.fromkeys(("id", "number", "row"), "identifier") | {"text": "text"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of free text
        return model.fit(table_of_all_sorts(), kinds=kinds)


def saved(model: Synthesizer) -> bytes:
    """Return the model file of a model."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "m")
        return (Path(folder) / "m").read_bytes()


def tried(content: bytes) -> str:
    """Load a model file and make rows; say what became of it: ``"loaded"`` and ``"refused"`` do."""
    before = _peak()
    with tempfile.NamedTemporaryFile(suffix=".lookalike") as file, _limited():
        file.write(content)
        file.flush()
        outcome = _outcome(file.name)
    more = _peak() - before
    return f"{outcome}, but takes {more:,} MB" if more > _MEGABYTES else outcome


def _outcome(path: str) -> str:
    try:
        model = load(path)
    except ModelFileError as error:
        words = str(error)
        return "refused" if len(words) <= 1_000 and "\n" not in words else f"says {words!r}"
    except BaseException as error:
        return f"load raises {error!r}"[:300]
    try:
        for count, start in ((5, 0), (2_000, 0), (3, 10**7)):
            if model.sample(count, start=start).num_rows != count:
                return "other rows than asked"
        model.encoder_.never_together()
    except LookalikeError:
        return "loaded"  # a type may be another, into which values do not go
    except BaseException as error:
        return f"sample raises {error!r}"[:300]
    return "loaded"


@contextmanager
def _limited() -> Iterator[None]:
    """End what takes too long of a core, by an error."""

    def end(*_: object) -> None:
        raise TimeoutError(f"more than {_SECONDS:g} seconds")

    signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _bound_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + _ADDRESSES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _peak() -> int:
    """Return how much memory this process has had at most, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


# --- files ----------------------------------------------------------------------------------------


def members(content: bytes) -> dict[str, bytes]:
    """Return what a model file holds, by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(held: dict[str, bytes], compress: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Zip members as the library does, as they are."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in held.items():
            method = zipfile.ZIP_STORED if name == WEIGHTS else compress
            archive.writestr(name, content, method)
    return file.getvalue()


def sealed(manifest: Any, encoding: Any, arrays: dict[str, np.ndarray] | bytes) -> bytes:
    """Return a model file of these parts, with the digests that belong to them."""
    weights = arrays if isinstance(arrays, bytes) else safetensors.numpy.save(arrays)
    held = {ENCODING: _text(encoding), WEIGHTS: weights}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in held.items()}
    return packed({MANIFEST: _text({**manifest, "sha256": digests}), **held})


def opened(content: bytes) -> tuple[Any, Any, dict[str, np.ndarray]]:
    """Return the parts of a model file: manifest, encoding, arrays."""
    held = members(content)
    return (
        json.loads(held[MANIFEST]),
        json.loads(held[ENCODING]),
        safetensors.numpy.load(held[WEIGHTS]),
    )


def mutants(content: bytes, rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """Yield model files without end, each with one thing wrong, and what that is."""
    manifest, encoding, arrays = opened(content)
    ways = {MANIFEST: list(values_in(manifest)), ENCODING: list(values_in(encoding))}
    while True:
        what = rng.choice([MANIFEST, ENCODING, ENCODING, ENCODING, WEIGHTS, WEIGHTS])
        if what == WEIGHTS:
            name = str(rng.choice(list(arrays)))
            how, array = _changed(arrays[name], rng)
            changed = {**arrays, name: array}
            if array is None:
                del changed[name]
            yield f"{what} {name}: {how}", sealed(manifest, encoding, changed)
            continue
        way = ways[what][rng.integers(len(ways[what]))]
        value = LEAVES[rng.integers(len(LEAVES))]
        values = copy.deepcopy(manifest if what == MANIFEST else encoding)
        how = _put(values, way, value, rng)
        both = (values, encoding) if what == MANIFEST else (manifest, values)
        yield f"{what} {'/'.join(map(str, way))}: {how}", sealed(*both, arrays)


def values_in(held: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value in JSON, the outermost one excepted."""
    for key, value in held.items() if isinstance(held, dict) else enumerate(held):
        yield (*way, key)
        if isinstance(value, dict | list):
            yield from values_in(value, (*way, key))


def _put(values: Any, way: tuple[Any, ...], value: Any, rng: np.random.Generator) -> str:
    """Put a value in the place of another, or repeat or drop what is there; say what was done."""
    *outer, last = way
    for key in outer:
        values = values[key]
    if isinstance(values[last], list) and rng.random() < 0.3:
        times = int(rng.choice([0, 2, 1000, 50_000])) if len(values[last]) < 50 else 2
        values[last] = values[last] * times
        return f"repeated {times} times"
    if rng.random() < 0.1:
        del values[last]
        return "dropped"
    values[last] = value
    return f"is {str(value)[:40]!r}"


def _changed(array: np.ndarray, rng: np.random.Generator) -> tuple[str, np.ndarray | None]:
    """Return an array that is not as it should be, or None for no array."""
    kind = int(rng.integers(9))
    if kind == 0:
        return "dropped", None
    if kind == 1:
        return "empty", array[:0] if array.ndim else np.zeros((0, 3), array.dtype)
    if kind == 2:
        return "another shape", np.resize(array, (3, 5))
    if kind == 3:
        return "another kind", array.astype(np.int8 if array.dtype.kind == "f" else np.float32)
    if kind == 4 and array.dtype.kind == "f":
        return "NaN", np.full_like(array, np.nan)
    if kind == 5:
        return "long", np.resize(array, 200_000).astype(array.dtype)
    if kind == 6 and array.ndim:
        return "turned round", np.ascontiguousarray(array[::-1])
    extreme = np.finfo(array.dtype) if array.dtype.kind == "f" else np.iinfo(np.int8)
    if array.dtype.kind in "iu":
        extreme = np.iinfo(array.dtype)
    value = extreme.min if kind == 7 else extreme.max
    return f"all {value}", np.full(array.shape, value, array.dtype)


def table_of_all_sorts(rows: int = 600) -> pa.Table:
    """Return a table with columns of every kind and relation that a model file can hold."""
    rng = np.random.default_rng(0)
    x = np.round(rng.normal(50, 9, rows), 2)
    day = rng.integers(0, 900, rows)
    group = rng.choice(["a", "b", "c", "d"], rows)
    seconds = rng.integers(0, 10**6, rows)
    return pa.table(
        {
            "x": x,
            "full": rng.normal(size=rows) ** 3,
            "whole": pa.array(rng.integers(0, 40, rows), mask=rng.random(rows) < 0.2),
            "sum": np.round(x + day, 2),
            "near": np.round(x + rng.normal(0, 0.1, rows), 2),
            "day": pa.array(day.astype(np.int32)).cast(pa.date32()),
            "at": pa.array(seconds * 10**6).cast(pa.timestamp("us", tz="UTC")),
            "took": pa.array(seconds).cast(pa.duration("s")),
            "group": group,
            "of group": [{"a": "A", "b": "A", "c": "C", "d": "D"}[g] for g in group],
            "yes": rng.random(rows) < 0.5,
            "many": rng.choice([f"level {i}" for i in range(200)], rows),
            "id": [f"K{i:05d}-{'xyz'[i % 3]}" for i in rng.permutation(10**4)[:rows]],
            "number": rng.permutation(10**5)[:rows],
            "row": np.arange(rows) + 1,
            "always": ["same"] * rows,
            "text": [f"words {i} and {i * 7} more of them, {'no' * (i % 9)}" for i in range(rows)],
        }
    )


def _text(values: Any) -> bytes:
    text = json.dumps(values)
    for mark, raw in _RAW.items():
        text = text.replace(mark, raw)
    return text.encode()


if __name__ == "__main__":
    sys.exit(main())
