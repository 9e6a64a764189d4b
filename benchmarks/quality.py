"""Quality and cost of lookalike and its peers: data set × method × seed.

    quality.py run FOLDER --out lines.jsonl    one JSON line for each; goes on where it was
    quality.py table lines.jsonl [--targets]   Markdown of the lines
    quality.py replacement FOLDER              what is lost when synthetic rows alone teach models
    quality.py speed FOLDER                    rows per second, ours and peers in turns
    quality.py linear FOLDER                   what more steps, rows and samples cost

FOLDER holds the tables that ``_quality/data.py`` names. Peers run in environments of their own,
which the script builds from the lists in ``peers/``; see ``README.md``.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from _quality import bench, environments, jobs, lines, markdown, replacement, speed
from _quality.board import DEFAULT
from _quality.data import SOURCES
from _quality.methods import METHODS
from _quality.targets import against_targets

#: The methods of a run, where none are named.
_DEFAULT = ("ours-balanced", *METHODS)
#: The methods whose sampling is timed, where none are named.
_SPEED = ("ours-balanced+correct=false", "ours-balanced+correct=true", "ctgan", "tvae")
_HOURS = 4.0


def main() -> None:
    """Run a command."""
    # Ended politely, the script ends its running job too.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    arguments = _arguments()
    command: Callable[[argparse.Namespace], None] = arguments.command
    command(arguments)


def _run(given: argparse.Namespace) -> None:
    bench.run(
        bench.Plan(
            folder=given.folder,
            out=given.out,
            methods=tuple(given.methods),
            tables=tuple(given.data),
            seeds=tuple(given.seeds),
            metrics=tuple(given.metrics),
            judge=not given.no_judge,
            envs=given.envs,
            limits=_limits(given),
            most_rows=given.most_rows,
            retry=given.retry,
        )
    )


def _table(given: argparse.Namespace) -> None:
    found = [line for path in given.lines for line in lines.read(path)]
    if not found:
        raise SystemExit("There are no lines in these files.")
    print(against_targets(found) if given.targets else markdown.report(found))


def _replacement(given: argparse.Namespace) -> None:
    jobs.pin(given.cores)
    print(replacement.report(given.folder, given.method, given.splits))


def _speed(given: argparse.Namespace) -> None:
    plan = speed.Plan(
        folder=given.folder,
        envs=given.envs,
        methods=tuple(given.methods),
        steps=given.steps,
        turns=given.turns,
        make=given.make,
        limits=_limits(given),
    )
    print(speed.report(plan))


def _linear(given: argparse.Namespace) -> None:
    plan = speed.LinearPlan(
        folder=given.folder,
        method=given.method,
        steps=tuple(sorted(given.steps)),
        rows=tuple(given.rows),
        make=tuple(given.make),
        limits=_limits(given),
    )
    print(speed.linear_report(plan))


def _limits(given: argparse.Namespace) -> jobs.Limits:
    return jobs.Limits(jobs.pin(given.cores), given.timeout)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--cores", type=int, nargs="+", help="pin all jobs to these cores")
    shared.add_argument("--timeout", type=float, default=3600 * _HOURS, help="seconds of one job")
    envs = argparse.ArgumentParser(add_help=False)
    envs.add_argument("--envs", type=Path, default=environments.default_folder())
    _add_run(commands.add_parser("run", parents=[shared, envs]))
    _add_table(commands.add_parser("table"))
    _add_replacement(commands.add_parser("replacement", parents=[shared]))
    _add_speed(commands.add_parser("speed", parents=[shared, envs]))
    _add_linear(commands.add_parser("linear", parents=[shared]))
    return parser.parse_args()


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_run)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--methods", nargs="+", default=_DEFAULT, metavar="NAME")
    parser.add_argument("--data", nargs="+", default=tuple(SOURCES), choices=tuple(SOURCES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, required=True, metavar="LINES")
    parser.add_argument("--metrics", nargs="+", default=(), help="scores of the package; all")
    parser.add_argument("--no-judge", action="store_true", help="leave XGBoost's scores out")
    parser.add_argument("--most-rows", type=int, help="train on at most so many rows")
    parser.add_argument("--retry", action="store_true", help="try failures again")


def _add_table(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_table)
    parser.add_argument("lines", type=Path, nargs="+")
    parser.add_argument("--targets", action="store_true", help="targets beside what was measured")


def _add_replacement(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_replacement)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--method", default="ours-balanced")


def _add_speed(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_speed)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, help="steps of our fits; the default's")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--make", type=int, default=1_000_000, help="rows to sample in a turn")
    parser.add_argument("--methods", nargs="+", default=_SPEED)


def _add_linear(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_linear)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--method", default=DEFAULT)
    parser.add_argument("--steps", type=int, nargs="+", default=[500, 1_000, 2_000, 4_000])
    parser.add_argument(
        "--rows",
        type=int,
        nargs="*",
        default=[10_000, 100_000, 1_000_000],
        help="sizes of training tables, learned in the most of the steps",
    )
    parser.add_argument(
        "--make",
        type=int,
        nargs="+",
        default=[100_000, 1_000_000, 10_000_000],
        help="rows to sample after the fit of the most steps",
    )


if __name__ == "__main__":
    sys.exit(main())
