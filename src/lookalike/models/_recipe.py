"""From a GAN's parameters and a table's size to the game and the plan of its training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Protocol

from lookalike._core.errors import ParameterError
from lookalike.models._groups import Networks, TrainingRules
from lookalike.nn import OBJECTIVES, PENALTIES, Architecture, Objective, Plan
from lookalike.training import REMEDIES, EarlyStopping, Game, Optimiser, TrainingPlan
from lookalike.training.monitors import MONITORS, Monitor
from lookalike.training.strategies import STRATEGIES

__all__ = ["Recipe", "batch_of", "game_of", "make_plan", "steps_of", "width_of"]

#: From so many rows on a table gets all steps.
_LARGE = 10_000
#: From so many rows on: the rows of each kind in a step, and how many times as many steps. Wide
#: batches serve large tables best, more steps middle ones; both cost about the same.
_PACES = ((20_000, 1_024, 1.1), (5_000, 512, 1.6), (0, 256, 1.0))
#: Steps of each budget, before that.
STEPS = {"fast": 1_200, "balanced": 5_000, "best": 16_000}
#: History rows of one run.
_INTERVALS = 40
#: Multiplications between two looks of the monitors, at least, so that looks take less than a
#: tenth of the time; what else one step costs, in the same unit; and how often they look anyway,
#: or where alarms listen: runs of tiny networks go wrong between looks that are far apart.
_BETWEEN, _STEP, _FEWEST_LOOKS, _FEWEST_HEARD = 100e6, 0.3e6, 10, 20
#: What looks at a run unless the caller chooses.
_WATCHING = ("players", "diversity", "collapse", "convergence", "memorisation")


class Recipe(Protocol):
    """The parameters of a `GAN` that say how it is trained; see there."""

    budget: str
    steps: int | None
    epochs: int | None
    batch_size: int | None
    objective: str | Mapping[str, Any] | Objective
    width: int | None
    depth: int
    learning_rate: float
    monitors: bool | Sequence[str]
    remedies: bool
    networks: Networks | Mapping[str, Any] | None
    training: TrainingRules | Mapping[str, Any] | None


def steps_of(recipe: Recipe, rows: int) -> int:
    """Return how many steps are played; a table of few rows is learned a little sooner."""
    if recipe.steps is not None:
        return recipe.steps
    if recipe.epochs is not None:
        return recipe.epochs * -(-rows // batch_of(recipe, rows))
    share: float = min(1.0, rows / _LARGE) ** 0.125
    return round(STEPS[recipe.budget] * share * _pace(rows)[1])


def batch_of(recipe: Recipe, rows: int) -> int:
    """Return how many rows of a kind are in a step."""
    if recipe.batch_size is not None:
        return recipe.batch_size
    return _pace(rows)[0]


def _pace(rows: int) -> tuple[int, float]:
    """Return the rows of a step and how many times as many steps, for a table of so many rows."""
    return next((batch, times) for least, batch, times in _PACES if rows >= least)


def width_of(recipe: Recipe, rows: int) -> int:
    """Return the hidden units of the residual networks."""
    if recipe.width is not None:
        return recipe.width
    return 256 if rows >= _LARGE // 5 else 128


def game_of(recipe: Recipe, plan: Plan, rows: int, width: int, *, conditioned: bool) -> Game:
    """Return the rules of the game that parameters ask for.

    Parameters
    ----------
    recipe : Recipe
    plan : Plan
    rows : int
        Of the training table.
    width : int
        Hidden units of the residual networks, where those are played.
    conditioned : bool
        Whether rows are made to conditions.

    Raises
    ------
    ParameterError
        If parameters contradict each other.
    """
    networks, training = Networks.read(recipe.networks), TrainingRules.read(recipe.training)
    batch = batch_of(recipe, rows)
    if batch % networks.pack:
        raise ParameterError(
            f"A batch must hold whole packs, but batch_size is {batch} and pack is {networks.pack}."
        )
    residual = Architecture(widths=(width,) * (recipe.depth + 1), residual=True)
    return Game(
        plan=plan,
        generator=_architecture(networks.generator, residual),
        discriminator=_architecture(networks.discriminator, residual),
        latent_size=networks.latent_size,
        batch_size=batch,
        objective=OBJECTIVES.create(recipe.objective),
        penalty=None if training.penalty is None else PENALTIES.create(training.penalty),
        penalty_every=training.penalty_every if training.penalty is not None else 1,
        clip=training.clip,
        discriminator_steps=training.discriminator_steps,
        pack=networks.pack,
        latent="normal" if networks.latent == "normal" else "uniform",
        average=training.average,
        temperature=networks.temperature,
        optimiser=Optimiser(
            "adam" if training.optimiser == "adam" else "rmsprop",
            (float(training.betas[0]), float(training.betas[1])),
        ),
        conditioned=conditioned,
    )


def make_plan(
    recipe: Recipe,
    game: Game,
    steps: int,
    *,
    early_stopping: EarlyStopping | None,
    generator_delay: int = 0,
    stop_at: int | None = None,
) -> TrainingPlan:
    """Return how long a run is, which may end sooner, and how it is monitored and steered."""
    training = TrainingRules.read(recipe.training)
    own = STRATEGIES.create(training.schedule)
    other = training.discriminator_schedule
    rate = recipe.learning_rate
    other_rate = rate if training.discriminator_rate is None else training.discriminator_rate
    interval = -(-steps // _INTERVALS)
    return TrainingPlan(
        steps=steps,
        stop_at=stop_at,
        interval=interval,
        monitor_every=_monitor_every(
            game, steps, interval, _FEWEST_HEARD if recipe.remedies else _FEWEST_LOOKS
        ),
        rates={"generator": rate, "discriminator": other_rate},
        strategies={
            "generator": own,
            "discriminator": own if other is None else STRATEGIES.create(other),
        },
        delays={"generator": generator_delay},
        monitors=_monitors(recipe),
        remedies=REMEDIES if recipe.remedies else (),
        early_stopping=early_stopping,
    )


def _monitor_every(game: Game, steps: int, interval: int, fewest: int) -> int:
    """Return the intervals between two looks: more than one where steps are small and few.

    It depends on sizes alone and not on the clock, so that the same seed gives the same run.
    """
    made = _weights(game.latent_size, game.generator, game.plan.width)
    judged = _weights(game.pack * game.plan.width, game.discriminator, 1)
    step = _STEP + game.batch_size * (made + game.discriminator_steps * judged)
    wanted = math.ceil(_BETWEEN / step / interval)
    return max(min(wanted, steps // interval // fewest), 1)


def _weights(inputs: int, architecture: Architecture, outputs: int) -> int:
    sizes = (inputs, *architecture.widths, outputs)
    return sum(a * b for a, b in pairwise(sizes))


def _architecture(
    given: Mapping[str, Any] | Architecture | None, default: Architecture
) -> Architecture:
    return default if given is None else Architecture.from_mapping(given)


def _monitors(recipe: Recipe) -> tuple[Monitor, ...]:
    chosen = recipe.monitors
    if isinstance(chosen, bool):
        chosen = [n for n in _WATCHING if n in MONITORS] if chosen else ()
    return tuple(MONITORS.create_all(chosen))
