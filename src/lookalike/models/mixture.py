"""Mixtures of products and of hidden trees: exact probabilities, conditions and imputation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Int
from scipy.special import logsumexp

from lookalike._core.errors import ModelFileError
from lookalike._core.parameters import AnyOf, Number, Rule
from lookalike._core.seeds import RandomState, generator
from lookalike.encoding import (
    ONE_BLOCK_OR_RESIDUAL,
    BlockSource,
    Layout,
    Learned,
    RowCondition,
    SampledRows,
)
from lookalike.models._latent_tree import LatentTree, TreeStructure, choose
from lookalike.models._latent_tree_fit import FittedTree, chow_liu, fit_latent_tree, one_latent
from lookalike.models._log_prob import DiscreteModel
from lookalike.models._request import Request
from lookalike.models._states import States, StateWeights
from lookalike.models._task import FitTask
from lookalike.refine import Refine

__all__ = ["Mixture"]

#: The greatest number of states of a column of levels: the rarest share one.
_MOST_LEVELS = 1_024
#: The numbers of states of a latent that are tried in order, in trees and in mixtures of products,
#: and the prior's weight in rows.
_TREE_WIDTHS, _TREE_PRIOR = (4, 8, 16, 32, 64), 1.0
_PRODUCT_WIDTHS, _PRODUCT_PRIOR = (8, 32, 128, 512), 4.0
#: For the best width, other weights of the prior are tried, as multiples.
_PRIOR_FACTORS = (0.25, 4.0)
#: The gain of held-out log-likelihood per row without which no wider latents are tried.
_GAIN = 0.01
#: Components of a smaller weight are left out.
_LEAST_WEIGHT = 0.02
#: Without held-out rows: the number of states of a latent, and that of passes.
_BLIND_WIDTH, _BLIND_PASSES = 4, 10
#: The most multiplications of a pass, beyond which wider latents are not tried.
_MOST_WORK = 10**9


@dataclass(frozen=True)
class _TreeCandidate:
    """A latent tree model to try: its structure, the states of a latent, and the prior."""

    structure: TreeStructure
    width: int
    prior_rows: float
    seed: int

    def fit(
        self,
        states: np.ndarray,
        held_out: np.ndarray,
        sizes: list[int],
        passes: int,
        seed: int,
        report: Callable[[int, float], None] | None = None,
    ) -> FittedTree:
        """Fit it, with the same random numbers every time."""
        rng = generator(seed, "mixture", self.seed)
        return fit_latent_tree(
            self.structure,
            self.width,
            states,
            held_out,
            sizes,
            passes,
            self.prior_rows,
            rng,
            report,
        )


class Mixture(DiscreteModel):
    """Mixture model of products and hidden Chow-Liu trees (Liu and Van den Broeck 2021).

    Each column is a discrete variable: its levels, or bins with equal numbers of rows within which
    numbers follow the marginal distribution. The model is a weighted mean of latent tree models,
    probabilistic circuits that give every probability exactly: conditions on any columns and
    imputation need no rejection and no approximation, and `log_prob` is exact. Latent trees of
    growing width are fitted by stepwise expectation maximisation (Cappé and Moulines 2009) until
    held-out rows are no longer more probable, and weighted by these rows (stacking: Smyth and
    Wolpert 1999).

    Parameters
    ----------
    bins : int
        The maximum number of bins of a number.
    passes : int
        The maximum number of passes over the rows for each latent tree model.
    refine : Refine, mapping or None
        Calibration and correction of the generated rows after the fit, such as
        ``Refine(correct=False)``; None for the defaults.
    held_out : float or None
        The share of rows by which models are chosen; None for the default of `GAN`.
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
        The mean log-probability of held-out rows after each pass, as ``held_out_log_prob``.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.models import Mixture
    >>> table = pa.table({"x": [1.5, 2.25, 3.0, None] * 4, "c": ["a", "b", "a", "a"] * 4})
    >>> Mixture(random_state=0).fit(table).sample(3).column_names
    ['x', 'c']
    """

    COMPILED: ClassVar[bool] = False
    COST: ClassVar[float] = 1.2
    SPACE: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "bins": (12, 20, 32, 64, 128),
        "passes": (20, 40, 80),
    }
    capabilities: ClassVar[frozenset[str]] = frozenset({"conditions"})
    _encoding: ClassVar[Mapping[str, Any]] = ONE_BLOCK_OR_RESIDUAL
    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "bins": Number(2, 4_096, integer=True),
        "passes": Number(1, integer=True),
        "held_out": AnyOf((Number(0, 0.9),), none=True),
    }

    _states: States
    _trees: list[LatentTree]
    _weights: np.ndarray

    def __init__(
        self,
        *,
        bins: int = 32,
        passes: int = 40,
        refine: Refine | Mapping[str, Any] | None = None,
        held_out: float | None = None,
        derive: bool = True,
        min_category_count: int = 2,
        text_placeholder: str | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.bins = bins
        self.passes = passes
        self.refine = refine
        self.held_out = held_out
        self.derive = derive
        self.min_category_count = min_category_count
        self.text_placeholder = text_placeholder
        self.random_state = random_state

    def _fit(self, task: FitTask) -> None:
        split = task.split
        self._states = States.fit(split.training, task.layout, self.bins, _MOST_LEVELS)
        states = self._states.of_rows(split.training)
        held_out = states[:0] if split.rows is None else self._states.of_rows(split.rows)
        tried = self._tried(states, held_out, task.seed)
        weights = _stacked(np.stack([fitted.log_prob for _, fitted in tried], axis=1))
        kept = np.flatnonzero(weights >= min(_LEAST_WEIGHT, weights.max()))
        self._weights = weights[kept] / weights[kept].sum()
        self._trees = [tried[k][1].tree for k in kept]
        if split.refit:
            every = self._states.of_rows(split.all)
            self._trees = [
                candidate.fit(every, every[:0], self._sizes, max(fitted.passes, 1), task.seed).tree
                for candidate, fitted in (tried[k] for k in kept)
            ]

    @property
    def _sizes(self) -> list[int]:
        return [variable.states for variable in self._states.variables]

    def _tried(
        self, states: np.ndarray, held_out: np.ndarray, seed: int
    ) -> list[tuple[_TreeCandidate, FittedTree]]:
        """Return latent tree models of growing width, while held-out rows become more probable."""
        history, sizes = self.history_, self._sizes

        def report(_: int, log_prob: float) -> None:
            self._trained_steps += 1
            history.rows.append({"step": self._trained_steps, "held_out_log_prob": log_prob})

        tried = []
        for series in self._series(states):
            best, mean = None, -np.inf
            blind = not len(held_out)
            passes = _BLIND_PASSES if blind else self.passes
            for candidate in series:
                fitted = candidate.fit(states, held_out, sizes, passes, seed, report)
                tried.append((candidate, fitted))
                if blind or fitted.log_prob.mean() < mean + _GAIN:
                    break
                best, mean = candidate, fitted.log_prob.mean()
            if best is not None:
                for factor in _PRIOR_FACTORS:
                    candidate = replace(best, prior_rows=factor * best.prior_rows)
                    fitted = candidate.fit(states, held_out, sizes, passes, seed, report)
                    tried.append((candidate, fitted))
        history.stopped = "wider models were no better on held-out rows"
        return tried

    def _series(self, states: np.ndarray) -> Iterator[Iterator[_TreeCandidate]]:
        """Yield series of candidates: trees, then mixtures of products, each of growing width."""
        rows, count = states.shape
        tree, product = chow_liu(states, self._sizes), one_latent(count)

        def trees() -> Iterator[_TreeCandidate]:
            for width in _TREE_WIDTHS:
                if width == _TREE_WIDTHS[0] or rows * count * width**2 <= _MOST_WORK:
                    yield _TreeCandidate(tree, width, _TREE_PRIOR, width)

        def products() -> Iterator[_TreeCandidate]:
            for width in _PRODUCT_WIDTHS:
                if width == _PRODUCT_WIDTHS[0] or rows * count * width <= _MOST_WORK:
                    yield _TreeCandidate(product, width, _PRODUCT_PRIOR, 1_000 + width)

        yield trees()
        yield products()

    def _source(self, request: Request) -> BlockSource:
        def make(block: int) -> SampledRows:
            rng = generator(request.seed, "sample", block)
            if request.conditions is None:
                return self._sampled(rng, self.BLOCK, None)
            condition = request.conditions(block)
            rows = condition.count(self.BLOCK)
            return self._sampled(rng, rows, condition)

        return make

    def _sampled(
        self, rng: np.random.Generator, rows: int, condition: RowCondition | None
    ) -> SampledRows:
        """Sample rows that fulfil a condition, exactly from their conditional distribution."""
        count = len(self._states.variables)
        latents = max(len(tree.structure.parents) for tree in self._trees)
        chosen, within, uniforms = rng.spawn(3)
        evidence = {} if condition is None else self._states.evidence(condition)
        tree_of_row = choose(self._posterior(evidence, rows), chosen.random(rows))
        uniform = uniforms.random((rows, latents + count))
        states = np.empty((rows, count), np.int32)
        for k, tree in enumerate(self._trees):
            at = np.flatnonzero(tree_of_row == k)
            own = {v: w if len(w) == 1 else w[at] for v, w in evidence.items()}
            states[at] = tree.sample(uniform[at], own)
        return self._states.to_rows(states, within.random((rows, count)), condition)

    def _posterior(self, evidence: StateWeights, rows: int) -> Float[np.ndarray, "rows trees"]:
        """Return the weight of each latent tree model, given evidence of rows."""
        if not evidence or len(self._trees) == 1:
            return np.broadcast_to(self._weights, (rows, len(self._weights)))
        shared = all(len(weights) == 1 for weights in evidence.values())
        logs = [tree.log_evidence(evidence, 1 if shared else rows) for tree in self._trees]
        logs = np.stack(logs, axis=1) + np.log(self._weights)
        posterior = np.exp(logs - logs.max(axis=1, keepdims=True))
        return np.broadcast_to(posterior, (rows, len(self._weights)))

    def _log_prob_of(self, states: Int[np.ndarray, "rows variables"]) -> Float[np.ndarray, " rows"]:
        logs = np.stack([tree.log_prob(states) for tree in self._trees], axis=1)
        return np.asarray(logsumexp(logs + np.log(self._weights), axis=1))

    def _state(self) -> Learned:
        parts = {"states": self._states.state()}
        parts |= {f"tree {k}": tree.state() for k, tree in enumerate(self._trees)}
        parts["weights"] = Learned({}, {"weights": self._weights})
        return Learned.joined({}, parts)

    def _restore(self, state: Learned, layout: Layout) -> None:
        parts = state.parts()
        self._states = States.from_state(parts["states"], layout)
        self._weights = parts["weights"].arrays["weights"]
        whole = self._weights.ndim == 1 and np.isclose(self._weights.sum(), 1.0)
        if not whole or not (self._weights > 0).all():
            raise ModelFileError("The weights of a mixture are damaged.")
        self._trees = [
            LatentTree.from_state(parts[f"tree {k}"], self._sizes)
            for k in range(len(self._weights))
        ]


def _stacked(log_prob: Float[np.ndarray, "rows models"]) -> Float[np.ndarray, " models"]:
    """Return the weights with which a mixture of models makes held-out rows most probable."""
    rows, models = log_prob.shape
    weights = np.full(models, 1 / models)
    for _ in range(200 if rows else 0):
        logs = log_prob + np.log(weights)
        posterior = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
        # One more row, shared evenly, keeps every weight above 0.
        weights = (posterior.sum(axis=0) + 1 / models) / (rows + 1)
    return weights
