"""Rows of a model as a folder of parts, made by many workers."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lookalike._core.errors import OutputError, ParameterError
from lookalike._core.parameters import AnyOf, Choice, Number, check_parameters
from lookalike._core.places import is_address
from lookalike._core.progress import progress as progress_bar
from lookalike._core.seeds import RandomState, as_seed
from lookalike.models import Synthesizer, load
from lookalike.scale._engines import ENGINES, engine_of
from lookalike.scale._manifest import Folder, Manifest
from lookalike.scale._work import PartTask, PartWork
from lookalike.watermark import Watermark

__all__ = ["sample_parts"]

_FORMATS = ("parquet", "csv", "csv.gz")
_RULES = {
    "n": Number(1, integer=True),
    "part_rows": Number(1, integer=True),
    "workers": AnyOf((Number(1, integer=True),), none=True),
    "engine": Choice(ENGINES),
    "file_format": Choice(_FORMATS),
}
#: The name of a part.
_PART = re.compile(r"part-\d+\.(?:parquet|csv|csv\.gz)")
#: One in so many parts that are whole may not be entered yet; after a break, these are made anew.
_UNENTERED = 100
#: The most parts of a table: more are hard to handle for readers, too.
_MOST_PARTS = 1_000_000


def sample_parts(
    model: Any,
    folder: str | os.PathLike[str],
    n: int,
    *,
    part_rows: int = 1_000_000,
    file_format: str = "parquet",
    engine: str = "processes",
    workers: int | None = None,
    address: str | None = None,
    given: Any = None,
    balance: str | None = None,
    random_state: RandomState = None,
    safe_csv: bool = False,
    watermark: Watermark | str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    progress: bool | None = None,
) -> int:
    """Write the rows of a model to a folder of parts, made by many processes.

    The rows are those of ``model.sample(n)``, whatever the engine and the number of workers. Each
    part is written beside its place and renamed, and entered in ``_manifest.json``: a run that was
    interrupted, in any way, goes on when the same call is made again.

    Parameters
    ----------
    model : Synthesizer, Procedural or path-like
        A model of a table, or its file. It goes to each worker once.
    folder : path-like
        A folder, or an address such as ``s3://bucket/folder``; see `lookalike.tables.read_table`.
    n : int
        The number of rows of all parts.
    part_rows : int
        The number of rows of a part; the last one may have fewer.
    file_format : {"parquet", "csv", "csv.gz"}
    engine : {"processes", "ray"}
        Processes of this machine, or a Ray cluster (it comes with lookalike[ray]).
    workers : int, optional
        The number of parts that are made at a time; by default, as many as there are cores.
    address : str, optional
        Of a Ray cluster; by default the one of the environment, or a new one on this machine.
    given, balance : optional
        As for `Synthesizer.sample_to`; conditions are a mapping.
    random_state : int, Generator, RandomState or None
        The seed; None is the model's own ``seed_``.
    safe_csv : bool
        As for `Synthesizer.sample_to`.
    watermark : Watermark or path, optional
        As for `Synthesizer.sample_to`. The manifest holds the name of the key only.
    overwrite : bool
        Whether parts of another table that are in the folder are replaced.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown where it is
        watched: in a terminal and in a notebook.

    Returns
    -------
    int
        The number of rows.

    Raises
    ------
    ParameterError
        If a parameter breaks its rule, or the folder holds parts of another table.
    OutputError
        If the folder holds other files, or cannot be written.
    TrainingError
        If workers died again and again, or a cluster does not answer.

    Examples
    --------
    >>> import lookalike as la, pyarrow as pa, tempfile
    >>> model = la.Independent(random_state=0).fit(pa.table({"x": [1.5, 2.5, 2.0, 1.0]}))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     la.sample_parts(model, folder, 5, part_rows=2, workers=1)
    ...     rows = la.tables.read_table(folder)
    5
    >>> rows.equals(model.sample(5))
    True
    """
    values = {"n": n, "part_rows": part_rows, "workers": workers, "engine": engine}
    check_parameters("sample_parts", _RULES, {**values, "file_format": file_format})
    if given is not None and not isinstance(given, Mapping):
        raise ParameterError("given must be a mapping of conditions: parts complete no rows.")
    if -(-n // part_rows) > _MOST_PARTS:
        raise ParameterError(
            f"A table has at most {_MOST_PARTS:,} parts: give part_rows of at least "
            f"{-(-n // _MOST_PARTS):,}."
        )
    n, part_rows = int(n), int(part_rows)
    place = os.fspath(folder)
    content, seed = _content(model, balance, watermark, random_state)
    options: dict[str, Any] = {"random_state": seed, "safe_csv": safe_csv}
    options |= {} if given is None else {"given": dict(given)}
    options |= {} if balance is None else {"balance": balance}
    mark = None if watermark is None else Watermark.read(watermark)
    options |= {} if mark is None else {"watermark": mark}
    plan = {
        "model": hashlib.sha256(content).hexdigest(),
        "seed": seed,
        "given": None if given is None else {str(k): _words(v) for k, v in given.items()},
        "balance": balance,
        "safe_csv": safe_csv,
        "file_format": file_format,
        "rows": n,
        "part_rows": part_rows,
        "watermark": None if mark is None else repr(mark),
    }
    # Workers of a cluster have working folders of their own.
    target = Folder(place if is_address(place) else os.path.abspath(place))
    with engine_of(engine, workers=workers, address=address) as run:
        manifest = _begun(target, plan, overwrite)
        tasks = [task for task in _tasks(plan) if task.name not in manifest.parts]
        done = sum(part.rows for part in manifest.parts.values())
        fresh = 0
        with progress_bar("rows", n, show=progress, begin=done) as report:
            for part in run(PartWork(content, target.place, options), tasks):
                if target.sized(part.name) != part.bytes:
                    raise OutputError(
                        f"{part.name} was written, but is not in {target}: workers need a folder "
                        "that all of their machines share."
                    )
                manifest.parts[part.name] = part
                done, fresh = done + part.rows, fresh + 1
                if done == n or fresh > len(manifest.parts) // _UNENTERED:
                    target.keep(manifest)
                    fresh = 0
                report(done, {})
    return n


def _content(
    model: Any, balance: str | None, watermark: Any, random_state: RandomState
) -> tuple[bytes, int]:
    """Return a model as the bytes of its file, and the seed."""
    with tempfile.TemporaryDirectory(prefix="lookalike-") as folder:
        fitted: Any = load(model) if isinstance(model, str | os.PathLike) else model
        fitted = getattr(fitted, "best_", fitted)  # what `Auto` has chosen
        if hasattr(fitted, "continue_to") or not hasattr(fitted, "sample_to"):
            raise ParameterError(
                "Parts are made of rows that do not depend on each other: the model must be one of "
                f"a table, not {type(fitted).__name__}."
            )
        if not isinstance(fitted, Synthesizer):
            for name, value in (("balance", balance), ("watermark", watermark)):
                if value is not None:
                    raise ParameterError(f"{name} is for learned models: leave it out.")
        path = Path(folder) / "model.lookalike"
        fitted.save(path)
        seed = fitted.seed_ if random_state is None else as_seed(random_state)
        return path.read_bytes(), int(seed)


def _words(value: Any) -> str:
    """Return a condition in words that are the same in every process."""
    if isinstance(value, set | frozenset):
        return repr(sorted(map(repr, value)))
    return repr(value)


def _begun(target: Folder, plan: dict[str, Any], overwrite: bool) -> Manifest:
    """Return the manifest of an interrupted run, or begin a new one."""
    # Files such as .DS_Store are nobody's.
    names = [name for name in target.names() if not name.startswith(".")]
    before = target.manifest()
    if before is not None and (not overwrite or before.plan == plan):
        before.check_plan(plan, str(target))
        # Whoever deletes or cuts a part has it made anew.
        before.parts = {n: p for n, p in before.parts.items() if target.sized(n) == p.bytes}
        return before
    if before is None and names:
        raise OutputError(
            f"A folder of parts must be empty or new, but {target} holds {names[0]!r}."
        )
    # A worker may have finished parts that nobody entered.
    for name in names:
        if _PART.fullmatch(name):
            target.delete(name)
    manifest = Manifest(plan)
    target.keep(manifest)
    return manifest


def _tasks(plan: dict[str, Any]) -> Iterator[PartTask]:
    """Return all parts of a table."""
    starts = range(0, plan["rows"], plan["part_rows"])
    digits = len(str(len(starts) - 1))
    for number, start in enumerate(starts):
        rows = min(plan["part_rows"], plan["rows"] - start)
        yield PartTask(f"part-{number:0{max(digits, 5)}}.{plan['file_format']}", start, rows)
