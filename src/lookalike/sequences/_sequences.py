"""`Sequences`: histories of many entities, or one series, learned and generated."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from lookalike._core.errors import NotFittedError, ParameterError
from lookalike._core.parameters import (
    AnyOf,
    Choice,
    Flag,
    Instance,
    Number,
    Rule,
    check_parameters,
)
from lookalike._core.refitted import Refitted
from lookalike._core.seeds import RandomState, as_seed
from lookalike.models import fingerprint
from lookalike.sequences._engine_choice import ENGINES
from lookalike.sequences._given_back import given_back, write_rows
from lookalike.sequences._history_model import HistoryModel
from lookalike.sequences._learning import learn_histories
from lookalike.sequences._roles import Roles
from lookalike.sequences._rows import SequenceRows
from lookalike.sequences._saving import save_sequences
from lookalike.sequences._series_model import SeriesModel
from lookalike.tables import Kind, Origin, Schema, check_output, to_arrow
from lookalike.training import History

__all__ = ["Sequences"]

_AS = AnyOf((Choice(("pandas", "polars", "arrow")),), none=True)
_RANDOM_STATE = Instance(
    (int, np.integer, np.random.Generator, np.random.RandomState),
    "an integer, a numpy Generator, a numpy RandomState or None",
    optional=True,
)
_COLUMN = Instance((str,), "the name of a column or None", optional=True)


class Sequences(Refitted):
    """A model of histories of many entities, or of one series, in long format.

    With ``entity``, every entity has a history: a *static row* (the columns that are constant
    within entities, the number of events, the first time), and events in the order of time. Static
    rows are learned by a `Forest`. Each event is then drawn column by column from trees over the
    static row, the position, the last two events, running means of numbers, the time and its
    calendar; the first of its columns is the gap since the last event. Numbers whose *changes* are
    easier to predict are drawn as changes. At last, whole histories are chosen from several times
    as many, so that counts of states, of pairs of states and of states that follow each other have
    their real means; this is kept only if it makes held-out histories more likely.

    Without ``entity``, the rows are one series, and each event depends on those before it and on
    the calendar. Numbers are drawn as errors of a *forecast* where that is likelier: from the last
    numbers, the calendar and a trend, with the pull back to their course that the series has.

    Parameters
    ----------
    trees : int
        The number of trees of each column.
    leaf : int
        The least number of rows of a leaf, among those by which a tree is grown; of fewer than
        500 events for each of these, it is one for 500 events, and at least 2.
    bins : int
        The greatest number of bins of a number; of fewer than 80 events for each of these, it is
        one for 80 events, and at least 16.
    choose : bool
        Whether whole histories are chosen from several, where that helps on held-out ones.
    engine : {"auto", "trees", "basis", "lstm", "attention", "timegan", "autoencoder-gan"}
        How windows of a series are generated: ``"trees"`` event by event, ``"basis"`` as a whole,
        by coefficients of functional principal components; ``"auto"`` is the one of these that
        trees tell less from windows of held-out stretches. The other names train the networks of
        a preset. Histories of at least 100 entities, all with the same number of
        events at the same times and without static columns, are windows, too. A series of any
        other length, a future and all other histories are drawn event by event.
    window : int
        The number of events of the windows that are learned as a whole.
    transforms : mapping of str to str or None
        Transforms of columns for windows that are learned as a whole, ``"standard"``,
        ``"minmax"``, ``"power"`` or ``"quantile"``; others are found.
    training : mapping of str to object or None
        Parameters that replace those of a preset, such as ``{"steps": 500}``: of `GAN` for
        ``"lstm"`` and ``"attention"``; steps of each part, batch_size, learning_rate, code_size,
        supervised, and the layers of the autoencoder (coding) and of the other networks (game)
        for ``"timegan"`` and ``"autoencoder-gan"``.
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
    forecasts_ : dict of str to str
        The columns of numbers of a series that are drawn as errors of a forecast, each with the
        forecast in words.
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
        What was found at the fit, as events; where networks were trained, also the record of
        their training.
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
        fresh = self._fresh()
        fresh._learn(data, entity, time, static, kinds, target)
        return self._adopt(fresh)

    def _check_parameters(self) -> None:
        check_parameters(type(self).__name__, self._rules, self.get_params(deep=False))

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
        learned = learn_histories(
            table,
            self.get_params(deep=False),
            seed,
            entity=entity,
            time=time,
            static=static,
            kinds=kinds,
            target=target,
        )
        self._take(learned.schema, learned.roles, learned.model)
        self._origin, self.target_, self.history_ = origin, target, learned.history
        whole = learned.histories
        self.n_entities_, self.n_rows_ = len(whole.lengths), len(whole.table)
        self.seed_ = seed
        self.fingerprint_ = fingerprint(whole.table)

    def _take(self, schema: Schema, roles: Roles, model: HistoryModel | SeriesModel) -> None:
        """Set the attributes that follow from a model."""
        self._model, self.schema_ = model, schema
        self.entity_, self.time_ = roles.entity, roles.time
        self.static_, self.dynamic_ = roles.static, roles.dynamic
        changes = model.events.changes
        self.changes_ = {one.column: one.gain for one in changes if one.forecast is None}
        self.forecasts_ = {
            one.column: one.forecast.words for one in changes if one.forecast is not None
        }
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
        rows, seed = self._rows(), self._seed(random_state)
        tables = rows.tables(n, length, windows, window, given, seed, start)
        whole = pa.concat_tables([rows.none(None if windows is None else "window"), *tables])
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
        rows, seed = self._rows(), self._seed(random_state)
        tables = rows.tables(n, length, windows, window, given, seed, start)
        none = rows.none(None if windows is None else "window")
        return write_rows(path, tables, none, self.schema_, safe_csv=safe_csv)

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
            entities, or missing cells in a column that is drawn as changes or by a forecast.
        """
        self._check_fitted()
        check_parameters("continue_from", {"as_": _AS}, {"as_": as_})
        futures = self._rows().futures(history, steps, n, self._seed(random_state))
        return self._given_back(futures, as_)

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
        rows = self._rows()
        futures = rows.futures(history, steps, n, self._seed(random_state))
        return write_rows(path, [futures], rows.none("future"), self.schema_, safe_csv=safe_csv)

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

    @property
    def _roles(self) -> Roles:
        return Roles(self.entity_, self.time_, self.static_, self.dynamic_)

    def _rows(self) -> SequenceRows:
        window = self._fitted_with["window"]
        return SequenceRows(self._model, self.schema_, self._roles, self.n_rows_, window)

    def _given_back(self, table: pa.Table, as_: str | None) -> Any:
        whole = self._model.whole_identifiers()
        return given_back(table, self.schema_, whole, self._origin, as_)
