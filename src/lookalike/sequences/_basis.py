"""Windows as coefficients of a basis, with a model of what the basis leaves out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Bool, Float

from lookalike._core.bounds import whole
from lookalike._core.seeds import derive_seed, generator
from lookalike.encoding import Learned
from lookalike.sequences._gaussians import Gaussians

__all__ = ["WindowBasis"]

#: The most coefficients of a window.
_MOST = 120
#: The least variance of a direction, as a share of the greatest.
_NEGLIGIBLE = 1e-10
#: The coefficients that tell a residual about its window, and the components of its mixture.
_LEADING, _OF_RESIDUALS = 4, 8
#: The least roughness of a channel, in deviations.
_SMOOTH = 1e-3


@dataclass(frozen=True)
class WindowBasis:
    """Functional principal components of windows, as Ramsay and Silverman 2005 define them.

    Channels are first rotated so that their changes from step to step are uncorrelated and of one
    size: small differences of channels that move together count as much as the level they share.
    The coefficients of a window follow a mixture of normal distributions, given its moment in the
    calendar. If the basis does not span everything, what it leaves out of each channel follows a
    mixture of its own, given the leading coefficients, level and roughness of the channel.

    Parameters
    ----------
    rotation, inverse : ndarray, shape (channels, channels)
        From channels to rotated ones, and back.
    mean : ndarray, shape (window, channels)
        Of rotated windows.
    spread : ndarray, shape (channels,)
        The deviation of each rotated channel.
    functions : ndarray, shape (window × channels, coefficients)
        Orthonormal.
    scale : ndarray, shape (coefficients,)
        The deviation of each coefficient.
    coefficients : Gaussians
        Of the calendar and, after it, the scaled coefficients.
    residuals : tuple of Gaussians
        Of what is known of a channel and, after it, its scaled residuals; one for each channel,
        or none.
    known : ndarray, shape (channels, 2, facts)
        Mean and deviation of what is known of each channel.
    sizes : ndarray, shape (channels,)
        The deviation of the residuals of each channel.
    """

    rotation: Float[np.ndarray, "channels channels"]
    inverse: Float[np.ndarray, "channels channels"]
    mean: Float[np.ndarray, "window channels"]
    spread: Float[np.ndarray, " channels"]
    functions: Float[np.ndarray, "cells coefficients"]
    scale: Float[np.ndarray, " coefficients"]
    coefficients: Gaussians
    residuals: tuple[Gaussians, ...]
    known: Float[np.ndarray, "channels two facts"]
    sizes: Float[np.ndarray, " channels"]

    @classmethod
    def fit(
        cls,
        windows: Float[np.ndarray, "n window channels"],
        calendar: Float[np.ndarray, "n facts"],
        held_out: Bool[np.ndarray, " n"],
        learned: Bool[np.ndarray, " n"],
        fewest: int,
        seed: int,
        report: Callable[[str], None] | None = None,
    ) -> WindowBasis:
        """Learn the basis, the coefficients and the residuals of windows.

        Parameters
        ----------
        windows : ndarray, shape (n, window, channels)
        calendar : ndarray, shape (n, facts)
            The moment at which each window begins.
        held_out, learned : ndarray of bool, shape (n,)
            Windows by which the number of components is chosen, and windows that share no event
            with these.
        fewest : int
            The least number of windows that a component stands for.
        seed : int
        report : callable, optional
            Takes findings in words.
        """
        rotation = _rotation(windows)
        rotated = windows @ rotation
        mean = rotated.mean(axis=0)
        spread = np.maximum((rotated - mean).std(axis=(0, 1)), 1e-12)
        flat = ((rotated - mean) / spread).reshape(len(windows), -1)
        functions = _principal(flat)
        raw = flat @ functions
        scale = np.maximum(raw.std(axis=0), 1e-12)
        points = np.concatenate([calendar, raw / scale], axis=1)
        if report is not None:
            share = float((raw**2).sum() / (flat**2).sum())
            report(f"{len(scale)} coefficients hold {share:.4%} of the variance of a window")
        coefficients = Gaussians.chosen(points, held_out, learned, fewest, seed, report)
        shape = rotated.shape
        smooth = (raw @ functions.T).reshape(shape)
        rest = (flat - raw @ functions.T).reshape(shape)
        residuals, known, sizes = [], [], np.maximum(rest.std(axis=(0, 1)), 1e-12)
        if len(scale) < flat.shape[1]:
            facts = _facts(raw / scale, smooth)
            known = [np.stack([f.mean(axis=0), f.std(axis=0) + 1e-9]) for f in facts]
            for channel, (own, (middle, wide)) in enumerate(zip(facts, known, strict=True)):
                both = np.concatenate(
                    [(own - middle) / wide, rest[..., channel] / sizes[channel]], 1
                )
                parted = derive_seed(seed, "residuals", channel)
                residuals.append(Gaussians.fit(both, _OF_RESIDUALS, fewest, parted))
        blank = np.zeros((0, 2, _LEADING + 2))
        arrays = {
            "rotation": rotation,
            "inverse": np.linalg.inv(rotation),
            "mean": mean,
            "spread": spread,
            "functions": functions,
            "scale": scale,
            "known": np.stack(known) if known else blank,
            "sizes": sizes,
        }
        # In the order of a file: sums of another order round differently.
        ordered = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
        return cls(coefficients=coefficients, residuals=tuple(residuals), **ordered)

    def drawn(
        self, calendar: Float[np.ndarray, "n facts"], seed: int, block: int
    ) -> Float[np.ndarray, "n window channels"]:
        """Draw windows that begin at given moments.

        Parameters
        ----------
        calendar : ndarray, shape (n, facts)
        seed, block : int
            The random numbers depend on these alone.
        """
        own = self.coefficients.drawn_given(calendar, generator(seed, "coefficients", block))
        shape = (len(calendar), *self.mean.shape)
        smooth = ((own * self.scale) @ self.functions.T).reshape(shape)
        out = smooth.copy()
        if self.residuals:
            facts = _facts(own, smooth)
            for channel, (mixture, (middle, wide)) in enumerate(
                zip(self.residuals, self.known, strict=True)
            ):
                rng = generator(seed, "residuals", block, channel)
                drawn = mixture.drawn_given((facts[channel] - middle) / wide, rng)
                out[..., channel] += drawn * self.sizes[channel]
        return np.asarray((out * self.spread + self.mean) @ self.inverse)

    @property
    def history(self) -> None:
        """Nothing: there are no steps of training."""
        return None

    def state(self) -> Learned:
        """Return the model as plain arrays."""
        parts = {"coefficients": self.coefficients.state()}
        parts |= {f"residuals {k}": each.state() for k, each in enumerate(self.residuals)}
        joined = Learned.joined({"residuals": len(self.residuals)}, parts)
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        return Learned(joined.values, {**joined.arrays, **arrays})

    @classmethod
    def from_state(cls, state: Learned, window: int, channels: int, facts: int) -> Self:
        """Restore the model from its `state`; ValueError where that is damaged."""
        arrays = {name: np.asarray(state.arrays[name], float) for name in _ARRAYS}
        count = whole(state.values["residuals"], 0, channels, "the number of residuals")
        size = len(arrays["scale"])
        shapes = {
            "rotation": (channels, channels),
            "inverse": (channels, channels),
            "mean": (window, channels),
            "spread": (channels,),
            "functions": (window * channels, size),
            "scale": (size,),
            "known": (count, 2, _LEADING + 2),
            "sizes": (channels,),
        }
        for name, shape in shapes.items():
            if arrays[name].shape != shape or not np.isfinite(arrays[name]).all():
                raise ValueError(f"the {name} of a basis is damaged")
        if count not in (0, channels):
            raise ValueError("a basis has residuals of some channels only")
        parts = state.parts()
        coefficients = Gaussians.from_state(parts["coefficients"], facts + size)
        width = _LEADING + 2 + window
        residuals = [Gaussians.from_state(parts[f"residuals {k}"], width) for k in range(count)]
        return cls(coefficients=coefficients, residuals=tuple(residuals), **arrays)


_ARRAYS = ("rotation", "inverse", "mean", "spread", "functions", "scale", "known", "sizes")


def _rotation(windows: np.ndarray) -> Float[np.ndarray, "channels channels"]:
    """Return the rotation after which changes from step to step are uncorrelated, of size 1."""
    channels = windows.shape[2]
    moves = np.diff(windows, axis=1).reshape(-1, channels)
    if not len(moves):
        moves = windows.reshape(-1, channels)
    size = np.maximum(moves.std(axis=0), 1e-9)
    values, vectors = np.linalg.eigh(np.cov((moves / size).T).reshape(channels, channels))
    # Channels that are sums of others leave directions without change: they are not blown up.
    return np.asarray((vectors / np.sqrt(np.maximum(values, 1e-8))) / size[:, None])


def _principal(flat: Float[np.ndarray, "n cells"]) -> Float[np.ndarray, "cells coefficients"]:
    """Return the principal components that vary at all, the most important first."""
    values, vectors = np.linalg.eigh(flat.T @ flat / len(flat))
    order = np.argsort(values)[::-1][:_MOST]
    kept = order[values[order] > _NEGLIGIBLE * max(values.max(), 1e-300)]
    return np.asarray(vectors[:, kept if len(kept) else order[:1]])


def _facts(
    scaled: Float[np.ndarray, "n coefficients"], smooth: Float[np.ndarray, "n window channels"]
) -> list[np.ndarray]:
    """Return for each channel the leading coefficients, its level and the log of its roughness."""
    leading = np.zeros((len(scaled), _LEADING))
    leading[:, : min(_LEADING, scaled.shape[1])] = scaled[:, :_LEADING]
    moves = np.abs(np.diff(smooth, axis=1)).mean(axis=1) if smooth.shape[1] > 1 else smooth[:, 0]
    rough, level = np.log(_SMOOTH + np.abs(moves)), smooth.mean(axis=1)
    return [
        np.concatenate([leading, rough[:, k : k + 1], level[:, k : k + 1]], axis=1)
        for k in range(smooth.shape[2])
    ]
