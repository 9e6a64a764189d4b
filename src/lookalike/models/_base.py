"""The base class of synthesizers: it checks, infers, encodes, samples in blocks and saves.

A new synthesizer is one subclass with four small hooks; everything that touches tables is here.
"""

from __future__ import annotations

import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from lookalike._core.errors import (
    DataError,
    LookalikeWarning,
    NotFittedError,
    ParameterError,
)
from lookalike._core.parameters import (
    AnyOf,
    Choice,
    Flag,
    Group,
    GroupOf,
    Instance,
    Number,
    Rule,
    check_parameters,
)
from lookalike._core.progress import stage
from lookalike._core.refitted import Refitted
from lookalike._core.seeds import RandomState, as_seed, generator
from lookalike.encoding import (
    BlockSource,
    Layout,
    Learned,
    SampledRows,
    TableEncoder,
    ValueOrigin,
)
from lookalike.models._balanced_sample import balanced_sample
from lookalike.models._fingerprint import fingerprint
from lookalike.models._impute import Completion, completed_like
from lookalike.models._ledger import PrivacyLedger
from lookalike.models._marked_rows import marked_tables
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
from lookalike.rules import POLICIES, check_texts, with_rules, without_broken_rows
from lookalike.tables import (
    MAX_ROWS,
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
    to_arrow_sample,
    without_rare,
)
from lookalike.training import History
from lookalike.watermark import Watermark

__all__ = ["Synthesizer"]

_COUNT = Number(0, integer=True)
_AS = AnyOf((Choice(("pandas", "polars", "arrow")),), none=True)
#: The refinement of a synthesizer without a parameter ``refine``: none.
_NOT_REFINED = Refine(calibrate=False, correct=False)
#: The rules of parameters that many families have.
_SHARED_RULES: Mapping[str, Rule] = {
    "refine": GroupOf(Refine),
    "derive": Flag(),
    "min_category_count": Number(1, integer=True),
    "text_placeholder": Instance((str,), "a string or None", optional=True),
    "progress": AnyOf((Flag(),), none=True),
    "random_state": Instance(
        (int, np.integer, np.random.Generator, np.random.RandomState),
        "an integer, a numpy Generator, a numpy RandomState or None",
        optional=True,
    ),
}
#: Parameters of a synthesizer that are passed on to its `TableEncoder`.
_ENCODER_OPTIONS = (
    "encodings",
    "min_category_count",
    "onehot_limit",
    "derive",
    "residuals",
    "text_placeholder",
)


