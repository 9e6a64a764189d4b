"""A small convolutional network as a scikit-learn classifier of images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from lookalike._core.errors import DataError
from lookalike._core.numerics import Floats32
from lookalike._core.parameters import Number, Rule, check_parameters
from lookalike._core.seeds import RandomState, as_seed
from lookalike.encoding import EncodedRows
from lookalike.images._form import ImageForm
from lookalike.images._read import read_images

if TYPE_CHECKING:
    from lookalike.nn import ImageJudge
    from lookalike.training import History

__all__ = ["ImageClassifier"]

#: The number of images in a forward pass.
_TOGETHER = 512


class ImageClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Small convolutional network for the classification of images.

    Two 4 × 4 convolutions with stride 2, then an affine map to the classes; trained with Adam on
    the cross-entropy, with a cosine schedule and a moving average of weights. It scales pixels
    itself.

    Parameters
    ----------
    width : int
        The channels of the first convolution; the second has twice as many.
    epochs : int
        The number of passes through the images.
    batch_size : int
        The number of images in each step.
    learning_rate : float
        The peak learning rate.
    random_state : int, Generator, RandomState or None
        The seed.

    Attributes
    ----------
    classes_ : ndarray, shape (classes,)
        The class labels, sorted.
    form_ : ImageForm
        The shape of images and the range of their pixels.
    history_ : History
        The measures of training.

    Examples
    --------
    >>> from lookalike.images import ImageClassifier
    >>> ImageClassifier(width=8).get_params()["epochs"]
    40
    """

    _rules: ClassVar[Mapping[str, Rule]] = {
        "width": Number(1, 2**10, integer=True),
        "epochs": Number(1, 2**20, integer=True),
        "batch_size": Number(1, 2**16, integer=True),
        "learning_rate": Number(0, open_low=True),
    }

    classes_: np.ndarray
    form_: ImageForm
    history_: History
    _network: ImageJudge

    def __init__(
        self,
        *,
        width: int = 16,
        epochs: int = 40,
        batch_size: int = 64,
        learning_rate: float = 2e-3,
        random_state: RandomState = None,
    ) -> None:
        self.width = width
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(self, images: Any, labels: Any) -> Self:
        """Learn the classes of images.

        Parameters
        ----------
        images : array-like, shape (n, height, width[, channels])
        labels : array-like, shape (n,)

        Returns
        -------
        ImageClassifier
            The estimator itself.

        Raises
        ------
        DataError
            If images or labels cannot be used.
        ParameterError
            If a parameter breaks its rule.
        """
        # JAX is paid for by those who train.
        from lookalike.nn import ImageArchitecture  # noqa: PLC0415
        from lookalike.training import (  # noqa: PLC0415
            Data,
            ImageTask,
            TrainingPlan,
            keep_compiled_programs,
            make_room_for_programs,
            train,
        )

        values = self.get_params()
        values.pop("random_state")  # as_seed checks it
        check_parameters(type(self).__name__, self._rules, values)
        keep_compiled_programs()
        make_room_for_programs()
        data = read_images(images, labels)
        if data.labels is None:
            raise DataError("A classifier needs the label of each image; got none.")
        self.form_ = ImageForm.of(data.images)
        self.classes_, codes = np.unique(data.labels, return_inverse=True)
        rows = EncodedRows(self.form_.rows(data.images), codes[:, None].astype(np.int32))
        architecture = ImageArchitecture(
            (self.width, 2 * self.width),
            height=self.form_.height,
            across=self.form_.width,
            channels=self.form_.channels,
        )
        task = ImageTask(architecture, int(self.batch_size), len(self.classes_))
        steps = int(self.epochs) * -(-len(rows.floats) // int(self.batch_size))
        plan = TrainingPlan(
            steps=steps, interval=-(-steps // 10), rates={"network": self.learning_rate}
        )
        result = train(task, Data.of(rows), as_seed(self.random_state), plan)
        if result.history.interrupted:  # whoever fits many models wants them all to stop
            raise KeyboardInterrupt
        self._network, self.history_ = result.model, result.history
        return self

    def predict_proba(self, images: Any) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        images : array-like, shape (n, height, width[, channels])

        Returns
        -------
        ndarray, shape (n, classes)
        """
        logits = self._passed(images).astype(np.float64)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        found: np.ndarray = odds / odds.sum(axis=1, keepdims=True)
        return found

    def predict(self, images: Any) -> np.ndarray:
        """Return the most probable class of each image.

        Parameters
        ----------
        images : array-like, shape (n, height, width[, channels])

        Returns
        -------
        ndarray, shape (n,)
        """
        found: np.ndarray = self.classes_[self._passed(images).argmax(axis=1)]
        return found

    def features(self, images: Any) -> np.ndarray:
        """Return what the network sees in images before it decides: the mean of each last unit.

        Parameters
        ----------
        images : array-like, shape (n, height, width[, channels])

        Returns
        -------
        ndarray, shape (n, 2 width)
        """
        units = self._passed(images, features=True)
        found: np.ndarray = units.reshape(len(units), -1, 2 * self.width).mean(axis=1)
        return found

    def _passed(self, images: Any, *, features: bool = False) -> Floats32:
        """Return the logits of each image, or the units before the last map."""
        import equinox as eqx  # noqa: PLC0415 - it loads JAX
        import jax.numpy as jnp  # noqa: PLC0415

        check_is_fitted(self)
        array = np.asarray(images)
        if array.shape[1:] != self.form_.shape:
            raise DataError(
                f"Images must have the shape {self.form_.shape} of those that were learned; got "
                f"{array.shape[1:]}."
            )
        rows = self.form_.rows(array)
        # Padded, so that few programs are compiled.
        padded = np.pad(rows, ((0, -len(rows) % _TOGETHER), (0, 0)))
        network = eqx.filter_jit(self._network.features if features else self._network)
        parts = [
            np.asarray(network(jnp.asarray(padded[at : at + _TOGETHER])))
            for at in range(0, max(len(padded), 1), _TOGETHER)
        ]
        found: Floats32 = np.concatenate(parts)[: len(rows)]
        return found
