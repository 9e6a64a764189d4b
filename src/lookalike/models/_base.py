"""What every synthesizer does the same way: check, infer, encode, sample in blocks, save.

A new synthesizer is one subclass with four small hooks; everything that touches tables is here.
"""

from __future__ import annotations

import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from copy import deepcopy
from threading import Event
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
from sklearn.base import BaseEstimator

from lookalike._core.errors import (
    DataError,
    LookalikeWarning,
    NotFittedError,
    ParameterError,
)
from lookalike._core.parameters import (
    AnyOf,
    Choice,
    Group,
    Instance,
    Number,
    Rule,
    check_parameters,
)
from lookalike._core.seeds import RandomState, as_seed, generator
from lookalike.encoding import BlockSource, Layout, Learned, SampledRows, TableEncoder
from lookalike.models._fingerprint import fingerprint
from lookalike.models._impute import Completion, completed_like
from lookalike.models._rare_conditions import rare_condition_warning
from lookalike.models._request import Request
from lookalike.models._routes import choose_route
from lookalike.models._rows import accepted_tables, is_frame, ordinary_tables, rebatch, zeros
from lookalike.models._sample_conditions import SampleConditions, parse_sample_conditions
from lookalike.models._saving import save_model
from lookalike.models._schema_for import schema_for
from lookalike.models._support import Support
from lookalike.models._task import FitCallback, FitTask
from lookalike.refine import MarginMap, Refine, Refinement, hold_out
from lookalike.tables import (
    Kind,
    Origin,
    Schema,
    TableWriter,
    as_frame,
    as_given,
    best_library,
    check_output,
    conform,
    from_arrow,
    natural,
    open_categories,
    render,
    to_arrow,
    without_rare,
)
from lookalike.training import History

__all__ = ["Synthesizer"]

_COUNT = Number(0, integer=True)
_AS = AnyOf((Choice(("pandas", "polars", "arrow")),), none=True)
#: What a synthesizer without a parameter ``refine`` gets.
_NOT_REFINED = Refine(calibrate=False, correct=False)
#: Kinds of dataframes that have another name than their library.
_LIBRARY_OF = {"arrow": "pyarrow"}
_RANDOM_STATE = Instance(
    (int, np.integer, np.random.Generator, np.random.RandomState),
    "an integer, a numpy Generator, a numpy RandomState or None",
    optional=True,
)
#: Parameters of a synthesizer that, where it has them, are handed on to its `TableEncoder`.
_ENCODER_OPTIONS = ("encodings", "min_category_count", "onehot_limit", "derive", "text_placeholder")


