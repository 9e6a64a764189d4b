"""The base class of synthesizers: its promises to the hooks, and its use of them."""

from __future__ import annotations

import itertools
import threading
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike._core.errors import DataError, NotFittedError, ParameterError, SchemaError
from lookalike._core.parameters import Choice
from lookalike.models import Independent, Request
from lookalike.models._ahead import ahead
from lookalike.models._fingerprint import ENOUGH, fingerprint
from lookalike.models._rows import rebatch
from lookalike.tables import Kind, Schema

TABLE = pa.table(
    {
        "x": [0.5, 1.5, 2.25, 8.0, 1.75, 3.5] * 20,
        "n": [0, 1, 1, 0, 1, 1] * 20,
        "c": ["a", "b", "b", "a", None, "b"] * 20,
    }
)


class Failing(Independent):
    """Fails in one hook, and makes small blocks."""

    BLOCK = 16
    _rules: ClassVar = {**Independent._rules, "hook": Choice(("none", "fit", "start", "block"))}

    def __init__(
        self, *, hook="none", min_category_count=2, text_placeholder=None, random_state=None
    ):
        super().__init__(
            min_category_count=min_category_count,
            text_placeholder=text_placeholder,
            random_state=random_state,
        )
        self.hook = hook

    def _fit(self, task):
        super()._fit(task)
        self._meet("fit")

    def _source(self, request):
        make = super()._source(request)
        self._meet("start")

        def made(block):
            if block == 2:
                self._meet("block")
            return make(block)

        return made

    def _meet(self, hook):
        if self.hook == hook:
            raise ArithmeticError(f"in {hook}")


@pytest.fixture(scope="module")
def model():
    return Failing(random_state=0).fit(TABLE)


def threads():
    return [t for t in threading.enumerate() if t.name.startswith("lookalike-sample")]


# --- fit


def test_a_hook_that_fails_leaves_what_was_there():
    model = Failing(hook="fit", random_state=0)
    with pytest.raises(ArithmeticError):
        model.fit(TABLE)
    assert set(vars(model)) == set(model.get_params())
    before = model.set_params(hook="none").fit(TABLE).sample(5)
    with pytest.raises(ArithmeticError):
        model.set_params(hook="fit").fit(TABLE.slice(0, 50))
    assert model.n_rows_ == 120
    assert model.sample(5).equals(before)


def test_hooks_do_not_see_a_table_of_which_nothing_is_learned():
    table = pa.table({"k": ["same"] * 4, "e": pa.nulls(4, pa.int64())})
    rows = Failing(hook="fit").fit(table).sample(40)
    assert rows.to_pydict() == {"k": ["same"] * 40, "e": [None] * 40}


def test_every_broken_parameter_is_named_at_once():
    model = Failing(hook="non", random_state="x").set_params(min_category_count=0)
    with pytest.raises(ParameterError) as caught:
        model.fit(TABLE)
    words = str(caught.value)
    assert "Did you mean 'none'?" in words
    assert "random_state" in words
    assert "min_category_count" in words


def test_a_generator_as_random_state_is_drawn_from_once():
    model = Independent(random_state=np.random.default_rng(5)).fit(TABLE)
    again = Independent(random_state=np.random.default_rng(5)).fit(TABLE)
    assert model.seed_ == again.seed_
    assert model.sample(5).equals(again.sample(5))
    first = model.sample(5, random_state=np.random.default_rng(1))
    assert first.equals(model.sample(5, random_state=np.random.default_rng(1)))


def test_schema_and_kinds_are_one_or_the_other():
    schema = Schema.infer(TABLE, kinds={"x": "categorical"})
    with pytest.raises(ParameterError, match="not both"):
        Independent().fit(TABLE, schema=schema, kinds={"x": "categorical"})
    by_kinds = Independent(random_state=0).fit(TABLE, kinds={"x": "categorical"})
    by_schema = Independent(random_state=0).fit(TABLE, schema=schema)
    assert by_kinds.schema_["x"].kind is Kind.CATEGORICAL
    assert by_kinds.sample(9).equals(by_schema.sample(9))


