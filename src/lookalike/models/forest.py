"""Sequential trees: each column drawn from the leaves of trees over the columns before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np

from lookalike._core.errors import ModelFileError
from lookalike._core.parameters import Number, Rule
from lookalike._core.seeds import RandomState, generator
from lookalike._core.workers import in_parallel
from lookalike.encoding import (
    ONE_BLOCK_OR_RESIDUAL,
    BlockSource,
    EncodedRows,
    Layout,
    Learned,
    SampledRows,
)
from lookalike.models._base import Synthesizer
from lookalike.models._column_trees import ColumnTrees, Growth
from lookalike.models._conditional_table import grains_of
from lookalike.models._parents import order_of
from lookalike.models._request import Request
from lookalike.models._states import States
from lookalike.models._task import FitTask
from lookalike.refine import Refine

__all__ = ["Forest"]

#: The greatest number of states of a column of levels; the rarest levels share the last one.
_MOST_STATES = 256
#: The greatest number of columns by which the trees of a column are split, that of all columns
#: together, and the least number of the first for wide tables.
_MOST_INPUTS, _INPUTS_OF_ALL, _FEWEST_INPUTS = 32, 3_000, 8
#: The greatest number of held-out rows whose likelihood is recorded.
_JUDGED = 4_096


class Forest(Synthesizer):
    """Sequential trees: each column is drawn from leaves of trees over those before it.

    As in Reiter (2005) and synthpop (Nowok, Raab and Dibben 2016), a column is drawn from the leaf
    that a row reaches in a classification tree. Numbers are divided into bins of about equal
    numbers of rows. Columns are put into an order of which each next one has the most information
    about one before it. There are several trees for each column, each grown on a random part of the
    rows, and each row is drawn by one of them, which is a random forest (Breiman 2001).

    No value of a training row is drawn or stored: leaves hold counts of bins and levels, which are
    smoothed by those of the nodes above them, as strongly as makes rows most likely that are not
    counted; within a bin, numbers are drawn from the column's quantile function.

    Rows for conditions are selected from ordinary ones: rare conditions are refused.

    Parameters
    ----------
    trees : int
        The number of trees of each column.
    leaf : int
        The least number of rows of a leaf, among those by which a tree is grown.
    bins : int
        The greatest number of bins of a number.
    refine : Refine, mapping or None
        Calibration and correction of the generated rows after the fit, such as
        ``Refine(correct=False)``; None for the defaults.
    derive : bool
        Whether columns that are functions of others are computed from them instead of learned.
    min_category_count : int
        The minimum number of rows that must share a category, a number or a part of an identifier
        for the model to store it.
    text_placeholder : str or None
        The text that fills columns of free text; None leaves them missing.
    random_state : int, Generator, RandomState or None
        The seed of the fit, and the default seed of sampling.

    Attributes
    ----------
    schema_ : Schema
        The kinds of the training table's columns and the relations between them.
    encoder_ : TableEncoder
        The fitted encoding of the table.
    history_ : History
        The mean logarithm of the density of held-out rows (``held_out``), in nats, and the result
        of the refinement.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.models import Forest
    >>> table = pa.table({"x": [1.5, 2.25, 3.0, None] * 4, "c": ["a", "b", "a", "a"] * 4})
    >>> Forest(random_state=0).fit(table).sample(3).column_names
    ['x', 'c']
    """

    COMPILED: ClassVar[bool] = False
    COST: ClassVar[float] = 1.5
    SPACE: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "trees": (3, 5, 10),
        "leaf": (2, 5, 10, 20),
        "bins": (16, 32, 64, 128),
    }
    _encoding: ClassVar[Mapping[str, Any]] = ONE_BLOCK_OR_RESIDUAL
    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "trees": Number(1, 1_000, integer=True),
        "leaf": Number(1, integer=True),
        "bins": Number(2, 1_000, integer=True),
    }

    #: The map between rows and discrete variables, their order, and the trees of each.
    _states: States
    _order: np.ndarray
    _columns: tuple[ColumnTrees, ...]

    def __init__(
        self,
        *,
        trees: int = 5,
        leaf: int = 5,
        bins: int = 32,
        refine: Refine | Mapping[str, Any] | None = None,
        derive: bool = True,
        min_category_count: int = 2,
        text_placeholder: str | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.trees = trees
        self.leaf = leaf
        self.bins = bins
        self.refine = refine
        self.derive = derive
        self.min_category_count = min_category_count
        self.text_placeholder = text_placeholder
        self.random_state = random_state

    def _fit(self, task: FitTask) -> None:
        split = task.split
        rows = split.all if split.refit else split.training
        self._states = States.fit(rows, task.layout, self.bins, _MOST_STATES)
        training = self._states.of_rows(split.training)
        training = training[generator(task.seed, "order").permutation(len(training))]
        grains = tuple(map(grains_of, self._states.variables))
        self._order, information = order_of(training, grains)
        inputs = _inputs(self._order, information)
        self._columns = self._grown(training, inputs, task.seed)
        if split.rows is not None:
            self._record(training, split.rows)
        if split.refit:
            strengths = [column.strength for column in self._columns]
            self._columns = self._grown(self._states.of_rows(rows), inputs, task.seed, strengths)

    def _grown(
        self,
        states: np.ndarray,
        inputs: Sequence[Sequence[int]],
        seed: int,
        strengths: Sequence[float] | None = None,
    ) -> tuple[ColumnTrees, ...]:
        """Return the trees of all columns."""
        growth, variables = Growth(self.trees, self.leaf), self._states.variables
        sizes = [variable.states for variable in variables]
        ordered = [variable.edges is not None for variable in variables]

        def grow(v: int) -> ColumnTrees:
            rng = generator(seed, "trees", v)
            strength = None if strengths is None else strengths[v]
            return ColumnTrees.fit(states, v, inputs[v], sizes, ordered, growth, rng, strength)

        # scikit-learn warns of columns in which many rows have a state of their own.
        work = (partial(grow, v) for v in range(len(sizes)))
        return tuple(in_parallel(work, ignore=UserWarning))

    def _record(self, training: np.ndarray, held_out: EncodedRows) -> None:
        """Record the mean log density of held-out rows."""
        some = EncodedRows(*(part[:_JUDGED] for part in held_out))
        logs, states = self._states.log_within(some), self._states.of_rows(some)
        for v, column in enumerate(self._columns):
            logs += column.log_probabilities(training, states, v)
        self.history_.rows.append({"step": 1.0, "held_out": float(logs.mean())})
        self.history_.stopped = "all trees are grown"

    def _source(self, request: Request) -> BlockSource:
        columns, order, states = self._columns, self._order, self._states

        def make(block: int) -> SampledRows:
            rng = generator(request.seed, "sample", block)
            drawn = np.zeros((self.BLOCK, len(columns)), np.int64)
            for v in order:
                drawn[:, v] = columns[v].drawn(drawn, rng.random((self.BLOCK, 3)))
            return states.to_rows(drawn, rng.random(drawn.shape))

        return make

    def _state(self) -> Learned:
        parts = {f"column {v}": column.state() for v, column in enumerate(self._columns)}
        joined = Learned.joined({}, {"states": self._states.state(), **parts})
        return Learned(joined.values, {**joined.arrays, "order": self._order.astype(np.int32)})

    def _restore(self, state: Learned, layout: Layout) -> None:
        parts = state.parts()
        self._states = States.from_state(parts["states"], layout)
        sizes = [variable.states for variable in self._states.variables]
        self._order = np.asarray(state.arrays["order"], np.int64)
        if not np.array_equal(np.sort(self._order), np.arange(len(sizes))):
            raise ModelFileError("The order of the columns of a forest is damaged.")
        rank = np.argsort(self._order)
        self._columns = tuple(
            ColumnTrees.from_state(parts[f"column {v}"], v, sizes, self._order[: rank[v]].tolist())
            for v in range(len(sizes))
        )


def _inputs(order: np.ndarray, information: np.ndarray) -> list[list[int]]:
    """Return those variables before each that have the most information about it."""
    inputs: list[list[int]] = [[] for _ in order]
    most = int(np.clip(_INPUTS_OF_ALL // len(order), _FEWEST_INPUTS, _MOST_INPUTS))
    for k, v in enumerate(order):
        before = order[:k]
        near = np.argsort(-information[v, before], kind="stable")[:most]
        inputs[v] = before[near].tolist()
    return inputs
