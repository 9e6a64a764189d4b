"""Take every file of some folders the whole way, or see it refused with one clear error.

Usage: ``python benchmarks/sweep.py FOLDER... [--steps 60] [--independent]``. Every file is
inferred, fitted for a few steps, sampled and evaluated; one row is printed for each. What should
hold of every table is checked: kinds that are known beforehand, no column that comes out empty,
cells that are written back as they stood, and made cells that are of their column's kind. If
something does not hold, a line says so, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import lookalike as la
from lookalike.tables import Schema, conform, read_table, render

SUFFIXES = (".csv", ".csv.gz", ".parquet")
#: What columns of known faults are, by the name of the file.
KINDS = {
    "bool_written_as_floats.csv": {"smoker": "boolean"},
    "signed_plus.csv": {"anomaly": "continuous"},
    "thousands_one_comma.csv": {"salary": "integer"},
    "steps_km.csv": {"steps": "integer", "km": "continuous"},
}
#: Cells may be written in several ways; this share of them at least in the commonest.
ALIKE = 0.95


def main() -> None:
    """Print one row per file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--independent", action="store_true", help="no GAN: kinds and forms only")
    arguments = parser.parse_args()
    sound = True
    for folder in arguments.folders:
        for path in sorted(p for p in folder.rglob("*") if p.name.endswith(SUFFIXES)):
            begin = time.perf_counter()
            model = (
                la.Independent(random_state=0)
                if arguments.independent
                else la.GAN(steps=arguments.steps, width=64, random_state=0)
            )
            outcome, wrong = take(path, model)
            sound &= not wrong
            name = path.relative_to(folder.parent)
            print(f"{name!s:45} {time.perf_counter() - begin:6.1f} s  {outcome}", flush=True)
            for line in wrong:
                print(f"{'':45}   WRONG: {line}", flush=True)
    sys.exit(0 if sound else 1)


def take(path: Path, model: Any) -> tuple[str, list[str]]:
    """Take one file the whole way, and say in a line how it went and what does not hold."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", la.errors.LookalikeWarning)
        try:
            table = read_table(path)
            model.fit(table)
            fake = model.sample(min(table.num_rows, 5_000))
            scores = la.evaluate(table, fake, schema=model.schema_).scores
        except la.errors.LookalikeError as error:
            return f"refused: {error}", ["it is refused"] if path.name in KINDS else []
    kinds = [column.kind.value for column in model.schema_.columns]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    values = "  ".join(
        f"{name} {scores[name].value:.3f}"
        for name in ("shape", "trend", "c2st")
        if scores[name].value is not None
    )
    return f"{table.num_rows} rows ({counts}): {values}", [
        *(
            f"{name} is taken for {model.schema_[name].kind.value}, not for {kind}"
            for name, kind in KINDS.get(path.name, {}).items()
            if model.schema_[name].kind != kind
        ),
        *flaws(table, fake, model.schema_),
    ]


def flaws(table: pa.Table, fake: pa.Table, schema: Schema) -> list[str]:
    """Say what does not hold of the columns of a table and of rows that were made like them."""
    wrong = []
    for column in schema.columns:
        name, one = column.name, Schema((column,))
        real, made = table[name], fake[name]
        if made.null_count == len(made) and real.null_count < len(real):
            wrong.append(f"{name} ({column.kind.value}) comes out empty: {column.why}")
        try:
            conform(pa.table({name: made}), one)
        except la.errors.LookalikeError as error:
            wrong.append(f"{name}: a made cell is not of its kind: {error}")
        plain = pa.table({name: real})
        back = render(conform(plain, one), one)[name].cast(real.type)
        alike = pc.mean(pc.equal(back, real).drop_null()).as_py()
        varied = "not all written" in column.why or (column.form and column.form.zones)
        if alike is not None and alike < ALIKE and not varied:
            wrong.append(f"{name}: {alike:.0%} of its cells are written back as they stood")
    return wrong


if __name__ == "__main__":
    main()