def test_a_schema_of_another_table_is_refused():
    with pytest.raises(DataError, match="rows"):
        Independent().fit(TABLE.slice(0, 0), schema=Schema.infer(TABLE))
    with pytest.raises(SchemaError, match="'x'"):
        Independent().fit(TABLE.drop_columns(["x"]), schema=Schema.infer(TABLE))


# --- target


def test_an_integer_target_of_few_values_is_taken_for_classes():
    table = pa.table({"few": [1, 2, 3, 5] * 30, "many": list(range(60)) * 2, "x": [0.5, 1.5] * 60})
    assert Independent().fit(table, target="few").schema_["few"].kind is Kind.CATEGORICAL
    assert Independent().fit(table, target="many").schema_["many"].kind is Kind.INTEGER
    kept = Independent(random_state=0).fit(table, target="few", kinds={"few": "integer"})
    assert kept.schema_["few"].kind is Kind.INTEGER
    rows = Independent().fit(table, target="few").sample(5)
    assert rows.schema.equals(table.schema)


@pytest.mark.parametrize(
    ("target", "kinds"), [("k", {}), ("c", {"c": "text"}), ("c", {"c": "identifier"})]
)
def test_a_target_that_is_not_learned_is_refused(target, kinds):
    table = TABLE.append_column("k", pa.array(["same"] * 120))
    with pytest.raises(SchemaError, match=repr(target)):
        Independent().fit(table, target=target, kinds=kinds)


def test_a_target_is_learned_and_not_derived():
    code = ["a", "b", "c", "a"] * 30
    one_to_one = pa.table(
        {"key": [f"k{v}" for v in code], "label": code, "x": [0.5, 1.5, 2.5] * 40}
    )
    many_to_one = pa.table({"key": [c + str(i % 2) for i, c in enumerate(code)], "label": code})
    for table in (one_to_one, many_to_one):
        for target in ("label", "key"):
            model = Independent(random_state=0).fit(table, target=target)
            assert target not in {d.column for d in model.schema_.dependencies}
    model = Independent(random_state=0).fit(one_to_one, target="label")
    assert [(d.column, d.on) for d in model.schema_.dependencies] == [("key", ("label",))]
    rows = model.sample(50).to_pydict()
    assert rows["key"] == [f"k{v}" for v in rows["label"]]


# --- sample


@settings(deadline=None, max_examples=30)
@given(start=st.integers(0, 60), n=st.integers(0, 60))
def test_any_stretch_is_a_part_of_the_whole(model, start, n):
    whole = model.sample(120)
    assert model.sample(n, start=start).to_pydict() == whole.slice(start, n).to_pydict()


@settings(deadline=None)
@given(sizes=st.lists(st.integers(0, 7), max_size=6), batch_size=st.integers(1, 20))
def test_rebatch_keeps_rows_and_sizes(sizes, batch_size):
    ends = np.cumsum([0, *sizes])
    words = pa.array([f"w{i % 3}" for i in range(ends[-1])], pa.string()).dictionary_encode()
    whole = pa.table({"i": np.arange(ends[-1]), "w": words})
    tables = [whole.slice(a, b - a) for a, b in itertools.pairwise(ends)]
    batches = list(rebatch(iter(tables), batch_size))
    assert all(batch.num_rows == batch_size for batch in batches[:-1])
    assert all(0 < batch.num_rows <= batch_size for batch in batches)
    made = [row for batch in batches for row in batch.to_pylist()]
    assert made == whole.to_pylist()


def test_an_error_in_another_thread_arrives():
    model = Failing(hook="block", random_state=0).fit(TABLE)
    assert model.sample(32).num_rows == 32
    with pytest.raises(ArithmeticError, match="in block"):
        model.sample(33)
    assert not threads()


def test_whoever_leaves_early_leaves_no_thread(model):
    batches = model.sample_batches(10_000, batch_size=3)
    next(batches)
    assert threads()
    batches.close()
    assert not threads()


def test_a_mistake_in_sample_batches_is_raised_at_the_call():
    with pytest.raises(NotFittedError, match="fit"):
        Independent().sample_batches(3)


