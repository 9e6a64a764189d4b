"""Values that one row has stand neither in a model file nor in generated rows."""

from __future__ import annotations

import datetime as dt
import json
import struct
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import safetensors.numpy

from lookalike._core.errors import LookalikeWarning
from lookalike.models import Independent, Synthesizer, load
from lookalike.tables import as_frame

ROWS = 600
#: What one row has: words, and numbers as they are counted.
WORDS = (
    *("Zebulon", "zzyzx", "quagga", "VIPZ", "1871", "okapi", "axolotl", "narwhal"),
    *("1851", "bongo", "serval", "kakapo"),
)
FAR = dt.date(1851, 3, 7)
NUMBERS = (
    987654321,
    987654321.125,
    424242.4242,
    77031.5,
    8675309,
    (FAR - dt.date(1970, 1, 1)).days,
)


def planted() -> pa.Table:
    """Return a table of 600 rows, one of which is unlike all others in every column."""
    rng = np.random.default_rng(7)
    n = ROWS - 1
    start = rng.integers(15_000, 19_000, n)
    city = rng.choice(["Bern", "Genf", "Chur"], n)
    region = {"Bern": "BE", "Genf": "GE", "Chur": "GR"}
    code = rng.choice([101, 202, 303], n)
    rate = {101: 11.5, 202: 12.5, 303: 13.5}
    letters = np.array(list("abcdefgh"))
    mail = ["".join(rng.choice(letters, 7)) + str(i % 90 + 10) for i in range(n)]
    domain = rng.choice(["gmail.com", "gmx.ch"], n, p=[0.7, 0.3])
    columns: dict[str, Any] = {
        "name": [*(f"{w} {v}".title() for w, v in zip(mail, mail[::-1], strict=True)), "Zebulon Q"],
        "mail": [*(f"{w}@{d}" for w, d in zip(mail, domain, strict=True)), "bob42@zzyzx.org"],
        "ref": [*(f"CUST-{i:05d}" for i in rng.permutation(99_999)[:n]), "VIPZ-00042"],
        "case": [
            *(
                f"{y}/{i:05d}"
                for y, i in zip(rng.choice([2021, 2022], n), rng.permutation(99_999), strict=False)
            ),
            "1871/00007",
        ],
        "colour": [*rng.choice(["red", "blue"], n - 5), *["teal"] * 5, "quagga"],
        "side": [*["left"] * n, "okapi"],
        "flag": [*[True] * n, False],
        "city": [*city, "axolotl"],
        "region": [*(region[c] for c in city), "narwhal"],
        "code": [*code.tolist(), 8675309],
        "rate": [*(rate[c] for c in code), 77031.5],
        "amount": [*rng.lognormal(3, 1, n), 987654321.125],
        "salary": [*rng.integers(30_000, 90_000, n).tolist(), 987654321],
        "visits": [*rng.poisson(30, n).tolist(), 8675309],
        "born": [*(dt.date(1970, 1, 1) + dt.timedelta(days=int(d)) for d in start), FAR],
        "word": [*[None] * n, "bongo"],
        "figure": pa.array([*[None] * n, 424242.4242], pa.float64()),
        "since": [*[None] * n, FAR],
    }
    x = rng.normal(size=ROWS)
    # learned by its residual from another column
    return pa.table(columns | {"x": x, "y": x + rng.choice([0.0, 0.125, 0.25], ROWS)})


