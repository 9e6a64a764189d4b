"""Show that `shape`, `trend` and `c2st_linear`, raw, agree with SDMetrics 0.32 on the same data.

    python benchmarks/agree_with_sdmetrics.py [--data FOLDER] [--out FILE]

SDMetrics is no dependency of lookalike: this script installs it into an environment of its own, in
a temporary folder, and runs ``sdmetrics_oracle.py`` there. FOLDER holds
``tables/titanic_kaggle_891.csv`` and ``tables/adult_48842.parquet``; by default it is what
LOOKALIKE_DATA names, or ``../shared/data``. The kept result is
``benchmarks/results/agree_with_sdmetrics.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import venv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import lookalike
from lookalike.metrics import LinearDetection, Pair, Shape, Trend
from lookalike.metrics._codebook import as_floats, as_levels
from lookalike.relations import infer_schema
from lookalike.tables import conform, read_table

HERE = Path(__file__).resolve()
REQUIREMENTS = ["sdmetrics==0.32.*", "pyarrow"]
TABLES = {
    "titanic": "tables/titanic_kaggle_891.csv",
    "titanic, no missing numbers": "tables/titanic_kaggle_891.csv",
    "adult": "tables/adult_48842.parquet",
}
ROWS = 6_000
SEED = 0
#: Seeds of the detector.
REPEATS = 5


def main() -> None:
    """Compare, and write the table of figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("LOOKALIKE_DATA", HERE.parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    out = HERE.parent / "results" / "agree_with_sdmetrics.md"
    parser.add_argument("--out", type=Path, default=out)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        ours = prepare(given.data, work)
        theirs = ask_sdmetrics(work)
        given.out.parent.mkdir(exist_ok=True)
        given.out.write_text(report(ours, theirs), encoding="utf-8")


def prepare(data: Path, work: Path) -> dict[str, dict]:
    """Write each case's two tables and what its columns are; return our figures for it."""
    figures = {}
    for name, file in TABLES.items():
        whole = read_table(data / file)
        if "split" in whole.column_names:
            whole = whole.drop(["split"])
        rows = np.random.default_rng(SEED).permutation(len(whole))[:ROWS]
        whole = whole.take(pa.array(np.sort(rows)))
        schema = infer_schema(whole)
        real = conform(whole, schema).combine_chunks()
        if name.endswith("no missing numbers"):
            gone = [c.name for c in schema.columns if c.kind.is_numeric]
            for column in gone:
                real = real.filter(pc.is_valid(real[column]))
        for case, synthetic in cases(real).items():
            pair = Pair(real, synthetic, schema, seed=SEED)
            key = f"{name}: {case}"
            found = {m.name: m.compute(pair) for m in (Shape(), Trend())}
            detectors = [
                LinearDetection().compute(Pair(real, synthetic, schema, seed=seed)).details.raw
                for seed in range(SEED, SEED + REPEATS)
            ]
            figures[key] = {
                "shape": {e["column"]: e["raw"] for e in found["shape"].columns},
                "trend": {
                    f"{e['first']}|{e['second']}": e.get("raw") for e in found["trend"].pairs
                },
                "c2st_linear": detectors,
                "missing": [c for c in pair.columns if real[c].null_count],
                "numeric": list(pair.codebook.numeric),
            }
            place = work / str(len(figures))
            place.mkdir()
            for side, table in (("real", real), ("synthetic", synthetic)):
                pq.write_table(plain(table.select(pair.columns), pair), place / f"{side}.parquet")
            kinds = {
                c: "numeric" if c in pair.codebook.numeric else "discrete" for c in pair.columns
            }
            (place / "case.json").write_text(json.dumps({"key": key, "kinds": kinds}))
    return figures


def cases(real: pa.Table) -> dict[str, pa.Table]:
    """Return tables that are ever less like the real one, all made of its rows."""
    random = np.random.default_rng(SEED + 1)
    base = real.take(pa.array(random.integers(0, len(real), len(real))))

    def swapped(share: float) -> pa.Table:
        columns = {}
        for column in base.column_names:
            order, chosen = np.arange(len(base)), random.random(len(base)) < share
            order[chosen] = random.permutation(order[chosen])
            columns[column] = base[column].take(pa.array(order))
        return pa.table(columns)

    kept = random.permutation(len(real))[: len(real) // 2]
    few = np.sort(random.choice(kept, len(real)))
    return {
        "rows drawn anew": base,
        "20 % of cells swapped": swapped(0.2),
        "all cells swapped": swapped(1.0),
        "half of the rows, twice": real.take(pa.array(few)),
        "the first rows, sorted by the first number": first_rows(real),
    }


def first_rows(real: pa.Table) -> pa.Table:
    """Return the lower half of the rows by the first numeric column, twice: a shift."""
    name = next(f.name for f in real.schema if pa.types.is_floating(f.type) or f.type == pa.int64())
    order = np.argsort(real[name].cast(pa.float64()).fill_null(np.inf).to_numpy(), kind="stable")
    return real.take(pa.array(np.tile(order[: (len(real) + 1) // 2], 2)[: len(real)]))


def plain(table: pa.Table, pair: Pair) -> pa.Table:
    """Return numbers as floats and levels as text, as SDMetrics takes them; booleans stay."""
    columns = {}
    for name in table.column_names:
        if name in pair.codebook.numeric:
            columns[name] = pa.array(as_floats(table[name]), from_pandas=True)
        elif name in pair.codebook.boolean:
            columns[name] = table[name]
        else:
            columns[name] = as_levels(table[name]).cast(pa.string())
    return pa.table(columns)


def ask_sdmetrics(work: Path) -> dict:
    """Install SDMetrics into an environment of its own, ask it there, read its answers."""
    venv.create(work / "env", with_pip=True)
    python = work / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)
    oracle = HERE.with_name("sdmetrics_oracle.py")
    # One thread: nested pools only wait for each other where cores are shared.
    calm = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([python, oracle, work], check=True, env=calm)
    return json.loads((work / "answers.json").read_text())


def report(ours: dict[str, dict], theirs: dict) -> str:
    """Return the figures as Markdown."""
    rows = [row(key, mine, theirs[key]) for key, mine in ours.items()]
    head = [
        "case", "columns", "shape gap", "with missing", "pairs", "trend gap", "with missing",
        "c2st_linear", "LogisticDetection",
    ]  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cells) + " |" for cells in rows]
    return f"""# Agreement with SDMetrics

Command: `python benchmarks/agree_with_sdmetrics.py`; lookalike {lookalike.__version__}, SDMetrics
{theirs["version"]}, numpy {np.__version__}, seed {SEED}; Titanic (891 rows, Kaggle) and {ROWS:,}
rows of Adult (OpenML). A gap is the largest absolute difference of the score of any column or pair:
between `shape` and KSComplement or TVComplement; between `trend` and CorrelationSimilarity or
ContingencySimilarity (numbers of a mixed pair given as `continuous_column_names`).

{chr(10).join(lines)}

"With missing" are the columns and pairs with missing cells in the real table. Columns differ where
they are meant to: SDMetrics drops missing cells before it compares distributions, here a missing
cell counts. Of the detectors, the least, the mean and the most of {REPEATS} shuffles are given: a
fit stops after 100 steps, converged or not, so that it has a range of its own. Where numbers are
missing, the detector here may also use that they are, and so finds more.
"""


def row(key: str, mine: dict, theirs: dict) -> list[str]:
    """Return the cells of one case."""
    missing = set(mine["missing"])
    whole = {c: abs(v - theirs["shape"][c]) for c, v in mine["shape"].items()}
    pairs = {
        p: abs(v - theirs["trend"][p])
        for p, v in mine["trend"].items()
        if v is not None and theirs["trend"][p] is not None
    }
    without = [g for c, g in whole.items() if c not in missing]
    clean = [g for p, g in pairs.items() if not missing & set(p.split("|"))]
    return [
        key,
        str(len(whole)),
        largest(without),
        largest([g for c, g in whole.items() if c in missing]),
        str(len(pairs)),
        largest(clean),
        largest([g for p, g in pairs.items() if missing & set(p.split("|"))]),
        span(mine["c2st_linear"]),
        span(theirs["c2st_linear"]),
    ]


def span(values: list[float]) -> str:
    """Return the least, the mean and the most of some scores in words."""
    return f"{min(values):.3f} – {np.mean(values):.3f} – {max(values):.3f}"


def largest(gaps: list[float]) -> str:
    """Return the largest gap in words."""
    return "–" if not gaps else f"{max(gaps):.1e}" if max(gaps) < 1e-3 else f"{max(gaps):.3f}"


if __name__ == "__main__":
    main()
