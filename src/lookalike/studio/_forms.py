"""The fields of a form, checked: what comes from a page is never trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from lookalike._core.errors import InputError, nearest
from lookalike.studio._commands import FAMILIES, FitChoice

__all__ = ["Form", "as_json", "column_of", "fit_choice"]

_BUDGETS = ("fast", "balanced", "best")
_MOST_SECONDS = 86_400
_MOST_RULES = 200


class Form:
    """The fields of a form by name.

    Parameters
    ----------
    body : bytes
        As a browser sends it: ``a=1&b=2``.
    """

    def __init__(self, body: bytes) -> None:
        try:
            pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20_000)
        except ValueError as error:
            raise InputError(f"The form cannot be read: {error}.") from error
        self.fields = dict(pairs)

    def text(self, name: str) -> str | None:
        """Return a field without spaces around it; None where it is empty."""
        return self.fields.get(name, "").strip() or None

    def number(self, name: str, low: int, high: int) -> int | None:
        """Return a whole number; None where the field is empty.

        Raises
        ------
        InputError
            If it is none, or out of bounds.
        """
        text = self.text(name)
        if text is None:
            return None
        if not text.isascii() or not text.isdigit() or not low <= int(text[:12]) <= high:
            raise InputError(
                f"{name} must be a whole number from {low:,} to {high:,}; got {text!r}."
            )
        return int(text)

    def factor(self, name: str) -> float:
        """Return a factor of numbers of rows; 1 where the field is empty.

        Raises
        ------
        InputError
            If it is no number from 0.001 to 1,000.
        """
        text = self.text(name) or "1"
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if not 0.001 <= value <= 1_000:
            raise InputError(f"{name} must be a number from 0.001 to 1,000; got {text!r}.")
        return value

    def choice(self, name: str, options: Sequence[str]) -> str | None:
        """Return one of some words; None where the field is empty.

        Raises
        ------
        InputError
            If it is another word.
        """
        text = self.text(name)
        if text is not None and text not in options:
            raise InputError(f"{name} must be one of these: {', '.join(options)}; got {text!r}.")
        return text

    def lines(self, name: str) -> tuple[str, ...]:
        """Return the lines of a field that are not empty."""
        found = (line.strip() for line in self.fields.get(name, "").splitlines())
        return tuple(line for line in found if line)[:_MOST_RULES]


def fit_choice(
    form: Form, schema: Mapping[str, Any], kinds: Sequence[str], presets: Sequence[str]
) -> FitChoice:
    """Read the choices on the page of a table.

    Parameters
    ----------
    form : Form
    schema : mapping
        The schema of the table, as JSON values.
    kinds, presets : sequence of str
        All kinds of columns, and all published systems.

    Returns
    -------
    FitChoice

    Raises
    ------
    InputError
        If a field is not what it may be.
    """
    columns = {column["name"]: column["kind"] for column in schema["columns"]}
    changed = {}
    for place, (name, kind) in enumerate(columns.items()):
        wanted = form.choice(f"kind-{place}", kinds)
        if wanted is not None and wanted != kind:
            changed[name] = wanted
    model = form.choice("model", tuple(FAMILIES)) or "gan"
    networks, sequences = model == "gan", model == "sequences"
    rules = form.lines("rules")
    if sequences and rules:
        raise InputError(
            "Rules are for tables of independent rows: remove them, or choose another model."
        )
    entity, time = (column_of(form, columns, role) for role in ("entity", "time"))
    if sequences and entity is None and time is None:
        raise InputError(
            "Sequences need the column of the entity, or that of the time, or both: choose them."
        )
    return FitChoice(
        model=model,
        target=column_of(form, columns, "target"),
        kinds=changed,
        rules=rules,
        budget=form.choice("budget", _BUDGETS) if networks else None,
        preset=form.choice("preset", presets) if networks else None,
        seconds=form.number("seconds", 5, _MOST_SECONDS) or 60 if model == "auto" else None,
        entity=entity if sequences else None,
        time=time if sequences else None,
        seed=form.number("seed", 0, 10**9) or 0,
    )


def column_of(form: Form, columns: Mapping[str, Any], role: str) -> str | None:
    """Return the column that the page names for a role, such as the target; None for none.

    Raises
    ------
    InputError
        If there is no such column.
    """
    name = form.fields.get(role) or None
    if name is not None and name not in columns:
        raise InputError(f"There is no column {name!r}.{nearest(name, columns)}")
    return name


def as_json(values: Any) -> str:
    """Return JSON that may stand in a stream of events: on one line."""
    return json.dumps(values, ensure_ascii=False, allow_nan=False)