def fitted(model: Synthesizer, folder: Path) -> tuple[Synthesizer, dict[str, bytes]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LookalikeWarning)
        model.fit(planted())
    model.save(folder / "m")
    with zipfile.ZipFile(folder / "m") as archive:
        return model, {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def independent(tmp_path_factory) -> tuple[Synthesizer, dict[str, bytes]]:
    return fitted(Independent(random_state=0), tmp_path_factory.mktemp("independent"))


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for one in value:
            yield from leaves(one)
    else:
        yield value


def numbers_in(held: dict[str, bytes]) -> tuple[set[float], set[float]]:
    """Return the numbers of a file: of JSON and double precision, and of single precision."""
    plain: set[float] = set()
    for name in ("manifest.json", "encoding.json"):
        for leaf in leaves(json.loads(held[name])):
            if isinstance(leaf, int | float):
                plain.add(float(leaf))
            elif isinstance(leaf, str) and leaf.startswith(("0x", "-0x")):
                plain.add(float.fromhex(leaf))
    arrays = safetensors.numpy.load(held["weights.safetensors"]).values()
    for array in arrays:
        if array.dtype != np.float32:
            plain |= set(array.ravel().astype(float).tolist())
    short = [array.ravel().astype(float) for array in arrays if array.dtype == np.float32]
    return plain, set(np.concatenate([*short, np.zeros(0)]).tolist())


def test_no_value_of_one_row_is_in_a_model_file(independent) -> None:
    _, held = independent
    whole = b"\n".join(held.values())
    assert not [word for word in WORDS if word.encode() in whole]
    plain, short = numbers_in(held)
    assert not [n for n in NUMBERS if float(n) in plain or float(np.float32(n)) in short]
    assert not [n for n in NUMBERS if struct.pack("<d", n) in whole or repr(n).encode() in whole]
    for name in ("amount", "x", "y"):
        values = planted()[name].to_numpy()
        assert not set(values.tolist()) & plain


def test_no_value_of_one_row_is_generated(independent) -> None:
    (model, _), rows, table = independent, 100_000, planted()
    made = model.sample(rows)
    for name in ("name", "mail", "ref", "case"):
        assert not pc.any(pc.is_in(made[name], table[name].combine_chunks())).as_py()
    prefix = pc.utf8_slice_codeunits(made["ref"], 0, 4).unique().to_pylist()
    assert prefix == ["CUST"]
    years = set(pc.utf8_slice_codeunits(made["case"], 0, 4).to_pylist())
    assert years == {"2021", "2022"}
    domains = pc.extract_regex(made["mail"], "@(?P<d>.*)").combine_chunks().field("d")
    assert pc.mean(pc.equal(domains, "gmail.com")).as_py() == pytest.approx(0.7, abs=0.05)
    assert set(domains.to_pylist()) == {"gmail.com", "gmx.ch"}
    # what five rows have is kept
    assert set(made["colour"].to_pylist()) <= {"red", "blue", "teal"}
    assert set(made["side"].to_pylist()) == {"left"}
    assert set(made["flag"].to_pylist()) == {True}
    pairs = set(zip(made["city"].to_pylist(), made["region"].to_pylist(), strict=True))
    assert pairs <= {("Bern", "BE"), ("Genf", "GE"), ("Chur", "GR")}
    pairs = set(zip(made["code"].to_pylist(), made["rate"].to_pylist(), strict=True))
    assert pairs <= {(101, 11.5), (202, 12.5), (303, 13.5)}
    assert all(made[name].null_count == rows for name in ("word", "figure", "since"))
    for name in ("amount", "x"):
        assert not set(made[name].to_pylist()) & set(table[name].to_pylist())
    # one far row stretches no range
    for name in ("amount", "salary", "visits"):
        others = table[name].to_numpy()[:-1]
        assert pc.max(made[name]).as_py() <= others.max() + np.ptp(np.sort(others)[-12:])
    assert pc.min(made["born"]).as_py() > dt.date(2010, 1, 1)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_categories_of_one_row_are_in_no_dtype(library: str, tmp_path: Path) -> None:
    pytest.importorskip(library)
    table = pa.table(
        {
            "c": pa.array(["a", "b"] * 30 + ["quagga"]).dictionary_encode(),
            "ref": pa.array([f"K-{i * 37 % 997:04d}" for i in range(61)]).dictionary_encode(),
            "t": pa.array([f"{'x' * (i % 7)} okapi {i}?" for i in range(61)]).dictionary_encode(),
        }
    )
    kinds = {"t": "text"}
    data = as_frame(table, library)
    with pytest.warns(LookalikeWarning, match="Free text"):
        model = Independent(random_state=0).fit(data, kinds=kinds)
    model.save(tmp_path / "m")
    with zipfile.ZipFile(tmp_path / "m") as archive:
        held = b"".join(archive.read(name) for name in archive.namelist())
    assert not [
        w for w in (b"quagga", b"okapi", *map(str.encode, table["ref"].to_pylist())) if w in held
    ]
    made = load(tmp_path / "m").sample(50)
    assert type(made) is type(data)
    assert set(made["c"].to_pylist() if library == "pyarrow" else made["c"]) == {"a", "b"}
    if library == "pandas":
        assert made["c"].cat.categories.tolist() == ["a", "b"]
        assert made["ref"].nunique() == 50
