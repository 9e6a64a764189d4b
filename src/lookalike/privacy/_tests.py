"""Tests of all attacks together: which succeed beyond their controls, and not by chance?"""

from __future__ import annotations

from collections.abc import Sequence

from scipy.special import ndtr
from scipy.stats import fisher_exact

from lookalike._core.intervals import ShareEstimate
from lookalike.metrics import auc_error
from lookalike.privacy._attack_results import AttackedGroup, MembershipResult, RiskEstimate

__all__ = ["significant"]

#: The share of audits without a leak in which one is reported.
_FALSE_ALARMS = 0.05
#: Advantages of an AUC over its control below this are no leak, however certain.
_LEAST = 0.005


def significant(
    best: MembershipResult,
    blind: MembershipResult,
    group: AttackedGroup | None,
    risks: Sequence[RiskEstimate],
    copies: tuple[ShareEstimate, ShareEstimate],
    targets: int,
) -> list[str]:
    """Return the attacks that succeed beyond their controls, in words, all tests together.

    Parameters
    ----------
    best, blind : MembershipResult
        The chosen membership attack, and one that never sees the synthetic rows.
    group : AttackedGroup or None
        The most exposed group.
    risks : sequence of RiskEstimate
        All other attacks.
    copies : tuple of ShareEstimate
        Repeated rows of the learned ones, and of the control.
    targets : int
        The number of members that report, and of others.
    """
    # Where held-out rows differ from learned ones by themselves, so does a blind attack.
    usual = _LEAST + (max(blind.area, 0.5) if blind.low > 0.5 else 0.5)
    values = {"membership": _beyond(best.area, usual, targets, targets)}
    for rate in best.rates:
        name = f"membership at {100 * rate.limit:g} % false accusations"
        values[name] = _more(rate.found, rate.accused)
    if group is not None:
        name = "membership in the most exposed group"
        values[name] = _beyond(group.area, usual, group.members, group.others)
    values["copies of learned rows"] = _more(*copies)
    for risk in risks:
        name = f"{risk.attack} of {risk.secret!r}" if risk.secret else risk.attack
        values[name] = _more(risk.success, risk.control)
    return [name for name, p in values.items() if p <= _FALSE_ALARMS / len(values)]


def _beyond(area: float, usual: float, members: int, others: int) -> float:
    """Return the p-value of an area under the curve, by its error without any leak."""
    return float(ndtr((usual - area) / auc_error(0.5, members, others)))


def _more(success: ShareEstimate, control: ShareEstimate) -> float:
    """Return the p-value of Fisher's exact test that a share exceeds its control."""
    hits = [round(one.value * one.trials) for one in (success, control)]
    table = [[hit, one.trials - hit] for hit, one in zip(hits, (success, control), strict=True)]
    return float(fisher_exact(table, alternative="greater")[1])
