"""What all drivers share: a task in, rows and what they cost out.

``python DRIVER.py TASK.json`` fits one synthesizer to ``train.parquet`` and writes as many rows as
the task asks for; or, where the task is to take turns, as many as each line of its input says, and
answers what fitting and each sample cost with a line of JSON. A driver is one function ``fit``,
which imports its library (what is measured is imported inside the clock) and returns a function
that makes rows. This file needs pandas and pyarrow only, so that it runs in every environment.

Peers want plain columns: levels as text without gaps, moments as numbers, and some no missing
numbers. `prepared` makes such a frame and `Plain.restored` goes back, so that all methods are
judged on the same types.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

#: Stands for a missing level while a peer has the rows.
MISSING = "(missing)"
#: Ends the name of the column that tells where a number was missing.
GAP = " is missing"

Make = Callable[[int], Any]
Costs = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """What a driver is asked for.

    Parameters
    ----------
    train : str
        A Parquet file of the rows to learn.
    out : str
        The Parquet file to write.
    rows : int
        How many rows to make.
    seed : int
        The seed, where the library has one.
    discrete : list of str
        The columns whose values are levels.
    cores : int
        How many cores the process has.
    settings : dict
        Settings that are not the defaults.
    turns : bool
        Whether rows are made whenever a line asks for them, ``rows`` aside.
    """

    train: str
    out: str
    rows: int
    seed: int
    discrete: list[str]
    cores: int
    settings: dict[str, Any] = field(default_factory=dict)
    turns: bool = False


def task() -> Task:
    """Return the task that the command line names."""
    return Task(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))


def measure(
    asked: Task,
    fit: Callable[[], Make],
    after: Callable[[Any], None],
    packages: tuple[str, ...],
) -> None:
    """Fit, make rows on disk, and write beside them what it cost.

    Parameters
    ----------
    asked : Task
        What to do.
    fit : callable
        Learns the rows, imports included, and returns a function that makes so many rows and
        writes them to ``asked.out``.
    after : callable
        What is to be done with them outside of the clock.
    packages : tuple of str
        Whose versions to note.
    """
    tell = _teller() if asked.turns else None
    begin = _clocks()
    make = fit()
    found = _spent("fit", begin)
    if tell is not None:
        _take_turns(make, found, tell)
        return
    begin = _clocks()
    made = make(asked.rows)
    found |= _spent("sample", begin) | _peak()
    found["versions"] = {name: version(name) for name in packages}
    after(made)
    Path(asked.out).with_suffix(".json").write_text(json.dumps(found), encoding="utf-8")


def _take_turns(make: Make, fitted: Costs, tell: Callable[[Costs], None]) -> None:
    """Make as many rows as each line of the input says, until it ends; tell what each cost."""
    tell(fitted | _peak())
    waiting = _clocks()
    for line in sys.stdin:
        begin = _clocks()
        make(int(line))
        idle = {"idle_seconds": begin[0] - waiting[0], "idle_cpu_seconds": begin[1] - waiting[1]}
        tell(_spent("sample", begin) | _peak() | idle)
        waiting = _clocks()


def _teller() -> Callable[[Costs], None]:
    """Keep the output for answers, and let what libraries print go where errors go."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(costs: Costs) -> None:
        print(json.dumps(costs), file=answers, flush=True)

    return tell


def _spent(what: str, begin: tuple[float, float]) -> Costs:
    wall, cpu = (b - a for a, b in zip(begin, _clocks(), strict=True))
    return {f"{what}_seconds": round(wall, 3), f"{what}_cpu_seconds": round(cpu, 3)}


def _peak() -> Costs:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return {"peak_mb": round(max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024)}


