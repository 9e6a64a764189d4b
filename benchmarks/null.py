"""Show that another sample of the real rows scores as good as real, and that worse rows do not.

    python benchmarks/null.py [--seeds N] [--tables NAME ...] [--out FILE]

Twenty made tables, each a distribution from which three independent samples are drawn: real,
"synthetic" and held-out rows. Every metric that compares should give the second sample its best
value, but for chance. Beside it stand rows with independent columns, and rows of the same
distribution without one half of its levels (or, where there are no levels, without the upper half
of the first number). The kept result is ``benchmarks/results/null.md``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import lookalike
from lookalike.metrics import METRICS, Pair, independent_columns
from lookalike.metrics._codebook import as_floats
from lookalike.tables import Column, Kind, Schema

HERE = Path(__file__).resolve()
COMPARING = (
    "c2st", "c2st_holdout", "c2st_linear", "shape", "trend", "wnmi", "correlation_difference",
    "alpha_precision", "beta_recall", "coverage",
)  # fmt: skip
Columns = dict[str, tuple[Kind, object]]
_TYPES = {
    Kind.CONTINUOUS: pa.float64(),
    Kind.INTEGER: pa.int64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.DATE: pa.date32(),
    Kind.DATETIME: pa.timestamp("us"),
    Kind.TIME: pa.time64("us"),
    Kind.DURATION: pa.duration("us"),
}


def numbers(rng: np.random.Generator, n: int) -> Columns:
    """Six normal numbers that share a factor."""
    factor = rng.normal(size=(n, 1))
    cells = 0.8 * factor + 0.6 * rng.normal(size=(n, 6))
    return {f"x{i}": (Kind.CONTINUOUS, cells[:, i]) for i in range(6)}


def levels(rng: np.random.Generator, n: int) -> Columns:
    """Four columns of few levels, one of which follows another."""
    a = rng.integers(0, 4, n)
    b = np.where(rng.random(n) < 0.7, a, rng.integers(0, 4, n))
    return {
        "a": (Kind.CATEGORICAL, a),
        "b": (Kind.CATEGORICAL, b),
        "c": (Kind.CATEGORICAL, rng.choice(12, n, p=np.arange(1, 13) / 78)),
        "d": (Kind.BOOLEAN, rng.random(n) < 0.3),
    }


def many_levels(rng: np.random.Generator, n: int) -> Columns:
    """Five thousand levels, each in none to three of the rows, beside two numbers."""
    x = rng.normal(size=n)
    return {
        "level": (Kind.CATEGORICAL, rng.integers(0, 5000, n)),
        "x": (Kind.CONTINUOUS, x),
        "y": (Kind.CONTINUOUS, x + rng.normal(size=n)),
    }


def zipf(rng: np.random.Generator, n: int) -> Columns:
    """Levels by Zipf's law: some frequent, most of them in one row; a number follows them."""
    level = np.minimum(rng.zipf(1.3, n), 10**6)
    return {
        "level": (Kind.CATEGORICAL, level),
        "x": (Kind.CONTINUOUS, np.log(level) + rng.normal(size=n)),
        "flag": (Kind.BOOLEAN, rng.random(n) < 1 / (1 + level)),
    }


def names(rng: np.random.Generator, n: int) -> Columns:
    """Levels like identifiers: hardly any comes twice."""
    return {
        "name": (Kind.CATEGORICAL, rng.integers(0, 10**9, n)),
        "group": (Kind.CATEGORICAL, rng.integers(0, 5, n)),
    }


def cauchy(rng: np.random.Generator, n: int) -> Columns:
    """Numbers without mean and variance."""
    x = rng.standard_cauchy(n)
    return {
        "x": (Kind.CONTINUOUS, x),
        "y": (Kind.CONTINUOUS, x + rng.standard_cauchy(n)),
        "z": (Kind.CONTINUOUS, rng.standard_cauchy(n)),
    }


