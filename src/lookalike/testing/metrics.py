"""The checks that every metric must pass."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pyarrow as pa

from lookalike._core.plain import build
from lookalike.metrics import Measured, Metric, Pair
from lookalike.relations import infer_schema
from lookalike.tables import conform
from lookalike.testing._checks import Check, global_random_state, must, named, run
from lookalike.testing._tables import judged

__all__ = ["check_metric", "metric_checks"]

_ROWS = 160
_NEEDS = frozenset({"holdout", "target"})


def metric_checks(metric: type[Metric], *, prefers_real: bool = True) -> list[Check]:
    """Return the checks of a metric, for use as test parameters.

    Parameters
    ----------
    metric : subclass of Metric
        It is constructed without arguments.
    prefers_real : bool
        True if real held-out rows must score better than rows with wrong columns. False for metrics
        of privacy: rows that resemble nobody reveal nobody.

    Returns
    -------
    list of (str, callable)
        The name of each check, and a function without arguments that raises AssertionError with a
        plain message if it fails.
    """
    checks = [*_CHECKS, _prefers_real_rows] if prefers_real else _CHECKS
    found = [(check.__name__.strip("_"), partial(check, metric())) for check in checks]
    return named(metric.__name__, found)


def check_metric(metric: type[Metric], *, prefers_real: bool = True) -> None:
    """Check all that a metric must do; see `metric_checks`.

    Parameters
    ----------
    metric : subclass of Metric
        It is constructed without arguments.
    prefers_real : bool
        True if real held-out rows must score better than rows with wrong columns.

    Raises
    ------
    AssertionError
        At the first check that fails, with its name and the reason.
    """
    run(metric_checks(metric, prefers_real=prefers_real))


def _says_what_it_is(metric: Metric) -> None:
    must(metric.name.isidentifier() and metric.name.islower(), "name must be lower_case")
    must(metric.direction in ("higher", "lower"), "direction must be 'higher' or 'lower'")
    must(metric.low < metric.high, "low must be less than high")
    must(metric.low <= metric.best <= metric.high, "best must lie between low and high")
    must(metric.needs <= _NEEDS, f"needs may be among {sorted(_NEEDS)}")
    must(not vars(metric), "a metric has no parameters and keeps nothing")


def _value_is_in_its_range(metric: Metric) -> None:
    for name, table in _against().items():
        value = metric.compute(_pair().against(table)).value
        must(value is not None, f"{name}: there is no value")
        ok = value is not None and metric.low - 1e-9 <= value <= metric.high + 1e-9
        must(ok, f"{name}: {value} is not in [{metric.low}, {metric.high}]")


def _is_deterministic(metric: Metric) -> None:
    table = _against()["real rows"]
    before = global_random_state()
    first, again = (metric.compute(_pair().against(table)) for _ in range(2))
    must(first == again, "the same tables and seed give two different results")
    must(before == global_random_state(), "the global random state is used")


def _result_is_json(metric: Metric) -> None:
    found = metric.compute(_pair())
    try:
        text = json.dumps(asdict(found.details), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"the details are not plain JSON: {error}") from error
    kind = metric.details_type
    must(type(found.details) is kind, f"the details are not of the details_type {kind.__name__}")
    must(build(kind, json.loads(text)) == found.details, "the details change when written and read")


def _lack_is_a_reason(metric: Metric) -> None:
    """Missing inputs and small tables give a reason for a missing value, not an error."""
    lacking = {"holdout": replace(_pair(), test=None), "target": replace(_pair(), target=None)}
    for need in metric.needs:
        _must_give_reason(f"without {need}", metric.compute(lacking[need]))


def _bad_tables_give_a_value_or_a_reason(metric: Metric) -> None:
    real = _pair().real
    for name, pair in {
        "one synthetic row": _pair().against(real.slice(0, 1)),
        "no synthetic row": _pair().against(real.slice(0, 0)),
        "one real row": replace(_pair(), real=real.slice(0, 1)),
        "all synthetic cells missing": _pair().against(_emptied(real)),
        "equal synthetic rows": _pair().against(pa.concat_tables([real.slice(0, 1)] * 40)),
        "only constants": _made(pa.table({"k": ["same"] * 40, "e": pa.nulls(40)}), None),
        "one column of numbers": _made(real.select(["x"]), "x"),
        "one column of levels": _made(real.select(["level"]), "level"),
    }.items():
        try:
            measured = metric.compute(pair)
        except Exception as error:
            raise AssertionError(f"{name}: {type(error).__name__} was raised: {error}") from error
        if measured.value is None:
            _must_give_reason(name, measured)
        else:
            must(bool(np.isfinite(measured.value)), f"{name}: the value is {measured.value}")


def _prefers_real_rows(metric: Metric) -> None:
    table = _against()
    real, wrong = (metric.compute(_pair().against(table[k])).value for k in ("real rows", "noise"))
    must(real is not None and wrong is not None, "there is no value")
    better = real > wrong if metric.direction == "higher" else real < wrong  # type: ignore[operator]
    must(better, f"real held-out rows score {real}, rows with wrong columns {wrong}")


def _must_give_reason(name: str, found: Measured) -> None:
    must(found.value is None, f"{name}: there is a value, {found.value}")
    must(bool(found.reason), f"{name}: there is neither a value nor a reason")


def _pair() -> Pair:
    return _made(judged(3 * _ROWS), "level")


def _made(table: pa.Table, target: str | None) -> Pair:
    """Return a pair of the first and the second third of a table, the last held out."""
    schema = infer_schema(table)
    table = conform(table, schema)
    rows = table.num_rows // 3
    real, synthetic, test = (table.slice(i * rows, rows) for i in range(3))
    return Pair(real, synthetic, schema, target=target, test=test)


def _against() -> dict[str, pa.Table]:
    """Return tables that take the place of the synthetic one, by name."""
    pair = _pair()
    rng = np.random.default_rng(41)
    numbers = {name: rng.uniform(-9, 9, _ROWS) for name in ("x", "y")}
    levels = rng.choice(["a", "b", "c"], _ROWS, p=[0.05, 0.05, 0.9])
    noise = conform(pa.table({**numbers, "level": levels}).cast(_stored(pair)), pair.schema)
    return {"real rows": pair.synthetic, "the training rows": pair.real, "noise": noise}


def _stored(pair: Pair) -> pa.Schema:
    return judged(1).select(pair.real.column_names).schema


def _emptied(table: pa.Table) -> pa.Table:
    return pa.table({f.name: pa.nulls(table.num_rows, f.type) for f in table.schema})


_CHECKS = [
    _says_what_it_is,
    _value_is_in_its_range,
    _result_is_json,
    _is_deterministic,
    _lack_is_a_reason,
    _bad_tables_give_a_value_or_a_reason,
]
