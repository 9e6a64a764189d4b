"""The generative adversarial network for tables."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from threading import Event
from typing import Any, ClassVar, NamedTuple, Self

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa

from lookalike._core.errors import (
    LookalikeWarning,
    ParameterError,
    TrainingError,
)
from lookalike._core.parameters import AnyOf, Choice, Flag, Instance, Number, Rule
from lookalike._core.progress import progress
from lookalike._core.seeds import RandomState, generator
from lookalike.encoding import BlockSource, EncodedRows, Layout, Learned, SampledRows
from lookalike.models._base import Synthesizer
from lookalike.models._calibration import calibrate
from lookalike.models._conditional_sampler import (
    ConditionalSampler,
    soften_logits,
    widen_inputs,
)
from lookalike.models._device import keep_compiled_programs, make_room_for_programs
from lookalike.models._recipe import STEPS, batch_of, game_of, make_plan, steps_of, width_of
from lookalike.models._request import BlockConditions, Request
from lookalike.models._sampler import Calibration, Sampler
from lookalike.models._transfer import Transfer, transferred
from lookalike.models._weights import checked_width, network_of, taken
from lookalike.models.presets import find_preset
from lookalike.nn import (
    OBJECTIVES,
    PENALTIES,
    Architecture,
    Latent,
    Network,
    Objective,
    Penalty,
    Plan,
)
from lookalike.refine import (
    Correction,
    CorrectionFit,
    GibbsSweep,
    HoldOut,
    fit_correction,
    hold_out,
)
from lookalike.tables import (
    Kind,
    Schema,
)
from lookalike.training import CHUNK, Data, Game, RowsByLevel, TrainingResult, train
from lookalike.training.monitors import MONITORS
from lookalike.training.strategies import STRATEGIES, Strategy

__all__ = ["GAN"]


@dataclass(frozen=True)
class _Option(Rule):
    """A name, a mapping or an instance that a function reads: it says itself what is wrong.

    Of an instance its mapping is read, as it will be from a model file.
    """

    read: Callable[[Any], object]
    optional: bool = False

    def broken_by(self, value: Any) -> str | None:
        if self.optional and value is None:
            return None
        if isinstance(value, Architecture | Objective | Penalty | Strategy):
            value = value.to_mapping()
        if not isinstance(value, str | Mapping | Sequence):
            return "must be a name or a mapping" + (" or None" if self.optional else "")
        try:
            self.read(value)
        except ParameterError as error:
            return f"is not understood ({error})"
        return None


class _Betas(Rule):
    """Two decays."""

    def broken_by(self, value: Any) -> str | None:
        rule = Number(0, 1)
        listed = isinstance(value, Sequence) and len(value) == 2
        if listed and all(rule.broken_by(v) is None and v < 1 for v in value):
            return None
        return "must be two numbers in [0, 1)"


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
#: Called after every interval with the step and a function that makes rows.
OnInterval = Callable[[int, Callable[[int], Any]], None]


class _Extras(NamedTuple):
    """Arguments of one call of `GAN.fit` that are no parameters of the estimator.

    Parameters
    ----------
    transfer : Transfer or None
        Networks to start from.
    on_interval : callable or None
        Called after every interval.
    """

    transfer: Transfer | None = None
    on_interval: OnInterval | None = None


_NO_EXTRAS = _Extras()


class GAN(Synthesizer):
    """Learn a table by a game of two networks.

    By default numbers are encoded by a randomised probability integral transform and levels
    one-hot; a residual generator and a residual discriminator play relativistic pairing with
    zero-centred gradient penalties (Huang et al. 2024, arXiv 2501.05441); samples come from the
    moving average of the generator. After training its marginals are calibrated, and rows are
    mended by boosted trees where that helps. Training is watched, and mended where it goes wrong.
    Other objectives, architectures and rules are parameters; `preset` has those of published
    systems.

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
    generator, discriminator : mapping, Architecture or None
        Architectures, such as ``{"widths": [32, 64], "activation": "relu", "normalisation":
        "batch", "dropout": 0.3, "bias": False}``, or ``{"symmetrical": {"first": 32, "layers":
        2}}`` for widths that double; see `lookalike.nn.Architecture`. None takes residual layers
        of `width` and `depth`.
    width : int or None
        Hidden units of residual networks. None takes 256, or 128 for tables of fewer than 2,000
        rows.
    depth : int
        Layers of residual networks, after the first.
    latent_size : int
        The width of the generator's random input.
    latent : {"normal", "uniform"}
        Its distribution: standard normal, or uniform in [-1, 1].
    learning_rate : float
        The generator's rate, at its peak.
    discriminator_rate : float or None
        The discriminator's; None takes the same.
    schedule : str, mapping or Strategy
        How the rates change: "constant", "cosine", "onecycle", "plateau", "batch-scaled",
        "balance" or "gap", or a mapping of that ``"name"`` and its options.
    discriminator_schedule : str, mapping, Strategy or None
        Another one for the discriminator.
    optimiser : {"adam", "rmsprop"}
        How slopes become steps.
    betas : sequence of float
        Two decays: of slopes and of their squares.
    discriminator_steps : int
        Updates of the discriminator for each update of the generator.
    penalty : str, mapping, Penalty or None
        What keeps the discriminator smooth: "zero-centred", γ/2·(R1 + R2), or "interpolated", the
        Wasserstein gradient penalty, or a mapping of that ``"name"`` and its ``"weight"``.
    penalty_every : int
        The penalty is taken at every so many steps, so many times as strong.
    clip : float or None
        The discriminator's weights are kept within ± this.
    pack : int
        How many rows the discriminator sees as one.
    average : float
        The decay of the moving average of the generator; 0 takes the generator itself.
    temperature : float
        τ of the Gumbel-softmax that makes levels differentiable.
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
        2 % of ordinary rows fulfil do without it: rows are chosen from these.
    remedies : bool
        Whether a run that collapses, diverges, stays far from real rows, is won by the
        discriminator or loses finite losses goes back to its last good state and on with a remedy.
        What was done stands in ``history_.events``.
    calibrate : bool
        Whether marginals are corrected after training.
    correct : bool or None
        Whether boosted trees mend rows after training: they choose rows of two to six times as
        many, by how real and generated rows differ, and draw columns of few levels anew, given all
        others. None does each where held-out rows show that it helps, True chooses wherever trees
        find a difference; both take 200 rows at least. Sampling takes two to six times as long.
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
        "objective": _Option(OBJECTIVES.create),
        "generator": _Option(Architecture.from_mapping, optional=True),
        "discriminator": _Option(Architecture.from_mapping, optional=True),
        "width": AnyOf((Number(1, 2**16, integer=True),), none=True),
        "depth": Number(0, 256, integer=True),
        "latent_size": Number(1, 2**16, integer=True),
        "latent": Choice(("normal", "uniform")),
        "learning_rate": Number(0, open_low=True),
        "discriminator_rate": AnyOf((Number(0, open_low=True),), none=True),
        "schedule": _Option(STRATEGIES.create),
        "discriminator_schedule": _Option(STRATEGIES.create, optional=True),
        "optimiser": Choice(("adam", "rmsprop")),
        "betas": _Betas(),
        "discriminator_steps": Number(1, 100, integer=True),
        "penalty": _Option(PENALTIES.create, optional=True),
        "penalty_every": Number(1, CHUNK, integer=True),
        "clip": AnyOf((Number(0, open_low=True),), none=True),
        "pack": Number(1, 64, integer=True),
        "average": Number(0, 1),
        "temperature": Number(0, open_low=True),
        "held_out": AnyOf((Number(0, 0.9),), none=True),
        "monitors": AnyOf((Flag(), _Option(MONITORS.create_all))),
        "conditions": Flag(),
        "remedies": Flag(),
        "calibrate": Flag(),
        "correct": AnyOf((Flag(),), none=True),
        "derive": Flag(),
        "encodings": Instance((Mapping,), "a mapping of names to encodings", optional=True),
        "min_category_count": Number(1, integer=True),
        "text_placeholder": Instance((str,), "a string or None", optional=True),
        "progress": Flag(),
    }

    _generator: Network
    #: The generator that takes conditions, if it was trained.
    _completer: Network | None = None
    _width: int
    #: Of the generator's random input, as it was trained.
    _latent_size: int
    _latent: Latent
    _calibration: Calibration
    _correction: Correction | None = None
    _redraw: GibbsSweep | None = None
    _plan: Plan

    def __init__(
        self,
        *,
        budget: str = "balanced",
        steps: int | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        objective: str | Mapping[str, Any] | Objective = "relativistic",
        generator: Mapping[str, Any] | Architecture | None = None,
        discriminator: Mapping[str, Any] | Architecture | None = None,
        width: int | None = None,
        depth: int = 3,
        latent_size: int = 64,
        latent: str = "normal",
        learning_rate: float = 1.2e-3,
        discriminator_rate: float | None = None,
        schedule: str | Mapping[str, Any] | Strategy = "cosine",
        discriminator_schedule: str | Mapping[str, Any] | Strategy | None = None,
        optimiser: str = "adam",
        betas: Sequence[float] = (0.0, 0.99),
        discriminator_steps: int = 1,
        penalty: str | Mapping[str, Any] | Penalty | None = "zero-centred",
        penalty_every: int = 4,
        clip: float | None = None,
        pack: int = 1,
        average: float = 0.999,
        temperature: float = 0.2,
        held_out: float | None = None,
        monitors: bool | Sequence[str] = True,
        conditions: bool = True,
        remedies: bool = True,
        calibrate: bool = True,
        correct: bool | None = None,
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
        self.generator = generator
        self.discriminator = discriminator
        self.width = width
        self.depth = depth
        self.latent_size = latent_size
        self.latent = latent
        self.learning_rate = learning_rate
        self.discriminator_rate = discriminator_rate
        self.schedule = schedule
        self.discriminator_schedule = discriminator_schedule
        self.optimiser = optimiser
        self.betas = betas
        self.discriminator_steps = discriminator_steps
        self.penalty = penalty
        self.penalty_every = penalty_every
        self.clip = clip
        self.pack = pack
        self.average = average
        self.temperature = temperature
        self.held_out = held_out
        self.monitors = monitors
        self.conditions = conditions
        self.remedies = remedies
        self.calibrate = calibrate
        self.correct = correct
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
        return cls(**{**find_preset(name).parameters, **parameters})

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
        on_interval: OnInterval | None = None,
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
        warm_start : GAN or path, optional
            A fitted GAN to start from, with networks of the same sizes: what it learned of columns
            that both tables have is kept and tuned. The discriminator, which no model keeps, first
            catches up while the generator waits.
        mapping : mapping of str to str, optional
            For columns of other names: the name in this table to the name in `warm_start`.
        on_interval : callable, optional
            Called after every interval with the step and a function from a number of rows to rows
            of the present state, in the kind of dataframe of `data`.

        Returns
        -------
        GAN
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
        extras = _Extras(transferred(warm_start, mapping), on_interval)
        return self._learned(data, y, schema, kinds, target, extras=extras)

    def _fit(
        self, encoded: EncodedRows, layout: Layout, seed: int, extras: _Extras = _NO_EXTRAS
    ) -> None:
        keep_compiled_programs()
        make_room_for_programs()
        rows = len(encoded.floats)
        self._plan = Plan(layout)
        self._calibration = Calibration.none(self._plan)
        self._width = width_of(self, rows)
        held = hold_out(encoded, self.held_out, generator(seed, "hold out"))
        game = game_of(self, self._plan, rows, self._width, conditioned=False)
        self._latent_size, self._latent = game.latent_size, game.latent
        outcome = self._train(game, held, seed, steps_of(self, rows), layout, extras)
        self._generator, self.history_ = outcome.model, outcome.history
        try:
            if self.calibrate:
                self._calibration = calibrate(self._sampler(), encoded, seed)
            if not self.history_.cut_short:
                self._learn_more(outcome, held, encoded, seed, layout)
        except KeyboardInterrupt:  # what has been learned is whole without
            self.history_.stopped = "interrupted after training"
            self.history_.cut_short = self.history_.interrupted = True
        self._say_what_happened()

    def _train(
        self, game: Game, held: HoldOut, seed: int, steps: int, layout: Layout, extras: _Extras
    ) -> TrainingResult[Game]:
        """Train with rows held out; a table that is learned anew gets all of its rows then."""
        first = self._run(game, held.training, held, seed, steps, layout, extras)
        if not held.refit or first.history.cut_short:
            return first
        history = first.history
        try:
            again = self._run(game, held.all, None, seed, steps, layout, extras, stop_at=first.step)
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

    def _learn_more(
        self,
        outcome: TrainingResult[Game],
        held: HoldOut,
        encoded: EncodedRows,
        seed: int,
        layout: Layout,
    ) -> None:
        """Learn the correction and, at the same time, conditions: trees leave cores idle."""
        given_up = Event()
        with ThreadPoolExecutor(1, thread_name_prefix="lookalike-correction") as worker:
            fitting = None
            if self.correct is not False:
                fitting = worker.submit(self._fit_correction, held, layout, seed, given_up.is_set)
            try:
                if self.conditions:
                    self._completer = self._learn_conditions(outcome, encoded, seed)
                if fitting is not None and not self.history_.cut_short:
                    wait([fitting])
            finally:  # after an interrupt only what is finished counts
                given_up.set()
                if fitting is not None and fitting.done():
                    self._correction, words, self._redraw = fitting.result()
                    self.history_.add(outcome.step, "correction", words)

    def _learn_conditions(
        self, outcome: TrainingResult[Game], encoded: EncodedRows, seed: int
    ) -> Network | None:
        """Train a copy of the networks on, told conditions that real rows fulfil."""
        batch = min(outcome.task.batch_size, _CONDITIONED_BATCH)
        game = replace(outcome.task, conditioned=True, pack=1, batch_size=batch)
        fresh = game.begin(seed)
        # What has judged packs of rows cannot judge one: then the discriminator begins anew.
        judge = outcome.state.discriminator if outcome.task.pack == 1 else None
        start = game.begin(
            seed,
            generator=soften_logits(widen_inputs(outcome.model, fresh.generator), self._plan),
            discriminator=None if judge is None else widen_inputs(judge, fresh.discriminator),
        )
        steps = max(round(_CONDITIONED * steps_of(self, len(encoded.floats))), 1)
        plan = make_plan(self, game, steps, early_stopping=None)
        rates = {name: _FASTER * rate for name, rate in plan.rates.items()}
        plan = replace(plan, monitors=(), remedies=(), rates=rates)
        data = _data(encoded)
        by_level = RowsByLevel.of(encoded.codes, len(data.codes))
        try:
            with progress("conditions", steps, show=self.progress) as report:
                learned = train(
                    game,
                    data._replace(by_level=by_level),
                    seed,
                    plan,
                    start=start,
                    report=lambda step, measures: report(step, _shown(measures)),
                )
        except TrainingError as error:
            self.history_.add(outcome.step, "stop", f"conditions were not learned: {error}")
            return None
        if learned.history.cut_short:
            why = f"while conditions were learned: {learned.history.stopped}"
            self.history_.stopped, self.history_.cut_short = why, True
            self.history_.interrupted = learned.history.interrupted
        network: Network = learned.model
        return network

    def _fit_correction(
        self, held: HoldOut, layout: Layout, seed: int, cancelled: Callable[[], bool]
    ) -> CorrectionFit:
        """Fit what chooses rows, on rows that are not those of any sample of the same seed."""
        other = int(generator(seed, "correction").integers(2**63))
        sampler = self._sampler()
        real, judging = (held.all, None) if held.refit else (held.training, held.rows)
        return fit_correction(
            lambda number: sampler.calibrated(other, number),
            real,
            layout,
            seed,
            judging,
            insist=self.correct is True,
            cancelled=cancelled,
        )

    def _run(
        self,
        game: Game,
        training: EncodedRows,
        held: HoldOut | None,
        seed: int,
        steps: int,
        layout: Layout,
        extras: _Extras,
        *,
        stop_at: int | None = None,
    ) -> TrainingResult[Game]:
        """Play one run from its first step, or from networks of another model."""

        def make(network: Network) -> SampledRows:
            return self._sampler(network).block(seed, 0)

        held_rows = None if held is None else held.rows
        early_stopping = None if held is None else held.early_stopping(layout, make, seed)
        start, delay = None, 0
        if extras.transfer is not None:
            start, delay = extras.transfer.start(game, seed, steps)
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
                _data(training),
                seed,
                plan,
                held_out=None if held_rows is None else _data(held_rows),
                start=start,
                report=lambda step, measures: report(step, _shown(measures)),
                on_interval=self._on_interval(seed, extras.on_interval),
            )

    def _on_interval(
        self, seed: int, callback: OnInterval | None
    ) -> Callable[[int, Network], None] | None:
        """Return a function that hands every state to the caller's `on_interval`."""
        if callback is None:
            return None

        def hand_over(step: int, network: Network) -> None:
            def sample(n: int) -> Any:
                blocks = range(-(-n // self.BLOCK))
                drawn = (self._sampler(network).block(seed, block) for block in blocks)
                tables = [
                    self.encoder_.decode(one, start=block * self.BLOCK, seed=seed)
                    for block, one in zip(blocks, drawn, strict=True)
                ]
                return self._given_back([pa.concat_tables(tables).slice(0, n)] if tables else [])

            callback(step, sample)

        return hand_over

    def _say_what_happened(self) -> None:
        history = self.history_
        words = [event.words for event in history.events if event.kind in ("remedy", "copying")]
        if history.cut_short:
            words.append(f"stopped early: {history.stopped}")
        if words:
            warnings.warn(
                f"Training was not smooth: {'; '.join(words)}. The model is usable.",
                LookalikeWarning,
                stacklevel=6,
            )

    def _sampler(self, network: Network | None = None) -> Sampler:
        network = self._generator if network is None else network
        return Sampler(
            self._plan,
            network,
            self._calibration,
            self._latent_size,
            self.BLOCK,
            self._latent,
        )

    @property
    def _takes_conditions(self) -> bool:
        return self._completer is not None

    def _source(self, request: Request) -> BlockSource:
        keep_compiled_programs()
        make_room_for_programs()
        if request.conditions is not None:
            return self._conditional(request.seed, request.conditions)
        sampler = replace(
            self._sampler(),
            correction=self._correction,
            redraw=self._redraw,
            impossible=self.encoder_.violates_zeros,
        )
        return lambda block: sampler.block(request.seed, block)

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
        calibration = {
            "calibration/bias": self._calibration.bias,
            "calibration/own": self._calibration.own,
            "calibration/due": self._calibration.due,
        }
        kept = {
            f"{prefix}/{name}": array
            for prefix, part in (("correction", self._correction), ("redraw", self._redraw))
            if part is not None
            for name, array in part.state().arrays.items()
        }
        return Learned({"width": self._width}, leaves | calibration | kept)

    def _restore(self, state: Learned, layout: Layout) -> None:
        keep_compiled_programs()
        self._plan = Plan(layout)
        self._width = checked_width(state.values.get("width"))
        game = game_of(self, self._plan, self.n_rows_, self._width, conditioned=False)
        self._latent_size, self._latent = game.latent_size, game.latent
        self._generator = network_of(game, state, "generator")
        if "completer/0" in state.arrays:
            self._completer = network_of(replace(game, conditioned=True), state, "completer")
        none = Calibration.none(self._plan)
        own = state.arrays.get("calibration/own", none.own)
        knots = max(own.shape[-1], 1) if own.ndim == 2 else 1
        self._calibration = Calibration(
            taken(state, "calibration/bias", none.bias.shape),
            taken(state, "calibration/own", (self._plan.number_width, knots)),
            taken(state, "calibration/due", (self._plan.number_width, knots)),
        )
        if corrected := _under("correction", state):
            self._correction = Correction.from_state(Learned({}, corrected), layout)
        if redrawn := _under("redraw", state):
            self._redraw = GibbsSweep.from_state(Learned({}, redrawn), layout)


def _under(prefix: str, state: Learned) -> dict[str, np.ndarray]:
    """Return the arrays of a state under a prefix, by the rest of their names."""
    begin = f"{prefix}/"
    arrays = state.arrays.items()
    return {name.removeprefix(begin): a for name, a in arrays if name.startswith(begin)}


def _shown(measures: Mapping[str, float]) -> dict[str, float]:
    """Return what the progress line shows of an interval's measures, under short names."""
    return {short: measures[name] for name, short in _SHOWN.items() if name in measures}


def _data(encoded: EncodedRows) -> Data:
    """Move encoded rows to the device, padded to a power of two so that programs are shared."""
    rows = len(encoded.floats)
    padding = [(0, (1 << max(rows - 1, 255).bit_length()) - rows), (0, 0)]
    return Data(
        jnp.asarray(np.pad(encoded.floats, padding)),
        jnp.asarray(np.pad(encoded.codes, padding)),
        jnp.asarray(rows, jnp.int32),
    )
