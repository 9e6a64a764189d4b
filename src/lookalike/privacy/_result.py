"""`PrivacyAudit`: the results of all attacks, with their controls and their limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import pyarrow as pa

from lookalike._core.documents import Document
from lookalike._core.intervals import ShareEstimate
from lookalike._core.plain import build, jsonable
from lookalike._core.tabular import Tabular, aligned
from lookalike.privacy._attack_results import AttackedGroup, MembershipResult, RiskEstimate
from lookalike.privacy._tests import significant
from lookalike.privacy._words import (
    KNOWLEDGE,
    NOT_ATTACKED,
    answer,
    group_words,
    risk_words,
)

__all__ = ["PrivacyAudit"]


@dataclass(frozen=True)
class PrivacyAudit(Document, Tabular):
    """The results of attacks on a synthetic table.

    Parameters
    ----------
    membership : tuple of MembershipResult
        All membership attacks, the one that was chosen first.
    blind : MembershipResult
        The attack of one who never sees the synthetic rows: where it succeeds, held-out rows
        differ from learned ones, and so attacks succeed without any leak.
    group : AttackedGroup or None
        The most exposed group; None where no group has enough targets.
    risks : tuple of RiskEstimate
        Singling out, linkability and attribute inference.
    copies : ShareEstimate
        The share of synthetic rows that repeat a learned row in every compared column.
    copies_of_others : ShareEstimate
        The share that repeats a held-out row, by chance, of as many rows as were compared.
    facts : dict
        The numbers of rows, the level, the seed and the versions.
    notes : tuple of str
        Remarks.

    Examples
    --------
    >>> import lookalike as la
    >>> rows = la.datasets.load("penguins", kind="pyarrow")
    >>> learned, control = rows.slice(0, 200), rows.slice(200)
    >>> model = la.Independent(random_state=0).fit(learned)
    >>> found = la.audit(learned, model.sample(200), control, secrets=["sex"])
    >>> found.strongest.attack == found.membership[0].attack
    True
    """

    membership: tuple[MembershipResult, ...]
    blind: MembershipResult
    group: AttackedGroup | None
    risks: tuple[RiskEstimate, ...]
    copies: ShareEstimate
    copies_of_others: ShareEstimate
    facts: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    _noun: ClassVar[str] = "a privacy audit"
    _format: ClassVar[int] = 1
    _heading: ClassVar[str] = "What do these rows give away?"
    _page_name: ClassVar[str] = "audit"

    @property
    def strongest(self) -> MembershipResult:
        """The membership attack that was chosen."""
        return self.membership[0]

    @property
    def found(self) -> list[str]:
        """The attacks that succeed on learned rows beyond their control and beyond chance.

        All tests together raise a false alarm in at most 5 % of audits (Bonferroni).
        """
        targets = self.facts["targets"] // 2
        return significant(
            self.strongest,
            self.blind,
            self.group,
            self.risks,
            (self.copies, self.copies_of_others),
            targets,
        )

    @property
    def leaks(self) -> bool:
        """Whether any attack succeeds: see `found`."""
        return bool(self.found)

    @property
    def answer(self) -> str:
        """The result in a few sentences."""
        return answer(self.strongest, len(self.membership), self.found)

    @property
    def findings(self) -> list[str]:
        """The results of all attacks, a sentence each."""
        group = [] if self.group is None else [group_words(self.group)]
        return [*group, *(risk_words(one) for one in self.risks)]

    @property
    def knowledge(self) -> dict[str, str]:
        """What each attacker knows beside the synthetic rows."""
        left_out = () if self.facts["level"] == 2 else ("shadow models",)
        return {name: words for name, words in KNOWLEDGE.items() if name not in left_out}

    @property
    def not_attacked(self) -> tuple[str, ...]:
        """What no attack has tried."""
        shadow = () if self.facts["level"] == 2 else ("shadow models (level 2)",)
        return (*shadow, *NOT_ATTACKED)

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of `table`."""
        return ("attack", "learned rows", "control", "naive", "residual", "95 %")

    @property
    def table(self) -> list[tuple[str, ...]]:
        """A line for each attack as text."""
        lines: list[tuple[str, ...]] = [
            (
                f"membership: {one.attack}" + (" *" if place == 0 else ""),
                f"AUC {one.area:.3f}",
                "0.500",
                f"{self.blind.area:.3f}",
                f"{one.area - 0.5:+.3f}",
                f"{one.low - 0.5:+.3f} to {one.high - 0.5:+.3f}",
            )
            for place, one in enumerate(self.membership)
        ]
        for risk in self.risks:
            lines.append(
                (
                    f"{risk.attack}: {risk.secret}" if risk.secret else risk.attack,
                    f"{100 * risk.success.value:.1f} %",
                    f"{100 * risk.control.value:.1f} %",
                    f"{100 * risk.baseline.value:.1f} %",
                    f"{100 * risk.residual:+.1f} %",
                    f"{100 * risk.low:+.1f} to {100 * risk.high:+.1f} %",
                )
            )
        return lines

    def _headline(self) -> str:
        return self.answer

    def _frame_columns(self) -> Mapping[str, Any]:
        areas = [
            (
                f"membership: {one.attack}",
                *(one.area, 0.5, self.blind.area),
                *(edge - 0.5 for edge in (one.area, one.low, one.high)),
            )
            for one in self.membership
        ]
        rates = [
            (
                f"{one.attack}: {one.secret}" if one.secret else one.attack,
                *(one.success.value, one.control.value, one.baseline.value),
                *(one.residual, one.low, one.high),
            )
            for one in self.risks
        ]
        names = ("attack", "learned", "control", "naive", "residual", "low", "high")
        types = (pa.string(), *[pa.float64()] * (len(names) - 1))
        columns = zip(*areas, *rates, strict=True)
        return {
            name: pa.array(cells, kind)
            for name, cells, kind in zip(names, columns, types, strict=True)
        }

    def _json(self) -> str:
        values = {"format": self._format, **asdict(self)}
        values["answer"], values["found"] = self.answer, self.found
        return json.dumps(jsonable(values), ensure_ascii=False, allow_nan=False, indent=1)

    @classmethod
    def _from_values(cls, values: Mapping[str, Any]) -> PrivacyAudit:
        facts = dict(values["facts"])
        return build(cls, {**values, "facts": facts})

    def __repr__(self) -> str:
        table = aligned([self.heads, *self.table])
        return "\n".join([self.answer, *self.notes, "", *table])
