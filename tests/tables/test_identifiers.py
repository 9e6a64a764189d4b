"""New identifiers: unique, of the same pattern, never one of the training set, row by row."""

from __future__ import annotations

import json
import re
import uuid

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike._core.errors import DataError
from lookalike.tables import Column, IdentifierMaker, Kind
from lookalike.tables.identifiers._permutation import permuted

RNG = np.random.default_rng(0)
LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def fit(values):
    values = values if isinstance(values, pa.Array) else pa.array(values)
    return IdentifierMaker().fit(values, Column("id", Kind.IDENTIFIER, str(values.type)))


def again(maker):
    values, arrays = maker.state()
    return IdentifierMaker.from_state(json.loads(json.dumps(values)), arrays)


CASES = {
    "running": ([f"s{i}" for i in range(1, 900)], r"s\d{3,4}"),
    "padded": ([f"INV-{i:05d}" for i in range(1, 500)], r"INV-\d{5}"),
    "ssn": (
        [f"{a:03d}-{a % 89:02d}-{a * 7 % 9973:04d}" for a in range(100, 990)],
        r"\d{3}-\d\d-\d{4}",
    ),
    "uuid": (
        [str(uuid.UUID(bytes=RNG.bytes(16), version=4)) for _ in range(400)],
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    ),
    "hash": ([RNG.bytes(8).hex() for _ in range(300)], r"[0-9a-f]{16}"),
    "years": (
        [f"{2015 + i % 5}/{i * 7 % 9973:04d}" for i in range(800)],
        r"20(15|16|17|18|19)/\d{4}",
    ),
    "letters": (["".join(w) for w in LETTERS[RNG.integers(0, 26, (80, 5))]], r"[A-Z]{5}"),
    "zeros": ([f"{i:010d}" for i in RNG.integers(10**5, 10**10, 300)], r"\d{10}"),
    "digits": ([str(i) for i in RNG.permutation(10**5)[:300] + 10**5], r"[1-2]\d{5}"),
    "two shapes": (
        [f"C{i * 37 % 997}" for i in range(200)] + [f"T-{i * 91}" for i in range(99)],
        r"C\d+|T-\d+",
    ),
    "non-ascii": (["日本", "東京"], r".*\d+"),
    "one": (["abc"], r"[a-z]{3}"),
}


@pytest.mark.parametrize("case", CASES)
def test_words(case):
    cells, pattern = CASES[case]
    maker = fit(cells)
    made = maker.make(0, 700, seed=3)
    assert len(set(made.to_pylist())) == 700
    assert not set(made.to_pylist()) & set(cells)
    assert all(re.fullmatch(pattern, word) for word in made.to_pylist())
    assert again(maker).make(100, 50, seed=3).equals(made[100:150])
    if case not in ("running", "padded"):
        assert not maker.make(0, 700, seed=4).equals(made)


