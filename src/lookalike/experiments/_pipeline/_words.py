"""The result of a pipeline in words, which claim no more than its intervals do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lookalike._core.differences import plain, signed
from lookalike.experiments._pipeline._cycle import PipelineCycle, PipelineRival
from lookalike.experiments._verdict_words import metric_name

__all__ = ["answer"]


def answer(
    cycles: Sequence[PipelineCycle], rivals: Sequence[PipelineRival], facts: dict[str, Any]
) -> str:
    """Return the result in a few sentences.

    Parameters
    ----------
    cycles : sequence of PipelineCycle
        From cycle 0.
    rivals : sequence of PipelineRival
        Other training rows.
    facts : dict
        Those of the report.
    """
    tried, kept = cycles[1:], [one for one in cycles[1:] if one.kept]
    metric, last = metric_name(facts["metric"]), cycles[-1]
    level = "" if last.report is None else f" ({metric} {plain(last.report)} on the report rows)"
    if not tried:
        return f"Nothing was refined: {facts['ended']}. {_capital(cycles[0].made)} stay{level}."
    if not kept:
        return (
            f"Refinement gained nothing: {_of(len(tried))} better on the validation rows beyond "
            f"chance. {_capital(cycles[0].made)} stay{level}."
        )
    return " ".join([_gained(cycles, kept, metric), *(_beside(one, metric) for one in rivals)])


def _gained(cycles: Sequence[PipelineCycle], kept: Sequence[PipelineCycle], metric: str) -> str:
    first, last = cycles[0], cycles[-1]
    count = f"{len(kept)} of {len(cycles) - 1} changes {'was' if len(kept) == 1 else 'were'} kept"
    if last.report_gain is None:
        return f"{count}; the {metric} cannot be computed on the report rows."
    if last.report_low is None or last.report_high is None:
        return f"{count}; on the report rows the {metric} changed by {signed(last.report_gain)}."
    interval = (
        f"{signed(last.report_gain)} ({signed(last.report_low)} to {signed(last.report_high)})"
    )
    gain = f"on the report rows the gain over {first.made} is {interval} {metric}"
    if last.report_low > 0:
        return f"Refinement helped: {count}, and {gain}."
    word = "Refinement harmed" if last.report_high < 0 else "No evidence that refinement helped"
    return f"{word}: {count}, but {gain}."


def _beside(rival: PipelineRival, metric: str) -> str:
    if rival.gain is None or rival.low is None or rival.high is None:
        return ""
    interval = f"{signed(rival.gain)} ({signed(rival.low)} to {signed(rival.high)}) {metric}"
    if rival.low > 0:
        return f"The rows are better than {rival.name}: {interval}."
    if rival.high < 0:
        return f"But {rival.name} are better: {interval}."
    return f"They are no better than {rival.name}, beyond chance: {interval}."


def _of(count: int) -> str:
    return "the one change was not" if count == 1 else f"none of {count} changes was"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
