"""Each arm makes the rows that its name says, of training rows alone."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.impute import SimpleImputer

from lookalike._core.seeds import generator
from lookalike.experiments._arms import (
    ArmContext,
    Boosted,
    Duplicated,
    Jittered,
    Oversampled,
    Real,
    Replaced,
    SmoteArm,
    TrainingSet,
    Weighted,
)
from lookalike.experiments._taught_arms import (
    Balanced,
    Labelled,
    ReplacedBalanced,
    ReplacedLabelled,
    TeacherAlone,
    arms_for,
)
from lookalike.experiments._teacher import Teacher


def context_of(inputs: np.ndarray, target: np.ndarray, numbers: int) -> ArmContext:
    """Return a context whose synthetic rows are all −1."""

    def synthetic(count: int) -> TrainingSet:
        return TrainingSet(np.full((count, inputs.shape[1]), -1.0), np.full(count, -1.0))

    def teacher() -> Teacher:
        return Teacher.fit(inputs, target, SimpleImputer, 0, classes=True)

    def balanced(count: int) -> TrainingSet:
        labels = np.resize(np.unique(target), count)
        return TrainingSet(np.full((count, inputs.shape[1]), -2.0), labels)

    return ArmContext(
        TrainingSet(inputs, target),
        numbers,
        synthetic,
        balanced,
        lambda what: generator(0, what),
        teacher,
    )


@pytest.fixture
def context() -> ArmContext:
    """Return two numbers, one with missing cells, one column of levels, and classes of 20 and 6."""
    rng = np.random.default_rng(0)
    inputs = np.column_stack([rng.normal(50, 10, 26), rng.random(26), rng.integers(0, 3, 26)])
    inputs[::5, 1] = np.nan
    return context_of(inputs, np.repeat([0.0, 1.0], [20, 6]), 2)


def starts_with_real(context: ArmContext, training: TrainingSet) -> TrainingSet:
    """Check that real rows come first and return the others."""
    count = len(context.real.target)
    np.testing.assert_array_equal(training.inputs[:count], context.real.inputs)
    np.testing.assert_array_equal(training.target[:count], context.real.target)
    return TrainingSet(training.inputs[count:], training.target[count:])


def test_real_boosted_and_replaced(context: ArmContext) -> None:
    assert Real().make(context) is context.real
    added = starts_with_real(context, Boosted(0.5).make(context))
    assert len(added.target) == 13
    assert (added.inputs == -1).all()
    alone = Replaced(1.0).make(context)
    assert len(alone.target) == 26
    assert (alone.target == -1).all()


@pytest.mark.slow
def test_labels_of_synthetic_rows_are_drawn_by_the_teacher(context: ArmContext) -> None:
    added = starts_with_real(context, Labelled(0.5).make(context))
    assert len(added.target) == 13
    assert (added.inputs == -1).all()
    assert set(added.target) <= {0.0, 1.0}
    alone = ReplacedLabelled(1.0).make(context)
    assert len(alone.target) == 26
    np.testing.assert_array_equal(alone.target[:13], added.target)
    assert TeacherAlone().make(context) is context.real


def test_synthetic_rows_of_rarer_classes_even_them(context: ArmContext) -> None:
    added = starts_with_real(context, Balanced().make(context))
    assert (added.target == 1).all()
    assert len(added.target) == 14
    assert (added.inputs == -2).all()
    alone = ReplacedBalanced(1.0).make(context)
    assert np.bincount(alone.target.astype(int)).tolist() == [13, 13]


def test_duplicates_are_even(context: ArmContext) -> None:
    added = starts_with_real(context, Duplicated(2.5).make(context))
    assert len(added.target) == 65
    counts = [int((context.real.inputs[:, 0][i] == added.inputs[:, 0]).sum()) for i in range(26)]
    assert set(counts) == {2, 3}


def test_jitter_moves_numbers_a_little_and_nothing_else(context: ArmContext) -> None:
    copies = starts_with_real(context, Duplicated(1.0).make(context))
    noisy = starts_with_real(context, Jittered(1.0).make(context))
    np.testing.assert_array_equal(noisy.inputs[:, 2], copies.inputs[:, 2])
    np.testing.assert_array_equal(noisy.target, copies.target)
    np.testing.assert_array_equal(np.isnan(noisy.inputs), np.isnan(copies.inputs))
    moved = noisy.inputs[:, 0] - copies.inputs[:, 0]
    assert 0 < moved.std() < 0.2 * context.real.inputs[:, 0].std()


def test_random_oversampling_evens_the_classes(context: ArmContext) -> None:
    added = starts_with_real(context, Oversampled().make(context))
    assert (added.target == 1).all()
    assert len(added.target) == 14


def test_smote_evens_the_classes_between_neighbours(context: ArmContext) -> None:
    added = starts_with_real(context, SmoteArm().make(context))
    assert len(added.target) == 14
    rare = context.real.inputs[context.real.target == 1]
    assert added.inputs[:, 0].min() >= rare[:, 0].min() - 1e-9
    assert added.inputs[:, 0].max() <= rare[:, 0].max() + 1e-9
    assert set(added.inputs[:, 2]) <= {0.0, 1.0, 2.0}
    assert not np.isnan(added.inputs).any()


@pytest.mark.parametrize("numbers", [0, 3])
def test_smote_of_levels_and_of_numbers_alone(numbers: int) -> None:
    inputs = np.random.default_rng(0).integers(0, 3, (40, 3)).astype(float)
    context = context_of(inputs, np.repeat([0.0, 1.0], [30, 10]), numbers)
    training = SmoteArm().make(context)
    assert np.bincount(training.target.astype(int)).tolist() == [30, 30]


def test_smote_leaves_classes_of_one_row_and_even_classes_alone() -> None:
    inputs = np.random.default_rng(0).normal(size=(12, 2))
    context = context_of(inputs, np.array([0.0] * 8 + [1.0] * 3 + [2.0]), 2)
    assert np.bincount(SmoteArm().make(context).target.astype(int)).tolist() == [8, 8, 1]
    even = context_of(inputs, np.repeat([0.0, 1.0], 6), 2)
    assert SmoteArm().make(even) is even.real
    one = context_of(inputs, np.zeros(12), 2)
    assert SmoteArm().make(one) is one.real
    assert Oversampled().make(one) is one.real


def test_weights_are_asked_for(context: ArmContext) -> None:
    assert Weighted().make(context).balanced
    assert not Real().make(context).balanced


def test_the_arms_of_a_study() -> None:
    names = [
        a.name
        for a in arms_for(
            (0.2, 2.0), replace=True, balance=False, label=False, controls=True, classes=True
        )
    ]
    assert names[:4] == ["real", "boosted", "boosted", "replaced"]
    assert names.count("duplicated") == names.count("jitter") == 2
    numbers = [
        a.name
        for a in arms_for(
            (0.2,), replace=False, balance=False, label=False, controls=True, classes=False
        )
    ]
    assert numbers == ["real", "boosted", "duplicated", "jitter"]
    bare = arms_for((0.2,), replace=False, balance=False, label=False, controls=False, classes=True)
    assert [arm.role for arm in bare] == ["real", "synthetic"]
