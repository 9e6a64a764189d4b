"""The points of a response curve, and where it breaks."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StressCurve", "StressPoint", "has_failed"]


def has_failed(reason: object) -> bool:
    """Return whether the reason for a missing score is that the model failed."""
    return isinstance(reason, str) and reason.startswith("The model failed")


@dataclass(frozen=True)
class StressPoint:
    """The score of a model at one position of the dial.

    Parameters
    ----------
    dial : float
        The position, from 0 to 1.
    value, low, high : float or None
        The mean score over all repeats and its 95 % interval; None where there is none.
    reference : float or None
        The mean score of models that learned other rows of the same stressed table.
    floor : float or None
        The score of predictions that ignore the inputs.
    loss : float or None
        What the model lost since the dial was at 0; positive is worse.
    excess, excess_low, excess_high : float or None
        What it lost beyond the reference, and the 95 % interval; without a reference, the loss.
    significant : bool
        Whether the excess is above 0 beyond chance, of all positions and metrics together.
    behind, behind_low, behind_high : float or None
        How much better the reference is than the model, and the 95 % interval; None without one.
    lagging : bool
        Whether the reference is better beyond chance, of all positions and metrics together.
    reason : str or None
        Why there is no value.
    """

    dial: float
    value: float | None = None
    low: float | None = None
    high: float | None = None
    reference: float | None = None
    floor: float | None = None
    loss: float | None = None
    excess: float | None = None
    excess_low: float | None = None
    excess_high: float | None = None
    significant: bool = False
    behind: float | None = None
    behind_low: float | None = None
    behind_high: float | None = None
    lagging: bool = False
    reason: str | None = None


@dataclass(frozen=True)
class StressCurve:
    """The response of a model to a scenario in one metric.

    Parameters
    ----------
    metric : str
        Its name.
    higher : bool
        Whether higher is better.
    bounded : bool
        Whether the metric has bounds; of others, losses are shares of the value at 0.
    points : tuple of StressPoint
        In the order of the dial.
    """

    metric: str
    higher: bool
    bounded: bool
    points: tuple[StressPoint, ...]

    def breaks(self, tolerance: float) -> float | None:
        """Return the first position where the model gives nothing, or loses too much.

        Parameters
        ----------
        tolerance : float
            The excess that does not matter.

        Returns
        -------
        float or None
            None where it holds.
        """
        for point in self.points:
            excess = point.excess
            if has_failed(point.reason) or (
                excess is not None and point.significant and excess > tolerance
            ):
                return point.dial
        return None

    def lags(self, tolerance: float) -> float | None:
        """Return the first position where models that were trained on the rows are better.

        Such a gap may be there from the start: a model that has never seen a level is weak on its
        rows, however few they are. No loss since dial 0 would show it.

        Parameters
        ----------
        tolerance : float
            The gap that does not matter.

        Returns
        -------
        float or None
            None where there is none beyond chance.
        """
        for point in self.points:
            if point.lagging and point.behind is not None and point.behind > tolerance:
                return point.dial
        return None
