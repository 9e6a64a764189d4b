"""The generative adversarial network for tables."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Self

import jax
import numpy as np
import pyarrow as pa

from lookalike._core.errors import (
    TrainingError,
)
from lookalike._core.parameters import AnyOf, Choice, Flag, Group, GroupOf, Instance, Number, Rule
from lookalike._core.progress import progress
from lookalike._core.seeds import RandomState
from lookalike.encoding import BlockSource, EncodedRows, Layout, Learned, SampledRows
from lookalike.models._base import Synthesizer
from lookalike.models._conditional_sampler import (
    ConditionalSampler,
    soften_logits,
    widen_inputs,
)
from lookalike.models._generator import GeneratorSource
from lookalike.models._groups import Networks, Option, TrainingRules
from lookalike.models._recipe import STEPS, batch_of, game_of, make_plan, steps_of, width_of
from lookalike.models._request import BlockConditions, Request
from lookalike.models._task import FitTask
from lookalike.models._transfer import Transfer, transferred
from lookalike.models._weights import checked_width, network_of, taken
from lookalike.models.presets import find_preset
from lookalike.nn import (
    OBJECTIVES,
    Latent,
    Network,
    Objective,
    Plan,
)
from lookalike.refine import HoldOut, Refine
from lookalike.training import (
    Data,
    Game,
    TrainingResult,
    keep_compiled_programs,
    make_room_for_programs,
    train,
)
from lookalike.training.monitors import MONITORS

__all__ = ["GAN"]


#: Steps of the generator that learns conditions, as a share of those of the first, and the most
#: rows in each: of many and of rare conditions, more steps teach more than larger ones.
_CONDITIONED = 0.3
_CONDITIONED_BATCH = 256
#: Its rates, as a multiple of those of the first.
_FASTER = 2.0
#: What the progress line shows.
_SHOWN = {
    "loss_discriminator": "loss D",
    "loss_generator": "loss G",
    "rate_generator": "rate",
    "held_out": "held out",
}


class GAN(Synthesizer):
    """Learn a table by a game of two networks.

    By default numbers are encoded by a randomised probability integral transform and levels
    one-hot; a residual generator and a residual discriminator play relativistic pairing with
    zero-centred gradient penalties (Huang et al. 2024, arXiv 2501.05441); samples come from the
    moving average of the generator. After training its marginals are calibrated, and rows are
    mended by boosted trees where that helps. Training is watched, and mended where it goes wrong.
    Other objectives, architectures and rules are parameters, those that few change in groups;
    `set_params` knows all by their own names. `preset` has those of published systems.

    Parameters
    ----------
    budget : {"fast", "balanced", "best"}
        How long to train, where neither `steps` nor `epochs` is given. Small tables get fewer
        steps, and those of 5,000 to 20,000 rows most.
    steps : int or None
        How many steps to train instead.
    epochs : int or None
        How many times as many rows as the table has are drawn instead.
    batch_size : int or None
        Rows of each kind, real and generated, in one step. None takes 1,024 for tables of 20,000
        rows or more, 256 below 5,000 rows, else 512.
    objective : str, mapping or Objective
        What the players play for: "relativistic", "minimax", "non-saturating", "least-squares",
        "hinge", "wasserstein" or "kl", or a mapping of that ``"name"`` and options, such as
        ``{"name": "non-saturating", "smoothing": 0.1}``.
    width : int or None
        Hidden units of residual networks. None takes 256, or 128 for tables of fewer than 2,000
        rows.
    depth : int
        Layers of residual networks, after the first.
    learning_rate : float
        The generator's rate, at its peak.
    held_out : float or None
        The share of rows that do not train but choose the best state, and stop training when it
        no longer improves. None holds out 15 % of tables of 200 to 1,000 rows, which are then
        learned anew as long with all rows, 10 % (at most 4,000 rows) of larger ones, and nothing
        of smaller ones. What follows training (marginals, conditions) sees all rows.
    monitors : bool or sequence of str
        What looks at the players between intervals: all that is usual, nothing, or the names of
        monitors.
    conditions : bool
        Whether a second generator, begun from the first, learns to make rows to conditions that
        are rare, for `sample` with ``given`` or ``balance``, and to complete rows, for `impute`.
        It adds up to three tenths to the time and leaves other rows as they are. Conditions that
        2 % of ordinary rows fulfil do without it: rows are chosen from these. So does `impute`,
        less well: cells are then taken from ordinary rows.
    remedies : bool
        Whether a run that collapses, diverges, stays far from real rows, is won by the
        discriminator or loses finite losses goes back to its last good state and on with a remedy.
        What was done stands in ``history_.events``.
    networks : Networks, mapping or None
        The form of both networks, such as ``Networks(latent_size=16)``; None for the defaults.
    training : TrainingRules, mapping or None
        The rules by which they learn, such as ``{"penalty": None}``; None for the defaults.
    refine : Refine, mapping or None
        What is done to rows after training, such as ``Refine(correct=False)``; None for the
        defaults.
    derive : bool
        Whether columns that are functions of others are derived instead of learned.
    encodings : mapping of str to str, or None
        Encodings by column or kind, such as ``{"continuous": "power"}``.
    min_category_count : int
        Levels, numbers and parts of identifiers that fewer rows have are not stored.
    text_placeholder : str or None
        What stands in columns of free text; None for missing.
    progress : bool
        Whether progress is shown on standard error.
    random_state : int, Generator, RandomState or None
        The seed of all that is random.

    Attributes
    ----------
    schema_ : Schema
        What each column of the training table is.
    encoder_ : TableEncoder
        The fitted encoding of the table.
    history_ : History
        What happened while training.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike import GAN
    >>> table = pa.table({"x": [1.5, 2.25, 3.0, None] * 8, "c": ["a", "b", "a", "a"] * 8})
    >>> model = GAN(steps=4, width=8, random_state=0).fit(table)
    >>> model.sample(3).column_names
    ['x', 'c']
    """

    capabilities: ClassVar[frozenset[str]] = frozenset({"conditions"})
    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "budget": Choice(tuple(STEPS)),
        "steps": AnyOf((Number(1, integer=True),), none=True),
        "epochs": AnyOf((Number(1, integer=True),), none=True),
        "batch_size": AnyOf((Number(1, 2**20, integer=True),), none=True),
        "objective": Option(OBJECTIVES.create),
        "width": AnyOf((Number(1, 2**16, integer=True),), none=True),
        "depth": Number(0, 256, integer=True),
        "learning_rate": Number(0, open_low=True),
        "held_out": AnyOf((Number(0, 0.9),), none=True),
        "monitors": AnyOf((Flag(), Option(MONITORS.create_all))),
        "conditions": Flag(),
        "remedies": Flag(),
        "networks": GroupOf(Networks),
        "training": GroupOf(TrainingRules),
        "refine": GroupOf(Refine),
        "derive": Flag(),
        "encodings": Instance((Mapping,), "a mapping of names to encodings", optional=True),
        "min_category_count": Number(1, integer=True),
        "text_placeholder": Instance((str,), "a string or None", optional=True),
        "progress": Flag(),
    }

    _groups: ClassVar[Mapping[str, type[Group]]] = {
        "networks": Networks,
        "training": TrainingRules,
        "refine": Refine,
    }

    _generator: Network
    #: The generator that takes conditions, if it was trained.
    _completer: Network | None = None
    _width: int
    #: Of the generator's random input, as it was trained.
    _latent_size: int
    _latent: Latent
    #: Added to the logits of levels, so that each is as frequent as it should be.
    _bias: np.ndarray
    _plan: Plan

    def __init__(
        self,
        *,
        budget: str = "balanced",
        steps: int | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        objective: str | Mapping[str, Any] | Objective = "relativistic",
        width: int | None = None,
        depth: int = 3,
        learning_rate: float = 1.2e-3,
        held_out: float | None = None,
        monitors: bool | Sequence[str] = True,
        conditions: bool = True,
        remedies: bool = True,
        networks: Networks | Mapping[str, Any] | None = None,
        training: TrainingRules | Mapping[str, Any] | None = None,
        refine: Refine | Mapping[str, Any] | None = None,
        derive: bool = True,
        encodings: Mapping[str, str] | None = None,
        min_category_count: int = 2,
        text_placeholder: str | None = None,
        progress: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.budget = budget
        self.steps = steps
        self.epochs = epochs
        self.batch_size = batch_size
        self.objective = objective
        self.width = width
        self.depth = depth
        self.learning_rate = learning_rate
        self.held_out = held_out
        self.monitors = monitors
        self.conditions = conditions
        self.remedies = remedies
        self.networks = networks
        self.training = training
        self.refine = refine
        self.derive = derive
        self.encodings = encodings
        self.min_category_count = min_category_count
        self.text_placeholder = text_placeholder
        self.progress = progress
        self.random_state = random_state

    @classmethod
    def preset(cls, name: str, **parameters: Any) -> Self:
        """Return an unfitted GAN with the networks and settings of a published system.

        Parameters
        ----------
        name : str
            One of `lookalike.models.presets.PRESETS`, where each says what it is and its source.
        **parameters
            What should be other than published, such as ``random_state=0``.

        Raises
        ------
        ParameterError
            If there is no such preset.

        Examples
        --------
        >>> from lookalike import GAN
        >>> GAN.preset("leitner-wgan-gp", epochs=10).objective
        'wasserstein'
        """
        model: Self = cls().set_params(**{**find_preset(name).parameters, **parameters})
        return model

    def rows_per_step(self, rows: int) -> int:
        """Return how many rows of each kind a step draws: `batch_size`, or what it is by default.

        Parameters
        ----------
        rows : int
            Of the table that is learned.

        Returns
        -------
        int

        Examples
        --------
        >>> GAN(batch_size=64).rows_per_step(10_000), GAN().rows_per_step(10_000)
        (64, 512)
        """
        return batch_of(self, rows)

    def _start_from(
        self,
        warm_start: Synthesizer | str | os.PathLike[str] | None,
        mapping: Mapping[str, str] | None,
    ) -> Transfer | None:
        return transferred(warm_start, mapping)

    def _fit(self, task: FitTask) -> None:
        keep_compiled_programs()
        make_room_for_programs()
        rows = len(task.rows.floats)
        self._plan = Plan(task.layout)
        self._bias = np.zeros(self._plan.width - self._plan.number_width, np.float32)
        self._width = width_of(self, rows)
        game = game_of(self, self._plan, rows, self._width, conditioned=False)
        self._latent_size, self._latent = game.latent_size, game.latent
        self._outcome = outcome = self._train(game, task, steps_of(self, rows))
        self._generator, self.history_ = outcome.model, outcome.history
        self._trained_steps = outcome.step
        if Refine.read(self.refine).calibrate:
            self._bias = self._generated().calibrated(task.rows, task.seed).bias

    def _train(self, game: Game, task: FitTask, steps: int) -> TrainingResult[Game]:
        """Train with rows held out; a table that is learned anew gets all of its rows then."""
        split = task.split
        first = self._run(game, split.training, split, task, steps)
        if not split.refit or first.history.cut_short:
            return first
        history = first.history
        try:
            again = self._run(game, split.all, None, task, steps, stop_at=first.step)
        except (KeyboardInterrupt, TrainingError) as error:
            why = str(error) or "interrupted"
            history.cut_short = history.interrupted = isinstance(error, KeyboardInterrupt)
        else:
            history.training_seconds += again.history.training_seconds
            history.monitor_seconds += again.history.monitor_seconds
            if not again.history.cut_short:
                words = f"learned anew with all rows for the {first.step:,} steps that served best"
                history.add(first.step, "refit", words)
                history.events += [e for e in again.history.events if e.kind == "remedy"]
                return again._replace(history=history)
            why, history.cut_short = again.history.stopped, True
            history.interrupted = again.history.interrupted
        # What was learned of most rows is whole, what was begun of all is not.
        history.stopped = f"not learned anew with all rows: {why}"
        history.add(first.step, "stop", history.stopped)
        return first

    def _fit_conditions(self, task: FitTask) -> None:
        """Train a copy of the networks on, told conditions that real rows fulfil."""
        outcome = self._outcome
        del self._outcome  # it holds the discriminator, which no model keeps
        if not self.conditions:
            return
        batch = min(outcome.task.batch_size, _CONDITIONED_BATCH)
        game = replace(outcome.task, conditioned=True, pack=1, batch_size=batch)
        fresh = game.begin(task.seed)
        # What has judged packs of rows cannot judge one: then the discriminator begins anew.
        judge = outcome.state.discriminator if outcome.task.pack == 1 else None
        start = game.begin(
            task.seed,
            generator=soften_logits(widen_inputs(outcome.model, fresh.generator), self._plan),
            discriminator=None if judge is None else widen_inputs(judge, fresh.discriminator),
        )
        steps = max(round(_CONDITIONED * steps_of(self, len(task.rows.floats))), 1)
        plan = make_plan(self, game, steps, early_stopping=None)
        rates = {name: _FASTER * rate for name, rate in plan.rates.items()}
        plan = replace(plan, monitors=(), remedies=(), rates=rates)
        try:
            with progress("conditions", steps, show=self.progress) as report:
                learned = train(
                    game,
                    Data.of(task.rows, by_level=True),
                    task.seed,
                    plan,
                    start=start,
                    report=lambda step, measures: report(step, _shown(measures)),
                )
        except TrainingError as error:
            self.history_.add(outcome.step, "stop", f"conditions were not learned: {error}")
            return
        if learned.history.cut_short:
            why = f"while conditions were learned: {learned.history.stopped}"
            self.history_.stopped, self.history_.cut_short = why, True
            self.history_.interrupted = learned.history.interrupted
        self._completer = learned.model

    def _run(
        self,
        game: Game,
        training: EncodedRows,
        split: HoldOut | None,
        task: FitTask,
        steps: int,
        *,
        stop_at: int | None = None,
    ) -> TrainingResult[Game]:
        """Play one run from its first step, or from networks of another model."""

        def make(network: Network) -> SampledRows:
            return self._generated(network).block(task.seed, 0)

        held_rows = None if split is None else split.rows
        early_stopping = None
        if split is not None:
            early_stopping = split.early_stopping(task.layout, make, task.seed)
        start, delay = None, 0
        if task.start is not None:
            start, delay = task.start.start(game, task.seed, steps)
        plan = make_plan(
            self,
            game,
            steps,
            early_stopping=early_stopping,
            generator_delay=delay,
            stop_at=stop_at,
        )
        with progress("training", plan.end, show=self.progress) as report:
            return train(
                game,
                Data.of(training),
                task.seed,
                plan,
                held_out=None if held_rows is None else Data.of(held_rows),
                start=start,
                report=lambda step, measures: report(step, _shown(measures)),
                on_interval=self._on_interval(task),
            )

    def _on_interval(self, task: FitTask) -> Callable[[int, Network], None] | None:
        """Return a function that hands every state to the caller's `on_interval`."""
        if task.on_interval is None:
            return None
        seed, on_interval = task.seed, task.on_interval

        def hand_over(step: int, network: Network) -> None:
            def sample(n: int) -> Any:
                blocks = range(-(-n // self.BLOCK))
                drawn = (self._generated(network).block(seed, block) for block in blocks)
                tables = [
                    self.encoder_.decode(one, start=block * self.BLOCK, seed=seed)
                    for block, one in zip(blocks, drawn, strict=True)
                ]
                return self._given_back([pa.concat_tables(tables).slice(0, n)] if tables else [])

            on_interval(step, sample)

        return hand_over

    def _generated(self, network: Network | None = None) -> GeneratorSource:
        network = self._generator if network is None else network
        return GeneratorSource(
            self._plan, network, self._bias, self._latent_size, self.BLOCK, self._latent
        )

    @property
    def _takes_conditions(self) -> bool:
        return self._completer is not None

    def _source(self, request: Request) -> BlockSource:
        keep_compiled_programs()
        make_room_for_programs()
        if request.conditions is not None:
            return self._conditional(request.seed, request.conditions)
        return partial(self._generated().block, request.seed)

    def _conditional(self, seed: int, conditions: BlockConditions) -> BlockSource:
        """Return what draws rows to conditions."""
        assert self._completer is not None
        sampler = ConditionalSampler(self._plan, self._completer, self._latent_size, self._latent)

        def make(block: int) -> SampledRows:
            condition = conditions(block)
            rows = self.BLOCK if condition.rows == 1 else condition.rows
            return sampler.draw(condition, rows, seed, block)

        return make

    def _state(self) -> Learned:
        leaves = {
            f"{name}/{k}": np.asarray(leaf)
            for name, network in (("generator", self._generator), ("completer", self._completer))
            for k, leaf in enumerate(jax.tree.leaves(network))
        }
        return Learned({"width": self._width}, {**leaves, "bias": self._bias})

    def _restore(self, state: Learned, layout: Layout) -> None:
        keep_compiled_programs()
        self._plan = Plan(layout)
        self._width = checked_width(state.values.get("width"))
        game = game_of(self, self._plan, self.n_rows_, self._width, conditioned=False)
        self._latent_size, self._latent = game.latent_size, game.latent
        self._generator = network_of(game, state, "generator")
        if "completer/0" in state.arrays:
            self._completer = network_of(replace(game, conditioned=True), state, "completer")
        self._bias = taken(state, "bias", (self._plan.width - self._plan.number_width,))


def _shown(measures: Mapping[str, float]) -> dict[str, float]:
    """Return what the progress line shows of an interval's measures, under short names."""
    return {short: measures[name] for name, short in _SHOWN.items() if name in measures}
