"""Scores of generated images."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike.errors import DataError
from lookalike.images import ImageClassifier, evaluate_images
from lookalike.images._scores import _distance


def parts(shapes):
    images, labels = shapes
    return (images[:60], labels[:60]), (images[60:], labels[60:])


def test_real_images_score_like_real_ones_and_noise_like_none(shapes):
    real, others = parts(shapes)
    good = evaluate_images(real, real, others, networks=False)
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, real[0].shape, dtype=np.uint8)
    bad = evaluate_images(real, (noise, real[1]), others, networks=False)
    for name in ("k-nearest neighbours", "logistic regression"):
        score = good[f"tstr, {name}"]
        assert score.value == score.ceiling
        assert bad[f"tstr, {name}"].value < score.value
        assert bad[f"purity, {name}"].value < 0.6
    assert good["nearest"].value == 0  # copies
    assert bad["nearest"].value > 1
    assert good["detection"].value < 0.75 < bad["detection"].value
    assert "tstr, logistic regression" in repr(good)
    assert set(good.to_dict()["scores"]) == {score.name for score in good.scores}
    assert len(good.to_frame()) == len(good.scores)


def test_labels_and_sizes_are_needed(shapes):
    real, others = parts(shapes)
    with pytest.raises(DataError, match="need the label"):
        evaluate_images(real[0], real, others)
    with pytest.raises(DataError, match="one shape"):
        evaluate_images(real, (real[0][:, :5], real[1]), others)


def test_the_distance_is_that_of_normal_distributions():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((200_000, 2)) * [1, 2]
    b = rng.standard_normal((200_000, 2)) * [2, 1] + [3, 0]
    # |μ|² + Σ (σ₁ − σ₂)² where the axes are the same.
    assert _distance(a, b) == pytest.approx(9 + 1 + 1, rel=0.02)
    assert _distance(a, a) == pytest.approx(0, abs=1e-9)


@pytest.mark.train
def test_a_small_network_learns_simple_images(shapes):
    real, others = parts(shapes)
    model = ImageClassifier(width=4, epochs=15, batch_size=16, random_state=0).fit(*real)
    assert model.score(*others) > 0.8
    assert model.features(others[0]).shape == (30, 8)
    np.testing.assert_allclose(model.predict_proba(others[0]).sum(axis=1), 1)
    with pytest.raises(DataError, match="must have the shape"):
        model.predict(others[0][:, :5])
    with pytest.raises(DataError, match="needs the label"):
        ImageClassifier().fit(real[0], None)