class Synthesizer(Refitted, ABC):
    """Base class of models that learn a table and generate synthetic rows.

    A subclass stores its parameters in ``__init__`` (one of them ``random_state``), declares a rule
    for each of its own in ``_rules`` (those that many families have are known), and implements four
    hooks: `_fit`, `_source`, `_state` and `_restore`. It may override `_encoder`. With a parameter
    ``refine`` (see `lookalike.refine.Refine`) its rows are calibrated, corrected where that helps
    on held-out rows, and free of structural zeros. The hooks see encoded rows only, with at least
    one block: a table with no column to learn never reaches them.

    Attributes
    ----------
    schema_ : Schema
        The kinds of the training table's columns and the relations between them.
    encoder_ : TableEncoder
        The fitted encoding of the table.
    target_ : str or None
        The column that the table is meant to predict, if the caller named one.
    history_ : History
        The measures and events of training.
    seed_ : int
        The seed of training, and the default seed of sampling.
    n_rows_ : int
        The number of rows of the training table.
    fingerprint_ : str
        A digest of the training table, see `lookalike.models._fingerprint`.
    """

    #: The number of rows of a block; block ``b`` depends on the model, the seed and ``b`` alone.
    BLOCK: ClassVar[int] = 8192
    #: Whether XLA trains the model: the result of training then depends on the number of XLA's
    #: threads. The rows of a fitted model must not.
    COMPILED: ClassVar[bool] = True
    #: The usual time of a fit, as a multiple of that of `GaussianCopula`.
    COST: ClassVar[float] = 1.0
    #: The family's own settings that are worth a search, by parameter: the values to try.
    SPACE: ClassVar[Mapping[str, tuple[Any, ...]]] = {}
    #: The extra of the package that the family needs; it is compared with others only by name.
    EXTRA: ClassVar[str] = ""
    #: Whether the learned state, and so the model file, holds training rows.
    HOLDS_ROWS: ClassVar[bool] = False
    #: Whether a fit has a privacy ledger, ``ledger_``: no file of the family is without it.
    HAS_LEDGER: ClassVar[bool] = False
    #: Abilities beyond ordinary rows: ``"conditions"``, to generate rows that fulfil conditions on
    #: their blocks. Without it, conditions are met by selecting from ordinary rows.
    capabilities: ClassVar[frozenset[str]] = frozenset()
    #: Parameters of the encoder that are the same for all instances.
    _encoding: ClassVar[Mapping[str, Any]] = {}
    #: One rule for each parameter of its own.
    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {}
    #: Groups of parameters, by the names of the parameters that hold them, where there are such.
    _groups: ClassVar[Mapping[str, type[Group]]] = {"refine": Refine}

    random_state: RandomState
    schema_: Schema
    encoder_: TableEncoder
    target_: str | None
    history_: History
    seed_: int
    n_rows_: int
    fingerprint_: str
    #: The privacy that the fit has spent; None for families without a guarantee.
    ledger_: PrivacyLedger | None = None
    _origin: Origin
    #: Counts of the training rows; None where no column is learned.
    _support: Support | None
    #: The refinement that is applied to ordinary rows of `_source`.
    _refinement: Refinement = Refinement()
    #: The number of steps after which training ended.
    _trained_steps: int = 0

    @property
    def cost(self) -> float:
        """The usual time of a fit with these parameters, as a multiple of a Gaussian copula's."""
        return self.COST

    # --- hooks -----------------------------------------------------------------------------------

    def _encoder(self) -> TableEncoder:
        """Return the unfitted encoder with the parameters of the synthesizer."""
        parameters = {**self._encoding, **self.get_params(deep=False)}
        return TableEncoder(**{k: parameters[k] for k in _ENCODER_OPTIONS if k in parameters})

    @abstractmethod
    def _fit(self, task: FitTask) -> Callable[[], None] | None:
        """Learn encoded rows and keep the result as attributes.

        It runs on a fresh copy of the estimator that replaces the old one only on success, so it
        may set attributes as it goes, and ``history_``.

        Returns
        -------
        callable or None
            Learns to generate rows for rare conditions, if anything is left to learn for that: it
            is called in parallel to the fit of the refinement.
        """

    def _calibrate(self, task: FitTask) -> None:
        """Correct marginals within the model, before those of its numbers are mapped."""

    def _start_from(
        self,
        warm_start: Synthesizer | str | os.PathLike[str] | None,
        mapping: Mapping[str, str] | None,
    ) -> Any:
        """Return the warm start of `_fit` from the arguments of `fit`; None to start from scratch.

        Raises
        ------
        ParameterError
            If the synthesizer takes no warm start.
        """
        if warm_start is not None or mapping is not None:
            raise ParameterError(f"A {type(self).__name__} takes no warm start.")

    @abstractmethod
    def _source(self, request: Request) -> BlockSource:
        """Return a function that generates block ``b``: exactly `BLOCK` rows, the same every time.

        The function is called by several threads at once, for blocks in any order and for some of
        them repeatedly: it must not share mutable state, such as a random number generator or a
        buffer, between calls.

        A request has conditions only if the class declares the capability ``"conditions"``. Then
        every row must fulfil the condition of its block, ``request.conditions(b)``; if that has
        several rows, the block has one row for each.
        """

    @property
    def _takes_conditions(self) -> bool:
        """True if this fitted model generates rows for conditions; a fit may have left that out."""
        return "conditions" in self.capabilities

    @abstractmethod
    def _state(self) -> Learned:
        """Return the learned state for the model file; training rows only if `HOLDS_ROWS`."""

    @abstractmethod
    def _restore(self, state: Learned, layout: Layout) -> None:
        """Restore the state that `_state` returned; it comes from a file and must be checked."""

    # --- parameters ------------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters; with `deep`, also those of groups, by their own names.

        Parameters
        ----------
        deep : bool
            Whether to include the parameters of groups.

        Returns
        -------
        dict of str to object
        """
        own: dict[str, Any] = super().get_params(deep=False)
        for name, group in self._own_groups() if deep else ():
            own |= group.read(own[name]).get_params(deep=False)
        return own

    def set_params(self, **parameters: Any) -> Self:
        """Set parameters, including those of groups by their own names.

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
            If parameters of a group break their rules.
        """
        own = {k: v for k, v in parameters.items() if k in self._get_param_names()}
        others = {k: v for k, v in parameters.items() if k not in own}
        for name, group in self._own_groups():
            changed = {k: others.pop(k) for k in tuple(others) if k in group.rules}
            if changed:
                current = group.read(own.get(name, getattr(self, name)))
                own[name] = group(**{**current.get_params(deep=False), **changed})
        super().set_params(**own, **others)
        return self

    def _own_groups(self) -> Iterator[tuple[str, type[Group]]]:
        """Yield the groups of parameters that the family has, by the parameter that holds them."""
        known = self._get_param_names()
        return ((name, group) for name, group in self._groups.items() if name in known)

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
        rules: Sequence[str] | None = None,
        broken: str = "refuse",
        max_rows: int | None = None,
    ) -> Self:
        """Fit the model to a table.

        Parameters
        ----------
        data : pandas, polars or pyarrow table, shape (rows, columns), or path
            The training table, or a ``.csv``, ``.csv.gz`` or ``.parquet`` file; any eager dataframe
            that narwhals supports. It is not changed.
        y : array-like, optional
            Ignored; present because scikit-learn's pipelines and searches pass it.
        schema : Schema, optional
            The kinds of the columns and the relations between them; inferred by default.
        kinds : mapping of str to str, optional
            Kinds of single columns that override the inferred ones, such as
            ``{"zip": "categorical"}``.
        target : str, optional
            The column that the table is meant to predict. All of its categories are kept, however
            rare, and an integer target with few distinct values is treated as categorical.
        warm_start : Synthesizer or path, optional
            For a `GAN`: a fitted one to start from, with networks of the same sizes. Its weights
            are fine-tuned for the columns that both tables have. The discriminator, which no model
            keeps, is trained alone first.
        mapping : mapping of str to str, optional
            Renamed columns: from names in this table to names in that of `warm_start`.
        on_interval : callable, optional
            Called after every training interval with the step and a function that takes a number of
            rows and samples them from the current state, in the kind of dataframe of `data`.
        rules : sequence of str, optional
            Rules that hold on every generated row, such as ``"start <= end"``, ``"total == price *
            quantity"`` or ``"city -> country"``; see the guide to rules. Those of `schema` are
            kept.
        broken : {"refuse", "drop", "repair", "keep"}
            What becomes of training rows that break a rule: an error, rows left out, cells changed
            so that the rules hold, or nothing. Generated rows obey the rules in any case.
        max_rows : int, optional
            The most rows to hold in memory. Of a table that has more, a uniform sample is held and
            nine tenths of it are learned, chosen so that their marginals are those of all rows;
            ``history_`` says how near they are. By default all rows are held, except of a file or
            folder that takes more than 1 GiB of memory: 1,000,000 of that.

        Returns
        -------
        Synthesizer
            The estimator itself. If `fit` fails, it is unchanged.

        Raises
        ------
        ParameterError
            If a parameter breaks its rule, or a declared rule cannot be read.
        DataError
            If the table cannot be used, does not fit `schema`, or has no usable `target`; if
            declared rules contradict each other, or rows break them.
        TrainingError
            If training goes wrong and no remedy helps.
        """
        if isinstance(y, str | Mapping | Schema):
            raise ParameterError(
                f"y, the second argument of fit, is not learned; got {y!r}. Name the column to "
                "predict by target=, and give schema= and kinds= by their names."
            )
        self._check_parameters()
        given = {"broken": broken, "max_rows": max_rows}
        check_parameters("fit", {"broken": Choice(POLICIES), "max_rows": MAX_ROWS}, given)
        declared = check_texts(rules or ())
        start = self._start_from(warm_start, mapping)
        fresh = self._fresh()
        seed = as_seed(self.random_state)
        fresh._learn(
            data, schema, kinds, target, start, on_interval, declared, broken, max_rows, seed
        )
        return self._adopt(fresh)

    def _check_parameters(self) -> None:
        given = self.get_params(deep=False)
        shared = {name: rule for name, rule in _SHARED_RULES.items() if name in given}
        rules = {**shared, **self._rules}
        check_parameters(type(self).__name__, rules, given)

    def _learn(
        self,
        data: Any,
        schema: Schema | None,
        kinds: Mapping[str, Kind | str] | None,
        target: str | None,
        start: Any,
        on_interval: FitCallback | None,
        rules: tuple[str, ...],
        broken: str,
        max_rows: int | None,
        seed: int,
    ) -> None:
        show = getattr(self, "progress", False)
        table, origin, large = to_arrow_sample(data, max_rows, seed, show=show)
        schema = with_rules(schema_for(table, schema, kinds, target, rules), rules)
        encoder = self._encoder()
        encoder.keep = () if target is None else (target,)
        schema, origin = without_rare(
            table, schema, origin, encoder.min_category_count, encoder.keep
        )
        table = conform(table, schema)
        if table.num_rows == 0:
            raise DataError("A table to learn must have rows, but this one has none.")
        sampled = ""
        if large is not None:
            table, sampled = balanced_sample(table, large, schema, seed, show=show)
        if schema.rules:
            table, words = without_broken_rows(table, schema, broken, encoder.least)
            if words:
                warnings.warn(f"{words}.", LookalikeWarning, stacklevel=3)
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
            # Rows are held out for whoever stops by them or is refined.
            share = getattr(self, "held_out", None if self._is_refined else 0.0)
            split = hold_out(encoded, share, generator(seed, "hold out"))
            task = FitTask(split, encoder.layout_, seed, start, on_interval)
            self._refine(task, self._fit(task))
        if sampled:
            self.history_.add(0, "sample", sampled)

    def _refine(self, task: FitTask, fit_conditions: Callable[[], None] | None) -> None:
        """Fit the refinement of the model's rows and, in parallel, the generation for conditions.

        After an interrupt the model is complete, with those of these parts that were finished.
        """
        given = self.get_params(deep=False).get("refine") if self._is_refined else _NOT_REFINED
        options = Refine.read(given)
        history = self.history_
        try:
            if options.calibrate:
                self._calibrate(task)
                margins = MarginMap.fit(self._source(Request(task.seed)), task.layout)
                self._refinement = Refinement(margins)
            if not history.cut_short:
                self._correct_beside_conditions(task, options, fit_conditions)
        except KeyboardInterrupt:
            history.stopped = "interrupted after training"
            history.cut_short = history.interrupted = True
        _warn_of_training(history)

    def _correct_beside_conditions(
        self, task: FitTask, options: Refine, fit_conditions: Callable[[], None] | None
    ) -> None:
        """Fit the correction in a thread and conditions in this one: trees leave cores idle."""
        given_up = Event()
        with ThreadPoolExecutor(1, thread_name_prefix="lookalike-correction") as worker:
            fitting = None
            if options.correct is not False:
                fitting = worker.submit(
                    self._refinement.corrected,
                    lambda seed: self._source(Request(seed)),
                    task.split,
                    task.layout,
                    task.seed,
                    force=options.correct is True,
                    cancelled=given_up.is_set,
                )
            try:
                if fit_conditions is not None:
                    fit_conditions()
                if fitting is not None and not self.history_.cut_short:
                    # Models that are fitted at once have no progress to show.
                    with stage("correcting", show=getattr(self, "progress", False)):
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
        watermark: Watermark | str | os.PathLike[str] | None = None,
    ) -> Any:
        """Generate rows with the columns, types and kind of dataframe of the training table.

        Row i depends on the model, the seed and i alone: ``sample(5)`` is the head of
        ``sample(10_000)``, and ``sample(5, start=100)`` its rows 100 to 104.

        Parameters
        ----------
        n : int
            The number of rows, 0 or more. It may be omitted if `given` is a dataframe.
        given : mapping of str to object, dataframe or path, optional
            Conditions that every row fulfils: for a column one value, a list of values, a tuple of
            two limits (both included; None leaves a side open), or None for missing. Or a dataframe
            of rows to complete, see `impute`.
        balance : str, optional
            A column whose categories are generated equally often. ``"target"`` is the target of the
            fit, unless a column has that name.
        random_state : int, Generator, RandomState or None
            The seed. None is the model's own ``seed_``, so that every call returns the same rows.
        start : int
            The number of the first row.
        as_ : {"pandas", "polars", "arrow"} or None
            The kind of dataframe. None is that of the training table, or of a dataframe `given`; if
            that was a file, the first of the three that is installed.
        watermark : Watermark or path, optional
            A mark that the rows carry in their choice, or the file of its key; see
            `lookalike.Watermark`.

        Returns
        -------
        dataframe, shape (n, columns)
            With the dtypes of the training table; if that was a file, numbers, dates and times have
            types of their own, whatever text the file has for them.

        Warns
        -----
        LookalikeWarning
            If very few training rows fulfil the conditions.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        ParameterError
            If a parameter breaks its rule, or the conditions are rare and the model cannot generate
            rows for them.
        DataError
            If no row can fulfil `given`; the message says why.
        """
        self._check_fitted()
        check_parameters("sample", {"as_": _AS}, {"as_": as_})
        if is_frame(given):
            _check_unmarked(watermark)
            return self._completed(given, n, balance, random_state, start, as_)
        tables = self._tables(n, given, balance, random_state, start, watermark)
        return self._given_back(tables, as_)

    def impute(self, data: Any, *, random_state: RandomState = None) -> Any:
        """Complete rows: generate their missing cells and columns, given the known cells.

        It is the same as ``sample(given=data)``. A model that generates rows for conditions samples
        the missing cells given the known ones; any other takes them from generated rows with the
        same known cells, or from the most similar ones.

        Parameters
        ----------
        data : dataframe, shape (rows, columns), or path
            Any columns of the training table, in any order, null where a cell is to be generated.
            It is not changed.
        random_state : int, Generator, RandomState or None
            The seed; None is the model's own ``seed_``.

        Returns
        -------
        dataframe, shape (rows, columns of the training table)
            A dataframe of the kind of `data`, with its dtypes and, in pandas, its index. Known
            cells are unchanged, and no null cell of `data` is still null, free text aside. Columns
            that `data` does not have may have missing cells as in the training table. Relations
            between columns hold, and there are no structural zeros.

        Warns
        -----
        LookalikeWarning
            If the known cells contradict a relation, with the relation and the number of rows; or
            if they are unlike all rows of a model that cannot generate rows for conditions.

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
        watermark: Watermark | str | os.PathLike[str] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Generate the rows of `sample` batch by batch, in constant memory.

        Parameters
        ----------
        n : int
            The number of rows, as for `sample`.
        batch_size : int
            The number of rows in each batch; the last one may have fewer. It does not affect the
            rows themselves.
        given : mapping of str to object, dataframe or path, optional
            Conditions that every row fulfils, or rows to complete, as for `sample`.
        balance : str, optional
            A column whose categories are generated equally often, as for `sample`.
        random_state : int, Generator, RandomState or None
            The seed, as for `sample`.
        start : int
            The number of the first row.
        watermark : Watermark or path, optional
            As for `sample`.

        Returns
        -------
        iterator of pyarrow.RecordBatch
            In the Arrow types of the training table; if that was a file, with types of their own
            for numbers, dates and times.

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
        tables = self._tables(n, given, balance, random_state, start, watermark)
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
        watermark: Watermark | str | os.PathLike[str] | None = None,
    ) -> int:
        """Write the rows of `sample` to a file in the format of the training table.

        Memory is constant, however many rows there are.

        Parameters
        ----------
        path : str or path-like
            A ``.csv``, ``.csv.gz`` or ``.parquet`` file, or ``"-"`` for CSV to standard output.
        n : int
            The number of rows, as for `sample`.
        given : mapping of str to object, dataframe or path, optional
            Conditions that every row fulfils, or rows to complete, as for `sample`.
        balance : str, optional
            A column whose categories are generated equally often, as for `sample`.
        random_state : int, Generator, RandomState or None
            The seed, as for `sample`.
        start : int
            The number of the first row.
        safe_csv : bool
            Whether to put a quote before text that a spreadsheet would read as a formula; see
            `lookalike.tables.TableWriter`.
        watermark : Watermark or path, optional
            As for `sample`.

        Returns
        -------
        int
            The number of rows written.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        ParameterError
            If a parameter breaks its rule.
        OutputError
            If the file cannot be written; where possible, this is checked before rows are
            generated.
        """
        self._check_fitted()
        check_output(path)
        tables = self._tables(n, given, balance, random_state, start, watermark)
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
            The number of rows written.

        Raises
        ------
        OutputError
            If the file cannot be written.
        NotFittedError, DataError
            As for `impute`.
        """
        return self.sample_to(path, given=data, random_state=random_state, safe_csv=safe_csv)

    def _seed(self, random_state: RandomState) -> int:
        return self.seed_ if random_state is None else as_seed(random_state)

    @property
    def _is_refined(self) -> bool:
        """True if rows are refined: if the synthesizer has a parameter ``refine``."""
        return "refine" in self._get_param_names()

    def _tables(
        self,
        n: int | None,
        given: Any,
        balance: str | None,
        random_state: RandomState,
        start: int,
        watermark: Watermark | str | os.PathLike[str] | None = None,
    ) -> Iterator[pa.Table]:
        """Return canonical rows, one block at a time."""
        if is_frame(given):
            _check_unmarked(watermark)
            return self._warned(self._completion(given, n, balance, random_state, start)[0])
        conditions = self._conditions(given, balance)
        check_parameters("sample", {"n": _COUNT, "start": _COUNT}, {"n": n, "start": start})
        assert n is not None
        seed = self._seed(random_state)
        mark = None if watermark is None else Watermark.read(watermark)
        if n == 0:
            return iter(())

        def make(rows: int, seed: int, first: int) -> Iterator[pa.Table]:
            return self._plain_tables(conditions, rows, seed, first)

        if mark is not None:
            return marked_tables(self, mark, make, int(n), seed, int(start))
        return make(int(n), seed, int(start))

    def _plain_tables(
        self, conditions: SampleConditions | None, n: int, seed: int, start: int
    ) -> Iterator[pa.Table]:
        """Return canonical rows without a watermark."""
        if conditions is None:
            return ordinary_tables(self, n, seed, start)
        route = choose_route(self, seed, conditions)
        words = rare_condition_warning(route)
        if words is not None:
            warnings.warn(words, LookalikeWarning, stacklevel=5)
        return accepted_tables(route, n, start)

    def _conditions(
        self, given: Mapping[str, Any] | None, balance: str | None
    ) -> SampleConditions | None:
        if (given is None or (isinstance(given, Mapping) and not given)) and balance is None:
            return None
        return parse_sample_conditions(given, balance, self.schema_, self.encoder_, self.target_)

    def _start(self, request: Request) -> BlockSource:
        """Return the source of a request, also for a table with no column to learn."""
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
                f"n must be the number of given rows, {table.num_rows:,}; got {n!r}. Omit it."
            )
        if balance is not None or start != 0:
            raise ParameterError(
                "Given rows are completed as they are, from row 0 on; got "
                f"balance={balance!r}, start={start!r}. Omit these."
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
        """Return completed rows in the kind of dataframe given, or another one."""
        completion, origin = self._completion(given, n, balance, random_state, start)
        whole = self._whole(completion.tables())
        for words in completion.warnings():
            warnings.warn(words, LookalikeWarning, stacklevel=3)
        made = self._as_handed_in(whole)
        if not origin.is_file:
            made = completed_like(completion.table, whole, made, self.schema_)
        if as_ is not None:
            return as_frame(made, as_)
        return as_given(made, given, origin, self._origin)

    def _warned(self, completion: Completion) -> Iterator[pa.Table]:
        """Yield completed rows, and warn of broken relations after the last one."""
        yield from completion.tables()
        for words in completion.warnings():
            warnings.warn(words, LookalikeWarning, stacklevel=2)

    def _whole(self, tables: Iterable[pa.Table]) -> pa.Table:
        return pa.concat_tables([self._no_rows(), *tables]).unify_dictionaries()

    def _given_back(self, tables: Iterable[pa.Table], as_: str | None = None) -> Any:
        """Return canonical rows as the caller's kind of dataframe, or another one."""
        whole = self._as_handed_in(self._whole(tables))
        if self._origin.is_file:
            return as_frame(whole, as_ or best_library())
        if as_ is None or as_ == self._origin.kind:
            return from_arrow(whole, self._origin)
        return as_frame(whole, as_)

    def _as_handed_in(self, table: pa.Table) -> pa.Table:
        """Return canonical rows in the types of the training table; for a file, in natural ones."""
        if self._origin.is_file:
            return natural(table, self.schema_, self.encoder_.whole_identifiers())
        return render(table, self.schema_)

    def _nothing(self, _block: int) -> SampledRows:
        """Return a block of a table with no column to learn."""
        return zeros(self.BLOCK, self.encoder_.layout_)

    def _no_rows(self) -> pa.Table:
        """Return no rows, canonical."""
        # One row is decoded and dropped, so that encodings need not handle empty tables.
        one = zeros(1, self.encoder_.layout_)
        return self.encoder_.decode(one, start=0, seed=self.seed_).slice(0, 0)

    def _empty(self) -> pa.Table:
        """Return no rows, in storage types."""
        return render(self._no_rows(), self.schema_)

    def value_origins(self) -> list[ValueOrigin]:
        """Return the origin of the generated values of each column: may it be shared?

        Values are new (identifiers), pooled (numbers between means of several training rows),
        repeated verbatim (categories, and numbers that rows share), computed from other columns,
        or absent (free text). It describes the model, and proves no privacy: see `audit`.

        Returns
        -------
        list of ValueOrigin
            In the table's order.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.

        Examples
        --------
        >>> import pandas as pd
        >>> from lookalike import Independent
        >>> rows = pd.DataFrame({"town": ["Bonn", "Ulm", "Ulm", "Bonn"] * 9})
        >>> [(one.column, one.word) for one in Independent().fit(rows).value_origins()]
        [('town', 'repeated verbatim')]
        """
        self._check_fitted()
        found = self.encoder_.value_origins()
        if not self.HOLDS_ROWS:
            return found
        near = "numbers between those of two near training rows: treat them as training rows"
        return [one._replace(words=near) if one.word == "pooled" else one for one in found]

    # --- save ------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the model to one file, which `lookalike.load` reads.

        The file is a zip of JSON and plain arrays: no pickle, no code, and no training rows, those
        of a `Smote` excepted, which has to be allowed to save them.

        Parameters
        ----------
        path : str or path-like
            The file, by convention with the suffix ``.lookalike``.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        OutputError
            If the file cannot be written; then no partial file remains.
        """
        self._check_fitted()
        save_model(self, path)


def _check_unmarked(watermark: Any) -> None:
    if watermark is not None:
        raise ParameterError(
            "Completed rows carry no watermark: their known cells are not chosen. Omit watermark."
        )


def _warn_of_training(history: History) -> None:
    """Warn of the failures of training and of the remedies that were applied."""
    words = [event.words for event in history.events if event.kind in ("remedy", "copying")]
    if history.cut_short:
        words.append(f"stopped early: {history.stopped}")
    if words:
        warnings.warn(
            f"Training had problems: {'; '.join(words)}. The model is usable.",
            LookalikeWarning,
            stacklevel=5,
        )
