"""Rows as asked: any of them at the cost of the first, and a word where hardly a real row is so."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from lookalike import Independent
from lookalike._core.errors import LookalikeWarning, ParameterError
from lookalike.encoding import TableEncoder
from lookalike.models import Request, Synthesizer, _ahead
from lookalike.models._support import Support
from lookalike.relations import infer_schema
from lookalike.tables import conform, parse_conditions

ROWS = 600


def make_table() -> pd.DataFrame:
    """Return a table in which c is never on isle z and has no number above 2, by chance or not."""
    rng = np.random.default_rng(1)
    group = rng.choice(["a", "b", "c"], ROWS, p=[0.57, 0.4, 0.03])
    isle = rng.choice(["x", "y", "z"], ROWS, p=[0.6, 0.36, 0.04])
    number = rng.normal(size=ROWS).round(2)
    isle[(group == "c") & (isle == "z")] = "y"
    number[(group == "c") & (number > 1)] = 0.5
    return pd.DataFrame(
        {
            "id": [f"N-{k:05d}" for k in rng.permutation(ROWS)],
            "group": group,
            "isle": isle,
            "number": number,
            "whole": rng.integers(0, 90, ROWS),
            "gone": np.where(rng.random(ROWS) < 0.4, np.nan, rng.normal(size=ROWS).round(3)),
        }
    )


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return make_table()


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> Independent:
    return Independent(random_state=0).fit(table)


#: Conditions that are common, near a number, rare, and with classes.
ASKED: dict[str, dict[str, Any]] = {
    "common": {"given": {"group": "a"}},
    "near": {"given": {"number": 0.25}},
    "rare": {"given": {"group": "c", "isle": "x"}},
    "balanced": {"balance": "isle"},
    "balanced and rare": {"balance": "isle", "given": {"whole": (0, 8)}},
}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.filterwarnings("ignore::lookalike.errors.LookalikeWarning")
def test_a_row_as_asked_depends_on_its_number_alone(
    model: Independent, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ASKED[name]
    whole = model.sample(10_000, **asked)
    assert whole["id"].is_unique
    for start in (0, 100, 7_777):
        part = model.sample(5, start=start, **asked)
        pd.testing.assert_frame_equal(part, whole[start : start + 5].reset_index(drop=True))
    batches = pa.Table.from_batches(list(model.sample_batches(9_000, batch_size=777, **asked)))
    assert batches["id"].to_pylist() == whole["id"][:9_000].tolist()
    monkeypatch.setattr(_ahead, "cores", lambda: 5)
    pd.testing.assert_frame_equal(model.sample(10_000, **asked), whole)
    if "balance" in asked:
        counts = whole["isle"].value_counts()
        assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.filterwarnings("ignore::lookalike.errors.LookalikeWarning")
def test_a_late_row_costs_what_the_first_one_costs(
    model: Independent, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    source = Independent._source

    def counting(self: Independent, request: Request) -> Any:
        make = source(self, request)
        return lambda block: made.append(block) or make(block)

    monkeypatch.setattr(Independent, "_source", counting)
    model.sample(5, **ASKED[name])
    first = len(made)
    made.clear()
    model.sample(5, start=10**6, **ASKED[name])
    assert len(made) <= first + 2


def said(model: Synthesizer, **asked: Any) -> str:
    """Return what is warned of where rows are asked for."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.sample(3, **asked)
    assert all(w.category is LookalikeWarning and w.filename == __file__ for w in caught)
    return " ".join(str(w.message) for w in caught)


FEW: dict[str, tuple[dict[str, Any], str]] = {
    "two levels": (
        {"given": {"group": "c", "isle": "z"}},
        "Fewer than 2 of the 600 training rows have group = 'c' and isle = 'z'.",
    ),
    "a level and a range": (
        {"given": {"group": "c", "number": (1.5, None)}},
        "Fewer than 2 of the 600 training rows have group = 'c' and number ≥ 1.5.",
    ),
    "two among others": (
        {"given": {"group": "c", "number": (-9, 9), "isle": ["z"], "whole": (5, 80)}},
        "Fewer than 2 of the 600 training rows have group = 'c' and isle = 'z'.",
    ),
    "a class": (
        {"given": {"group": "c"}, "balance": "isle"},
        "Fewer than 2 of the 600 training rows have group = 'c' and isle = 'z'.",
    ),
    "three of which each two are common": (
        {"given": {"number": (1.2, None), "isle": "y", "whole": (0, 9), "gone": (1, 9)}},
        "Judging by generated rows",
    ),
}


