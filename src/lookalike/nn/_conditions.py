"""What is asked of a row: bounds for its numbers, and levels that are ruled out.

A generator that is told a condition always fulfils it: each number is mapped into its bounds, and
the logits of levels that are ruled out are put out of reach. No row is made and thrown away.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import ndtr, ndtri
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from lookalike.encoding import Z_MAX
from lookalike.nn._plan import Plan

__all__ = ["Condition", "condition_width", "constrain", "draw_conditions", "no_condition"]

#: The share of training rows of which nothing is asked.
_UNASKED = 0.25
#: How often what is asked of a number or level is one value rather than a range or a set.
_EQUAL = 0.5
#: The widths of ranges, as shares of the rows, are drawn log-uniformly between these.
_NARROWEST, _WIDEST = 0.01, 0.8
_NEVER = -1e9


class Condition(NamedTuple):
    """What is asked of rows, in the plan's order.

    Parameters
    ----------
    low, high : array, shape (rows, numbers)
        Bounds of each number before its head's activation; ±`Z_MAX` stand for none.
    forbidden : array, shape (rows, width of all levels)
        1 for levels that are ruled out, else 0.
    """

    low: Float[Array, "rows numbers"]
    high: Float[Array, "rows numbers"]
    forbidden: Float[Array, "rows levels"]

    def vector(self) -> Float[Array, "rows width"]:
        """Return what the networks are told, shape (rows, `condition_width`); 0 where unasked.

        Of each number: whether it is bounded, the middle of its bounds and half their distance.
        """
        asked = (self.low > -Z_MAX) | (self.high < Z_MAX)
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        numbers = [asked.astype(middle.dtype), asked * middle, asked * half]
        return jnp.concatenate([*numbers, self.forbidden], axis=1)


def condition_width(plan: Plan) -> int:
    """Return the length of `Condition.vector`.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    int
    """
    return 2 * plan.number_width + plan.width


def no_condition(plan: Plan, rows: int) -> Condition:
    """Return the condition that asks nothing.

    Parameters
    ----------
    plan : Plan
    rows : int
        How many.

    Returns
    -------
    Condition
    """
    bound = jnp.full((rows, plan.number_width), Z_MAX)
    return Condition(-bound, bound, jnp.zeros((rows, plan.width - plan.number_width)))


def constrain(
    plan: Plan, raw: Float[Array, "rows width"], condition: Condition
) -> Float[Array, "rows width"]:
    """Return a generator's raw output so changed that the rows made of it fulfil a condition.

    A number z becomes Φ⁻¹(Φ(low) + (Φ(high) − Φ(low))·Φ(z)): what is standard normal without bounds
    is the truncated normal within them.

    Parameters
    ----------
    plan : Plan
    raw : array, shape (rows, width)
        What the network gives, before any head.
    condition : Condition
        Of as many rows.

    Returns
    -------
    array, shape (rows, width)
    """
    numbers, logits = raw[:, : plan.number_width], raw[:, plan.number_width :]
    low, high = condition.low, condition.high
    free = (low <= -Z_MAX) & (high >= Z_MAX)
    # Both tails are computed from their own side: 1 − ε is 1 in single precision.
    upper = low > 0
    a, b = jnp.where(upper, -high, low), jnp.where(upper, -low, high)
    share = ndtr(jnp.where(upper, -numbers, numbers))
    inside = ndtri(jnp.clip(ndtr(a) + (ndtr(b) - ndtr(a)) * share, 1e-30, 1 - 1e-7))
    bounded = jnp.clip(jnp.where(upper, -inside, inside), low, high)
    numbers = jnp.where(free, numbers, bounded)
    return jnp.concatenate([numbers, logits + _NEVER * condition.forbidden], axis=1)


def draw_conditions(
    plan: Plan,
    rows: Float[Array, "rows width"],
    key: PRNGKeyArray,
    told: Int[Array, " rows"] | None = None,
) -> Condition:
    """Draw conditions that encoded rows fulfil, so that rows are what the conditions leave.

    Which columns are asked for, and the cells into which a column is cut, are drawn without
    looking at the rows; the condition is the cell in which a row lies. So a row has, given its
    condition, the distribution of all rows that fulfil it.

    Parameters
    ----------
    plan : Plan
    rows : array, shape (rows, width)
        Encoded rows, as `Plan.expand` makes them.
    key : PRNG key
    told : array of int, shape (rows,), optional
        For rows that were drawn for a level: the code column in which it is asked for; else -1.

    Returns
    -------
    Condition
    """
    keys = jax.random.split(key, 5)
    count = len(rows)
    share = jax.random.uniform(keys[0], (count, 1)) ** 2
    share = jnp.where(jax.random.uniform(keys[1], (count, 1)) < _UNASKED, 0.0, share)
    asked = jax.random.uniform(keys[2], (count, max(len(plan.columns), 1))) < share
    low, high = _bounds(plan, rows[:, : plan.number_width], asked, keys[3])
    levels = rows[:, plan.number_width :]
    return Condition(low, high, _forbidden(plan, levels, asked, told, keys[4]))


def _bounds(
    plan: Plan,
    numbers: Float[Array, "rows numbers"],
    asked: Bool[Array, "rows columns"],
    key: PRNGKeyArray,
) -> tuple[Float[Array, "rows numbers"], Float[Array, "rows numbers"]]:
    """Cut each asked number's range into cells and return the limits of its own."""
    if not plan.number_width:
        return numbers, numbers
    numbers = plan.unbound(numbers)
    kinds, widths, offsets = jax.random.split(key, 3)
    span = jnp.log(jnp.array([_NARROWEST, _WIDEST]))
    width = jnp.exp(jax.random.uniform(widths, numbers.shape, minval=span[0], maxval=span[1]))
    offset = jax.random.uniform(offsets, numbers.shape) * width
    start = offset + jnp.floor((ndtr(numbers) - offset) / width) * width
    cell = [
        jnp.clip(ndtri(jnp.clip(edge, 0.0, 1.0)), -Z_MAX, Z_MAX) for edge in (start, start + width)
    ]
    # Rounding may put a number just outside its cell.
    cell = [jnp.minimum(cell[0], numbers), jnp.maximum(cell[1], numbers)]
    equal = jax.random.uniform(kinds, numbers.shape) < _EQUAL
    used = asked[:, plan.number_columns] & plan.present(numbers)
    low = jnp.where(used, jnp.where(equal, numbers, cell[0]), -Z_MAX)
    return low, jnp.where(used, jnp.where(equal, numbers, cell[1]), Z_MAX)


