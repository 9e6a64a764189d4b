"""Dense networks as scikit-learn estimators: what synthetic rows are tried out with."""

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
    """What the classifier and the regressor have in common."""

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
        """Return what the network says of each row, shape (n, outputs)."""
        check_is_fitted(self)
        rows = validate_data(self, data, dtype=np.float64, reset=False)
        # In float64 and without JAX: a row's result does not depend on the rows beside it.
        rows = (rows - self._middle) / self._spread
        for weight, bias in self._folded[:-1]:
            rows = _activated(rows @ weight + bias, self.activation)
        found: Floats = rows @ self._folded[-1][0] + self._folded[-1][1]
        return found


class DenseClassifier(ClassifierMixin, _Dense):  # type: ignore[misc]
    """Classify rows by a dense network with early stopping.

    Each hidden layer is dense, normalised over the batch, then selu, then dropout (Leitner 2021,
    listing 7). A part of the training rows is held out for validation; training ends when
    their accuracy no longer improves, and the best weights are kept.

    Parameters
    ----------
    layers, units : int
        Hidden layers, and units in each.
    activation : {"selu", "elu", "relu"}
        The nonlinearity.
    dropout : float
        The share of hidden units that are dropped at each step.
    learning_rate : float
        The step size of Adam.
    batch_size : int
        Rows in each step.
    epochs : int
        The most passes through the rows.
    patience : int
        So many passes without improvement end the training.
    validation : float
        The share of rows that are held out for validation, stratified by class.
    class_weight : mapping, "balanced" or None
        Weights of classes, as in scikit-learn.
    random_state : int, Generator, RandomState or None
        The seed.

    Attributes
    ----------
    classes_ : ndarray, shape (classes,)
        The labels.
    n_iter_ : int
        The number of epochs.
    history_ : History
        What happened while training: a row for each epoch.
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
        """Learn the classes of rows.

        Parameters
        ----------
        X : array-like, shape (n, features)
            Numbers without missing cells; they need not be scaled.
        y : array-like, shape (n,)
            The classes.

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
        found = self._outputs(X)
        found = np.exp(found - found.max(axis=1, keepdims=True))
        shares: Floats = found / found.sum(axis=1, keepdims=True)
        return shares

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the likeliest class of each row.

        Parameters
        ----------
        X : array-like, shape (n, features)
            Rows.

        Returns
        -------
        ndarray, shape (n,)
            Labels.
        """
        places = self._outputs(X).argmax(axis=1)  # before classes_: it may not be fitted
        labels: npt.NDArray[Any] = self.classes_[places]
        return labels


class DenseRegressor(RegressorMixin, _Dense):  # type: ignore[misc]
    """Predict a number by a dense network with early stopping.

    The network is that of `DenseClassifier`; the target is scaled within. Training ends when the
    squared error on the validation rows no longer improves, and the best weights are kept.

    Parameters
    ----------
    layers, units : int
        Hidden layers, and units in each.
    activation : {"selu", "elu", "relu"}
        The nonlinearity.
    dropout : float
        The share of hidden units that are dropped at each step.
    learning_rate : float
        The step size of Adam.
    batch_size : int
        Rows in each step.
    epochs : int
        The most passes through the rows.
    patience : int
        So many passes without improvement end the training.
    validation : float
        The share of rows that are held out for validation, spread over the range of the target.
    random_state : int, Generator, RandomState or None
        The seed.

    Attributes
    ----------
    n_iter_ : int
        The number of epochs.
    history_ : History
        What happened while training: a row for each epoch.
    validation_score_ : float
        Minus the smallest mean squared error on the validation rows, in variances of the target.

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
        """Learn the numbers of rows.

        Parameters
        ----------
        X : array-like, shape (n, features)
            Numbers without missing cells; they need not be scaled.
        y : array-like, shape (n,)
            The numbers to predict.

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
        """Return the number that is expected for each row.

        Parameters
        ----------
        X : array-like, shape (n, features)
            Rows.

        Returns
        -------
        ndarray of float, shape (n,)
            In the unit of the target.
        """
        found = self._outputs(X)[:, 0]
        return found * self._unit + self._offset


def _split(
    targets: Floats, share: float, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the rows to learn and those to validate on, both spread over the targets."""
    count = len(targets)
    held = min(max(round(share * count), 1), count - 1)
    if held < 1:
        return np.arange(count), np.arange(count)
    order = rng.permutation(count)
    order = order[np.argsort(targets[order], kind="stable")]
    places = ((np.arange(held) + rng.random()) * (count / held)).astype(np.int64)
    return np.sort(np.delete(order, places)), np.sort(order[places])


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
