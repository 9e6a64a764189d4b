"""Small tables with known properties, generated from fixed seeds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

__all__ = ["PROBLEMS", "judged", "odd_tables", "plain", "rare_city", "ugly"]

_ROWS = 240


def plain(rows: int = _ROWS) -> pa.Table:
    """Return a table of most kinds, with missing cells, a derived and an identifier column."""
    rng = np.random.default_rng(20)
    city = rng.choice(["Bern", "Genf", "Zürich", "Basel"], rows, p=[0.5, 0.3, 0.15, 0.05])
    begin = datetime(2020, 1, 1, 8)
    return pa.table(
        {
            "amount": _holes(rng.lognormal(3, 1, rows).round(2), rng),
            "visits": pa.array(rng.poisson(3, rows)),
            "city": pa.array(city),
            "zone": pa.array([{"Bern": 3, "Genf": 1, "Zürich": 8, "Basel": 4}[c] for c in city]),
            "member": _holes(rng.random(rows) < 0.3, rng),
            "since": pa.array(
                [begin + timedelta(minutes=int(m)) for m in rng.integers(0, 10**6, rows)],
                pa.timestamp("us"),
            ),
            "ref no. €": pa.array([f"AB-{i:05d}" for i in rng.permutation(rows) + 7000]),
        }
    )


def rare_city(level: str, name: str) -> pa.Table:
    """Return the plain table with one row of a city under a new name, its others renamed Bern.

    Encoded, it is as wide as the plain table whether the city is kept or pooled: what is compiled
    for the one serves the other.
    """
    table = plain()
    rows = table.to_pydict()
    once = rows["city"].index(level)
    rows["city"] = ["Bern" if city == level else city for city in rows["city"]]
    rows["zone"] = [
        3 if city == "Bern" else zone for city, zone in zip(rows["city"], rows["zone"], strict=True)
    ]
    rows["city"][once], rows["zone"][once] = name, 4
    return pa.table(rows, schema=table.schema)


def ugly(rows: int = 280) -> pa.Table:
    """Return a table of columns that are constant, empty, of many levels, rare or oddly named."""
    rng = np.random.default_rng(21)
    rare = ["rare, three times"] * 3 + ["only once"] + ["often"] * (rows - 4)
    return pa.table(
        {
            "constant": pa.array(["same"] * rows),
            "all missing": pa.nulls(rows, pa.float64()),
            "rare": pa.array(rare),
            # More than TableEncoder's onehot_limit, and none of them rare.
            "many levels": pa.array([f"level {i}" for i in np.arange(rows) // 2]),
            "<script>": pa.array(rng.choice(["<b>", "a,b", 'quo"te', "new\nline", " "], rows)),
            "数据 🙂": pa.array(rng.choice(["是", "否", "é", "e\u0301"], rows)),
            "spike": pa.array(np.where(rng.random(rows) < 0.7, 0.0, rng.pareto(1.5, rows))),
            "huge": pa.array(rng.normal(size=rows) * 1e300),
        }
    )


def odd_tables() -> dict[str, pa.Table]:
    """Return tables of easily forgotten shapes, by name."""
    return {
        "one row": plain(1),
        "two equal rows": pa.concat_tables([plain(1), plain(1)]),
        "one column": pa.table({"x": plain()["amount"]}),
        "nothing to learn": ugly().select(["constant", "all missing"]),
        "ugly columns": ugly(),
    }


def gaussian(rows: int) -> pa.Table:
    """Return three normal columns with correlations .9, -.6 and about -.54."""
    rng = np.random.default_rng(22)
    x, e, f = rng.normal(size=(3, rows))
    return pa.table({"x": x, "y": 0.9 * x + 0.44 * e, "z": -0.6 * x + 0.8 * f})


def mixture(rows: int) -> pa.Table:
    """Return two columns without correlation that lie in three heaps, the corners of a triangle."""
    rng = np.random.default_rng(23)
    heap = rng.choice(3, rows, p=[0.3, 0.4, 0.3])
    x, y = np.array([[-3.0, 0.0], [0.0, 3.0], [3.0, 0.0]])[heap].T
    spread = rng.normal(scale=0.6, size=(2, rows))
    return pa.table({"x": x + spread[0], "y": y + spread[1]})


def dependent_categories(rows: int) -> pa.Table:
    """Return three columns of levels: the second follows the first, the third both."""
    rng = np.random.default_rng(24)
    a = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    b = np.where(rng.random(rows) < 0.85, a, rng.integers(0, 3, rows))
    c = np.where(rng.random(rows) < 0.9, (a + b) % 2, rng.integers(0, 2, rows))
    columns = {"a": ("red", "green", "blue"), "b": ("S", "M", "L"), "c": ("yes", "no")}
    levels = zip(columns.items(), (a, b, c), strict=True)
    return pa.table({name: np.array(words)[codes] for (name, words), codes in levels})


def missing_together(rows: int) -> pa.Table:
    """Return two columns of numbers whose cells are mostly missing in the same rows."""
    rng = np.random.default_rng(25)
    gone = rng.random(rows) < 0.5
    columns = {}
    for name in ("u", "v"):
        missing = gone ^ (rng.random(rows) < 0.05)
        columns[name] = pa.array(rng.normal(size=rows), mask=missing)
    return pa.table(columns)


def judged(rows: int) -> pa.Table:
    """Return two correlated numbers and a level that follows them, for metrics to judge."""
    rng = np.random.default_rng(26)
    x, e, f = rng.normal(size=(3, rows))
    y = 0.8 * x + 0.6 * e
    level = np.array(["a", "b", "c"])[np.digitize(x + y + 0.3 * f, [-0.8, 0.8])]
    return pa.table({"x": x, "y": y, "level": level})


#: Problems whose columns depend on each other: functions from a number of rows to a table, by name.
PROBLEMS: dict[str, Callable[[int], pa.Table]] = {
    "a correlated gaussian": gaussian,
    "a mixture": mixture,
    "dependent categories": dependent_categories,
    "cells missing together": missing_together,
}


def _holes(values: np.ndarray, rng: np.random.Generator) -> pa.Array:
    return pa.array(values, mask=rng.random(len(values)) < 0.1)
