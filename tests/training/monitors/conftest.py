"""Real rows with known modes, and generators that reach all of them or do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from lookalike.training.monitors import IntervalSnapshot, Monitor, MonitorData, MonitoredRows

#: Rows of every sample and columns of every matrix, so that all tests share compiled programs.
ROWS, WIDTH = 512, 24


class Scenes:
    """Makes what monitors see from plain arrays."""

    @staticmethod
    def rows(numbers: np.ndarray, levels: np.ndarray | None = None, widths: Sequence[int] = ()):
        """Return rows of numbers and codes of levels, filled up with columns of zeros."""
        levels = np.zeros((len(numbers), 0), int) if levels is None else levels
        hot = [np.eye(width)[levels[:, k]] * 0.5**0.5 for k, width in enumerate(widths)]
        matrix = np.concatenate([numbers, *hot], axis=1)
        filled = np.pad(matrix, [(0, 0), (0, max(WIDTH - matrix.shape[1], 0))])
        return MonitoredRows(filled.astype(np.float32), levels.astype(np.int32))

    @staticmethod
    def watch(
        monitor: Monitor,
        real: MonitoredRows,
        fakes: Sequence[MonitoredRows],
        *,
        held_out: MonitoredRows | None = None,
        widths: Sequence[int] = (),
        step: int = 100,
        total: int = 100,
        logits: tuple[np.ndarray, np.ndarray] | None = None,
        measures: dict[str, float] | None = None,
        crowd: np.ndarray | None = None,
    ) -> list[dict[str, float]]:
        """Return what a monitor finds in looks at some samples of generated rows, one by one."""
        monitor.begin(MonitorData(real, held_out, tuple(widths), crowd))
        zeros = np.zeros(len(real.matrix), np.float32), np.zeros(len(fakes[0].matrix), np.float32)
        of_real, of_fake = zeros if logits is None else logits
        return [
            monitor.measure(
                IntervalSnapshot(
                    step=step,
                    total=total,
                    real=real,
                    held_out=held_out,
                    fake=fake,
                    logits_real=of_real,
                    logits_fake=of_fake,
                    measures={} if measures is None else measures,
                    widths=tuple(widths),
                )
            )
            for fake in fakes
        ]


class Mixture:
    """Gaussians around centres, of which a generator may have lost some.

    Parameters
    ----------
    centres : ndarray, shape (modes, columns)
    spread : float
        The standard deviation of each mode.
    shares : ndarray, shape (modes,), optional
        How much of the data each mode holds; the same for all by default.
    """

    def __init__(self, centres: np.ndarray, spread: float, shares: np.ndarray | None = None):
        self.centres, self.spread = centres, spread
        self.shares = np.full(len(centres), 1 / len(centres)) if shares is None else shares

    def draw(
        self,
        rng: np.random.Generator,
        rows: int = ROWS,
        *,
        kept: np.ndarray | None = None,
        wider: float = 1.0,
        strays: float = 0.0,
    ) -> np.ndarray:
        """Return rows of the modes that are kept, wider, and some of them anywhere."""
        shares = self.shares if kept is None else self.shares * kept
        mode = rng.choice(len(shares), rows, p=shares / shares.sum())
        noise = rng.normal(0, wider * self.spread, (rows, self.centres.shape[1]))
        low, high = self.centres.min() - 1, self.centres.max() + 1
        stray = rng.random((rows, 1)) < strays
        anywhere = rng.uniform(low, high, noise.shape)
        return np.where(stray, anywhere, self.centres[mode] + noise)


def ring(modes: int = 8, spread: float = 0.05) -> Mixture:
    """Return Gaussians on a ring of radius 2."""
    angle = 2 * np.pi * np.arange(modes) / modes
    return Mixture(2 * np.stack([np.cos(angle), np.sin(angle)], axis=1), spread)


def grid(side: int = 5, spread: float = 0.05) -> Mixture:
    """Return Gaussians on a square grid, 2 apart."""
    line = 2.0 * np.arange(side) - side + 1
    return Mixture(np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2), spread)


def with_rare_mode() -> Mixture:
    """Return the ring, and a mode of 1 % of the rows in its centre."""
    around = ring()
    centres = np.concatenate([around.centres, np.zeros((1, 2))])
    return Mixture(centres, 0.05, np.append(np.full(8, 0.99 / 8), 0.01))


def normalised(reference: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return the map that makes each column of a reference standard normal, as encodings do."""
    columns = [np.sort(column) for column in reference.T]
    scores = norm.ppf((rankdata(np.arange(len(reference))) - 0.5) / len(reference))

    def apply(numbers: np.ndarray) -> np.ndarray:
        mapped = [np.interp(x, c, scores) for x, c in zip(numbers.T, columns, strict=True)]
        return np.stack(mapped, axis=1)

    return apply


@pytest.fixture(scope="session")
def scenes() -> type[Scenes]:
    return Scenes


@pytest.fixture(scope="session")
def mixtures() -> dict[str, Mixture]:
    return {"ring": ring(), "grid": grid(), "rare": with_rare_mode()}


@pytest.fixture(scope="session")
def normalise() -> Callable[[np.ndarray], Callable[[np.ndarray], np.ndarray]]:
    return normalised
