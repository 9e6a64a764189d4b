"""Rules that a table suggests, with the evidence for them.

Rows are split: candidates come from one part, and count only if the other part confirms them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.relations import Cells, cells_of, find_dependencies
from lookalike.rules._read import sides
from lookalike.rules._ruleset import Ruleset
from lookalike.rules._written import quoted, value_text
from lookalike.tables import Column, Dependency, Kind, Schema, conform, infer_columns, to_arrow
from lookalike.tables.values.arrow import is_null, plain

__all__ = ["ProposedRule", "propose_rules"]

#: The share of held-out rows, the number of rows searched, and the fewest rows.
_HELD_OUT, _MOST_ROWS, _FEWEST_ROWS = 1 / 3, 60_000, 30
#: The fewest rows that a rule is about, and the share of exceptions that it may have.
_SUPPORT, _EXCEPTIONS = 30, 0.01
#: The greatest share of rows in which an order would hold by chance: beyond, it says nothing.
_BY_CHANCE = 0.98
#: The greatest number of levels of a condition, of columns compared, and of proposals.
_MOST_LEVELS, _MOST_COLUMNS, _MOST = 12, 60, 200


@dataclass(frozen=True)
class ProposedRule:
    """A rule that a table suggests.

    Parameters
    ----------
    rule : str
    support : int
        The number of held-out rows that the rule is about.
    exceptions : int
        The number of them that break it.
    """

    rule: str
    support: int
    exceptions: int

    def __str__(self) -> str:
        noun = "exception" if self.exceptions == 1 else "exceptions"
        return f"{self.rule}  # {self.support:,} held-out rows, {self.exceptions:,} {noun}"


def propose_rules(
    data: Any, *, kinds: Mapping[str, Kind | str] | None = None
) -> list[ProposedRule]:
    """Propose rules that the rows of a table obey.

    They are found in two thirds of the rows, and proven on the others: there a rule may have an
    exception in one row of a hundred. Read them before you declare them: what holds in a table need
    not hold in the world. Proposed are orders of columns, sums and formulas of columns, columns
    that determine others, cells that are missing under a condition, bounds at 0, and one-hot
    columns.

    Parameters
    ----------
    data : pandas, polars or pyarrow table, shape (rows, columns), or path
    kinds : mapping of str to str, optional
        Kinds of single columns that override the inferred ones.

    Returns
    -------
    list of ProposedRule
        As text, each is a line that ``--rules`` reads.

    Raises
    ------
    DataError
        If the table cannot be used.

    Examples
    --------
    >>> import pyarrow as pa
    >>> low = [x * 7 % 90 - 45 for x in range(90)]
    >>> table = pa.table({"low": low, "high": [x + x * x % 31 for x in low]})
    >>> for proposed in propose_rules(table):
    ...     print(proposed)
    low <= high  # 30 held-out rows, 0 exceptions
    """
    table, _ = to_arrow(data)
    schema = infer_columns(table, kinds)
    whole = conform(table, schema)
    if whole.num_rows < 2 * _FEWEST_ROWS:
        return []
    order = np.random.default_rng(0).permutation(whole.num_rows)[:_MOST_ROWS]
    cut = int(len(order) * (1 - _HELD_OUT))
    searched, proving = (whole.take(pa.array(np.sort(p))) for p in (order[:cut], order[cut:]))
    found: list[ProposedRule] = []
    cells = cells_of(proving)
    for text in dict.fromkeys(_candidates(cells_of(searched), searched, schema)):
        if len(text.splitlines()) > 1:
            continue  # a rule is a line
        proposed = _proven(text, schema, cells)
        if proposed is not None:
            found.append(proposed)
        if len(found) == _MOST:
            break
    return found


def _proven(text: str, schema: Schema, cells: Cells) -> ProposedRule | None:
    """Return a candidate with its evidence in held-out rows; None where they refute it."""
    rules = Ruleset.read([text], schema, cells, strict=False)
    (wrong,) = rules.broken(cells).values()
    (rule,) = rules.rules
    about = ~np.logical_or.reduce([is_null(cells[name]) for name in rule.columns])
    if " is missing" in text or " is not missing" in text:
        about = np.ones(len(wrong), bool)
        if len(sides(text)) > 1:
            condition = Ruleset.read([sides(text)[0]], schema, cells, strict=False)
            about = ~next(iter(condition.broken(cells).values()))
    support, exceptions = int(about.sum()), int(wrong.sum())
    if support < _FEWEST_ROWS or exceptions > _EXCEPTIONS * support:
        return None
    return ProposedRule(text, support, exceptions)


# --- candidates -----------------------------------------------------------------------------------


def _candidates(cells: Cells, table: pa.Table, schema: Schema) -> Iterator[str]:
    for dependency in find_dependencies(table, schema):
        yield from _of_dependency(dependency)
    numbers = [c for c in schema.columns if c.kind.is_numeric][:_MOST_COLUMNS]
    products = list(_products(numbers, cells))
    yield from (f"{quoted(t)} == {quoted(a)} * {quoted(b)}" for t, a, b in products)
    # What follows from a product cannot be declared beside it.
    together = [set(product) for product in products]
    for low, sign, high in _orders(numbers, cells):
        if not any({low, high} <= names for names in together):
            yield f"{quoted(low)} {sign} {quoted(high)}"
    totals = {total for total, _, _ in products}
    yield from _signs([c for c in numbers if c.name not in totals], cells)
    yield from _missing(schema, cells)
    yield from _one_hot(schema, cells)


def _of_dependency(dependency: Dependency) -> Iterator[str]:
    name, on = quoted(dependency.column), [quoted(n) for n in dependency.on]
    if dependency.form in ("lookup", "mostly"):
        yield f"{', '.join(on)} -> {name}"
    elif dependency.form == "linear":
        terms = [
            (f"{'-' * (w < 0)}{n}" if abs(w) == 1 else f"{w!r} * {n}")
            for n, w in zip(on, dependency.coefficients, strict=True)
        ]
        terms += [repr(dependency.constant)] if dependency.constant else []
        yield f"{name} == {' + '.join(terms)}".replace("+ -", "- ")


def _orders(columns: Sequence[Column], cells: Cells) -> Iterator[tuple[str, str, str]]:
    """Yield orders of two columns that overlap so much that chance would break them."""
    floats = {c.name: _floats(cells[c.name]) for c in columns}
    for one in columns:
        for other in columns:
            x, y = floats[one.name], floats[other.name]
            timed = [_is_time(cells[c.name]) for c in (one, other)]
            if one is other or timed[0] != timed[1]:
                continue
            both = ~(np.isnan(x) | np.isnan(y))
            if both.sum() < _SUPPORT:
                continue
            less, equal = (x < y)[both].mean(), (x == y)[both].mean()
            if less + equal < 1 - _EXCEPTIONS or equal == 1:
                continue
            ranked = np.sort(y[both])
            chance = 1 - np.searchsorted(ranked, x[both], side="left").mean() / both.sum()
            if chance <= _BY_CHANCE:
                sign = "<" if not equal else "<="
                yield one.name, sign, other.name


def _products(columns: Sequence[Column], cells: Cells) -> Iterator[tuple[str, str, str]]:
    """Yield columns that are the rounded product of two others."""
    able = [c for c in columns if c.kind in (Kind.CONTINUOUS, Kind.INTEGER)][:24]
    floats = {c.name: _floats(cells[c.name]) for c in able}
    varied = {n: x for n, x in floats.items() if len(np.unique(x[~np.isnan(x)])) > 2}
    names = list(varied)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            with np.errstate(all="ignore"):
                product = varied[a] * varied[b]
            for total in names:
                if total in (a, b):
                    continue
                column = next(c for c in able if c.name == total)
                step = 1.0 if column.decimals is None else 10.0**-column.decimals
                if column.kind is Kind.CONTINUOUS and column.decimals is None:
                    step = 0.0
                known = ~np.isnan(product) & ~np.isnan(varied[total])
                if known.sum() < _SUPPORT:
                    continue
                apart = np.abs(product - varied[total])[known]
                near = apart <= step / 2 * (1 + 1e-6) + 1e-9 * np.abs(product[known])
                if near.mean() >= 1 - _EXCEPTIONS and np.abs(product[known]).max() > 2 * step:
                    yield total, a, b


def _signs(columns: Sequence[Column], cells: Cells) -> Iterator[str]:
    """Yield bounds at 0 that values come close to."""
    for column in columns:
        if column.kind not in (Kind.CONTINUOUS, Kind.INTEGER):
            continue
        x = _floats(cells[column.name])
        x = x[~np.isnan(x)]
        if len(x) >= _SUPPORT and x.min() >= 0 and x.min() <= 0.05 * np.ptp(x):
            yield f"{quoted(column.name)} {'>=' if x.min() == 0 else '>'} 0"


def _missing(schema: Schema, cells: Cells) -> Iterator[str]:
    """Yield levels under which a column that is missing elsewhere never is, or always is."""
    conditions = [c for c in schema.columns if c.kind.is_discrete and c.distinct <= _MOST_LEVELS]
    for column in schema.columns:
        gone = is_null(cells[column.name])
        if not column.kind.is_learned or not 0.01 <= gone.mean() <= 0.99:
            continue
        for other in conditions:
            if other.name == column.name:
                continue
            levels = plain(cells[other.name])
            for level in levels.drop_null().unique().to_pylist():
                rows = _equals(levels, level)
                if rows.sum() < _SUPPORT:
                    continue
                share = gone[rows].mean()
                if share in (0.0, 1.0):
                    word = "is missing" if share else "is not missing"
                    condition = f"{quoted(other.name)} == {value_text(level)}"
                    yield f"{condition} -> {quoted(column.name)} {word}"


def _equals(levels: pa.Array, level: object) -> np.ndarray:
    equal = pc.equal(levels, pa.scalar(level, levels.type)).fill_null(pa.scalar(value=False))
    return np.asarray(equal.to_numpy(zero_copy_only=False))


def _one_hot(schema: Schema, cells: Cells) -> Iterator[str]:
    """Yield neighbouring flags of which exactly one is set in each row."""
    run: dict[str, np.ndarray] = {}
    for column in schema.columns:
        flags = _flags(cells[column.name])
        if flags is None:
            run = {}
            continue
        run[column.name] = flags
        while len(run) > 1 and (np.sum(list(run.values()), axis=0) > 1).any():
            del run[next(iter(run))]
        if len(run) > 2 and (np.sum(list(run.values()), axis=0) == 1).all():
            yield f"one_hot({', '.join(map(quoted, run))})"
            run = {}


def _flags(cells: pa.Array) -> np.ndarray | None:
    """Return a column of 0 and 1, or of truth values, as numbers; None where it is none."""
    values = plain(cells)
    if values.null_count or pa.types.is_temporal(values.type):
        return None
    if not (pa.types.is_boolean(values.type) or _is_plain_number(values.type)):
        return None
    flags = np.asarray(values.to_numpy(zero_copy_only=False)).astype(float)
    return flags if np.isin(flags, (0, 1)).all() else None


def _is_plain_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_time(cells: pa.Array) -> bool:
    return bool(pa.types.is_temporal(cells.type))


def _floats(cells: pa.Array) -> np.ndarray:
    """Return numbers, or the ticks of times, as floats; NaN where missing."""
    missing = is_null(cells)
    if _is_time(cells):
        width = pa.int32() if cells.type.bit_width == 32 else pa.int64()
        cells = cells.cast(width)
    floats = np.asarray(cells.to_numpy(zero_copy_only=False)).astype(float)
    floats[missing] = np.nan
    return floats
