"""Scores of generated images."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lookalike.errors import DataError
from lookalike.images import ImageClassifier, ImageScores, evaluate_images, read_images
from lookalike.images._scores import _comparable, _distance


def parts(shapes):
    images, labels = shapes
    return (images[:60], labels[:60]), (images[60:], labels[60:])


@pytest.fixture(scope="module")
def copied(shapes):
    """Return the scores of generated images that are the training images."""
    real, others = parts(shapes)
    return evaluate_images(real, real, others, networks=False)


@pytest.mark.slow
def test_real_images_score_like_real_ones_and_noise_like_none(shapes, copied):
    real, others = parts(shapes)
    good = copied
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


@pytest.mark.slow
def test_a_number_that_is_not_finite_is_no_number_of_json(shapes):
    real, _ = parts(shapes)
    found = evaluate_images(real, real, real, networks=False)
    assert np.isnan(found["nearest"].value)  # held-out images equal learned ones
    assert found.to_dict()["scores"]["nearest"]["value"] is None
    json.dumps(found.to_dict(), allow_nan=False)


def test_scores_are_a_page_with_images_and_come_back_from_json(copied, tmp_path):
    found = copied
    page = found.to_html(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text("utf-8") == page
    assert page.count('<img class="pixels" src="data:image/png;base64,') == 3
    assert "copies" in page  # the generated images are the training images
    again = ImageScores.from_json(found.to_json())
    assert again == replace(found, pictures={})  # JSON holds no image
    assert "data:image" not in again.to_html()
    assert found["nearest"].value == again["nearest"].value
    for damaged in ({"facts": {}}, {"scores": {"a": {}}}, {"facts": {"training": "x"}}):
        with pytest.raises(DataError, match="Not the JSON of image scores"):
            ImageScores.from_json(json.dumps({**json.loads(found.to_json()), **damaged}))


def test_copies_of_any_training_image_are_found(shapes, monkeypatch):
    """Models compare some of the images, but a copy may be one of all."""
    real, others = parts(shapes)
    monkeypatch.setattr("lookalike.images._scores._MOST", len(real[0]) // 3)
    found = evaluate_images(real, real, others, networks=False)
    assert found["nearest"].value == 0
    assert found.facts["training"] == len(real[0])


def test_numbers_that_are_not_finite_are_told_as_such(copied):
    found = copied
    none = replace(found, scores=tuple(replace(s, value=float("nan")) for s in found.scores))
    page = none.to_html()
    assert "nan" not in page
    assert page.count("not known") >= 3
    with pytest.raises(KeyError):
        found["unknown"]


def test_sheets_show_each_class_and_pairs_of_nearest_images(shapes, copied):
    real, others = parts(shapes)
    sheets = copied.pictures
    with Image.open(io.BytesIO(base64.b64decode(sheets["nearest"]))) as picture:
        pixels = np.asarray(picture)
    # Copies: each row of generated images is the row of their nearest ones.
    side = (len(pixels) - 2) // 4
    for row in (0, 2):
        top = pixels[2 + row * side : (row + 1) * side]
        np.testing.assert_array_equal(top, pixels[2 + (row + 1) * side : (row + 2) * side])
    five = (np.repeat(part[0][..., None], 5, axis=3) for part in (real, others))
    many, rest = ((images, part[1]) for images, part in zip(five, (real, others), strict=True))
    assert evaluate_images(many, many, rest, networks=False).pictures == {}


def test_labels_and_sizes_are_needed(shapes):
    real, others = parts(shapes)
    with pytest.raises(DataError, match="need the label"):
        evaluate_images(real[0], real, others)
    with pytest.raises(DataError, match="one shape"):
        evaluate_images(real, (real[0][:, :5], real[1]), others)


@pytest.mark.slow
def test_numbers_and_the_names_of_folders_are_the_same_classes(shapes):
    images, numbers = shapes[0], np.unique(shapes[1], return_inverse=True)[1]
    for labels in (numbers, numbers.astype(float), numbers.astype(str), numbers.astype(object)):
        found = _comparable(read_images(images, part) for part in (numbers, labels, numbers))
        assert all((part.labels == numbers).all() for part in found)
    # Halves are no classes for scikit-learn, but numbers of them are.
    halves = parts((images, numbers / 2))
    found = evaluate_images(halves[0], halves[0], halves[1], networks=False)
    assert found["tstr, k-nearest neighbours"].value > 0.6


def test_images_that_cannot_be_compared(shapes):
    real, others = parts(shapes)
    images = real[0]
    for one, other in ((images, images / 255), (images / 16, images)):
        with pytest.raises(DataError, match="generated images run from"):
            evaluate_images((one, real[1]), (other, real[1]), (one, real[1]), networks=False)
    scaled = (images / 127.5 - 1, real[1])
    with pytest.raises(DataError, match="held-out images run from 0"):
        evaluate_images(scaled, scaled, (others[0] / 255, others[1]), networks=False)
    for few in (others[0][:4], others[1][:4]), (others[0][:2], ["row", "column"]):
        with pytest.raises(DataError, match=r"at least 5 held-out images; got [24]"):
            evaluate_images(real, real, few, networks=False)
    with pytest.raises(DataError, match="generated images have the class 'Row', which training"):
        evaluate_images(real, (images, [s.replace("row", "Row") for s in real[1]]), others)


def test_dark_and_grey_images_can_be_compared(shapes):
    real, others = parts(shapes)
    grey = np.full_like(real[0], 120)
    for pale in (grey, real[0] // 3, real[0] / 1.0, np.zeros_like(grey)):
        found = _comparable(
            map(read_images, (real[0], pale, others[0]), (real[1], real[1], others[1]))
        )
        assert found[1].images is pale
    signed = real[0] / 100 - 0.3
    _comparable(map(read_images, (signed, signed / 2, signed * 1.4), [real[1]] * 3))


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
    model = ImageClassifier(width=8, epochs=60, batch_size=16, random_state=0).fit(*real)
    assert model.score(*others) > 0.8
    assert model.features(others[0]).shape == (30, 16)
    np.testing.assert_allclose(model.predict_proba(others[0]).sum(axis=1), 1)
    with pytest.raises(DataError, match="must have the shape"):
        model.predict(others[0][:, :5])
    with pytest.raises(DataError, match="needs the label"):
        ImageClassifier().fit(real[0], None)