NUMBERS = {
    "running": np.arange(5, 800),
    "sparse": RNG.permutation(250_000)[:1000] + 15_565_701,
    "int32": (RNG.permutation(10**6)[:100] + 2 * 10**9).astype(np.int32),
    "int64": RNG.integers(-(2**63), 2**63 - 1, 500),
    "uint64": RNG.integers(0, 2**64 - 1, 500, dtype=np.uint64),
    "negative": np.array([-5, -900, 20]),
    "dense": np.setdiff1d(np.arange(100, 999), np.arange(100, 999, 11)),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers(case):
    cells = pa.array(NUMBERS[case])
    made = fit(cells).make(0, 2000, seed=1)
    assert made.type == cells.type
    assert pc.count_distinct(made).as_py() == 2000
    assert not pc.any(pc.is_in(made, cells)).as_py()
    assert again(fit(cells)).make(1500, 9, seed=1).equals(made[1500:1509])


def test_running_numbers_count_on():
    assert fit([1, 2, 3, 4]).make(0, 3, seed=0).to_pylist() == [5, 6, 7]
    assert fit(["s1", "s2", "s3"]).make(8, 1, seed=0).to_pylist() == ["s12"]


def test_a_range_is_kept_but_not_its_limits():
    values, _ = fit(pa.array(NUMBERS["sparse"])).state()
    (first, *_) = values["patterns"][0]["levels"]
    assert first["low"] == 15_560_000
    made = fit(pa.array(NUMBERS["sparse"])).make(0, 500, seed=0).to_pylist()
    assert min(made) >= 15_560_000
    assert max(made) < 15_820_000


CODES = RNG.permutation(99_999)[:400]
MOST = ["CH" if i % 10 < 7 else "DE" for i in CODES]
#: Identifiers, and one unlike the others: what is odd about it, and how the others begin.
ODD = {
    "a prefix": ([f"CUST-{i:05d}" for i in CODES], "VIPZ-00007", "VIPZ", {"CUST": 1.0}),
    "a counted one": ([f"CUST-{i:05d}" for i in range(400)], "VIPZ-00400", "VIPZ", {"CUST": 1.0}),
    "a year": (
        [f"{2021 + (c == 'DE')}/{i:05d}" for c, i in zip(MOST, CODES, strict=True)],
        *("1953/00017", "1953/", {"2021": 0.7, "2022": 0.3}),
    ),
    "a year within": ([f"INV2021{i:05d}" for i in CODES], "INV195300017", "INV1953", {"INV2": 1.0}),
    "a country": (
        [f"{c}{i % 90 + 10} {i:05d}" for c, i in zip(MOST, CODES, strict=True)],
        *("LI21 00017", "LI", {"CH": 0.7, "DE": 0.3}),
    ),
    "a domain": (
        [f"u{i}@gmx.{c}".lower() for c, i in zip(MOST, CODES, strict=True)],
        "u1@hid.den",
        "hid",
        {},
    ),
    "a shape": (
        [f"C-{i:05d}" for i in CODES] + [f"K{i:05d}/x" for i in CODES[:100]],
        *("Z_9#x", "Z_", {"C": 0.8, "K": 0.2}),
    ),
    "a length": ([f"c{i:05d}" for i in CODES], "c123456789012", "c1234567", {"c": 1.0}),
    "a script": ([f"c{i:05d}" for i in CODES], "秘密77", "秘密", {"c": 1.0}),
}


@pytest.mark.parametrize("case", ODD)
def test_parts_have_their_shares_and_what_one_has_is_not_made(case):
    others, one, odd, shares = ODD[case]
    maker = fit(cells := [*others, one])
    values, _ = maker.state()
    assert odd not in json.dumps(values, ensure_ascii=False)
    made = again(maker).make(0, 20_000, seed=2)
    words = made.to_pylist()
    assert len(set(words)) == 20_000
    assert not set(words) & set(cells)
    assert not any(word.startswith(odd) or f"@{odd}" in word for word in words)
    for part, share in shares.items():
        # of 400 words: within three standard deviations
        found = sum(word.startswith(part) for word in words) / 20_000
        assert found == pytest.approx(share, abs=0.07)
    assert maker.make(11_000, 9, seed=2).equals(made[11_000:11_009])


def test_running_numbers_go_on_under_every_prefix():
    whole = fit([f"{'AB' if i % 3 else 'XY'}-{i:04d}" for i in range(1, 600)])
    made = whole.make(0, 300, seed=0).to_pylist()
    assert [int(word[3:]) for word in made] == list(range(600, 900))
    assert sum(word.startswith("XY") for word in made) == pytest.approx(100, abs=30)
    own = fit([f"A-{i}" for i in range(1, 201)] + [f"B-{i}" for i in range(1, 101)])
    made = own.make(0, 300, seed=0).to_pylist()
    for letter, last in (("A", 200), ("B", 100)):
        numbers = [int(word[2:]) for word in made if word[0] == letter]
        assert numbers == list(range(last + 1, last + 1 + len(numbers)))


@pytest.mark.parametrize("first", [1, 437])
def test_one_far_number_neither_ends_a_count_nor_is_told_by_it(first):
    usual, far = list(range(first, first + 400)), 987_654_321
    for cells in (pa.array([*usual, far]), pa.array([f"X{i}" for i in (*usual, far)])):
        maker = fit(cells)
        made = maker.make(0, 2_000, seed=0)
        assert not re.search("98765|437", json.dumps(maker.state()[0]))
        assert pc.max(pc.utf8_length(made.cast(pa.string()))).as_py() <= 5
        assert not pc.any(pc.is_in(made, cells)).as_py()
    # nor does a gap at the end
    ends = [fit([*range(1, 400), end]).make(0, 1, seed=0)[0].as_py() for end in (403, 406)]
    assert ends[0] == ends[1] > 406


def test_a_full_space_is_extended():
    cells = [f"{a}{b}" for a in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for b in range(10)]
    made = fit(cells).make(0, 3000, seed=0).to_pylist()
    assert len({*made, *cells}) == 3000 + 260
    assert all(re.fullmatch(r"[A-Z]\d{2,3}", word) for word in made)


def test_a_full_type_says_so():
    maker = fit(pa.array([1, 5, 9, 77], pa.int8()))
    assert pc.count_distinct(maker.make(0, 80, seed=0)).as_py() == 80
    with pytest.raises(DataError, match="int8 has room for"):
        maker.make(0, 300, seed=0)


def test_floats_and_types_are_kept():
    assert fit([1.0, 2.0, 77.0]).make(0, 3, seed=0).type == pa.float64()
    assert (
        fit(pa.array(["a1", "b2"], pa.large_string())).make(0, 3, seed=0).type == pa.large_string()
    )
    with pytest.raises(DataError, match="'id'"):
        fit([1.5, 2.5])


def test_the_share_of_missing_cells_is_kept():
    cells = [None if i % 4 == 0 else f"X{i * 7}" for i in range(400)]
    made = fit(cells).make(0, 4000, seed=0)
    assert abs(made.null_count / 4000 - 0.25) < 0.03
    assert fit(cells).make(17, 30, seed=0).equals(made[17:47])
    dropped = IdentifierMaker().fit(
        pa.array(cells).drop_null(), Column("id", Kind.IDENTIFIER, "string", missing=100)
    )
    assert dropped.make(0, 4000, seed=0).equals(made)
    assert fit(pa.nulls(3, pa.string())).make(0, 5, seed=0).null_count == 5


def test_a_stored_alphabet_must_give_new_words():
    values, arrays = fit([f"a-{i * i * 7919 % 9973:04d}" for i in range(1, 50)]).state()
    values["patterns"][0]["alphabet"] = "1"
    with pytest.raises(ValueError, match="two letters"):
        IdentifierMaker.from_state(values, arrays)


def test_what_is_kept_tells_no_identifier():
    cells = [f"{a:03d}-{a % 89:02d}-{a * 7 % 9973:04d}" for a in range(100, 990)]
    values, arrays = fit(cells).state()
    text = json.dumps(values)
    assert not any(cell in text for cell in cells)
    assert sum(array.nbytes for array in arrays.values()) <= 2 * len(cells)


@settings(max_examples=60, deadline=None)
@given(size=st.integers(1, 5000), key=st.integers(0, 2**64 - 1))
def test_an_order_has_each_place_once(size, key):
    assert sorted(permuted(np.arange(size, dtype=np.uint64), size, key)) == list(range(size))


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(
        st.text("ab19-é ", min_size=1, max_size=6), min_size=1, max_size=40, unique=True
    ),
    start=st.integers(0, 10**6),
    seed=st.integers(0, 2**63 - 1),
)
def test_any_words_will_do(cells, start, seed):
    maker = fit(cells)
    made = maker.make(start, 60, seed)
    assert len(set(made.to_pylist()) - set(cells)) == 60
    assert again(maker).make(start + 7, 3, seed).equals(made[7:10])


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=40, unique=True),
    start=st.integers(0, 10**6),
)
def test_any_numbers_will_do(cells, start):
    made = fit(pa.array(cells, pa.int64())).make(start, 60, seed=5)
    assert len(set(made.to_pylist()) - set(cells)) == 60
