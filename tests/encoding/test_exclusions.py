"""What never occurs together is found, said and refused; what is only rare is not."""

from __future__ import annotations

import json
import sys
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lookalike.encoding import Learned, SampledRows, TableEncoder, sample_encoded
from lookalike.encoding._unseen import tally, unseen
from lookalike.relations import infer_schema
from lookalike.tables import Dependency, Schema, conform

N = 2_000


def fitted(
    cells: dict[str, Any], *found: Dependency, **options: Any
) -> tuple[TableEncoder, pa.Table]:
    table = pa.table(cells)
    schema = infer_schema(table, dependencies=False)
    schema = Schema(schema.columns, found, schema.rows)
    table = conform(table, schema)
    return TableEncoder(**options).fit(table, schema, np.random.default_rng(0)), table


def drawn(encoder: TableEncoder, table: pa.Table) -> SampledRows:
    return sample_encoded(encoder.encode(table), encoder.layout_, np.random.default_rng(1))


def mixed(rows: SampledRows) -> SampledRows:
    rng = np.random.default_rng(2)
    return SampledRows(rng.permuted(rows.numbers, axis=0), rng.permuted(rows.levels, axis=0))


@pytest.fixture
def family() -> dict[str, Any]:
    """Return husbands, who are never women, and children, who earn nothing."""
    rng = np.random.default_rng(0)
    role = rng.choice(["husband", "wife", "child"], N)
    woman = np.where(role == "child", rng.random(N) < 0.5, role == "wife")
    pay = np.where(role == "child", 0, rng.integers(100, 900, N))
    gone = (role == "wife") & (rng.random(N) < 0.3)
    return {
        "role": role,
        "sex": np.where(woman, "F", "M"),
        "pay": pa.array(pay, mask=gone),
        "height": rng.normal(size=N),
    }


def test_impossible_combinations_are_refused_and_real_ones_never(family: dict[str, Any]) -> None:
    encoder, table = fitted(family)
    rows = drawn(encoder, table)
    assert not encoder.violates_zeros(rows).any()
    wrong = encoder.violates_zeros(mixed(rows))
    made = encoder.decode(mixed(rows)).to_pydict()
    for role, sex, pay, refused in zip(made["role"], made["sex"], made["pay"], wrong, strict=True):
        nobody = (role, sex) in {("husband", "F"), ("wife", "M")}
        paid = (role == "child") is not (pay == 0) if pay is not None else role != "wife"
        assert refused == (nobody or paid)


def test_they_are_said_in_words(family: dict[str, Any]) -> None:
    lines = fitted(family)[0].never_together()
    assert "role husband: never with sex F" in lines
    assert "role child: never with pay missing" in lines
    assert any("never with pay 0" in line or "pay 0: never" in line for line in lines)
    assert not any("height" in line for line in lines)


def test_they_survive_saving(family: dict[str, Any]) -> None:
    encoder, table = fitted(family)
    state = encoder.state()
    values = json.loads(json.dumps(state.values, allow_nan=False))
    again = TableEncoder.from_state(Learned(values, state.arrays), encoder.schema_)
    rows = mixed(drawn(encoder, table))
    np.testing.assert_array_equal(again.violates_zeros(rows), encoder.violates_zeros(rows))
    assert again.never_together() == encoder.never_together()


def test_limits_of_columns_without_structural_zeros_are_not_kept(family: dict[str, Any]) -> None:
    encoder, _ = fitted(family)
    zeros, blocks = encoder.exclusions_, encoder.layout_.blocks
    assert any(b.column == "height" and b.source == "interval" for b in blocks)
    named = {blocks[i].column for i in zeros.cuts}
    assert named == {"pay"}


@pytest.mark.parametrize("change", ["pairs", "cuts", "cells"])
def test_a_damaged_state_is_refused(family: dict[str, Any], change: str) -> None:
    encoder, _ = fitted(family)
    state = encoder.exclusions_.state()
    values, arrays = json.loads(json.dumps(state.values)), dict(state.arrays)
    if change == "pairs":
        values["pairs"][0] = [0, 99]
    elif change == "cuts":
        values["cuts"] = {k: [7.0] for k in values["cuts"]}
    else:
        arrays["cells"] = arrays["cells"] + 10**6
    with pytest.raises((ValueError, IndexError)):
        type(encoder.exclusions_).from_state(Learned(values, arrays), encoder.layout_)


def test_one_row_is_enough_to_allow_a_combination(family: dict[str, Any]) -> None:
    at = np.flatnonzero(family["role"] == "husband")[0]
    family["sex"][at] = "F"
    lines = fitted(family)[0].never_together()
    assert "role husband: never with sex F" not in lines
    assert "role wife: never with sex M" in lines