class Synthesizer(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """Base class of everything that learns a table and makes rows that look like it.

    A subclass stores its parameters in ``__init__`` (one of them ``random_state``), declares a rule
    for each of the others in ``_rules``, and writes four hooks: `_fit`, `_source`, `_state` and
    `_restore`. It may override `_encoder`. With a parameter ``refine`` (see
    `lookalike.refine.Refine`) its rows are calibrated, corrected by held-out rows and kept from
    combining what never occurs together. The hooks see encoded rows only, and at least one
    block: tables of which nothing is learned never reach them.

    Attributes
    ----------
    schema_ : Schema
        What each column of the training table is.
    encoder_ : TableEncoder
        The fitted encoding of the table.
    target_ : str or None
        The column that the table is meant to predict, if the caller named one.
    history_ : History
        What training recorded.
    seed_ : int
        The seed of training, and of `sample` where it is given none.
    n_rows_ : int
        The row count of the training table.
    fingerprint_ : str
        A digest of the training table, see `lookalike.models._fingerprint`.
    """

    #: Rows are made in blocks of this many; block ``b`` depends on the model, the seed and ``b``.
    BLOCK: ClassVar[int] = 8192
    #: Whether XLA trains it: what it learns then depends on how many threads XLA has. The rows of a
    #: fitted model must not: they depend on the model, the seed and their number alone.
    COMPILED: ClassVar[bool] = True
    #: What it can do beyond ordinary rows: ``"conditions"``, to make rows that fulfil conditions on
    #: their blocks. Without, conditions are met by choosing from ordinary rows.
    capabilities: ClassVar[frozenset[str]] = frozenset()
    #: One rule for each parameter, ``random_state`` excepted.
    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {}
    #: Groups of parameters, by the names of the parameters that hold them.
    _groups: ClassVar[Mapping[str, type[Group]]] = {}

    random_state: RandomState
    schema_: Schema
    encoder_: TableEncoder
    target_: str | None
    history_: History
    seed_: int
    n_rows_: int
    fingerprint_: str
    _origin: Origin
    #: Counts of the training rows; None where nothing is learned of them.
    _support: Support | None
    #: What is done to ordinary rows that `_source` makes.
    _refinement: Refinement = Refinement()
    #: The number of steps after which training ended.
    _trained_steps: int = 0
    #: The parameters of the fit: those of the estimator may be set anew before the next one.
    _fitted_with: dict[str, Any]
    #: The attributes of the fit, parameters included.
    _own_names: frozenset[str]

    # --- hooks -----------------------------------------------------------------------------------

    def _encoder(self) -> TableEncoder:
        """Return the unfitted encoder that the parameters ask for."""
        parameters = self.get_params(deep=False)
        return TableEncoder(**{k: parameters[k] for k in _ENCODER_OPTIONS if k in parameters})

    @abstractmethod
    def _fit(self, task: FitTask) -> None:
        """Learn encoded rows and keep what was learned as attributes.

        It runs on a fresh copy of the estimator that replaces the old one only on success, so it
        may set attributes as it goes, and ``history_``.
        """

    def _fit_conditions(self, task: FitTask) -> None:
        """Learn what rows to rare conditions need; it runs beside the fit of the refinement."""

    def _start_from(
        self,
        warm_start: Synthesizer | str | os.PathLike[str] | None,
        mapping: Mapping[str, str] | None,
    ) -> Any:
        """Return what `_fit` starts from, read from what a caller gave; None where nothing was.

        Raises
        ------
        ParameterError
            If the synthesizer always begins from nothing.
        """
        if warm_start is not None or mapping is not None:
            raise ParameterError(f"A {type(self).__name__} takes no warm start.")

    @abstractmethod
    def _source(self, request: Request) -> BlockSource:
        """Return a function that makes block ``b``: exactly `BLOCK` rows, the same every time.

        The function is called by several threads at once, for blocks in any order and for some of
        them again: it must share nothing that a call changes, neither a generator of random numbers
        nor an array to fill.

        A request has conditions only if the class declares the capability ``"conditions"``. Then
        every row must fulfil that of its block, ``request.conditions(b)``, and where that has
        several rows, the block has one row for each.
        """

    @property
    def _takes_conditions(self) -> bool:
        """Whether this fitted model makes rows to conditions; a fit may have left that out."""
        return "conditions" in self.capabilities

    @abstractmethod
    def _state(self) -> Learned:
        """Return what `_fit` learned, for the model file; never training rows."""

    @abstractmethod
    def _restore(self, state: Learned, layout: Layout) -> None:
        """Take back what `_state` gave. `state` comes from a file: check what it holds."""

    # --- parameters ------------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters; with `deep`, those of groups too, by their own names.

        Parameters
        ----------
        deep : bool

        Returns
        -------
        dict of str to object
        """
        own: dict[str, Any] = super().get_params(deep=False)
        for name, group in self._groups.items() if deep else ():
            own |= group.read(own[name]).get_params(deep=False)
        return own

    def set_params(self, **parameters: Any) -> Self:
        """Set parameters; those of a group by their own names.

        Parameters
        ----------
        **parameters
            Names and values.

        Returns
        -------
        Synthesizer
            The estimator itself.

        Raises
        ------
        ParameterError
            If a group has been given parameters that break their rules.
        """
        own = {k: v for k, v in parameters.items() if k in self._get_param_names()}
        rest = {k: v for k, v in parameters.items() if k not in own}
        for name, group in self._groups.items():
            changed = {k: rest.pop(k) for k in tuple(rest) if k in group.rules}
            if changed:
                current = group.read(own.get(name, getattr(self, name)))
                own[name] = group(**{**current.get_params(deep=False), **changed})
        super().set_params(**own, **rest)
        return self

    # --- fit -------------------------------------------------------------------------------------

    def fit(
        self,
        data: Any,
        y: Any = None,
        *,
        schema: Schema | None = None,
        kinds: Mapping[str, Kind | str] | None = None,
        target: str | None = None,
        warm_start: Synthesizer | str | os.PathLike[str] | None = None,
        mapping: Mapping[str, str] | None = None,
        on_interval: FitCallback | None = None,
    ) -> Self:
        """Learn a table.

        Parameters
        ----------
        data : pandas, polars or pyarrow table, shape (rows, columns), or path
            The training table; it is not changed. Any eager frame that narwhals knows will do, and
            a ``.csv``, ``.csv.gz`` or ``.parquet`` file.
        y : array-like, optional
            Not learned: scikit-learn's pipelines and searches hand it to every estimator.
        schema : Schema, optional
            What each column is; inferred where it is not given.
        kinds : mapping of str to str, optional
            Kinds of columns that inference should not guess, such as ``{"zip": "categorical"}``.
        target : str, optional
            The column that the table is meant to predict. All of its levels are kept, however rare,
            and an integer target of few values is taken for classes.
        warm_start : Synthesizer or path, optional
            For a GAN: a fitted one to start from, with networks of the same sizes. What it learned
            of columns that both tables have is kept and tuned. The discriminator, which no model
            keeps, first catches up while the generator waits.
        mapping : mapping of str to str, optional
            For columns of other names: the name in this table to the name in `warm_start`.
        on_interval : callable, optional
            Called after every interval of training with the step and a function from a number of
            rows to rows of the present state, in the kind of dataframe of `data`.

        Returns
        -------
        Synthesizer
            The estimator itself. Where `fit` fails, it is left as it was.

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        DataError
            If the table cannot be used, does not fit `schema`, or has no usable `target`.
        TrainingError
            If training goes wrong and no remedy helps.
        """
        if isinstance(y, str | Mapping | Schema):
            raise ParameterError(
                f"y, the second argument of fit, is not learned; got {y!r}. Name the column to "
                "predict by target=, and give schema= and kinds= by their names."
            )
        self._check_parameters()
        start = self._start_from(warm_start, mapping)
        # What others have set on the estimator, such as scikit-learn while it searches, stays; what
        # an earlier fit has set goes. A fit that fails changes nothing.
        fresh = type(self)(**self.get_params(deep=False))
        fresh._fitted_with = deepcopy(self.get_params(deep=False))
        fresh._learn(data, schema, kinds, target, start, on_interval)
        fresh._keep_names()
        earlier: frozenset[str] = getattr(self, "_own_names", frozenset())
        others = {name: value for name, value in vars(self).items() if name not in earlier}
        self.__dict__ = {**others, **vars(fresh)}
        return self

    def _keep_names(self) -> None:
        """Keep which attributes are those of the fit, so that the next one replaces them."""
        self._own_names = frozenset((*vars(self), "_own_names"))

    def _check_parameters(self) -> None:
        rules = {**self._rules, "random_state": _RANDOM_STATE}
        check_parameters(type(self).__name__, rules, self.get_params(deep=False))

    def _learn(
        self,
        data: Any,
        schema: Schema | None,
        kinds: Mapping[str, Kind | str] | None,
        target: str | None,
        start: Any,
        on_interval: FitCallback | None,
    ) -> None:
        seed = as_seed(self.random_state)
        table, origin = to_arrow(data)
        schema = schema_for(table, schema, kinds, target)
        encoder = self._encoder()
        encoder.keep = () if target is None else (target,)
        schema, origin = without_rare(
            table, schema, origin, encoder.min_category_count, encoder.keep
        )
        table = conform(table, schema)
        if table.num_rows == 0:
            raise DataError("A table to learn must have rows, but this one has none.")
        encoder.fit(table, schema, generator(seed, "encode"))
        self.history_ = History()
        self._origin, notes = open_categories(origin, schema)
        for note in notes:
            warnings.warn(note, LookalikeWarning, stacklevel=2)
        self.encoder_ = encoder
        self.schema_ = encoder.schema_
        self.target_ = target
        self.seed_ = seed
        self.n_rows_ = table.num_rows
        self.fingerprint_ = fingerprint(table)
        self._support = None
        if encoder.layout_.blocks:
            encoded = encoder.encode(table)
            self._support = Support.fit(encoded, encoder.layout_, encoder.min_category_count)
            share = getattr(self, "held_out", None)
            split = hold_out(encoded, share, generator(seed, "hold out"))
            task = FitTask(split, encoder.layout_, seed, start, on_interval)
            self._fit(task)
            self._refine(task)

    def _refine(self, task: FitTask) -> None:
        """Fit what makes the model's rows better and, beside it, what conditions need.

        After an interrupt what has been learned is whole, and only what is finished counts.
        """
        given = self.get_params(deep=False).get("refine") if self._is_refined else _NOT_REFINED
        wanted = Refine.read(given)
        history = self.history_
        try:
            if wanted.calibrate:
                margins = MarginMap.fit(self._source(Request(task.seed)), task.layout)
                self._refinement = Refinement(margins)
            if not history.cut_short:
                self._correct_beside_conditions(task, wanted)
        except KeyboardInterrupt:
            history.stopped = "interrupted after training"
            history.cut_short = history.interrupted = True
        _warn_of_training(history)

    def _correct_beside_conditions(self, task: FitTask, wanted: Refine) -> None:
        """Fit the correction in a thread and conditions beside it: trees leave cores idle."""
        given_up = Event()
        with ThreadPoolExecutor(1, thread_name_prefix="lookalike-correction") as worker:
            fitting = None
            if wanted.correct is not False:
                fitting = worker.submit(
                    self._refinement.corrected,
                    lambda seed: self._source(Request(seed)),
                    task.split,
                    task.layout,
                    task.seed,
                    force=wanted.correct is True,
                    cancelled=given_up.is_set,
                )
            try:
                self._fit_conditions(task)
                if fitting is not None and not self.history_.cut_short:
                    wait([fitting])
            finally:
                given_up.set()
                if fitting is not None and fitting.done():
                    self._refinement, words = fitting.result()
                    self.history_.add(self._trained_steps, "correction", words)

    def __sklearn_is_fitted__(self) -> bool:
        return "schema_" in vars(self)

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            name = type(self).__name__
            raise NotFittedError(f"This {name} has not learned a table yet: call fit(data) first.")

    # --- sample ----------------------------------------------------------------------------------

    def sample(
        self,
        n: int | None = None,
        *,
        given: Any = None,
        balance: str | None = None,
        random_state: RandomState = None,
        start: int = 0,
        as_: str | None = None,
    ) -> Any:
        """Make rows: the same columns, order, types and kind of dataframe as the training table.

        Row i depends on the model, the seed and i alone: ``sample(5)`` is the head of
        ``sample(10_000)``, and ``sample(5, start=100)`` its rows 100 to 104.

        Parameters
        ----------
        n : int
            The number of rows, 0 or more. It may be left out where `given` is a dataframe.
        given : mapping of str to object, dataframe or path, optional
            What every row must be: for a column one value, a list of values, a tuple of two limits
            (both included; None leaves a side open), or None for missing. Or rows to complete,
            see `impute`.
        balance : str, optional
            A column of levels; each is made equally often. ``"target"`` is the target of the fit
            where no column is called so.
        random_state : int, Generator, RandomState or None
            The seed; None is the model's own ``seed_``, so that the same rows come each time.
        start : int
            The number of the first row.
        as_ : {"pandas", "polars", "arrow"} or None
            The kind of dataframe. None is that of the training table, or of the rows that are
            given; of one that was a file, the first of these that is installed.

        Returns
        -------
        dataframe, shape (n, columns)
            With the dtypes of the training table; of one that was a file, numbers, dates and the
            like as such, however the file writes them.

        Warns
        -----
        LookalikeWarning
            If hardly a training row fulfils the conditions.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        ParameterError
            If a parameter breaks its rule, or the conditions are rare and the model cannot make
            rows to them.
        DataError
            If no row can be as `given`; it says why.
        """
        self._check_fitted()
        check_parameters("sample", {"as_": _AS}, {"as_": as_})
        if is_frame(given):
            return self._completed(given, n, balance, random_state, start, as_)
        tables = self._tables(n, given, balance, random_state, start)
        return self._given_back(tables, as_)

    def impute(self, data: Any, *, random_state: RandomState = None) -> Any:
        """Complete rows: make their missing cells and columns, given the cells that are known.

        It is ``sample(given=data)``. A model that makes rows to conditions draws the other cells
        given the known ones; any other takes them from generated rows that have the same known
        cells, or else from the nearest.

        Parameters
        ----------
        data : dataframe, shape (rows, columns), or path
            Columns of the training table, any of them, in any order; null where a cell is to be
            made. It is not changed.
        random_state : int, Generator, RandomState or None
            The seed; None is the model's own ``seed_``.

        Returns
        -------
        dataframe, shape (rows, columns of the training table)
            Of the kind of `data`: its columns in its dtypes, and in pandas with its index. Known
            cells are as they were; no cell of `data` that was null is null, free text
            aside. Columns that `data` does not have may be missing where they were in the training
            table. Relations between columns hold, and what never occurs together does not.

        Warns
        -----
        LookalikeWarning
            If known cells leave no way to keep a relation, with the relation and the number of
            rows; or if they are unlike all rows of a model that makes none to conditions.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        DataError
            If `data` has other columns, or values that do not fit them.

        Examples
        --------
        >>> import pyarrow as pa
        >>> from lookalike import Independent
        >>> table = pa.table({"x": [1.5, 2.25, 3.0, 4.5] * 8, "c": ["a", "b", "a", "a"] * 8})
        >>> model = Independent(random_state=0).fit(table)
        >>> model.impute(pa.table({"c": ["b", None], "x": [None, 3.0]}))["x"].null_count
        0
        """
        self._check_fitted()
        return self._completed(data, None, None, random_state, 0, None)

    def sample_batches(
        self,
        n: int | None = None,
        *,
        batch_size: int = 65_536,
        given: Any = None,
        balance: str | None = None,
        random_state: RandomState = None,
        start: int = 0,
    ) -> Iterator[pa.RecordBatch]:
        """Make the rows of `sample` batch by batch, in constant memory.

        Parameters
        ----------
        n : int
            The number of rows, as for `sample`.
        batch_size : int
            Rows in each batch; the last one may have fewer. It does not change the rows.
        given : mapping of str to object, dataframe or path, optional
            What every row must be, or rows to complete, as for `sample`.
        balance : str, optional
            A column whose levels are made equally often, as for `sample`.
        random_state : int, Generator, RandomState or None
            The seed, as for `sample`.
        start : int
            The number of the first row.

        Returns
        -------
        iterator of pyarrow.RecordBatch
            In the Arrow types of the training table; of one that was a file, numbers, dates and
            the like as such.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        ParameterError
            If a parameter breaks its rule.
        """
        self._check_fitted()
        check_parameters(
            "sample", {"batch_size": Number(1, integer=True)}, {"batch_size": batch_size}
        )
        tables = self._tables(n, given, balance, random_state, start)
        return rebatch(map(self._as_handed_in, tables), batch_size)

    def sample_to(
        self,
        path: str | os.PathLike[str],
        n: int | None = None,
        *,
        given: Any = None,
        balance: str | None = None,
        random_state: RandomState = None,
        start: int = 0,
        safe_csv: bool = False,
    ) -> int:
        """Write the rows of `sample` to a file, in constant memory, as the training table has them.

        Parameters
        ----------
        path : str or path-like
            A ``.csv``, ``.csv.gz`` or ``.parquet`` file, or ``"-"`` for CSV to standard output.
        n : int
            The number of rows, as for `sample`.
        given : mapping of str to object, dataframe or path, optional
            What every row must be, or rows to complete, as for `sample`.
        balance : str, optional
            A column whose levels are made equally often, as for `sample`.
        random_state : int, Generator, RandomState or None
            The seed, as for `sample`.
        start : int
            The number of the first row.
        safe_csv : bool
            Whether text that a spreadsheet would take for a formula gets a quote before it; see
            `lookalike.tables.TableWriter`.

        Returns
        -------
        int
            The number of rows that were written.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        ParameterError
            If a parameter breaks its rule.
        OutputError
            If the file cannot be written; found before any row is made where it can be.
        """
        self._check_fitted()
        check_output(path)
        tables = self._tables(n, given, balance, random_state, start)
        rows = 0
        with TableWriter(path, self._empty().schema, safe_csv=safe_csv) as writer:
            for table in tables:
                writer.write(render(table, self.schema_, encoded=True))
                rows += table.num_rows
        return rows

    def impute_to(
        self,
        path: str | os.PathLike[str],
        data: Any,
        *,
        random_state: RandomState = None,
        safe_csv: bool = False,
    ) -> int:
        """Write the rows of `impute` to a file: ``sample_to(path, given=data)``.

        Parameters
        ----------
        path : str or path-like
            As for `sample_to`.
        data : dataframe or path
            Rows to complete, as for `impute`.
        random_state : int, Generator, RandomState or None
            The seed, as for `impute`.
        safe_csv : bool
            As for `sample_to`.

        Returns
        -------
        int
            The number of rows that were written.

        Raises
        ------
        OutputError
            If the file cannot be written.
        NotFittedError, DataError
            As by `impute`.
        """
        return self.sample_to(path, given=data, random_state=random_state, safe_csv=safe_csv)

    def _seed(self, random_state: RandomState) -> int:
        return self.seed_ if random_state is None else as_seed(random_state)

    @property
    def _is_refined(self) -> bool:
        """Whether rows are refined: where a synthesizer has a parameter ``refine``."""
        return "refine" in self._rules

    def _tables(
        self, n: int | None, given: Any, balance: str | None, random_state: RandomState, start: int
    ) -> Iterator[pa.Table]:
        """Return canonical rows, a block at a time."""
        if is_frame(given):
            return self._warned(self._completion(given, n, balance, random_state, start)[0])
        conditions = self._conditions(given, balance)
        check_parameters("sample", {"n": _COUNT, "start": _COUNT}, {"n": n, "start": start})
        assert n is not None
        seed = self._seed(random_state)
        if n == 0:
            return iter(())
        if conditions is None:
            return ordinary_tables(self, int(n), seed, int(start))
        route = choose_route(self, seed, conditions)
        words = rare_condition_warning(route)
        if words is not None:
            warnings.warn(words, LookalikeWarning, stacklevel=3)
        return accepted_tables(route, int(n), int(start))

    def _conditions(
        self, given: Mapping[str, Any] | None, balance: str | None
    ) -> SampleConditions | None:
        if (given is None or (isinstance(given, Mapping) and not given)) and balance is None:
            return None
        return parse_sample_conditions(given, balance, self.schema_, self.encoder_, self.target_)

    def _start(self, request: Request) -> BlockSource:
        """Return the source of a request, also where nothing is learned of the table."""
        if not self.encoder_.layout_.blocks:
            return self._nothing
        source = self._source(request)
        if request.conditions is not None or not self._is_refined:
            return source
        return self._refinement.refined(source, request.seed, self.encoder_.violates_zeros)

    def _completion(
        self, given: Any, n: int | None, balance: str | None, random_state: RandomState, start: int
    ) -> tuple[Completion, Origin]:
        """Read rows to complete."""
        table, origin = to_arrow(given)
        if n is not None and n != table.num_rows:
            raise ParameterError(
                f"n must be the number of rows that are given, {table.num_rows:,}; got {n!r}. "
                "Leave it out."
            )
        if balance is not None or start != 0:
            raise ParameterError(
                "Rows that are given say themselves what they are, from row 0 on; got "
                f"balance={balance!r}, start={start!r}. Leave these out."
            )
        return Completion(self, table, self._seed(random_state)), origin

    def _completed(
        self,
        given: Any,
        n: int | None,
        balance: str | None,
        random_state: RandomState,
        start: int,
        as_: str | None,
    ) -> Any:
        """Return completed rows in the kind of dataframe that came, or another one."""
        completion, origin = self._completion(given, n, balance, random_state, start)
        whole = self._whole(completion.tables())
        for words in completion.warnings():
            warnings.warn(words, LookalikeWarning, stacklevel=3)
        made = self._as_handed_in(whole)
        if not origin.is_file:
            made = completed_like(completion.table, whole, made, self.schema_)
        if as_ is not None:
            return as_frame(made, _LIBRARY_OF.get(as_, as_))
        return as_given(made, given, origin, self._origin)

    def _warned(self, completion: Completion) -> Iterator[pa.Table]:
        """Yield completed rows, and warn of what could not be kept after the last one."""
        yield from completion.tables()
        for words in completion.warnings():
            warnings.warn(words, LookalikeWarning, stacklevel=2)

    def _whole(self, tables: Iterable[pa.Table]) -> pa.Table:
        return pa.concat_tables([self._no_rows(), *tables]).unify_dictionaries()

    def _given_back(self, tables: Iterable[pa.Table], as_: str | None = None) -> Any:
        """Return canonical rows as the caller's kind of dataframe, or another one."""
        whole, library = self._as_handed_in(self._whole(tables)), _LIBRARY_OF.get(as_ or "", as_)
        if self._origin.is_file:
            return as_frame(whole, library or best_library())
        if library in (None, self._origin.library):
            return from_arrow(whole, self._origin)
        return as_frame(whole, library)

    def _as_handed_in(self, table: pa.Table) -> pa.Table:
        """Return canonical rows in the types of the table of the fit; of a file, as they mean."""
        if self._origin.is_file:
            return natural(table, self.schema_, self.encoder_.whole_identifiers())
        return render(table, self.schema_)

    def _nothing(self, _block: int) -> SampledRows:
        """Make a block of a table of which nothing is learned."""
        return zeros(self.BLOCK, self.encoder_.layout_)

    def _no_rows(self) -> pa.Table:
        """Return no rows, canonical."""
        # One row is decoded and dropped, so that no encoding needs to cope with none.
        one = zeros(1, self.encoder_.layout_)
        return self.encoder_.decode(one, start=0, seed=self.seed_).slice(0, 0)

    def _empty(self) -> pa.Table:
        """Return no rows, in storage types."""
        return render(self._no_rows(), self.schema_)

    # --- save ------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one file, which `lookalike.load` reads.

        The file is a zip of JSON and plain arrays: no pickle, no code, no training row.

        Parameters
        ----------
        path : str or path-like
            Where to write it, by custom with the suffix ``.lookalike``.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        OutputError
            If the file cannot be written; then nothing is left behind.
        """
        self._check_fitted()
        save_model(self, path)


def _warn_of_training(history: History) -> None:
    """Say what went wrong while training, and what was done about it."""
    words = [event.words for event in history.events if event.kind in ("remedy", "copying")]
    if history.cut_short:
        words.append(f"stopped early: {history.stopped}")
    if words:
        warnings.warn(
            f"Training was not smooth: {'; '.join(words)}. The model is usable.",
            LookalikeWarning,
            stacklevel=5,
        )
