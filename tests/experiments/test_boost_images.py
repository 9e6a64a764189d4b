"""Studies of whether generated images help classifiers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from lookalike.errors import DataError, ParameterError, TrainingError
from lookalike.experiments import Verdict, boost_images
from lookalike.images import Images, image_models


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    found = load_digits()
    return found.images[:240], found.target[:240]


def rows_of(images):
    return images.reshape(len(images), -1)


SIMPLE = Images(engine="components", family="independent")


def study(digits, **options):
    models = {"k-NN": image_models()["k-nearest neighbours"]}
    return boost_images(*digits, synthesizer=SIMPLE, models=models, repeats=3, **options)


def test_arms_statistics_and_page(digits):
    found = study(digits, factors=(0.5, 1.0), share=0.5)
    assert [(row.arm, row.role, row.factor) for row in found.table] == [
        ("real", "real", 0.0),
        ("boosted", "synthetic", 0.5),
        ("augmented", "control", 0.5),
        ("boosted and augmented", "synthetic", 0.5),
        ("boosted", "synthetic", 1.0),
        ("augmented", "control", 1.0),
        ("boosted and augmented", "synthetic", 1.0),
        ("replaced", "synthetic", 1.0),
    ]
    assert len(found.records) == 8 * 3
    assert all(0 <= record.value <= 1 for record in found.records)
    # Independent weights know nothing of classes.
    assert found.table[0].scores["accuracy"] > 0.7 > 0.4 > found.table[-1].scores["accuracy"]
    boosted = next(row for row in found.table if row.arm == "boosted")
    assert boosted.control is not None
    assert boosted.control.against == "augmented"
    assert {record.kept_rows for record in found.records} <= set(range(80, 90))
    assert Verdict.from_json(found.to_json()) == found
    page = found.to_html()
    assert "shifted, rotated, scaled and sheared" in page
    words = "Design: 50 %, 100 % more rows; 50 % of the training rows kept; synthetic rows alone"
    assert f"{words}: yes; cheap controls: yes." in page
    assert "With 50 % kept: 168 training rows in each split" in page
    assert study(digits, factors=(0.5, 1.0), share=0.5) == found


def test_the_seed_is_that_of_all_random_parts(digits):
    forest = make_pipeline(FunctionTransformer(rows_of), RandomForestClassifier(3))
    options = {"synthesizer": SIMPLE, "models": {"forest": forest}, "repeats": 2}
    assert boost_images(*digits, **options) == boost_images(*digits, **options)


def test_an_interrupted_fit_ends_the_study(digits):
    class Cut(Images):
        def fit(self, images, labels=None):
            super().fit(images, labels)
            self.history_.interrupted = True
            return self

    cut = Cut(engine="components", family="independent")
    models = {"k-NN": image_models()["k-nearest neighbours"]}
    with pytest.raises(KeyboardInterrupt):
        boost_images(*digits, synthesizer=cut, models=models, repeats=2)


def test_a_failed_fit_leaves_the_other_numbers(digits):
    fits = []

    class Fragile(Images):
        def fit(self, images, labels=None):
            fits.append(len(images))
            if len(fits) == 2:
                raise TrainingError("It went\nwrong.")
            return super().fit(images, labels)

    fragile = Fragile(engine="components", family="independent")
    models = {"k-NN": image_models()["k-nearest neighbours"]}
    found = boost_images(*digits, synthesizer=fragile, models=models, repeats=3)
    assert len(fits) == 3
    lost = [record for record in found.records if record.value is None]
    assert {record.split for record in lost} == {1}
    assert {record.arm for record in lost} == {"boosted", "boosted and augmented", "replaced"}
    assert {record.reason for record in lost} == {"The synthesizer failed: It went wrong."}
    assert "It went wrong." in found.to_html()


def test_larger_shares_hold_the_images_of_smaller_ones(digits):
    learned = {}

    class Watched(Images):
        def fit(self, images, labels=None):
            learned[share].append({image.tobytes() for image in images})
            return super().fit(images, labels)

    watched = Watched(engine="components", family="independent")
    models = {"k-NN": image_models()["k-nearest neighbours"]}
    for share in (0.01, 0.5):
        learned[share] = []
        boost_images(*digits, synthesizer=watched, models=models, repeats=2, share=share)
    for few, more in zip(*learned.values(), strict=True):
        assert len(few) == 2 * 10  # two at least of each class
        assert few < more


def test_bad_input(digits):
    images, labels = digits
    with pytest.raises(ParameterError, match="factors must be a number"):
        study(digits, factors=(0.0,))
    with pytest.raises(ParameterError, match="at least one number"):
        study(digits, factors=())
    with pytest.raises(DataError, match="needs the label"):
        boost_images(images)
    with pytest.raises(DataError, match="at least 2 images for splits; 99 has 1"):
        boost_images(images, np.concatenate([labels[:-1], [99]]))


def test_a_model_that_fails_is_a_record_with_a_reason(digits):
    class Broken(type(image_models()["k-nearest neighbours"])):
        def fit(self, images, labels):
            raise ValueError("no")

    given = image_models()["k-nearest neighbours"]
    models = {"k-NN": given, "broken": Broken(given.steps)}
    found = boost_images(*digits, synthesizer=SIMPLE, models=models, repeats=2)
    reasons = {record.reason for record in found.records if record.model == "broken"}
    assert all("no" in reason for reason in reasons)
