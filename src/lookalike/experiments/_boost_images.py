"""`boost_images`: a study of whether generated or augmented images help classifiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone

from lookalike._core.errors import DataError, ParameterError
from lookalike._core.parameters import Number, check_parameters
from lookalike._core.progress import progress
from lookalike._core.seeds import RandomState, as_seed, derive_seed, generator
from lookalike.experiments._arms import ComparedArm
from lookalike.experiments._battery import failure, seed_all
from lookalike.experiments._build_verdict import build_verdict
from lookalike.experiments._fitting import check_whole
from lookalike.experiments._identity import digest
from lookalike.experiments._records import Record
from lookalike.experiments._splits import Split, stratified
from lookalike.experiments._study import versions
from lookalike.experiments._verdict import Verdict
from lookalike.images import Images, LabelledImages, augmented, image_models, read_images

__all__ = ["boost_images"]

_METRICS = ("accuracy",)
#: The fewest images of a class, so that every split has some on both sides.
_FEWEST = 2

#: Returns generated, or augmented, images and labels by their number.
_DrawImages = Callable[[int], tuple[np.ndarray, np.ndarray]]


class _ImageArm(ComparedArm):
    """A set of training images: real ones, and so many generated and changed ones for each."""

    #: Whether it has the real images, generated ones, and changed copies.
    parts: ClassVar[tuple[bool, bool, bool]]


class _RealImages(_ImageArm):
    name = "real"
    about = "the real training images"
    role = "real"
    parts = (True, False, False)


class _BoostedImages(_ImageArm):
    name = "boosted"
    about = "the real images and generated ones"
    role = "synthetic"
    parts = (True, True, False)


class _AugmentedImages(_ImageArm):
    name = "augmented"
    about = "the real images and changed copies: shifted, rotated, scaled and sheared a little"
    role = "control"
    parts = (True, False, True)


class _BoostedAugmentedImages(_ImageArm):
    name = "boosted and augmented"
    about = "the real images, half as many generated ones, and half as many changed copies"
    role = "synthetic"
    parts = (True, True, True)


class _ReplacedImages(_ImageArm):
    name = "replaced"
    about = "generated images alone, as many as real ones"
    role = "synthetic"
    alone = True
    parts = (False, True, False)


def boost_images(
    images: Any,
    labels: Any = None,
    *,
    synthesizer: Images | None = None,
    factors: Sequence[float] = (1.0,),
    share: float = 1.0,
    replace: bool = True,
    models: Mapping[str, Any] | None = None,
    repeats: int = 5,
    test_size: float = 0.3,
    show: bool | None = None,
    random_state: RandomState = 0,
) -> Verdict:
    """Study whether generated images help classifiers of images, and whether augmentation does.

    In each split, a share of the images is held out; a model of images learns the others and
    generates more. Models are trained on real images, on real and generated ones, on real ones and
    changed copies, on all three, and on generated images alone, and judged on the held-out ones.
    The statistics are those of `boost`: augmentation is a control.

    Parameters
    ----------
    images : array-like, shape (n, height, width[, channels]), or path
        As for `Images.fit`.
    labels : array-like, shape (n,), or path, optional
        The class of each image.
    synthesizer : Images, optional
        The model of images; by default ``Images()``.
    factors : sequence of float
        The numbers of images to add for each real one.
    share : float
        The share of the training images that is kept: what if there were fewer?
    replace : bool
        Whether to train on generated images alone, too.
    models : mapping of str to classifier, optional
        Classifiers of arrays of images; by default k-nearest neighbours, logistic regression and a
        small convolutional network.
    repeats : int
        The number of splits, at least 2.
    test_size : float
        The share of images that is held out.
    show : bool or None
        Whether to show progress; by default where it is watched.
    random_state : int, Generator, RandomState or None
        The seed of splits, models and images.

    Returns
    -------
    Verdict

    Raises
    ------
    ParameterError
        If a parameter breaks its rule.
    DataError
        If images have no labels, or a class has one image.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from lookalike.experiments import boost_images
    >>> from lookalike.images import Images, image_models
    >>> digits = load_digits()
    >>> simple = Images(engine="components", family="independent")
    >>> model = {"k-NN": image_models()["k-nearest neighbours"]}
    >>> found = boost_images(
    ...     digits.images[:200], digits.target[:200], synthesizer=simple, models=model, repeats=2
    ... )
    >>> [row.arm for row in found.table]
    ['real', 'boosted', 'augmented', 'boosted and augmented', 'replaced']
    """
    values = {"share": share, "repeats": repeats, "test_size": test_size}
    rules = {"share": Number(0, 1, open_low=True), "repeats": Number(2, 1_000, integer=True)}
    check_parameters("boost_images", rules | {"test_size": Number(0.01, 0.99)}, values)
    for factor in factors:
        check_parameters(
            "boost_images", {"factors": Number(0, 1_000, open_low=True)}, {"factors": factor}
        )
    if not factors:
        raise ParameterError("factors must name at least one number of images; got none.")
    data, seed = read_images(images, labels), as_seed(random_state)
    if data.labels is None:
        raise DataError("A study needs the label of each image; got none.")
    _check_classes(data.labels)
    kinds = (_BoostedImages, _AugmentedImages, _BoostedAugmentedImages)
    arms: list[_ImageArm] = [_RealImages(), *(kind(f) for f in factors for kind in kinds)]
    if replace:
        arms.append(_ReplacedImages(1.0))
    synthesizer = Images() if synthesizer is None else synthesizer
    study = _ImageStudy(data, arms, synthesizer, dict(models or image_models()), share, seed)
    codes = np.unique(data.labels, return_inverse=True)[1]
    splits = stratified(codes, repeats, test_size, seed)
    records: list[Record] = []
    with progress("splits", len(splits), show=show) as report:
        for number, split in enumerate(splits):
            records += study.records(split)
            report(number + 1, {})
    facts = _facts(study, repeats, test_size)
    return build_verdict(records, arms, [share], _METRICS, facts, ())


def _check_classes(labels: np.ndarray) -> None:
    names, counts = np.unique(labels, return_counts=True)
    if counts.min() < _FEWEST:
        rare = names.tolist()[counts.argmin()]
        raise DataError(
            f"Each class needs at least {_FEWEST} images for splits; {rare!r} has {counts.min()}. "
            "Leave it out, or give more images."
        )


@dataclass(frozen=True)
class _ImageStudy:
    """A study, whose numbers depend on it and on the split alone."""

    data: LabelledImages
    arms: Sequence[_ImageArm]
    synthesizer: Images
    models: Mapping[str, Any]
    share: float
    seed: int

    @property
    def digest(self) -> str:
        return digest(self.data.images.tobytes(), np.asarray(self.data.labels).astype(str).tolist())

    def records(self, split: Split) -> list[Record]:
        """Return the numbers of all arms and models on one split."""
        assert self.data.labels is not None
        images, labels = self.data.images, self.data.labels
        train, test = np.asarray(split.train), np.asarray(split.test)
        kept = self._kept(train, split.number)
        seed, found = derive_seed(self.seed, "images", split.number), []
        drawn: Any = clone(self.synthesizer).set_params(random_state=seed)
        drawn.fit(images[kept], labels[kept])
        check_whole(drawn)

        def copies(count: int) -> tuple[np.ndarray, np.ndarray]:
            return augmented(images[kept], labels[kept], count, random_state=seed)

        for arm in self.arms:
            training = self._training(arm, (images[kept], labels[kept]), drawn.sample, copies)
            for name, model in self.models.items():
                value, reason = self._judged(
                    *(name, model, split.number, training, (images[test], labels[test]))
                )
                found.append(
                    Record(
                        data=self.digest,
                        settings=digest(repr(self.synthesizer), self.seed),
                        split=split.number,
                        arm=arm.name,
                        factor=arm.factor,
                        share=self.share,
                        model=name,
                        metric=_METRICS[0],
                        value=value,
                        reason=reason,
                        kept_rows=len(kept),
                        train_rows=len(train),
                        test_rows=len(test),
                    )
                )
        return found

    def _kept(self, train: np.ndarray, number: int) -> np.ndarray:
        """Return a share of the training images, at least two of each class."""
        assert self.data.labels is not None
        rng = np.random.default_rng(derive_seed(self.seed, "kept", number))
        chosen = []
        for label in np.unique(self.data.labels[train]):
            own = train[self.data.labels[train] == label]
            count = max(round(self.share * len(own)), min(_FEWEST, len(own)))
            chosen.append(rng.permutation(own)[:count])
        return np.sort(np.concatenate(chosen))

    def _training(
        self,
        arm: _ImageArm,
        real: tuple[np.ndarray, np.ndarray],
        drawn: _DrawImages,
        copies: _DrawImages,
    ) -> tuple[np.ndarray, np.ndarray]:
        own, generated, changed = arm.parts
        count = round(arm.factor * len(real[0]) / max(generated + changed, 1))
        parts = [real] if own else []
        parts += [drawn(count)] if generated else []
        parts += [copies(count)] if changed else []
        images, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
        return images, labels

    def _judged(
        self,
        name: str,
        model: Any,
        number: int,
        training: tuple[np.ndarray, np.ndarray],
        test: tuple[np.ndarray, np.ndarray],
    ) -> tuple[float | None, str | None]:
        try:
            fresh = clone(model)
            seed_all(fresh, int(generator(self.seed, "model", name, number).integers(2**31)))
            return float(fresh.fit(*training).score(*test)), None
        except Exception as error:  # an estimator of the caller may raise anything
            return None, failure("model", error)


def _facts(study: _ImageStudy, repeats: int, test_size: float) -> dict[str, Any]:
    return {
        "rows": len(study.data.images),
        "target": "label",
        "classes": True,
        "inputs": [f"images of {' × '.join(map(str, study.data.images.shape[1:]))}"],
        "split": "stratified",
        "groups": None,
        "time": None,
        "test_size": test_size,
        "repeats": repeats,
        "arms": {arm.name: arm.about for arm in study.arms},
        "synthesizer": repr(study.synthesizer),
        "models": list(study.models),
        "metrics": list(_METRICS),
        "seed": study.seed,
        "data": study.digest,
        "versions": versions(),
    }
