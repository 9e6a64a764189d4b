"""The checks that every objective must pass."""

from __future__ import annotations

import json
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from lookalike.nn import Objective
from lookalike.testing._checks import Check, must, named, run

__all__ = ["check_objective", "objective_checks"]

_EXTREMES = np.array([-1e4, -100.0, 0.0, 100.0, 1e4], np.float32)
_CLOSE = 1e-4


def objective_checks(objective: Objective) -> list[Check]:
    """Return the checks of an objective, for use as test parameters.

    Parameters
    ----------
    objective : Objective
        With any options.

    Returns
    -------
    list of (str, callable)
        The name of each check, and a function without arguments that raises AssertionError with a
        plain message if it fails.
    """
    found = [(check.__name__.strip("_"), partial(check, objective)) for check in _CHECKS]
    return named(type(objective).__name__, found)


def check_objective(objective: Objective) -> None:
    """Check all that an objective must do; see `objective_checks`.

    Parameters
    ----------
    objective : Objective
        With any options.

    Raises
    ------
    AssertionError
        At the first check that fails, with its name and the reason.

    Examples
    --------
    >>> from lookalike.nn.objectives import Hinge
    >>> check_objective(Hinge())
    """
    run(objective_checks(objective))


def _is_made_of_plain_values(objective: Objective) -> None:
    options = json.loads(json.dumps(objective.to_mapping()))
    must(options.pop("name") == type(objective).name, "to_mapping must give its name")
    again = type(objective)(**options)
    must(again == objective, "an objective made of its own options must be equal to it")
    must(hash(again) == hash(objective), "equal objectives must hash alike")


def _is_finite_however_sure_the_discriminator_is(objective: Objective) -> None:
    for network in ("discriminator", "generator"):
        loss = jax.value_and_grad(getattr(objective, network), (0, 1))
        for real, fake in ((_EXTREMES, _EXTREMES), (_EXTREMES, _EXTREMES[::-1])):
            value, slopes = loss(jnp.asarray(real), jnp.asarray(fake))
            must(bool(np.isfinite(value)), f"the {network}'s loss must be finite; it is {value}")
            must(bool(np.isfinite(slopes).all()), f"the {network}'s slopes must be finite")


def _halves_add_up(objective: Objective) -> None:
    real, fake = jnp.asarray([0.4, 2.0, -0.3]), jnp.asarray([0.1, -1.0, 0.6])
    halves, whole = sum(objective.halves(real, fake)), objective.discriminator(real, fake)
    must(
        bool(abs(halves - whole) < _CLOSE),
        f"the halves must add up to the discriminator's loss {whole}; their sum is {halves}",
    )


def _ideal_is_the_least_loss_on_equal_batches(objective: Objective) -> None:
    ideal = objective.ideal
    if ideal is None:
        return
    rng, zeros = np.random.default_rng(0), jnp.zeros(4)
    middle = objective.centre(zeros, zeros) + zeros
    value = float(objective.discriminator(middle, middle))
    must(
        abs(value - ideal) < _CLOSE,
        f"answering the centre to equal batches must cost the ideal {ideal}; it costs {value}",
    )
    for scale in (0.1, 1.0, 5.0):
        logits = middle[0] + scale * rng.normal(size=30).astype(np.float32)
        # Each with each, as objectives that pair rows see them on average.
        value = float(objective.discriminator(jnp.repeat(logits, 30), jnp.tile(logits, 30)))
        must(
            value > ideal - _CLOSE * max(scale, 1),
            f"no answers to equal batches may cost less than the ideal {ideal}; some cost {value}",
        )


def _centre_parts_what_is_told_apart(objective: Objective) -> None:
    apart = jnp.asarray([1.0, 2.0, 3.0, 4.0])
    middle = objective.centre(apart * 0, apart * 0)
    real, fake = middle + apart, middle - apart
    centre = objective.centre(real, fake)
    must(jnp.shape(centre) == (), f"the centre must be one number; its shape is {centre.shape}")
    must(
        bool((real > centre).all() and (fake < centre).all()),
        f"the centre must lie between clearly separated rows; it is {centre}",
    )
    mixed = jnp.concatenate([real, fake])
    share = float(jnp.mean(mixed > objective.centre(mixed, mixed[::-1])))
    must(share == 0.5, f"of equal batches around the centre half is real; it calls {share} so")


def _probabilities_rise_from_0_to_1(objective: Objective) -> None:
    centre = objective.centre(jnp.asarray(_EXTREMES), jnp.asarray(-_EXTREMES))
    chances = np.asarray(objective.probability(centre + jnp.asarray(_EXTREMES), centre))
    must(
        bool((chances >= 0).all() and (chances <= 1).all() and (np.diff(chances) >= 0).all()),
        f"probabilities must rise with logits, from 0 to 1; they are {chances}",
    )
    must(abs(float(chances[2]) - 0.5) < _CLOSE, f"at the centre it must be ½; it is {chances[2]}")


def _generator_gains_by_higher_logits(objective: Objective) -> None:
    real, fake = jnp.asarray([0.3, -0.2]), jnp.asarray([0.1, -0.4])
    slope = jax.grad(objective.generator, 1)(real, fake)
    must(bool((slope < 0).all()), f"higher logits must lower the generator's loss; slope {slope}")


_CHECKS = (
    _is_made_of_plain_values,
    _is_finite_however_sure_the_discriminator_is,
    _halves_add_up,
    _ideal_is_the_least_loss_on_equal_batches,
    _centre_parts_what_is_told_apart,
    _probabilities_rise_from_0_to_1,
    _generator_gains_by_higher_logits,
)
