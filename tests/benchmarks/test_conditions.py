"""The benchmark of conditions: what is asked, of which real rows, and how guesses are judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def table(rows=4000):
    rng = np.random.default_rng(0)
    x = rng.normal(size=rows)
    level = np.where(x > 1, "high", np.where(x > -1, "middle", "low"))
    rare = rng.choice(["a", "b", "c"], rows, p=[0.96, 0.03, 0.01])
    return pd.DataFrame({"x": x, "y": 2 * x, "level": level, "rare": rare})


class TestConditions:
    @pytest.mark.slow
    def test_all_rarities_are_asked_by_levels_ranges_and_pairs(self):
        from _conditions.rarities import RARITIES, conditions, fulfil

        rows = table()
        found = list(conditions(rows))
        for given, share in found:
            assert fulfil(rows, given).mean() == share > 0
        for wanted in RARITIES:
            assert any(0.6 < share / wanted < 1.7 for _, share in found)
        assert {len(given) for given, _ in found} == {1, 2}
        assert any(given == {"rare": "c"} for given, _ in found)

    @pytest.mark.parametrize(
        ("learned", "held", "score", "count"),
        [(300, 70, "c2st", 70), (60, 20, "c2st", 80), (30, 9, "shape", 39)],
    )
    def test_few_held_out_rows_are_joined_by_learned_ones(self, learned, held, score, count):
        from conditions import real_rows

        train, test = (
            pd.DataFrame({"c": ["yes"] * n + ["no"] * 50, "x": range(n + 50)})
            for n in (learned, held)
        )
        real = real_rows(train, test, {"c": "yes"})
        assert (real.score, len(real.rows)) == (score, count)
        assert (real.rows["c"] == "yes").all()
        a, b = real.pair
        assert len(a) == len(b)


class TestCompletion:
    def test_a_perfect_completion_is_seen_as_one(self):
        from _conditions.completion import judged

        rows = table(400)
        train, test = rows[:300].reset_index(drop=True), rows[300:].reset_index(drop=True)
        found, made = judged(lambda _holes, _seed: test.copy(), train, test, ["level", "rare"], 0.5)
        assert found.kept
        assert found.levels["draw"] == found.levels["guess"] == 1
        assert found.numbers["draw"] == found.numbers["guess"] == 0
        assert found.numbers["trees"] < found.numbers["naive"]
        assert found.levels["trees"] > found.levels["naive"]
        pd.testing.assert_frame_equal(made, test)

    def test_a_known_cell_that_changes_is_seen(self):
        from _conditions.completion import unchanged

        holes = pd.DataFrame({"x": [1, None], "c": ["a", None]}, dtype=object)
        made = pd.DataFrame({"x": [1, 2], "c": ["a", "b"]})
        assert unchanged(holes, made)
        assert not unchanged(holes, made.assign(c=["b", "b"]))
