"""The language of rules: what it says, and what it refuses."""

from __future__ import annotations

import pyarrow as pa
import pytest

from lookalike.errors import InputError, ParameterError
from lookalike.rules import check_rules, split_rules
from lookalike.rules._read import read_rule

TABLE = pa.table(
    {
        "n": [1, 2, 3, None, 50],
        "x": [1.5, 2.0, 3.0, 4.0, 5.25],
        "y": [1.5, 1.0, 9.0, 4.0, 5.0],
        "s": ["a", "b", "a", None, "c d"],
        "f": [True, False, None, True, False],
        "day": pa.array(["2020-01-01", "2020-02-01", "2020-03-01", None, "2021-01-01"]).cast(
            pa.timestamp("us")
        ),
        "due": pa.array(["2020-01-11", "2020-01-31", "2020-04-30", None, "2021-01-01"]).cast(
            pa.timestamp("us")
        ),
    }
)
KINDS = {"n": "integer", "x": "continuous", "y": "continuous", "s": "categorical", "f": "boolean"}
KINDS |= {"day": "datetime", "due": "datetime"}


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("n <= 3", (4,)),
        ("0 <= n < 3", (2, 4)),
        ("x == y", (1, 2, 4)),
        ("x != y", (0, 3)),
        ("abs(x - y) <= 1", (2,)),
        ("abs(x - y) > 0.5", (0, 3, 4)),
        ("x * y > 2.1", (1,)),
        ("s == 'a'", (1, 4)),
        ("s != 'a'", (0, 2)),
        ("s in ['a', 'c d']", (1,)),
        ("s not in ['a', \"c d\"]", (0, 2, 4)),
        ("n in [1, 3]", (1, 4)),
        ("n not in [1, 3]", (0, 2)),
        ("s is missing", (0, 1, 2, 4)),
        ("s is not missing", (3,)),
        ("f", (1, 4)),
        ("not f", (0, 3)),
        ("f == true -> x < 2", (3,)),
        ("x < 2 if f", (3,)),
        ("s == 'b' or x > 2 and y > 4", (0,)),
        ("not (s == 'a' or x > 4)", (0, 2, 4)),
        ("day <= due", (1,)),
        ("due - day <= 30", (2,)),
        ("due - day <= 5 weeks", (2,)),
        ("due >= day + 10 days", (1, 4)),
        ("day < '2020-03-01'", (2, 4)),
        ("n is missing -> day is missing", ()),
        ("s, n -> x", ()),
        ("unique(s)", (2,)),
    ],
)
def test_rows_that_break_a_rule(rule: str, broken: tuple[int, ...]) -> None:
    found = check_rules(TABLE, [rule], kinds=KINDS)
    assert (found.broken[0].rows if found.broken else ()) == broken
    assert found.passed is not bool(broken)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("", "must not be empty"),
        ("x = y", "Equality is written =="),
        ("x <=", "cannot be read"),
        ("zz <= 1", "there is no column 'zz'"),
        ("x + 1", "is no statement"),
        ("s <= x", "'s' is categorical, not a number"),
        ("s < 'b'", "categories without an order"),
        ("day <= 3", "a date can be compared with dates only"),
        ("x <= 3 days", "a duration can be compared with dates"),
        ("day * 2 <= due", "cannot be used"),
        ("x -> x", "stands on both sides"),
        ("x -> y -> n", "one arrow"),
        ("__import__('os').system('true')", "is no statement"),
        ("x <= __import__('os')", "cannot be used"),
        ("x.__class__ == 1", "cannot be used"),
        ("[x for x in y] == 1", "cannot be read"),
        ("one_hot(x)", "two columns or more"),
        ("x" + " + x" * 500 + " <= 1", "1000 characters"),
        ("(" * 300 + "x" + ")" * 300 + " <= 1", "cannot be"),
    ],
)
def test_what_is_no_rule(rule: str, words: str) -> None:
    with pytest.raises(InputError, match=words.replace("(", r"\(")):
        check_rules(TABLE, [rule], kinds=KINDS)


def test_one_text_is_no_list() -> None:
    with pytest.raises(ParameterError, match="must be a list"):
        check_rules(TABLE, "x <= y")


def test_files_have_comments() -> None:
    assert split_rules("\ufeff# a\r\nx <= y # b\r\n s == '#' \n") == ["x <= y", "s == '#'"]


def test_rules_are_folded_in_spaces_only() -> None:
    assert read_rule("  x   <=  y ").text == "x <= y"


@pytest.mark.parametrize("name", ["\u00b5g", "\ufb01eld", "m²", "cafe\u0301", "ſide"])
def test_a_name_that_python_folds_is_the_column_as_it_is_written(name) -> None:
    table = pa.table({name: [1, 2, 3], "largest": [1, 3, 3]})
    assert check_rules(table, [f"{name} == largest"]).broken[0].rows == (1,)


def test_of_two_names_that_python_folds_to_one_the_written_one_is_meant() -> None:
    ligature = "\ufb01eld"
    table = pa.table({ligature: [1, -2, -3], "field": [4, 5, 6]})
    assert not check_rules(table, [f"{ligature} > 0"]).passed
    assert check_rules(table, ["field > 0"]).passed
    assert check_rules(table, [f"{ligature} < field", f"{ligature}≤2"]).passed
