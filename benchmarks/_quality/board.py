"""Lines as numbers by score, data set and method."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean, stdev

from _quality.lines import Line, whole
from _quality.methods import PEERS, is_ours
from lookalike.metrics import METRICS

#: The method that ratios are about: the default settings.
DEFAULT = "ours-balanced"
#: What a line holds beside scores; less is better.
COSTS = ("fit_seconds", "fit_cpu_seconds", "sample_seconds", "sample_cpu_seconds", "peak_mb")


class Board:
    """The numbers of some lines.

    Parameters
    ----------
    lines : iterable of dict
        Those with an error are left out.
    """

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = whole(lines)
        self.tables = list(dict.fromkeys(line["data"] for line in self.lines))
        self.methods = sorted({line["method"] for line in self.lines}, key=_order)
        self.scores = list(dict.fromkeys(n for line in self.lines for n in line["scores"]))

    def values(self, score: str, table: str, method: str, part: str = "value") -> list[float]:
        """Return a score, its ceiling or floor, or a cost, of every seed that has it."""
        lines = [x for x in self.lines if (x["data"], x["method"]) == (table, method)]
        if score in COSTS:
            found = [line.get(score) for line in lines]
        else:
            found = [line["scores"].get(score, {}).get(part) for line in lines]
        return [value for value in found if value is not None]

    def mean(self, score: str, table: str, method: str, part: str = "value") -> float | None:
        """Return the mean over seeds."""
        values = self.values(score, table, method, part)
        return fmean(values) if values else None

    def spread(self, score: str, table: str, method: str) -> float | None:
        """Return the standard deviation over seeds; None for a single one."""
        values = self.values(score, table, method)
        return stdev(values) if len(values) > 1 else None

    def reference(self, score: str, table: str, part: str) -> float | None:
        """Return a ceiling or floor, the mean over seeds; all methods share it."""
        seeds = {}
        for line in self.lines:
            value = line["scores"].get(score, {}).get(part)
            if line["data"] == table and value is not None:
                seeds[line["seed"]] = value
        return fmean(seeds.values()) if seeds else None

    def over_tables(self, score: str, method: str, tables: Iterable[str]) -> float | None:
        """Return the mean over tables, if the method has all of them."""
        means = [self.mean(score, table, method) for table in tables]
        known = [value for value in means if value is not None]
        return fmean(known) if known and len(known) == len(means) else None

    def best_peer(self, score: str, table: str) -> tuple[str, float] | None:
        """Return the peer that is best at a score on a table."""
        found = [(peer, self.mean(score, table, peer)) for peer in self.methods if peer in PEERS]
        known = [(peer, value) for peer, value in found if value is not None]
        pick = min if lower_is_better(score) else max
        return pick(known, key=lambda pair: pair[1]) if known else None


def lower_is_better(score: str) -> bool:
    """Say whether less is better; XGBoost's scores are of the higher sort."""
    return score in COSTS or (score in METRICS and METRICS[score].direction == "lower")


def _order(method: str) -> tuple[bool, bool, str]:
    """Put the default first, then our others, then peers."""
    return method != DEFAULT, not is_ours(method), method
