"""Score synthetic rows by every metric of the package, in a process of its own.

Values are the raw ones, as others publish them, with the ceilings and floors that belong to them.

``python score.py TASK.json``. Ceiling and floor do not depend on the synthetic rows: the first
table of a split pays for them, the others read them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from lightgbm.basic import LightGBMError

from lookalike.metrics import METRICS, Measured, Pair, score_tables
from lookalike.tables import conform, infer_columns

SEED = 0
_SIDES = ("ceiling", "floor")
_FAILURES = (ValueError, ArithmeticError, LightGBMError)
#: What is kept of the details of some scores.
_KEPT: dict[str, Callable[[Any], dict[str, Any]]] = {
    "copies": lambda d: {
        "exact": d.exact_rows / max(d.synthetic_rows, 1),
        "near_limit": d.near_limit,
    },
    "membership": lambda d: {
        "attacks": [asdict(one) for one in d.attacks],
        "strongest": max(d.attacks, key=lambda one: one.auc).attack,
        "true_positives": max(one.true_positives for one in d.attacks),
    },
    "tstr": lambda d: {"models": [asdict(one) for one in d.models]},
    "trtr": lambda d: {"models": [asdict(one) for one in d.models]},
}


def main() -> None:
    """Score what the task names and write the scores."""
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    tables = {name: pq.read_table(asked[name]) for name in ("train", "test", "fake")}
    schema = infer_columns(tables["train"])
    real, holdout, fake = (conform(table, schema) for table in tables.values())
    pair = Pair(real, fake, schema, asked["target"], holdout, SEED)
    names = asked["metrics"] or list(METRICS)
    kept = Path(asked["references"])
    references = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    found = _first(pair, holdout, [name for name in names if name not in references])
    references |= {n: {s: e[s] for s in _SIDES} for n, e in found.items() if e["value"] is not None}
    kept.write_text(json.dumps(references), encoding="utf-8")
    scores = {
        name: found[name] if name in found else {**_value(name, pair), **references[name]}
        for name in names
    }
    answer = {"scores": scores, "columns": list(pair.columns)}
    Path(asked["out"]).write_text(json.dumps(answer), encoding="utf-8")


def _first(pair: Pair, holdout: pa.Table, names: list[str]) -> dict[str, dict[str, Any]]:
    """Return scores with ceiling and floor, for metrics whose references are not known."""
    if not names:
        return {}
    scores = score_tables(
        pair.real,
        pair.synthetic,
        schema=pair.schema,
        holdout=holdout,
        target=pair.target,
        metrics=names,
        random_state=SEED,
    )
    return {
        n: {
            **_entry(n, s.raw, s.reason, s.details),
            "ceiling": _raw(s.ceiling_source, s.ceiling),
            "floor": _raw(s.floor_source, s.floor),
        }
        for n, s in scores.items()
    }


def _value(name: str, pair: Pair) -> dict[str, Any]:
    """Return a score without ceiling and floor."""
    try:
        measured = METRICS[name]().compute(pair)
    except _FAILURES as error:
        measured = Measured.undefined(f"It could not be computed: {error}")
    return _entry(name, _raw(measured.details, measured.value), measured.reason, measured.details)


def _raw(published: Any, value: float | None) -> float | None:
    """Return the value as published, where there is one."""
    raw: float | None = getattr(published, "raw", None)
    return value if raw is None else raw


def _entry(name: str, value: float | None, reason: str | None, details: Any) -> dict[str, Any]:
    kept = _KEPT[name](details) if name in _KEPT and reason is None else {}
    return {"value": value, **({} if reason is None else {"reason": reason}), **kept}


if __name__ == "__main__":
    main()
