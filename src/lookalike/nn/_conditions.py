"""Conditions on the device: bounds of numbers and ruled-out levels, in the plan's order.

A generator always fulfils its condition: each number is mapped into its bounds, and the logits of
levels that are ruled out are lowered out of reach. No row is rejected.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr, ndtri
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from lookalike.encoding import Z_MAX, RowCondition
from lookalike.nn._plan import Plan

__all__ = [
    "DeviceCondition",
    "condition_width",
    "constrain",
    "draw_conditions",
    "no_condition",
    "to_device",
]

#: The share of training rows without a condition.
_UNASKED = 0.25
#: The share of conditions on a number or level that are one value rather than a range or a set.
_EQUAL = 0.5
#: The widths of ranges, as shares of the rows, are drawn log-uniformly between these.
_NARROWEST, _WIDEST = 0.01, 0.8
_NEVER = -1e9


class DeviceCondition(NamedTuple):
    """Conditions on rows, in the plan's order.

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
        """Return the networks' input, shape (rows, `condition_width`); 0 without a condition.

        For each number: 1 if it is bounded, the middle of its bounds, and half their distance.
        """
        asked = (self.low > -Z_MAX) | (self.high < Z_MAX)
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        numbers = [asked.astype(middle.dtype), asked * middle, asked * half]
        return jnp.concatenate([*numbers, self.forbidden], axis=1)


def condition_width(plan: Plan) -> int:
    """Return the length of `DeviceCondition.vector`.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    int
    """
    return 2 * plan.number_width + plan.width


def no_condition(plan: Plan, rows: int) -> DeviceCondition:
    """Return the condition that all rows fulfil.

    Parameters
    ----------
    plan : Plan
    rows : int
        The number of rows.

    Returns
    -------
    DeviceCondition
    """
    bound = jnp.full((rows, plan.number_width), Z_MAX)
    return DeviceCondition(-bound, bound, jnp.zeros((rows, plan.width - plan.number_width)))


def to_device(plan: Plan, condition: RowCondition, rows: int) -> DeviceCondition:
    """Return a condition on the device, in the plan's order.

    Parameters
    ----------
    plan : Plan
    condition : RowCondition
        A condition on the plan's layout.
    rows : int
        The number of rows to return. If `condition` has fewer, but more than one, the last ones are
        arbitrary.

    Returns
    -------
    DeviceCondition
    """
    low = np.full((rows, plan.number_width), -Z_MAX, np.float32)
    high, some = -low, slice(0, condition.count(rows))
    forbidden = np.zeros((rows, plan.width - plan.number_width), np.float32)
    for block in condition.bounds:
        limits, at = condition.encoded_bounds(block), plan.starts[block]
        if plan.layout.blocks[block].head == "tanh":
            limits = np.arctanh(np.clip(limits, -np.tanh(Z_MAX), np.tanh(Z_MAX)))
        low[some, at], high[some, at] = limits.T
    for block, allowed in condition.allowed.items():
        at = plan.starts[block] - plan.number_width
        forbidden[some, at : at + allowed.shape[1]] = ~allowed
    return DeviceCondition(*map(jnp.asarray, (low, high, forbidden)))


def constrain(
    plan: Plan, raw: Float[Array, "rows width"], condition: DeviceCondition
) -> Float[Array, "rows width"]:
    """Return a generator's raw output, changed so that its rows fulfil a condition.

    A number z becomes Φ⁻¹(Φ(low) + (Φ(high) − Φ(low))·Φ(z)): a standard normal number becomes a
    truncated normal one within the bounds.

    Parameters
    ----------
    plan : Plan
    raw : array, shape (rows, width)
        The output of the network, before any head.
    condition : DeviceCondition
        Conditions on these rows.

    Returns
    -------
    array, shape (rows, width)
    """
    numbers, logits = raw[:, : plan.number_width], raw[:, plan.number_width :]
    low, high = condition.low, condition.high
    free = (low <= -Z_MAX) & (high >= Z_MAX)
    # Intervals above 0 are mirrored, since Φ near 1 has no digits left in single precision.
    upper = low > 0
    below = jnp.stack([jnp.where(upper, -high, low), jnp.where(upper, -low, high), numbers])
    a, b, share = ndtr(below.at[2].multiply(jnp.where(upper, -1.0, 1.0)))
    inside = ndtri(jnp.clip(a + (b - a) * share, 1e-30, 1 - 1e-7))
    bounded = jnp.clip(jnp.where(upper, -inside, inside), low, high)
    numbers = jnp.where(free, numbers, bounded)
    return jnp.concatenate([numbers, logits + _NEVER * condition.forbidden], axis=1)


