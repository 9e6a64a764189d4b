"""A relation is one file: nobody asks which form it is, and a new form needs only an entry."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import lookalike
from lookalike._core.errors import SchemaError
from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.encoding import SampledRows, TableEncoder, sample_encoded
from lookalike.relations import (
    RELATIONS,
    Cells,
    Evidence,
    Relation,
    Stage,
    cells_of,
    describe,
    find_dependencies,
    infer_schema,
    relation,
)
from lookalike.tables import Dependency, Schema, conform

SOURCE = Path(lookalike.__file__).parent
N = 300


def every_kind(kind: type[Relation]) -> Iterator[type[Relation]]:
    """Yield a class and all classes that are made of it."""
    yield kind
    for below in kind.__subclasses__():
        yield from every_kind(below)


def asked(tree: ast.AST, names: set[str]) -> Iterator[str]:
    """Yield the checks of whether something is of one of some classes."""
    for node in ast.walk(tree):
        call = isinstance(node, ast.Call) and getattr(node.func, "id", "")
        if call in ("isinstance", "issubclass") or isinstance(node, ast.Compare | ast.MatchClass):
            said = {getattr(n, "id", getattr(n, "attr", None)) for n in ast.walk(node)}
            if said & names:
                yield ast.unparse(node)


def test_nobody_asks_which_form_a_relation_is() -> None:
    names = {kind.__name__ for kind in every_kind(Relation)}
    assert names >= {kind.__name__ for kind in RELATIONS.values()}
    found = {
        str(path.relative_to(SOURCE)): checks
        for path in SOURCE.rglob("*.py")
        if (checks := list(asked(ast.parse(path.read_text(encoding="utf-8")), names)))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("isinstance(made, Lookup)", 1),
        ("isinstance(made, relations.Linear | Lookup)", 1),
        ("issubclass(kind, (Offset, int))", 1),
        ("type(made) is Lookup", 1),
        ("match made:\n    case Lookup():\n        pass", 1),
        ("isinstance(made, int)", 0),
    ],
)
def test_what_asks_for_a_form_is_found(code: str, count: int) -> None:
    names = {kind.__name__ for kind in RELATIONS.values()}
    assert len(list(asked(ast.parse(code), names))) == count


# --- every form -----------------------------------------------------------------------------------

_RNG = np.random.default_rng(0)
_A, _B = _RNG.integers(10, 900, N), _RNG.integers(10, 90, N)
_KEY = np.char.add("k", (_A % 4).astype(str))
#: Columns of which "y" depends on others in one way.
EXAMPLES: dict[str, tuple[dict[str, np.ndarray], Dependency]] = {
    "linear": (
        {"a": _A, "b": _B, "y": _A - _B + 3},
        Dependency("y", ("a", "b"), "linear", (1.0, -1.0), 3.0),
    ),
    "lookup": ({"key": _KEY, "y": _A % 4 * 7}, Dependency("y", ("key",))),
    "mostly": ({"key": _KEY, "y": _A % 4 * 7}, Dependency("y", ("key",), "mostly")),
    "offset": (
        {"a": _A, "y": _A + _B},
        Dependency("y", ("a",), "offset", (1.0,), at_least=("a",)),
    ),
    "ratio": ({"a": _A, "y": _A * _B}, Dependency("y", ("a",), "ratio")),
    "formula": (
        {"a": _A, "b": _B, "y": _A * _B},
        Dependency("y", ("a", "b"), "formula", formula="c0 * c1"),
    ),
    "flag": (
        {"a": _A % 3 == 0, "y": _A % 3 == 1},
        Dependency("y", ("a",), "flag", rule="one_hot(a, y, z)"),
    ),
    "last_flag": (
        {"a": _A % 3 == 0, "b": _A % 3 == 1, "y": _A % 3 == 2},
        Dependency("y", ("a", "b"), "last_flag", rule="one_hot(a, b, y)"),
    ),
    "equal": ({"a": _A, "y": np.where(_B < 40, _A, _B)}, Dependency("y", ("a",), "equal")),
}


def test_every_form_has_an_example() -> None:
    assert EXAMPLES.keys() == RELATIONS.keys()


@pytest.mark.parametrize("form", EXAMPLES)
def test_a_relation_keeps_its_contract(form: str) -> None:
    columns, spec = EXAMPLES[form]
    table = pa.table(columns)
    schema = Schema(infer_schema(table, dependencies=False).columns, (spec,), N)
    canonical = conform(table, schema)
    cells = cells_of(canonical)
    made = relation(spec)
    assert made.suits(cells)
    made.fit(cells, schema)
    assert not made.is_empty
    residual = made.residual(cells)
    assert (residual is not None) is made.learns_residual
    computed = made.compute(cells, residual, Rows())
    assert computed.type == cells["y"].type
    assert computed.to_pylist() == cells["y"].to_pylist()
    # what is stored gives back the same relation
    state = made.state()
    stored = Learned(json.loads(json.dumps(state.values, allow_nan=False)), state.arrays)
    again = relation(spec).load(stored, schema)
    assert again.compute(cells, residual, Rows()).equals(computed)
    if made.learns_residual:
        assert again.residual_column == made.residual_column
    # it holds in the rows of the fit, and is said of the right columns
    encoder = TableEncoder().fit(canonical, schema, np.random.default_rng(0))
    found = encoder.graph_.violations(canonical, canonical)
    assert not any(wrong.any() for wrong in found.values())
    assert all(name in describe(spec) for name in columns)


# --- a form of one's own --------------------------------------------------------------------------


class Larger(Relation):
    """The larger of two other numbers."""

    name = "larger"
    exact = True

    def fit(self, cells: Cells, schema: Schema) -> Larger:
        return self

    def compute(self, cells: Cells, residual: pa.Array | None, rows: Rows) -> pa.Array:
        return pc.max_element_wise(*(cells[name] for name in self.spec.on), skip_nulls=False)

    def state(self) -> Learned:
        return Learned()

    def load(self, state: Learned, schema: Schema) -> Larger:
        return self

    @classmethod
    def statement(cls, spec: Dependency) -> str:
        return f"{spec.column} is the larger of {' and '.join(spec.on)}"


def find_larger(evidence: Evidence) -> Iterator[Dependency]:
    for one, a, b in combinations(evidence.free_numbers, 3):
        for column, others in ((one, (a, b)), (a, (one, b)), (b, (one, a))):
            if (column.floats == np.maximum(*(m.floats for m in others))).all():
                yield Dependency(column.name, tuple(m.name for m in others), "larger")


def test_a_new_form_needs_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    other = _RNG.integers(10, 900, N)
    table = pa.table({"a": _A, "b": other, "top": np.maximum(_A, other)})
    schema = infer_schema(table, dependencies=False)
    canonical = conform(table, schema)
    assert "larger" not in {d.form for d in find_dependencies(canonical, schema)}
    spec = Dependency("top", ("a", "b"), "larger")
    with pytest.raises(SchemaError, match="'top' is 'larger'"):
        describe(spec)
    monkeypatch.setattr(Larger, "finders", {Stage.SUMS: find_larger})
    monkeypatch.setitem(RELATIONS, "larger", Larger)
    assert find_dependencies(canonical, schema) == (spec,)
    assert describe(spec) == "top is the larger of a and b"
    encoder = TableEncoder().fit(canonical, infer_schema(table), np.random.default_rng(0))
    assert encoder.schema_.dependencies == (spec,)
    assert {block.column for block in encoder.layout_.blocks} == {"a", "b"}
    # shuffled rows keep it, also when the encoder is stored
    again = TableEncoder.from_state(encoder.state(), encoder.schema_)
    drawn = sample_encoded(encoder.encode(canonical), encoder.layout_, np.random.default_rng(1))
    numbers = np.random.default_rng(2).permuted(drawn.numbers, axis=0)
    made = again.decode(SampledRows(numbers, drawn.levels))
    assert not made.equals(canonical)
    assert made["top"].equals(pc.max_element_wise(made["a"], made["b"]))
    # it completes known cells, and finds what breaks it
    nothing = pa.chunked_array([pa.nulls(N, pa.int64())])
    known = canonical.set_column(2, "top", nothing)
    assert again.graph_.infer(known).equals(canonical)
    wrong = canonical.set_column(2, "top", pa.chunked_array([pa.array(_A * 0 + 1_000)]))
    half = wrong.set_column(1, "b", nothing)
    assert again.graph_.violations(half, wrong)["top"].all()
    assert not again.graph_.violations(half, canonical)["top"].any()