def log_normal(rng: np.random.Generator, n: int) -> Columns:
    """Amounts over many powers of ten, and a level that follows them."""
    x = rng.normal(size=n)
    return {
        "x": (Kind.CONTINUOUS, np.exp(3 * x)),
        "y": (Kind.CONTINUOUS, np.exp(2 * x + 2 * rng.normal(size=n))),
        "band": (Kind.CATEGORICAL, np.digitize(x, [-1, 0, 1])),
    }


def ties(rng: np.random.Generator, n: int) -> Columns:
    """Counts, most of them 0, and rounded numbers."""
    count = rng.poisson(0.4, n)
    return {
        "count": (Kind.INTEGER, count),
        "more": (Kind.INTEGER, count + rng.poisson(1, n)),
        "rounded": (Kind.CONTINUOUS, np.round(rng.normal(size=n))),
        "mostly": (Kind.CONTINUOUS, np.where(rng.random(n) < 0.9, 0, rng.normal(size=n))),
    }


def moments(rng: np.random.Generator, n: int) -> Columns:
    """Dates, times and durations that depend on each other."""
    day = rng.integers(10_000, 20_000, n)
    took = rng.exponential(3600, n)
    return {
        "day": (Kind.DATE, day),
        "when": (Kind.DATETIME, day * 86_400_000_000 + rng.integers(0, 86_400_000_000, n)),
        "clock": (Kind.TIME, rng.integers(0, 1440, n) * 60_000_000),
        "took": (Kind.DURATION, (took * (1 + day / 10_000) * 1e6).astype(np.int64)),
    }


def gaps(rng: np.random.Generator, n: int) -> Columns:
    """Missing cells, at random and depending on other columns."""
    x, y = rng.normal(size=(2, n))
    level = rng.integers(0, 6, n).astype(object)
    return {
        "x": (Kind.CONTINUOUS, np.where(rng.random(n) < 0.3, np.nan, x)),
        "y": (Kind.CONTINUOUS, np.where(x > 0.5, np.nan, x + y)),
        "level": (Kind.CATEGORICAL, np.where(y > 0.8, None, level)),
        "nearly none": (Kind.CONTINUOUS, np.where(rng.random(n) < 0.97, np.nan, y)),
    }


def mixed(rng: np.random.Generator, n: int) -> Columns:
    """Some of everything."""
    x = rng.normal(size=n)
    return {
        "x": (Kind.CONTINUOUS, x),
        "skewed": (Kind.CONTINUOUS, np.exp(1.5 * x + rng.normal(size=n))),
        "count": (Kind.INTEGER, rng.poisson(np.exp(0.5 * x))),
        "level": (Kind.CATEGORICAL, np.digitize(x + rng.normal(size=n), [-1.5, -0.5, 0.5, 1.5])),
        "town": (Kind.CATEGORICAL, np.minimum(rng.zipf(1.5, n), 10**6)),
        "flag": (Kind.BOOLEAN, rng.random(n) < 1 / (1 + np.exp(-x))),
        "gap": (Kind.CONTINUOUS, np.where(rng.random(n) < 0.2, np.nan, x**2)),
    }


def flags(rng: np.random.Generator, n: int) -> Columns:
    """Booleans alone."""
    first = rng.random(n) < 0.5
    return {
        f"b{i}": (Kind.BOOLEAN, np.where(rng.random(n) < 0.8, first, rng.random(n) < 0.1 * i))
        for i in range(8)
    }


def alone(rng: np.random.Generator, n: int) -> Columns:
    """One number."""
    return {"x": (Kind.CONTINUOUS, rng.gamma(2, size=n))}


def lonely(rng: np.random.Generator, n: int) -> Columns:
    """One column of a thousand levels."""
    return {"level": (Kind.CATEGORICAL, rng.integers(0, 1000, n))}


def wide(rng: np.random.Generator, n: int) -> Columns:
    """Forty columns, half of them levels."""
    found: Columns = {}
    factor = rng.normal(size=n)
    for i in range(20):
        x = factor * (i % 3) / 2 + rng.normal(size=n)
        found[f"x{i}"] = (Kind.CONTINUOUS, x)
        found[f"c{i}"] = (Kind.CATEGORICAL, np.digitize(x + rng.normal(size=n), [-1, 0, 1]))
    return found


