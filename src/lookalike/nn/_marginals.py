"""The marginal distributions of encoded rows: the part of a table that networks need not learn."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from lookalike.encoding import EncodedRows
from lookalike.nn._plan import Plan

__all__ = ["Marginals"]

#: The least share of a level, and the least spread of a number.
_LEAST_SHARE, _LEAST_SPREAD = 1e-6, 1e-3


class Marginals(NamedTuple):
    """Means and spreads of numbers and shares of levels, in the plan's order.

    Parameters
    ----------
    centre, spread : array, shape (numbers,)
        The mean and standard deviation of each number before its head's activation; 0 and 1 for
        numbers drawn within intervals, which are standard normal.
    log_shares : array, shape (levels,)
        The logarithm of the share of each level within its block.
    """

    centre: Float[Array, " numbers"]
    spread: Float[Array, " numbers"]
    log_shares: Float[Array, " levels"]

    @classmethod
    def none(cls, plan: Plan) -> Marginals:
        """Return standard numbers and equal levels."""
        count = plan.number_width
        levels = jnp.zeros(plan.width - count)
        return cls(jnp.zeros(count), jnp.ones(count), levels)

    @classmethod
    def of(cls, encoded: EncodedRows, plan: Plan) -> Marginals:
        """Measure encoded rows.

        Parameters
        ----------
        encoded : EncodedRows
        plan : Plan
        """
        centre = np.zeros(plan.number_width, np.float32)
        spread = np.ones(plan.number_width, np.float32)
        for i in plan.numbers:
            block, at = plan.layout.blocks[i], plan.starts[i]
            if block.source == "interval":
                continue
            first = block.source_start
            values = encoded.floats[:, first : first + block.width]
            if block.masked_by is not None:
                gate = plan.layout.blocks[block.masked_by]
                values = values[encoded.codes[:, gate.source_start] == 0]
            if len(values):
                raw = np.asarray(plan.unbound_block(i, values))
                centre[at : at + block.width] = raw.mean(axis=0)
                spread[at : at + block.width] = np.maximum(raw.std(axis=0), _LEAST_SPREAD)
        shares = np.maximum(plan.level_frequencies(encoded.codes), _LEAST_SHARE)
        return cls(*map(jnp.asarray, (centre, spread, np.log(shares).astype(np.float32))))

    def standardised(
        self,
        plan: Plan,
        floats: Float[Array, "rows floats"],
        codes: Int[Array, "rows codes"],
        within: Float[Array, "rows numbers"],
    ) -> tuple[
        Float[Array, "rows numbers"], Bool[Array, "rows numbers"], Float[Array, "rows levels"]
    ]:
        """Return the standardised numbers of encoded rows, which are present, and their levels.

        Parameters
        ----------
        plan : Plan
        floats, codes : array
            Encoded rows.
        within : array, shape (rows, numbers)
            Uniform numbers, which determine positions within intervals.
        """
        expanded = plan.expand(floats, codes, within)
        numbers, levels = expanded[:, : plan.number_width], expanded[:, plan.number_width :]
        standard = (plan.unbound(numbers) - self.centre) / self.spread
        return standard, plan.present(numbers), levels
