"""Mixtures with known modes: what is trained on them, and which modes are reached in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from lookalike.datasets import NormalMixture

#: Rows to learn from, and rows to judge by.
ROWS, JUDGED = 5_000, 10_000
#: A mode is held if it gets this share of what is due to it among the rows near any mode.
HELD = 0.1
#: The ring, and a mode of 1 % of the rows in its centre.
RARE, RARE_SHARE = "ring with a rare mode", 0.01
#: A small plain game, as in the literature on mode collapse: no penalty, no moving average. Numbers
#: keep their gaps: the quantile transform would close those between modes.
PLAIN: dict[str, Any] = {
    "generator": {"widths": [64, 64], "activation": "relu"},
    "discriminator": {"widths": [64, 64], "activation": "relu"},
    "latent_size": 8,
    "batch_size": 128,
    "penalty": None,
    "average": 0.0,
    "schedule": "constant",
    "betas": (0.5, 0.999),
    "encodings": {"continuous": "standard"},
    "held_out": 0.0,
    "calibrate": False,
    "correct": False,
    "conditions": False,
    "derive": False,
}


def drawn(shape: str, seed: int) -> pa.Table:
    """Return the rows that are to be learned."""
    from lookalike.datasets import make_mixture

    rows = make_mixture(ROWS, seed, shape="ring" if shape == RARE else shape)
    if shape != RARE:
        return rows
    rng = np.random.default_rng(seed)
    points = np.column_stack([rows["x"], rows["y"]])
    centre = rng.random(ROWS) < RARE_SHARE
    points[centre] = rng.normal(0, mixture(RARE).spread, (int(centre.sum()), 2))
    return pa.table({"x": points[:, 0].copy(), "y": points[:, 1].copy()})


def mixture(shape: str) -> NormalMixture:
    """Return what rows of a shape are drawn from."""
    from lookalike.datasets import MIXTURES, NormalMixture

    if shape != RARE:
        return MIXTURES[shape]
    ring = MIXTURES["ring"]
    centres = np.concatenate([ring.centres, np.zeros((1, 2))])
    weights = np.append((1 - RARE_SHARE) * ring.weights, RARE_SHARE)
    return NormalMixture(centres, weights, ring.spread)


def judged(shape: str, rows: pa.Table) -> dict[str, float | int]:
    """Count the modes that rows reach.

    Returns
    -------
    dict
        ``near``: the share of rows within four spreads of a centre; ``modes``: how many get a tenth
        of their due among those rows; ``of``: how many there are; ``uneven``: the total variation
        between the modes' shares among those rows and what they should be.
    """
    known = mixture(shape)
    shares = known.shares(rows)
    near = float(shares.sum())
    among = shares / max(near, 1e-12)
    return {
        "modes": int((among >= HELD * known.weights).sum()),
        "of": len(known.weights),
        "near": round(near, 4),
        "least": round(float((among / known.weights).min()), 4),
        "uneven": round(float(np.abs(among - known.weights).sum() / 2), 4),
    }