def draw_conditions(
    plan: Plan,
    rows: Float[Array, "rows width"],
    key: PRNGKeyArray,
    told: Int[Array, " rows"] | None = None,
) -> DeviceCondition:
    """Draw random conditions that encoded rows fulfil, for the training of conditional networks.

    The conditioned columns, and the cells into which their ranges are divided, are drawn
    independently of the rows; the condition is the cell in which a row lies. Given its condition, a
    row thus has the distribution of all rows that fulfil it.

    Parameters
    ----------
    plan : Plan
    rows : array, shape (rows, width)
        Encoded rows, as returned by `Plan.expand`.
    key : PRNG key
    told : array of int, shape (rows,), optional
        For rows that were drawn by a level, the code column of that level; else -1.

    Returns
    -------
    DeviceCondition
    """
    keys = jax.random.split(key, 3)
    drawn = jax.random.uniform(keys[0], (len(rows), len(plan.columns) + 2))
    share = jnp.where(drawn[:, :1] < _UNASKED, 0.0, drawn[:, 1:2] ** 2)
    asked = drawn[:, 2:] < share
    low, high = _bounds(plan, rows[:, : plan.number_width], asked, keys[1])
    levels = rows[:, plan.number_width :]
    return DeviceCondition(low, high, _forbidden(plan, levels, asked, told, keys[2]))


def _bounds(
    plan: Plan,
    numbers: Float[Array, "rows numbers"],
    asked: Bool[Array, "rows columns"],
    key: PRNGKeyArray,
) -> tuple[Float[Array, "rows numbers"], Float[Array, "rows numbers"]]:
    """Divide the range of each conditioned number into cells; return the limits of its cell."""
    if not plan.number_width:
        return numbers, numbers
    numbers = plan.unbound(numbers)
    kind, size, shift = jax.random.uniform(key, (3, *numbers.shape))
    width = _NARROWEST * (_WIDEST / _NARROWEST) ** size
    start = (jnp.floor(ndtr(numbers) / width - shift) + shift) * width
    edges = ndtri(jnp.clip(jnp.stack([start, start + width]), 0.0, 1.0))
    below, above = jnp.clip(edges, -Z_MAX, Z_MAX)
    equal = kind < _EQUAL
    used = asked[:, plan.number_columns] & plan.present(numbers)
    # Rounding may put a number just outside its cell.
    low = jnp.where(used, jnp.where(equal, numbers, jnp.minimum(below, numbers)), -Z_MAX)
    return low, jnp.where(used, jnp.where(equal, numbers, jnp.maximum(above, numbers)), Z_MAX)


def _forbidden(
    plan: Plan,
    levels: Float[Array, "rows levels"],
    asked: Bool[Array, "rows columns"],
    told: Int[Array, " rows"] | None,
    key: PRNGKeyArray,
) -> Float[Array, "rows levels"]:
    """Split the levels of each conditioned block in two at random and rule out the other half."""
    if not plan.levels:
        return levels
    # One draw and one product for all blocks, since a program for each takes long to compile.
    kinds, sides = jax.random.split(key)
    side = jax.random.bernoulli(sides, 0.5, levels.shape).astype(levels.dtype)
    own = (side * levels) @ plan.membership
    # A missing block has two levels, so that a condition on it always names one of them.
    several = jnp.where(plan.block_widths > 2, _EQUAL, 1.0)
    equal = jax.random.uniform(kinds, own.shape) < several
    used = plan.asked_of_blocks(asked)
    if told is not None:
        own_level = told[:, None] == plan.code_sources
        equal, used = equal | own_level, used | own_level
    block = plan.block_of_level
    other = jnp.where(equal[:, block], 1 - levels, jnp.abs(side - own[:, block]))
    return other * used[:, block]
