"""Models that are trained on one table and judged on another."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from lookalike.metrics import Pair, TrainOnReal, TrainOnSynthetic, macro_auc
from lookalike.metrics import independent_columns as shuffled
from lookalike.tables import Kind

CLASSES = {"x": Kind.CONTINUOUS, "c": Kind.CATEGORICAL, "y": Kind.CATEGORICAL}


def classes(rows, seed):
    random = np.random.default_rng(seed)
    x = random.normal(size=rows)
    noisy = x + 0.2 * random.normal(size=rows)
    levels = np.array(["a", "b"])[(noisy > 0).astype(int)]
    return {"x": x, "c": levels, "y": np.where(x > 0, "yes", "no")}


@pytest.fixture(scope="module")
def found(trio, mixed_schema):
    """TSTR for good and for shuffled rows, and TRTR; a class and a numeric target."""
    real, good, test = trio
    bad = shuffled(real, 300, 0)
    results = {}
    for target in ("level", "y", "flag"):
        pair = Pair(real, good, mixed_schema, target, test)
        results[target] = (
            TrainOnSynthetic().compute(pair),
            TrainOnSynthetic().compute(pair.against(bad)),
            TrainOnReal().compute(pair),
            TrainOnReal().compute_floor(pair.against(bad)),
        )
    return results


@pytest.mark.slow
@pytest.mark.parametrize("target", ["level", "y", "flag"])
def test_good_rows_teach_more_than_shuffled_ones(found, target):
    good, bad, real, floor = (result.value for result in found[target])
    assert good > bad + 0.2
    assert good == pytest.approx(real, abs=0.1)
    assert floor == bad


def test_each_model_is_reported(found):
    models = found["level"][0].details.models
    names = [entry.model for entry in models]
    assert len(names) == 7
    assert names[-1] == "boosted trees"
    for entry in models:
        assert 0 <= entry.balanced_accuracy <= 1
        assert entry.auc > 0.6
    aucs = [entry.auc for entry in models[:-1]]
    assert found["level"][0].value == pytest.approx(np.mean(aucs))
    assert found["level"][0].details.headline == "auc"


def test_numeric_targets_are_judged_by_r2(found):
    result = found["y"][0]
    r2 = [entry.r2 for entry in result.details.models[:-1]]
    assert result.value == pytest.approx(np.mean(np.maximum(r2, 0)))
    assert result.details.headline == "r2"


def test_rows_without_target_are_left_out(trio, mixed_schema, found):
    present = [len(part) - part["level"].null_count for part in (trio[1], trio[2])]
    assert [found["level"][0].details.train_rows, found["level"][0].details.test_rows] == present


def test_a_synthetic_table_of_one_class_teaches_that_class(pair_of):
    one = {**classes(60, 1), "y": ["yes"] * 60}
    test = classes(50, 2)
    pair = pair_of(CLASSES, classes(60, 0), one, target="y", test=test)
    result = TrainOnSynthetic().compute(pair)
    assert result.value == 0.5
    for entry in result.details.models:
        assert entry.accuracy == pytest.approx(np.mean(np.array(test["y"]) == "yes"))
        assert entry.balanced_accuracy == 0.5


def test_classes_that_only_one_table_has(pair_of):
    synthetic, test = classes(60, 1), classes(50, 2)
    synthetic["y"] = np.where(synthetic["x"] > 1, "perhaps", synthetic["y"])
    test["y"] = np.where(np.array(test["x"]) < -1, "never", test["y"])
    pair = pair_of(CLASSES, classes(60, 0), synthetic, target="y", test=test)
    assert 0.5 < TrainOnSynthetic().compute(pair).value < 1


def test_auc_is_the_known_one():
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, 60).astype(float)
    scores = random.random((60, 3))
    scores /= scores.sum(axis=1, keepdims=True)
    known = np.arange(3.0)
    expected = roc_auc_score(truth, scores, multi_class="ovr")
    assert macro_auc(truth, scores, known, known) == pytest.approx(expected)
    # Not trained on class 2: nothing is known of it.
    two = macro_auc(truth, scores[:, :2], known[:2], known)
    parts = [roc_auc_score(truth == level, scores[:, level]) for level in (0, 1)]
    assert two == pytest.approx((sum(parts) + 0.5) / 3)


@pytest.mark.parametrize(
    ("target", "change", "reason"),
    [
        ("y", {"y": ["yes"] * 30}, "All held-out rows are of one class."),
        ("x", {"x": [1.0] * 30}, "The target is the same in all held-out rows."),
        ("x", {"x": [None] * 30}, "The target is missing in all held-out rows."),
    ],
)
def test_held_out_rows_that_say_nothing(pair_of, target, change, reason):
    test = {**classes(30, 2), **change}
    pair = pair_of(CLASSES, classes(30, 0), classes(30, 1), target=target, test=test)
    assert TrainOnSynthetic().compute(pair).reason == reason


def test_targets_that_cannot_be_learned(pair_of, trio, mixed_schema):
    real, synthetic, test = trio
    pair = Pair(real, synthetic, mixed_schema, "id", test)
    assert "identifier" in TrainOnReal().compute(pair).reason
    pair = Pair(real, synthetic, mixed_schema, None, test)
    assert TrainOnReal().compute(pair).reason == "It needs a target column."
    only = {"y": Kind.CATEGORICAL}
    cells = {"y": ["a", "b"]}
    alone = pair_of(only, cells, cells, target="y", test=cells)
    assert TrainOnSynthetic().compute(alone).reason == "There is no column beside the target."
    many = {"y": [f"v{i}" for i in range(120)], "x": [1.0] * 120, "c": ["a"] * 120}
    crowd = pair_of(CLASSES, many, many, target="y", test=many)
    assert "more than 100 classes" in TrainOnSynthetic().compute(crowd).reason


def test_a_few_rows_with_missing_columns_teach_something(pair_of):
    few = {"x": [None, None, None], "c": [None, "b", None], "y": ["yes", "no", "yes"]}
    pair = pair_of(CLASSES, few, few, target="y", test=few)
    assert TrainOnSynthetic().compute(pair).value is not None
