"""Numbers made more normal by a power (Yeo and Johnson 2000)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy.special import boxcox1p, inv_boxcox1p
from sklearn.preprocessing import PowerTransformer

from lookalike.encoding._scaled import Scaled

__all__ = ["Power"]

#: The greatest number of values, evenly spaced in order, for estimating the exponent.
_ENOUGH = 100_000
#: The bounds of the exponent.
_EXPONENTS = (-2.0, 4.0)
#: The relative resolution of float32, with a margin …
_RESOLUTION = 2.0**-20
#: … and the greatest number of steps of a range of full floats to keep distinct.
_PARTS = 2**14


class Power(Scaled):
    """The Yeo-Johnson transform with its most likely exponent, then mean 0 and deviation 1.

    The exponent is bounded by [-2, 4] and such that neighbouring values stay distinct in float32
    (NOTE: differs from the source, which has no such bounds). Generated values beyond the observed
    range are clipped before decoding, so that no power is undefined.

    Parameters
    ----------
    min_count : int, default 2
        The least number of rows that share a stored value.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.encoding import SampledRows
    >>> from lookalike.tables import Column, Kind
    >>> column = Column("n", Kind.INTEGER, "int64")
    >>> encoding = Power(min_count=1).fit(pa.array([1, 2, 4, 8, 16, 32]), column)
    >>> encoding.decode(SampledRows(np.array([[-99.0], [99.0]]), np.zeros((2, 0)))).to_pylist()
    [1, 32]
    """

    name: ClassVar[str] = "power"

    def _learn(self, positions: np.ndarray) -> None:
        ends = self._measure(np.array([positions.min(), positions.max()]))
        values = self._measure(positions)
        stride = -(-len(values) // _ENOUGH)
        fitted = PowerTransformer(standardize=False).fit(np.sort(values)[::stride, None])
        self._exponent = float(np.clip(fitted.lambdas_[0], *self._bounds(*ends)))
        powered = self._power(values)
        self._mean, self._deviation = self._mean_of(powered), float(powered.std()) or 1.0

    def _bounds(self, low: float, high: float) -> tuple[float, float]:
        """Return the bounds of the exponent within which neighbours stay distinct in float32."""
        zero, one = self._measure(np.array([0.0, 1.0]))
        step = (one - zero) if self._grid.is_even else 0.0
        if step < (high - low) * _RESOLUTION:
            step = (high - low) / _PARTS
        if step == 0:
            return (1.0, 1.0)

        def room(end: float) -> float:
            # The slope at x is (x + 1)^(λ - 1); times a step, it must exceed the resolution.
            return float(np.log(step / _RESOLUTION) / np.log1p(end)) if end > 1 else np.inf

        least = max(1 - room(high), 2 - room(-low), _EXPONENTS[0])
        most = min(room(high), 1 + room(-low), _EXPONENTS[1])
        return (least, most) if least < most else (1.0, 1.0)

    def _measure(self, positions: np.ndarray) -> np.ndarray:
        """Return values of numbers, since a power depends on the zero; otherwise positions."""
        if not self._grid.is_number:
            return positions
        return (self._grid.low + positions * self._grid.step) / 10.0**self._grid.decimals

    def _unmeasure(self, values: np.ndarray) -> np.ndarray:
        if not self._grid.is_number:
            return values
        return (values * 10.0**self._grid.decimals - self._grid.low) / self._grid.step

    def _power(self, values: np.ndarray) -> np.ndarray:
        # ((x + 1)^λ - 1) / λ for x >= 0; -((1 - x)^(2 - λ) - 1) / (2 - λ) else
        exponent = np.where(values >= 0, self._exponent, 2 - self._exponent)
        powered: np.ndarray = np.copysign(boxcox1p(np.abs(values), exponent), values)
        return powered

    def _scale(self, positions: np.ndarray) -> np.ndarray:
        return (self._power(self._measure(positions)) - self._mean) / self._deviation

    def _unscale(self, numbers: np.ndarray) -> np.ndarray:
        ends = self._measure(np.array([self._grid.first, self._grid.last]))
        powered = np.clip(numbers * self._deviation + self._mean, *self._power(ends))
        exponent = np.where(powered >= 0, self._exponent, 2 - self._exponent)
        values = np.copysign(inv_boxcox1p(np.abs(powered), exponent), powered)
        return self._unmeasure(values)

    def _values(self) -> dict[str, Any]:
        names = ("exponent", "mean", "deviation")
        return {name: getattr(self, f"_{name}") for name in names}

    def _take(self, values: dict[str, Any]) -> None:
        self._exponent = float(values["exponent"])
        self._mean, self._deviation = float(values["mean"]), float(values["deviation"])
