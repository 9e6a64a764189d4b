"""Associations of pairs of columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lookalike.metrics import Details, PairScore, Score
from lookalike.reports import Associations, _associations
from lookalike.reports._associations import associations
from lookalike.tables import Column, Kind, Schema

RNG = np.random.default_rng(0)
X = RNG.normal(size=400)
SCHEMA = Schema(
    (
        Column("x", Kind.CONTINUOUS, "double"),
        Column("level", Kind.CATEGORICAL, "string"),
        Column("y", Kind.CONTINUOUS, "double"),
        Column("id", Kind.IDENTIFIER, "string"),
        Column("same", Kind.CONTINUOUS, "double"),
        Column("sign", Kind.BOOLEAN, "bool"),
    )
)


def table(y: np.ndarray) -> pa.Table:
    return pa.table(
        {
            "x": X,
            "level": np.where(X > 0, "high", "low"),
            "y": pa.array(y, from_pandas=True),
            "id": [str(i) for i in range(len(X))],
            "same": np.ones(len(X)),
            "sign": X > 0,
        }
    )


def found(y: np.ndarray) -> Associations:
    return associations(SCHEMA, table(y), table(-y), {})


def cell(matrix: tuple[tuple[float | None, ...], ...], names: tuple[str, ...], i: str, j: str):
    return matrix[names.index(i)][names.index(j)]


def test_compared_columns_stand_in_the_tables_order() -> None:
    assert found(X).columns == ("x", "level", "y", "same", "sign")


def test_numbers_correlate_as_numpy_says_where_both_are_present() -> None:
    y = X + RNG.normal(size=len(X))
    y[:50] = np.nan
    result = found(y)
    expected = np.corrcoef(X[50:], y[50:])[0, 1]
    assert cell(result.real, result.columns, "x", "y") == pytest.approx(expected, abs=1e-4)
    assert cell(result.synthetic, result.columns, "x", "y") == pytest.approx(-expected, abs=1e-4)


def test_equal_categories_have_a_v_of_one() -> None:
    result = found(X)
    assert cell(result.real, result.columns, "level", "sign") == pytest.approx(1, abs=1e-4)


def test_a_number_and_its_levels_have_the_share_of_variance_between_them() -> None:
    result = found(X)
    high = X > 0
    means = np.where(high, X[high].mean(), X[~high].mean())
    expected = np.sqrt(means.var() / X.var())
    assert cell(result.real, result.columns, "x", "level") == pytest.approx(expected, abs=1e-4)
    assert cell(result.real, result.columns, "level", "x") == pytest.approx(expected, abs=1e-4)


def test_a_constant_has_no_association() -> None:
    result = found(X)
    assert cell(result.real, result.columns, "same", "x") is None
    assert cell(result.real, result.columns, "same", "level") is None


def test_pairs_are_listed_once_the_worst_first() -> None:
    pairs = [
        PairScore("x", "y", 0.2),
        PairScore("x", "level", 0.9),
        PairScore("level", "y", None),
    ]
    trend = Score("trend", 0.5, 1.0, 0.0, "higher", 0, 1, details=Details(pairs=tuple(pairs)))
    result = associations(SCHEMA, table(X), table(-X), {"trend": trend})
    rows = result.pairs()
    assert len(rows) == 10
    assert (rows[0].first, rows[0].second, rows[0].scores) == ("x", "y", {"trend": 0.2})
    assert rows[1].scores == {"trend": 0.9}


@pytest.mark.parametrize("kind", [Kind.CONTINUOUS, Kind.CATEGORICAL])
def test_tables_of_one_kind_or_one_row(kind: Kind) -> None:
    schema = Schema((Column("a", kind, "double"), Column("b", kind, "double")))
    one = pa.table({"a": [1.0], "b": pa.array([None], pa.float64())})
    result = associations(schema, one, one, {})
    assert all(np.isnan(float("nan" if c is None else c)) for row in result.real for c in row)


def test_long_tables_are_thinned_out(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = found(X + RNG.normal(size=len(X)))
    monkeypatch.setattr(_associations, "MOST_ROWS", 200)
    thin = found(X + RNG.normal(size=len(X)))
    assert thin.columns == whole.columns
    pair = cell(thin.real, thin.columns, "x", "y"), cell(whole.real, whole.columns, "x", "y")
    assert pair[0] == pytest.approx(pair[1], abs=0.15)


def test_no_compared_columns() -> None:
    schema = Schema((Column("id", Kind.IDENTIFIER, "string"),))
    ids = pa.table({"id": ["a", "b"]})
    assert associations(schema, ids, ids, {}).pairs() == []
