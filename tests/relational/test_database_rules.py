"""Rules that cross tables: read, checked, and obeyed by every generated row."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import lookalike as la
from lookalike._core.errors import DataError, LookalikeWarning, ParameterError
from lookalike.cli import main
from lookalike.databases import ForeignKey
from lookalike.relational import check_database_rules
from lookalike.relational._rule_scope import scope_rule

RULES = [
    "orders.date >= customers.since",
    "orders.date - customers.since <= 60 days",
    "orders.total == sum(lines.amount)",
    "orders.paid == orders.total + orders.shipping",
    "count(lines) == orders.lines",
    "orders.dearest == max(lines.amount)",
    "lines.sent >= orders.date",
    "lines.sent - customers.since <= 80 days",
    "orders.gift == 'yes' -> orders.shipping >= 1",
]


def days(first: str, count: np.ndarray) -> np.ndarray:
    return np.datetime64(first) + count.astype("timedelta64[D]")


def tables() -> dict[str, pa.Table]:
    rng = np.random.default_rng(0)
    since = days("2020-01-01", rng.integers(0, 900, 60))
    of_order = rng.integers(0, 60, 200)
    date = since[of_order] + rng.integers(0, 60, 200).astype("timedelta64[D]")
    of_line = np.sort(rng.integers(0, 190, 500))  # some orders have no lines
    amount = np.round(rng.exponential(20, 500) + 1, 2)
    total = np.round(np.bincount(of_line, amount, 200), 2)
    gift = rng.random(200) < 0.3
    shipping = np.round(rng.uniform(0, 9, 200) + gift, 2)
    dearest = np.full(200, np.nan)
    for k in np.unique(of_line):
        dearest[k] = amount[of_line == k].max()
    return {
        "customers": pa.table({"id": np.arange(60), "since": pa.array(since)}),
        "orders": pa.table(
            {
                "id": np.arange(200) + 5000,
                "customer": of_order,
                "date": pa.array(date),
                "total": total,
                "shipping": shipping,
                "paid": np.round(total + shipping, 2),
                "lines": np.bincount(of_line, minlength=200),
                "dearest": pa.array(dearest, mask=np.isnan(dearest)),
                "gift": np.where(gift, "yes", "no"),
            }
        ),
        "lines": pa.table(
            {
                "order": of_line + 5000,
                "amount": amount,
                "sent": pa.array(date[of_line] + rng.integers(0, 9, 500).astype("timedelta64[D]")),
            }
        ),
    }


KEYS: dict[str, Any] = {
    "primary_keys": {"customers": "id", "orders": "id"},
    "foreign_keys": ["orders.customer -> customers.id", "lines.order -> orders.id"],
}


@pytest.fixture(scope="module")
def db() -> la.Database:
    return la.Database(tables(), **KEYS)


@pytest.fixture(scope="module")
def model(db) -> la.Relational:
    return la.Relational(trees=2, random_state=0).fit(db, rules=RULES)


def changed(name: str, column: str, rows: list[int], value: Any) -> la.Database:
    """Return the database with some cells changed."""
    found = tables()
    cells = found[name][column].to_pylist()
    for row in rows:
        cells[row] = value
    at = found[name].column_names.index(column)
    kind = found[name][column].type
    found[name] = found[name].set_column(at, column, pa.array(cells, kind))
    return la.Database(found, **KEYS)


def test_every_generated_row_obeys_every_rule(db, model):
    """SDV 2768: constraints on columns of related tables fail."""
    plain = la.Relational(trees=2, random_state=0).fit(db).sample()
    assert len(check_database_rules(plain, RULES).broken) >= 6
    for seed in (0, 1):
        made = model.sample(1.5, random_state=seed)
        found = check_database_rules(made, RULES)
        assert found.passed, str(found)
        assert made["orders"]["dearest"].null_count > 0  # of orders without lines
    assert found.checked == len(made["orders"]) + len(made["lines"])


def test_rules_on_a_table_with_several_parents():
    """SDV 2087: constraints on a table with several parents fail."""
    rng = np.random.default_rng(0)
    least, most = rng.integers(0, 9, 20), rng.integers(20, 30, 15)
    to = rng.integers(0, [20, 15], (120, 2))
    low = rng.integers(least[to[:, 0]], most[to[:, 1]])
    db = la.Database(
        {
            "a": pa.table({"id": range(20), "least": least}),
            "b": pa.table({"id": range(15), "most": most}),
            "c": pa.table({"a": to[:, 0], "b": to[:, 1], "low": low, "high": low + 3}),
        },
        primary_keys={"a": "id", "b": "id"},
        foreign_keys=["c.a -> a.id", "c.b -> b.id"],
    )
    rules = ["c.low >= a.least", "c.low <= b.most", "c.low <= c.high"]
    made = la.Relational(trees=2, random_state=0).fit(db, rules=rules).sample(2)
    assert len(made["c"]) == 240
    found = check_database_rules(made, rules)
    assert found.passed, str(found)


def test_distributions_stay_near(db, model):
    made = model.sample(3)
    for table, column in (("orders", "shipping"), ("lines", "amount")):
        real, fake = (np.asarray(d[table][column], float) for d in (db, made))
        assert abs(np.median(real) - np.median(fake)) < 0.25 * np.std(real)
    waits = []
    for d in (db, made):
        since = np.asarray(d["customers"]["since"])[d.rows_of(d.foreign_keys[0])]
        waits.append((np.asarray(d["orders"]["date"]) - since).astype("timedelta64[D]").astype(int))
    assert waits[1].max() <= 80


def test_a_saved_model_keeps_its_rules(model, tmp_path):
    model.save(tmp_path / "m.lookalike")
    loaded = la.load(tmp_path / "m.lookalike")
    assert loaded.rules_ == tuple(RULES)
    one, other = model.sample(), loaded.sample()
    assert all(one.arrow(name).equals(other.arrow(name)) for name in one)


def test_types_of_tables_stay_the_same(db, model):
    made = model.sample()
    for name in db:
        assert made.arrow(name).schema.types == db.arrow(name).schema.types


# --- broken rows of the training tables -----------------------------------------------------------


def test_broken_rows_are_refused_by_table_count_and_number():
    wrong = changed("orders", "date", [3, 7], np.datetime64("2000-01-01").astype(object))
    with pytest.raises(DataError, match=r"in 2 rows \(counted from 0: 3, 7\) of 'orders'"):
        la.Relational().fit(wrong, rules=RULES[:1])


def test_broken_rows_are_dropped_with_those_that_lead_to_them():
    wrong = changed("orders", "date", [3, 7], np.datetime64("2000-01-01").astype(object))
    lost = 2 + sum(np.isin(np.asarray(wrong["lines"]["order"]), [5003, 5007]))
    with pytest.warns(LookalikeWarning, match="left out"):
        fitted = la.Relational(trees=1, random_state=0).fit(wrong, rules=RULES[:1], broken="drop")
    assert sum(fitted.tables_.values()) == 760 - lost


def test_broken_rows_are_repaired_or_kept():
    wrong = changed("orders", "total", [3, 7], 1.0)
    sums = RULES[2:3]
    for policy, outcome in (("repair", "repaired"), ("keep", "kept")):
        with pytest.warns(LookalikeWarning, match=f"Rows that break a rule are {outcome}"):
            fitted = la.Relational(trees=1, random_state=0).fit(wrong, rules=sums, broken=policy)
        assert fitted.tables_["orders"] == 200
        assert check_database_rules(fitted.sample(), sums).passed


def test_a_check_names_the_rule_the_table_and_the_rows(db):
    assert check_database_rules(db, RULES).passed
    found = check_database_rules(changed("orders", "total", [4], 0.5), RULES[2:4])
    assert not found.passed
    assert str(found).splitlines()[0] == (
        "orders.total == sum(lines.amount), in 'orders': broken in 1 row (counted from 0: 4)"
    )


# --- reading --------------------------------------------------------------------------------------

COLUMNS = {"customers": ["id", "since"], "orders": ["id", "date", "total"], "lines": ["amount"]}
FOREIGN = [
    ForeignKey("orders", ("customer",), "customers", ("id",)),
    ForeignKey("lines", ("order",), "orders", ("id",)),
]


@pytest.mark.parametrize(
    ("text", "home", "local"),
    [
        ("customers.since <= orders.date", "orders", "`customers.since` <= `date`"),
        (
            "sum(lines.amount) == orders.total",
            "orders",
            "`total` == `sum(lines.amount)`",
        ),
        ("lines.amount <= customers.id", "lines", "`amount` <= `customers.id`"),
        ("orders.total > 3 if orders.date is missing", "orders", "`total` > 3 if `date` is None"),
        ("orders.date, orders.id -> orders.total", "orders", "`date`, `id` -> `total`"),
        ("count(lines) >= orders.id", "orders", "`count(lines)` >= `id`"),
        ("customers.id >= mean(lines.amount)", "customers", "`id` >= `mean(lines.amount)`"),
    ],
)
def test_the_home_of_a_rule_is_the_table_that_reaches_all_others(text, home, local):
    scoped = scope_rule(text, COLUMNS, FOREIGN)
    assert (scoped.home, scoped.local) == (home, local)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("orders.date >= customer.since", "no table 'customer'.*customers"),
        ("orders.dat >= customers.since", "no column 'dat'.*date"),
        ("date >= customers.since", "written table.column"),
        ("sum(lines.amount) <= 5", "must have a column"),
        ("sum(lines) == orders.total", r"written like sum\(lines.amount\)"),
        ("orders.total * 2 == sum(lines.amount)", "must stand alone"),
        ("orders.date >=", "cannot be read"),
    ],
)
def test_what_is_no_rule_on_the_tables_is_refused(text, message):
    with pytest.raises(ParameterError, match=message):
        scope_rule(text, COLUMNS, FOREIGN)


@pytest.mark.parametrize(
    "value", ["a\\b", "a\xa0b", 'it\'s "b"', "\\", "x -> y", "reached_column_0", "ø\u200b", "`b`"]
)
def test_every_value_and_name_means_the_same_as_in_a_rule_on_one_table(value):
    kinds = [value, "other"] * 30
    table = pa.table({"id": range(60), "k`d": kinds, "v": [-1, 1] * 10 + [2, 1] * 20})
    db = la.Database({"o": table}, primary_keys={"o": "id"})
    for quote in "'\"":
        word = quote + value.replace(quote, 2 * quote) + quote
        alone = la.check_rules(table, [f"v > 0 if `k``d` == {word}"])
        there = check_database_rules(db, [f"o.v > 0 if o.`k``d` == {word}"])
        assert alone.broken[0].count == there.broken[0].count == 10


def test_a_column_with_a_backquote_is_computed_with():
    table = pa.table({"id": range(60), "a`b": [0, 1] * 30, "v": [1, 2] * 30})
    db = la.Database({"o": table}, primary_keys={"o": "id"})
    assert check_database_rules(db, ["o.v == o.`a``b` + 1"]).passed


def test_truth_values_are_written_as_in_a_rule_on_one_table():
    table = pa.table({"id": range(60), "on": [True, False] * 30, "v": [-1, 1] * 30})
    db = la.Database({"o": table}, primary_keys={"o": "id"})
    assert check_database_rules(db, ["o.v > 0 if o.on == true"]).broken[0].count == 30
    assert check_database_rules(db, ["o.v > 0 if o.on == false"]).passed


def test_several_ways_and_no_way_are_named():
    two = [*FOREIGN, ForeignKey("orders", ("payer",), "customers", ("id",))]
    with pytest.raises(ParameterError, match="several keys lead from 'orders' to 'customers'"):
        scope_rule("orders.date >= customers.since", COLUMNS, two)
    with pytest.raises(ParameterError, match="no keys lead between"):
        scope_rule("orders.date >= customers.since", COLUMNS, [])


def test_rules_that_wait_for_each_other_and_keys_are_refused(db):
    circle = ["orders.paid >= sum(lines.amount)", "lines.amount <= orders.paid"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LookalikeWarning)
        with pytest.raises(DataError, match="changes what another one reaches"):
            la.Relational(trees=1).fit(db, rules=circle)
    with pytest.raises(ParameterError, match=r"orders\.id is a key"):
        la.Relational().fit(db, rules=["orders.id > 3"])
    with pytest.raises(ParameterError, match="is of numbers"):
        check_database_rules(db, ["customers.since >= sum(orders.date)"])


def test_rules_that_leave_no_room_given_other_tables_are_named_at_the_fit(db):
    # Nothing keeps orders near their customers, so that lines may have no day left.
    narrow = ["lines.sent >= orders.date", "lines.sent - customers.since <= 80 days"]
    with pytest.raises(DataError, match=r"leave no room in .* rows of 'lines'.*Declare also"):
        la.Relational(trees=1, random_state=0).fit(db, rules=narrow)


def emptied(*names: str) -> la.Database:
    found = tables()
    return la.Database({n: t.slice(0, 0) if n in names else t for n, t in found.items()}, **KEYS)


@pytest.mark.filterwarnings("ignore:Tables without rows:lookalike.errors.LookalikeWarning")
def test_rules_on_a_table_without_rows_are_left_out_by_name():
    of_lines = "lines.amount >= 0"
    with pytest.warns(LookalikeWarning, match=r"left out: 'lines\.amount >= 0' of 'lines'\.$"):
        model = la.Relational(trees=1, random_state=0).fit(
            emptied("lines"), rules=[of_lines, "orders.total >= 0"]
        )
    assert model.rules_ == ("orders.total >= 0",)
    made = model.sample()
    assert len(made["lines"]) == 0
    assert check_database_rules(made, [of_lines, "orders.total >= 0"]).passed
    with pytest.warns(LookalikeWarning, match="left out"):
        assert la.Relational(trees=1).fit(emptied("lines"), rules=[of_lines]).rules_ == ()


@pytest.mark.filterwarnings("ignore::lookalike.errors.LookalikeWarning")
def test_rules_that_reach_a_table_without_rows_are_refused_by_name():
    for rule in ("orders.total == sum(lines.amount)", "orders.dearest >= max(lines.amount)"):
        with pytest.raises(
            DataError, match=r"(sum|max).*needs rows of 'lines', but that table has"
        ):
            la.Relational(trees=1).fit(emptied("lines"), rules=[rule])
    # Of no rows, their number is known.
    rules = ["orders.lines >= count(lines)"]
    assert la.Relational(trees=1).fit(emptied("lines"), rules=rules).rules_ == tuple(rules)


@pytest.mark.filterwarnings("ignore::lookalike.errors.LookalikeWarning")
def test_rules_on_a_table_that_dropped_rows_leave_empty_are_left_out():
    few = la.Database(
        {
            "customers": pa.table({"id": [1, 2, 3], "age": [-1, 30, 40]}),
            "orders": pa.table({"customer": [1, 1], "total": [3.5, 4.5]}),
        },
        primary_keys={"customers": "id"},
        foreign_keys=["orders.customer -> customers.id"],
    )
    rules = ["customers.age >= 0", "orders.total > 0"]
    model = la.Relational(trees=1).fit(few, rules=rules, broken="drop")
    assert model.rules_ == ("customers.age >= 0",)
    assert len(model.sample()["orders"]) == 0


# --- command line ---------------------------------------------------------------------------------


def test_the_command_line_fits_with_rules_and_checks(db, tmp_path, capsys):
    source = tmp_path / "shop"
    db.write(source)
    model, fake = str(tmp_path / "m.lookalike"), str(tmp_path / "fake")
    rules = [option for rule in RULES[:2] for option in ("--rule", rule)]
    assert main(["fit", str(source), "-o", model, "--seed", "0", "--set", "trees=1", *rules]) == 0
    assert main(["info", model]) == 0
    assert RULES[1] in capsys.readouterr().out
    assert main(["sample", model, "-o", fake]) == 0
    assert main(["check", fake, *rules]) == 0
    assert "All 2 rules hold" in capsys.readouterr().out
    assert main(["check", fake, "--rule", "orders.total >= 40"]) == 1
    assert "in 'orders': broken in" in capsys.readouterr().out