def _forbidden(
    plan: Plan,
    levels: Float[Array, "rows levels"],
    asked: Bool[Array, "rows columns"],
    told: Int[Array, " rows"] | None,
    key: PRNGKeyArray,
) -> Float[Array, "rows levels"]:
    """Split each asked block's levels in two at random and rule out the other half."""
    parts, at = [], 0
    for width, positions in plan.groups:
        stop = at + width * len(positions)
        cube = levels[:, at:stop].reshape(len(levels), len(positions), width)
        kinds, sides = jax.random.split(jax.random.fold_in(key, width))
        side = jax.random.bernoulli(sides, 0.5, cube.shape).astype(cube.dtype)
        own = jnp.sum(side * cube, axis=-1, keepdims=True)
        # A missing block has two levels: asking of it is always asking for one of them.
        equal = jax.random.uniform(kinds, (*cube.shape[:2], 1)) < (_EQUAL if width > 2 else 1.0)
        used = jnp.stack([plan.asked_of_block(asked, p) for p in positions], axis=1)
        if told is not None:
            sources = jnp.array([plan.code_source(p) for p in positions])
            own_level = told[:, None] == sources
            equal, used = equal | own_level[:, :, None], used | own_level
        other = jnp.where(equal, 1 - cube, jnp.abs(side - own))
        parts.append((other * used[:, :, None]).reshape(len(levels), -1))
        at = stop
    return jnp.concatenate(parts, axis=1) if parts else levels