@pytest.mark.parametrize("name", FEW)
def test_a_condition_that_hardly_a_training_row_fulfils_is_warned_of(
    model: Independent, name: str
) -> None:
    asked, words = FEW[name]
    found = said(model, **asked)
    assert words in found
    assert "The rows are" in found


@pytest.mark.parametrize(
    "given",
    [
        {"group": "c"},
        {"group": "a", "isle": "z"},
        {"number": (1, None), "group": "b"},
        {"number": 0.25},
        {"gone": None, "isle": "y"},
        {"gone": (0, None), "whole": (10, 50)},
    ],
)
def test_of_others_nothing_is_said(model: Independent, given: dict[str, Any]) -> None:
    assert said(model, given=given) == ""


@pytest.mark.parametrize(
    "pair", [[0.25, 0.5], ["0.25", "0.5"], np.array([0.25, 0.5])], ids=["list", "words", "array"]
)
def test_two_numbers_that_may_be_meant_for_a_range_are_asked_about(
    model: Independent, pair: Any
) -> None:
    words = r"tuple \('?0.25'?, '?0.5'?\) .* set \{'?0.25'?, '?0.5'?\}"
    with pytest.raises(ParameterError, match=words):
        model.sample(3, given={"number": pair})
    assert set(model.sample(30, given={"number": {0.25, 0.5}})["number"]) == {0.25, 0.5}
    assert set(model.sample(30, given={"isle": ["x", "y"]})["isle"]) == {"x", "y"}


@pytest.mark.parametrize("least", [1, 2, 5])
def test_counts_bound_the_truth_and_tell_no_small_one(table: pd.DataFrame, least: int) -> None:
    arrow = pa.Table.from_pandas(table.drop(columns="id"), preserve_index=False)
    schema = infer_schema(arrow)
    cells = conform(arrow, schema)
    encoder = TableEncoder(derive=False).fit(cells, schema, np.random.default_rng(0))
    fitted = Support.fit(encoder.encode(cells), encoder.layout_, least)
    support = Support.from_state(fitted.state(), encoder.layout_)
    assert all((counts % least == 0).all() for counts in support.state().arrays.values())
    for given in _asked(np.random.default_rng(2)):
        wishes = parse_conditions(given, schema)
        truth = np.ones(ROWS, bool)
        for wish in wishes:
            truth &= wish.matches(cells[wish.column].combine_chunks())
        found = support.count([encoder.encode_condition(wish) for wish in wishes])
        assert found is not None
        assert found[0].about - 2 * (ROWS // 32) <= truth.sum() <= found[0].most


def _asked(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for _ in range(40):
        low, high = np.sort(rng.normal(size=2)).round(2)
        chosen: dict[str, Any] = {
            "number": (low, high),
            "group": list(rng.choice(["a", "b", "c"], 2, replace=False)),
            "isle": str(rng.choice(["x", "y", "z"])),
            "gone": (low, None) if rng.random() < 0.7 else None,
            "whole": (int(rng.integers(0, 40)), int(rng.integers(40, 90))),
        }
        names = rng.choice(list(chosen), rng.integers(1, 3), replace=False)
        yield {name: chosen[name] for name in names}


@pytest.mark.parametrize(
    "change", [{"least": 0}, {"singles": np.zeros(3, np.uint32)}, {"pairs": np.zeros(3)}]
)
def test_counts_that_do_not_fit_are_refused(model: Independent, change: dict[str, Any]) -> None:
    assert model._support is not None
    state = model._support.state()
    for part in (state.values, state.arrays):
        part.update({name: value for name, value in change.items() if name in part})
    with pytest.raises(ValueError, match="counts"):
        Support.from_state(state, model.encoder_.layout_)
