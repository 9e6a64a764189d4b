"""The adversarial random forest: rows drawn from leaves in which columns are independent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.parameters import Number, Rule
from lookalike._core.progress import progress
from lookalike._core.seeds import RandomState, generator
from lookalike.encoding import ONE_BLOCK_OR_RESIDUAL, BlockSource, Layout, Learned, SampledRows
from lookalike.models._adversarial_trees import AdversarialGrowth, Round, ranks_of
from lookalike.models._density_forest import DensityForest
from lookalike.models._log_prob import DiscreteModel
from lookalike.models._request import Request
from lookalike.models._states import States
from lookalike.models._task import FitTask
from lookalike.refine import Refine

__all__ = ["AdversarialForest"]

#: The greatest number of states of a column of levels; the rarest levels share the last one.
_MOST_STATES = 256


class AdversarialForest(DiscreteModel):
    """Adversarial random forest: a row is drawn from a leaf of a tree, column by column.

    The trees learn to tell real rows from rows with independent columns; where they succeed, their
    leaves are boxes within which columns depend on each other less than in the table. In the next
    round they learn to tell real rows from those that are drawn from these leaves, and so on, until
    they only guess or left-out rows become less likely (Watson, Blesch, Kapar and Wright 2023,
    arXiv 2205.09435). The model is a mixture of products of distributions, one for each leaf, so
    that every probability is exact: conditions on any columns are met by the weights of leaves.

    No value of a training row is drawn or stored: numbers are divided into bins; leaves hold counts
    of bins and levels of each column by itself, which are smoothed by those of the nodes above, as
    strongly as makes rows most likely that are not counted; within a bin, numbers are drawn from
    the column's quantile function.

    Parameters
    ----------
    trees : int
        The number of trees.
    leaf : int
        The least number of rows of a leaf, real and generated ones together, by which a tree is
        grown.
    rounds : int
        The greatest number of rounds.
    bins : int
        The greatest number of bins of a number.
    refine : Refine, mapping or None
        Calibration and correction of the generated rows after the fit, such as
        ``Refine(correct=False)``; None for the defaults.
    derive : bool
        Whether columns that are functions of others are computed from them instead of learned.
    min_category_count : int
        The minimum number of rows that must share a category, a number, a part of an identifier or
        (at least two) a leaf for the model to store it.
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
        The kinds of the training table's columns and the relations between them.
    encoder_ : TableEncoder
        The fitted encoding of the table.
    history_ : History
        Of each round, the share of left-out rows that the trees told rightly (``accuracy``) and the
        mean logarithm of the density of left-out rows (``left_out``), in nats; at last that of
        held-out rows (``held_out``), and the result of the refinement.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.models import AdversarialForest
    >>> table = pa.table({"x": [1.5, 2.25, 3.0, None] * 4, "c": ["a", "b", "a", "a"] * 4})
    >>> AdversarialForest(random_state=0).fit(table).sample(3).column_names
    ['x', 'c']
    """

    COMPILED: ClassVar[bool] = False
    COST: ClassVar[float] = 1.5
    SPACE: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "trees": (5, 10, 20),
        "leaf": (3, 5, 10, 20),
        "bins": (16, 32, 64),
    }
    capabilities: ClassVar[frozenset[str]] = frozenset({"conditions"})
    _encoding: ClassVar[Mapping[str, Any]] = ONE_BLOCK_OR_RESIDUAL
    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "trees": Number(1, 1_000, integer=True),
        "leaf": Number(1, integer=True),
        "rounds": Number(1, 100, integer=True),
        "bins": Number(2, 1_000, integer=True),
    }

    #: The map between rows and discrete variables, and their distribution.
    _states: States
    _forest: DensityForest

    def __init__(
        self,
        *,
        trees: int = 10,
        leaf: int = 5,
        rounds: int = 5,
        bins: int = 32,
        refine: Refine | Mapping[str, Any] | None = None,
        derive: bool = True,
        min_category_count: int = 2,
        text_placeholder: str | None = None,
        progress: bool | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.trees = trees
        self.leaf = leaf
        self.rounds = rounds
        self.bins = bins
        self.refine = refine
        self.derive = derive
        self.min_category_count = min_category_count
        self.text_placeholder = text_placeholder
        self.progress = progress
        self.random_state = random_state

    def _fit(self, task: FitTask) -> None:
        split = task.split
        rows = split.all if split.refit else split.training
        self._states = States.fit(rows, task.layout, self.bins, _MOST_STATES)
        sizes = tuple(variable.states for variable in self._states.variables)
        ranks = ranks_of(rows, self._states)
        fewest = max(self.min_category_count, 2)
        growth = AdversarialGrowth(
            self.trees, self.leaf, fewest, self.rounds, sizes, ranks, task.seed
        )
        training = self._states.of_rows(split.training)
        with progress("forests", self.rounds, show=self.progress) as report:

            def record(found: Round) -> None:
                step = len(self.history_.rows) + 1.0
                seen = {"accuracy": found.accuracy, "left_out": found.likelihood}
                self.history_.rows.append({"step": step, **seen})
                report(int(step), seen)

            self._forest = growth.grown(training, record)
        if split.rows is not None:
            self.history_.rows[-1]["held_out"] = self._mean_log_density(split.rows)
        if split.refit:
            self._forest = self._forest.filled(self._states.of_rows(rows), fewest)
        self.history_.stopped = f"grown in {len(self.history_.rows)} rounds"

    def _log_prob_of(self, states: Int[np.ndarray, "rows variables"]) -> Float[np.ndarray, " rows"]:
        return self._forest.log_probabilities(states)

    def _source(self, request: Request) -> BlockSource:
        conditions, states, forest = request.conditions, self._states, self._forest

        def make(block: int) -> SampledRows:
            condition = None if conditions is None else conditions(block)
            rows = self.BLOCK if condition is None else condition.count(self.BLOCK)
            purpose = "sample" if condition is None else "conditions"
            rng = generator(request.seed, purpose, block)
            uniforms = rng.random((rows, 1 + 2 * len(states.variables)))
            chosen, within = np.split(uniforms, [1 + len(states.variables)], axis=1)
            evidence = {} if condition is None else states.evidence(condition)
            drawn = forest.drawn(evidence, chosen)
            return states.to_rows(drawn, within, condition)

        return make

    def _state(self) -> Learned:
        parts = {"states": self._states.state(), "forest": self._forest.state()}
        return Learned.joined({}, parts)

    def _restore(self, state: Learned, layout: Layout) -> None:
        parts = state.parts()
        self._states = States.from_state(parts["states"], layout)
        sizes = [variable.states for variable in self._states.variables]
        self._forest = DensityForest.from_state(parts["forest"], sizes)
