"""Small images that the tests of the room share."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def shapes() -> tuple[np.ndarray, np.ndarray]:
    """Return 90 noisy images of 8 × 8 pixels: a row, a column or a square that is bright."""
    rng = np.random.default_rng(0)
    labels = np.repeat(["row", "column", "square"], 30)
    images = rng.integers(0, 40, (90, 8, 8), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        at = rng.integers(2, 5)
        where = {
            "row": np.s_[at],
            "column": np.s_[:, at],
            "square": np.s_[at : at + 3, at : at + 3],
        }
        image[where[str(label)]] += 200
    order = rng.permutation(90)
    return images[order], labels[order]
