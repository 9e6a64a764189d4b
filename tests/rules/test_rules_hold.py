"""Declared rules hold on every generated row, whatever the model, and models are files."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lookalike as la
from lookalike.errors import DataError, LookalikeWarning, ParameterError
from lookalike.rules import check_rules

RULES = [
    "start <= end",
    "end - start <= 400 days",
    "total == price * quantity",
    "paid > 0 if status in ['sold']",
    "married == 'no' -> spouse_age is missing",
    "married == 'yes' -> spouse_age is not missing",
    "a + b + c == 1",
    "one_hot(x, y, z)",
    "city -> country",
    "low <= mid <= high",
    "net < 20 or net > 30",
]


def orders(n: int = 1500) -> pd.DataFrame:
    """Return a table that obeys `RULES`."""
    rng = np.random.default_rng(0)
    first = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 700, n), unit="D")
    gap = np.where(rng.random(n) < 0.2, 0, rng.gamma(2, 10, n)).astype(int)
    frame = pd.DataFrame({"start": first, "end": first + pd.to_timedelta(gap, unit="D")})
    frame["price"] = np.round(rng.lognormal(3, 1, n), 2)
    frame["quantity"] = rng.integers(1, 9, n)
    frame["total"] = np.round(frame.price * frame.quantity, 2)
    frame["status"] = rng.choice(["open", "sold", "reserved"], n)
    some = np.round(rng.lognormal(2, 1, n), 2)
    frame["paid"] = np.where(frame.status == "sold", some + 0.01, some * (rng.random(n) < 0.5))
    frame["married"] = rng.choice(["no", "yes"], n)
    frame["spouse_age"] = np.where(frame.married == "yes", rng.integers(18, 90, n), np.nan)
    shares = np.round(rng.dirichlet([2, 3, 4], n), 2)
    frame["a"], frame["b"] = shares[:, 0], shares[:, 1]
    frame["c"] = np.round(1 - frame.a - frame.b, 2)
    which = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    for k, name in enumerate("xyz"):
        frame[name] = (which == k).astype(int)
    frame["city"] = rng.choice(["Bern", "Basel", "Lyon", "Paris", "Rome"], n)
    land = {"Bern": "CH", "Basel": "CH", "Lyon": "FR", "Paris": "FR", "Rome": "IT"}
    frame["country"] = frame.city.map(land)
    frame["low"] = rng.normal(0, 1, n)
    frame["high"] = frame.low + rng.exponential(1, n)
    frame["mid"] = frame.low + (frame.high - frame.low) * rng.random(n)
    net = rng.normal(25, 8, n)
    frame["net"] = np.round(np.where(np.abs(net - 25) <= 5.2, net + 15, net), 1)
    return frame


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return orders()


@pytest.fixture(scope="module", params=[la.Independent, la.GaussianCopula])
def model(request: pytest.FixtureRequest, table: pd.DataFrame) -> la.Independent:
    return request.param(random_state=0).fit(table, rules=RULES)


def test_all_rules_hold_on_every_row(model: la.Independent) -> None:
    rows = model.sample(20_000)
    assert check_rules(rows, RULES, schema=model.schema_).passed
    # Not by the package's own check alone.
    assert (rows.start <= rows.end).all()
    assert np.allclose(np.round(rows.price * rows.quantity, 2), rows.total)
    assert (rows.paid[rows.status == "sold"] > 0).all()
    assert (rows.spouse_age.isna() == (rows.married == "no")).all()
    assert np.allclose(rows.a + rows.b + rows.c, 1)
    assert (rows[["x", "y", "z"]].sum(axis=1) == 1).all()
    assert rows.groupby("city").country.nunique().max() == 1
    assert ((rows.low <= rows.mid) & (rows.mid <= rows.high)).all()
    assert ((rows.net < 20) | (rows.net > 30)).all()
    assert rows.c.between(0, 1).all()  # no recomputed share is negative


def test_cells_are_not_piled_up_at_bounds(model: la.Independent) -> None:
    rows = model.sample(5000)
    at_bound = ((rows.mid == rows.low) | (rows.mid == rows.high)).mean()
    assert at_bound < 0.05
    assert (rows.net == 20.1).mean() < 0.05


def test_rows_do_not_depend_on_others(model: la.Independent) -> None:
    whole = model.sample(300)
    pd.testing.assert_frame_equal(
        whole.iloc[100:140].reset_index(drop=True), model.sample(40, start=100)
    )


def test_a_saved_model_keeps_its_rules(model: la.Independent, tmp_path: Path) -> None:
    model.save(tmp_path / "m.lookalike")
    loaded = la.load(tmp_path / "m.lookalike")
    assert loaded.schema_.rules == tuple(RULES)
    pd.testing.assert_frame_equal(loaded.sample(200), model.sample(200))


@pytest.mark.parametrize(
    "given",
    [
        {"status": "sold"},
        {"married": "no"},
        {"start": (pd.Timestamp("2021-06-01"), None)},
        {"country": "CH"},
    ],
    ids=str,
)
def test_conditions_and_rules_hold_together(model: la.Independent, given: dict) -> None:
    """SDV 696: conditions on columns under a constraint fail."""
    rows = model.sample(500, given=given)
    assert len(rows) == 500
    assert check_rules(rows, RULES, schema=model.schema_).passed
    for name, value in given.items():
        right = rows[name] >= value[0] if isinstance(value, tuple) else rows[name] == value
        assert right.all()


def test_balanced_rows_obey(model: la.Independent) -> None:
    rows = model.sample(300, balance="status")
    assert rows.status.value_counts().tolist() == [100, 100, 100]
    assert check_rules(rows, RULES, schema=model.schema_).passed


def test_a_condition_that_contradicts_a_rule_is_named(model: la.Independent) -> None:
    with pytest.raises(DataError, match="married == 'no' -> spouse_age is missing"):
        model.sample(3, given={"married": "no", "spouse_age": (20, 40)})
    with pytest.raises(DataError, match="net < 20 or net > 30"):
        model.sample(3, given={"net": (22.0, 28.0)})


def test_completed_rows_obey_and_keep_known_cells(
    model: la.Independent, table: pd.DataFrame
) -> None:
    names = ["end", "status", "mid", "b", "married"]
    known = table.loc[:60, names].copy()
    rng = np.random.default_rng(0)
    for name in names:
        known.loc[rng.random(len(known)) < 0.3, name] = None
    done = model.impute(known)
    assert check_rules(done, RULES, schema=model.schema_).passed
    for name in names:
        there = known[name].notna()
        assert (done[name][there] == known[name][there]).all()


# --- bugs of other packages ----------------------------------------------------------------------


def test_a_second_fit_forgets_the_rules_of_the_first(table: pd.DataFrame) -> None:
    """SDV 1258: constraints of an earlier fit interfere with the next."""
    model = la.Independent(random_state=0).fit(table, rules=["low <= high"])
    model.fit(table[["a", "b"]])
    assert model.schema_.rules == ()
    again = la.Independent(random_state=0).fit(table, rules=["low <= high"])
    again.fit(table, rules=["low <= high"])
    assert check_rules(again.sample(500), ["low <= high"]).passed


def test_combinations_survive_missing_cells_and_odd_indices() -> None:
    """SDV 2852: fixed combinations raise an IndexingError."""
    frame = orders(400)
    frame.index = np.arange(400)[::-1] * 3
    frame.loc[frame.index[:30], "city"] = None
    frame.loc[frame.index[:30], "country"] = None
    model = la.Independent(random_state=0).fit(frame, rules=["city -> country"])
    rows = model.sample(2000)
    seen = set(zip(frame.city.dropna(), frame.country.dropna(), strict=True))
    both = rows.dropna(subset=["city", "country"])
    assert set(zip(both.city, both.country, strict=True)) <= seen


def test_missing_cells_break_no_order() -> None:
    """SDV 2855: valid inequalities with missing cells are reported as broken."""
    frame = orders(400)[["low", "high", "price", "status"]]
    frame.loc[:50, "high"] = np.nan
    frame.loc[40:80, "low"] = np.nan
    model = la.GaussianCopula(random_state=0).fit(frame, rules=["low <= high"])
    rows = model.sample(3000)
    assert check_rules(rows, ["low <= high"]).passed
    assert 0.05 < rows.high.isna().mean() < 0.25
    assert (rows.low <= rows.high)[rows.low.notna() & rows.high.notna()].all()


def test_flags_are_exactly_one_and_keep_their_type() -> None:
    """SDV 2856: one-hot columns are reported as broken."""
    frame = orders(600)[["x", "y", "z", "price"]]
    model = la.GaussianCopula(random_state=0).fit(frame, rules=["one_hot(x, y, z)"])
    rows = model.sample(3000)
    assert rows.x.dtype == frame.x.dtype
    assert (rows[["x", "y", "z"]].sum(axis=1) == 1).all()
    assert np.allclose(rows[["x", "y", "z"]].mean(), frame[["x", "y", "z"]].mean(), atol=0.08)


def test_chains_and_strict_orders_of_whole_numbers() -> None:
    rng = np.random.default_rng(0)
    steps = np.cumsum(rng.integers(1, 4, (500, 4)), axis=1)
    frame = pd.DataFrame(steps, columns=list("pqrs")).sample(frac=1, random_state=0)
    kinds = dict.fromkeys("pqrs", "integer")
    rules = ["p < q < r", "r < s"]
    rows = la.Independent(random_state=0).fit(frame, rules=rules, kinds=kinds).sample(3000)
    for low, high in pairwise("pqrs"):
        assert (rows[low] < rows[high]).all()


# --- conflicts and broken rows -------------------------------------------------------------------


def test_conflicts_are_named_when_declared(table: pd.DataFrame) -> None:
    rules = ["low <= high", "high <= mid - 1", "mid <= low"]
    with pytest.raises(DataError, match="No row can fulfil 'high <= mid - 1' and 'low <= high'"):
        la.Independent().fit(table, rules=rules)
    with pytest.raises(DataError, match="status"):
        la.Independent().fit(table, rules=["status == 'sold'", "status != 'sold'"])


def test_broken_rows_are_refused_with_their_numbers(table: pd.DataFrame) -> None:
    frame = table.copy()
    frame.loc[[3, 17], "low"] = frame.high + 1
    model = la.Independent(random_state=0)
    with pytest.raises(DataError, match=r"'low <= high' in 2 rows \(counted from 0: 3, 17\)"):
        model.fit(frame, rules=["low <= high"])
    with pytest.warns(LookalikeWarning, match="2 of 1,500 rows break a rule and were left out"):
        assert model.fit(frame, rules=["low <= high"], broken="drop").n_rows_ == 1498
    for policy in ("repair", "keep"):
        with pytest.warns(LookalikeWarning, match="2 of 1,500 rows break a rule"):
            model.fit(frame, rules=["low <= high"], broken=policy)
        assert check_rules(model.sample(2000), ["low <= high"]).passed


def test_repaired_rows_obey_every_rule(table: pd.DataFrame) -> None:
    frame = table.copy()
    frame.loc[5, "total"] += 1
    frame.loc[6, "country"] = "IT" if frame.city[6] != "Rome" else "FR"
    frame.loc[7, "paid"], frame.loc[7, "status"] = 0, "sold"
    frame.loc[8, "spouse_age"], frame.loc[8, "married"] = 40, "no"
    with pytest.warns(LookalikeWarning, match="4 of 1,500 rows break a rule and were repaired"):
        model = la.Independent(random_state=0).fit(frame, rules=RULES, broken="repair")
    assert check_rules(model.sample(2000), RULES, schema=model.schema_).passed


def test_what_cannot_hold_by_construction_is_refused(table: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="none of its columns stands by itself"):
        la.Independent().fit(table, rules=["price * quantity <= 100"])
    with pytest.raises(ParameterError, match=r"kinds=\{'price': 'identifier'\}"):
        la.Independent().fit(table, rules=["unique(city, price)"])
    with pytest.raises(DataError, match="One rule may determine a column"):
        la.Independent().fit(
            table.assign(k=table.city, w=table.city), rules=["city -> k", "w -> k"]
        )


def test_unique_columns_are_numbered() -> None:
    frame = orders(300).assign(key=[f"K-{i:04d}" for i in range(300)])
    model = la.Independent(random_state=0).fit(frame, rules=["unique(key)"])
    assert model.sample(2000).key.is_unique


@pytest.mark.parametrize("rows", [2, 3])
def test_tiny_tables(rows: int) -> None:
    frame = orders(40).head(rows)[["low", "high"]]
    model = la.Independent(random_state=0, min_category_count=1).fit(frame, rules=["low <= high"])
    made = model.sample(50)
    assert (made.low <= made.high).all()


def test_odd_names_and_unicode() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"unit price": rng.random(200).round(3), "größe": rng.random(200) + 1})
    frame["数据"] = np.where(frame["unit price"] > 0.5, "是", "否")
    rules = ["`unit price` <= größe", '`数据` == "是" -> `unit price` > 0.5']
    rows = la.Independent(random_state=0).fit(frame, rules=rules).sample(2000)
    assert (rows["unit price"][rows["数据"] == "是"] > 0.5).all()


ONE_ROW = {
    "floats": ({"low": [1.0], "high": [2.0]}, "low <= high"),
    "whole": ({"low": [1], "high": [1]}, "low <= high"),
    "bounds": ({"low": [1], "high": [1]}, "0 <= low <= 5"),
    "dates": (
        {"low": pd.to_datetime(["2020-01-01"]), "high": pd.to_datetime(["2020-02-01"])},
        "high - low <= 40 days",
    ),
    "text": ({"low": ["2020-01-01"], "high": ["2020-02-01"]}, "low <= high"),
    "day": ({"low": ["2020-01-01"], "high": ["2020-02-01"]}, "low < '2021-01-01'"),
    "product": ({"low": [3.33], "high": [9.99], "n": [3]}, "high == low * n"),
    "rounded": ({"low": [3.333], "high": [10.0], "n": [3]}, "high == low * n"),
    "absolute": ({"low": [3.5], "high": [1.5]}, "abs(low - high) <= 2"),
    "missing": ({"low": [np.nan], "high": [2.0]}, "low <= high"),
}


@pytest.mark.parametrize(("columns", "rule"), ONE_ROW.values(), ids=ONE_ROW)
@pytest.mark.parametrize("fewest", [1, 2])
@pytest.mark.filterwarnings("ignore:No value of .* occurs in 2 rows")
def test_a_table_of_one_row_obeys(columns: dict, rule: str, fewest: int, tmp_path: Path) -> None:
    frame = pd.DataFrame(columns)
    frame = frame.astype({n: "Int64" for n in frame if frame[n].dtype == "int64"})
    model = la.Independent(random_state=0, min_category_count=fewest)
    rows = model.fit(frame, rules=[rule]).sample(5)
    assert len(rows) == 5
    if fewest == 1:
        assert check_rules(frame, [rule]).passed
        model.save(tmp_path / "m.lookalike")
        pd.testing.assert_frame_equal(la.load(tmp_path / "m.lookalike").sample(5), rows)


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"low": [3.0], "high": [2.0]}, "low <= high"),
        ({"low": ["2020-03-01"], "high": ["2020-02-01"]}, "low <= high"),
        ({"low": [2], "high": [7], "n": [3]}, "high == low * n"),
        ({"low": [2], "high": [7]}, "low == high"),
    ],
)
def test_a_table_of_one_row_that_breaks_a_rule_is_refused(columns: dict, rule: str) -> None:
    frame = pd.DataFrame(columns)
    assert not check_rules(frame, [rule]).passed
    for fewest in (1, 2):
        with pytest.raises(DataError, match=r"No row can fulfil .*one value in all rows"):
            la.Independent(min_category_count=fewest).fit(frame, rules=[rule])


def test_a_constant_takes_part_in_rules(tmp_path: Path) -> None:
    frame = orders(300)[["price", "low", "high"]].assign(rate=1.19, floor=-100.0, gone=np.nan)
    frame["gross"] = (frame.price * frame.rate).round(2)
    rules = ["gross == price * rate", "floor <= low", "gone <= high", "price**2 * rate >= floor"]
    model = la.Independent(random_state=0).fit(frame, rules=rules[:3])
    assert np.allclose((model.sample(500).eval("price * rate")).round(2), model.sample(500).gross)
    model.save(tmp_path / "m.lookalike")
    pd.testing.assert_frame_equal(la.load(tmp_path / "m.lookalike").sample(50), model.sample(50))
    assert check_rules(frame, rules).passed


FLAGS = {
    "whole": lambda ones: ones.astype(int),
    "logical": lambda ones: ones,
    "words": lambda ones: np.where(ones, "yes", "no"),
}


@pytest.mark.parametrize(
    ("family", "shares", "kind"),
    [
        (la.Independent, [1 / 3] * 3, "whole"),
        (la.Independent, [0.6, 0.1, 0.05, 0.25], "logical"),
        (la.GaussianCopula, [1 / 3] * 3, "words"),
        (la.GaussianCopula, [0.6, 0.1, 0.05, 0.25], "whole"),
    ],
)
def test_flags_have_the_shares_of_the_table(
    family: type[la.Independent], shares: list[float], kind: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    which = rng.choice(len(shares), 900, p=shares)
    frame = pd.DataFrame({"price": rng.gamma(2, 3, 900)})
    flags = [f"f{k}" for k in range(len(shares))]
    for k, name in enumerate(flags):
        frame[name] = FLAGS[kind](which == k)
    rules = [f"one_hot({', '.join(flags)})"]
    model = family(random_state=0).fit(frame, rules=rules)
    rows = model.sample(20_000)
    ones = (rows[flags] == FLAGS[kind](np.array([True]))[0]).to_numpy()
    assert (ones.sum(axis=1) == 1).all()
    truth = np.bincount(which) / 900
    assert np.abs(ones.mean(axis=0) - truth).max() < 4 * 0.5 / np.sqrt(20_000)
    model.save(tmp_path / "m.lookalike")
    pd.testing.assert_frame_equal(la.load(tmp_path / "m.lookalike").sample(50), rows.head(50))
    pd.testing.assert_frame_equal(model.sample(20, start=30), rows[30:50].reset_index(drop=True))
    for name in flags:  # a known flag stays, and the others follow
        one = FLAGS[kind](np.array([True]))[0]
        known = pd.DataFrame({name: [one] * 30}).astype(frame[name].dtype)
        done = model.impute(known)
        assert (done[name] == one).all()
        assert check_rules(done, rules, schema=model.schema_).passed
        assert (model.sample(30, given={name: one})[name] == one).all()


def test_a_flag_may_be_zero_in_every_row() -> None:
    which = np.random.default_rng(0).random(600) < 0.3
    frame = pd.DataFrame({"x": which, "y": False, "z": ~which, "price": np.arange(600.0)})
    assert check_rules(frame, ["one_hot(x, y, z)"]).passed
    rows = la.Independent(random_state=0).fit(frame, rules=["one_hot(x, y, z)"]).sample(4000)
    assert (rows[["x", "y", "z"]].sum(axis=1) == 1).all()
    assert abs(rows.x.mean() - which.mean()) < 0.03
    frame.loc[3, "x"] = frame.loc[3, "z"] = False
    assert not check_rules(frame, ["one_hot(x, y, z)"]).passed


@pytest.mark.parametrize(
    "rules",
    [
        ["total >= 0"],
        ["0 < total <= 1e9", "price > 0"],
        ["price * quantity <= 1e6"],
        ["1 / quantity <= 1", "sqrt(price) + quantity**2 > 0"],
    ],
)
def test_a_bound_that_the_ranges_imply_is_accepted(rules: list[str], tmp_path: Path) -> None:
    frame = orders(600)[["price", "quantity", "total"]]
    rules = ["total == price * quantity", *rules]
    model = la.Independent(random_state=0).fit(frame, rules=rules)
    rows = model.sample(5000)
    assert check_rules(rows, rules, schema=model.schema_).passed
    model.save(tmp_path / "m.lookalike")
    pd.testing.assert_frame_equal(la.load(tmp_path / "m.lookalike").sample(50), rows.head(50))


def test_a_bound_that_the_ranges_do_not_imply_is_refused() -> None:
    frame = orders(600)[["price", "quantity", "total"]]
    frame = frame[frame.total >= 20]
    with pytest.raises(DataError, match="the ranges of the columns do not imply it"):
        la.Independent().fit(frame, rules=["total == price * quantity", "total >= 20"])
    frame.loc[frame.index[:40], "price"] -= 200
    with pytest.raises(DataError, match="the ranges of the columns do not imply it"):
        la.Independent().fit(frame, rules=["price * quantity >= -500"])


@pytest.mark.parametrize("rounded", [True, False])
def test_one_unknown_factor_follows_from_a_known_product(rounded: bool) -> None:
    frame = orders(600)[["price", "quantity", "total"]]
    if not rounded:
        frame["price"] = np.random.default_rng(0).lognormal(3, 1, 600)
        frame["total"] = frame.price * frame.quantity
    rules = ["total == price * quantity"]
    model = la.Independent(random_state=0).fit(frame, rules=rules)
    for name, other in (("price", "quantity"), ("quantity", "price")):
        done = model.impute(frame[[other, "total"]].head(60))
        assert np.allclose(done[name], frame[name].head(60))
        assert (done[["total", other]] == frame[["total", other]].head(60)).all(axis=None)
        assert check_rules(done, rules, schema=model.schema_).passed
    # a factor that stands in a sum, too
    rules = ["net == price * quantity * 2 - 3 * quantity"]
    frame["net"] = (frame.price * frame.quantity * 2 - 3 * frame.quantity).round(6)
    model = la.Independent(random_state=0).fit(frame[["price", "quantity", "net"]], rules=rules)
    done = model.impute(frame[["price", "net"]].head(30))
    assert (done.quantity == frame.quantity.head(30)).all()


def test_a_product_without_an_exact_factor_is_not_solved() -> None:
    frame = orders(600)[["price", "quantity", "total"]]
    model = la.Independent(random_state=0).fit(frame, rules=["total == price * quantity"])
    known = pd.DataFrame({"price": [3.0, 0.0, 4.0], "total": [10.0, 5.0, 8.0]})
    with pytest.warns(LookalikeWarning, match="not in 2 of the rows"):
        done = model.impute(known)
    assert done.quantity.tolist()[2] == 2
    assert (done[["price", "total"]] == known).all(axis=None)


def test_inferred_relations_give_way_to_rules_that_they_stand_against() -> None:
    rng = np.random.default_rng(0)
    price, quantity = rng.uniform(1, 50, 400).round(2), rng.integers(1, 9, 400)
    total = (price * quantity).round(2)
    # Paid equals the total or the price in many rows: a relation of its own.
    paid = (total * rng.choice([0.5, 1], 400)).round(2)
    frame = pd.DataFrame({"price": price, "quantity": quantity, "total": total, "paid": paid})
    rules = ["total == price * quantity", "0 <= paid <= total"]
    made = la.Independent(random_state=0).fit(frame, rules=rules).sample(2_000)
    assert (made["paid"] <= made["total"] + 1e-9).all()
    assert np.allclose(made["total"], (made["price"] * made["quantity"]).round(2))


def test_a_sum_of_few_values_is_a_number() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.integers(0, 4, 500), "b": rng.integers(0, 4, 500)})
    frame["total"], frame["kind"] = frame.a + frame.b, rng.choice(["x", "y"], 500)
    model = la.Independent(random_state=0).fit(frame, rules=["total == a + b"])
    assert check_rules(model.sample(500), ["total == a + b"]).passed
    assert model.schema_["total"].kind.value == "integer"
