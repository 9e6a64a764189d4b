"""Score synthetic rows by every metric of the package, in a process of its own.

``python score.py TASK.json``. Ceiling and floor do not depend on the synthetic rows: the first
table of a split pays for them, the others read them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from lightgbm.basic import LightGBMError

from lookalike.metrics import METRICS, Measured, Pair, score_tables
from lookalike.tables import conform, infer_schema

SEED = 0
_FAILURES = (ValueError, ArithmeticError, LightGBMError)
#: What is kept of the details of some scores.
_KEPT = {
    "copies": ("exact", "near_limit"),
    "membership": ("attacks", "strongest", "true_positives"),
    "tstr": ("models",),
    "trtr": ("models",),
}


def main() -> None:
    """Score what the task names and write the scores."""
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    tables = {name: pq.read_table(asked[name]) for name in ("train", "test", "fake")}
    schema = infer_schema(tables["train"], dependencies=False)
    real, holdout, fake = (conform(table, schema) for table in tables.values())
    names = asked["metrics"] or list(METRICS)
    kept = Path(asked["references"])
    if kept.exists():
        pair = Pair(real, fake, schema, asked["target"], holdout, SEED)
        found = {name: _value(name, pair) for name in names}
        references = json.loads(kept.read_text(encoding="utf-8"))
    else:
        scores = score_tables(
            real,
            fake,
            schema=schema,
            holdout=holdout,
            target=asked["target"],
            metrics=names,
            random_state=SEED,
        )
        found = {n: _entry(n, s.value, s.reason, s.details) for n, s in scores.items()}
        references = {n: {"ceiling": s.ceiling, "floor": s.floor} for n, s in scores.items()}
        # A score that this table could not have has no ceiling and floor either: do not keep that.
        if all(score.value is not None for score in scores.values()):
            kept.write_text(json.dumps(references), encoding="utf-8")
    merged = {name: {**entry, **references.get(name, {})} for name, entry in found.items()}
    Path(asked["out"]).write_text(json.dumps({"scores": merged}), encoding="utf-8")


def _value(name: str, pair: Pair) -> dict[str, Any]:
    try:
        measured = METRICS[name]().compute(pair)
    except _FAILURES as error:
        measured = Measured.undefined(f"It could not be computed: {error}")
    return _entry(name, measured.value, measured.reason, measured.details)


def _entry(name: str, value: float | None, reason: str | None, details: Any) -> dict[str, Any]:
    kept = {key: details[key] for key in _KEPT.get(name, ()) if key in details}
    return {"value": value, **({} if reason is None else {"reason": reason}), **kept}


if __name__ == "__main__":
    main()