def test_ahead_computes_no_more_than_asked():
    made = []
    blocks = ahead(lambda block: made.append(block) or block, range(1000), depth=2)
    assert [next(blocks), next(blocks)] == [0, 1]
    blocks.close()
    assert len(made) <= 5


def test_known_rows_do_not_change(model):
    assert model.sample(3).to_pydict() == {
        "x": [1.5, 8.0, 8.0],
        "n": [1, 0, 0],
        "c": ["b", "a", "a"],
    }


def test_not_a_table():
    with pytest.raises(DataError):
        Independent().fit([[1, 2], [3, 4]])


# --- fingerprint


def test_a_fingerprint_is_of_the_cells_alone():
    again = pa.concat_tables([TABLE.slice(0, 7), TABLE.slice(7)])
    coded = TABLE.set_column(2, "c", TABLE["c"].dictionary_encode())
    assert fingerprint(TABLE) == fingerprint(again) == fingerprint(coded)
    assert len(fingerprint(TABLE)) == 64


@pytest.mark.parametrize(
    "other",
    [
        TABLE.rename_columns(["x", "n", "d"]),
        TABLE.set_column(2, "c", TABLE["c"].fill_null("")),
        TABLE.set_column(1, "n", pa.array([1, *TABLE["n"].to_pylist()[1:]])),
        TABLE.slice(1),
        TABLE.select(["n", "x", "c"]),
    ],
)
def test_any_change_changes_the_fingerprint(other):
    assert fingerprint(other) != fingerprint(TABLE)


def test_small_tables_have_no_fingerprint():
    assert fingerprint(TABLE.slice(0, ENOUGH - 1)) == ""


def test_moments_have_a_fingerprint():
    ticks = pa.array(np.arange(ENOUGH, dtype=np.int64))
    kinds = [pa.timestamp("ns", tz="Europe/Zurich"), pa.duration("us"), pa.time64("us")]
    columns = {str(kind): ticks.view(kind) for kind in kinds}
    columns["date"] = ticks.cast(pa.int32()).view(pa.date32())
    assert len(fingerprint(pa.table(columns))) == 64


# --- rows to conditions


class Told(Independent):
    """Makes small blocks, rows to conditions as others, and rows of its first level in the end."""

    BLOCK = 16
    last = 10**9

    def _source(self, request):
        make = super()._source(Request(request.seed))
        return lambda block: make(block) if block < self.last else self._nothing(block)


SELDOM = pa.table({"x": np.linspace(0, 1, 1000), "c": ["often"] * 990 + ["seldom"] * 10})


@pytest.mark.parametrize("seed", [1, 7])
def test_what_few_blocks_have_is_found_whatever_the_number_of_rows(seed):
    """With these seeds it is in the first and the second block, and next in many blocks' time."""
    model = Told(random_state=0).fit(SELDOM)
    made = model.sample(20, given={"c": "seldom"}, random_state=seed)
    assert made["c"].to_pylist() == ["seldom"] * 20
    for rows in (1, 5):
        few = model.sample(rows, given={"c": "seldom"}, random_state=seed)
        assert few.equals(made.slice(0, rows))
    part = model.sample(3, given={"c": "seldom"}, random_state=seed, start=9)
    assert part.equals(made.slice(9, 3))


def test_rows_as_asked_that_no_longer_come_are_said_to_be_rare():
    model = Told(random_state=0).fit(SELDOM)
    model.last = 1
    assert model.sample(1, given={"c": "seldom"}, random_state=1)["c"].to_pylist() == ["seldom"]
    with pytest.raises(DataError, match=r"too rare: 0 .* among 1,616 .* for 1: c = 'seldom'"):
        model.sample(20, given={"c": "seldom"}, random_state=1)


def test_rows_as_asked_of_which_there_is_none_are_given_up_soon():
    model = Told(random_state=0).fit(SELDOM)
    model.last = 0
    with pytest.raises(DataError, match=r"No row fulfils all conditions, among 64 .*'seldom'"):
        model.sample(1, given={"c": "seldom"})
