"""Mixtures with known modes: what is trained on them, and which modes are reached in the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

#: Rows to learn from, and rows to judge by.
ROWS, JUDGED = 5_000, 10_000
#: A mode is held if it gets this share of what is due to it among the rows near any mode.
HELD = 0.1
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

    return make_mixture(ROWS, seed, shape=shape)


def judged(shape: str, rows: pa.Table) -> dict[str, float | int]:
    """Count the modes that rows reach.

    Returns
    -------
    dict
        ``near``: the share of rows within four spreads of a centre; ``modes``: how many get a tenth
        of their due among those rows; ``of``: how many there are; ``uneven``: the total variation
        between the modes' shares among those rows and what they should be.
    """
    from lookalike.datasets import MIXTURES

    mixture = MIXTURES[shape]
    shares = mixture.shares(rows)
    near = float(shares.sum())
    among = shares / max(near, 1e-12)
    return {
        "modes": int((among >= HELD * mixture.weights).sum()),
        "of": len(mixture.weights),
        "near": round(near, 4),
        "least": round(float((among / mixture.weights).min()), 4),
        "uneven": round(float(np.abs(among - mixture.weights).sum() / 2), 4),
    }
