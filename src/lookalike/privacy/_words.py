"""The results of attacks in words, which follow the numbers."""

from __future__ import annotations

from collections.abc import Sequence

from lookalike.privacy._attack_results import AttackedGroup, MembershipResult, RiskEstimate

__all__ = ["KNOWLEDGE", "NOT_ATTACKED", "answer", "group_words", "risk_words"]

#: What each attacker knows beside the synthetic rows.
KNOWLEDGE = {
    "membership": "whole real rows of which he wants to know whether they were learned, and other "
    "real rows of the same population; the stack also knows of half of the targets whether they "
    "were learned",
    "shadow models": "in addition the method and its settings, and rows enough to fit it himself",
    "singling out": "nothing else: he states properties that exactly one learned row should have",
    "linkability": "one half of a person's columns in one table and the other half in another",
    "inference": "all columns of a person but one",
}
#: What no attack here tries.
NOT_ATTACKED = (
    "the model file itself, its parameters and its probabilities",
    "several releases of the same table taken together",
    "an attacker who knows all learned rows but one (only differential privacy bounds that)",
    "other rows of the same person, household or firm in the table",
    "attacks that nobody has thought of yet",
)
#: The most attacks that a sentence lists.
_MOST_LISTED = 5


def answer(best: MembershipResult, attacks: int, found: Sequence[str]) -> str:
    """Return the result of all attacks in a few sentences.

    Parameters
    ----------
    best : MembershipResult
        The chosen membership attack.
    attacks : int
        The number of membership attacks.
    found : sequence of str
        The attacks that succeed beyond their controls.
    """
    first = (
        f"The strongest of {attacks} membership attacks ({best.attack}) tells a "
        f"learned row from another real row with an AUC of {best.area:.3f} "
        f"({best.low:.3f} to {best.high:.3f}; 0.5 is guessing){_rate(best)}."
    )
    if found:
        return f"{first} Learned rows are found out beyond chance by: {_listed(found)}."
    return (
        f"{first} No attack that was tried succeeds on learned rows more often than on rows that "
        "nobody learned, beyond chance. That bounds these attacks; it is no proof of privacy."
    )


def _rate(result: MembershipResult) -> str:
    if not result.rates:
        return ""
    one = result.rates[0]
    return (
        f", and finds {100 * one.found.value:.1f} % of the learned rows "
        f"({100 * one.found.low:.1f} to {100 * one.found.high:.1f} %) where it wrongly accuses "
        f"{100 * one.accused.value:.1f} % of the others"
    )


def group_words(group: AttackedGroup) -> str:
    """Return the result for the most exposed group in a sentence."""
    return (
        f"The most exposed group are {group.group}: there the attack has an AUC of "
        f"{group.area:.3f} ({group.low:.3f} to {group.high:.3f}; {group.members:,} learned rows)."
    )


def risk_words(risk: RiskEstimate) -> str:
    """Return the result of one attack in a sentence."""
    what = f"Inference of {risk.secret!r}" if risk.secret else risk.attack.capitalize()
    numbers = (
        f"{what} is right for {100 * risk.success.value:.1f} % of learned rows, for "
        f"{100 * risk.control.value:.1f} % of rows that nobody learned, and "
        f"{100 * risk.baseline.value:.1f} % of naive guesses are right"
    )
    if not risk.beats_baseline:
        return f"{numbers}: the attack is no better than a naive guess, and so proves nothing."
    return (
        f"{numbers}: a residual risk of {100 * risk.residual:.1f} % "
        f"({100 * risk.low:.1f} to {100 * risk.high:.1f} %)."
    )


def _listed(words: Sequence[str]) -> str:
    more = len(words) - _MOST_LISTED
    if more > 1:
        return f"{', '.join(words[:_MOST_LISTED])} and {more} more"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