def towns(rng: np.random.Generator, n: int) -> Columns:
    """Two columns of many levels, one of which determines the other, and a price by place."""
    code = np.floor(rng.beta(1, 3, n) * 3000).astype(int)
    return {
        "code": (Kind.CATEGORICAL, code),
        "town": (Kind.CATEGORICAL, code // 10),
        "price": (Kind.CONTINUOUS, np.exp(np.sin(code / 50) + 0.3 * rng.normal(size=n))),
    }


#: What is drawn, how many real and synthetic rows, and how many are held out.
TABLES: dict[str, tuple[Callable[[np.random.Generator, int], Columns], int, int, int]] = {
    "numbers": (numbers, 1000, 1000, 300),
    "levels": (levels, 1000, 1000, 300),
    "thousands of levels": (many_levels, 2000, 2000, 1000),
    "Zipf's levels": (zipf, 2000, 2000, 700),
    "levels like identifiers": (names, 1000, 1000, 500),
    "Cauchy's tails": (cauchy, 1000, 1000, 300),
    "log-normal tails": (log_normal, 1000, 1000, 300),
    "ties": (ties, 1000, 1000, 300),
    "dates and times": (moments, 1000, 1000, 300),
    "missing cells": (gaps, 1000, 1000, 300),
    "some of everything": (mixed, 1500, 1500, 500),
    "booleans": (flags, 600, 600, 200),
    "one number": (alone, 500, 500, 200),
    "one column of levels": (lonely, 800, 800, 400),
    "forty columns": (wide, 300, 300, 150),
    "towns": (towns, 2500, 2500, 900),
    "tiny": (mixed, 12, 12, 12),
    "small": (mixed, 40, 40, 20),
    "fewer synthetic rows": (mixed, 2000, 400, 600),
    "ten thousand rows": (mixed, 10_000, 10_000, 3000),
}


def drawn(name: str, rng: np.random.Generator, rows: int) -> pa.Table:
    """Return so many independent rows of a table in canonical form."""
    cells = TABLES[name][0](rng, rows)
    return pa.table({column: _array(*found) for column, found in cells.items()})


def schema_of(name: str) -> Schema:
    """Return what the columns of a table are."""
    cells = TABLES[name][0](np.random.default_rng(0), 1)
    return Schema(tuple(Column(c, kind, str(_TYPES.get(kind))) for c, (kind, _) in cells.items()))


def _array(kind: Kind, cells: np.ndarray) -> pa.Array:
    if kind is Kind.CATEGORICAL:
        text = [None if cell is None else f"v{cell}" for cell in cells.tolist()]
        return pa.array(text, pa.string()).dictionary_encode()
    if kind is Kind.DATE:
        cells = cells.astype(np.int32)
    return pa.array(cells, from_pandas=True).cast(_TYPES[kind])


def halved(name: str, rng: np.random.Generator, rows: int) -> pa.Table:
    """Return rows of the distribution in which half of the levels, or numbers, do not occur."""
    table, schema = drawn(name, rng, 8 * rows), schema_of(name)
    discrete = [c.name for c in schema.columns if c.kind is Kind.CATEGORICAL]
    if discrete:
        # The column with most levels, each of which is a number after a letter.
        column = max(discrete, key=lambda c: len(table[c].combine_chunks().dictionary))
        digits = pc.utf8_slice_codeunits(table[column].cast(pa.string()), 1)
        kept = np.array([int(digit or 0) % 2 == 0 for digit in digits.to_pylist()])
    else:
        cells = as_floats(table[0])
        kept = cells <= np.nanmedian(cells)
    return table.filter(pa.array(kept)).slice(0, rows)


def measured(name: str, seed: int) -> dict[str, dict[str, float]]:
    """Return what each metric gives to another sample and to worse rows, and its chance."""
    _, real_rows, rows, held_rows = TABLES[name]
    rng = np.random.default_rng([seed, list(TABLES).index(name)])
    real, synthetic, held = (drawn(name, rng, n) for n in (real_rows, rows, held_rows))
    schema = schema_of(name)
    others = {
        "value": synthetic,
        # As a synthesizer would make them: of rows that are not at hand.
        "independent": independent_columns(drawn(name, rng, rows), rows, seed),
        "half": halved(name, rng, rows),
    }
    pairs = {key: Pair(real, table, schema, test=held, seed=seed) for key, table in others.items()}
    found = {}
    for metric in COMPARING:
        values = {key: METRICS[metric]().compute(pair).value for key, pair in pairs.items()}
        fewest = min(real_rows, rows, held_rows if metric == "c2st_holdout" else rows)
        if values["value"] is not None:
            found[metric] = {**values, "chance": 2 * METRICS[metric].noise / fewest**0.5}
    return found


Found = dict[str, list[dict[str, dict[str, float]]]]


def column_of(found: Found, name: str, metric: str, key: str) -> np.ndarray:
    """Return one figure of one table for all seeds."""
    return np.array([one[metric][key] for one in found[name] if metric in one], dtype=float)


def table_of(found: Found, key: str) -> str:
    """Return means and standard errors of one figure as Markdown."""
    lines = [f"| table | {' | '.join(COMPARING)} |", "|---|" + "---|" * len(COMPARING)]
    for name in found:
        cells = []
        for metric in COMPARING:
            values = column_of(found, name, metric, key)
            error = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else 0.0
            cells.append(f"{values.mean():.3f} ± {error:.3f}" if len(values) else "–")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def summary_of(found: Found) -> str:
    """Return, for each metric, how far another sample is from the best value."""
    head = "| metric | mean | farthest table | within chance | independent | half |"
    lines = [head, "|---|" + "---|" * 5]
    for metric in COMPARING:
        names = [name for name in found if len(column_of(found, name, metric, "value"))]

        def every(key: str, metric: str = metric, names: list[str] = names) -> np.ndarray:
            return np.concatenate([column_of(found, name, metric, key) for name in names])

        best = METRICS[metric].best
        means = {name: column_of(found, name, metric, "value").mean() for name in names}
        worst = max(means, key=lambda name: abs(means[name] - best))
        # Two standard deviations: of samples that are as good, 95 in 100 are within.
        within = np.mean(np.abs(every("value") - best) <= every("chance"))
        others = (f"{every(key).mean():.3f}" for key in ("independent", "half"))
        lines.append(
            f"| {metric} | {every('value').mean():.3f} | {means[worst]:.3f} ({worst}) | "
            f"{100 * within:.0f} % | {' | '.join(others)} |"
        )
    return "\n".join(lines)


def report(found: Found, seeds: int) -> str:
    """Return the figures as Markdown."""
    return f"""# Another sample of the real rows

Command: `python benchmarks/null.py --seeds {seeds}`; lookalike {lookalike.__version__}, numpy
{np.__version__}, seeds 0 to {seeds - 1}. {len(found)} made tables (`null.py` says how they are
drawn); of each, real, "synthetic" and held-out rows are three independent samples of one
distribution. The best value is 1, of `correlation_difference` 0.

"Within chance" is the share of all samples whose value is no farther from the best one than the
score's own band of chance (two standard deviations). "Independent" are columns drawn independently
of each other, "half" are rows of the distribution without half of the levels of the column with
most of them (where there are none, without the upper half of the first number): they must score
less, where the metric looks at what is wrong.

{summary_of(found)}

## Another sample: mean ± standard error over seeds

{table_of(found, "value")}

## Independent columns

{table_of(found, "independent")}

## Without half of the levels

{table_of(found, "half")}
"""


def main() -> None:
    """Measure, and write the tables of figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tables", nargs="*", default=list(TABLES), choices=list(TABLES))
    parser.add_argument("--out", type=Path, default=HERE.parent / "results" / "null.md")
    given = parser.parse_args()
    found: Found = {}
    for name in given.tables:
        begun = time.process_time()
        found[name] = [measured(name, seed) for seed in range(given.seeds)]
        print(f"{name}: {time.process_time() - begun:.0f} CPU s", flush=True)
    given.out.write_text(report(found, given.seeds), encoding="utf-8")


if __name__ == "__main__":
    main()
