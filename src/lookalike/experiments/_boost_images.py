"""`boost_images`: a study of whether generated or augmented images help classifiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone

from lookalike._core.errors import DataError, ParameterError, TrainingError
from lookalike._core.parameters import Number, check_parameters
from lookalike._core.progress import progress
from lookalike._core.seeds import RandomState, as_seed, derive_seed, generator
from lookalike.experiments._arms import ComparedArm
from lookalike.experiments._battery import failure, seed_all, synthesizer_failure
from lookalike.experiments._build_verdict import build_verdict
from lookalike.experiments._fitting import check_whole
from lookalike.experiments._identity import digest
from lookalike.experiments._records import Record
from lookalike.experiments._splits import Split, keep_share, stratified
from lookalike.experiments._study_facts import study_facts
from lookalike.experiments._verdict import Verdict
from lookalike.images import Images, LabelledImages, augmented, image_models, read_images

__all__ = ["boost_images"]

#: The fewest images of a class, so that every split has some on both sides.
_FEWEST = 2

#: Returns augmented images and labels by their number.
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
    models = image_models() if models is None else dict(models)
    if not models:
        raise ParameterError("models must name at least one model; got none.")
    study = _ImageStudy(data, arms, synthesizer, models, share, seed)
    splits = stratified(study.codes, repeats, test_size, seed)
    records: list[Record] = []
    with progress("splits", len(splits), show=show) as report:
        for number, split in enumerate(splits):
            records += study.records(split)
            report(number + 1, {})
    facts = study_facts(
        study,
        records,
        rows=len(data.images),
        classes=True,
        inputs=[f"images of {' × '.join(map(str, data.images.shape[1:]))}"],
        split="stratified",
        groups=None,
        time=None,
        test_size=test_size,
        repeats=repeats,
        factors=factors,
        shares=[share],
        curve=(),
        replace=replace,
        controls=True,
    )
    return build_verdict(records, arms, [share], study.metrics, facts, ())


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

    #: The class of each image, as records and facts name it, and the metrics.
    target: ClassVar[str] = "label"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy",)

    real: LabelledImages
    arms: Sequence[_ImageArm]
    synthesizer: Images
    models: Mapping[str, Any]
    share: float
    seed: int

    @cached_property
    def data(self) -> str:
        """A digest of the images and their labels."""
        return digest(self.real.images.tobytes(), np.asarray(self.real.labels).astype(str).tolist())

    @cached_property
    def codes(self) -> np.ndarray:
        """The number of each image's class."""
        assert self.real.labels is not None
        return np.unique(self.real.labels, return_inverse=True)[1]

    def records(self, split: Split) -> list[Record]:
        """Return the numbers of all arms and models on one split."""
        assert self.real.labels is not None
        images, labels = self.real.images, self.real.labels
        train, test = np.asarray(split.train), np.asarray(split.test)
        kept = keep_share(split, self.codes, self.share, self.seed, least=_FEWEST)
        seed, found = derive_seed(self.seed, "images", split.number), []
        drawn = self._fitted(images[kept], labels[kept], seed)

        def copies(count: int) -> tuple[np.ndarray, np.ndarray]:
            return augmented(images[kept], labels[kept], count, random_state=seed)

        for arm in self.arms:
            training = self._training(arm, (images[kept], labels[kept]), drawn, copies)
            for name, model in self.models.items():
                value, reason = self._judged(
                    *(name, model, split.number, training, (images[test], labels[test]))
                )
                found.append(
                    Record(
                        data=self.data,
                        settings=digest(repr(self.synthesizer), self.seed),
                        split=split.number,
                        arm=arm.name,
                        factor=arm.factor,
                        share=self.share,
                        model=name,
                        metric=self.metrics[0],
                        value=value,
                        reason=reason,
                        kept_rows=len(kept),
                        train_rows=len(train),
                        test_rows=len(test),
                    )
                )
        return found

    def _fitted(self, images: np.ndarray, labels: np.ndarray, seed: int) -> Images | str:
        """Return a model of the kept images, or the reason why there is none."""
        model: Images = clone(self.synthesizer).set_params(random_state=seed)
        try:
            model.fit(images, labels)
        except (TrainingError, DataError) as error:
            return synthesizer_failure(error)
        check_whole(model)
        return model

    def _training(
        self,
        arm: _ImageArm,
        real: tuple[np.ndarray, np.ndarray],
        drawn: Images | str,
        copies: _DrawImages,
    ) -> tuple[np.ndarray, np.ndarray] | str:
        """Return an arm's images and labels, or the reason why there are none."""
        own, generated, changed = arm.parts
        count = round(arm.factor * len(real[0]) / max(generated + changed, 1))
        parts = [real] if own else []
        if generated:
            if isinstance(drawn, str):
                return drawn
            made, classes = drawn.sample(count)
            assert classes is not None
            parts.append((made, classes))
        parts += [copies(count)] if changed else []
        images, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
        return images, labels

    def _judged(
        self,
        name: str,
        model: Any,
        number: int,
        training: tuple[np.ndarray, np.ndarray] | str,
        test: tuple[np.ndarray, np.ndarray],
    ) -> tuple[float | None, str | None]:
        """Return a model's score, or None and the reason why there is none."""
        if isinstance(training, str):
            return None, training
        try:
            fresh = clone(model)
            seed_all(fresh, int(generator(self.seed, "model", name, number).integers(2**31)))
            return float(fresh.fit(*training).score(*test)), None
        except Exception as error:  # an estimator of the caller may raise anything
            return None, failure("model", error)