def drive(
    fit: Callable[[Plain, Task], Make], packages: tuple[str, ...], *, fill: bool = True
) -> None:
    """Run a peer: pandas frames in and out.

    Its rows are written to Parquet within the clock of sampling, and once more, in the types of
    the original rows, outside of it.

    Parameters
    ----------
    fit : callable
        Learns a `Plain` frame and returns a function that makes a frame of so many rows.
    packages : tuple of str
        Whose versions to note.
    fill : bool
        Whether missing numbers are filled, because the library does not take them.
    """
    asked = task()
    train = pd.read_parquet(asked.train)
    plain = prepared(train, asked.discrete, fill=fill)

    def learn() -> Make:
        make = fit(plain, asked)

        def made(rows: int) -> pd.DataFrame:
            frame = make(rows)
            frame.to_parquet(asked.out, index=False)
            return frame

        return made

    def restore(made: pd.DataFrame) -> None:
        plain.restored(made).to_parquet(asked.out, index=False)

    np.random.seed(asked.seed)  # noqa: NPY002 (most of them draw from the global generator)
    measure(asked, learn, restore, packages)


@dataclass(frozen=True)
class Plain:
    """Rows as a peer takes them.

    Parameters
    ----------
    frame : DataFrame
        Levels as text, moments and numbers as numbers.
    discrete : list of str
        The columns of levels, those that tell gaps included.
    original : DataFrame
        The rows as they were.
    levels : dict
        For each column of levels, the value that each text stands for.
    """

    frame: pd.DataFrame
    discrete: list[str]
    original: pd.DataFrame
    levels: dict[str, dict[str, Any]]

    def restored(self, made: pd.DataFrame) -> pd.DataFrame:
        """Return made rows in the columns, types and levels of the original rows."""
        made = made.reset_index(drop=True)
        columns = {}
        for name in self.original.columns:
            if name in self.levels:
                columns[name] = self._levelled(name, made[name])
                continue
            numbers = pd.to_numeric(made[name], errors="coerce").astype(float)
            if name + GAP in made:
                numbers = numbers.mask(made[name + GAP].astype(str) == "yes")
            columns[name] = self._number(name, numbers)
        return pd.DataFrame(columns)

    def _levelled(self, name: str, made: pd.Series) -> pd.Series:
        levels = self.levels[name]
        # A text that was never there stays as it is, unless the type forbids it.
        other = self.original[name].dtype.kind == "O"
        values = [levels.get(text, text if other else None) for text in made.astype(str)]
        column = pd.Series(values, dtype=object)
        return column.where(column.notna(), None).infer_objects()

    def _number(self, name: str, numbers: pd.Series) -> pd.Series:
        kind = self.original[name].dtype
        real = self.original[name].dropna()
        if kind.kind == "M":
            moments = pd.to_datetime(numbers.round(), unit="s").astype(kind)
            return moments.dt.round("D") if (real == real.dt.normalize()).all() else moments
        if kind.kind in "iu":
            limits = np.iinfo(kind)
            return numbers.round().clip(limits.min, limits.max).astype("Int64")
        # Whole numbers that a file writes as 7.0 are whole numbers for everybody.
        return (numbers.round() if (real % 1 == 0).all() else numbers).astype(kind)


def prepared(train: pd.DataFrame, discrete: list[str], *, fill: bool) -> Plain:
    """Return rows as peers take them.

    Parameters
    ----------
    train : DataFrame
        The rows; text is missing where it is None or NaN.
    discrete : list of str
        The columns whose values are levels.
    fill : bool
        Whether missing numbers become the median, told by a column of levels of their own.
    """
    columns: dict[str, pd.Series] = {}
    levels: dict[str, dict[str, Any]] = {}
    gaps = []
    for name in train.columns:
        values = train[name]
        if name in discrete:
            texts = values.astype(object).where(values.notna(), None)
            columns[name] = texts.map(lambda v: MISSING if v is None else str(v))
            levels[name] = dict(zip(columns[name], texts, strict=True))
            continue
        if values.dtype.kind == "M":
            values = (values - pd.Timestamp(0)) / pd.Timedelta(seconds=1)
        if fill and values.isna().any():
            columns[name + GAP] = values.isna().map({True: "yes", False: "no"})
            gaps.append(name + GAP)
            values = values.fillna(values.median())
        columns[name] = values
    return Plain(pd.DataFrame(columns), [*discrete, *gaps], train, levels)


def torch_threads(cores: int) -> None:
    """Let torch use as many threads as the process has cores."""
    import torch

    torch.set_num_threads(cores)


def _clocks() -> tuple[float, float]:
    """Return wall and CPU seconds, those of ended children included."""
    times = os.times()
    return time.perf_counter(), sum(times[:4])
