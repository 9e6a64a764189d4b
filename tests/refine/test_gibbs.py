"""Resampled levels: probabilities by trees, systematic draws, the selection of columns."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import numpy as np
import pytest

from lookalike.encoding import Block, EncodedRows, Layout, Learned, SampledRows, sample_encoded
from lookalike.errors import ModelFileError
from lookalike.refine import CorrectionFit, GibbsSweep, _fit_correction, fit_correction
from lookalike.refine import _conditionals as conditionals
from lookalike.refine._binning import Binning
from lookalike.refine._conditionals import fit_sweep
from lookalike.refine._density_ratio import Cancelled
from lookalike.refine._forest import CellForest
from lookalike.refine._gibbs import balanced, chances_of, systematic

#: A number that may be missing, levels that follow from it, and levels that follow from nothing.
LAYOUT = Layout(
    (
        Block("x", "missing", "code", 0, 0, 2, "softmax"),
        Block("x", "value", "value", 0, 2, 1, "linear", masked_by=0),
        Block("two", "value", "code", 1, 3, 2, "softmax"),
        Block("three", "value", "code", 2, 5, 3, "softmax"),
        Block("alone", "value", "code", 3, 8, 2, "softmax"),
    ),
    1,
    4,
)
TWO, THREE = 2, 3


def table(rows: int, seed: int, *, tied: bool = True) -> EncodedRows:
    """Return rows whose levels follow, nine times in ten, from the number; or from nothing."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    missing = rng.random(rows) < 0.1
    said = np.where(rng.random(rows) < 0.9, x if tied else rng.normal(size=rows), 0)
    two, three = (said > 0) | missing, np.digitize(said, [-0.5, 0.5])
    codes = np.stack([missing, two, three, rng.random(rows) < 0.3], axis=1)
    floats = np.where(missing, 0, x)[:, None]
    return EncodedRows(floats.astype(np.float32), codes.astype(np.int32))


def untied(number: int) -> SampledRows:
    """Return a block of a generator that knows all marginals and no relation of levels."""
    rows = table(8_192, 100 + number, tied=False)
    return sample_encoded(rows, LAYOUT, np.random.default_rng(number))


def agreement(rows: SampledRows) -> float:
    """Return how often the second column's level is that of the number's sign."""
    here = rows.levels[:, 0] == 0
    return float(((rows.numbers[:, 0] > 0) == (rows.levels[:, 1] == 1))[here].mean())


def learned(make: Callable[[int], SampledRows], cancelled: Callable[[], bool] = lambda: False):
    """Return the sweep fitted to the rows of a generator."""
    real = table(3_000, 0)
    cells = Binning.fit(real, LAYOUT)
    codes, made = cells.of_rows(real), cells.of_drawn(make(0))
    folds = [(codes[1_000:], codes[:1_000]), (codes[:2_000], codes[2_000:])]
    return fit_sweep(folds, made, codes, cells, LAYOUT, np.random.default_rng(0), cancelled)


@pytest.fixture(scope="module")
def sweep() -> GibbsSweep:
    found = learned(untied)
    assert found is not None
    return found


def test_columns_are_drawn_anew_whose_relations_the_generator_has_not_learned(sweep):
    assert [one.feature for one in sweep.conditionals] == [THREE, TWO]


def test_rows_drawn_anew_have_relations_of_real_rows(sweep):
    rows = untied(50)
    anew = sweep.applied(rows, 1, 0)
    assert agreement(rows) < 0.6
    # One sweep is not all of it: each column is drawn given what the others were before.
    assert agreement(anew) > 0.8
    np.testing.assert_array_equal(anew.numbers, rows.numbers)
    for other in (0, 3):
        np.testing.assert_array_equal(anew.levels[:, other], rows.levels[:, other])


def test_a_generator_that_knows_all_relations_is_left_alone():
    def knowing(number: int) -> SampledRows:
        return sample_encoded(table(8_192, 100 + number), LAYOUT, np.random.default_rng(number))

    assert learned(knowing) is None


@pytest.mark.slow
def test_what_choosing_has_mended_is_not_drawn_anew():
    fitted = fit_correction(untied, table(3_000, 0), LAYOUT, 0)
    assert fitted.correction is not None
    assert fitted.sweep is None
    assert "resampled" not in fitted.words


def test_what_choosing_has_not_mended_is_drawn_anew_and_said(monkeypatch):
    nothing = CorrectionFit(None, "no correction")
    monkeypatch.setattr(_fit_correction, "_choice", lambda *_args, **_options: nothing)
    fitted = fit_correction(untied, table(3_000, 0), LAYOUT, 0)
    assert fitted.sweep is not None
    assert fitted.words == "no correction; resampled given all other columns: 'three', 'two'"


def test_the_missing_level_of_a_number_is_never_drawn_anew():
    """It would take the number away, or leave a number where none belongs."""
    cells = Binning.fit(table(3_000, 0), LAYOUT)
    assert conditionals._candidates(cells, LAYOUT, 1_000) == [TWO, 4, THREE]


def test_columns_of_many_levels_are_left_for_want_of_time():
    cells = Binning.fit(table(3_000, 0), LAYOUT)
    assert conditionals._candidates(cells, LAYOUT, 400_000) == [TWO]
    assert conditionals._candidates(cells, LAYOUT, 10**6) == []


