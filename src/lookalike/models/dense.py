"""Dense networks as scikit-learn estimators, with which synthetic rows are put to use."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from lookalike._core.numerics import Floats
from lookalike._core.parameters import AnyOf, Choice, Instance, Number, Rule, check_parameters
from lookalike._core.seeds import RandomState, as_seed, generator

if TYPE_CHECKING:
    from lookalike.training import History, LabelledRows

__all__ = ["DenseClassifier", "DenseRegressor"]


#: α and λ of Klambauer et al. 2017, arXiv 1706.02515.
_ALPHA, _LAMBDA = 1.6732632423543772, 1.0507009873554805
#: Widths and lengths are padded to multiples and powers, so that compiled programs are shared.
_WIDTH, _LENGTH, _HELD = 16, 256, 64

_RULES: dict[str, Rule] = {
    "layers": Number(1, 64, integer=True),
    "units": Number(1, 2**14, integer=True),
    "activation": Choice(("elu", "relu", "selu")),
    "dropout": Number(0, 0.99),
    "learning_rate": Number(0, open_low=True),
    "batch_size": Number(1, 2**20, integer=True),
    "epochs": Number(1, 2**30, integer=True),
    "patience": Number(1, 2**30, integer=True),
    "validation": Number(0, 0.9, open_low=True),
}


class _Dense(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """Base class of the dense classifier and regressor."""

    _rules: ClassVar[Mapping[str, Rule]] = _RULES
    _classes: ClassVar[bool]

    n_iter_: int
    validation_score_: float
    history_: History
    _middle: Floats
    _spread: Floats
    _folded: list[tuple[Floats, Floats]]

    def __init__(
        self,
        *,
        layers: int = 5,
        units: int = 64,
        activation: str = "selu",
        dropout: float = 0.3,
        learning_rate: float = 1e-3,
        batch_size: int = 32,
        epochs: int = 300,
        patience: int = 20,
        validation: float = 0.2,
        random_state: RandomState = None,
    ) -> None:
        self.layers = layers
        self.units = units
        self.activation = activation
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.validation = validation
        self.random_state = random_state

    def _check_parameters(self) -> None:
        values = self.get_params(deep=False)
        values.pop("random_state")  # as_seed checks it
        check_parameters(type(self).__name__, self._rules, values)

    def _learn(self, inputs: Floats, targets: Floats, weights: Floats, outputs: int) -> None:
        """Train on the rows that are not held out, and keep the best state as plain arrays."""
        # JAX is paid for by those who train.
        import jax.numpy as jnp  # noqa: PLC0415

        from lookalike.training import (  # noqa: PLC0415
            DenseSpec,
            EarlyStopping,
            SupervisedTask,
            TrainingPlan,
            keep_compiled_programs,
            make_room_for_programs,
            train,
        )
        from lookalike.training.strategies import Constant  # noqa: PLC0415

        keep_compiled_programs()
        make_room_for_programs()
        seed = as_seed(self.random_state)
        learned, held = _split(targets, self.validation, generator(seed, "dense", "validation"))
        self._middle = inputs[learned].mean(axis=0)
        spread = inputs[learned].std(axis=0)
        self._spread = np.where(spread > 0, spread, 1.0)
        scaled = (inputs - self._middle) / self._spread
        rows = _padded(scaled[learned], targets[learned], weights[learned], _LENGTH)
        held_out = _padded(scaled[held], targets[held], weights[held], _HELD)
        spec = DenseSpec(
            inputs=rows.inputs.shape[1],
            outputs=outputs,
            units=int(self.units),
            layers=int(self.layers),
            activation=self.activation,
            batch_size=int(self.batch_size),
            classes=self._classes,
        )
        task = SupervisedTask(
            spec,
            dropout=jnp.asarray(self.dropout, jnp.float32),
            fan_in=jnp.asarray(inputs.shape[1], jnp.float32),
        )
        plan = TrainingPlan(
            steps=int(self.epochs),
            interval=1,
            rates={"network": self.learning_rate},
            strategies={"network": Constant()},
            early_stopping=EarlyStopping(task.score(held_out), every=1, patience=self.patience),
        )
        result = train(task, rows, seed, plan)
        if result.history.interrupted:  # whoever fits many models wants them all to stop
            raise KeyboardInterrupt
        layers = result.model.network.folded(result.model.moments)
        self._folded = [(np.asarray(w, float), np.asarray(b, float)) for w, b in layers]
        self._folded[0] = (self._folded[0][0][: inputs.shape[1]], self._folded[0][1])
        self.history_ = result.history
        self.n_iter_ = len(result.history)
        self.validation_score_ = max(row["held_out"] for row in result.history.rows)

    def _outputs(self, data: Any) -> Floats:
        """Return the outputs of the network for each row, shape (n, outputs)."""
        check_is_fitted(self)
        rows = validate_data(self, data, dtype=np.float64, reset=False)
        # In float64 and without JAX: a row's result does not depend on the rows beside it.
        rows = (rows - self._middle) / self._spread
        for weight, bias in self._folded[:-1]:
            rows = _activated(rows @ weight + bias, self.activation)
        outputs: Floats = rows @ self._folded[-1][0] + self._folded[-1][1]
        return outputs


class DenseClassifier(ClassifierMixin, _Dense):  # type: ignore[misc]
    """Dense neural network for classification, with early stopping.

    Each hidden layer is dense → batch normalisation → activation → dropout (Leitner 2021, listing
    7), trained with Adam on the cross-entropy. A share of the rows is held out for validation:
    training ends when accuracy on them no longer improves, and the best weights are kept. The
    estimator follows scikit-learn's contract and scales its inputs itself.

    Parameters
    ----------
    layers : int
        The number of hidden layers.
    units : int
        The number of units in each hidden layer.
    activation : {"selu", "elu", "relu"}
        The activation function of hidden layers.
    dropout : float
        The share of hidden units that are dropped in each training step.
    learning_rate : float
        The learning rate of Adam.
    batch_size : int
        The number of rows in each step.
    epochs : int
        The maximum number of passes through the rows.
    patience : int
        The number of epochs without improvement after which training ends.
    validation : float
        The share of rows held out for validation, stratified by class.
    class_weight : mapping, "balanced" or None
        The weights of classes, as in scikit-learn.
    random_state : int, Generator, RandomState or None
        The seed.

    Attributes
    ----------
    classes_ : ndarray, shape (classes,)
        The class labels, sorted.
    n_iter_ : int
        The number of epochs trained.
    history_ : History
        The measures of training, one row per epoch.
    validation_score_ : float
        The best accuracy on the validation rows.

    Examples
    --------
    >>> import numpy as np
    >>> from lookalike import DenseClassifier
    >>> inputs = np.random.default_rng(0).normal(size=(200, 2))
    >>> labels = np.where(inputs[:, 0] > 0, "right", "left")
    >>> model = DenseClassifier(layers=1, units=16, epochs=40, random_state=0).fit(inputs, labels)
    >>> model.predict([[2.0, 0.0], [-2.0, 0.0]]).tolist()
    ['right', 'left']
    """

    _rules: ClassVar[Mapping[str, Rule]] = _RULES | {
        "class_weight": AnyOf(
            (Choice(("balanced",)), Instance((Mapping,), "a mapping of classes to weights")),
            none=True,
        )
    }
    _classes: ClassVar[bool] = True
    classes_: npt.NDArray[Any]

    def __init__(
        self,
        *,
        layers: int = 5,
        units: int = 64,
        activation: str = "selu",
        dropout: float = 0.3,
        learning_rate: float = 1e-3,
        batch_size: int = 32,
        epochs: int = 300,
        patience: int = 20,
        validation: float = 0.2,
        class_weight: Mapping[Any, float] | str | None = None,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(
            layers=layers,
            units=units,
            activation=activation,
            dropout=dropout,
            learning_rate=learning_rate,
            batch_size=batch_size,
            epochs=epochs,
            patience=patience,
            validation=validation,
            random_state=random_state,
        )
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any) -> Self:
        """Train the classifier.

        Parameters
        ----------
        X : array-like, shape (n, features)
            Numeric features without missing cells; they need not be scaled.
        y : array-like, shape (n,)
            The class labels.

        Returns
        -------
        DenseClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If a parameter breaks its rule, or the data cannot be used.
        """
        self._check_parameters()
        inputs, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        each = compute_class_weight(self.class_weight, classes=self.classes_, y=labels)
        self._learn(inputs, codes.astype(float), each[codes], len(self.classes_))
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like, shape (n, features)
            Rows.

        Returns
        -------
        ndarray of float, shape (n, classes)
            In the order of ``classes_``; each row sums to 1.
        """
        logits = self._outputs(X)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: Floats = weights / weights.sum(axis=1, keepdims=True)
        return probabilities

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array-like, shape (n, features)
            Rows.

        Returns
        -------
        ndarray, shape (n,)
            Labels.
        """
        codes = self._outputs(X).argmax(axis=1)  # before classes_: it may not be fitted
        labels: npt.NDArray[Any] = self.classes_[codes]
        return labels


class DenseRegressor(RegressorMixin, _Dense):  # type: ignore[misc]
    """Dense neural network for regression, with early stopping.

    The network is that of `DenseClassifier`, trained with Adam on the squared error. A share of the
    rows is held out for validation: training ends when the error on them no longer improves, and
    the best weights are kept. Inputs and target are scaled internally.

    Parameters
    ----------
    layers : int
        The number of hidden layers.
    units : int
        The number of units in each hidden layer.
    activation : {"selu", "elu", "relu"}
        The activation function of hidden layers.
    dropout : float
        The share of hidden units that are dropped in each training step.
    learning_rate : float
        The learning rate of Adam.
    batch_size : int
        The number of rows in each step.
    epochs : int
        The maximum number of passes through the rows.
    patience : int
        The number of epochs without improvement after which training ends.
    validation : float
        The share of rows held out for validation, spread over the range of the target.
    random_state : int, Generator, RandomState or None
        The seed.

    Attributes
    ----------
    n_iter_ : int
        The number of epochs trained.
    history_ : History
        The measures of training, one row per epoch.
    validation_score_ : float
        The best validation score: minus the mean squared error, in variances of the target.

    Examples
    --------
    >>> import numpy as np
    >>> from lookalike import DenseRegressor
    >>> inputs = np.random.default_rng(0).normal(size=(300, 2))
    >>> target = 100 + 10 * inputs[:, 0]
    >>> model = DenseRegressor(layers=1, dropout=0, epochs=60, random_state=0).fit(inputs, target)
    >>> bool(model.score(inputs, target) > 0.9)
    True
    """

    _classes: ClassVar[bool] = False

    def fit(self, X: Any, y: Any) -> Self:
        """Train the regressor.

        Parameters
        ----------
        X : array-like, shape (n, features)
            Numeric features without missing cells; they need not be scaled.
        y : array-like, shape (n,)
            The target values.

        Returns
        -------
        DenseRegressor
            The estimator itself.

        Raises
        ------
        ValueError
            If a parameter breaks its rule, or the data cannot be used.
        """
        self._check_parameters()
        inputs, targets = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        self._offset, self._unit = float(targets.mean()), float(targets.std()) or 1.0
        scaled = (targets - self._offset) / self._unit
        self._learn(inputs, scaled, np.ones(len(scaled)), 1)
        return self

    def predict(self, X: Any) -> Floats:
        """Return the predicted target of each row.

        Parameters
        ----------
        X : array-like, shape (n, features)
            Rows.

        Returns
        -------
        ndarray of float, shape (n,)
            In the unit of the target.
        """
        return self._outputs(X)[:, 0] * self._unit + self._offset


def _split(
    targets: Floats, share: float, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the training and the validation rows, both spread over the targets."""
    count = len(targets)
    held = min(max(round(share * count), 1), count - 1)
    if held < 1:
        return np.arange(count), np.arange(count)
    # Rows by their targets, equal ones at random: every (count / held)-th validates.
    order = rng.permutation(count)
    order = order[np.argsort(targets[order], kind="stable")]
    picked = ((np.arange(held) + rng.random()) * (count / held)).astype(np.int64)
    return np.sort(np.delete(order, picked)), np.sort(order[picked])


def _padded(inputs: Floats, targets: Floats, weights: Floats, least: int) -> LabelledRows:
    import jax.numpy as jnp  # noqa: PLC0415 - as above

    from lookalike.training import LabelledRows  # noqa: PLC0415

    count, width = inputs.shape
    rows = (0, (1 << max(count - 1, least - 1).bit_length()) - count)
    columns = (0, -width % _WIDTH)
    return LabelledRows(
        jnp.asarray(np.pad(inputs, (rows, columns)), jnp.float32),
        jnp.asarray(np.pad(targets, rows), jnp.float32),
        jnp.asarray(np.pad(weights, rows), jnp.float32),
        jnp.asarray(count, jnp.int32),
    )


def _activated(rows: Floats, name: str) -> Floats:
    if name == "relu":
        return np.maximum(rows, 0.0)
    below = np.expm1(np.minimum(rows, 0.0))
    if name == "elu":
        return np.where(rows > 0, rows, below)
    return _LAMBDA * np.where(rows > 0, rows, _ALPHA * below)
