"""`Membership`: attacks that guess who was in the training table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa

from lookalike._core.numerics import auc
from lookalike._core.seeds import generator
from lookalike.metrics._attacks import DISTANCE_ATTACKS, attack_by_classifier, auc_error
from lookalike.metrics._base import Metric
from lookalike.metrics._codebook import Floats
from lookalike.metrics._details import Details
from lookalike.metrics._detector import MOST_ROWS
from lookalike.metrics._neighbours import NEIGHBOURS
from lookalike.metrics._pair import Pair
from lookalike.metrics._result import Direction, Measured, Score
from lookalike.metrics._view import View
from lookalike.metrics.c2st import detect

__all__ = ["Attack", "AttackDetails", "Membership"]

#: Rows that are attacked, of members and of non-members each.
MOST_CANDIDATES = 5_000
#: The fewest held-out rows, half of them the attacker's, with which an attack says something.
FEWEST_HOLDOUT = 20
#: The advantage over a blind guess that is worth a warning.
_ATTACK = 0.05
#: The share of non-members that may be taken for members.
FALSE_POSITIVES = 0.01


@dataclass(frozen=True)
class Attack:
    """The results of one attack.

    Parameters
    ----------
    attack : str
        Its name.
    auc, error : float
        The probability that it tells a member from a non-member, and its standard error.
    true_positives : float
        The share of members that it finds at the accepted share of false positives.
    """

    attack: str
    auc: float
    error: float
    true_positives: float


@dataclass(frozen=True)
class AttackDetails(Details):
    """Details of `Membership`.

    Parameters
    ----------
    raw, rows, columns, pairs, pairs_seen, pairs_in_all, importances : optional
        See `Details`.
    attacks : tuple of Attack
        Every attack.
    members, non_members, attacker_rows : int
        The rows that were attacked, and those that the attacker has.
    """

    attacks: tuple[Attack, ...] = ()
    members: int = 0
    non_members: int = 0
    attacker_rows: int = 0


class Membership(Metric):
    """Attack the synthetic table: who was in the training table?

    The attacker has the synthetic rows and, as rows of the same population, half of the held-out
    rows. He gives each candidate (training rows are members, the other half of the held-out rows
    are not) a suspicion:

    - ``closest``: near its nearest synthetic row (Chen et al. 2020, arXiv 1909.03935);
    - ``density``: near its five nearest synthetic rows;
    - ``calibrated``: nearer to synthetic rows than to the attacker's own (van Breugel et al. 2023,
      "DOMIAS", arXiv 2302.12580, with neighbours for densities);
    - ``classifier``: boosted trees that tell synthetic rows from the attacker's find it synthetic.

    The value is the ROC AUC of the strongest attack; the details have each attack, its standard
    error, and the share of members that it finds at 1 % false positives. As the strongest of
    several, the value lies a little above ½ by chance alone. A low value does not prove privacy:
    stronger attacks may exist.

    The ceiling is the AUC of a detector that never sees synthetic rows, by cross-validation
    on the candidates (a blind baseline: Das, Zhang & Tramèr 2024, arXiv 2406.16201): where it is
    above ½, the held-out rows are not a random part of the same population, and attacks find this.
    """

    name: ClassVar[str] = "membership"
    title: ClassVar[str] = "Membership attack"
    subject: ClassVar[str] = "membership attacks"
    meaning: ClassVar[str] = (
        "How well the strongest of several attacks tells rows that were learned from rows that "
        "were not (0.5 is guessing, less is better)."
    )
    group: ClassVar[Literal["likeness", "use", "privacy"]] = "privacy"
    role: ClassVar[Literal["headline", "judged", "reference"]] = "reference"
    direction: ClassVar[Direction] = "lower"
    best: ClassVar[float] = 0.5
    details_type: ClassVar[type[Details]] = AttackDetails
    needs: ClassVar[frozenset[str]] = frozenset({"holdout"})
    ceiling_from: ClassVar[Literal["holdout", "training"]] = "training"
    ceiling_words: ClassVar[str | None] = "an attacker who does not see the synthetic rows"

    def compute_ceiling(self, pair: Pair) -> Measured:
        """Measure a blind attack: members against non-members, without the synthetic rows."""
        reason = self._obstacle(pair)
        if reason is not None:
            return Measured.undefined(reason)
        members, others, _ = _candidates(pair)
        found = detect(members, others, pair.seed)
        assert found.value is not None  # a detector that cannot be fitted raises
        return Measured(1 - found.value / 2, details=Details(rows=found.details.rows))

    def _measure(self, pair: Pair) -> Measured:
        assert pair.test_view is not None  # it is what this metric needs
        if len(pair.test_view) < FEWEST_HOLDOUT:
            return Measured.undefined(
                f"It needs {FEWEST_HOLDOUT} held-out rows or more; there are {len(pair.test_view)}."
            )
        if len(pair.synthetic) < NEIGHBOURS:
            return Measured.undefined(f"It needs {NEIGHBOURS} synthetic rows or more.")
        members, others, own = _candidates(pair)
        synthetic = pair.synthetic_view.sample(MOST_ROWS)
        truth = np.repeat([True, False], [len(members), len(others)])
        both = pa.concat_tables([members.table, others.table])
        targets = View(both, pair.codebook, pair.seed)
        used = {**DISTANCE_ATTACKS, "classifier": attack_by_classifier}
        suspicions = {
            name: attack(synthetic, targets, own, pair.seed) for name, attack in used.items()
        }
        attacks = [_judged(name, truth, found) for name, found in suspicions.items()]
        details = AttackDetails(
            attacks=tuple(attacks),
            members=len(members),
            non_members=len(others),
            attacker_rows=len(own),
        )
        return Measured(max(attack.auc for attack in attacks), details=details)

    def finding(self, score: Score) -> str:
        """Return the share of members that the strongest attack finds, in words."""
        attacks = score.details.attacks if isinstance(score.details, AttackDetails) else ()
        if not attacks:
            return ""
        return (
            f"The strongest attack ({max(attacks, key=lambda one: one.auc).attack}) finds "
            f"{100 * max(one.true_positives for one in attacks):.1f} % of the learned rows where "
            f"it wrongly accuses {100 * FALSE_POSITIVES:.0f} % of the others."
        )

    def warning(self, score: Score) -> str:
        """Return a warning where an attack succeeds beyond chance."""
        attacks = score.details.attacks if isinstance(score.details, AttackDetails) else ()
        # Where held-out rows differ from training rows by themselves, so does a blind guess.
        blind = max(0.5, score.ceiling or 0.5)
        # The strongest of several attacks is a little above ½ by chance alone.
        least = max(_ATTACK, 3 * max((one.error for one in attacks), default=0.0))
        if score.value is None or score.value <= blind + least:
            return ""
        return (
            f"Beware: an attacker who sees the synthetic rows tells {100 * score.value:.0f} times "
            f"in 100 which of two real rows was learned (blindly: {100 * blind:.0f})."
        )


def _candidates(pair: Pair) -> tuple[View, View, View]:
    """Return members, non-members (equally many) and the attacker's own rows."""
    held = pair.test_view
    assert held is not None  # checked before
    order = generator(pair.seed, "metrics", "membership").permutation(len(held))
    half = len(held) // 2
    count = min(half, len(pair.real), MOST_CANDIDATES)
    parts = (
        View(held.table.take(rows), pair.codebook, pair.seed)
        for rows in (order[:count], order[half:][:MOST_ROWS])
    )
    others, own = parts
    return pair.real_view.sample(count), others, own


def _judged(name: str, truth: np.ndarray, found: Floats) -> Attack:
    area = auc(found[truth], found[~truth])
    limit = np.quantile(found[~truth], 1 - FALSE_POSITIVES, method="higher")
    hits = float(np.mean(found[truth] > limit))
    error = auc_error(area, int(truth.sum()), int((~truth).sum()))
    return Attack(name, area, error, hits)
