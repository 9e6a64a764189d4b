"""Regression of discrete states, and rows that conflict."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import lookalike as la
from lookalike._core.errors import ModelFileError
from lookalike._core.learned import Learned
from lookalike.cli import main
from lookalike.models import Growth
from lookalike.relational._conditional_trees import ConditionalTrees
from lookalike.relational._ordinal_regression import OrdinalRegression
from lookalike.relational._variables import flag


def _states(rows: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 8, rows)
    return np.stack([x, np.clip(x + rng.integers(-1, 2, rows), 0, 7)], axis=1).astype(np.int32)


def _fitted(states: np.ndarray, *, gated: bool = False) -> OrdinalRegression:
    found = OrdinalRegression.fit(states, 1, [0], [8, 8 + gated], [True, True], gated, 2)
    assert found is not None
    return found


def test_few_rows_show_how_a_number_follows_another() -> None:
    line, asked = _fitted(_states(40)), _states(4_000, seed=1)
    drawn = line.balanced(asked, np.random.default_rng(0))
    assert np.corrcoef(asked[:, 0], drawn)[0, 1] > 0.8
    assert np.corrcoef(line.expected(asked), asked[:, 1])[0, 1] > 0.8


def test_probabilities_are_those_of_what_is_drawn() -> None:
    states = _states(400)
    line = _fitted(states)
    of_states = np.stack([np.full(8, 3), np.arange(8)], axis=1).astype(np.int32)
    chances = np.exp(line.log_probabilities(states, of_states, 1))
    assert chances.sum() == pytest.approx(1.0, abs=0.01)
    same = np.tile(of_states[:1], (20_000, 1))
    drawn = np.bincount(line.balanced(same, np.random.default_rng(0)), minlength=8) / len(same)
    assert np.abs(drawn - chances).max() < 0.01


def test_shares_of_states_and_of_missing_ones_are_kept() -> None:
    states = _states(4_000)
    states[::5, 1] = 8
    drawn = _fitted(states, gated=True).balanced(states, np.random.default_rng(0))
    shares = [np.bincount(some, minlength=9) / len(states) for some in (states[:, 1], drawn)]
    assert np.abs(shares[0] - shares[1]).max() < 0.02


def test_what_is_constant_or_rare_is_not_fitted() -> None:
    states = _states(40)
    states[:, 1] = 3
    assert OrdinalRegression.fit(states, 1, [0], [8, 8], [True, True], False, 2) is None
    assert OrdinalRegression.fit(_states(3), 1, [0], [8, 8], [True, True], False, 2) is None


@pytest.mark.parametrize("name", ["marginal", "ranks", "limits", "scores"])
def test_a_damaged_state_is_refused(name: str) -> None:
    line = _fitted(_states(40))
    restored = OrdinalRegression.from_state(line.state(), 1, [8, 8], [0])
    assert np.array_equal(restored.limits, line.limits)
    arrays = {**line.state().arrays, name: line.state().arrays[name][:-1]}
    with pytest.raises(ModelFileError, match="damaged"):
        OrdinalRegression.from_state(Learned({}, arrays), 1, [8, 8], [0])


def test_a_small_table_keeps_its_correlations() -> None:
    rng = np.random.default_rng(0)
    size = rng.normal(size=60)
    columns = {f"n{k}": (size + 0.4 * rng.normal(size=60)).round(3) for k in range(5)}
    shops = pa.table({"id": range(60), **columns})
    sales = pa.table({"shop": rng.integers(0, 60, 300), "sum": rng.gamma(2, 2, 300).round(2)})
    db = la.Database(
        {"shops": shops, "sales": sales},
        primary_keys={"shops": "id"},
        foreign_keys=["sales.shop -> shops.id"],
    )
    made = la.Relational(random_state=0, progress=False).fit(db).sample().arrow("shops")
    found = np.corrcoef([made[name].to_numpy() for name in columns])
    assert found[np.triu_indices(5, 1)].mean() > 0.6


def test_states_that_conflict_leave_the_earlier_one_as_it_is() -> None:
    """A row with a conflict was drawn anew, so that states with many conflicts became rare."""
    rng = np.random.default_rng(0)
    own = rng.integers(0, [2, 4], (2_000, 2)).astype(np.int32)
    trees = ConditionalTrees.fit(
        np.zeros((2_000, 0), np.int32), own, [flag(2), flag(4)], [0, 0], {}, Growth(3, 5), 0
    )
    never = np.array([[False, False, False, False], [False, True, True, True]])
    conflicts = {(0, 1): never, (1, 0): never.T}
    drawn = trees.drawn(np.zeros((4_000, 0), np.int32), rng, conflicts)
    assert not never[drawn[:, 0], drawn[:, 1]].any()
    first = trees.order[0]
    shares = [np.bincount(some[:, first], minlength=4) / len(some) for some in (own, drawn)]
    assert np.abs(shares[0] - shares[1]).max() < 0.03


def test_rules_are_proposed_for_tables_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", f"sqlite:///{tmp_path}/shop.db"]) == 2
    assert "for a single table" in capsys.readouterr().err


def test_a_hierarchy_with_one_row_at_its_top_stays_one() -> None:
    # Where by chance no row was drawn at the top, no row had a parent.
    rng = np.random.default_rng(0)
    boss = np.array([0, *(int(rng.integers(0, 1 + k // 4)) for k in range(1, 200))])
    above = pa.array(boss, mask=np.arange(200) == 0)
    staff = pa.table({"id": range(200), "boss": above, "pay": rng.gamma(2, 2, 200).round(2)})
    db = la.Database(
        {"staff": staff}, primary_keys={"staff": "id"}, foreign_keys=["staff.boss -> staff.id"]
    )
    model = la.Relational(random_state=0, progress=False).fit(db)
    for seed in range(6):
        made = model.sample(random_state=seed).arrow("staff")
        assert 1 <= made["boss"].null_count <= 10
