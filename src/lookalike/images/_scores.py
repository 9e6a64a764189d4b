"""Scores of generated images, each beside that of real images and that of simple ones.

The Fréchet distance is taken in a small network that is trained on the real images at hand. It is
not the FID of the literature, which uses a network of photographs, and compares with no published
number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from lookalike._core.errors import DataError
from lookalike._core.numerics import auc
from lookalike._core.seeds import RandomState, as_seed, derive_seed, generator
from lookalike.images._classifier import ImageClassifier
from lookalike.images._labels import coded_labels
from lookalike.images._read import LabelledImages, read_images
from lookalike.images._score_results import ImageScore, ImageScores
from lookalike.images._sheets import score_sheets

__all__ = ["evaluate_images", "image_models"]

#: The principal components by which a detector tells generated images from real ones.
_COMPONENTS = 20
#: The most images of each sort that are compared.
_MOST = 5_000
_FOLDS = 5
#: How many times the greatest pixel of one sort may be that of another.
_SAME_SCALE = 4


def image_models() -> dict[str, Any]:
    """Return the models that are trained on images: k-NN, logistic regression and a small network.

    Returns
    -------
    dict of str to estimator
        Unfitted; they take arrays of images.
    """
    return {
        "k-nearest neighbours": make_pipeline(_flat(), KNeighborsClassifier(3)),
        "logistic regression": make_pipeline(
            _flat(), StandardScaler(), LogisticRegression(C=0.1, max_iter=2_000)
        ),
        "small CNN": ImageClassifier(random_state=0),
    }


def _flat() -> FunctionTransformer:
    return FunctionTransformer(_rows)


def _rows(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(float)


def evaluate_images(
    training: Any,
    generated: Any,
    held_out: Any,
    *,
    networks: bool = True,
    random_state: RandomState = 0,
) -> ImageScores:
    """Score generated images against real ones.

    Parameters
    ----------
    training : tuple of arrays, or path
        The real images that a model has learned, with their labels: ``(images, labels)``, or a
        folder or file as for `Images.fit`.
    generated : tuple of arrays, or path
        As many generated images as there are training images, with labels.
    held_out : tuple of arrays, or path
        Real images that no model has learned, with labels.
    networks : bool
        Whether to train the small networks, for its accuracy and for the Fréchet distance.
    random_state : int, Generator, RandomState or None
        The seed of samples and networks.

    Returns
    -------
    ImageScores
        The accuracy of models on held-out images, if they are trained on generated ones or on real
        ones (``tstr``); the share of generated images of the class that they should have, by models
        trained on real ones (``purity``); the area under the ROC curve of a detector on principal
        components, where 0.5 is the best (``detection``); the Fréchet distance of features
        (``frechet``); and the median distance to the nearest training image, as a multiple of that
        of held-out images (``nearest``). At most 5,000 images of each sort are compared, with the
        nearest ones of all training images. `to_html` writes a page, with images to look at.

    Raises
    ------
    DataError
        If images have no labels, or differ in size or in the range of their pixels; if training
        images lack a class of the others; or if there are fewer than five of a sort.
    """
    seed = as_seed(random_state)
    given = _comparable(map(_labelled, (training, generated, held_out)))
    real, fake, others = (_some(part, seed) for part in given)
    simple = _independent(real, generator(seed, "independent"))
    models = image_models()
    if not networks:
        del models["small CNN"]
    parts, scores = (real, fake, simple, others), list[ImageScore]()
    for name, model in models.items():
        scores += _of_model(name, model, *parts, derive_seed(seed, name))
    scores.append(_detection(fake, simple, others, real, seed))
    scores.append(_nearest(given[0], fake, others))  # a copy may be one of any training image
    if networks:
        scores.append(_frechet(*parts, derive_seed(seed, "features")))
    names = ("training", "generated", "held_out")
    facts = {name: len(part.images) for name, part in zip(names, given, strict=True)}
    return ImageScores(tuple(scores), facts, score_sheets(given[0], fake, others))


def _labelled(part: Any) -> LabelledImages:
    pair = isinstance(part, tuple) and len(part) == 2
    found = read_images(*part) if pair else read_images(part)
    if found.labels is None:
        raise DataError("Scores need the label of each image; give (images, labels).")
    return found


def _comparable(parts: Iterable[LabelledImages]) -> list[LabelledImages]:
    """Return images with numbers as labels, if they can be compared with the first ones."""
    named = list(zip(("training", "generated", "held-out"), parts, strict=True))
    (_, real), *others = named
    shapes = [part.images.shape[1:] for _, part in named]
    if len(set(shapes)) > 1:
        raise DataError(f"All images must have one shape; got {', '.join(map(str, shapes))}.")
    for name, part in named:
        if len(part.images) < _FOLDS:
            raise DataError(
                f"Scores need at least {_FOLDS} {name} images; got {len(part.images)}. Give more."
            )
    for name, part in others:
        if _differ(_range(part.images), _range(real.images)):
            (a, b), (c, d) = _range(part.images), _range(real.images)
            raise DataError(
                f"Pixels of {name} images run from {a:g} to {b:g}, those of training images from "
                f"{c:g} to {d:g}. Bring all to one range first."
            )
    codes = coded_labels([(name, np.asarray(part.labels)) for name, part in named])
    return [LabelledImages(p.images, found) for (_, p), found in zip(named, codes, strict=True)]


def _range(images: np.ndarray) -> tuple[float, float]:
    return float(images.min()), float(images.max())


def _differ(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Return whether two ranges are those of two scales, and not of dark images and bright ones."""
    least, greatest = sorted(max(map(abs, limits)) for limits in (one, other))
    if 0 < least * _SAME_SCALE < greatest:  # 0 to 1, or to 16, beside 0 to 255
        return True
    # -1 to 1 beside 0 to 1.
    lower, upper = sorted((one[0], other[0]))
    return lower * _SAME_SCALE < -greatest and upper >= 0


