"""The results of single attacks."""

from __future__ import annotations

from dataclasses import dataclass

from lookalike._core.intervals import ShareEstimate

__all__ = ["AttackedGroup", "MembershipResult", "RateAtLimit", "RiskEstimate"]


@dataclass(frozen=True)
class RateAtLimit:
    """The share of members that an attack finds where it may wrongly accuse a small share.

    Parameters
    ----------
    limit : float
        The share of others that may be accused: the threshold of suspicion has it on the half of
        the targets that chose the attack.
    found, accused : ShareEstimate
        The shares of members and of others above the threshold, on the half that reports.
    """

    limit: float
    found: ShareEstimate
    accused: ShareEstimate


@dataclass(frozen=True)
class MembershipResult:
    """One membership attack: does it tell learned rows from other real rows?

    Parameters
    ----------
    attack : str
        Its name.
    choose : float
        The area under its ROC curve on the half of the targets that chooses.
    area, low, high : float
        The area on the other half, ½ is guessing, and its interval at 95 % (Hanley and McNeil).
    rates : tuple of RateAtLimit
        At the limits that the number of targets allows.
    """

    attack: str
    choose: float
    area: float
    low: float
    high: float
    rates: tuple[RateAtLimit, ...] = ()


@dataclass(frozen=True)
class AttackedGroup:
    """The most exposed group of rows, as a group.

    Parameters
    ----------
    group : str
        Its definition in words.
    members, others : int
        The number of targets of the group that report.
    area, low, high : float
        As of `MembershipResult`.
    """

    group: str
    members: int
    others: int
    area: float
    low: float
    high: float


@dataclass(frozen=True)
class RiskEstimate:
    """One attack on what becomes known about a person, with its control and its baseline.

    Parameters
    ----------
    attack : str
        ``"singling out, one column"``, ``"singling out, several columns"``, ``"linkability"`` or
        ``"inference"``.
    variant : str
        How it was done; chosen on one half of the targets.
    secret : str
        The inferred column; empty for other attacks.
    success, control, baseline : ShareEstimate
        The share of guesses that were right on learned rows, on rows that nobody learned, and
        of naive guesses on learned rows.
    residual, low, high : float
        (success − control) / (1 − control), the definition of Anonymeter (Giomi et al. 2023), and
        its interval.
    """

    attack: str
    variant: str
    secret: str
    success: ShareEstimate
    control: ShareEstimate
    baseline: ShareEstimate
    residual: float
    low: float
    high: float

    @property
    def beats_baseline(self) -> bool:
        """Whether the attack is right more often than naive guesses: if not, it proves nothing."""
        return self.success.low > self.baseline.value
