"""What the default settings are to reach, as numbers, beside what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from _quality.board import DEFAULT, Board
from _quality.lines import Line
from _quality.markdown import grid, number

#: The default without its correction after training.
PLAIN = f"{DEFAULT}+correct=false"
_SHALLOW = ("ctgan", "tvae", "copula")
_STRONG = ("argn", "arf")


@dataclass(frozen=True)
class Target:
    """A figure to reach.

    Parameters
    ----------
    words : str
        What it is.
    must, aim : float
        What it must be, and what it should be.
    measure : callable
        Finds it on a board; None where it was not measured.
    at_most : bool
        Whether less is better.
    """

    words: str
    must: float
    aim: float
    measure: Callable[[Board], float | None]
    at_most: bool = False

    def met(self, value: float | None) -> str:
        """Say in a word what a value is worth."""
        if value is None:
            return "not measured"
        sign = -1 if self.at_most else 1
        if sign * value >= sign * self.aim:
            return "aim"
        return "must" if sign * value >= sign * self.must else "missed"


def against_targets(lines: Sequence[Line]) -> str:
    """Return a Markdown table of all targets and what lines say of them."""
    board = Board(lines)
    rows = []
    for target in TARGETS:
        value = target.measure(board)
        sign = "≤" if target.at_most else "≥"
        wanted = [f"{sign} {number(target.must)}", f"{sign} {number(target.aim)}"]
        rows.append([target.words, *wanted, number(value), target.met(value)])
    return grid(["figure", "must", "aim", "measured", "reached"], rows)


def _score(table: str, score: str, method: str = DEFAULT) -> Callable[[Board], float | None]:
    return lambda board: board.mean(score, table, method)


def _of_ceiling(table: str, score: str) -> Callable[[Board], float | None]:
    """Return a score as a share of what held-out real rows get."""

    def measure(board: Board) -> float | None:
        value, ceiling = board.mean(score, table, DEFAULT), board.reference(score, table, "ceiling")
        return None if value is None or not ceiling else value / ceiling

    return measure


def _cost_ratio(table: str, cost: str, peer: str) -> Callable[[Board], float | None]:
    def measure(board: Board) -> float | None:
        mine, theirs = board.mean(cost, table, DEFAULT), board.mean(cost, table, peer)
        return None if mine is None or theirs is None else theirs / mine

    return measure


def _against(score: str, peers: Sequence[str]) -> Callable[[Board], float | None]:
    """Return our mean over all tables, divided by that of the best of some peers."""

    def measure(board: Board) -> float | None:
        mine = board.over_tables(score, DEFAULT, board.tables)
        theirs = [board.over_tables(score, peer, board.tables) for peer in peers]
        known = [value for value in theirs if value is not None]
        return None if mine is None or len(known) < len(theirs) else mine / max(*known, 1e-9)

    return measure


TARGETS = (
    Target("Adult c2st (XGBoost), training rows", 0.90, 0.95, _score("adult", "xgb_c2st")),
    Target("Adult c2st (XGBoost), test rows", 0.90, 0.93, _score("adult", "xgb_c2st_holdout")),
    Target(f"training rows, {PLAIN}", 0.78, 0.85, _score("adult", "xgb_c2st", PLAIN)),
    Target(f"test rows, {PLAIN}", 0.78, 0.85, _score("adult", "xgb_c2st_holdout", PLAIN)),
    Target("Adult shape", 0.996, 0.996, _score("adult", "shape")),
    Target("Adult trend", 0.985, 0.985, _score("adult", "trend")),
    Target("Adult wnmi", 0.985, 0.985, _score("adult", "wnmi")),
    Target("Adult TSTR AUC (XGBoost; real .927)", 0.914, 0.919, _score("adult", "xgb_tstr")),
    Target("Adult β-recall", 0.45, 0.45, _score("adult", "beta_recall")),
    Target("Adult coverage, share of the ceiling", 0.9, 0.9, _of_ceiling("adult", "coverage")),
    Target("online shoppers c2st (XGBoost)", 0.88, 0.95, _score("shoppers", "xgb_c2st")),
    Target(
        "mean c2st over all tables : best of CTGAN, TVAE, copula",
        3.0,
        3.0,
        _against("xgb_c2st", _SHALLOW),
    ),
    Target(
        "mean c2st over all tables : best of TabularARGN, ARF",
        1.0,
        1.0,
        _against("xgb_c2st", _STRONG),
    ),
    Target("Adult fit, wall seconds", 120, 60, _score("adult", "fit_seconds"), at_most=True),
    Target("Adult fit: CTGAN's seconds : ours", 8, 8, _cost_ratio("adult", "fit_seconds", "ctgan")),
    Target(
        "Adult near copies of training rows, per held-out rows'",
        1.0,
        1.0,
        _of_ceiling("adult", "copies"),
        at_most=True,
    ),
    Target(
        "Adult membership attack, strongest, AUC",
        0.53,
        0.51,
        _score("adult", "membership"),
        at_most=True,
    ),
)
#: Accuracy points that six shallow models lose with synthetic rows alone: see `replacement`.
REPLACEMENT_MUST, REPLACEMENT_AIM = 1.5, 0.8
#: Rows per second to Parquet, per those of the faster of CTGAN and TVAE: see `speed`.
SAMPLING_MUST = 3.0
SAMPLING_MUST_CORRECTED = 1.0
