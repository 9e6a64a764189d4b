"""Membership attacks with one contract: an attack gives each target a suspicion.

An attack is a function of the synthetic rows, the targets, the real rows that the attacker knows,
and a seed. A high suspicion says that the target was learned.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from lookalike._core.numerics import Floats, Floats32, distances
from lookalike._core.seeds import generator
from lookalike._core.trees import log_odds
from lookalike._core.workers import in_parallel
from lookalike.metrics._detector import TreeInputs, trees
from lookalike.metrics._neighbours import NEIGHBOURS, nearest
from lookalike.metrics._view import View

__all__ = [
    "DENSITY_ATTACKS",
    "DISTANCE_ATTACKS",
    "MembershipAttack",
    "attack_by_classifier",
    "auc_error",
]

#: Synthetic rows, targets, known real rows, seed → a suspicion for each target.
MembershipAttack = Callable[[View, View, View, int], Floats]

#: The dimensions of densities by kernels, the most rows that they are made of, and targets at once.
_DIMENSIONS, _KERNELS, _AT_ONCE = 6, 4_000, 1_024
#: The nearest synthetic rows whose likelihood a target may explain.
_LOCAL = 20


def _near(view: View, targets: View) -> Floats:
    """Return the distances of targets to their nearest rows; shape (n, up to `NEIGHBOURS`)."""

    def find() -> Floats:
        count = min(NEIGHBOURS, len(view))
        return nearest(targets.embedding, view.embedding, count)[0].astype(np.float64)

    found: Floats = view.keep(("near", targets), find)
    return found


def _closest(synthetic: View, targets: View, known: View, seed: int) -> Floats:  # noqa: ARG001
    return -_near(synthetic, targets)[:, 0]


def _density(synthetic: View, targets: View, known: View, seed: int) -> Floats:  # noqa: ARG001
    return np.asarray(-_near(synthetic, targets).mean(axis=1))


def _difference(synthetic: View, targets: View, known: View, seed: int) -> Floats:  # noqa: ARG001
    return _near(known, targets)[:, 0] - _near(synthetic, targets)[:, 0]


def _calibrated(synthetic: View, targets: View, known: View, seed: int) -> Floats:  # noqa: ARG001
    near, usual = _near(synthetic, targets), _near(known, targets)
    # The ratio of two densities by neighbours is the ratio of two distances; the attacker's rows
    # are fewer, but by the same factor for every target. A grain keeps copies apart from 0 / 0.
    grain = np.mean(usual) * 1e-3 + 1e-12
    return np.asarray(-np.log(near[:, 0] + grain) + np.log(usual.mean(axis=1) + grain))


def attack_by_classifier(synthetic: View, targets: View, known: View, seed: int) -> Floats:
    """Return the log odds of boosted trees that a target is synthetic rather than known.

    Parameters
    ----------
    synthetic, targets, known : View
        The synthetic rows, the attacked rows, and real rows that the attacker has.
    seed : int
        The seed of the rows that are drawn and of the trees.

    Returns
    -------
    ndarray of float, shape (targets,)
    """
    fit = synthetic.sample(len(known))
    labels = np.repeat([1, 0], [len(fit), len(known)]).astype(np.int64)
    drawn = int(generator(seed, "metrics", "attack").integers(2**31))
    features = TreeInputs(fit, known)
    model = trees(features.of(fit, known), labels, features.numeric, drawn)
    return log_odds(model, features.of(targets))


def _domias(synthetic: View, targets: View, known: View, seed: int) -> Floats:  # noqa: ARG001
    fake, real, at = _projected(synthetic, targets, known)
    return _log_density(at, fake) - _log_density(at, real)


def _local_ratio(synthetic: View, targets: View, known: View, seed: int) -> Floats:  # noqa: ARG001
    fake, real, at = _projected(synthetic, targets, known)
    # log p(s | known rows) of each synthetic row s.
    before = _log_density(fake, real)
    width, size = _bandwidth(real), len(real)
    near = nearest(at, fake, min(_LOCAL, len(fake)))
    # log K(s - x) for the synthetic rows s nearest to each target x, in the same units.
    kernel = -0.5 * (near[0].astype(np.float64) / width) ** 2 - _log_volume(real.shape[1], width)
    # p(s | known and x) / p(s | known) = (n + K(s - x) / p(s | known)) / (n + 1).
    gain = np.logaddexp(np.log(size), kernel - before[near[1]]) - np.log(size + 1)
    return np.asarray(gain.sum(axis=1))


#: By distance alone: Chen et al. 2020 (arXiv 1909.03935) for the first two; the last with
#: neighbours for the densities of van Breugel et al. 2023 ("DOMIAS", arXiv 2302.12580).
DISTANCE_ATTACKS: dict[str, MembershipAttack] = {
    "closest": _closest,
    "density": _density,
    "calibrated": _calibrated,
}
#: The difference of two nearest distances; the ratio of two densities by kernels (DOMIAS); the
#: likelihood ratio of the synthetic rows around a target (Gen-LRA, Ward et al. 2025).
DENSITY_ATTACKS: dict[str, MembershipAttack] = {
    "difference": _difference,
    "density ratio": _domias,
    "local likelihood ratio": _local_ratio,
}


def _projected(synthetic: View, targets: View, known: View) -> tuple[Floats32, ...]:
    """Return synthetic, known and attacked rows in a few whitened principal components."""

    def project() -> tuple[Floats32, ...]:
        fake, real = synthetic.sample(_KERNELS).embedding, known.sample(_KERNELS).embedding
        # The axes of the known rows: those of synthetic rows could hide what they repeat.
        centre = real.mean(axis=0)
        _, sizes, axes = np.linalg.svd(real - centre, full_matrices=False)
        kept = min(_DIMENSIONS, int((sizes > 1e-6 * sizes[0]).sum())) if sizes[0] > 0 else 0
        if kept == 0:
            return tuple(np.zeros((len(x), 1), np.float32) for x in (fake, real, targets))
        turn = axes[:kept].T * (np.sqrt(len(real)) / sizes[:kept])
        parts = ((x - centre) @ turn for x in (fake, real, targets.embedding))
        return tuple(part.astype(np.float32) for part in parts)

    return synthetic.keep(("projected", targets, known), project)


def _bandwidth(points: Floats32) -> float:
    """Return the bandwidth for whitened points (Scott 1992)."""
    return float(len(points) ** (-1 / (points.shape[1] + 4)))


def _log_volume(dimensions: int, width: float) -> float:
    return float(dimensions * np.log(width * np.sqrt(2 * np.pi)))


def _log_density(queries: Floats32, points: Floats32) -> Floats:
    """Return the logarithm of a density of Gaussian kernels around points."""
    width = _bandwidth(points)

    def part(start: int) -> Floats:
        apart = distances(queries[start : start + _AT_ONCE], points) / np.float32(width)
        logs = -0.5 * apart * apart
        most = logs.max(axis=1, keepdims=True)
        total = np.exp(logs - most).sum(axis=1) / len(points)
        return np.asarray(most[:, 0] + np.log(total), np.float64)

    starts = range(0, len(queries), _AT_ONCE)
    found = in_parallel([partial(part, start) for start in starts])
    return np.concatenate(found) - _log_volume(points.shape[1], width)


def auc_error(area: float, members: int, others: int) -> float:
    """Return the standard error of an area under the ROC curve (Hanley and McNeil 1982).

    Parameters
    ----------
    area : float
        The area.
    members, others : int
        The sizes of both samples.

    Returns
    -------
    float
    """
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (members - 1) * (first - area**2)
    spread += (others - 1) * (second - area**2)
    return float(np.sqrt(max(spread, 0.0) / (members * others)))
