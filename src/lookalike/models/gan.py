"""The default generative adversarial network for tables."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from lookalike._core.errors import LookalikeWarning, ModelFileError
from lookalike._core.parameters import AnyOf, Choice, Flag, Instance, Number, Rule
from lookalike._core.progress import progress
from lookalike._core.seeds import RandomState, generator
from lookalike.encoding import Compact, Drawn, Layout, State
from lookalike.models._base import Synthesizer
from lookalike.models._calibration import calibrate
from lookalike.models._device import keep_compiled_programs
from lookalike.models._sampler import Calibration, Sampler
from lookalike.models._selection import held_out_score, split
from lookalike.nn import Plan, ResidualMLP
from lookalike.training import Data, Game, Selection, train

__all__ = ["GAN"]

#: From so many rows on a table gets all steps, and full batches.
_LARGE = 10_000
#: Steps of each budget for a table of many rows.
_STEPS = {"fast": 1_200, "balanced": 5_000, "best": 16_000}
#: What the progress line shows.
_SHOWN = {
    "loss_discriminator": "loss D",
    "loss_generator": "loss G",
    "learning_rate": "rate",
    "held_out": "held out",
}
#: History rows of one run.
_INTERVALS = 40
#: Tables below so many rows choose their state by held-out rows, if that leaves enough of both.
_SMALL = 1_000
_SMALL_HELD_OUT = 0.15
_FEWEST_HELD_OUT = 30
#: Looks at held-out rows without improvement after which training stops.
_PATIENCE = 6


class GAN(Synthesizer):
    """Learn a table by a game of two networks.

    Numbers are encoded by a randomised probability integral transform, levels one-hot. A residual
    generator and a residual discriminator play relativistic pairing with zero-centred gradient
    penalties (Huang et al. 2024, arXiv 2501.05441); samples come from the moving average of the
    generator, and its marginals are calibrated after training.

    Parameters
    ----------
    budget : {"fast", "balanced", "best"}
        How long to train, where `steps` is not given. Small tables get fewer steps.
    steps : int or None
        How many steps to train instead.
    batch_size : int or None
        Rows of each kind, real and generated, in one step. None takes 512, or 256 for tables of
        fewer than 10,000 rows.
    latent_size : int
        The width of the generator's input.
    width : int or None
        Hidden units of both networks. None takes 256, or 128 for tables of fewer than 2,000 rows.
    depth : int
        Residual layers of both networks.
    learning_rate : float
        The peak rate; it falls as half a cosine.
    penalty : float
        γ of the gradient penalties γ/2·(R1 + R2).
    penalty_every : int
        The penalties are taken at every so many steps, so many times as strong.
    average : float
        The decay of the moving average of the generator.
    temperature : float
        τ of the Gumbel-softmax that makes levels differentiable.
    held_out : float or None
        The share of rows that do not train but choose the best state, and stop training when it
        no longer improves. None holds out 15 % of tables of 200 to 1,000 rows, and nothing of
        others.
    calibrate : bool
        Whether marginals are corrected after training.
    derive : bool
        Whether columns that are functions of others are derived instead of learned.
    encodings : mapping of str to str, or None
        Encodings by column or kind, such as ``{"continuous": "power"}``.
    min_category_count : int
        Levels that are rarer are pooled, so that the model does not hold them.
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

    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "budget": Choice(tuple(_STEPS)),
        "steps": AnyOf((Number(1, integer=True),), none=True),
        "batch_size": AnyOf((Number(1, 2**20, integer=True),), none=True),
        "latent_size": Number(1, 2**16, integer=True),
        "width": AnyOf((Number(1, 2**16, integer=True),), none=True),
        "depth": Number(0, 256, integer=True),
        "learning_rate": Number(0, open_low=True),
        "penalty": Number(0),
        "penalty_every": Number(1, integer=True),
        "average": Number(0, 1),
        "temperature": Number(0, open_low=True),
        "held_out": AnyOf((Number(0, 0.9),), none=True),
        "calibrate": Flag(),
        "derive": Flag(),
        "encodings": Instance((Mapping,), "a mapping of names to encodings", optional=True),
        "min_category_count": Number(1, integer=True),
        "text_placeholder": Instance((str,), "a string or None", optional=True),
        "progress": Flag(),
    }

    _generator: ResidualMLP
    _width: int
    _calibration: Calibration
    _plan: Plan

    def __init__(
        self,
        *,
        budget: str = "balanced",
        steps: int | None = None,
        batch_size: int | None = None,
        latent_size: int = 64,
        width: int | None = None,
        depth: int = 3,
        learning_rate: float = 1.2e-3,
        penalty: float = 0.5,
        penalty_every: int = 4,
        average: float = 0.999,
        temperature: float = 0.2,
        held_out: float | None = None,
        calibrate: bool = True,
        derive: bool = True,
        encodings: Mapping[str, str] | None = None,
        min_category_count: int = 2,
        text_placeholder: str | None = None,
        progress: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.budget = budget
        self.steps = steps
        self.batch_size = batch_size
        self.latent_size = latent_size
        self.width = width
        self.depth = depth
        self.learning_rate = learning_rate
        self.penalty = penalty
        self.penalty_every = penalty_every
        self.average = average
        self.temperature = temperature
        self.held_out = held_out
        self.calibrate = calibrate
        self.derive = derive
        self.encodings = encodings
        self.min_category_count = min_category_count
        self.text_placeholder = text_placeholder
        self.progress = progress
        self.random_state = random_state

    def _fit(self, compact: Compact, layout: Layout, seed: int) -> None:
        keep_compiled_programs()
        rows = len(compact.floats)
        self._plan = Plan(layout)
        self._calibration = Calibration.none(self._plan)
        self._width = self.width if self.width is not None else _width(rows)
        steps = self.steps if self.steps is not None else _steps(self.budget, rows)
        training, selection = self._hold_out(compact, layout, seed)
        with progress("training", steps, show=self.progress) as report:
            self._generator, self.history_ = train(
                self._game(self.batch_size if self.batch_size is not None else _batch_size(rows)),
                _data(training),
                seed,
                steps=steps,
                interval=-(-steps // _INTERVALS),
                selection=selection,
                report=lambda step, measures: report(step, _shown(measures)),
            )
        if self.history_.cut_short:
            warnings.warn(
                f"Training stopped early: {self.history_.stopped}. The model is usable.",
                LookalikeWarning,
                stacklevel=2,
            )
        if self.calibrate:
            self._calibration = calibrate(self._sampler(), compact, seed)

    def _hold_out(
        self, compact: Compact, layout: Layout, seed: int
    ) -> tuple[Compact, Selection | None]:
        """Set rows aside to choose the best state by, where `held_out` asks for it."""
        rows = len(compact.floats)
        share = self.held_out
        if share is None:
            share = _SMALL_HELD_OUT if _FEWEST_HELD_OUT / _SMALL_HELD_OUT <= rows < _SMALL else 0.0
        if rows == 1 or round(share * rows) == 0:
            return compact, None
        rng = generator(seed, "hold out")
        training, held_out = split(compact, share, rng)

        def make(network: ResidualMLP) -> Drawn:
            return self._sampler(network).block(seed, 0)

        score = held_out_score(training, held_out, layout, make, rng)
        return training, Selection(score, every=2, patience=_PATIENCE)

    def _game(self, batch_size: int) -> Game:
        return Game(
            plan=self._plan,
            latent_size=self.latent_size,
            width=self._width,
            depth=self.depth,
            batch_size=batch_size,
            learning_rate=self.learning_rate,
            penalty=self.penalty,
            penalty_every=self.penalty_every,
            average=self.average,
            temperature=self.temperature,
        )

    def _sampler(self, network: ResidualMLP | None = None) -> Sampler:
        network = self._generator if network is None else network
        return Sampler(self._plan, network, self._calibration, self.latent_size, self.BLOCK)

    def _start_sampling(self, seed: int) -> Callable[[int], Drawn]:
        keep_compiled_programs()
        sampler = self._sampler()
        return lambda block: sampler.block(seed, block)

    def _state(self) -> State:
        leaves = {
            f"generator/{k}": np.asarray(leaf)
            for k, leaf in enumerate(jax.tree.leaves(eqx.filter(self._generator, eqx.is_array)))
        }
        calibration = {
            "calibration/bias": self._calibration.bias,
            "calibration/own": self._calibration.own,
            "calibration/due": self._calibration.due,
        }
        return State({"width": self._width}, leaves | calibration)

    def _restore(self, state: State, layout: Layout) -> None:
        self._plan = Plan(layout)
        self._width = _checked_width(state.values.get("width"))
        shapes = jax.eval_shape(lambda: self._game(1).begin(0).generator)
        leaves, tree = jax.tree.flatten(shapes)
        arrays = [_taken(state, f"generator/{k}", leaf.shape) for k, leaf in enumerate(leaves)]
        self._generator = jax.tree.unflatten(tree, [jnp.asarray(a) for a in arrays])
        none = Calibration.none(self._plan)
        own = state.arrays.get("calibration/own", none.own)
        knots = own.shape[-1] if own.ndim == 2 else 0
        self._calibration = Calibration(
            _taken(state, "calibration/bias", none.bias.shape),
            _taken(state, "calibration/own", (self._plan.number_width, knots)),
            _taken(state, "calibration/due", (self._plan.number_width, knots)),
        )


def _shown(measures: Mapping[str, float]) -> dict[str, float]:
    """Return what the progress line shows of an interval's measures, under short names."""
    return {short: measures[name] for name, short in _SHOWN.items() if name in measures}


def _steps(budget: str, rows: int) -> int:
    """Return the steps of a budget; a table of few rows is learned a little sooner."""
    share: float = min(1.0, rows / _LARGE) ** 0.125
    return round(_STEPS[budget] * share)


def _batch_size(rows: int) -> int:
    return 512 if rows >= _LARGE else 256


def _width(rows: int) -> int:
    return 256 if rows >= _LARGE // 5 else 128


def _checked_width(width: object) -> int:
    if isinstance(width, int) and 0 < width <= 2**16:
        return width
    raise ModelFileError(
        f"The width of a model file's networks must be 1 to 65,536; got {width!r}."
    )


def _data(compact: Compact) -> Data:
    """Move compact rows to the device, padded to a power of two so that programs are shared."""
    rows = len(compact.floats)
    padding = [(0, (1 << max(rows - 1, 255).bit_length()) - rows), (0, 0)]
    return Data(
        jnp.asarray(np.pad(compact.floats, padding)),
        jnp.asarray(np.pad(compact.codes, padding)),
        jnp.asarray(rows, jnp.int32),
    )


def _taken(state: State, name: str, shape: tuple[int, ...]) -> np.ndarray:
    array: Any = state.arrays.get(name)
    if array is None or array.shape != shape or not np.isfinite(array).all():
        raise ModelFileError(
            f"A model file must hold a finite array {name!r} of shape {shape}; it does not. "
            "The file is damaged."
        )
    return np.asarray(array, np.float32)
