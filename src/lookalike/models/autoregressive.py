"""The autoregressive network: one column after the other, in any order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.parameters import Number, Rule
from lookalike._core.seeds import RandomState
from lookalike.encoding import ONE_BLOCK_OR_RESIDUAL, BlockSource, EncodedRows, Layout, Learned
from lookalike.models._log_prob import DiscreteModel
from lookalike.models._masked_source import MaskedSource
from lookalike.models._network_model import NetworkModel
from lookalike.models._request import Request
from lookalike.models._states import States
from lookalike.nn import Architecture, Marginals, MaskedNetwork, Plan
from lookalike.refine import Refine
from lookalike.training import MaskedTask, keep_compiled_programs, make_room_for_programs

__all__ = ["Autoregressive"]

#: The greatest number of states of a column of levels; the rarest levels share the last one.
_MOST_STATES = 256


class Autoregressive(NetworkModel, DiscreteModel):
    """Autoregressive network: a row is sampled column by column, each given those before it.

    Each column is a discrete variable: its levels, or bins with equal numbers of rows within which
    numbers follow the marginal distribution. One network sees the columns of a row that are known
    and gives the distribution of every other one (Uria et al. 2014, arXiv 1310.1757; Hoogeboom et
    al. 2022, arXiv 2110.02037; for tables Tiwald et al. 2025, arXiv 2501.12012). It is trained with
    any columns known, so that it can sample in any order. It starts from independent columns with
    the marginals of the table, and rows are sampled from the moving average of its weights.
    Training stops when held-out rows are no longer more probable.

    Known cells, and conditions on one column, are met exactly and without rejection: columns with
    conditions come first. Under conditions on several columns, each row is the best of 16 draws by
    importance weights, which is exact in the limit of many draws.

    Parameters
    ----------
    steps : int or None
        The maximum number of training steps; None takes 4,000, and fewer for tables of fewer than
        10,000 rows.
    bins : int
        The greatest number of bins of a number.
    batch_size : int
        The number of rows in each training step.
    width : int
        The number of units in each hidden layer.
    depth : int
        The number of residual layers after the first layer.
    learning_rate : float
        The peak learning rate.
    held_out : float or None
        The share of rows held out for validation: they select the best state and stop training
        early. None holds out 10 % (at most 4,000 rows) of tables of more than 1,000 rows; 15 % of
        tables of 200 to 1,000 rows, after which the model is retrained on all rows for the best
        number of steps; and nothing of smaller ones.
    refine : Refine, mapping or None
        Calibration and correction of the generated rows after training, such as
        ``Refine(correct=False)``; None for the defaults.
    derive : bool
        Whether columns that are functions of others are computed from them instead of learned.
    min_category_count : int
        The minimum number of rows that must share a category, a number or a part of an identifier
        for the model to store it.
    text_placeholder : str or None
        The text that fills columns of free text; None leaves them missing.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown
        where it is watched: in a terminal and in a notebook.
    random_state : int, Generator, RandomState or None
        The seed of training, and the default seed of sampling.

    Attributes
    ----------
    schema_ : Schema
        The kinds of the training table's columns and the relations between them.
    encoder_ : TableEncoder
        The fitted encoding of the table.
    history_ : History
        The losses and events of training: the mean surprise of a column, in nats.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.models import Autoregressive
    >>> table = pa.table({"x": [1.5, 2.25, 3.0, None] * 8, "c": ["a", "b", "a", "a"] * 8})
    >>> Autoregressive(steps=4, width=8, random_state=0).fit(table).sample(3).column_names
    ['x', 'c']
    """

    COST: ClassVar[float] = 8.0
    SPACE: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "bins": (32, 64, 128),
        "width": (128, 256, 512),
        "learning_rate": (0.001, 0.002, 0.004),
    }
    capabilities: ClassVar[frozenset[str]] = frozenset({"conditions"})
    _encoding: ClassVar[Mapping[str, Any]] = ONE_BLOCK_OR_RESIDUAL
    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        **NetworkModel._rules,
        "bins": Number(2, 1_000, integer=True),
    }

    _states: States

    def __init__(
        self,
        *,
        steps: int | None = None,
        bins: int = 64,
        batch_size: int = 256,
        width: int = 256,
        depth: int = 2,
        learning_rate: float = 2e-3,
        held_out: float | None = None,
        refine: Refine | Mapping[str, Any] | None = None,
        derive: bool = True,
        min_category_count: int = 2,
        text_placeholder: str | None = None,
        progress: bool | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.steps = steps
        self.bins = bins
        self.batch_size = batch_size
        self.width = width
        self.depth = depth
        self.learning_rate = learning_rate
        self.held_out = held_out
        self.refine = refine
        self.derive = derive
        self.min_category_count = min_category_count
        self.text_placeholder = text_placeholder
        self.progress = progress
        self.random_state = random_state

    def _learned_layout(self, rows: EncodedRows, layout: Layout) -> Layout:
        self._states = States.fit(rows, layout, self.bins, _MOST_STATES)
        return self._states.discrete_layout

    def _learned(self, rows: EncodedRows) -> EncodedRows:
        states = self._states.of_rows(rows)
        return EncodedRows(np.zeros((len(states), 0), np.float32), states)

    def _task_of(
        self,
        plan: Plan,
        architecture: Architecture,
        marginals: Marginals,
        steps: int,  # noqa: ARG002 - its loss is the same at every step
    ) -> MaskedTask:
        ordered = tuple(
            0 if variable.edges is None else len(variable.edges) - 1
            for variable in self._states.variables
        )
        return MaskedTask(plan, ordered, architecture, self.batch_size, marginals)

    def _sampler(self, model: MaskedNetwork) -> MaskedSource:
        return MaskedSource(model.shared(), self._marginals, self._states, self.BLOCK)

    def _source(self, request: Request) -> BlockSource:
        keep_compiled_programs()
        make_room_for_programs()
        block = self._sampler(self._model).block
        return partial(block, request.seed, conditions=request.conditions)

    def _log_prob_of(self, states: Int[np.ndarray, "rows variables"]) -> Float[np.ndarray, " rows"]:
        return self._sampler(self._model).log_prob(states)

    def _state(self) -> Learned:
        parts = {"states": self._states.state(), "network": super()._state()}
        return Learned.joined({}, parts)

    def _restore(self, state: Learned, layout: Layout) -> None:
        parts = state.parts()
        self._states = States.from_state(parts["states"], layout)
        super()._restore(parts["network"], self._states.discrete_layout)
