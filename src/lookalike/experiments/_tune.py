"""`tune`: the settings of one family that suit a table, by rows that nobody learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from lookalike._core.parameters import AnyOf, Flag, Number, check_parameters
from lookalike._core.progress import progress as show_progress
from lookalike._core.seeds import RandomState, as_seed
from lookalike._core.streams import read_again
from lookalike.experiments._candidates import Candidate, check_space, proposals, read_model
from lookalike.experiments._clock import Clock
from lookalike.experiments._compare import divided, summary
from lookalike.experiments._declared import Declared
from lookalike.experiments._leaderboard import Comparison
from lookalike.experiments._race import Raced, Rung, race
from lookalike.experiments._refit import fitted_to_all, reserve_for
from lookalike.experiments._trial import TableParts, Trial
from lookalike.models import Synthesizer
from lookalike.tables import Kind

__all__ = ["Tuning", "raced_settings", "tune"]

#: Of the candidates of a round, one in this many goes on, to this many times as many rows.
_FACTOR = 3
#: The fewest rows of a round.
_FEWEST = 1_000
#: The number of trials on all rows for which time is kept while settings are tried on fewer.
_SPARED = 2
#: The quickest families with settings to search.
_QUICKEST = ("BayesianNetwork", "Mixture", "Forest")


@dataclass(frozen=True, repr=False)
class Tuning(Comparison):
    """Settings of one family side by side on one table.

    Parameters
    ----------
    trials, chosen, ceiling, floor, facts, notes : object
        As of a `Comparison`.
    best : Synthesizer or None
        The model with the chosen settings, fitted to all rows; None after reading from JSON.

    Examples
    --------
    >>> import lookalike as la
    >>> penguins = la.datasets.load("penguins")
    >>> model = la.BayesianNetwork(refine={"correct": False})
    >>> found = la.tune(model, penguins, trials=2, random_state=0)
    >>> found.best.sample(3).shape
    (3, 8)
    """

    _noun: ClassVar[str] = "a tuning"
    _heading: ClassVar[str] = "Which settings for this table?"

    @property
    def given(self) -> Trial | None:
        """The trial of the settings that the caller gave."""
        return next((trial for trial in self.trials if not trial.proposed), None)

    @property
    def gain(self) -> float | None:
        """The score of the chosen settings on the report rows, less that of the given ones."""
        winner, given = self.winner, self.given
        if winner is None or winner.report is None or given is None or given.report is None:
            return None
        return winner.report - given.report

    @property
    def answer(self) -> str:
        """The choice in one or two sentences."""
        winner, given = self.winner, self.given
        if winner is None or winner is given or given is None or given.report is None:
            return super().answer
        return f"{super().answer} Of {given.label} it is {given.report:.3f} there."


def tune(
    model: str | Synthesizer,
    data: Any,
    *,
    seconds: float | None = None,
    target: str | None = None,
    space: Mapping[str, Sequence[Any]] | None = None,
    trials: int = 12,
    kinds: Mapping[str, Kind | str] | None = None,
    rules: Sequence[str] | None = None,
    broken: str = "refuse",
    random_state: RandomState = 0,
    progress: bool | None = None,
) -> Tuning:
    """Search the settings of one family that suit a table.

    The rows are divided as by `compare`: 60 % are learned, 20 % choose, 20 % report. Settings are
    drawn from the family's space at random and tried by successive halving (Jamieson and Talwalkar
    2016, arXiv 1502.07943): all on a part of the rows of a large table, the best third on three
    times as many, the best of those on all. The model as it is given takes part in every round, and
    is replaced only by settings that lead by more than chance gives the best of several.

    Parameters
    ----------
    model : str or Synthesizer
        The name of a family, or an unfitted model; what the space does not change, stays.
    data : dataframe or path
        The real rows.
    seconds : float, optional
        The time for all, about: settings for which no time is left are not tried. By default there
        is no limit, and the same table and seed give the same model everywhere.
    target : str, optional
        The column that the table is meant to predict.
    space : mapping of str to sequence, optional
        The values to try of each parameter; by default those that the family declares (its
        ``SPACE``).
    trials : int
        The greatest number of settings that are tried, the given ones included.
    kinds : mapping of str to str, optional
        Kinds of columns that inference should not guess.
    rules : sequence of str, optional
        Rules that hold on every generated row, as for `Synthesizer.fit`.
    broken : {"refuse", "drop", "repair", "keep"}
        What becomes of real rows that break a rule: an error, rows left out, cells changed so that
        the rules hold, or nothing.
    random_state : int, Generator, RandomState or None
        The seed of the division, of the settings, of all models and samples.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown where it is
        watched: in a terminal and in a notebook.

    Returns
    -------
    Tuning
        The settings, the best ones first, and the best model, fitted to all rows.

    Raises
    ------
    ParameterError
        If there is no such family, it has no settings to search, or a parameter breaks its rule.
    DataError
        If the table cannot be used, has fewer than 100 rows, or every fit fails; if rules
        contradict each other, or rows break them.

    Warns
    -----
    LookalikeWarning
        If no time was left to fit the best model to all rows.

    Examples
    --------
    >>> import lookalike as la
    >>> penguins = la.datasets.load("penguins")
    >>> plain = la.Forest(refine={"correct": False})
    >>> found = la.tune(plain, penguins, space={"leaf": [3, 10]}, random_state=0)
    >>> len(found.trials)
    3
    """
    checks = {
        "seconds": AnyOf((Number(0, open_low=True),), none=True),
        "trials": Number(2, 10_000, integer=True),
        "progress": AnyOf((Flag(),), none=True),
    }
    values = {"seconds": seconds, "trials": trials, "progress": progress}
    check_parameters("tune", checks, values)
    declared = Declared.of("tune", rules, broken)
    plain = read_model(model)
    plain._check_parameters()
    searched = check_space(plain, space)
    clock = Clock(seconds)
    with read_again(data) as rows:
        parts = divided(rows, target, kinds, as_seed(random_state), declared)
        clock.reserve = reserve_for(parts)
        raced = raced_settings(plain, searched, trials, parts, clock, progress=progress)
        found = Tuning(**vars(summary(raced, parts)))
        untried = sum(trial.choose is None and trial.proposed for trial in raced.trials)
        if seconds is not None and untried:
            found = replace(found, notes=(*found.notes, _of_untried(untried, plain, seconds)))
        best = fitted_to_all(found, clock, rows, kinds, target, declared)
        return replace(found, best=best)


def _of_untried(untried: int, model: Synthesizer, seconds: float) -> str:
    quick = [name for name in _QUICKEST if name != type(model).__name__]
    return (
        f"In {seconds:g} s there was no time for {untried} of the settings of "
        f"{type(model).__name__}: more seconds try more of them, and a quick family "
        f"({' or '.join(quick)}) tries more in the same time."
    )


def raced_settings(
    model: Synthesizer,
    space: Mapping[str, Sequence[Any]],
    trials: int,
    parts: TableParts,
    clock: Clock,
    *,
    known: Raced | None = None,
    progress: bool | None,
) -> Raced:
    """Race a model as it is against other settings of it.

    Parameters
    ----------
    model : Synthesizer
        Unfitted.
    space : mapping of str to sequence
        The values to try of each parameter.
    trials : int
        The greatest number of settings.
    parts : TableParts
    clock : Clock
        The time that is left.
    known : Raced, optional
        An earlier race on the same parts.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown where it is
        watched: in a terminal and in a notebook.
    """
    candidates = proposals(model, space, trials, parts.seed)
    with show_progress("tuning", len(candidates), show=progress) as report:
        return race(
            candidates,
            parts,
            clock,
            _rungs(len(parts.fit), len(candidates)),
            stays=_is_given,
            every_score=False,
            known=known,
            report=report,
        )


def _rungs(rows: int, candidates: int) -> list[Rung]:
    """Return the rounds before the last: each has a third of the rows of the next."""
    sizes: list[int] = []
    while (rows := rows // _FACTOR) >= _FEWEST:
        sizes.insert(0, rows)
    kept = [max(candidates // _FACTOR ** (place + 1), 1) for place in range(len(sizes))]
    return [
        Rung(size, count, spared=_SPARED)
        for size, count in zip(sizes, kept, strict=True)
        if count < candidates
    ]


def _is_given(candidate: Candidate) -> bool:
    return not candidate.proposed
