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
from lookalike._core.plain import jsonable
from lookalike._core.seeds import RandomState, as_seed, generator
from lookalike.scenarios._base import STEPS, RowNumbers, ScenarioStep, StepChange
from lookalike.tables import as_frame, best_library, to_arrow

__all__ = ["Scenario", "ScenarioResult"]

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
    """

    data: Any
    labels: Any
    manifest: dict[str, Any]


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

    def apply(self, data: Any, random_state: RandomState = 0) -> ScenarioResult:
        """Apply all steps to a table, which stays as it is.

        Parameters
        ----------
        data : dataframe or path
            Real or generated rows, in the order of time where steps need one.
        random_state : int, numpy.random.Generator, numpy.random.RandomState or None
            The same seed gives the same result. Each step has a stream of its own: the first
            steps do the same whatever follows.

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
        table, origin = to_arrow(data)
        if not len(table):
            raise DataError("A scenario needs rows; the table has none.")
        seed = as_seed(random_state)
        log = _Log(np.arange(len(table)))
        before, steps = table, []
        for number, step in enumerate(self.steps, start=1):
            found = step.change(table, generator(seed, "scenario", number, step.name))
            log.add(number, step.name, found)
            count = {"changed": len(found.rows)}
            steps.append({**step.to_mapping(), **count, **found.facts})
            table = found.table
        manifest = jsonable(
            {
                "format": _FORMAT,
                "lookalike": version("lookalike"),
                "seed": seed,
                "steps": steps,
                "input": {"rows": len(before), "sha256": _digest(before)},
                "output": {"rows": len(table), "sha256": _digest(table)},
            }
        )
        library = best_library() if origin.is_file else origin.library
        if library not in ("pandas", "polars"):
            library = "pyarrow"
        return ScenarioResult(as_frame(table, library), as_frame(log.table(), library), manifest)


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
        self._source = source
        self._parts: list[tuple[int, str, str | None, RowNumbers, np.ndarray]] = []

    def add(self, number: int, name: str, found: StepChange) -> None:
        if found.source is not None:
            self._source = self._source[found.source]
            self._parts = [_moved(part, found.source) for part in self._parts]
        self._parts.append((number, name, found.column, found.rows, found.strength))

    def table(self) -> pa.Table:
        rows = np.concatenate([part[3] for part in self._parts]).astype(np.int64)
        sizes = [len(part[3]) for part in self._parts]
        strength = np.concatenate([part[4] for part in self._parts])
        columns = {
            "row": pa.array(rows),
            "column": pa.array(_repeated([p[2] for p in self._parts], sizes), pa.string()),
            "step": pa.array(_repeated([p[0] for p in self._parts], sizes), pa.int64()),
            "kind": pa.array(_repeated([p[1] for p in self._parts], sizes), pa.string()),
            "strength": pa.array(strength, pa.float64()),
            "source_row": pa.array(self._source[rows]),
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
