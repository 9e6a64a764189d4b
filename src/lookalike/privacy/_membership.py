"""Membership attacks: chosen on one half of the targets and reported on the other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression

from lookalike._core.intervals import ShareEstimate
from lookalike._core.numerics import Floats, auc
from lookalike._core.seeds import generator
from lookalike.metrics import (
    DENSITY_ATTACKS,
    DISTANCE_ATTACKS,
    MembershipAttack,
    View,
    attack_by_classifier,
    auc_error,
    detect,
    nearest,
)
from lookalike.privacy._attack_results import AttackedGroup, MembershipResult, RateAtLimit
from lookalike.privacy._ground import AuditedTables, Bools

__all__ = ["ATTACKS", "attack_blindly", "choose_attack", "exposed_group", "suspicions"]

#: All attacks by their names; each takes synthetic rows, targets, known rows and a seed.
ATTACKS: dict[str, MembershipAttack] = {
    **DISTANCE_ATTACKS,
    **DENSITY_ATTACKS,
    "classifier": attack_by_classifier,
}
#: Shares of wrongly accused rows at which the found members are counted.
_LIMITS = (0.01, 0.001)
#: The two-sided 95 % quantile of the normal distribution.
_Z = 1.959964
_FOLDS = 5
#: The share of the most isolated targets, and of extreme numbers at each end; a rare level.
_ISOLATED, _EXTREME, _RARE = 0.1, 0.01, 0.01
#: The fewest members, and others, of a group in each half, and the usual number in all.
_FEWEST, _ENOUGH = 12, 80


def suspicions(tables: AuditedTables) -> dict[str, Floats]:
    """Return what each attack thinks of each target.

    Parameters
    ----------
    tables : AuditedTables
    """
    return {
        name: attack(tables.synthetic, tables.targets, tables.known, tables.seed)
        for name, attack in ATTACKS.items()
    }


def choose_attack(
    found: Mapping[str, Floats], tables: AuditedTables
) -> tuple[tuple[MembershipResult, ...], Floats]:
    """Choose the strongest attack on one half of the targets, and report all on the other.

    Parameters
    ----------
    found : mapping of str to ndarray
        The suspicions of each attack; a stack of them joins.
    tables : AuditedTables

    Returns
    -------
    tuple of MembershipResult
        The chosen one first, the others by the half that chose.
    ndarray of float, shape (targets,)
        The suspicions of the chosen one.
    """
    found = {**found, "stack": _stack(found, tables)}
    results = [_judged(name, one, tables) for name, one in found.items()]
    results.sort(key=lambda one: -one.choose)
    return tuple(results), found[results[0].attack]


def attack_blindly(tables: AuditedTables) -> MembershipResult:
    """Tell members from others without the synthetic rows, by cross-validated trees."""
    member = tables.member
    book = tables.targets.codebook
    learned, others = (
        View(tables.targets.table.filter(part), book, tables.seed) for part in (member, ~member)
    )
    similar = detect(learned, others, tables.seed).value
    assert similar is not None  # a detector that cannot be fitted raises
    count = int(member.sum())
    return _result("blind", 1 - similar / 2, 1 - similar / 2, count, count)


def exposed_group(suspicion: Floats, tables: AuditedTables) -> AttackedGroup | None:
    """Choose the most exposed group on one half of the targets, and report it on the other."""
    best, chosen = 0.0, None
    for words, inside in _groups(tables).items():
        parts = [inside & (tables.report == half) for half in (False, True)]
        if min(_sizes(part, tables.member) for part in parts) < _FEWEST:
            continue
        area = _area(suspicion, parts[0], tables.member)
        if area > best:
            best, chosen = area, (words, parts[1])
    if chosen is None:
        return None
    words, inside = chosen
    members = int((inside & tables.member).sum())
    others = int((inside & ~tables.member).sum())
    found = _result("", best, _area(suspicion, inside, tables.member), members, others)
    return AttackedGroup(words, members, others, found.area, found.low, found.high)


def _judged(name: str, suspicion: Floats, tables: AuditedTables) -> MembershipResult:
    member, report = tables.member, tables.report
    members, others = int((member & report).sum()), int((~member & report).sum())
    found = _result(
        name,
        _area(suspicion, ~report, member),
        _area(suspicion, report, member),
        members,
        others,
    )
    rates = []
    usual = suspicion[~member & ~report]
    for limit in _LIMITS:
        if len(usual) * limit < 1:
            continue  # so few others have no such quantile
        threshold = np.quantile(usual, 1 - limit, method="higher")
        above = suspicion > threshold
        rates.append(
            RateAtLimit(
                limit,
                ShareEstimate.of(int((above & member & report).sum()), members),
                ShareEstimate.of(int((above & ~member & report).sum()), others),
            )
        )
    return MembershipResult(name, found.choose, found.area, found.low, found.high, tuple(rates))


def _stack(found: Mapping[str, Floats], tables: AuditedTables) -> Floats:
    """Combine attacks by a logistic regression on the half that chooses, cross-fitted there."""
    # Ranks among all targets: no label takes part, and no scale dominates.
    ranks = [rankdata(one) / (len(one) + 1) for one in found.values()]
    inputs = ndtri(np.stack(ranks, axis=1))
    member, report = tables.member, tables.report
    result = np.empty(len(member))
    places = np.flatnonzero(~report)
    folds = np.empty(len(places), int)
    for part in (member[places], ~member[places]):  # as many of both in each fold
        drawn = generator(tables.seed, "privacy", "stack").permutation(int(part.sum()))
        folds[part] = drawn % _FOLDS
    for fold in range(_FOLDS):
        fit, judge = places[folds != fold], places[folds == fold]
        result[judge] = _regression(inputs[fit], member[fit], inputs[judge])
    result[report] = _regression(inputs[places], member[places], inputs[report])
    return result


def _regression(inputs: Floats, labels: Bools, queries: Floats) -> Floats:
    model = LogisticRegression(C=0.1).fit(inputs, labels)
    return np.asarray(model.decision_function(queries), np.float64)


def _groups(tables: AuditedTables) -> dict[str, Bools]:
    """Return groups of targets that are often exposed, in words; labels take no part."""
    targets = tables.targets
    points = targets.embedding
    apart = nearest(points, points, 1, same=True)[0][:, 0]
    share = min(max(_ISOLATED, _ENOUGH / len(targets)), 0.5)
    far = apart >= np.quantile(apart, 1 - share)
    groups = {f"the {100 * share:.0f} % of the rows that are farthest from any other row": far}
    if targets.numbers.shape[1]:
        low, high = np.nanquantile(
            np.where(np.isfinite(targets.numbers), targets.numbers, 0), [_EXTREME, 1 - _EXTREME], 0
        )
        groups["rows with a number in the outermost hundredths of its column"] = (
            (targets.numbers < low) | (targets.numbers > high)
        ).any(axis=1)
    if targets.codes.shape[1]:
        rare = np.zeros(len(targets), bool)
        for codes in targets.codes.T:
            rare |= np.bincount(codes)[codes] < _RARE * len(targets)
        groups["rows with a category that fewer than a hundredth of the rows have"] = rare
    return groups


def _sizes(part: Bools, member: Bools) -> int:
    return min(int((part & member).sum()), int((part & ~member).sum()))


def _area(suspicion: Floats, part: Bools, member: Bools) -> float:
    return auc(suspicion[part & member], suspicion[part & ~member])


def _result(name: str, choose: float, area: float, members: int, others: int) -> MembershipResult:
    # The error at ½ is the largest: a perfect attack on few rows is not certain either.
    error = max(auc_error(area, members, others), 1 / (2 * min(members, others)))
    low, high = max(area - _Z * error, 0.0), min(area + _Z * error, 1.0)
    return MembershipResult(name, choose, area, low, high)
