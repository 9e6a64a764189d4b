"""`SequenceValidity`: what holds for every real history, checked on the synthetic ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from lookalike.metrics._details import Details
from lookalike.metrics._result import Measured, Score
from lookalike.metrics.sequences._base import SequenceMetric
from lookalike.metrics.sequences._pair import SequencePair, cell_codes
from lookalike.metrics.sequences._units import SequenceUnits

__all__ = ["SequenceValidity", "ValidityDetails", "ValidityRule"]

_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ValidityRule:
    """A rule that every real unit keeps.

    Parameters
    ----------
    rule : str
        The rule in words.
    share : float
        The share of synthetic units that keep it.
    """

    rule: str
    share: float


@dataclass(frozen=True)
class ValidityDetails(Details):
    """Details of `SequenceValidity`.

    Parameters
    ----------
    raw, rows, columns, pairs, pairs_seen, pairs_in_all, importances : optional
        See `Details`.
    rules : tuple of ValidityRule
        The rules that hold for every real unit.
    """

    rules: tuple[ValidityRule, ...] = ()


class SequenceValidity(SequenceMetric):
    """Check on each synthetic unit what holds for every real one.

    Rows in the order of time; no two events at one time; equal gaps; a length within those of
    real histories; cells that are constant within an entity. A rule that a real unit breaks is not
    checked. The score is the share of synthetic units that keep all the others.
    """

    name: ClassVar[str] = "validity"
    title: ClassVar[str] = "Validity"
    subject: ClassVar[str] = "the validity of units"
    meaning: ClassVar[str] = (
        "The share of units that keep every rule which all real units keep: order, unique times, "
        "regular gaps, lengths within those seen, constant cells."
    )
    role: ClassVar[Literal["headline", "judged", "reference"]] = "reference"
    details_type: ClassVar[type[Details]] = ValidityDetails

    def _compare(self, pair: SequencePair) -> Measured:
        real, synthetic = pair.units
        rules, kept = [], np.ones(len(synthetic), bool)
        for words, holds, found in _rules(pair, real, synthetic):
            if holds:
                rules.append(ValidityRule(words, float(np.mean(found))))
                kept &= found
        if not rules:
            return Measured.undefined("No rule holds for all real units.")
        return Measured(float(kept.mean()), details=ValidityDetails(rules=tuple(rules)))

    def finding(self, score: Score) -> str:
        """Return the share of units that keep each rule."""
        found = score.details
        if not isinstance(found, ValidityDetails):
            return ""
        listed = "; ".join(f"{one.rule}: {_percent(one.share)}" for one in found.rules)
        return f"{listed[0].upper()}{listed[1:]}." if listed else ""

    def warning(self, score: Score) -> str:
        """Return a warning where units break a rule that held-out ones keep."""
        found = score.details
        if not isinstance(found, ValidityDetails) or score.value is None:
            return ""
        if score.value >= (1.0 if score.ceiling is None else score.ceiling):
            return ""
        worst = min(found.rules, key=lambda one: one.share)
        return (
            f"Beware: {_percent(1 - score.value)} of the synthetic units break a rule that every "
            f"real one keeps; the worst is “{worst.rule}”."
        )


def _rules(
    pair: SequencePair, real: SequenceUnits, synthetic: SequenceUnits
) -> list[tuple[str, bool, _Flags]]:
    """Return each rule in words, whether every real unit keeps it, and which synthetic ones do."""
    found: list[tuple[str, bool, _Flags]] = []
    order = real.order
    if order.time is not None:
        # SequenceOrder is a matter of the rows as they came: all units share it.
        ordered = np.full(len(synthetic), synthetic.sorted_share == 1)
        found.append(("rows in the order of time", real.sorted_share == 1, ordered))
        unique, others = (_each(one, one.gaps > 0) for one in (real, synthetic))
        found.append(("no two events at one time", bool(unique.all()), others))
        if len(real.gaps) and (step := real.gaps[0]) > 0:
            regular, others = (_each(one, one.gaps == step) for one in (real, synthetic))
            found.append(("equal gaps", bool(regular.all()), others))
    if order.window is None:
        low, high = real.lengths.min(), real.lengths.max()
        lengths = (synthetic.lengths >= low) & (synthetic.lengths <= high)
        found.append((f"{low:,} to {high:,} events", True, lengths))
    if pair.static:
        constant = np.ones(len(synthetic), bool)
        for name in pair.static:
            cells = cell_codes(synthetic.table[name])
            constant &= _each(synthetic, (cells[1:] == cells[:-1])[synthetic.follows(1)])
        found.append((f"{_listed(pair.static)} constant", True, constant))
    return found


def _each(histories: SequenceUnits, steps: _Flags) -> _Flags:
    """Return, for each unit, whether all its steps are true."""
    owner = histories.unit[1:][histories.follows(1)]
    broken = np.bincount(owner[~steps], minlength=len(histories))
    return np.asarray(broken == 0)


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more columns"


def _percent(share: float) -> str:
    text = f"{100 * share:.1f}"
    if text == "100.0" and share < 1:
        text = "99.9"
    return f"{text.removesuffix('.0')} %" if share else "0 %"
