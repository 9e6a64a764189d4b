"""The Bayesian network: each column given a few others, in conditional tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.parameters import Choice, Number, Rule
from lookalike._core.seeds import RandomState, generator
from lookalike.encoding import (
    ONE_BLOCK_OR_RESIDUAL,
    BlockSource,
    Layout,
    Learned,
    SampledRows,
    TableEncoder,
)
from lookalike.models._discrete_network import DiscreteNetwork
from lookalike.models._log_prob import DiscreteModel
from lookalike.models._request import Request
from lookalike.models._states import States
from lookalike.models._task import FitTask
from lookalike.models._uniform_rows import uniform_rows
from lookalike.refine import HoldOut, Refine
from lookalike.tables import Kind

__all__ = ["BayesianNetwork"]

#: The greatest number of states of a column of levels; the rarest levels share the last one.
_MOST_STATES = 256


class BayesianNetwork(DiscreteModel):
    """Bayesian network: conditional tables of each column given a few others (Ping et al. 2017).

    Numbers are divided into bins of about equal numbers of rows. Columns are put into an order of
    which each next one has the most information about one before it, and the parents of each, among
    those before it, are chosen greedily: one more parent, or a finer view of one, as long as it
    makes left-out rows more likely. The table of a column mixes the counts for all its parents with
    those for fewer of them, the more the fewer rows there are, so that rare combinations are safe.
    Within a bin, numbers are drawn from the column's quantile function.

    The modes are those of DataSynthesizer (Ping, Stoyanovich and Howe 2017): ``"correlated"`` is
    the network; ``"independent"`` has no parents; ``"random"`` keeps levels and ranges alone.

    Rows for conditions are drawn variable by variable, each given its parents and what the
    condition says of those behind it. That is exact where the columns involved have at most one
    parent each; otherwise the best of 32 draws is chosen by importance weights, which is exact in
    the limit of many draws, and an approximation for conditions that depend on many columns.

    Parameters
    ----------
    mode : {"correlated", "independent", "random"}
        Whether columns depend on each other, only have their own marginals, or are uniform over
        their levels and ranges and never missing, in which case rows are not refined.
    parents : int
        The greatest number of parents of a column.
    bins : int
        The greatest number of bins of a number.
    refine : Refine, mapping or None
        Calibration and correction of the generated rows after the fit, such as
        ``Refine(correct=False)``; None for the defaults.
    derive : bool
        Whether columns that are functions of others are computed from them instead of learned.
    min_category_count : int
        The minimum number of rows that must share a category, a number, a part of an identifier or
        a combination of parents for the model to store it.
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
        The mean logarithm of the density of training rows (``log_likelihood``) and of held-out ones
        (``held_out``), in nats, and the result of the refinement.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.models import BayesianNetwork
    >>> table = pa.table({"x": [1.5, 2.25, 3.0, None] * 4, "c": ["a", "b", "a", "a"] * 4})
    >>> BayesianNetwork(random_state=0).fit(table).sample(3).column_names
    ['x', 'c']
    """

    COMPILED: ClassVar[bool] = False
    COST: ClassVar[float] = 1.2
    SPACE: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "parents": (1, 2, 3, 4),
        "bins": (8, 16, 32, 64),
    }
    capabilities: ClassVar[frozenset[str]] = frozenset({"conditions"})
    _encoding: ClassVar[Mapping[str, Any]] = ONE_BLOCK_OR_RESIDUAL
    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "mode": Choice(("correlated", "independent", "random")),
        "parents": Number(1, 8, integer=True),
        "bins": Number(2, 1_000, integer=True),
    }

    #: The map between rows and discrete variables, and their distribution; None if rows are random.
    _states: States | None = None
    _network: DiscreteNetwork | None = None

    def __init__(
        self,
        *,
        mode: str = "correlated",
        parents: int = 3,
        bins: int = 32,
        refine: Refine | Mapping[str, Any] | None = None,
        derive: bool = True,
        min_category_count: int = 2,
        text_placeholder: str | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.mode = mode
        self.parents = parents
        self.bins = bins
        self.refine = refine
        self.derive = derive
        self.min_category_count = min_category_count
        self.text_placeholder = text_placeholder
        self.random_state = random_state

    @property
    def _is_refined(self) -> bool:
        return bool(self._fitted_with["mode"] != "random")

    def _encoder(self) -> TableEncoder:
        encoder = super()._encoder()
        if self.mode == "random":  # numbers are even over their range
            encoder.encodings = {str(kind): "minmax" for kind in Kind if kind.is_numeric}
        return encoder

    def _fit(self, task: FitTask) -> None:
        if self.mode == "random":
            return
        split, fewest = task.split, self.min_category_count
        rows = split.all if split.refit else split.training
        self._states = States.fit(rows, task.layout, self.bins, _MOST_STATES)
        training = self._states.of_rows(split.training)
        training = training[generator(task.seed, "order").permutation(len(training))]
        parents = self.parents if self.mode == "correlated" else 0
        known = self._known_parents(task.layout)
        self._network = DiscreteNetwork.fit(training, self._states, parents, fewest, known)
        self._record(split)
        if split.refit:
            self._network = self._network.counted(self._states.of_rows(split.all), fewest)

    def _known_parents(self, layout: Layout) -> dict[int, tuple[int, ...]] | None:  # noqa: ARG002
        """Return the parents of each variable, parents first, where they need not be found."""
        return None

    def _record(self, split: HoldOut) -> None:
        """Record the mean log density of training rows and of held-out ones."""
        measured = {"step": 1.0, "log_likelihood": self._mean_log_density(split.training)}
        if split.rows is not None:
            measured["held_out"] = self._mean_log_density(split.rows)
        self.history_.rows.append(measured)
        self.history_.stopped = "all columns have their parents"

    def _log_prob_of(self, states: Int[np.ndarray, "rows variables"]) -> Float[np.ndarray, " rows"]:
        assert self._network is not None
        return np.asarray(self._network.log_probabilities(states).sum(axis=1))

    def _source(self, request: Request) -> BlockSource:
        conditions, states, network = request.conditions, self._states, self._network
        layout = self.encoder_.layout_

        def make(block: int) -> SampledRows:
            condition = None if conditions is None else conditions(block)
            rows = self.BLOCK if condition is None else condition.count(self.BLOCK)
            purpose = "sample" if condition is None else "values"
            rng = generator(request.seed, purpose, block)
            if states is None or network is None:
                return uniform_rows(layout, rows, rng, condition)
            if condition is None:
                drawn = network.drawn(rows, rng)
            else:
                evidence = states.evidence(condition)
                drawn = network.drawn_within(evidence, rows, request.seed, block)
            return states.to_rows(drawn, rng.random(drawn.shape), condition)

        return make

    def _state(self) -> Learned:
        if self._states is None or self._network is None:
            return Learned({"random": True})
        parts = {"states": self._states.state(), "network": self._network.state()}
        return Learned.joined({"random": False}, parts)

    def _restore(self, state: Learned, layout: Layout) -> None:
        if state.values["random"]:
            return
        parts = state.parts()
        self._states = States.from_state(parts["states"], layout)
        self._network = DiscreteNetwork.from_state(parts["network"], self._states)
