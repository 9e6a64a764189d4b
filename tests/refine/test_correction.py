"""The correction after training: cells, trees as arrays, raking, choosing, and when it is kept."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lookalike.encoding import Block, EncodedRows, Layout, Learned, SampledRows
from lookalike.errors import ModelFileError
from lookalike.refine import Correction, fit_correction
from lookalike.refine._binning import Binning
from lookalike.refine._choose import choose, inclusion
from lookalike.refine._density_ratio import Cancelled, boost, gains
from lookalike.refine._forest import LEAVES, UNIT, CellForest
from lookalike.refine._raking import balanced, rake

#: A number that may be missing, a plain number, and two levels.
LAYOUT = Layout(
    (
        Block("x", "missing", "code", 0, 0, 2, "softmax"),
        Block("x", "value", "interval", 0, 2, 1, "linear", masked_by=0),
        Block("y", "value", "value", 2, 3, 1, "linear"),
        Block("c", "value", "code", 1, 4, 3, "softmax"),
        Block("d", "value", "code", 2, 7, 2, "softmax"),
    ),
    3,
    3,
)
ROWS = 1_024


def table(rows: int, seed: int, *, tied: bool) -> EncodedRows:
    """Return rows in which d says whether c is 0, if `tied`; else it is drawn alike, but alone."""
    rng = np.random.default_rng(seed)
    atom = rng.integers(4, size=rows)
    floats = np.stack([atom / 4, (atom + 1) / 4, rng.normal(size=rows)], axis=1)
    c = rng.integers(3, size=rows)
    d = (c if tied else rng.integers(3, size=rows)) == 0
    missing = rng.random(rows) < 0.2
    return EncodedRows(
        floats.astype(np.float32), np.stack([missing, c, d], axis=1).astype(np.int32)
    )


def drawn(rows: int, seed: int, *, tied: bool) -> SampledRows:
    """Return the same rows as a generator makes them."""
    from lookalike.encoding import sample_encoded

    return sample_encoded(table(rows, seed, tied=tied), LAYOUT, np.random.default_rng(seed + 1))


def untied(number: int) -> SampledRows:
    return drawn(8192, 100 + number, tied=False)


@pytest.fixture(scope="module")
def correction() -> Correction:
    fitted = fit_correction(untied, table(ROWS, 0, tied=True), LAYOUT, 0)
    assert fitted.correction is not None, fitted.words
    return fitted.correction


# --- cells ---------------------------------------------------------------------------------------


def test_real_rows_and_their_drawn_form_lie_in_the_same_cells() -> None:
    encoded = table(ROWS, 1, tied=True)
    cells = Binning.fit(encoded, LAYOUT)
    real, made = cells.of_rows(encoded), cells.of_drawn(drawn(ROWS, 1, tied=True))
    np.testing.assert_array_equal(real, made)
    # four values and missing; drawn within its interval, a value stays in its own cell
    assert cells.sizes[0] == 5
    assert set(real[:, 0]) == set(range(5))
    assert cells.sizes[2:] == (2, 3, 2)
    assert cells.categories == (2, 3, 4)
    assert (real.max(axis=0) < cells.sizes).all()


def test_a_number_has_few_cells_and_its_frequent_values_have_their_own() -> None:
    rng = np.random.default_rng(0)
    y = np.where(rng.random(4_000) < 0.5, 0.25, rng.normal(size=4_000)).astype(np.float32)
    layout = Layout((Block("y", "value", "value", 0, 0, 1, "linear"),), 1, 0)
    cells = Binning.fit(EncodedRows(y[:, None], np.zeros((4_000, 0), np.int32)), layout)
    assert 50 < len(cells.edges[0]) <= 130
    codes = cells.of_drawn(SampledRows(y[:, None], np.zeros((4_000, 0), np.int32)))[:, 0]
    assert (codes[y == 0.25] == codes[y == 0.25][0]).all()
    assert (codes == codes[y == 0.25][0]).sum() == (y == 0.25).sum()


@pytest.mark.parametrize("rows", [200, 1])
def test_few_rows_are_not_told_apart_by_cells(rows: int) -> None:
    cells = Binning.fit(table(rows, 3, tied=True), LAYOUT)
    assert len(cells.edges[1]) <= max(rows // 20, 8)


def test_rare_levels_of_very_many_share_a_cell() -> None:
    layout = Layout((Block("c", "value", "code", 0, 0, 400, "softmax"),), 0, 1)
    codes = np.arange(400, dtype=np.int32)[:, None]
    cells = Binning.fit(EncodedRows(np.zeros((400, 0), np.float32), codes), layout)
    assert cells.sizes == (256,)
    found = cells.of_drawn(SampledRows(np.zeros((400, 0), np.float32), codes))[:, 0]
    np.testing.assert_array_equal(found, np.minimum(np.arange(400), 255))


# --- trees ---------------------------------------------------------------------------------------


def test_trees_as_arrays_say_what_lightgbm_says() -> None:
    import lightgbm

    rng = np.random.default_rng(0)
    sizes = (40, 7, 12)
    codes = np.stack([rng.integers(s, size=2_000) for s in sizes], axis=1).astype(np.uint8)
    label = (codes[:, 0] > 20) ^ np.isin(codes[:, 1], [1, 4, 6]) ^ (rng.random(2_000) < 0.1)
    data = lightgbm.Dataset(codes.astype(float), label.astype(float), categorical_feature=[1, 2])
    parameters = {"objective": "binary", "verbosity": -1, "num_leaves": LEAVES, "num_threads": 1}
    grown = lightgbm.train({**parameters, "boost_from_average": False}, data, num_boost_round=20)
    forest = CellForest.of_trees(grown.dump_model()["tree_info"], sizes)
    trees, terms = forest.sums(codes)
    expected = grown.predict(codes.astype(float), raw_score=True)
    np.testing.assert_allclose(trees, expected, atol=2 * len(forest) / UNIT)
    assert not terms.any()
    both = CellForest.joined([forest.scaled(0.25), forest.scaled(0.75)])
    np.testing.assert_allclose(both.sums(codes)[0], expected, atol=1e-4)


def test_any_arrays_can_be_evaluated() -> None:
    rng = np.random.default_rng(0)
    masks = rng.integers(0, 2**32, (9, 5), dtype=np.uint32)
    masks[0] = 0
    values = rng.integers(-(2**31), 2**31, (5, LEAVES)).astype(np.int32)
    forest = CellForest((4, 5), masks, values, np.zeros(9, np.int32))
    codes = rng.integers(0, 256, (300, 2)).astype(np.uint8)
    trees, _ = forest.sums(codes)
    assert np.isfinite(trees).all()
    words = masks[np.minimum(codes[:, 0], 3)] & masks[4 + np.minimum(codes[:, 1], 4)]
    lowest = np.array([[(int(w) & -int(w)).bit_length() - 1 for w in row] for row in words])
    due = values[np.arange(5), np.maximum(lowest, 0)].sum(axis=1, dtype=np.int32)
    np.testing.assert_array_equal(trees * UNIT, due)


def test_a_forest_without_trees_is_its_terms() -> None:
    empty = CellForest.of_trees([], (2, 3))
    forest = dataclasses.replace(empty, terms=np.arange(5, dtype=np.int32) * UNIT)
    trees, terms = forest.sums(np.array([[1, 2], [0, 0]], np.uint8))
    assert trees.tolist() == [0, 0]
    assert terms.tolist() == [5, 2]


def test_boosted_trees_find_a_known_density_ratio() -> None:
    rng = np.random.default_rng(0)
    cells = Binning(Layout((Block("c", "value", "code", 0, 0, 2, "softmax"),) * 2, 0, 1), ())
    real = [(rng.random((8_000, 2)) < 0.8).astype(np.uint8) for _ in range(2)]
    pool = [(rng.random((16_000, 2)) < 0.5).astype(np.uint8) for _ in range(2)]
    forest = boost((real[0], real[1]), (pool[0], pool[1]), cells, 60, 0.2, 0)
    corners = np.array([[1, 1], [0, 0]], np.uint8)
    np.testing.assert_allclose(forest.sums(corners)[0], 2 * np.log([1.6, 0.4]), atol=0.2)
    found = gains(forest.sums(real[1])[0], forest.sums(pool[1])[0]).mean()
    # twice the Kullback-Leibler divergence of coins of .8 and .5
    assert found == pytest.approx(2 * (0.8 * np.log(1.6) + 0.2 * np.log(0.4)), abs=0.03)


# --- raking and choosing -------------------------------------------------------------------------


def test_raking_gives_the_chosen_the_marginals_due() -> None:
    rng = np.random.default_rng(0)
    pool = np.stack([rng.integers(3, size=30_000), rng.integers(5, size=30_000)], axis=1)
    real = np.stack(
        [
            rng.choice(3, 9_000, p=[0.5, 0.3, 0.2]),
            rng.choice(5, 9_000, p=[0.4, 0.3, 0.1, 0.1, 0.1]),
        ],
        axis=1,
    )
    weights = np.exp(rng.normal(size=30_000))
    logs = rake(weights, 10_000, pool.astype(np.uint8), real.astype(np.uint8), (3, 5))
    chances = inclusion(weights * np.exp(logs[pool[:, 0]] + logs[3 + pool[:, 1]]), 10_000)
    assert chances.max() == 1
    for j, size in enumerate((3, 5)):
        share = np.bincount(pool[:, j], chances, minlength=size) / 10_000
        due = np.bincount(real[:, j], minlength=size) / 9_000
        np.testing.assert_allclose(share, due, atol=2e-3)


def test_a_pool_is_balanced_in_its_frequent_cells_and_left_alone_in_others() -> None:
    rng = np.random.default_rng(0)
    due = [np.array([0.499, 0.3, 0.2, 0.001]), np.full(5, 0.2)]
    pool = np.stack([rng.choice(len(d), 3_000, p=d / d.sum()) for d in due], axis=1)
    weights = np.exp(0.3 * rng.normal(size=3_000))
    chances = inclusion(balanced(weights, 1_000, pool.astype(np.uint8), due), 1_000)
    for j, shares in enumerate(due):
        expected = np.bincount(pool[:, j], chances, minlength=len(shares))
        frequent = shares * 1_000 >= 30
        np.testing.assert_allclose(expected[frequent], 1_000 * shares[frequent], rtol=0.01)
    rare = pool[:, 0] == 3
    change = (chances / weights)[rare] / np.median(chances / weights)
    np.testing.assert_allclose(change, 1, atol=0.15)


@pytest.mark.parametrize("rows", [1, 7, 60])
def test_chances_sum_to_what_is_chosen_and_none_is_chosen_twice(rows: int) -> None:
    rng = np.random.default_rng(0)
    weights = np.exp(4 * rng.normal(size=60))
    chances = inclusion(weights, rows)
    assert chances.sum() == pytest.approx(rows)
    assert ((chances > 0) & (chances <= 1)).all()
    below = chances < 1
    np.testing.assert_allclose(
        np.ptp(np.log(chances[below] / weights[below])) if rows < 60 else 0, 0, atol=1e-9
    )
    chosen = choose(weights, rows, rng.random())
    assert len(set(chosen.tolist())) == rows
    assert set(np.flatnonzero(chances == 1)) <= set(chosen.tolist())


def test_rows_are_chosen_as_often_as_their_chances_say() -> None:
    rng = np.random.default_rng(0)
    weights = np.array([1.0, 2.0, 3.0, 4.0, 30.0])
    chosen = np.concatenate([choose(weights, 2, rng.random()) for _ in range(4_000)])
    often = np.bincount(chosen, minlength=5) / 4_000
    np.testing.assert_allclose(often, inclusion(weights, 2), atol=0.03)


def test_many_chances_that_pass_one_are_all_held_at_one() -> None:
    chances = inclusion(np.array([1e-9, 1.0, 1e3, 1e6]), 3)
    np.testing.assert_allclose(chances, [1e-9, 1, 1, 1], rtol=1e-3)


# --- the whole -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_correction_ties_what_the_generator_left_apart(correction: Correction) -> None:
    pool = drawn(correction.pool * 4_096, 7, tied=False)
    kept = correction.selected(pool, 4_096, seed=1, number=0)
    assert kept.numbers.shape == (4_096, 2)

    def broken(rows: SampledRows) -> float:
        return float(((rows.levels[:, 1] == 0) != (rows.levels[:, 2] == 1)).mean())

    assert broken(pool) > 0.4
    assert broken(kept) < 0.1
    # Marginals are those of the table, nearer than chance would bring them.
    due = np.bincount(table(ROWS, 0, tied=True).codes[:, 1]) / ROWS
    np.testing.assert_allclose(np.bincount(kept.levels[:, 1]) / 4_096, due, atol=0.01)
    assert (kept.levels[:, 0] == 1).mean() == pytest.approx(0.2, abs=0.04)


def test_a_block_depends_on_seed_and_number_alone(correction: Correction) -> None:
    pool = drawn(3_000, 8, tied=False)
    first, again = (correction.selected(pool, 1_000, 5, 2) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    for seed, number in ((5, 3), (6, 2)):
        assert (correction.selected(pool, 1_000, seed, number).numbers != first.numbers).any()


def test_impossible_rows_are_kept_only_where_rows_are_short(correction: Correction) -> None:
    pool = drawn(300, 9, tied=False)
    ruled_out = np.arange(300) < 150
    numbers = correction.selected(pool, 100, 1, 0, ruled_out).numbers[:, 1]
    assert set(numbers) <= set(pool.numbers[150:, 1])
    many = correction.selected(pool, 200, 1, 0, ruled_out).numbers[:, 1]
    assert set(pool.numbers[150:, 1]) <= set(many)
    assert len(set(many)) == 200


def test_nothing_is_corrected_where_nothing_is_wrong() -> None:
    fitted = fit_correction(untied, table(ROWS, 4, tied=False), LAYOUT, 0)
    assert fitted.correction is None
    assert fitted.words.startswith("no correction")


@pytest.mark.parametrize("after", [0, 12])
def test_nobody_waits_for_trees_that_are_cancelled(after: int) -> None:
    asked = iter(range(10_000))
    with pytest.raises(Cancelled):
        fit_correction(
            untied, table(ROWS, 0, tied=True), LAYOUT, 0, cancelled=lambda: next(asked) >= after
        )
    assert next(asked) < 400


def test_few_rows_are_left_alone() -> None:
    fitted = fit_correction(untied, table(100, 0, tied=True), LAYOUT, 0)
    assert fitted.correction is None
    assert "100 rows are too few" in fitted.words


@pytest.mark.slow
def test_rows_that_trained_nothing_can_object() -> None:
    encoded = table(ROWS, 0, tied=True)
    other = table(200, 5, tied=False)
    fitted = fit_correction(untied, encoded, LAYOUT, 0, other)
    assert fitted.correction is None
    assert "held-out rows would change by" in fitted.words
    assert fit_correction(untied, encoded, LAYOUT, 0, other, force=True).correction is not None


def test_many_rows_that_trained_nothing_judge_alone() -> None:
    judges = [table(2_000, 6, tied=tied) for tied in (True, False)]
    found = [fit_correction(untied, table(ROWS, 0, tied=True), LAYOUT, 0, j) for j in judges]
    assert found[0].correction is not None
    assert found[1].correction is None


def test_the_same_seed_fits_the_same_correction(correction: Correction) -> None:
    again = fit_correction(untied, table(ROWS, 0, tied=True), LAYOUT, 0).correction
    assert again is not None
    for name, array in correction.state().arrays.items():
        np.testing.assert_array_equal(array, again.state().arrays[name])


# --- the model file ------------------------------------------------------------------------------


def test_a_correction_comes_back_from_its_arrays(correction: Correction) -> None:
    again = Correction.from_state(correction.state(), LAYOUT)
    pool = drawn(500, 10, tied=False)
    a, b = (c.selected(pool, 100, 0, 0) for c in (again, correction))
    np.testing.assert_array_equal(a.numbers, b.numbers)
    np.testing.assert_array_equal(a.levels, b.levels)


DAMAGE = {
    "no masks": ("masks", None),
    "masks of another width": ("masks", lambda a: a[:, :-1]),
    "masks of another type": ("masks", lambda a: a.astype(np.int32)),
    "values of too few leaves": ("values", lambda a: a[:, :-1]),
    "no trees": ("values", lambda a: a[:0]),
    "terms for other cells": ("terms", lambda a: a[:-1]),
    "terms without limit": ("terms", lambda a: np.full_like(a, 2**31 - 1)),
    "counts that do not add up": ("counts", lambda a: a + 1),
    "negative counts": ("counts", lambda a: np.array([-1, a.sum() + 1], a.dtype)),
    "edges out of order": ("edges", lambda a: a[::-1].copy()),
    "shares due for other cells": ("due", lambda a: a[:-1]),
    "a pool too large": ("pool", lambda a: a + 1_000),
    "shares due above one": ("due", lambda a: a + 1),
    "edges that are not numbers": ("edges", lambda a: np.full_like(a, np.nan)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_arrays_are_refused(correction: Correction, damage: str) -> None:
    name, change = DAMAGE[damage]
    arrays = dict(correction.state().arrays)
    if change is None:
        del arrays[name]
    else:
        arrays[name] = change(arrays[name])
    with pytest.raises(ModelFileError, match="damaged"):
        Correction.from_state(Learned({}, arrays), LAYOUT)
