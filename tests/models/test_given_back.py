"""Types of sampled rows: natural ones for a file, in the kind of dataframe requested."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import lookalike as la
from lookalike._core import optional as _optional
from lookalike._core.errors import FileFormatError, ParameterError
from lookalike.models import Synthesizer

TYPES = {
    "key": pa.int64(),
    "code": pa.string(),
    "price": pa.float64(),
    "day": pa.date32(),
    "at": pa.timestamp("us"),
    "grade": pa.int64(),
    "member": pa.bool_(),
    "zip": pa.string(),
    "year": pa.int64(),
    "void": pa.string(),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng, n = np.random.default_rng(0), 200
    start = pd.Timestamp("2024-01-01")
    file = tmp_path_factory.mktemp("given") / "t.csv"
    days = start + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    moments = start + pd.to_timedelta(rng.integers(0, 10**7, n), unit="s")
    pd.DataFrame(
        {
            "key": rng.permutation(n) + 1000,
            "code": [f"A-{k:04d}" for k in rng.permutation(n)],
            "price": [f"${v:,.2f}" for v in rng.lognormal(8, 1, n)],
            "day": days.strftime("%d.%m.%Y"),
            "at": moments.strftime("%Y-%m-%d %H:%M:%S"),
            "grade": rng.choice([1, 2, 3], n),
            "member": rng.choice(["yes", "no"], n),
            "zip": rng.choice(["00501", "10001", "94105"], n),
            "year": ["2024"] * n,
            "void": [""] * n,
        }
    ).to_csv(file, index=False)
    return file


@pytest.fixture(scope="module")
def model(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesizer:
    """Return a model that has been through a file, as one of the command line has."""
    file = tmp_path_factory.mktemp("model") / "m.lookalike"
    la.Independent(random_state=0).fit(path).save(file)
    return la.load(file)


def test_a_model_of_a_file_gives_numbers_and_dates(model: Synthesizer) -> None:
    for n in (0, 5):
        made = model.sample(n, as_="arrow")
        assert dict(zip(made.column_names, made.schema.types, strict=True)) == TYPES
    batches = list(model.sample_batches(20, batch_size=7))
    assert batches[0].schema.equals(made.schema)
    frame = model.sample(5)
    assert isinstance(frame, pd.DataFrame)
    assert frame.dtypes["price"] == "float64"
    assert frame.dtypes["day"].kind == frame.dtypes["at"].kind == "M"
    assert isinstance(model.sample(5, as_="polars"), pl.DataFrame)


def test_its_files_are_written_as_the_source_was(model: Synthesizer, tmp_path: Path) -> None:
    model.sample_to(tmp_path / "o.csv", 50)
    made = pd.read_csv(tmp_path / "o.csv", dtype=str)
    assert made["price"].str.fullmatch(r"\$[\d,]+\.\d\d").all()
    assert made["day"].str.fullmatch(r"\d\d\.\d\d\.2024").all()
    assert set(made["member"]) == {"yes", "no"}


def test_without_pandas_the_next_library_is_taken(
    model: Synthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for known, kind in ((("polars",), pl.DataFrame), ((), pa.Table)):
        there = {*known, "pyarrow"}
        monkeypatch.setattr(
            _optional, "find_spec", lambda name, t=there: name if name in t else None
        )
        assert isinstance(model.sample(2), kind)


@pytest.mark.parametrize(
    ("as_", "kind"), [(None, pl.DataFrame), ("pandas", pd.DataFrame), ("arrow", pa.Table)]
)
def test_a_frame_comes_back_as_it_was_or_as_asked(as_: str | None, kind: Any) -> None:
    frame = pl.DataFrame({"x": [1, 2, 3] * 20, "c": ["1,5", "2,5", "3,5"] * 20})
    made = la.Independent(random_state=0).fit(frame).sample(4, as_=as_)
    assert isinstance(made, kind)
    if as_ is None:
        assert made.schema == frame.schema
    assert set(made["c"].to_pylist() if as_ == "arrow" else made["c"]) <= {"1,5", "2,5", "3,5"}


def test_a_kind_that_is_none_is_refused(model: Synthesizer) -> None:
    with pytest.raises(ParameterError, match="'arrow'; got 'numpy'"):
        model.sample(3, as_="numpy")


def test_paths_are_taken_wherever_frames_are(path: Path) -> None:
    scores = la.evaluate(str(path), path, metrics=["shape"]).scores
    assert scores["shape"].value == pytest.approx(1)
    for call in (la.Independent().fit, lambda p: la.evaluate(path, p)):
        with pytest.raises(FileFormatError, match=r"no file '.*tt.csv'.*'t.csv'"):
            call(path.with_name("tt.csv"))
        with pytest.raises(FileFormatError, match=r"must end in \.csv"):
            call("t.xlsx")
