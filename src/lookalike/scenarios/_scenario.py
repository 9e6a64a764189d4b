"""`Scenario`: steps that are applied to a table, with labels of every change and a manifest."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.types as pt

from lookalike._core.errors import DataError, FileFormatError, ParameterError, nearest
from lookalike._core.numerics import Floats
from lookalike._core.plain import jsonable
from lookalike._core.seeds import RandomState, as_seed, generator
from lookalike.scenarios._base import STEPS, RowNumbers, ScenarioStep, StepChange
from lookalike.scenarios._fitted import ModelStep, fitted_model
from lookalike.tables import as_frame, best_library, natural_rows

__all__ = ["Scenario", "ScenarioResult", "ScenarioRun"]

_FORMAT = 1


@dataclass(frozen=True)
class ScenarioResult:
    """A changed table, and what was changed.

    Parameters
    ----------
    data : dataframe
        The changed rows, in the library of the table that was given.
    labels : dataframe
        One row for each change that is left in `data`: ``row`` (the number of the row there),
        ``column`` (missing where the whole row was changed), ``step`` (from 1), ``kind`` (the
        step's name), ``strength``, and ``source_row`` (the row of the table that was given).
    manifest : dict
        The seed, the steps with their options and counts, the rows and digests of both tables.
    weights : ndarray, shape (n,)
        The importance weight of each row of `data`: 1 but for a ``rare_event``. A weighted mean
        estimates that of the rows without the event.
    """

    data: Any
    labels: Any
    manifest: dict[str, Any]
    weights: Floats


@dataclass(frozen=True)
class ScenarioRun:
    """A changed Arrow table, its labels, and the origin of its rows.

    Parameters
    ----------
    table : pyarrow.Table
        The changed rows.
    labels : pyarrow.Table
        As of `ScenarioResult`.
    source : ndarray of int, shape (n,)
        The row of the table that was given, for each row.
    steps : list of dict
        Each step that was applied, with its options and facts.
    weights : ndarray, shape (n,)
        As of `ScenarioResult`.
    """

    table: pa.Table
    labels: pa.Table
    source: RowNumbers
    steps: list[dict[str, Any]]
    weights: Floats


class Scenario:
    """Changes of a table that are declared, drawn from a seed, and labelled.

    Parameters
    ----------
    steps : sequence of ScenarioStep or mapping
        Applied one after the other. A mapping has the step's ``"name"`` and its options.

    Raises
    ------
    ParameterError
        If a step or an option is unknown, or a value breaks its rule; all faults at once.

    Examples
    --------
    >>> import pandas as pd
    >>> from lookalike.scenarios import Scenario
    >>> people = pd.DataFrame({"height": [171.0, 180.0, 165.0, 190.0], "sex": list("fmfm")})
    >>> scenario = Scenario(
    ...     [
    ...         {"name": "wrong_units", "column": "height", "share": 0.5, "factor": 0.01},
    ...         {"name": "missing", "column": "sex", "share": 0.25},
    ...     ]
    ... )
    >>> result = scenario.apply(people, random_state=0)
    >>> len(result.labels), int(result.data["sex"].isna().sum())
    (3, 1)
    """

    def __init__(self, steps: Sequence[ScenarioStep | Mapping[str, Any]]) -> None:
        if not steps or isinstance(steps, (str, Mapping)):
            raise ParameterError(f"A scenario must have a list of steps; got {steps!r}.")
        wrong = [words for step in steps if (words := _lacking(step))]
        if wrong:
            raise ParameterError("\n".join(wrong))
        self.steps = tuple(STEPS.create_all(steps))

    @property
    def needs_model(self) -> bool:
        """Return whether a step needs a fitted model."""
        return any(isinstance(step, ModelStep) for step in self.steps)

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> Scenario:
        """Read a scenario from a TOML file: one ``[[step]]`` with a ``name`` for each step.

        Raises
        ------
        FileFormatError
            If the file cannot be read or is no scenario.
        ParameterError
            If a step is wrong.
        """
        try:
            values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise FileFormatError(f"{os.fspath(path)} is no scenario in TOML: {error}.") from error
        unknown = [name for name in values if name != "step"]
        if unknown:
            raise FileFormatError(
                f"A scenario has [[step]] tables and nothing else; got {unknown[0]!r}."
                f"{nearest(unknown[0], ['step'])}"
            )
        steps = values.get("step", [])
        if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
            raise FileFormatError("The steps of a scenario must be [[step]] tables.")
        return cls(steps)

    def apply(
        self, data: Any, random_state: RandomState = 0, *, model: Any = None
    ) -> ScenarioResult:
        """Apply all steps to a table, which stays as it is.

        Parameters
        ----------
        data : dataframe or path
            Real or generated rows, in the order of time where steps need one.
        random_state : int, numpy.random.Generator, numpy.random.RandomState or None
            The same seed gives the same result. Each step has a stream of its own: the first
            steps do the same whatever follows.
        model : synthesizer, optional
            A fitted model of the columns with a likelihood, for anomalies and rare events; a
            `Mixture` is fitted to the rows where such a step has none.

        Returns
        -------
        ScenarioResult

        Raises
        ------
        DataError
            If the table has no rows.
        SchemaError
            If a step does not fit the table.
        """
        table, origin = natural_rows(data)
        seed = as_seed(random_state)
        found = self.run(table, seed, model=model)
        manifest = jsonable(
            {
                "format": _FORMAT,
                "lookalike": version("lookalike"),
                "seed": seed,
                "steps": found.steps,
                "input": {"rows": len(table), "sha256": _digest(table)},
                "output": {"rows": len(found.table), "sha256": _digest(found.table)},
            }
        )
        library = best_library() if origin.is_file else origin.library
        if library not in ("pandas", "polars"):
            library = "pyarrow"
        data, labels = as_frame(found.table, library), as_frame(found.labels, library)
        return ScenarioResult(data, labels, manifest, found.weights)

    def run(
        self, table: pa.Table, seed: int, dial: float = 1.0, *, model: Any = None
    ) -> ScenarioRun:
        """Apply all steps at a part of their strength to an Arrow table.

        Parameters
        ----------
        table : pyarrow.Table
            The rows.
        seed : int
            The source of all that is drawn.
        dial : float
            From 0, where most steps change nothing, to 1, the steps as they are.
        model : synthesizer, optional
            See `apply`.

        Returns
        -------
        ScenarioRun

        Raises
        ------
        DataError
            If the table has no rows.
        SchemaError
            If a step does not fit the table.
        """
        if not len(table):
            raise DataError("A scenario needs rows; the table has none.")
        log, steps, before = _Log(np.arange(len(table))), [], table
        for number, stated in enumerate(self.steps, start=1):
            step = stated.dialled(dial, table)
            if step is None:
                continue
            random = generator(seed, "scenario", number, step.name)
            if isinstance(step, ModelStep):
                # Fitted to the rows as they came: other steps are no part of what is ordinary.
                model = fitted_model(model, before)
                found = step.change_by(model, table, random)
            else:
                found = step.change(table, random)
            log.add(number, step.name, found)
            count = {"changed": len(found.rows)}
            steps.append({**step.to_mapping(), **count, **found.facts})
            table = found.table
        return ScenarioRun(table, log.table(), log.source, steps, log.weights)


def _lacking(step: ScenarioStep | Mapping[str, Any]) -> str:
    """Return which options a step needs and does not have, as a sentence; empty where none."""
    if not isinstance(step, Mapping):
        return ""
    kind = STEPS.get(str(step.get("name")))
    if kind is None or not is_dataclass(kind):
        return ""
    needed = [one.name for one in fields(kind) if one.default is MISSING]
    lacking = [name for name in needed if name not in step]
    if not lacking:
        return ""
    return f"The step {kind.name!r} needs {', '.join(map(repr, lacking))}; got {dict(step)!r}."


class _Log:
    """The changes so far, by the rows of the present table."""

    def __init__(self, source: RowNumbers) -> None:
        self.source = source
        self.weights = np.ones(len(source))
        self._parts: list[tuple[int, str, str | None, RowNumbers, np.ndarray]] = []

    def add(self, number: int, name: str, found: StepChange) -> None:
        if found.source is not None:
            self.source = self.source[found.source]
            self.weights = self.weights[found.source]
            self._parts = [_moved(part, found.source) for part in self._parts]
        if found.weights is not None:
            self.weights = self.weights * found.weights
        self._parts.append((number, name, found.column, found.rows, found.strength))

    def table(self) -> pa.Table:
        nothing = np.empty(0)
        rows = np.concatenate([nothing, *(part[3] for part in self._parts)]).astype(np.int64)
        sizes = [len(part[3]) for part in self._parts]
        strength = np.concatenate([nothing, *(part[4] for part in self._parts)])
        columns = {
            "row": pa.array(rows),
            "column": pa.array(_repeated([p[2] for p in self._parts], sizes), pa.string()),
            "step": pa.array(_repeated([p[0] for p in self._parts], sizes), pa.int64()),
            "kind": pa.array(_repeated([p[1] for p in self._parts], sizes), pa.string()),
            "strength": pa.array(strength, pa.float64()),
            "source_row": pa.array(self.source[rows]),
        }
        return pa.table(columns)


def _repeated(values: list[Any], sizes: list[int]) -> list[Any]:
    return [value for value, size in zip(values, sizes, strict=True) for _ in range(size)]


def _moved(
    part: tuple[int, str, str | None, RowNumbers, np.ndarray], source: RowNumbers
) -> tuple[int, str, str | None, RowNumbers, np.ndarray]:
    """Return changes by the rows of the next table, in which rows may come never or twice."""
    number, name, column, rows, strength = part
    known = np.full(int(max(source.max(initial=0), rows.max(initial=0))) + 1, -1)
    known[rows] = np.arange(len(rows))
    kept = np.flatnonzero(known[source] >= 0)
    return number, name, column, kept, strength[known[source[kept]]]


def _digest(table: pa.Table) -> str:
    """Return the digest of a table as CSV."""
    plain = [
        column.cast(column.type.value_type) if pt.is_dictionary(column.type) else column
        for column in table.columns
    ]
    sink = pa.BufferOutputStream()
    try:
        csv.write_csv(pa.table(plain, names=table.column_names), sink)
        content = sink.getvalue().to_pybytes()
    except pa.ArrowException:
        content = json.dumps([table.schema.to_string(), table.to_pylist()], default=str).encode()
    return hashlib.sha256(content).hexdigest()
