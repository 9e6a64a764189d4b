"""Sampling of blocks of rows from a trained denoiser."""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt32

from lookalike.encoding import Z_MAX, SampledRows
from lookalike.nn import Denoiser, Marginals, key_of, normals, seed_words, uniforms

__all__ = ["DenoiserSource"]

#: The number of rows per forward pass: hidden layers of so small a batch stay in the CPU's cache.
_TOGETHER = 1024


@dataclass(frozen=True)
class DenoiserSource:
    """Source of a denoiser's blocks; block b depends on the network, the seed and b alone.

    Noise is removed in steps of equal angle by the deterministic multistep solver of Lu et al. 2022
    (DPM-Solver++ 2M, arXiv 2211.01095); levels are drawn from the last estimate.

    Parameters
    ----------
    model : Denoiser
    marginals : Marginals
    steps : int
        The number of steps.
    rows : int
        The number of rows of a block, a multiple of 1,024.
    """

    model: Denoiser
    marginals: Marginals
    steps: int
    rows: int

    def block(self, seed: int, number: int, *, clipped: bool = True) -> SampledRows:
        """Return block `number` of the sample of a seed.

        Parameters
        ----------
        seed, number : int
        clipped : bool
            Whether numbers beyond the range of the encoding are clipped to it.
        """
        words = seed_words(seed, number)
        drawn = _draw(
            self.model, self.marginals, jnp.asarray(_solver(self.steps)), self.rows, words
        )
        numbers, levels = map(np.asarray, drawn)
        if clipped:
            plan = self.model.plan
            most = np.where(plan.is_interval, np.float32(Z_MAX), np.float32(np.inf))
            numbers = np.clip(numbers, -most, most)
        return SampledRows(numbers, levels)


def _solver(steps: int) -> Float[np.ndarray, "steps 4"]:
    """Return the angle of each step and its coefficients a, b, c.

    x' = a·x + b·(D + c·(D − D₋₁)), where D is the estimate of clean rows and D₋₁ that of the step
    before: a = cos θ'/cos θ, b = sin θ' − a·sin θ, and c extrapolates D linearly in ln tan θ by
    half a step. The first two steps and the last, where ln tan θ is infinite, do not extrapolate.
    """
    angles = np.linspace(0, np.pi / 2, steps + 1)
    now, then = angles[:-1], angles[1:]
    a = np.cos(then) / np.cos(now)
    a[-1] = 0.0
    b = np.sin(then) - a * np.sin(now)
    c = np.zeros(steps)
    length = np.diff(np.log(np.tan(angles[1:-1])))
    c[2:-1] = length[1:] / (2 * length[:-1])
    return np.stack([now, a, b, c], axis=1).astype(np.float32)


@eqx.filter_jit
def _draw(
    model: Denoiser,
    marginals: Marginals,
    solver: Float[Array, "steps 4"],
    rows: int,
    words: UInt32[Array, " words"],
) -> tuple[Float[Array, "rows numbers"], Int[Array, "rows levels"]]:
    # Threefry gives the same stream on every kind of device.
    key, plan = key_of(words, "threefry2x32"), model.plan
    count = plan.number_width

    def part(number: Int[Array, ""]) -> tuple[Array, Array]:
        start, within = jax.random.split(jax.random.fold_in(key, number))
        noise = normals(start, (_TOGETHER, plan.width))

        def step(at: Int[Array, ""], carry: tuple[Array, Array, Array]) -> tuple[Array, ...]:
            noisy, before, _ = carry
            angle, a, b, c = solver[at]
            angle = jnp.full(_TOGETHER, angle)
            found = model(noisy, angle, marginals)
            clean = model.clean(noisy, angle, found)
            return a * noisy + b * (clean + c * (clean - before)), clean, found.logits

        begin = noise, jnp.zeros_like(noise), jnp.zeros((_TOGETHER, plan.width - count))
        last, _, logits = jax.lax.fori_loop(0, len(solver), step, begin)
        numbers = last[:, :count] * marginals.spread + marginals.centre
        raw = jnp.concatenate([numbers, logits], axis=1)
        return plan.harden(raw, uniforms(within, (_TOGETHER, len(plan.levels))))

    numbers, levels = jax.lax.map(part, jnp.arange(rows // _TOGETHER))
    return numbers.reshape(rows, -1), levels.reshape(rows, -1)
