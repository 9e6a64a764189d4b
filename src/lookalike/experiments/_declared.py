"""Declared rules of a table whose models are compared: read, checked, applied once."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lookalike._core.errors import LookalikeWarning
from lookalike._core.parameters import Choice, check_parameters
from lookalike.relations import infer_schema
from lookalike.rules import POLICIES, check_texts, number_kinds, with_rules, without_broken_rows
from lookalike.tables import Kind, Schema, conform, render

__all__ = ["Declared"]


@dataclass(frozen=True)
class Declared:
    """Rules that hold on every generated row, and what becomes of real rows that break one.

    Parameters
    ----------
    rules : tuple of str
    broken : {"refuse", "drop", "repair", "keep"}
        As for `Synthesizer.fit`.
    """

    rules: tuple[str, ...] = ()
    broken: str = "refuse"

    @classmethod
    def of(cls, owner: str, rules: Sequence[str] | None, broken: str) -> Declared:
        """Return rules after checking them.

        Parameters
        ----------
        owner : str
            The name of the function that takes them.
        rules : sequence of str, optional
        broken : str

        Raises
        ------
        ParameterError
            If a rule cannot be read, or there is no such policy.
        """
        check_parameters(owner, {"broken": Choice(POLICIES)}, {"broken": broken})
        return cls(check_texts(rules or ()), broken)

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `Synthesizer.fit`; none without rules."""
        return {"rules": self.rules, "broken": self.broken} if self.rules else {}

    def kinds(
        self, table: pa.Table, kinds: Mapping[str, Kind | str] | None
    ) -> Mapping[str, Kind | str] | None:
        """Return the kinds of columns, those included that must be numbers for the rules.

        Parameters
        ----------
        table : pyarrow.Table
        kinds : mapping of str to str, optional
            Kinds that the caller gave.
        """
        if not self.rules:
            return kinds
        numbers = number_kinds(table, infer_schema(table, kinds), self.rules)
        return {**numbers, **(kinds or {})}

    def applied(self, table: pa.Table, schema: Schema) -> tuple[pa.Table, Schema]:
        """Return a table whose rows obey the rules, by the policy, and its schema with them.

        Parameters
        ----------
        table : pyarrow.Table
            As it came.
        schema : Schema

        Raises
        ------
        DataError
            If rules contradict each other, or rows break them and are refused.

        Warns
        -----
        LookalikeWarning
            If rows break a rule.
        """
        if not self.rules:
            return table, schema
        schema = with_rules(schema, self.rules)
        clean, words = without_broken_rows(conform(table, schema), schema, self.broken)
        if not words:
            return table, schema
        warnings.warn(f"{words}.", LookalikeWarning, stacklevel=4)
        return (table if self.broken == "keep" else render(clean, schema)), schema
