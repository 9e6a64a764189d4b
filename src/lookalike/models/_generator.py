"""Sampling of blocks of rows from a trained generator."""

from __future__ import annotations

from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt32

from lookalike.encoding import Z_MAX, EncodedRows, SampledRows
from lookalike.nn import Decoder, Latent, Network, Plan, noise, uniforms

__all__ = ["GeneratorSource"]

#: The number of rows per forward pass: hidden layers of so small a batch stay in the CPU's cache.
_TOGETHER = 1024
#: Rounds of the fixed-point iteration on biases; each reduces the error by an order of magnitude.
_ROUNDS = 4
#: The largest change of a level's bias, so that a level that is never generated is not forced.
_MAX_BIAS = 3.0


@dataclass(frozen=True)
class GeneratorSource:
    """Source of a generator's blocks; block b depends on the network, the seed and b alone.

    Parameters
    ----------
    plan : Plan
    generator : Network or Decoder
    bias : ndarray, shape (width of all levels,)
        Added to the logits, in the plan's order, so that levels have their expected shares.
    latent_size, rows : int
        The width of the generator's input, and the number of rows of a block, a multiple of 1,024.
    latent : {"normal", "uniform"}
        The distribution of the input: standard normal, or uniform in [-1, 1].
    """

    plan: Plan
    generator: Network | Decoder
    bias: np.ndarray
    latent_size: int
    rows: int
    latent: Latent = "normal"

    def block(self, seed: int, number: int, *, clipped: bool = True) -> SampledRows:
        """Return block `number` of the sample of a seed.

        Parameters
        ----------
        seed, number : int
        clipped : bool
            Whether numbers beyond the range of the encoding are clipped to it; not where a map of
            marginals follows, which keeps to that range itself.
        """
        rows, _ = self._drawn(seed, number, measure=False)
        if not clipped:
            return rows
        most = np.where(self.plan.is_interval, np.float32(Z_MAX), np.float32(np.inf))
        return SampledRows(np.clip(rows.numbers, -most, most), rows.levels)

    def calibrated(self, encoded: EncodedRows, seed: int, *, blocks: int = 8) -> GeneratorSource:
        """Return the source with the bias that gives levels the shares of the training rows.

        Biases b ← b + ln(share in the table / mean generated probability).

        Parameters
        ----------
        encoded : EncodedRows
            The training rows.
        seed : int
            The seed of the generated rows that are measured.
        blocks : int
            The number of these blocks.
        """
        if not self.plan.levels:
            return self
        target = self.plan.level_frequencies(encoded.codes)
        source = self
        for _ in range(_ROUNDS):
            means = [source._drawn(seed, number, measure=True)[1] for number in range(blocks)]
            mean = sum(means) / blocks
            step = np.log(np.maximum(target, 1e-7)) - np.log(np.maximum(mean, 1e-7))
            bias = np.clip(source.bias + step, -_MAX_BIAS, _MAX_BIAS).astype(np.float32)
            source = replace(source, bias=bias)
        return source

    def _drawn(self, seed: int, number: int, *, measure: bool) -> tuple[SampledRows, np.ndarray]:
        """Return a block and, to `measure`, the mean probability of every level."""
        numbers, levels, means = _draw(
            self.plan,
            (self.rows, self.latent_size),
            self.latent,
            self.generator,
            jnp.asarray(self.bias),
            jnp.asarray([seed % 2**32, seed // 2**32, number], jnp.uint32),
            jnp.asarray(measure),
        )
        return SampledRows(np.asarray(numbers), np.asarray(levels)), np.asarray(means)


@eqx.filter_jit
def _draw(
    plan: Plan,
    size: tuple[int, int],
    distribution: Latent,
    generator: Network | Decoder,
    bias: Float[Array, " levels"],
    place: UInt32[Array, " words"],
    measure: Bool[Array, ""],
) -> tuple[Float[Array, "rows numbers"], Int[Array, "rows levels"], Float[Array, " levels"]]:
    # Threefry gives the same stream on every kind of device.
    key = jax.random.key(place[0], impl="threefry2x32")
    key = jax.random.fold_in(jax.random.fold_in(key, place[1]), place[2])
    rows, width = size
    parts = rows // _TOGETHER

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
