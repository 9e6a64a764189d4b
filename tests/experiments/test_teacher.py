"""The teacher of labels: calibrated for rare classes, cross-fitted, and no flatterer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer

import lookalike as la
from lookalike._core.errors import ParameterError
from lookalike._core.seeds import generator
from lookalike.experiments._teacher import Teacher


def rare(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return rows with a class of about 4 %, likelier where the first input is large."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(rows, 2))
    chance = 1 / (1 + np.exp(4.5 - 1.5 * inputs[:, 0]))
    return inputs, (rng.random(rows) < chance).astype(float)


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    return Teacher.fit(*rare(800), SimpleImputer, 0, classes=True)


@pytest.mark.slow
def test_a_rare_class_is_drawn_as_often_as_it_occurs(teacher: Teacher) -> None:
    inputs, target = rare(8_000, seed=1)
    drawn = teacher.draw(inputs, generator(0, "labels"))
    assert set(drawn) == {0.0, 1.0}
    assert target.mean() < 0.08
    assert drawn.mean() == pytest.approx(target.mean(), abs=0.02)
    # A cut of one half would have lost most of it.
    assert (teacher.predict(inputs)[:, 1] > 0.5).mean() < 0.6 * target.mean()
    high = inputs[:, 0] > 1.5
    assert drawn[high].mean() > 1.5 * drawn[~high].mean()


def test_draws_follow_the_generator_and_begin_alike(teacher: Teacher) -> None:
    inputs, _ = rare(50, seed=2)
    drawn = teacher.draw(inputs, generator(0, "labels"))
    np.testing.assert_array_equal(drawn, teacher.draw(inputs, generator(0, "labels")))
    np.testing.assert_array_equal(drawn[:9], teacher.draw(inputs[:9], generator(0, "labels")))


def test_probabilities_are_calibrated(teacher: Teacher) -> None:
    found = teacher.predict(rare(300, seed=3)[0])
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert teacher.slope > 0
    assert len(teacher.members) == 15


def test_numbers_are_drawn_with_errors_of_left_out_rows() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, size=(400, 1))
    spread = np.where(inputs[:, 0] > 0, 1.0, 0.05)
    target = 3 * inputs[:, 0] + spread * rng.normal(size=400)
    teacher = Teacher.fit(inputs, target, SimpleImputer, 0, classes=False)
    more = rng.uniform(-1, 1, size=(2_000, 1))
    errors = teacher.draw(more, generator(0, "labels")) - teacher.predict(more)
    low, high = more[:, 0] < -0.3, more[:, 0] > 0.3
    assert errors[high].std() == pytest.approx(1.1, abs=0.3)
    assert errors[low].std() < 0.4


@pytest.mark.parametrize("counts", [(30, 1), (30, 1, 2), (3, 2)])
def test_classes_of_one_row_and_tiny_tables(counts: tuple[int, ...]) -> None:
    target = np.repeat(np.arange(len(counts), dtype=float), counts)
    inputs = np.random.default_rng(0).normal(size=(len(target), 2))
    inputs[0, 0] = np.nan
    teacher = Teacher.fit(inputs, target, SimpleImputer, 0, classes=True)
    found = teacher.predict(inputs)
    assert np.isfinite(found).all()
    assert set(teacher.draw(inputs, generator(0, "labels"))) <= set(target)


def test_a_single_class_is_always_drawn() -> None:
    inputs = np.zeros((6, 1))
    teacher = Teacher.fit(inputs, np.ones(6), SimpleImputer, 0, classes=True)
    assert (teacher.draw(inputs, generator(0, "labels")) == 1).all()


@pytest.mark.slow
def test_a_study_tells_help_apart_from_a_better_model() -> None:
    inputs, target = rare(240)
    inputs[:, 1] = np.round(inputs[:, 1])
    table = {"x": inputs[:, 0], "n": inputs[:, 1], "c": np.where(target > 0, "yes", "no")}
    options = {
        "models": ["decision tree"],
        "factors": [0.2],
        "repeats": 3,
        "label": True,
        "replace": True,
        "balance": True,
    }
    found = la.boost(pd.DataFrame(table), "c", synthesizer=la.Independent(), **options)
    rows = {row.label: row for row in found.table}
    labelled = rows["labelled +20 %"]
    assert labelled.role == "synthetic"
    assert labelled.teacher is not None
    assert labelled.teacher.against == "teacher"
    assert labelled.control is not None
    assert labelled.control.against != "teacher"
    assert rows["boosted +20 %"].teacher is None
    assert rows["replaced and labelled"].alone
    assert rows["balanced"].role == rows["replaced and balanced"].role == "synthetic"
    assert rows["balanced"].scores["roc_auc"] is not None
    # The teacher's score stands in the place of each model's.
    teacher = rows["teacher"]
    assert teacher.role == "control"
    assert teacher.real is not None
    assert any("The teacher of the labels itself reaches a ROC AUC" in note for note in found.notes)
    assert any("labels" in note and "against the teacher itself" in note for note in found.notes)
    again = la.Verdict.from_json(found.to_json())
    assert again == found
    assert again.to_html() == found.to_html()
    assert "labelled +20 % − teacher" in found.to_html()


def test_a_class_that_cannot_be_generated_is_a_recorded_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: object, count: int, *, balance: str | None = None) -> object:
        if balance is not None:
            raise ParameterError("the class is too rare")
        return sample(self, count)

    sample = la.Independent.sample
    monkeypatch.setattr(la.Independent, "sample", refuse)
    table = pd.DataFrame({"x": [1.5, 2.0, 3.25, 4.0] * 15, "c": ["a", "b", "a"] * 20})
    options = {"models": ["decision tree"], "repeats": 2, "balance": True, "controls": False}
    found = la.boost(table, "c", synthesizer=la.Independent(), **options)
    reasons = {one.reason for one in found.records if one.arm == "balanced"}
    assert reasons == {"The synthesizer failed: the class is too rare"}
    assert all(one.value is not None for one in found.records if one.arm == "boosted")


def test_balancing_alone_is_something_to_compare() -> None:
    table = pd.DataFrame({"x": [1.5, 2.0, 3.25, 4.0] * 15, "c": ["a", "b", "a"] * 20})
    options = {"models": ["decision tree"], "repeats": 2, "controls": False}
    found = la.boost(table, "c", synthesizer=la.Independent(), factors=[], balance=True, **options)
    assert [row.arm for row in found.table] == ["real", "balanced"]
    assert "until all classes are equal" in found.answer
    with pytest.raises(ParameterError, match="nothing to compare"):
        la.boost(table, "c", factors=[], **options)
