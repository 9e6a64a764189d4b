"""The lines of a pipeline's report: its cycles, and other training rows beside its own."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PipelineCycle", "PipelineRival"]


@dataclass(frozen=True)
class PipelineCycle:
    """One cycle: what was weak, what was made, and what it gained.

    Parameters
    ----------
    number : int
        From 0, the state before the first change.
    weak : str or None
        What the evaluation had found weak; None at 0, and for rows as they come.
    made : str
        The change that was tried.
    rows : int
        The synthetic rows of the change, in the mean of the splits.
    validation : float or None
        The metric of the change on the validation rows, in the mean of the splits.
    gain, gain_low, gain_high : float or None
        What the change gained on the validation rows over the state before, and its 95 % interval;
        positive is better.
    p : float or None
        The one-sided p-value of "it is not better".
    kept : bool
        Whether it was kept.
    reason : str or None
        Why there is no score.
    report : float or None
        The metric on the report rows in the state after the cycle.
    report_gain, report_low, report_high : float or None
        Its difference from cycle 0, and the 95 % interval.
    """

    number: int
    weak: str | None
    made: str
    rows: int
    validation: float | None
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    p: float | None = None
    kept: bool = False
    reason: str | None = None
    report: float | None = None
    report_gain: float | None = None
    report_low: float | None = None
    report_high: float | None = None


@dataclass(frozen=True)
class PipelineRival:
    """Other training rows, beside those that the pipeline ended with.

    Parameters
    ----------
    name : str
        What they are.
    validation, report : float or None
        The metric of their models.
    gain, low, high : float or None
        What the final rows gain over them on the report rows, and the 95 % interval.
    """

    name: str
    validation: float | None
    report: float | None
    gain: float | None
    low: float | None
    high: float | None
