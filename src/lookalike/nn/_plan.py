"""The layout of encoded rows in the networks: numbers first, then one-hot levels, widest last.

Blocks of equal width are adjacent, so that all softmaxes of one width are one operation: the
compiled step stays small for tables with many columns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from lookalike.encoding import Z_MAX, Layout

__all__ = ["Plan"]


@dataclass(frozen=True)
class Plan:
    """The static arrangement of rows for reading and writing by networks.

    Parameters
    ----------
    layout : Layout
        The blocks of an encoded row.
    """

    layout: Layout

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """The blocks that are numbers (linear or tanh heads), in layout order."""
        return tuple(i for i, b in enumerate(self.layout.blocks) if b.head != "softmax")

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The blocks that are levels (softmax heads), in layout order."""
        return tuple(i for i, b in enumerate(self.layout.blocks) if b.head == "softmax")

    @cached_property
    def groups(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """The widths of softmax blocks, each with the positions of its blocks in `levels`."""
        widths = [self.layout.blocks[i].width for i in self.levels]
        return tuple(
            (width, tuple(p for p, w in enumerate(widths) if w == width))
            for width in sorted(set(widths))
        )

    @cached_property
    def number_width(self) -> int:
        """The number of numbers at the head of a row."""
        return sum(self.layout.blocks[i].width for i in self.numbers)

    @cached_property
    def width(self) -> int:
        """The length of a row."""
        return self.layout.width

    @cached_property
    def starts(self) -> dict[int, int]:
        """The start of each block in the plan's rows, by its index in the layout."""
        starts, at = {}, 0
        for i in self.numbers:
            starts[i] = at
            at += self.layout.blocks[i].width
        for width, positions in self.groups:
            for p in positions:
                starts[self.levels[p]] = at
                at += width
        return starts

    @cached_property
    def is_interval(self) -> tuple[bool, ...]:
        """True for each number that is drawn within an interval (and so exactly normal)."""
        blocks = [self.layout.blocks[i] for i in self.numbers]
        return tuple(b.source == "interval" for b in blocks for _ in range(b.width))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that have blocks, in layout order."""
        return tuple(dict.fromkeys(b.column for b in self.layout.blocks))

    @cached_property
    def number_columns(self) -> np.ndarray:
        """The position of each number's column in `columns`, shape (number_width,)."""
        blocks = [self.layout.blocks[i] for i in self.numbers]
        return np.array([self.columns.index(b.column) for b in blocks for _ in range(b.width)], int)

    @cached_property
    def block_of_level(self) -> np.ndarray:
        """The position in `levels` of the block of each level, in the plan's order."""
        blocks = [p for width, positions in self.groups for p in positions for _ in range(width)]
        return np.array(blocks, int)

    @cached_property
    def block_widths(self) -> np.ndarray:
        """The number of levels of each block of levels."""
        return np.array([self.layout.blocks[i].width for i in self.levels], int)

    @cached_property
    def membership(self) -> np.ndarray:
        """1 where a level belongs to a block of levels, shape (levels, blocks)."""
        return np.asarray(np.eye(len(self.levels), dtype=np.float32)[self.block_of_level])

    @cached_property
    def code_sources(self) -> np.ndarray:
        """The code column of each block of levels."""
        return np.array([self.code_source(p) for p in range(len(self.levels))], int)

    def asked_of_blocks(self, asked: Bool[Array, "rows columns"]) -> Bool[Array, "rows blocks"]:
        """Return a mask of conditioned blocks of levels: by any column they belong to or mask.

        Parameters
        ----------
        asked : array of bool, shape (rows, columns)
        """
        concerns = np.zeros((len(self.columns), len(self.levels)), np.float32)
        for p, own in enumerate(self.levels):
            for block in self.layout.blocks:
                if block is self.layout.blocks[own] or block.masked_by == own:
                    concerns[self.columns.index(block.column), p] = 1
        return asked.astype(jnp.float32) @ concerns > 0

    def present(self, numbers: Float[Array, "rows numbers"]) -> Bool[Array, "rows numbers"]:
        """Return a mask of the numbers of encoded rows that are not masked; masked ones are 0."""
        return jnp.where(self._gates[1] > 0, numbers != 0, True)

    def unbound_block(
        self, index: int, numbers: Float[np.ndarray, "rows width"]
    ) -> Float[np.ndarray, "rows width"]:
        """Return the encoded numbers of one block before the activation of its head."""
        if self.layout.blocks[index].head != "tanh":
            return numbers
        limit = float(np.tanh(Z_MAX))
        return np.asarray(np.arctanh(np.clip(numbers, -limit, limit)))

    def unbound(self, numbers: Float[Array, "rows numbers"]) -> Float[Array, "rows numbers"]:
        """Return encoded numbers before the activation of their heads, within ±`Z_MAX`."""
        limit = float(np.tanh(Z_MAX))
        inverse = jnp.arctanh(jnp.clip(numbers, -limit, limit))
        return jnp.clip(jnp.where(self._bounded, inverse, numbers), -Z_MAX, Z_MAX)

    @cached_property
    def _bounded(self) -> np.ndarray:
        """True for each number from a tanh head, shape (number_width,)."""
        blocks = [self.layout.blocks[i] for i in self.numbers]
        return np.concatenate(
            [np.full(b.width, b.head == "tanh") for b in blocks] or [np.zeros(0, bool)]
        )

    @cached_property
    def _gates(self) -> tuple[tuple[int, ...], np.ndarray]:
        """The positions of missing blocks in `levels`, and the gate of each number.

        Gate 0 is always open; gate k is open where the k-th of those blocks says *present*.
        """
        blocks = [self.layout.blocks[i] for i in self.numbers]
        silencers = tuple(sorted({b.masked_by for b in blocks if b.masked_by is not None}))
        which = [
            0 if b.masked_by is None else 1 + silencers.index(b.masked_by)
            for b in blocks
            for _ in range(b.width)
        ]
        return tuple(self.levels.index(i) for i in silencers), np.array(which, int)

    def _silence(
        self, numbers: Float[Array, "rows numbers"], present: list[Float[Array, " rows"]]
    ) -> Float[Array, "rows numbers"]:
        """Multiply each number by its gate; `present` holds the gates from the first on."""
        if not present:
            return numbers
        gates = jnp.stack([jnp.ones_like(present[0]), *present], axis=1)
        return numbers * gates[:, self._gates[1]]

    def expand(
        self,
        floats: Float[Array, "rows floats"],
        codes: Int[Array, "rows codes"],
        uniform: Float[Array, "rows numbers"],
    ) -> Float[Array, "rows width"]:
        """Expand encoded rows; uniform numbers determine the positions within intervals."""
        parts = [self._expand_numbers(floats, codes, uniform)]
        for width, positions in self.groups:
            sources = np.array([self.code_source(p) for p in positions])
            hot = jax.nn.one_hot(codes[:, sources], width, dtype=floats.dtype)
            parts.append(hot.reshape(len(floats), -1))
        return jnp.concatenate(parts, axis=1)

    def code_source(self, position: int) -> int:
        """Return the code column of a block of levels, by its position within `levels`."""
        return self.layout.blocks[self.levels[position]].source_start

    def _expand_numbers(
        self,
        floats: Float[Array, "rows floats"],
        codes: Int[Array, "rows codes"],
        uniform: Float[Array, "rows numbers"],
    ) -> Float[Array, "rows numbers"]:
        low, high, interval = [], [], []
        for i in self.numbers:
            block = self.layout.blocks[i]
            drawn = block.source == "interval"
            for k in range(block.width):
                low.append(block.source_start + k)
                high.append(block.source_start + k + int(drawn))
                interval.append(drawn)
        if not low:
            return jnp.zeros((len(floats), 0), floats.dtype)
        lo = floats[:, np.array(low)]
        hi = floats[:, np.array(high)]
        z = jax.scipy.special.ndtri(lo + (hi - lo) * uniform)
        numbers = jnp.where(np.array(interval), jnp.clip(z, -Z_MAX, Z_MAX), lo)
        present = [codes[:, self.code_source(p)] == 0 for p in self._gates[0]]
        return self._silence(numbers, [p.astype(floats.dtype) for p in present])

    def soften(
        self, raw: Float[Array, "rows width"], key: PRNGKeyArray, temperature: float
    ) -> Float[Array, "rows width"]:
        """Return a generator's raw output as differentiable rows, with Gumbel-softmax levels."""
        logits = raw[:, self.number_width :]
        if self.levels:
            logits = (logits + jax.random.gumbel(key, logits.shape)) / temperature
        parts, at, missing = [], 0, {}
        for width, positions in self.groups:
            stop = at + width * len(positions)
            cube = logits[:, at:stop].reshape(len(raw), len(positions), width)
            soft = jax.nn.softmax(cube, axis=-1)
            parts.append(soft.reshape(len(raw), -1))
            if width == 2:
                missing = {p: soft[:, k, 1] for k, p in enumerate(positions)}
            at = stop
        numbers = self._bound(raw[:, : self.number_width])
        numbers = self._silence(numbers, [1 - missing[p] for p in self._gates[0]])
        return jnp.concatenate([numbers, *parts], axis=1)

    def level_probabilities(self, raw: Float[Array, "rows width"]) -> Float[Array, "rows levels"]:
        """Return the softmax of every block of levels, in the plan's order."""
        return self._by_block(raw[:, self.number_width :], jax.nn.softmax)

    def log_probabilities(self, logits: Float[Array, "rows levels"]) -> Float[Array, "rows levels"]:
        """Return the logarithm of the softmax of every block of levels, in the plan's order."""
        return self._by_block(logits, jax.nn.log_softmax)

    def _by_block(
        self, logits: Float[Array, "rows levels"], function: Callable[..., Array]
    ) -> Float[Array, "rows levels"]:
        """Apply a function of the last axis to every block of levels."""
        parts, at = [], 0
        for width, positions in self.groups:
            stop = at + width * len(positions)
            cube = logits[:, at:stop].reshape(len(logits), len(positions), width)
            parts.append(function(cube, axis=-1).reshape(len(logits), -1))
            at = stop
        return jnp.concatenate(parts, axis=1) if parts else logits

    def level_frequencies(self, codes: Int[np.ndarray, "rows codes"]) -> np.ndarray:
        """Return the share of every level among encoded rows, in the plan's order."""
        shares = []
        for width, positions in self.groups:
            for p in positions:
                counts = np.bincount(codes[:, self.code_source(p)], minlength=width)
                shares.append(counts / max(len(codes), 1))
        return np.concatenate(shares) if shares else np.zeros(0)

    def harden(
        self, raw: Float[Array, "rows width"], uniform: Float[Array, "rows levels"]
    ) -> tuple[Float[Array, "rows numbers"], Int[Array, "rows levels"]]:
        """Return the rows of a generator's raw output: numbers, and levels in layout order.

        Uniform numbers, one for each block of levels, determine the drawn level. Numbers are not
        clipped to the range of the encoding, since the calibration maps them first.
        """
        numbers = self._bound(raw[:, : self.number_width])
        if not self.levels:
            return numbers, jnp.zeros((len(raw), 0), jnp.int32)
        # Transposed, so that each operation is on whole vectors of rows.
        logits = raw[:, self.number_width :].T
        levels, at = [jnp.zeros(len(raw), jnp.int32)] * len(self.levels), 0
        for width, positions in self.groups:
            stop = at + width * len(positions)
            cube = logits[at:stop].reshape(len(positions), width, len(raw))
            picked = _picked(cube, uniform.T[np.array(positions)])
            for p, level in zip(positions, picked, strict=True):
                levels[p] = level
            at = stop
        drawn = jnp.stack(levels, axis=1)
        present = [drawn[:, p] == 0 for p in self._gates[0]]
        return self._silence(numbers, [p.astype(numbers.dtype) for p in present]), drawn

    def encode(
        self, numbers: Float[Array, "rows numbers"], levels: Int[Array, "rows levels"]
    ) -> Float[Array, "rows width"]:
        """Return sampled rows in encoded form: numbers unchanged, levels one-hot."""
        parts = [numbers]
        for width, positions in self.groups:
            hot = jax.nn.one_hot(levels[:, np.array(positions)], width, dtype=numbers.dtype)
            parts.append(hot.reshape(len(numbers), -1))
        return jnp.concatenate(parts, axis=1)

    def _bound(self, numbers: Float[Array, "rows numbers"]) -> Float[Array, "rows numbers"]:
        if not self._bounded.any():
            return numbers
        return jnp.where(self._bounded, jnp.tanh(numbers), numbers)


def _picked(
    logits: Float[Array, "blocks width rows"], uniform: Float[Array, "blocks rows"]
) -> Int[Array, "blocks rows"]:
    """Draw a level from the softmax for each block and row, by inversion of the cumulative sum.

    The sums are computed in the same order twice, so that a level without mass is never drawn.
    """
    mass = jnp.exp(logits - logits.max(axis=1, keepdims=True))
    width, nothing = mass.shape[1], jnp.zeros_like(uniform)
    total = jax.lax.fori_loop(0, width, lambda w, reached: reached + mass[:, w], nothing)
    wanted = uniform * total

    def count(
        w: Int[Array, ""], state: tuple[Float[Array, "blocks rows"], Int[Array, "blocks rows"]]
    ) -> tuple[Float[Array, "blocks rows"], Int[Array, "blocks rows"]]:
        reached = state[0] + mass[:, w]
        return reached, state[1] + (reached <= wanted)

    below: Int[Array, "blocks rows"] = jax.lax.fori_loop(
        0, width, count, (nothing, jnp.zeros(uniform.shape, jnp.int32))
    )[1]
    return below
