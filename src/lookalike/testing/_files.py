"""Checks of what a synthesizer writes: model files and samples."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lookalike._core.errors import OutputError
from lookalike.models import load
from lookalike.tables import read_table
from lookalike.testing._checks import must, must_raise
from lookalike.testing._subject import Subject
from lookalike.testing._tables import rare_city

__all__ = ["CHECKS"]


def loaded_model_makes_the_same_rows(subject: Subject) -> None:
    """``save`` and ``load`` lose nothing; the same model gives the same bytes."""
    model = subject.fitted
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "1.lookalike", Path(folder) / "2.lookalike"
        model.save(first)
        back = load(first, synthesizers=[type(subject.estimator)])
        back.save(second)
        must(type(back) is type(model), f"load gives a {type(back).__name__}")
        for name in ("schema_", "target_", "seed_", "n_rows_", "fingerprint_"):
            must(getattr(back, name) == getattr(model, name), f"load changes {name}")
        must(back.history_.rows == model.history_.rows, "load changes history_")
        must(back.sample(30).equals(model.sample(30)), "a loaded model generates other rows")
        must(first.read_bytes() == second.read_bytes(), "saving again gives other bytes")


def model_file_holds_no_training_row(subject: Subject) -> None:
    """Identifiers, free text and rare levels of the training table are not in the file."""
    table = rare_city("Basel", "planted-level")
    secret = [f"secret-{i:05d}" for i in range(table.num_rows)]
    table = table.drop_columns(["ref no. €"]).append_column("key", pa.array(secret))
    table = table.append_column("note", pa.array([f"planted text {s}" for s in secret]))
    model = subject.fit(table, kinds={"key": "identifier", "note": "text"})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.lookalike"
        model.save(path)
        with zipfile.ZipFile(path) as archive:
            held = b"\n".join(archive.read(name) for name in archive.namelist())
    for planted in (*secret, "planted-level", "planted text"):
        must(
            planted.encode() not in held, f"the model file holds {planted!r} of the training table"
        )


def unwritable_output_is_refused(subject: Subject) -> None:
    """A path that cannot be written is one clear error, and nothing is left."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nowhere" / "x.csv"
        must_raise(OutputError, "sample_to a missing folder", subject.fitted.sample_to, path, 1)
        must_raise(OutputError, "save to a missing folder", subject.fitted.save, path)
        must_raise(OutputError, "save to a folder", subject.fitted.save, folder)
        must(not list(Path(folder).iterdir()), "something was left behind")


def samples_are_written(subject: Subject) -> None:
    """``sample_to`` writes the rows of ``sample``."""
    n = subject.fitted.BLOCK + 3
    rows = subject.fitted.sample(n)
    with tempfile.TemporaryDirectory() as folder:
        subject.fitted.sample_to(Path(folder) / "x.parquet", n)
        back = pq.read_table(Path(folder) / "x.parquet")
        must(back.to_pydict() == rows.to_pydict(), "the Parquet file has other rows")
        must(back.schema.equals(rows.schema), f"the Parquet file has {back.schema}")
        for name, count in (("x.csv", n), ("x.csv.gz", 2), ("none.csv", 0)):
            subject.fitted.sample_to(Path(folder) / name, count)
            held = read_table(Path(folder) / name) if count else rows.slice(0, 0)
            must(held.num_rows == count, f"{name} has {held.num_rows} rows instead of {count}")
            must(held.column_names == rows.column_names, f"{name} has other columns")
        header = (Path(folder) / "none.csv").read_text("utf-8")
        must("amount" in header, "a CSV file without rows has no header")


CHECKS = (
    loaded_model_makes_the_same_rows,
    model_file_holds_no_training_row,
    unwritable_output_is_refused,
    samples_are_written,
)