def test_chance_excludes_nothing() -> None:
    rng = np.random.default_rng(0)
    cells: dict[str, Any] = {f"n{i}": rng.normal(size=N) for i in range(5)}
    cells |= {f"c{i}": np.char.add("l", rng.zipf(1.6, N).clip(1, 40).astype(str)) for i in range(5)}
    assert fitted(cells)[0].never_together() == []


def test_it_is_off_where_nothing_is_derived(family: dict[str, Any]) -> None:
    encoder, table = fitted(family, derive=False)
    assert encoder.never_together() == []
    assert not encoder.violates_zeros(mixed(drawn(encoder, table))).any()


def test_all_that_is_looked_up_by_must_have_been_seen() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.integers(0, 3, N), rng.integers(0, 60, N)
    kept = (one + two) % 2 == 0  # every second combination, each due about 11 times
    one, two = one[kept], two[kept]
    cells = {
        "one": np.char.add("a", one.astype(str)),
        "two": np.char.add("b", two.astype(str)),
        "value": one * 100 + two**2,
    }
    encoder, table = fitted(cells, Dependency("value", ("one", "two"), "mostly"))
    rows = mixed(drawn(encoder, table))
    known = set(zip(cells["one"], cells["two"], strict=True))
    made = encoder.decode(rows).to_pydict()
    unseen = [pair not in known for pair in zip(made["one"], made["two"], strict=True)]
    np.testing.assert_array_equal(encoder.violates_zeros(rows), unseen)
    assert not any("two" in line for line in fitted(cells)[0].never_together())


def test_rows_beyond_the_first_looked_at_count_too() -> None:
    rng = np.random.default_rng(0)
    n = 45_000  # every third row is looked at first
    a = rng.integers(0, 3, n)
    b = np.where(a == 0, rng.integers(0, 2, n), rng.integers(0, 3, n))
    cells = {"a": np.char.add("a", a.astype(str)), "b": np.char.add("b", b.astype(str))}
    assert fitted(cells)[0].never_together() == ["a a0: never with b b2"] or fitted(cells)[
        0
    ].never_together() == ["b b2: never with a a0"]
    cells["a"][1], cells["b"][1] = "a0", "b2"
    assert fitted(cells)[0].never_together() == []


def test_what_is_found_at_once_is_what_pair_by_pair_would_be() -> None:
    rng = np.random.default_rng(0)
    n, sizes = 3_000, {2: 2, 3: 7, 5: 600, 8: 9, 9: 3}
    codes = {i: rng.integers(0, size, n) for i, size in sizes.items()}
    codes[8] = np.where(codes[3] < 2, codes[8] % 3, codes[8])
    codes[9] = np.where(codes[2] == 1, 3, codes[8] % 3)  # silenced where block 2 says so
    codes[3][codes[9] == 1] = 0
    due_most = {}
    for left, right in combinations(sizes, 2):
        seen = tally(codes[left], codes[right], (sizes[left], sizes[right]))
        due = np.outer(seen.sum(axis=1), seen.sum(axis=0)) / max(seen.sum(), 1)
        least = np.log(sum(sizes[a] * sizes[b] for a, b in combinations(sizes, 2)) / 1e-3)
        assert not ((seen == 1) & (due >= least)).any()
        never = (seen == 0) & (due >= max(least, 20))
        if never.any():
            due_most[left, right] = due[never].sum(), never
    found, rows = unseen(codes, sizes, [])
    assert (rows, len(found)) == (n, len(due_most))
    assert len(found) > 2
    assert [p[:2] for p in found] == sorted(due_most, key=lambda p: -due_most[p][0])
    for left, right, never in found:
        np.testing.assert_array_equal(never, due_most[left, right][1])


def test_twice_as_many_columns_are_twice_as_much_work() -> None:
    def calls(columns: int) -> int:
        rng = np.random.default_rng(0)
        cells: dict[str, Any] = {}
        for i in range(columns // 4):
            cells |= {f"n{i}": rng.normal(size=100), f"i{i}": rng.integers(0, 60, 100)}
            cells |= {f"c{i}": np.char.add("l", rng.integers(0, 6, 100).astype(str))}
            cells |= {f"b{i}": rng.random(100) < 0.3}
        count = 0

        def counted(*event: object) -> None:
            nonlocal count
            count += event[1] in ("call", "c_call")

        table = pa.table(cells)
        sys.setprofile(counted)
        try:
            schema = infer_schema(table)
            TableEncoder().fit(conform(table, schema), schema, rng)
        finally:
            sys.setprofile(None)
        return count

    calls(8)  # imports
    assert calls(120) < 2.3 * calls(60)
