"""Where does boosting help, and by how much? Many tables, shares and factors, and their sum.

Usage::

    python benchmarks/boost_study.py run FOLDER OUT [--tables NAME...] [--repeats 10] [--jobs 2]
                                           [--budget NAME]
    python benchmarks/boost_study.py summary OUT > benchmarks/results/boost_study.md

FOLDER holds the tables in its subfolders, under the names in ``TABLES``; what is missing is said
and left out. Every number goes to ``OUT/records.sqlite`` as it comes, and a run that was stopped
goes on where it was. Each table's verdict goes to ``OUT/NAME.json``, and the commit that made them
to ``OUT/commits.txt``; the summary needs no more. ``--budget fast`` is for a first look.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import stats

import lookalike as la
from _quality.bench import machine
from lookalike.experiments import Row, Verdict
from lookalike.experiments._statistics import LEVEL, holm
from lookalike.tables import read_table

FACTORS = (0.2, 0.5, 2.0)
SHARES = (0.25, 1.0)
#: Three families: linear, one tree, many trees.
CLASSIFIERS = ("logistic regression", "decision tree", "boosted trees")
REGRESSORS = ("ridge regression", "decision tree", "boosted trees")
MOST_ROWS = 30_000


@dataclass(frozen=True)
class Table:
    """A table of the study.

    Parameters
    ----------
    path : str
        Below the data folder.
    target : str
        The column to predict.
    regression : bool
        Whether the target is a number.
    prepare : callable
        What is done to the rows before.
    kinds : dict of str to str
        Kinds of columns that inference should not guess.
    """

    path: str
    target: str
    regression: bool = False
    prepare: Callable[[pa.Table], pa.Table] = lambda table: table
    kinds: dict[str, str] = field(default_factory=dict)


def good_wine(table: pa.Table) -> pa.Table:
    """Make the classes of Leitner 2021: whether quality is above 6."""
    place = table.column_names.index("quality")
    return table.set_column(place, "good", pc.greater(table["quality"].cast(pa.int64()), 6))


def passengers(table: pa.Table) -> pa.Table:
    """Leave out names, tickets, and what was known only afterwards: boats and bodies."""
    return table.drop_columns(["name", "ticket", "cabin", "boat", "body", "home.dest"])


def first_part(table: pa.Table) -> pa.Table:
    """Keep the part of Adult that is for training."""
    return table.filter(pc.equal(table["split"], "train")).drop_columns(["split"])


TABLES = {
    "haberman": Table("imbalanced/haberman_306.csv", "survival_status"),
    "ecoli": Table("imbalanced/ecoli_336.csv", "site"),
    "pima": Table("thesis/diabetes.csv", "Outcome"),
    "oil spill": Table("imbalanced/oil_spill_937.csv", "class"),
    "german credit": Table("tables/german_credit_1000.csv", "class"),
    "titanic": Table("thesis/titanic.csv", "survived", prepare=passengers),
    "yeast6": Table("imbalanced/keel_yeast6.csv", "Class"),
    "card fraud": Table("imbalanced/creditcard_fraud_sample.csv", "Class"),
    "car vgood": Table("imbalanced/keel_car-vgood.csv", "Class"),
    "stroke": Table("tables/stroke_5110.csv", "stroke"),
    "wine": Table("thesis/winequalityN.csv", "good", prepare=good_wine),
    "bank churn": Table("tables/bank_churn_modelling_10000.csv", "Exited"),
    "mammography": Table("imbalanced/mammography_11183.csv", "class"),
    "shoppers": Table("tables/online_shoppers_12330.csv", "Revenue"),
    "king county": Table("tables/king_county_21613.csv", "price", regression=True),
    "adult": Table("tables/adult_48842.parquet", "income", prepare=first_part),
}


def main() -> None:
    """Run the study, or print its summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run")
    run.add_argument("folder", type=Path)
    run.add_argument("out", type=Path)
    run.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES), metavar="NAME")
    run.add_argument("--repeats", type=int, default=10)
    run.add_argument("--budget", help="fast, balanced or best; the package's own if not given")
    run.add_argument("--jobs", type=int, default=2)
    run.set_defaults(do=run_study)
    summary = commands.add_parser("summary")
    summary.add_argument("out", type=Path)
    summary.set_defaults(do=print_summary)
    arguments = parser.parse_args()
    arguments.do(arguments)


# --- the run --------------------------------------------------------------------------------------


