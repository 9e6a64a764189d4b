"""From a trained generator to drawn rows, block by block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt32

from lookalike.encoding import Z_MAX, SampledRows
from lookalike.nn import Latent, Network, Plan, key_of, noise, seed_words, uniforms
from lookalike.refine import Correction, GibbsSweep

__all__ = ["Calibration", "Sampler"]

#: Rows that are made together: what a network makes of them stays in the cache.
_TOGETHER = 1024
#: The first number of the blocks from which spare rows are taken.
_SPARE = 2**31


@dataclass(frozen=True)
class Calibration:
    """Corrections that make the generator's marginals those of the training table.

    Parameters
    ----------
    bias : ndarray, shape (width of all levels,)
        Added to the logits, in the plan's order.
    own, due : ndarray, shape (numbers, knots)
        Each number that is drawn within an interval is mapped monotonically from `own` to `due`,
        and so never leaves the limits of `due`. Other numbers stay as they are.
    """

    bias: np.ndarray
    own: np.ndarray
    due: np.ndarray

    @classmethod
    def none(cls, plan: Plan) -> Calibration:
        """Return the calibration that only keeps numbers within what the encoding can say."""
        knots = np.tile(np.array([-Z_MAX, Z_MAX], np.float32), (plan.number_width, 1))
        return cls(np.zeros(plan.width - plan.number_width, np.float32), knots, knots)

    def apply(self, numbers: np.ndarray, plan: Plan) -> np.ndarray:
        """Return numbers mapped from `own` to `due`, zeros (missing) kept."""
        mapped = numbers.copy()
        for k, interval in enumerate(plan.is_interval):
            if interval:
                order = np.argsort(numbers[:, k])  # looking up in order is three times as fast
                mapped[order, k] = np.interp(numbers[order, k], self.own[k], self.due[k])
        mapped[numbers == 0] = 0
        return mapped


@dataclass(frozen=True)
class Sampler:
    """Draws blocks of rows; block b depends on the networks, the seed and b alone.

    Parameters
    ----------
    plan : Plan
    generator : Network
    calibration : Calibration
    latent_size, rows : int
        The width of the generator's input, and the rows of one block, a multiple of 1,024.
    latent : {"normal", "uniform"}
        Its distribution: standard normal, or uniform in [-1, 1].
    correction : Correction or None
        What keeps rows of a pool; None keeps all that are made.
    redraw : GibbsSweep or None
        What draws levels of the kept rows anew.
    impossible : callable or None
        Says which drawn rows should not be.
    """

    plan: Plan
    generator: Network
    calibration: Calibration
    latent_size: int
    rows: int
    latent: Latent = "normal"
    correction: Correction | None = None
    redraw: GibbsSweep | None = None
    impossible: Callable[[SampledRows], Bool[np.ndarray, " pool"]] | None = None

    def block(self, seed: int, number: int) -> SampledRows:
        """Return block `number` of the sample of a seed."""
        kept = self._kept(seed, number)
        if self.redraw is None:
            return kept
        return self.redraw.applied(kept, seed, number, self.impossible)

    def _kept(self, seed: int, number: int) -> SampledRows:
        if self.correction is None:
            return self._possible(self.calibrated(seed, number), seed, number)
        size = self.correction.pool
        parts = [self.calibrated(seed, number * size + k) for k in range(size)]
        pool = SampledRows(*(np.concatenate(part) for part in zip(*parts, strict=True)))
        ruled_out = None if self.impossible is None else self.impossible(pool)
        return self.correction.kept(pool, self.rows, seed, number, ruled_out)

    def _possible(self, drawn: SampledRows, seed: int, number: int) -> SampledRows:
        """Return a block with spare rows in place of those that should not be."""
        if self.impossible is None:
            return drawn
        bad = np.flatnonzero(self.impossible(drawn))
        if not len(bad):
            return drawn
        enough = min(-(-2 * len(bad) // _TOGETHER) * _TOGETHER, self.rows)
        spare = self.calibrated(seed, number + _SPARE, enough)
        good = np.flatnonzero(~self.impossible(spare))[: len(bad)]
        numbers, levels = drawn.numbers.copy(), drawn.levels.copy()
        numbers[bad[: len(good)]], levels[bad[: len(good)]] = (
            spare.numbers[good],
            spare.levels[good],
        )
        return SampledRows(numbers, levels)

    def calibrated(self, seed: int, number: int, rows: int | None = None) -> SampledRows:
        """Return a block as it is made, calibrated and not corrected, or its first `rows`."""
        drawn, _ = self.uncalibrated(seed, number, rows)
        return SampledRows(self.calibration.apply(drawn.numbers, self.plan), drawn.levels)

    def uncalibrated(
        self, seed: int, number: int, rows: int | None = None, *, measure: bool = False
    ) -> tuple[SampledRows, np.ndarray]:
        """Return a block, its levels calibrated and its numbers not yet.

        Parameters
        ----------
        seed, number : int
        rows : int, optional
            Only so many of its rows, the first ones: a multiple of 1,024.
        measure : bool
            Whether the mean probability of every level is wanted too, shape (level width,).
        """
        numbers, levels, means = _draw(
            self.plan,
            (self.rows, self.latent_size),
            self.latent,
            self.generator,
            jnp.asarray(self.calibration.bias),
            seed_words(seed, number),
            jnp.asarray((self.rows if rows is None else rows) // _TOGETHER, jnp.int32),
            jnp.asarray(measure),
        )
        drawn = SampledRows(np.asarray(numbers)[:rows], np.asarray(levels)[:rows])
        return drawn, np.asarray(means)


@eqx.filter_jit
def _draw(
    plan: Plan,
    size: tuple[int, int],
    distribution: Latent,
    generator: Network,
    bias: Float[Array, " levels"],
    words: UInt32[Array, " words"],
    parts: Int[Array, ""],
    measure: Bool[Array, ""],
) -> tuple[Float[Array, "rows numbers"], Int[Array, "rows levels"], Float[Array, " levels"]]:
    key = key_of(words, "threefry2x32")
    rows, width = size

    def add(part: Int[Array, ""], drawn: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        latent, within = jax.random.split(jax.random.fold_in(key, part))
        raw = generator(noise(latent, (_TOGETHER, width), distribution))
        raw = raw.at[:, plan.number_width :].add(bias)
        means = jax.lax.cond(
            measure,
            lambda: plan.level_probabilities(raw).mean(axis=0),
            lambda: jnp.zeros_like(bias),
        )
        hard = plan.harden(raw, uniforms(within, (_TOGETHER, len(plan.levels))))
        place = part * _TOGETHER, 0
        numbers, levels = (
            jax.lax.dynamic_update_slice(whole, some, place)
            for whole, some in zip(drawn[:2], hard, strict=True)
        )
        return numbers, levels, drawn[2] + means

    begin = (
        jnp.zeros((rows, plan.number_width)),
        jnp.zeros((rows, len(plan.levels)), jnp.int32),
        jnp.zeros_like(bias),
    )
    numbers, levels, means = jax.lax.fori_loop(0, parts, add, begin)
    return numbers, levels, means / parts
