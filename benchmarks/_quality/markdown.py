"""Lines as Markdown: a table for each score and cost, means over seeds ± standard deviations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

from _quality.board import COSTS, Board, lower_is_better
from _quality.lines import Line
from _quality.methods import is_ours

_COST_WORDS = {
    "fit_seconds": "Fit, wall seconds (imports and compilation included)",
    "fit_cpu_seconds": "Fit, CPU seconds",
    "sample_seconds": "Making as many rows and writing them to Parquet, seconds",
    "sample_cpu_seconds": "The same, CPU seconds",
    "peak_mb": "Peak memory, MB",
}
_NOTHING = "–"


def report(lines: Sequence[Line]) -> str:
    """Return all tables of some lines.

    Parameters
    ----------
    lines : sequence of dict
        What `_quality.lines.read` gives.

    Returns
    -------
    str
        Markdown: what was run, scores, costs, failures.
    """
    board = Board(lines)
    parts = [_about(lines)]
    parts += [_score_table(board, score) for score in board.scores]
    parts += [_cost_table(board, cost) for cost in COSTS if board.lines]
    parts.append(_failures(lines))
    return "\n\n".join(part for part in parts if part)


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def number(value: float | None) -> str:
    """Return a number with about three figures that count."""
    if value is None:
        return _NOTHING
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def _about(lines: Sequence[Line]) -> str:
    versions = {f"{k} {v}" for line in lines for k, v in line.get("versions", {}).items()}
    versions |= {f"{k} {v}" for line in lines for k, v in line.get("judge_versions", {}).items()}
    machines = {
        f"{len(m['cores'])} cores ({m['processor']}), Python {m['python']}, commit {m['commit']}"
        for m in (line["machine"] for line in lines)
    }
    seeds = sorted({line["seed"] for line in lines})
    few = {line["most_rows"] for line in lines} - {None}
    said = [f"{len(lines)} lines; seeds {', '.join(map(str, seeds))}."]
    if few:
        said.append(f"Some on at most {', '.join(f'{n:,}' for n in sorted(few))} training rows.")
    said += [
        f"Machine: {'; '.join(sorted(machines))}.",
        f"Versions: {', '.join(sorted(versions))}.",
    ]
    said.append("Means over seeds ± standard deviation. As many rows are made as were trained on.")
    return "\n".join(said)


def _score_table(board: Board, score: str) -> str:
    ours = next((name for name in board.methods if is_ours(name)), None)
    ratio = [] if ours is None else [f"{ours} : best peer"]
    head = ["data", "ceiling", "floor", *board.methods, *ratio]
    rows = [
        [
            table,
            number(board.reference(score, table, "ceiling")),
            number(board.reference(score, table, "floor")),
            *(_cell(board, score, table, method) for method in board.methods),
            *([] if ours is None else [_ratio(board, score, table, ours)]),
        ]
        for table in board.tables
    ]
    means = [_mean(board, score, method) for method in board.methods]
    rows.append(["mean", "", "", *means, *("" for _ in ratio)])
    better = "lower" if lower_is_better(score) else "higher"
    return f"## {score} ({better} is better)\n\n{grid(head, rows)}"


def _cell(board: Board, score: str, table: str, method: str) -> str:
    mean, spread = board.mean(score, table, method), board.spread(score, table, method)
    return number(mean) if spread is None else f"{number(mean)} ± {number(spread)}"


def _mean(board: Board, score: str, method: str) -> str:
    """Return the mean over the tables that a method has, and how many if not all."""
    found = [board.mean(score, table, method) for table in board.tables]
    known = [value for value in found if value is not None]
    if not known:
        return _NOTHING
    count = "" if len(known) == len(found) else f" ({len(known)} tables)"
    return number(fmean(known)) + count


def _ratio(board: Board, score: str, table: str, ours: str) -> str:
    mine, best = board.mean(score, table, ours), board.best_peer(score, table)
    if mine is None or best is None or best[1] <= 0:
        return _NOTHING
    return f"{mine / best[1]:.2f} ({best[0]})"


def _cost_table(board: Board, cost: str) -> str:
    """Return a table of costs, those of other methods with how often they are ours."""
    ours = board.methods[0]

    def cell(table: str, method: str) -> str:
        mine, theirs = board.mean(cost, table, ours), board.mean(cost, table, method)
        if method == ours or theirs is None or not mine:
            return number(theirs)
        return f"{number(theirs)} (×{theirs / mine:.2g})"

    rows = [[table, *(cell(table, method) for method in board.methods)] for table in board.tables]
    return f"## {_COST_WORDS[cost]}\n\n{grid(['data', *board.methods], rows)}"


def _failures(lines: Sequence[Line]) -> str:
    rows = [
        [line["data"], line["method"], str(line["seed"]), line["stage"], _plain(line["error"])]
        for line in lines
        if "error" in line
    ]
    if not rows:
        return ""
    return "## Failed or left out\n\n" + grid(["data", "method", "seed", "at", "why"], rows)


def _plain(text: str) -> str:
    return text.replace("|", "/")[-200:]
