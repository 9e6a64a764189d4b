"""Small random changes of images."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from lookalike.errors import DataError, ParameterError
from lookalike.images import (
    ElasticDeformation,
    ImageTransformer,
    PixelNoise,
    RandomRotation,
    RandomScale,
    RandomShear,
    RandomShift,
    augmented,
)

KINDS = (ElasticDeformation, PixelNoise, RandomRotation, RandomScale, RandomShear, RandomShift)


@pytest.mark.parametrize("kind", KINDS)
def test_form_seed_and_range(kind: type[ImageTransformer], shapes):
    images = shapes[0][:5]
    before = images.copy()
    one = kind(random_state=3)
    found = one.fit_transform(images)
    np.testing.assert_array_equal(images, before)
    assert found.dtype == images.dtype
    assert found.shape == images.shape
    assert found.min() >= images.min()
    assert found.max() <= images.max()
    np.testing.assert_array_equal(clone(one).fit_transform(images), found)
    other = kind(random_state=4).fit_transform(images)
    assert (other != found).any(axis=(1, 2)).all()
    coloured = np.stack([images] * 3, axis=-1) / 7
    assert kind(random_state=0).transform(coloured).shape == coloured.shape
    assert kind().transform(images[:0]).shape == (0, 8, 8)


def test_no_change_changes_nothing(shapes):
    images = shapes[0][:4].astype(float)
    nothing = make_pipeline(
        RandomShift(0.0), RandomRotation(0.0), RandomScale(0.0), RandomShear(0.0), PixelNoise(0.0)
    )
    np.testing.assert_allclose(nothing.fit_transform(images), images, atol=1e-9)
    np.testing.assert_allclose(ElasticDeformation(0.0).transform(images), images, atol=1e-9)


def test_a_quarter_turn_and_a_whole_shift():
    image = np.zeros((1, 5, 5))
    image[0, 0, 2] = 1
    turns = RandomRotation(180.0, random_state=0).transform(image)
    # What is rotated about the centre stays at its distance from it.
    rows, columns = np.nonzero(turns[0] > 0.2)
    far = np.hypot(rows - 2, columns - 2)
    assert len(far)
    assert abs(far - 2).max() < 1
    moved = np.stack([RandomShift(0.4, random_state=k).transform(image)[0] for k in range(20)])
    assert len({tuple(np.argwhere(m == m.max())[0]) for m in moved}) > 5


def test_bad_input():
    with pytest.raises(ParameterError, match="share must be a number in"):
        RandomShift(2.0).fit(np.zeros((1, 2, 2)))
    with pytest.raises(DataError, match="must be numbers of the shape"):
        PixelNoise().transform(np.zeros(3))


def test_copies_have_the_labels_of_their_originals(shapes):
    images, labels = shapes
    found, of = augmented(images, labels, 250, random_state=0)
    assert found.shape == (250, 8, 8)
    # Each original comes as often as the others, up to one.
    for label in set(labels.tolist()):
        assert 250 / 3 - 31 <= (of == label).sum() <= 250 / 3 + 31
    few, few_of = augmented(images[:2], np.array([7, 9]), 4, random_state=0)
    assert sorted(few_of.tolist()) == [7, 7, 9, 9]
    assert few.dtype == images.dtype
