"""Successive halving: many candidates on few rows, and the best of them on more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.jobs import in_jobs
from lookalike._core.seeds import generator
from lookalike.experiments._candidates import Candidate
from lookalike.experiments._clock import Clock
from lookalike.experiments._trial import Scored, TableParts, Trial, run_trial, score_of
from lookalike.models import Synthesizer

__all__ = ["Raced", "Rung", "race"]


@dataclass(frozen=True)
class Rung:
    """A round of trials on a part of the rows, from which the best go on.

    Parameters
    ----------
    rows : int
        The number of rows that are learned.
    kept : int
        The number of candidates that go on.
    quick : bool
        Whether only quick candidates take part; the others go on untried.
    spared : int
        The number of trials on all rows for which time must be left.
    """

    rows: int
    kept: int
    quick: bool = False
    spared: int = 0


@dataclass(frozen=True)
class Raced:
    """The trials of a race, and the models that were fitted to all rows of its part, by label."""

    trials: list[Trial] = field(default_factory=list)
    fitted: dict[str, Synthesizer] = field(default_factory=dict)


def race(
    candidates: Sequence[Candidate],
    parts: TableParts,
    clock: Clock,
    rungs: Sequence[Rung],
    *,
    stays: Callable[[Candidate], bool],
    every_score: bool,
    known: Raced | None = None,
    n_jobs: int | None = None,
    report: Callable[[int, Mapping[str, Any]], None],
) -> Raced:
    """Try candidates on a few rows, then the best ones on more, and at last on all.

    Parameters
    ----------
    candidates : sequence of Candidate
        In the order in which they are tried.
    parts : TableParts
        The rows to learn and those to score by.
    clock : Clock
        Those for which no time is left have a trial without scores.
    rungs : sequence of Rung
        The rounds before the last one, on all rows, from which nobody goes on.
    stays : callable
        Whether a candidate takes part in all rounds, whatever its score and the time.
    every_score : bool
        Whether to compute all scores in the last round, or only those that choose and report.
    known : Raced, optional
        An earlier race on the same parts, whose trials are kept and whose fits are not repeated.
    n_jobs : int, optional
        The number of trials at a time, if the clock has no limit, in processes of their own; by
        default one after another in this one.
    report : callable
        Takes the number of candidates that are settled.

    Returns
    -------
    Raced
    """
    settled: list[Trial] = []
    racing = list(candidates)
    for rung in rungs:
        some = replace(parts, fit=_some(parts, rung.rows))
        takers = [one for one in racing if one.quick or not rung.quick]

        def needed(candidate: Candidate, some: TableParts = some, rung: Rung = rung) -> float:
            spared = rung.spared * clock.trial(candidate.model, parts.fit)
            return clock.expected(candidate.model, some.fit, parts.fit) + spared

        round_ = _RaceRound(some, clock, needed, "choose", stays)
        tried = {c.label: trial for c, trial, _ in round_.tried(takers, n_jobs)}
        racing, out = _promoted(racing, tried, rung, stays)
        settled += out
        report(len(settled), {})
    earlier = known or Raced()
    raced = Raced([*earlier.trials, *settled], dict(earlier.fitted))
    last = _RaceRound(
        parts,
        clock,
        lambda candidate: clock.expected(candidate.model, parts.fit),
        "all" if every_score else "report",
        stays,
    )
    fresh = [one for one in racing if one.label not in earlier.fitted]
    done = len(settled) + len(racing) - len(fresh)
    for _, trial, model in last.tried(fresh, n_jobs):
        raced.trials.append(trial)
        if model is not None:
            raced.fitted[trial.label] = model
        done += 1
        report(done, {})
    return raced


@dataclass(frozen=True)
class _RaceRound:
    """A round of trials on the same rows.

    Parameters
    ----------
    parts : TableParts
    clock : Clock
    needed : callable
        Takes a candidate, and returns the seconds that must be left for it.
    scored : {"choose", "report", "all"}
    stays : callable
        As for `race`.
    """

    parts: TableParts
    clock: Clock
    needed: Callable[[Candidate], float]
    scored: Scored
    stays: Callable[[Candidate], bool]

    def tried(
        self, candidates: Sequence[Candidate], n_jobs: int | None
    ) -> Iterator[tuple[Candidate, Trial, Synthesizer | None]]:
        """Try candidates, and yield the trial and the fitted model of each, in their order."""
        if n_jobs is None or self.clock.seconds is not None:
            for candidate in candidates:
                needed = self.needed(candidate)
                found = _try(candidate, self.parts, self.clock, needed, self.scored, self.stays)
                yield (candidate, *found)
            return
        compiled = any(candidate.model.COMPILED for candidate in candidates)
        work = partial(_run_one, candidates, self.parts, self.scored)
        came = in_jobs(work, range(len(candidates)), n_jobs, compiled=compiled)
        waiting: dict[int, tuple[Trial, Synthesizer | None]] = {}
        due = 0
        for number, trial, model in came:
            waiting[number] = (trial, model)
            while due in waiting:
                yield (candidates[due], *waiting.pop(due))
                due += 1


def _run_one(
    candidates: Sequence[Candidate], parts: TableParts, scored: Scored, number: int
) -> Iterator[tuple[int, Trial, Synthesizer | None]]:
    """Run the trial of one candidate, in any process."""
    candidate = candidates[number]
    trial = candidate.trial(len(parts.fit))
    yield (number, *run_trial(candidate.fresh(), trial, parts, scored))


def _some(parts: TableParts, rows: int) -> pa.Table:
    chosen = generator(parts.seed, "first rung").permutation(len(parts.fit))[:rows]
    return parts.fit.take(pa.array(np.sort(chosen)))


def _promoted(
    racing: Sequence[Candidate],
    tried: Mapping[str, Trial],
    rung: Rung,
    stays: Callable[[Candidate], bool],
) -> tuple[list[Candidate], list[Trial]]:
    """Return the candidates that go on, the best ones first, and the trials of the others."""
    scored = [c for c in racing if c.label in tried and tried[c.label].choose is not None]
    ranked = sorted(
        (c for c in scored if not tried[c.label].holds_rows),
        key=lambda c: -score_of(tried[c.label]),
    )
    kept = {c.label for c in ranked[: rung.kept]}
    kept |= {c.label for c in racing if stays(c) or c.label not in tried}
    best_first = [*(c for c in racing if stays(c)), *ranked, *racing]
    going = list({c.label: c for c in best_first if c.label in kept}.values())
    out = [tried[c.label] for c in racing if c.label not in kept]
    return going, [replace(one, reason=one.reason or _left_behind(one, rung)) for one in out]


def _left_behind(trial: Trial, rung: Rung) -> str:
    if trial.holds_rows:
        return "holds training rows: it is never chosen"
    return f"not among the best on {rung.rows:,} rows"


def _try(
    candidate: Candidate,
    parts: TableParts,
    clock: Clock,
    needed: float,
    scored: Scored,
    stays: Callable[[Candidate], bool],
) -> tuple[Trial, Synthesizer | None]:
    """Run a trial if there is time for it."""
    if not clock.has(needed) and not stays(candidate):
        reason = (
            f"it would take about {needed:,.0f} s with the fits that must follow, and "
            f"{clock.left:,.0f} s are left"
        )
        return candidate.trial(len(parts.fit), reason), None
    begin = time.perf_counter()
    trial, fitted = run_trial(candidate.fresh(), candidate.trial(len(parts.fit)), parts, scored)
    if fitted is not None:
        fit = trial.seconds or 0.0
        clock.measured(candidate.model, parts.fit, fit, time.perf_counter() - begin - fit)
    return trial, fitted
