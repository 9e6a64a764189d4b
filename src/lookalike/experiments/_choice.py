"""The choice among trials, by rows that nobody learned and against chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lookalike.experiments._candidates import PREFERRED
from lookalike.experiments._trial import Trial, score_of

__all__ = ["choose_trial", "lead_by_chance", "notes_on_choice"]

#: The lead over the given settings, in standard errors of a score, that the best of several
#: proposed ones rarely has by chance.
_LEAD = 2.0


def choose_trial(trials: Sequence[Trial], rows: int) -> Trial | None:
    """Return the preferred one of the trials that the choosing rows cannot tell from the best.

    Parameters
    ----------
    trials : sequence of Trial
    rows : int
        The number of choosing rows.

    Returns
    -------
    Trial or None
        None if no trial can be chosen. Proposed settings replace those that were given only where
        they lead by more than the best of several would by chance.
    """
    eligible = [trial for trial in trials if trial.eligible]
    given = [trial for trial in eligible if not trial.proposed]
    proposed = [trial for trial in eligible if trial.proposed]
    best = _preferred(given, rows)
    leader = max(proposed, key=score_of, default=None)
    if leader is None or best is None:
        return best or leader
    return leader if score_of(leader) > score_of(best) + lead_by_chance(rows) else best


def lead_by_chance(rows: int) -> float:
    """Return the lead that the best of equally good settings may have.

    Parameters
    ----------
    rows : int
        The number of choosing rows.
    """
    return _LEAD * _error(rows)


def _error(rows: int) -> float:
    # The standard error of 2 − 2 AUC at an AUC of ½ (Hanley and McNeil 1982).
    return float(2 * (6 * rows) ** -0.5)


def _preferred(eligible: Sequence[Trial], rows: int) -> Trial | None:
    if not eligible:
        return None
    best = max(map(score_of, eligible))
    near = [trial for trial in eligible if score_of(trial) >= best - _error(rows) / 2]
    order = {name: place for place, name in enumerate(PREFERRED)}
    return min(near, key=lambda trial: (order.get(trial.model, len(order)), -score_of(trial)))


def notes_on_choice(trials: Sequence[Trial], winner: Trial | None, rows: int) -> Iterator[str]:
    """Yield remarks on trials that score higher than the chosen one.

    Parameters
    ----------
    trials : sequence of Trial
    winner : Trial or None
    rows : int
        The number of choosing rows.
    """
    if winner is None:
        yield "Every model failed or betrays who was learned: see the remarks."
        return
    better = [t for t in trials if score_of(t) > score_of(winner) and t.report is not None]
    for trial in better:
        gain = score_of(trial) - score_of(winner)
        if trial.privacy:
            yield f"{trial.label} scores higher but is left out: {trial.privacy}"
        elif trial.holds_rows:
            yield f"{trial.label} scores higher but holds training rows: it is never chosen."
        elif not trial.proposed:
            yield (
                f"{trial.label} scores higher by {gain:.3f}, which so few rows cannot tell from "
                f"chance; {winner.label} is preferred."
            )
    tied = [t for t in better if t.proposed and t.eligible]
    if tied:
        gain = max(map(score_of, tied)) - score_of(winner)
        yield (
            f"The best of the settings that were tried scores higher by {gain:.3f}; chance gives "
            f"the best of several up to {lead_by_chance(rows):.3f}, so {winner.label} stays."
        )
