"""A film of training: images that a generator drew of the same noise at several steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from lookalike._core.numerics import Floats32

__all__ = ["Film", "FilmCamera"]

#: The most frames of a film, and the images of each.
_FRAMES, _SHOWN = 10, 20
_BYTE = 255


@dataclass(frozen=True)
class Film:
    """Images from the same noise at several steps of training.

    Parameters
    ----------
    steps : ndarray of int, shape (frames,)
    frames : ndarray of uint8, shape (frames, images, pixels)
        0 and 255 are the ends of the range of pixels.
    """

    steps: np.ndarray
    frames: np.ndarray

    def rows(self) -> Floats32:
        """Return the images as rows in [-1, 1], shape (frames × images, pixels)."""
        flat = self.frames.reshape(-1, self.frames.shape[2])
        rows: Floats32 = flat.astype(np.float32) * np.float32(2 / _BYTE) - 1
        return rows

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], pixels: int) -> Self:
        """Restore a film, which may be damaged; one without frames from a file that has none."""
        steps = np.asarray(arrays.get("film_steps", np.zeros(0, np.int64)))
        frames = np.asarray(arrays.get("film", np.zeros((0, _SHOWN, pixels), np.uint8)))
        fits = (
            steps.ndim == 1
            and steps.dtype == np.int64
            and len(steps) <= _FRAMES
            and (np.diff(steps, prepend=0) > 0).all()
            and frames.shape == (len(steps), _SHOWN, pixels)
            and frames.dtype == np.uint8
        )
        if not fits:
            raise ValueError("the film of its training is damaged")
        return cls(steps, frames)


@dataclass
class FilmCamera:
    """Takes a frame after some intervals of training, soon after one another at first.

    Parameters
    ----------
    draw : callable
        Returns images as rows in [-1, 1], at least as many as are shown, from a model.
    intervals : int
        The number of intervals of the training.
    """

    draw: Callable[[Any], Floats32]
    intervals: int
    taken: dict[int, np.ndarray] = field(default_factory=dict)
    seen: int = 0

    def __call__(self, step: int, model: Any) -> None:
        """Take a frame, if it is time."""
        self._forget(step)
        self.seen += 1
        wanted = np.geomspace(1, max(self.intervals, 1), _FRAMES - 1).round()
        if self.seen in wanted and len(self.taken) < _FRAMES - 1:
            self.take(step, model)

    def take(self, step: int, model: Any) -> None:
        """Take a frame."""
        self._forget(step)
        shares = (np.clip(self.draw(model)[:_SHOWN], -1, 1) + 1) / 2
        self.taken[step] = np.rint(_BYTE * shares).astype(np.uint8)

    def _forget(self, step: int) -> None:
        """Forget frames that were taken before training went back to an earlier step."""
        self.taken = {at: frame for at, frame in self.taken.items() if at < step}

    def film(self) -> Film:
        """Return all frames."""
        steps = np.array(sorted(self.taken), np.int64)
        return Film(steps, np.stack([self.taken[step] for step in steps.tolist()]))