def _some(part: LabelledImages, seed: int) -> LabelledImages:
    """Return images, but not more than are compared."""
    if len(part.images) <= _MOST:
        return part
    chosen = generator(seed, "most").permutation(len(part.images))[:_MOST]
    return LabelledImages(part.images[chosen], np.asarray(part.labels)[chosen])


def _independent(real: LabelledImages, rng: np.random.Generator) -> LabelledImages:
    """Return images whose pixels come each from another image of the same class."""
    assert real.labels is not None
    images = real.images.reshape(len(real.images), -1).copy()
    for label in np.unique(real.labels):
        own = np.flatnonzero(real.labels == label)
        for pixel in range(images.shape[1]):
            images[own, pixel] = images[rng.permutation(own), pixel]
    return LabelledImages(images.reshape(real.images.shape), real.labels)


def _of_model(
    name: str,
    model: Any,
    real: LabelledImages,
    fake: LabelledImages,
    simple: LabelledImages,
    others: LabelledImages,
    seed: int,
) -> list[ImageScore]:
    def fitted(data: LabelledImages) -> Any:
        fresh = clone(model)
        if not isinstance(fresh, Pipeline):
            fresh.set_params(random_state=seed)
        return fresh.fit(data.images, data.labels)

    of_real = fitted(real)
    truth = of_real.score(others.images, others.labels)
    accuracy = [fitted(part).score(others.images, others.labels) for part in (fake, simple)]
    purity = [of_real.score(part.images, part.labels) for part in (fake, simple)]
    return [
        ImageScore(
            f"tstr, {name}", accuracy[0], truth, accuracy[1], "accuracy on held-out real images"
        ),
        ImageScore(f"purity, {name}", purity[0], truth, purity[1], "share that shows its class"),
    ]


def _detection(
    fake: LabelledImages,
    simple: LabelledImages,
    others: LabelledImages,
    real: LabelledImages,
    seed: int,
) -> ImageScore:
    """Compare with held-out images; training images against these are the ceiling."""
    rows = [_rows(part.images) for part in (others, fake, real, simple)]
    count = min(_COMPONENTS, *rows[2].shape)
    components = PCA(count, random_state=0).fit(rows[2])
    known, *rest = (components.transform(part) for part in rows)

    def detected(part: np.ndarray) -> float:
        some = part[generator(seed, "detector").permutation(len(part))[: len(known)]]
        inputs = np.concatenate([known, some])
        sort = np.repeat([0, 1], [len(known), len(some)])
        folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
        forest = RandomForestClassifier(100, random_state=0)
        odds = cross_val_predict(forest, inputs, sort, cv=folds, method="predict_proba")[:, 1]
        return float(auc(odds[sort == 1], odds[sort == 0]))

    value, ceiling, floor = map(detected, rest)
    return ImageScore("detection", value, ceiling, floor, "AUC of a detector: 0.5 is not detected")


def _nearest(real: LabelledImages, fake: LabelledImages, others: LabelledImages) -> ImageScore:
    known = NearestNeighbors(n_neighbors=1).fit(_rows(real.images))
    gaps = [known.kneighbors(_rows(part.images))[0] for part in (fake, others)]
    far = [float(np.median(gap)) for gap in gaps]
    return ImageScore(
        "nearest",
        far[0] / far[1] if far[1] else float("nan"),
        1.0,
        None,
        "distance to the nearest training image, over that of held-out ones",
    )


def _frechet(
    real: LabelledImages,
    fake: LabelledImages,
    simple: LabelledImages,
    others: LabelledImages,
    seed: int,
) -> ImageScore:
    network = ImageClassifier(random_state=seed).fit(real.images, real.labels)
    known, made, real_, loose = (
        network.features(part.images).astype(float) for part in (others, fake, real, simple)
    )
    value, ceiling, floor = (_distance(known, part) for part in (made, real_, loose))
    return ImageScore(
        "frechet", value, ceiling, floor, "Fréchet distance in a network of these images, not FID"
    )


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    """Return the Fréchet distance of normal distributions with the moments of two samples.

    |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½): Dowson and Landau 1982.
    """
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(first)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ second @ root), 0)).sum()
    means = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum()
    return float(max(means + np.trace(first) + np.trace(second) - 2 * shared, 0.0))
