"""A mixture of normal distributions: windows as points, drawn freely or given a part of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.linalg import solve_triangular
from scipy.special import logsumexp

from lookalike._core.seeds import generator
from lookalike.encoding import Learned

__all__ = ["Gaussians"]

#: The numbers of components that are tried in order, and the gain in nats per point without which
#: no more are tried.
_COUNTS, _GAIN = (1, 2, 4, 8, 16, 32), 0.05
#: The passes of a fit, and the steps of its start.
_PASSES, _START = 20, 8
#: The weight of the pooled covariance, in points, and the share of the whole variance that each
#: direction has at least.
_PRIOR, _LEAST = 10.0, 1e-6


@dataclass(frozen=True)
class Gaussians:
    """Mixture of normal distributions, each with a covariance of its own.

    Parameters
    ----------
    weights : ndarray, shape (components,)
    means : ndarray, shape (components, d)
    covariances : ndarray, shape (components, d, d)
    """

    weights: Float[np.ndarray, " components"]
    means: Float[np.ndarray, "components d"]
    covariances: Float[np.ndarray, "components d d"]

    @classmethod
    def fit(
        cls, points: Float[np.ndarray, "n d"], components: int, fewest: int, seed: int
    ) -> Gaussians:
        """Fit by expectation maximisation, covariances shrunk to their pooled one.

        Parameters
        ----------
        points : ndarray, shape (n, d)
        components : int
            The greatest number of components.
        fewest : int
            A component must stand for as many points: others are left out, so that none repeats
            a single window.
        seed : int
        """
        shares = _first_shares(points, components, generator(seed, "gaussians", components))
        whole = np.einsum("nd,nd->", points - points.mean(0), points - points.mean(0))
        least = _LEAST * max(whole / points.size, 1e-12) * np.eye(points.shape[1])
        fitted = cls._of_shares(points, shares, fewest, least)
        for _ in range(_PASSES):
            logs = fitted._log_parts(points)
            shares = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
            fitted = cls._of_shares(points, shares, fewest, least)
        return fitted

    @classmethod
    def chosen(
        cls,
        points: Float[np.ndarray, "n d"],
        held_out: Bool[np.ndarray, " n"],
        learned: Bool[np.ndarray, " n"],
        fewest: int,
        seed: int,
        report: Callable[[str], None] | None = None,
    ) -> Gaussians:
        """Fit as many components as make held-out points likely, then to all points.

        Parameters
        ----------
        points : ndarray, shape (n, d)
        held_out, learned : ndarray of bool, shape (n,)
            The points that judge, and those that share nothing with these.
        fewest : int
            As of `fit`.
        seed : int
        report : callable, optional
            Takes the choice in words.
        """
        best, likely = 1, -np.inf
        if held_out.sum() < fewest or learned.sum() < 2 * fewest:
            return cls.fit(points, 1, fewest, seed)
        for count in _COUNTS:
            if count * fewest > learned.sum():
                break
            model = cls.fit(points[learned], count, fewest, seed)
            now = float(model.log_density(points[held_out]).mean())
            if now < likely + _GAIN:
                break
            best, likely = count, now
        if report is not None:
            report(f"{best} normal distributions: {likely:.4g} nats per held-out window")
        return cls.fit(points, best, fewest, seed)

    @classmethod
    def _of_shares(
        cls, points: np.ndarray, shares: np.ndarray, fewest: int, least: np.ndarray
    ) -> Gaussians:
        """Return the most likely mixture, given the share of each component in each point."""
        kept = shares.sum(axis=0) >= min(fewest, 0.5 * len(points))
        shares = shares[:, kept] if kept.any() else np.ones((len(points), 1))
        counts = shares.sum(axis=0)
        means = (shares.T @ points) / counts[:, None]
        scatter = []
        for k, mean in enumerate(means):
            off = points - mean
            scatter.append((off * shares[:, k : k + 1]).T @ off)
        pooled = np.sum(scatter, axis=0) / counts.sum()
        covariances = [
            (own + _PRIOR * pooled) / (count + _PRIOR) + least
            for own, count in zip(scatter, counts, strict=True)
        ]
        return cls(counts / counts.sum(), means, np.stack(covariances))

    def log_density(self, points: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        """Return the log density at points."""
        return np.asarray(logsumexp(self._log_parts(points), axis=1))

    def _log_parts(self, points: np.ndarray) -> Float[np.ndarray, "n components"]:
        """Return the log of each component's weighted density at points of the first columns."""
        d = points.shape[1]
        parts = []
        for weight, mean, covariance in zip(
            self.weights, self.means, self.covariances, strict=True
        ):
            root = np.linalg.cholesky(covariance[:d, :d])
            off = solve_triangular(root, (points - mean[:d]).T, lower=True, check_finite=False)
            density = -0.5 * (off**2).sum(axis=0) - np.log(np.diag(root)).sum()
            parts.append(np.log(weight) + density - 0.5 * d * np.log(2 * np.pi))
        return np.stack(parts, axis=1)

    def drawn_given(
        self, known: Float[np.ndarray, "n known"], rng: np.random.Generator
    ) -> Float[np.ndarray, "n rest"]:
        """Draw the last columns of points whose first ones are known; all of them if none is.

        Parameters
        ----------
        known : ndarray, shape (n, known)
        rng : numpy.random.Generator
        """
        n, first = known.shape
        if first:
            logs = self._log_parts(known)
            chances = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
        else:
            chances = np.tile(self.weights, (n, 1))
        chosen = _chosen_columns(chances, rng.random(len(known)))
        normal = rng.standard_normal((n, self.means.shape[1] - first))
        out = np.empty_like(normal)
        for k, (mean, covariance) in enumerate(zip(self.means, self.covariances, strict=True)):
            at = chosen == k
            if at.any():
                # The regression of the rest on what is known, and what it leaves open.
                slopes = np.linalg.solve(covariance[:first, :first], covariance[:first, first:])
                left = covariance[first:, first:] - covariance[first:, :first] @ slopes
                root = np.linalg.cholesky((left + left.T) / 2 + 1e-12 * np.eye(len(left)))
                out[at] = mean[first:] + (known[at] - mean[:first]) @ slopes + normal[at] @ root.T
        return out

    def state(self) -> Learned:
        """Return the mixture as plain arrays."""
        arrays = {"weights": self.weights, "means": self.means, "covariances": self.covariances}
        return Learned({}, arrays)

    @classmethod
    def from_state(cls, state: Learned, columns: int) -> Self:
        """Restore the mixture from its `state`; ValueError where that is damaged."""
        named = {name: np.asarray(values, float) for name, values in state.arrays.items()}
        weights, means, covariances = (named[n] for n in ("weights", "means", "covariances"))
        count = len(weights)
        fits = means.shape == (count, columns) and covariances.shape == (count, columns, columns)
        if not fits or not count or (weights <= 0).any():
            raise ValueError("the shapes of a mixture are damaged")
        if not all(np.isfinite(values).all() for values in named.values()):
            raise ValueError("a mixture has numbers that are none")
        try:
            np.linalg.cholesky(covariances)
        except np.linalg.LinAlgError as error:
            raise ValueError("a covariance of a mixture is damaged") from error
        return cls(weights, means, covariances)


def _first_shares(
    points: np.ndarray, components: int, rng: np.random.Generator
) -> Float[np.ndarray, "n components"]:
    """Return the clusters of Lloyd's algorithm after some steps."""
    centres = points[rng.permutation(len(points))[:components]]
    nearest: Int[np.ndarray, " n"] = np.zeros(len(points), np.int64)
    for _ in range(_START if components > 1 else 0):
        apart = (centres**2).sum(axis=1) - 2 * points @ centres.T
        nearest = apart.argmin(axis=1)
        counts = np.bincount(nearest, minlength=len(centres))
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, points)
        centres = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)
    return np.asarray(np.eye(len(centres))[nearest])


def _chosen_columns(chances: np.ndarray, uniform: np.ndarray) -> Int[np.ndarray, " n"]:
    """Return a column for each row, by its chances."""
    totals = np.cumsum(chances, axis=1)
    passed = (uniform[:, None] * totals[:, -1:] >= totals).sum(axis=1)
    return np.asarray(np.minimum(passed, totals.shape[1] - 1))
