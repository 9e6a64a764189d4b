"""Runs of a benchmark: one JSON line each, and what is in the file is not run again."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from _quality import jobs, lines

Line = dict[str, Any]
#: Data, method and seed: what tells a run from others.
Task = tuple[str, str, int]


def each(path: Path, tasks: Iterable[Task], run: Callable[..., Line]) -> list[Line]:
    """Run what is not in a file yet, append it, and return the lines of all tasks.

    Parameters
    ----------
    path : Path
        The file of lines.
    tasks : iterable of (str, str, int)
    run : callable
        From a task's three parts to what is to be recorded.
    """
    tasks = list(tasks)
    done = {_task(line) for line in lines.read(path)}
    for task in tasks:
        if task in done:
            continue
        began = time.perf_counter(), time.process_time()
        found = run(*task)
        wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
        named = dict(zip(("data", "method", "seed"), task, strict=True))
        line = named | found | {"seconds": round(wall, 2), "cpu_seconds": round(cpu, 2)}
        lines.append(path, line)
        print(line, file=sys.stderr, flush=True)
    wanted = set(tasks)
    return [line for line in lines.read(path) if _task(line) in wanted]


def _task(line: Line) -> Task:
    return line["data"], line["method"], line["seed"]


def parser(description: str | None, seeds: int, *, file: bool = True) -> argparse.ArgumentParser:
    """Return a parser that knows the seeds, the cores and, where asked, the file of lines."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if file:
        made.add_argument("lines", type=Path, help="the file of results; made if it is absent")
    made.add_argument("--seeds", type=int, default=seeds, help="how many; from 0 on")
    made.add_argument("--cores", type=int, nargs="+", help="pin all work to these cores")
    return made


def parsed(made: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line and pin this process."""
    given = made.parse_args()
    jobs.pin(given.cores)
    return given


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    whole = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in whole)
