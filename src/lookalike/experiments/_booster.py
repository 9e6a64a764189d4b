"""`Booster`: synthetic rows as a sampler, for pipelines of imbalanced-learn."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from imblearn.base import BaseSampler
from imblearn.utils import check_target_type
from imblearn.utils._validation import ArraysTransformer
from sklearn.base import clone
from sklearn.preprocessing import label_binarize
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from lookalike._core.errors import DataError, LookalikeWarning
from lookalike._core.parameters import Flag, Instance, Number, Rule, check_parameters
from lookalike._core.seeds import RandomState, as_seed, derive_seed
from lookalike.experiments._fitting import fit_whole
from lookalike.models import Synthesizer
from lookalike.tables import from_arrow, to_arrow

__all__ = ["Booster"]

ClassLabels = npt.NDArray[Any]

#: Rows that are generated for each one that is still needed, before a class is given up.
_PATIENCE = 200
_PIECE = 8192


class Booster(BaseSampler):  # type: ignore[misc]  # imbalanced-learn has no types
    """Add synthetic rows to training rows, as a sampler of imbalanced-learn.

    In a pipeline of imbalanced-learn, rows are added while fitting and never while predicting:
    held-out rows stay real, and the synthesizer learns the training rows of each fold alone.

    Parameters
    ----------
    synthesizer : Synthesizer or None
        The model that generates the rows; `GAN` with its defaults if None. It learns features and
        target together, and is not changed.
    factor : float
        The number of rows added for each real one, as they come.
    balance : bool
        True to add further rows of the rarer classes, until all classes are as large as the
        largest.
    random_state : int, Generator, RandomState or None
        The seed of the synthesizer.

    Attributes
    ----------
    synthesizer_ : Synthesizer
        The fitted synthesizer.
    sampling_strategy_ : dict
        The number of rows added of each class.

    Examples
    --------
    >>> import numpy as np
    >>> from lookalike import Booster, Independent
    >>> inputs = np.random.default_rng(0).normal(size=(60, 2))
    >>> labels = np.repeat(["often", "seldom"], [50, 10])
    >>> booster = Booster(Independent(), factor=0, balance=True, random_state=0)
    >>> more_inputs, more_labels = booster.fit_resample(inputs, labels)
    >>> dict(zip(*np.unique(more_labels, return_counts=True)))
    {np.str_('often'): np.int64(50), np.str_('seldom'): np.int64(50)}
    """

    _rules: ClassVar[Mapping[str, Rule]] = {
        "synthesizer": Instance((Synthesizer,), "a synthesizer of lookalike", optional=True),
        "factor": Number(0, 1000),
        "balance": Flag(),
    }

    synthesizer_: Synthesizer
    sampling_strategy_: dict[Any, int]

    def __init__(
        self,
        synthesizer: Synthesizer | None = None,
        *,
        factor: float = 0.2,
        balance: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.synthesizer = synthesizer
        self.factor = factor
        self.balance = balance
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Learn rows; `fit_resample` does so too, and gives the rows.

        Parameters
        ----------
        X : array-like or dataframe, shape (n, features)
            Rows.
        y : array-like, shape (n,)
            Their classes.

        Returns
        -------
        Booster
            The sampler itself.

        Raises
        ------
        ValueError
            If a parameter breaks its rule, or the rows cannot be used.
        """
        self.fit_resample(X, y)
        return self

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Learn rows, and return them with synthetic ones after them.

        Parameters
        ----------
        X : array-like or dataframe, shape (n, features)
            Rows: numbers, words, missing cells.
        y : array-like, shape (n,)
            Their classes.

        Returns
        -------
        X_resampled : array or dataframe, shape (n_new, features)
            Rows of the same kind and dtypes; a pandas index starts again at 0.
        y_resampled : array or series, shape (n_new,)
            Classes of the same kind.

        Raises
        ------
        ValueError
            If a parameter breaks its rule, or the rows cannot be used.
        """
        values = {name: getattr(self, name) for name in self._rules}
        check_parameters("Booster", self._rules, values)
        check_classification_targets(y)
        labels, one_hot = check_target_type(y, indicate_one_vs_all=True)
        labels = np.asarray(labels)
        rows, origin = _table(X)
        _check_rows(rows, labels)
        validate_data(self, X, labels, skip_check_array=True)  # remembers names and count
        synthetic, synthetic_labels = self._synthetic(rows, labels)
        both = np.concatenate([labels, synthetic_labels.astype(labels.dtype)])
        if one_hot:
            both = label_binarize(both, classes=np.unique(labels))
        return _given_back(X, pa.concat_tables([rows, synthetic]), origin), _like(y, both)

    def _fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        return self.fit_resample(X, y)

    def _synthetic(self, rows: pa.Table, labels: ClassLabels) -> tuple[pa.Table, ClassLabels]:
        """Return the synthetic rows and their classes."""
        target = "target"
        while target in rows.column_names:
            target += "_"
        table = rows.append_column(target, pa.array(labels.tolist()))
        self.synthesizer_ = _default() if self.synthesizer is None else clone(self.synthesizer)
        seed = derive_seed(as_seed(self.random_state), "booster")
        self.synthesizer_.set_params(random_state=seed)
        fit_whole(self.synthesizer_, table, {target: "categorical"}, target)
        count = round(self.factor * table.num_rows)
        parts = [self.synthesizer_.sample(count)]
        if self.balance:
            parts += self._rarer(labels, target, count)
        synthetic = pa.concat_tables(parts)
        classes = np.asarray(synthetic[target].to_pylist(), labels.dtype)
        names, counts = np.unique(classes, return_counts=True)
        self.sampling_strategy_ = dict(zip(names.tolist(), counts.tolist(), strict=True))
        return synthetic.drop_columns([target]), classes

    def _rarer(self, labels: ClassLabels, target: str, start: int) -> list[pa.Table]:
        """Return rows of the rarer classes, as many as each lacks, taken as they come."""
        names, counts = np.unique(labels, return_counts=True)
        lacks = {n: int(counts.max() - c) for n, c in zip(names, counts, strict=True)}
        most = start + _PATIENCE * sum(lacks.values())
        parts = []
        while any(lacks.values()) and start < most:
            item = self.synthesizer_.sample(_PIECE, start=start)
            classes = np.asarray(item[target].to_pylist(), labels.dtype)
            chosen = [np.flatnonzero(classes == name)[:lack] for name, lack in lacks.items()]
            parts.append(item.take(pa.array(np.sort(np.concatenate(chosen)))))
            lacks = {n: lack - len(c) for (n, lack), c in zip(lacks.items(), chosen, strict=True)}
            start += _PIECE
        if any(lacks.values()):
            lacking = {str(name): lack for name, lack in lacks.items() if lack}
            warnings.warn(
                f"The synthesizer generates too few rows of some classes: still lacking {lacking}.",
                LookalikeWarning,
                stacklevel=4,
            )
        return parts

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.sparse = False
        return tags


def _default() -> Synthesizer:
    from lookalike.models import GAN  # noqa: PLC0415 - it loads JAX

    return GAN(conditions=False)


def _check_rows(rows: pa.Table, labels: ClassLabels) -> None:
    if rows.num_rows != len(labels):
        raise DataError(
            f"There must be a class for each row; got {rows.num_rows} rows and "
            f"{len(labels)} classes."
        )
    if len(np.unique(labels)) < 2:
        raise DataError("Rows must be of two classes at least, but all are of one class.")


def _is_frame(data: Any) -> bool:
    return isinstance(nw.from_native(data, pass_through=True), nw.DataFrame)


def _table(data: Any) -> tuple[pa.Table, Any]:
    """Return rows as a table; columns of an array are named by their numbers."""
    if _is_frame(data):
        return to_arrow(data)
    array = np.asarray(data)
    if array.ndim != 2:
        raise DataError(f"Rows must be an array of two dimensions; got {array.ndim}.")
    columns = [pa.array(column.tolist(), from_pandas=True) for column in array.T]
    return pa.table(columns, names=[f"x{place}" for place in range(len(columns))]), None


def _given_back(data: Any, table: pa.Table, origin: Any) -> Any:
    if origin is not None:
        return from_arrow(table, origin)
    dtype = np.asarray(data).dtype
    columns = [np.asarray(column.to_pylist(), dtype) for column in table.columns]
    array = np.column_stack(columns)
    return array.tolist() if isinstance(data, list) else array


def _like(given: Any, labels: ClassLabels) -> Any:
    """Return classes in their original kind."""
    if nw.dependencies.is_polars_series(given):
        return nw.new_series(given.name, labels.tolist(), backend="polars").to_native()
    return ArraysTransformer(labels, given).transform(labels, labels)[1]
