"""The distance of points from a curve or a surface, and the part of it that they reach."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from lookalike.datasets.functions import Function

__all__ = ["FunctionAccuracy", "FunctionMetric"]

#: Cells of equal mass along a curve, and in each direction of a surface.
_ALONG = 100
_ACROSS = 10
#: A point farther away than this share of the range reaches no cell.
_REACH = 0.05


@dataclass(frozen=True)
class FunctionAccuracy:
    """The accuracy of points on a function, and their coverage; distances as shares of the range.

    Parameters
    ----------
    error : float
        The headline: ``vertical`` where a function has one value and no jumps, since the value is
        what a function is used for, and its error is never smaller than the distance; else
        ``nearest``. Beside a jump, a tiny error sideways is an error of the whole jump in the
        value.
    nearest, nearest_95 : float
        Root mean square and 95th percentile of the distance to the nearest point of the function,
        each coordinate divided by its range.
    vertical, vertical_95 : float or None
        The same of the value alone: that of the function against that of the point. None for a
        parametric function, which has no single value there.
    coverage : float
        The share of the cells which held-out points occupy that the points reach as well.
    """

    error: float
    nearest: float
    nearest_95: float
    vertical: float | None
    vertical_95: float | None
    coverage: float


@dataclass(frozen=True)
class FunctionMetric:
    """Measures points against a function.

    The domain is cut into cells of equal mass, 100 along a curve and 10 × 10 on a surface. A point
    is in the cell of the nearest point of the function, if that is at most 5 % of the range away.

    Parameters
    ----------
    function : Function
    """

    function: Function

    @cached_property
    def _scale(self) -> np.ndarray:
        low, high = self.function.limits
        return np.where(high > low, high - low, 1.0)

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.function.grid[1] / self._scale)

    def measure(self, points: np.ndarray, held_out: np.ndarray) -> FunctionAccuracy:
        """Return the accuracy of points, and their coverage of the held-out points' cells.

        Parameters
        ----------
        points, held_out : ndarray, shape (n, columns)
            The points, in the columns of the function.

        Returns
        -------
        FunctionAccuracy
        """
        distances, cells = self._nearest(points)
        vertical = self._vertical_distance(points)
        if vertical is not None:  # the grid is fine, but the value right above is never farther
            distances = np.minimum(distances, vertical)
        reached = np.unique(cells[distances <= _REACH])
        expected = np.unique(self._nearest(held_out)[1])
        return FunctionAccuracy(
            _rms(distances if vertical is None or self.function.jumps else vertical),
            _rms(distances),
            float(np.quantile(distances, 0.95)),
            None if vertical is None else _rms(vertical),
            None if vertical is None else float(np.quantile(vertical, 0.95)),
            len(np.intersect1d(expected, reached)) / len(expected),
        )

    def _nearest(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the distance to the function and the cell of each point, shapes (n,)."""
        distances, at = self._tree.query(points / self._scale)
        inputs = self.function.grid[0][at]
        low, high = self.function.bounds
        count = _ALONG if inputs.shape[1] == 1 else _ACROSS
        place = np.floor((inputs - low) / (high - low) * count).astype(int).clip(0, count - 1)
        return distances, place @ count ** np.arange(inputs.shape[1])

    def _vertical_distance(self, points: np.ndarray) -> np.ndarray | None:
        """Return the distance along the value's axis, shape (n,)."""
        if not self.function.explicit:
            return None
        low, high = self.function.bounds
        expected = self.function.at(np.clip(points[:, :-1], low, high))[:, -1]
        # Beyond the domain there is no value: what is missing counts as if it were vertical.
        beyond = np.abs(points[:, :-1] - np.clip(points[:, :-1], low, high)) / self._scale[:-1]
        vertical = np.abs(points[:, -1] - expected) / self._scale[-1]
        return np.asarray(np.hypot(vertical, np.linalg.norm(beyond, axis=1)))


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))
