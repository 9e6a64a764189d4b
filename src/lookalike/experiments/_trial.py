"""One family of models on one table: fitted in measured time, and scored on rows of no fit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Event, Thread
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from lookalike._core.errors import LookalikeError
from lookalike._core.seeds import derive_seed
from lookalike.metrics import score_tables
from lookalike.models import Synthesizer
from lookalike.tables import Schema, conform

__all__ = ["Scored", "TableParts", "Trial", "run_trial", "score_of"]

#: The scores of a trial: among the choosing rows; also among the reporting rows, with the guards of
#: privacy; or also all scores of `evaluate`.
Scored = Literal["choose", "report", "all"]

#: Samples whose detectability is averaged.
_DRAWS = 4
#: The number of rows whose generation is timed.
_TIMED_ROWS = 10_000
#: Seconds between two looks at the memory of the process.
_LOOK = 0.05
_PRIVACY = ("membership", "copies")


@dataclass(frozen=True)
class TableParts:
    """The rows of a table in three parts, fixed before anything is fitted.

    Parameters
    ----------
    fit : pyarrow.Table
        Rows that models learn, as they came, or obeying the rules of `schema`.
    choose, report : pyarrow.Table
        Rows by which a model is chosen, and rows by which the chosen one is reported; canonical.
    schema : Schema
    target : str or None
    seed : int
    """

    fit: pa.Table
    choose: pa.Table
    report: pa.Table
    schema: Schema
    target: str | None
    seed: int


@dataclass(frozen=True)
class Trial:
    """One model of a comparison: its scores on rows that no model has learned, and its cost.

    Parameters
    ----------
    model : str
        The name of the class.
    settings : dict
        Parameters that are not the defaults.
    rows : int
        The number of rows that were learned.
    choose, report : float or None
        The detectability (c2st: 1 is indistinguishable) among the rows that choose, and among those
        that report; None where there is none.
    privacy : str
        The warning of the scores for membership and copies; empty if there is none.
    seconds : float or None
        The time of the fit.
    rows_per_second : float or None
        The speed of sampling.
    memory : float or None
        The peak of the memory that the fit took, in MiB; None where the system does not tell.
    scores : dict of str to float or None
        All scores against the rows that were learned, by name.
    holds_rows : bool
        Whether the model holds training rows, so that it is never chosen.
    proposed : bool
        Whether a search has proposed the settings; otherwise the caller has given them.
    reason : str
        The reason why the model has no scores, or why it cannot be chosen; empty if there is none.
    """

    model: str
    settings: dict[str, Any]
    rows: int
    choose: float | None = None
    report: float | None = None
    privacy: str = ""
    seconds: float | None = None
    rows_per_second: float | None = None
    memory: float | None = None
    scores: dict[str, float | None] = field(default_factory=dict)
    holds_rows: bool = False
    proposed: bool = False
    reason: str = ""

    @property
    def eligible(self) -> bool:
        """Return whether the model may be chosen."""
        return (
            self.choose is not None and not self.reason and not self.privacy and not self.holds_rows
        )

    @property
    def label(self) -> str:
        """The name and the settings that are not the defaults."""
        settings = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"{self.model}({settings})" if settings else self.model


def score_of(trial: Trial) -> float:
    """Return the score of a trial on the choosing rows, below all others if there is none.

    Parameters
    ----------
    trial : Trial
    """
    return -np.inf if trial.choose is None else trial.choose


def run_trial(
    model: Synthesizer, trial: Trial, parts: TableParts, scored: Scored
) -> tuple[Trial, Synthesizer | None]:
    """Fit a model to the rows of a part and score it on the others.

    Parameters
    ----------
    model : Synthesizer
        Unfitted; it is fitted in place.
    trial : Trial
        Its trial so far, without scores.
    parts : TableParts
    scored : {"choose", "report", "all"}
        The scores to compute.

    Returns
    -------
    Trial
    Synthesizer or None
        The fitted model; None if the fit failed, for a reason that the trial states.

    Raises
    ------
    KeyboardInterrupt
        If the fit was interrupted.
    """
    trial = replace(trial, holds_rows=model.HOLDS_ROWS)
    begin = time.perf_counter()
    try:
        with _peak() as peak:
            # Rows that broke a declared rule are dealt with already.
            model.fit(parts.fit, schema=parts.schema, target=parts.target, broken="keep")
            if model.history_.interrupted:
                raise KeyboardInterrupt
        trial = replace(trial, seconds=time.perf_counter() - begin, memory=peak())
        trial = replace(trial, choose=_detectability(model, parts, parts.choose, 1))
        return trial if scored == "choose" else _reported(trial, model, parts, scored), model
    except (LookalikeError, ArithmeticError, ValueError, MemoryError) as error:
        return replace(trial, reason=f"{type(error).__name__}: {error}"), None


def _reported(trial: Trial, model: Synthesizer, parts: TableParts, scored: Scored) -> Trial:
    """Return the trial with the scores beside that of the choice."""
    begin = time.perf_counter()
    sampled = _sampled(model, parts, max(_TIMED_ROWS, len(parts.fit)), 0)
    speed = len(sampled) / (time.perf_counter() - begin)
    scores = score_tables(
        conform(parts.fit, parts.schema),
        sampled.slice(0, len(parts.fit)),
        schema=parts.schema,
        holdout=parts.choose,
        target=parts.target,
        metrics=None if scored == "all" else _PRIVACY,
        random_state=parts.seed,
    )
    return replace(
        trial,
        report=_detectability(model, parts, parts.report, 2),
        privacy=" ".join(scores[name].warning for name in _PRIVACY if scores[name].warning),
        rows_per_second=speed,
        scores={n: score.value for n, score in scores.items()} if scored == "all" else {},
    )


def _detectability(
    model: Synthesizer, parts: TableParts, real: pa.Table, stream: int
) -> float | None:
    """Return the mean detectability of samples among rows that the model has not learned."""
    found = []
    for number in range(_DRAWS):
        seed = 1 + 1_000 * stream + number
        score = score_tables(
            real,
            _sampled(model, parts, len(real), seed),
            schema=parts.schema,
            target=parts.target,
            metrics=["c2st"],
            random_state=derive_seed(parts.seed, "trial", seed),
            references=False,
        )["c2st"]
        if score.value is None:
            return None
        found.append(score.value)
    return sum(found) / len(found)


def _sampled(model: Synthesizer, parts: TableParts, rows: int, number: int) -> pa.Table:
    seed = derive_seed(parts.seed, "trial sample", number)
    sampled = model.sample(rows, random_state=seed, as_="arrow")
    return conform(sampled, parts.schema)


@contextmanager
def _peak() -> Iterator[Any]:
    """Watch the memory of this process; yield a function to the peak's rise, in MiB, or None."""
    before, most, done = _resident(), [0.0], Event()

    def watch() -> None:
        while not done.wait(_LOOK):
            most[0] = max(most[0], (_resident() or 0.0) - (before or 0.0))

    thread = Thread(target=watch, daemon=True, name="lookalike-memory")
    thread.start()
    try:
        yield lambda: None if before is None else most[0]
    finally:
        done.set()
        thread.join()


def _resident() -> float | None:
    """Return the resident memory of this process in MiB, where the system has it in a file."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4_096 / 2**20
    except (OSError, ValueError, IndexError):
        return None
