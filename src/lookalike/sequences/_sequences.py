"""`Sequences`: histories of many entities, or one series, learned and generated."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
from sklearn.base import BaseEstimator

from lookalike._core.errors import DataError, LookalikeWarning, NotFittedError, ParameterError
from lookalike._core.parameters import (
    AnyOf,
    Choice,
    Flag,
    Instance,
    Number,
    Rule,
    check_parameters,
)
from lookalike._core.progress import progress
from lookalike._core.seeds import RandomState, as_seed, derive_seed
from lookalike.models import Growth, fingerprint
from lookalike.sequences._engine_choice import ENGINES, EngineRules, check_engine, with_windows
from lookalike.sequences._events import EventRules
from lookalike.sequences._histories import Histories, collect, count_ties, schema_of_histories
from lookalike.sequences._history_model import HistoryModel
from lookalike.sequences._roles import Roles
from lookalike.sequences._saving import save_sequences
from lookalike.sequences._series_model import SeriesModel
from lookalike.sequences._window_conditions import (
    WindowCondition,
    fulfilling,
    read_window_conditions,
)
from lookalike.tables import (
    Kind,
    Origin,
    Schema,
    TableWriter,
    as_frame,
    best_library,
    check_output,
    from_arrow,
    natural,
    render,
    to_arrow,
)
from lookalike.training import History

__all__ = ["Sequences"]

_COUNT = Number(0, integer=True)
_ONE = Number(1, integer=True)
_AS = AnyOf((Choice(("pandas", "polars", "arrow")),), none=True)
_LIBRARY_OF = {"arrow": "pyarrow"}
_RANDOM_STATE = Instance(
    (int, np.integer, np.random.Generator, np.random.RandomState),
    "an integer, a numpy Generator, a numpy RandomState or None",
    optional=True,
)
_COLUMN = Instance((str,), "the name of a column or None", optional=True)
#: The greatest number of rows by which a tree of an event's column chooses its splits.
_MOST_ROWS = 65_536
#: The events for each row that a leaf must have, where there are few.
_EACH_LEAF = 500
#: The engines with which histories may be drawn event by event, so that a choice is fitted.
_BY_EVENTS = ("auto", "trees")
#: The most windows among which those that fulfil conditions are sought.
_ENOUGH_WINDOWS = 2**40
#: The fewest events of a table to learn.
_FEWEST = 3
#: The steps of a fit, for the progress line.
_STEPS = 3


class Sequences(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A model of histories of many entities, or of one series, in long format.

    With ``entity``, every entity has a history: a *static row* (the columns that are constant
    within entities, the number of events, the first time), and events in the order of time. Static
    rows are learned by a `Forest`. Each event is then drawn column by column from trees over the
    static row, the position, the last two events, running means of numbers, the time and its
    calendar; the first of its columns is the gap since the last event. Numbers whose *changes* are
    easier to predict are drawn as changes. At last, whole histories are chosen from several times
    as many, so that counts of states, of pairs of states and of states that follow each other have
    their real means; this is kept only if it makes held-out histories more likely.

    Without ``entity``, the rows are one series, and each event depends on those before it alone.

    Parameters
    ----------
    trees : int
        The number of trees of each column.
    leaf : int
        The least number of rows of a leaf, among those by which a tree is grown; of fewer than
        500 events for each of these, it is one for 500 events, and at least 2.
    bins : int
        The greatest number of bins of a number.
    choose : bool
        Whether whole histories are chosen from several, where that helps on held-out ones.
    engine : {"auto", "trees", "basis", "lstm", "attention"}
        How windows of a series are generated: ``"trees"`` event by event, ``"basis"`` as a whole,
        by coefficients of functional principal components; ``"auto"`` is the one of these that
        trees tell less from windows of held-out stretches. ``"lstm"`` and ``"attention"`` train
        the networks of a preset. Histories of at least 100 entities, all with the same number of
        events at the same times and without static columns, are windows, too. A series of any
        other length, a future and all other histories are drawn event by event.
    window : int
        The number of events of the windows that are learned as a whole.
    transforms : mapping of str to str or None
        Transforms of columns for windows that are learned as a whole, ``"standard"``,
        ``"minmax"``, ``"power"`` or ``"quantile"``; others are found.
    training : mapping of str to object or None
        Parameters of `GAN` that replace those of a preset, such as ``{"steps": 500}``.
    min_category_count : int
        The minimum number of rows that must share a category, a number or a part of an identifier
        for the model to store it.
    text_placeholder : str or None
        The text that fills columns of free text; None leaves them missing.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown
        where it is watched: in a terminal and in a notebook.
    random_state : int, Generator, RandomState or None
        The seed of the fit, and the default seed of sampling.

    Attributes
    ----------
    schema_ : Schema
        The kinds of the training table's columns.
    entity_, time_ : str or None
        The columns that name the entity and the time of an event.
    static_, dynamic_ : tuple of str
        The columns that are constant within entities, and the others.
    changes_ : dict of str to float
        The columns of numbers that are drawn as changes, each with the gain in log-likelihood of
        held-out events, in nats.
    times_ : str or None
        The form in which times are learned, in words; None without times.
    engine_ : str
        The engine that generates windows of a series, or histories of one length.
    transforms_ : dict of str to str
        The transform of each column of windows that are learned as a whole, with its reason.
    choice_gain_ : float or None
        The gain in log-likelihood of held-out histories by the choice, in nats; None without one.
    target_ : str or None
        The column that events are meant to predict, if the caller named one.
    history_ : History
        What was found at the fit, as events; with ``engine="lstm"`` or ``"attention"``, also the
        record of the training of the networks.
    n_entities_, n_rows_ : int
        The numbers of entities and of events of the training table.
    seed_ : int
        The seed of the fit, and the default seed of sampling.
    fingerprint_ : str
        A digest of the training table.

    Examples
    --------
    >>> import pyarrow as pa
    >>> import lookalike as la
    >>> visits = pa.table({"id": [1, 1, 2, 2, 2], "day": [3, 5, 1, 4, 6], "x": [0, 1, 0, 1, 0]})
    >>> model = la.Sequences(random_state=0).fit(visits, entity="id", time="day")
    >>> model.sample(3).column_names
    ['id', 'day', 'x']
    """

    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "trees": Number(1, 1_000, integer=True),
        "leaf": Number(1, integer=True),
        "bins": Number(2, 1_000, integer=True),
        "choose": Flag(),
        "engine": Choice(ENGINES),
        "window": Number(4, 10_000, integer=True),
        "training": Instance((Mapping,), "a mapping of parameters of GAN", optional=True),
        "transforms": Instance((Mapping,), "a mapping from columns to transforms", optional=True),
        "min_category_count": Number(1, integer=True),
        "text_placeholder": Instance((str,), "a string or None", optional=True),
        "progress": AnyOf((Flag(),), none=True),
        "random_state": _RANDOM_STATE,
    }

    random_state: RandomState
    schema_: Schema
    entity_: str | None
    time_: str | None
    static_: tuple[str, ...]
    dynamic_: tuple[str, ...]
    target_: str | None
    history_: History
    n_entities_: int
    n_rows_: int
    seed_: int
    fingerprint_: str
    _origin: Origin
    _model: HistoryModel | SeriesModel
    _fitted_with: dict[str, Any]
    _own_names: frozenset[str]

    def __init__(
        self,
        *,
        trees: int = 8,
        leaf: int = 15,
        bins: int = 64,
        choose: bool = True,
        engine: str = "auto",
        window: int = 24,
        transforms: Mapping[str, str] | None = None,
        training: Mapping[str, Any] | None = None,
        min_category_count: int = 2,
        text_placeholder: str | None = None,
        progress: bool | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.trees = trees
        self.leaf = leaf
        self.bins = bins
        self.choose = choose
        self.engine = engine
        self.window = window
        self.transforms = transforms
        self.training = training
        self.min_category_count = min_category_count
        self.text_placeholder = text_placeholder
        self.progress = progress
        self.random_state = random_state

    # --- fit -------------------------------------------------------------------------------------

    def fit(
        self,
        data: Any,
        y: Any = None,
        *,
        entity: str | None = None,
        time: str | None = None,
        static: Collection[str] | None = None,
        kinds: Mapping[str, Kind | str] | None = None,
        target: str | None = None,
    ) -> Self:
        """Learn a table of events.

        Parameters
        ----------
        data : pandas, polars or pyarrow table, shape (events, columns), or path
            The events in long format, in any order. It is not changed.
        y : array-like, optional
            Ignored; present because scikit-learn's pipelines and searches pass it.
        entity : str, optional
            The column that names the entity of each event. By default all rows are one series.
        time : str, optional
            The column of times: dates, datetimes or numbers. Without one, the rows of each entity
            are in order. Events of one entity at one time stay in the order of their rows.
        static : collection of str, optional
            Columns that have one value for each entity; found by default.
        kinds : mapping of str to str, optional
            Kinds of single columns that override the inferred ones.
        target : str, optional
            A column that events are meant to predict: all of its categories are kept.

        Returns
        -------
        Sequences
            The estimator itself. If `fit` fails, it is unchanged.

        Warns
        -----
        LookalikeWarning
            If events of an entity share a time, or no entity has two events.

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        DataError
            If the table cannot be used, has no such column, or times that are none.
        """
        if isinstance(y, str | Mapping | Schema):
            raise ParameterError(
                f"y, the second argument of fit, is not learned; got {y!r}. Name the columns by "
                "entity=, time= and target=."
            )
        self._check_parameters()
        roles = {"entity": entity, "time": time, "target": target}
        check_parameters("fit", dict.fromkeys(roles, _COLUMN), roles)
        fresh = type(self)(**self.get_params(deep=False))
        fresh._fitted_with = deepcopy(self.get_params(deep=False))
        fresh._learn(data, entity, time, static, kinds, target)
        fresh._keep_names()
        earlier: frozenset[str] = getattr(self, "_own_names", frozenset())
        others = {name: value for name, value in vars(self).items() if name not in earlier}
        self.__dict__ = {**others, **vars(fresh)}
        return self

    def _check_parameters(self) -> None:
        check_parameters(type(self).__name__, self._rules, self.get_params(deep=False))

    def _keep_names(self) -> None:
        """Record the attributes of the fit, so that the next one replaces them."""
        self._own_names = frozenset((*vars(self), "_own_names"))

    def _learn(
        self,
        data: Any,
        entity: str | None,
        time: str | None,
        static: Collection[str] | None,
        kinds: Mapping[str, Kind | str] | None,
        target: str | None,
    ) -> None:
        seed = as_seed(self.random_state)
        table, origin = to_arrow(data)
        schema = schema_of_histories(table, entity, time, kinds, target)
        histories = collect(table, schema, entity, time, static)
        _check_enough(histories, entity)
        _warn_of_ties(histories, schema, time)
        _warn_of_single_events(histories, entity)
        roles = Roles(entity, time, histories.static, histories.dynamic)
        keep = () if target is None else (target,)
        rules = EventRules(
            Growth(self.trees, min(self.leaf, max(len(table) // _EACH_LEAF, 2)), _MOST_ROWS),
            self.bins,
            self.min_category_count,
            self.text_placeholder,
            keep,
            stationary=entity is None,
        )
        engine = EngineRules(
            self.engine,
            self.window,
            self.transforms,
            self.min_category_count,
            self.training,
            self.progress,
        )
        check_engine(engine)
        parameters = {
            "min_category_count": self.min_category_count,
            "text_placeholder": self.text_placeholder,
            "random_state": derive_seed(seed, "rows"),
        }
        kind = SeriesModel if entity is None else HistoryModel
        found: list[str] = []
        with progress("learning histories", _STEPS, show=self.progress) as report:
            model = kind.fit(histories, schema, roles, rules, parameters, seed)
            report(2, {})
            if isinstance(model, HistoryModel) and self.choose and self.engine in _BY_EVENTS:
                model = _chosen(model, histories, seed)
            if self.engine != "trees":
                model = _with_windows(model, histories, schema, engine, seed, found)
            report(3, {})
        self._take(schema, roles, model)
        self._origin, self.target_ = origin, target
        self.history_ = _history_of(model, found)
        self.n_entities_, self.n_rows_ = len(histories.lengths), len(histories.table)
        self.seed_ = seed
        self.fingerprint_ = fingerprint(histories.table)

    def _take(self, schema: Schema, roles: Roles, model: HistoryModel | SeriesModel) -> None:
        """Set the attributes that follow from a model."""
        self._model, self.schema_ = model, schema
        self.entity_, self.time_ = roles.entity, roles.time
        self.static_, self.dynamic_ = roles.static, roles.dynamic
        self.changes_ = {change.column: change.gain for change in model.events.changes}
        clock = model.events.clock
        self.times_ = None if clock is None else clock.words
        self.engine_ = "trees" if model.windowed is None else model.windowed.name
        self.transforms_ = {one.column: f"{one.name}: {one.why}" for one in model.transforms}
        choice = model.choice if isinstance(model, HistoryModel) else None
        self.choice_gain_ = None if choice is None else choice.gain

    def __sklearn_is_fitted__(self) -> bool:
        return "schema_" in vars(self)

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(
                "This Sequences has not learned a table yet: call fit(data, ...) first."
            )

    # --- sample ----------------------------------------------------------------------------------

    def sample(
        self,
        n: int | None = None,
        *,
        length: int | None = None,
        windows: int | None = None,
        window: int | None = None,
        given: Mapping[str, Any] | None = None,
        random_state: RandomState = None,
        start: int = 0,
        as_: str | None = None,
    ) -> Any:
        """Generate whole histories of new entities, a series, or windows of one.

        History i depends on the model, the seed and i alone: ``sample(5)`` is the head of
        ``sample(10_000)``, and ``sample(5, start=100)`` its histories 100 to 104.

        Parameters
        ----------
        n : int
            The number of entities, for a model of histories.
        length : int
            The number of events of the series, for a model of one; by default that of the real one.
        windows : int
            The number of windows, for a model of a series; a column in front numbers them.
        window : int, optional
            The number of events of a window; by default that of the model's parameter. Windows
            that are longer are drawn event by event.
        given : mapping of str to object, optional
            Conditions on static columns, as for `Synthesizer.sample`; on windows, ranges of
            statistics of columns of numbers, such as ``{"max load": (30, None)}``, of ``min``,
            ``max``, ``mean``, ``sum``, ``first``, ``last`` and ``change``.
        random_state : int, Generator, RandomState or None
            The seed. None is the model's own ``seed_``, so that every call returns the same rows.
        start : int
            The number of the first history or window.
        as_ : {"pandas", "polars", "arrow"} or None
            The kind of dataframe. None is that of the training table; if that was a file, the first
            of the three that is installed.

        Returns
        -------
        dataframe, shape (events, columns)
            With the columns and dtypes of the training table: entity by entity, in the order of
            time.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        ParameterError
            If a parameter breaks its rule, or is one of another kind of model.
        DataError
            If no entity can fulfil `given`, or fewer than one window in a thousand does.
        """
        self._check_fitted()
        check_parameters("sample", {"as_": _AS}, {"as_": as_})
        tables = self._tables(n, length, windows, window, given, random_state, start)
        whole = pa.concat_tables([self._no_rows(numbered=windows is not None), *tables])
        return self._given_back(whole.unify_dictionaries(), as_)

    def sample_to(
        self,
        path: str | os.PathLike[str],
        n: int | None = None,
        *,
        length: int | None = None,
        windows: int | None = None,
        window: int | None = None,
        given: Mapping[str, Any] | None = None,
        random_state: RandomState = None,
        start: int = 0,
        safe_csv: bool = False,
    ) -> int:
        """Write the rows of `sample` to a file in the format of the training table.

        Memory is constant, however many histories there are.

        Parameters
        ----------
        path : str or path-like
            A ``.csv``, ``.csv.gz`` or ``.parquet`` file, or ``"-"`` for CSV to standard output.
        n : int, optional
            The number of entities, as for `sample`.
        length : int, optional
            The number of events of the series, as for `sample`.
        windows : int, optional
            The number of windows, as for `sample`.
        window : int, optional
            The number of events of a window, as for `sample`.
        given : mapping of str to object, optional
            Conditions on static columns or on windows, as for `sample`.
        random_state : int, Generator, RandomState or None
            The seed, as for `sample`.
        start : int
            The number of the first history or window.
        safe_csv : bool
            Whether to put a quote before text that a spreadsheet would read as a formula.

        Returns
        -------
        int
            The number of rows written.

        Raises
        ------
        OutputError
            If the file cannot be written.
        NotFittedError, ParameterError, DataError
            As for `sample`.
        """
        self._check_fitted()
        check_output(path)
        tables = self._tables(n, length, windows, window, given, random_state, start)
        return self._write(path, tables, windows is not None, "window", safe_csv)

    def continue_from(
        self,
        history: Any,
        steps: int,
        *,
        n: int = 1,
        random_state: RandomState = None,
        as_: str | None = None,
    ) -> Any:
        """Generate possible futures of a known past.

        Every future depends on the past that is given alone, and all its events come after it.

        Parameters
        ----------
        history : dataframe or path
            The events so far of one entity, or of the series, with the columns of the training
            table.
        steps : int
            The number of events of each future.
        n : int
            The number of futures.
        random_state : int, Generator, RandomState or None
            The seed. None is the model's own ``seed_``.
        as_ : {"pandas", "polars", "arrow"} or None
            The kind of dataframe, as for `sample`.

        Returns
        -------
        dataframe, shape (n × steps, 1 + columns)
            The futures, one after the other, numbered from 0 by a column in front, ``"future"``.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        ParameterError
            If a parameter breaks its rule.
        DataError
            If `history` does not have the columns of the training table, has events of several
            entities, or missing cells in a column that is drawn as changes.
        """
        self._check_fitted()
        check_parameters("continue_from", {"as_": _AS}, {"as_": as_})
        return self._given_back(self._futures(history, steps, n, random_state), as_)

    def continue_to(
        self,
        path: str | os.PathLike[str],
        history: Any,
        steps: int,
        *,
        n: int = 1,
        random_state: RandomState = None,
        safe_csv: bool = False,
    ) -> int:
        """Write the futures of `continue_from` to a file.

        Parameters
        ----------
        path : str or path-like
            As for `sample_to`.
        history : dataframe or path
            The events so far.
        steps : int
            The number of events of each future.
        n : int
            The number of futures.
        random_state : int, Generator, RandomState or None
            The seed, as for `continue_from`.
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
        NotFittedError, ParameterError, DataError
            As for `continue_from`.
        """
        self._check_fitted()
        check_output(path)
        futures = self._futures(history, steps, n, random_state)
        return self._write(path, [futures], True, "future", safe_csv)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the model to one file, which `lookalike.load` reads.

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
        save_sequences(self, path)

    def _seed(self, random_state: RandomState) -> int:
        return self.seed_ if random_state is None else as_seed(random_state)

    def _tables(
        self,
        n: int | None,
        length: int | None,
        windows: int | None,
        window: int | None,
        given: Mapping[str, Any] | None,
        random_state: RandomState,
        start: int,
    ) -> Iterator[pa.Table]:
        """Return canonical rows, one block at a time."""
        seed, model = self._seed(random_state), self._model
        check_parameters("sample", {"start": _COUNT}, {"start": start})
        if isinstance(model, HistoryModel):
            if length is not None or windows is not None:
                raise ParameterError(
                    "length= and windows= are for a model of one series, but this one has learned "
                    f"histories of {self.entity_!r}: give the number of entities, n."
                )
            check_parameters("sample", {"n": _COUNT}, {"n": n})
            self._check_given(given)
            return model.tables(int(n or 0), given or None, seed, int(start)) if n else iter(())
        if n is not None or (given and windows is None):
            raise ParameterError(
                "n= is for a model of histories and given= for windows, but this one has learned "
                "one series: give length=, or windows= and window=."
            )
        if windows is None:
            length = self.n_rows_ if length is None else length
            check_parameters("sample", {"length": _COUNT}, {"length": length})
            return iter((model.whole(int(length), seed, int(start)),)) if length else iter(())
        if length is not None:
            raise ParameterError("Give length= for one series, or windows= and window=, not both.")
        window = min(self._fitted_with["window"], self.n_rows_) if window is None else window
        sizes = {"windows": windows, "window": window}
        check_parameters("sample", {"windows": _COUNT, "window": _ONE}, sizes)
        if window > self.n_rows_:
            raise ParameterError(
                f"A window must not be longer than the series, {self.n_rows_:,} events; "
                f"got window={window:,}."
            )
        conditions = read_window_conditions(given or {}, self.schema_, self.dynamic_)
        return self._windows(model, int(windows), int(window), conditions, seed, int(start))

    def _windows(
        self,
        model: SeriesModel,
        windows: int,
        window: int,
        conditions: tuple[WindowCondition, ...],
        seed: int,
        start: int,
    ) -> Iterator[pa.Table]:
        """Yield windows with their numbers."""
        number = start
        tables: Iterator[pa.Table] = iter(())
        if windows and conditions:
            many = model.windows(_ENOUGH_WINDOWS, window, seed, 0)
            tables = fulfilling(many, conditions, window, windows, start)
        elif windows:
            tables = model.windows(windows, window, seed, start)
        for table in tables:
            count = len(table) // window
            yield self._numbered(table, "window", np.arange(number, number + count), window)
            number += count

    def _check_given(self, given: Mapping[str, Any] | None) -> None:
        for name in given or ():
            if name not in self.static_:
                known = ", ".join(map(repr, self.static_)) or "none"
                raise ParameterError(
                    f"given= holds conditions on static columns ({known}); got {name!r}."
                )

    def _futures(self, history: Any, steps: int, n: int, random_state: RandomState) -> pa.Table:
        """Return canonical futures with their numbers."""
        check_parameters("continue_from", {"steps": _ONE, "n": _ONE}, {"steps": steps, "n": n})
        table, _ = to_arrow(history)
        past = collect(table, self.schema_, self.entity_, self.time_, self.static_)
        if len(past.lengths) != 1:
            raise DataError(
                f"A past must be that of one entity, but history has {len(past.lengths):,} values "
                f"of {self.entity_!r}. Continue them one by one."
            )
        for name in self.changes_:
            if past.table[name].null_count:
                raise DataError(
                    f"{name!r} is drawn as changes, so that its past must be known, but history "
                    "has missing cells. Fill them first."
                )
        made = self._model.futures(past, int(steps), int(n), self._seed(random_state))
        return self._numbered(made, "future", np.arange(n), int(steps))

    def _numbered(self, table: pa.Table, wanted: str, numbers: np.ndarray, each: int) -> pa.Table:
        """Return rows with a column of numbers in front, each repeated."""
        repeated = pa.array(np.repeat(numbers, each))
        return table.add_column(0, self._number_name(wanted), repeated)

    def _number_name(self, wanted: str) -> str:
        while wanted in self.schema_.names:
            wanted += "'"
        return wanted

    def _no_rows(self, *, numbered: bool) -> pa.Table:
        """Return no rows, canonical."""
        empty = self._model.empty()
        return self._numbered(empty, "window", np.zeros(0, np.int64), 1) if numbered else empty

    def _given_back(self, table: pa.Table, as_: str | None) -> Any:
        """Return canonical rows as the caller's kind of dataframe, or another one."""
        library = _LIBRARY_OF.get(as_ or "", as_)
        extra = [name for name in table.column_names if name not in self.schema_.names]
        own = table.drop_columns(extra)
        if self._origin.is_file:
            whole = natural(own, self.schema_, self._model.whole_identifiers())
            library = library or best_library()
        else:
            whole = render(own, self.schema_)
        if not extra and library in (None, self._origin.library):
            return from_arrow(whole, self._origin)
        for name in extra:
            whole = whole.add_column(0, name, table[name])
        return as_frame(whole, library or self._origin.library)

    def _write(
        self,
        path: str | os.PathLike[str],
        tables: Iterable[pa.Table],
        numbered: bool,
        wanted: str,
        safe_csv: bool,
    ) -> int:
        """Write canonical rows, with their numbers in front if they have any."""
        rows, name = 0, self._number_name(wanted)

        def written(table: pa.Table) -> pa.Table:
            out = render(table.select(list(self.schema_.names)), self.schema_, encoded=True)
            return out.add_column(0, name, table[name]) if numbered else out

        empty = self._numbered(self._model.empty(), wanted, np.zeros(0, np.int64), 1)
        plain = render(empty.select(list(self.schema_.names)), self.schema_)
        form = plain.add_column(0, name, empty[name]) if numbered else plain
        with TableWriter(path, form.schema, safe_csv=safe_csv) as writer:
            for table in tables:
                writer.write(written(table))
                rows += len(table)
        return rows


def _history_of(model: HistoryModel | SeriesModel, found: Iterable[str]) -> History:
    """Return what was found at the fit."""
    trained = None
    if model.windowed is not None:
        trained = model.windowed.history
    history = History() if trained is None else History.from_dict(trained.to_dict())
    for words in found:
        history.add(0, "choice", words)
    for change in model.events.changes:
        words = f"{change.column} is drawn as changes: {change.gain:.3g} nats per event gained"
        history.add(0, "choice", words)
    if isinstance(model, HistoryModel) and model.choice is not None:
        gain = model.choice.gain
        history.add(0, "correction", f"histories are chosen: {gain:.3g} nats per history gained")
    if trained is None:
        history.stopped = "all trees are grown"
    return history


def _chosen(model: HistoryModel, histories: Histories, seed: int) -> HistoryModel:
    """Return the model with its choice; after an interrupt, without one."""
    try:
        return model.with_choice(histories, seed)
    except KeyboardInterrupt:
        warnings.warn(
            "The fit was interrupted before histories could be chosen. The model is usable.",
            LookalikeWarning,
            stacklevel=5,
        )
        return model


def _with_windows(
    model: HistoryModel | SeriesModel,
    histories: Histories,
    schema: Schema,
    rules: EngineRules,
    seed: int,
    found: list[str],
) -> HistoryModel | SeriesModel:
    """Return the model with its engine of windows; after an interrupt, one that draws events."""
    try:
        return with_windows(model, histories, schema, rules, seed, found.append)
    except KeyboardInterrupt:
        warnings.warn(
            "The fit was interrupted before windows were learned as a whole. The model is usable: "
            "it draws them event by event.",
            LookalikeWarning,
            stacklevel=5,
        )
        return model


def _check_enough(histories: Histories, entity: str | None) -> None:
    """Raise an error if there is nothing to learn order from."""
    if len(histories.table) < _FEWEST:
        raise DataError(
            f"Sequences need at least {_FEWEST} events to learn from; got {len(histories.table)}."
        )
    if entity is not None and len(histories.lengths) == 1:
        raise DataError(
            f"Histories need several entities to learn from, but {entity!r} has one value. Leave "
            "entity= out to learn its events as one series."
        )


def _warn_of_single_events(histories: Histories, entity: str | None) -> None:
    if entity is not None and histories.lengths.max() == 1:
        warnings.warn(
            f"Every {entity!r} has one event alone, so that there is no order to learn: all "
            "histories will have one event. If rows belong together by another column, name that "
            "as entity=; if they do not, learn them as a table.",
            LookalikeWarning,
            stacklevel=5,
        )


def _warn_of_ties(histories: Histories, schema: Schema, time: str | None) -> None:
    ties = 0 if time is None else count_ties(histories, schema, time)
    if ties:
        warnings.warn(
            f"{ties:,} of {len(histories.table):,} events have the same {time!r} as the event "
            "before them: they are taken in the order of rows, and generated histories have such "
            "events, too.",
            LookalikeWarning,
            stacklevel=5,
        )