def test_a_block_depends_on_seed_and_number_alone(sweep):
    rows = untied(51)
    first, again = (sweep.applied(rows, 5, 2) for _ in range(2))
    np.testing.assert_array_equal(first.levels, again.levels)
    for seed, number in ((5, 3), (6, 2)):
        assert (sweep.applied(rows, seed, number).levels != first.levels).any()


def test_rows_that_would_be_impossible_keep_their_levels(sweep):
    rows = untied(52)

    def impossible(drawn: SampledRows) -> np.ndarray:
        return drawn.levels[:, 1] == 1

    anew = sweep.applied(rows, 1, 0, impossible)
    kept = (anew.levels == rows.levels).all(axis=1)
    assert kept[impossible(anew)].all()
    assert not kept.all()


def test_nobody_waits_for_trees_that_are_cancelled():
    asked = count()
    with pytest.raises(Cancelled):
        learned(untied, lambda: next(asked) > 10)
    assert next(asked) < 60


# --- chances and draws ---------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [2, 3])
def test_chances_are_those_of_the_trees_that_learned_them(levels):
    import lightgbm

    rng = np.random.default_rng(0)
    codes = rng.integers(8, size=(2_000, 2)).astype(np.uint8)
    y = (codes[:, 0] + rng.integers(4, size=2_000)) % levels
    kind = {"objective": "binary"} if levels == 2 else {"objective": "multiclass", "num_class": 3}
    grown = lightgbm.train(
        {**kind, "num_leaves": 31, "verbosity": -1},
        lightgbm.Dataset(codes.astype(float), y),
        num_boost_round=7,
    )
    outputs = 1 if levels == 2 else 3
    forest = CellForest.of_trees(grown.dump_model()["tree_info"], (8, 8), outputs)
    mean = CellForest.joined([forest.scaled(0.5), forest.scaled(0.5)])
    expected = np.asarray(grown.predict(codes.astype(float)))
    if levels == 2:
        expected = np.stack([1 - expected, expected], axis=1)
    for one in (forest, mean):
        np.testing.assert_allclose(chances_of(one, codes), expected, atol=1e-5)


def test_levels_come_as_often_as_their_chances_say():
    rng = np.random.default_rng(1)
    chances = rng.dirichlet([0.5, 1, 2, 0.2], size=5_000)
    drawn = systematic(chances, rng.random(4))
    counts = np.bincount(drawn, minlength=4)
    np.testing.assert_allclose(counts[0], chances[:, 0].sum(), atol=1)
    np.testing.assert_allclose(counts, chances.sum(axis=0), atol=60)
    # Among rows alike, too.
    for level in range(4):
        sure = chances[:, level] > 0.6
        assert (drawn[sure] == level).mean() == pytest.approx(chances[sure, level].mean(), abs=0.1)


def test_chances_are_balanced_to_what_is_due():
    rng = np.random.default_rng(2)
    chances = rng.dirichlet([1, 1, 2], size=2_000)
    due = np.array([0.3, 0.15, 0.55])
    found = balanced(chances, due)
    np.testing.assert_allclose(found.mean(axis=0), due, atol=0.005)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert np.corrcoef(found[:, 0], chances[:, 0])[0, 1] > 0.95
    # What is certain stays so.
    np.testing.assert_array_equal(balanced(np.eye(3)[[0, 1, 2, 2]], due), np.eye(3)[[0, 1, 2, 2]])


def test_levels_that_are_certain_or_impossible_stay_so():
    chances = np.eye(3)[np.tile([0, 2, 2, 1], 100)]
    drawn = systematic(chances, np.array([0.0, 0.999, 0.5]))
    np.testing.assert_array_equal(drawn, chances.argmax(axis=1))


# --- the model file ------------------------------------------------------------------------------


def test_a_redraw_comes_back_from_its_arrays(sweep):
    again = GibbsSweep.from_state(sweep.state(), LAYOUT)
    rows = untied(53)
    a, b = (one.applied(rows, 3, 1) for one in (again, sweep))
    np.testing.assert_array_equal(a.levels, b.levels)


DAMAGE = {
    "no masks": ("masks", None),
    "masks of other cells": ("masks", lambda a: a[:-1]),
    "values of fewer trees": ("values", lambda a: a[:-1]),
    "a number as a column of levels": ("features", lambda a: a * 0),
    "a column that is not there": ("features", lambda a: a + 100),
    "no columns": ("features", lambda a: a[:0]),
    "trees that do not add up": ("trees", lambda a: a + 3),
    "trees that are not for each level": ("trees", lambda a: a + np.array([-1, 1], a.dtype)),
    "shares due of other levels": ("due", lambda a: a[1:]),
    "shares due below zero": ("due", lambda a: -a),
    "negative trees": ("trees", lambda a: np.array([-3, a.sum() + 3], a.dtype)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_arrays_are_refused(sweep, damage):
    name, change = DAMAGE[damage]
    arrays = dict(sweep.state().arrays)
    if change is None:
        del arrays[name]
    else:
        arrays[name] = change(arrays[name])
    with pytest.raises(ModelFileError, match="damaged"):
        GibbsSweep.from_state(Learned({}, arrays), LAYOUT)
