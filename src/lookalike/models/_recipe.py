"""The game and the training plan of a GAN, from its parameters and the size of the table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from lookalike._core.errors import ParameterError
from lookalike.models._groups import Networks, TrainingRules
from lookalike.nn import OBJECTIVES, PENALTIES, Architecture, Objective, Plan, architecture_of
from lookalike.training import REMEDIES, EarlyStopping, Game, Optimiser, TrainingPlan
from lookalike.training.monitors import MONITORS, Monitor
from lookalike.training.strategies import STRATEGIES

__all__ = [
    "GameRecipe",
    "Recipe",
    "batch_of",
    "game_of",
    "game_settings",
    "make_plan",
    "steps_of",
    "width_of",
]

#: The number of rows from which on a table is trained for the full number of steps.
_LARGE = 10_000
#: By the minimum number of rows: the batch size, and the factor of the number of steps. Larger
#: batches suit large tables, more steps medium ones; both cost about the same.
_PACES = ((20_000, 1_024, 1.1), (5_000, 512, 1.6), (0, 256, 1.0))
#: The number of steps of each budget, before this factor.
STEPS = {"fast": 1_200, "balanced": 5_000, "best": 16_000}
#: The number of history rows of a run.
_INTERVALS = 40
#: The minimum number of multiplications between measurements of monitors, so that these take less
#: than a tenth of the time; the overhead of a step in the same unit; and the minimum number of
#: measurements without and with remedies: tiny networks fail between rare measurements.
_BETWEEN, _STEP, _FEWEST, _FEWEST_WITH_REMEDIES = 100e6, 0.3e6, 10, 20
#: The default monitors.
_USUAL_MONITORS = ("players", "diversity", "collapse", "convergence", "memorisation")


class GameRecipe(Protocol):
    """The parameters that determine a game of any sort of rows."""

    objective: str | Mapping[str, Any] | Objective
    learning_rate: float
    monitors: bool | Sequence[str]
    remedies: bool
    networks: Networks | Mapping[str, Any] | None
    training: TrainingRules | Mapping[str, Any] | None


class Recipe(GameRecipe, Protocol):
    """The parameters of a `GAN` that determine its training."""

    budget: str
    steps: int | None
    epochs: int | None
    batch_size: int | None
    width: int | None
    depth: int


def steps_of(recipe: Recipe, rows: int) -> int:
    """Return the number of training steps; small tables need somewhat fewer."""
    if recipe.steps is not None:
        return recipe.steps
    if recipe.epochs is not None:
        return recipe.epochs * -(-rows // batch_of(recipe, rows))
    share: float = min(1.0, rows / _LARGE) ** 0.125
    return round(STEPS[recipe.budget] * share * _pace(rows)[1])


def batch_of(recipe: Recipe, rows: int) -> int:
    """Return the number of real rows in a step."""
    if recipe.batch_size is not None:
        return recipe.batch_size
    return _pace(rows)[0]


def _pace(rows: int) -> tuple[int, float]:
    """Return the batch size and the factor of the number of steps for a table of `rows` rows."""
    return next((batch, times) for least, batch, times in _PACES if rows >= least)


def width_of(recipe: Recipe, rows: int) -> int:
    """Return the number of hidden units of the residual networks."""
    if recipe.width is not None:
        return recipe.width
    return 256 if rows >= _LARGE // 5 else 128


def game_of(recipe: Recipe, plan: Plan, rows: int, width: int, *, conditioned: bool) -> Game:
    """Return the game that the parameters describe.

    Parameters
    ----------
    recipe : Recipe
    plan : Plan
    rows : int
        The number of rows of the training table.
    width : int
        The number of hidden units of residual networks.
    conditioned : bool
        Whether the networks are conditional.

    Raises
    ------
    ParameterError
        If parameters contradict each other.
    """
    networks = Networks.read(recipe.networks)
    residual = Architecture(widths=(width,) * (recipe.depth + 1), residual=True)
    return Game(
        plan=plan,
        generator=_architecture(networks.generator, residual),
        discriminator=_architecture(networks.discriminator, residual),
        conditioned=conditioned,
        **game_settings(recipe, batch_of(recipe, rows)),
    )


def game_settings(recipe: GameRecipe, batch: int) -> dict[str, Any]:
    """Return the parameters of a `Game` besides its rows, its architectures and conditions.

    Parameters
    ----------
    recipe : GameRecipe
    batch : int
        The number of real rows in a step.

    Returns
    -------
    dict of str to object

    Raises
    ------
    ParameterError
        If parameters contradict each other.
    """
    networks, training = Networks.read(recipe.networks), TrainingRules.read(recipe.training)
    if batch % networks.pack:
        raise ParameterError(
            f"batch_size must be a multiple of pack; got {batch} and {networks.pack}. Change one."
        )
    return {
        "latent_size": networks.latent_size,
        "batch_size": batch,
        "objective": OBJECTIVES.create(recipe.objective),
        "penalty": None if training.penalty is None else PENALTIES.create(training.penalty),
        "penalty_every": training.penalty_every if training.penalty is not None else 1,
        "clip": training.clip,
        "discriminator_steps": training.discriminator_steps,
        "pack": networks.pack,
        "latent": "normal" if networks.latent == "normal" else "uniform",
        "average": training.average,
        "temperature": networks.temperature,
        "optimiser": Optimiser(
            "adam" if training.optimiser == "adam" else "rmsprop",
            (float(training.betas[0]), float(training.betas[1])),
        ),
    }


def make_plan(
    recipe: GameRecipe,
    game: Game,
    steps: int,
    *,
    early_stopping: EarlyStopping | None,
    generator_delay: int = 0,
    stop_at: int | None = None,
) -> TrainingPlan:
    """Return the training plan of a game: its length, schedules, monitors and remedies.

    Parameters
    ----------
    recipe : GameRecipe
    game : Game
    steps : int
        The number of steps.
    early_stopping : EarlyStopping or None
        Selects the state that is kept; None keeps the last.
    generator_delay : int
        The number of first steps in which the generator waits.
    stop_at : int or None
        The step after which the run ends early.

    Returns
    -------
    TrainingPlan
    """
    training = TrainingRules.read(recipe.training)
    rate, schedule = recipe.learning_rate, STRATEGIES.create(training.schedule)
    discriminator_rate, discriminator_schedule = rate, schedule
    if training.discriminator_rate is not None:
        discriminator_rate = training.discriminator_rate
    if training.discriminator_schedule is not None:
        discriminator_schedule = STRATEGIES.create(training.discriminator_schedule)
    interval = -(-steps // _INTERVALS)
    return TrainingPlan(
        steps=steps,
        stop_at=stop_at,
        interval=interval,
        monitor_every=_monitor_every(
            game, steps, interval, _FEWEST_WITH_REMEDIES if recipe.remedies else _FEWEST
        ),
        rates={"generator": rate, "discriminator": discriminator_rate},
        strategies={"generator": schedule, "discriminator": discriminator_schedule},
        delays={"generator": generator_delay},
        monitors=_monitors(recipe),
        remedies=REMEDIES if recipe.remedies else (),
        early_stopping=early_stopping,
    )


def _monitor_every(game: Game, steps: int, interval: int, fewest: int) -> int:
    """Return the number of intervals between measurements: more than one if steps are cheap.

    It depends on sizes alone and not on the clock, so that the same seed gives the same run.
    """
    generator = game.generator.products(game.latent_size, game.plan.width)
    discriminator = game.discriminator.products(game.pack * game.plan.width, 1)
    step = _STEP + game.batch_size * (generator + game.discriminator_steps * discriminator)
    wanted = math.ceil(_BETWEEN / step / interval)
    return max(min(wanted, steps // interval // fewest), 1)


def _architecture(
    given: Mapping[str, Any] | Architecture | None, default: Architecture
) -> Architecture:
    return default if given is None else architecture_of(given)


def _monitors(recipe: GameRecipe) -> tuple[Monitor, ...]:
    chosen = recipe.monitors
    if isinstance(chosen, bool):
        chosen = [n for n in _USUAL_MONITORS if n in MONITORS] if chosen else ()
    return tuple(MONITORS.create_all(chosen))