def run_study(arguments: argparse.Namespace) -> None:
    """Try every table, and write its verdict."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    note_commit(arguments.out / "commits.txt")
    for name in arguments.tables:
        path = arguments.folder / TABLES[name].path
        if not path.is_file():
            print(f"{name}: left out, there is no {path}", file=sys.stderr)
            continue
        begin = time.perf_counter()
        verdict = try_table(name, path, arguments)
        verdict.to_json(arguments.out / f"{name}.json")
        print(f"{name} ({time.perf_counter() - begin:.0f} s): {verdict.answer}", flush=True)


def note_commit(path: Path) -> None:
    """Write down from which commit numbers come."""
    known = path.read_text(encoding="utf-8").split() if path.is_file() else []
    commit = machine([])["commit"] or "unknown"
    path.write_text("\n".join(dict.fromkeys([*known, commit])), encoding="utf-8")


def try_table(name: str, path: Path, arguments: argparse.Namespace) -> Verdict:
    """Boost one table by every factor, with every share of its training rows."""
    table = TABLES[name]
    rows = table.prepare(read_table(path))
    if len(rows) > MOST_ROWS:
        chosen = np.random.default_rng(0).choice(len(rows), MOST_ROWS, replace=False)
        rows = rows.take(pa.array(np.sort(chosen)))
    synthesizer = la.GAN(conditions=False)
    if arguments.budget is not None:
        synthesizer.set_params(budget=arguments.budget)
    return la.boost(
        rows,
        table.target,
        synthesizer=synthesizer,
        factors=FACTORS,
        shares=SHARES,
        replace=True,
        models=REGRESSORS if table.regression else CLASSIFIERS,
        repeats=arguments.repeats,
        kinds=table.kinds,
        records=arguments.out / "records.sqlite",
        n_jobs=arguments.jobs,
        progress=True,
    )


# --- the summary ----------------------------------------------------------------------------------


def print_summary(arguments: argparse.Namespace) -> None:
    """Print what the verdicts come to, as Markdown."""
    found = {
        name: Verdict.from_json((arguments.out / f"{name}.json").read_text(encoding="utf-8"))
        for name in TABLES
        if (arguments.out / f"{name}.json").is_file()
    }
    commits = arguments.out / "commits.txt"
    known = commits.read_text(encoding="utf-8").split() if commits.is_file() else ["unknown"]
    print("\n".join(summary(found, known)))


def summary(found: dict[str, Verdict], commits: Sequence[str]) -> Iterator[str]:
    """Write the summary of verdicts by name, line by line."""
    facts = next(iter(found.values())).facts
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    yield "# Where does boosting help?\n"
    yield from told(found)
    splits = " or ".join(dict.fromkeys(one.facts["split"] for one in found.values()))
    yield (
        f"\n{len(found)} tables, {facts['repeats']} {splits} splits each, "
        f"{100 * facts['test_size']:g} % held out; models: {', '.join(CLASSIFIERS)} "
        f"({REGRESSORS[0]} where the target is a number). Synthesizer: `{facts['synthesizer']}`, "
        "fitted anew for each split and share. Scores are ROC AUC, or R² where the target is a "
        f"number, as means over the models. Seed {facts['seed']}; "
        f"commit {', '.join(commits)}; {versions}; "
        f"{os.cpu_count()} cores.\n"
    )
    yield from ("## Over all tables\n", *pooled(found))
    for share in SHARES:
        yield f"\n## {100 * share:g} % of the training rows kept\n"
        yield from by_table(found, share)


def told(found: dict[str, Verdict]) -> Iterator[str]:
    """Say in a few sentences what was found: first over all tables, then table by table."""
    real, control = (pooled_effects(found, against) for against in ("real", "control"))
    yield f"{headline(real, control)}\n"
    for effects, whom in ((real, "real rows alone"), (control, "the best cheap control")):
        yield f"- {listed(effects, whom)}"
    rows = [row for one in found.values() for row in one.table if row.arm == "boosted"]
    words = {word: sum(row.word == word for row in rows) for word in ("helps", "harms")}
    yield (
        f"\nTable by table, boosting helped in {words['helps']} of {len(rows)} comparisons "
        f"(tables × shares × factors) and harmed in {words['harms']}; in "
        f"{len(rows) - sum(words.values())} there was no evidence that it helps."
        f"{named(found, 'helps')}{named(found, 'harms')}"
    )


def headline(real: Sequence[Effect], control: Sequence[Effect]) -> str:
    """Say in a sentence what all tables together come to."""
    better = {one.label for one in real if one.word == "helps"}
    best = {one.label for one in control if one.word == "helps"}
    worse = {one.label for one in real if one.word == "harms"}
    parts = []
    if better & best:
        parts.append(f"boosting helps ({'; '.join(sorted(better & best))})")
    if worse:
        parts.append(f"boosting harms ({'; '.join(sorted(worse))})")
    if not better & best:
        parts.append("there is no evidence that boosting helps")
    return f"Over all tables, {' and '.join(parts)}."


def listed(effects: Sequence[Effect], whom: str) -> str:
    """List mean effects of boosting, and how many are surely above and below 0."""
    above, below = (sum(one.word == word for one in effects) for word in ("helps", "harms"))
    every = "; ".join(f"{one.label}: {one.words}" for one in effects)
    return (
        f"Against {whom}, {above} of {len(effects)} mean effects are significantly above 0 and "
        f"{below} significantly below (after Holm's correction). {every}."
    )


def named(found: dict[str, Verdict], word: str) -> str:
    """Name the tables where boosting got a word."""
    names = sorted(
        name
        for name, one in found.items()
        if any(row.arm == "boosted" and row.word == word for row in one.table)
    )
    verb = {"helps": "helped", "harms": "harmed"}[word]
    return f" It {verb} on: {', '.join(names)}." if names else ""


@dataclass(frozen=True)
class Effect:
    """The mean over tables, its 95 % interval (t, tables as units), and how many are above 0.

    The word is after Holm's correction, where there is one.
    """

    label: str
    mean: float
    reach: float
    p: float | None
    tables: int
    better: int
    word: str = ""

    @property
    def words(self) -> str:
        """The mean and its interval."""
        low, high = self.mean - self.reach, self.mean + self.reach
        return f"{self.mean:+.4f} ({low:+.4f} to {high:+.4f})".replace("-", "−")


def pooled_effects(found: dict[str, Verdict], against: str) -> list[Effect]:
    """Return the mean effects of boosting, by every factor and share, with words."""
    effects = [
        one
        for share in SHARES
        for factor in FACTORS
        if (one := mean_effect(found, "boosted", factor, share, against))
    ]
    adjusted = holm([one.p for one in effects])
    return [
        replace(one, word=("helps" if one.mean > 0 else "harms"))
        if p is not None and p < LEVEL
        else one
        for one, p in zip(effects, adjusted, strict=True)
    ]


def mean_effect(
    found: dict[str, Verdict], arm: str, factor: float, share: float, against: str = "real"
) -> Effect | None:
    """Average the differences of an arm to real rows, or to the best control, over tables."""
    effects = [
        compared.difference
        for one in found.values()
        for row in one.table
        if (row.arm, row.factor, row.share) == (arm, factor, share)
        if (compared := row.real if against == "real" else row.control) is not None
    ]
    if not effects:
        return None
    count = len(effects)
    mean = float(np.mean(effects))
    error = float(np.std(effects, ddof=1)) / count**0.5 if count > 1 else float("nan")
    return Effect(
        label=f"+{100 * factor:g} %, {100 * share:g} % kept",
        mean=mean,
        reach=float(stats.t.ppf(0.975, count - 1)) * error if count > 1 else error,
        p=float(2 * stats.t.sf(abs(mean) / error, count - 1)) if error > 0 else None,
        tables=count,
        better=sum(e > 0 for e in effects),
    )


def pooled(found: dict[str, Verdict]) -> Iterator[str]:
    """Write the mean effect of every arm over tables: nothing is chosen by its result."""
    yield "Mean differences over tables; 95 % intervals take tables as units.\n"
    arms = dict.fromkeys((r.arm, r.factor, r.role) for one in found.values() for r in one.table)
    rows = []
    for arm, factor, role in arms:
        if role == "real":
            continue
        name = f"{arm} +{100 * factor:g} %" if factor and arm != "replaced" else arm
        cells = []
        for share in SHARES:
            one = mean_effect(found, arm, factor, share)
            cells += [one.words, f"{one.better} of {one.tables}"] if one else ["–", "–"]
            best = mean_effect(found, arm, factor, share, "control")
            cells.append(best.words if best else "–")
        rows.append([name, role, *cells])
    heads = [
        text
        for share in SHARES
        for text in (
            f"{100 * share:g} % kept: against real rows",
            "better",
            "against the best control",
        )
    ]
    yield from markdown(["trained on", "", *heads], rows)


def by_table(found: dict[str, Verdict], share: float) -> Iterator[str]:
    """Write for each table the boosted arm that did best beside real rows and controls."""
    rows = []
    for name, one in found.items():
        here = [row for row in one.table if row.share == share]
        tried = [row for row in here if row.arm == "boosted" and row.real is not None]
        if not tried:
            continue
        best = max(tried, key=lambda row: row.real.difference if row.real else 0.0)
        alone = next((row.real for row in here if row.arm == "replaced"), None)
        control = best.control.against if best.control else "–"
        rows.append(
            [
                *(name, f"{one.facts['rows']:,}", one.metric, score(here[0], one.metric)),
                *(f"+{100 * best.factor:g} %", interval(best.real)),
                *(interval(best.control), control, worded(tried), interval(alone)),
            ]
        )
    heads = ["table", "rows", "score", "real rows", "best factor", "against real rows"]
    heads += ["against the best control", "that control", "verdict", "synthetic rows alone"]
    yield from markdown(heads, rows)


def worded(tried: Sequence[Row]) -> str:
    """Return the words of all factors; each with its factors where they differ."""
    words: dict[str, list[str]] = {}
    for row in tried:
        words.setdefault(row.word or "–", []).append(f"+{100 * row.factor:g} %")
    if len(words) == 1:
        return next(iter(words))
    return "; ".join(f"{word} ({', '.join(factors)})" for word, factors in words.items())


def score(row: Row, metric: str) -> str:
    """Return the mean score of an arm."""
    value = row.scores[metric]
    return "–" if value is None else f"{value:.4f}"


def interval(one: Any) -> str:
    """Return a difference with its interval."""
    return "–" if one is None else one.interval


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Write a table."""
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


if __name__ == "__main__":
    main()
