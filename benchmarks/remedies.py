"""Do remedies mend runs that collapse or diverge, and leave healthy runs alone?

    remedies.py LINES [--seeds 10]              runs that go wrong, without and with remedies
    remedies.py LINES --tables FOLDER           the default GAN on every table of a folder

Every run is one JSON line in LINES, and what is there is not run again; a Markdown table of all is
printed. On mixtures a run ends well if every mode gets a tenth of its due, and rows are no more
than twice as far from real ones as chance leaves them (the measure ``convergence``); on a table, if
its rows cover held-out rows at least half as well as training rows do. A run is watched by what
alarms listen to, the monitors of collapse and of convergence.
"""

from __future__ import annotations

import math
import statistics
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from _games import mixtures, runs

#: Of a run that ends well: the least coverage, as a share of that of real rows, and the greatest
#: distance, in those that chance leaves.
COVERED, NEAR = 0.5, 2.0
#: Rows of a table in the search for false alarms.
MOST_ROWS = 3_000
_STEPS = 4_000
#: Rows of the simulated table: about as many as the preset's source has.
_TABLE_ROWS = 1_000
_WATCHING = ["collapse", "convergence"]
#: What alarms listen to.
_HEARD = ("step", "convergence", "collapsed", "coverage", "accuracy_real", "accuracy_fake")
_WAYS: Mapping[str, bool] = MappingProxyType({"without": False, "with": True})


def main() -> None:
    """Run what is missing and print a table."""
    made = runs.parser(__doc__, seeds=10)
    made.add_argument("--tables", type=Path, help="look for false alarms on the tables of a folder")
    made.add_argument("--cases", nargs="+", default=tuple(CASES), choices=tuple(CASES))
    given = runs.parsed(made)
    if given.tables is not None:
        print(healthy(given.lines, given.tables, given.seeds))
        return
    tasks = [(c, way, seed) for seed in range(given.seeds) for c in given.cases for way in _WAYS]
    print(report(runs.each(given.lines, tasks, run)))


# --- runs that go wrong --------------------------------------------------------------------------


def minimax_grid(seed: int, remedies: bool) -> dict[str, Any]:
    """Let the saturating objective, with momentum and a large discriminator, learn 25 modes."""
    return _mixture(
        "grid",
        seed,
        remedies,
        objective="minimax",
        generator={"widths": [64, 64, 64, 64], "residual": True},
        discriminator={"widths": [128, 128, 128], "activation": "relu"},
        latent_size=2,
        latent="uniform",
        betas=(0.9, 0.999),
        learning_rate=2e-3,
    )


def clipped_ring(seed: int, remedies: bool) -> dict[str, Any]:
    """Let a critic with clipped weights and a rate that is too high learn eight modes on a ring."""
    return _mixture(
        "ring",
        seed,
        remedies,
        objective="wasserstein",
        clip=0.1,
        optimiser="rmsprop",
        learning_rate=1e-2,
    )


def wide_table(seed: int, remedies: bool) -> dict[str, Any]:
    """Let ``leitner-dense-3-wide`` learn eight columns of numbers and levels."""
    from lookalike import GAN

    settings = {"monitors": _WATCHING, "remedies": remedies, "random_state": seed}
    model = GAN.preset("leitner-dense-3-wide", **settings)
    train, test = simulated(seed), simulated(seed + 1_000)
    return _tried(model, train) | (_covered(model, train, test) if _fitted(model) else {})


def simulated(seed: int) -> Any:
    """Return numbers that correlate beside levels that depend on each other."""
    from lookalike import datasets

    numbers = datasets.make_gaussian(_TABLE_ROWS, seed)
    levels = datasets.make_dependent_categories(_TABLE_ROWS, seed)
    for name in levels.column_names:
        numbers = numbers.append_column(name, levels[name])
    return numbers


CASES: Mapping[str, Callable[[int, bool], dict[str, Any]]] = MappingProxyType(
    {
        "minimax, 25 modes": minimax_grid,
        "clipping, 8 modes": clipped_ring,
        "leitner-dense-3-wide, table": wide_table,
    }
)


def run(case: str, way: str, seed: int) -> dict[str, Any]:
    """Train once and say how it ended."""
    return CASES[case](seed, _WAYS[way])


def _mixture(shape: str, seed: int, remedies: bool, **other: Any) -> dict[str, Any]:
    from lookalike import GAN

    settings = {**mixtures.PLAIN, "steps": _STEPS, "monitors": _WATCHING, **other}
    model = GAN().set_params(**settings, remedies=remedies, random_state=seed)
    found = _tried(model, mixtures.drawn(shape, seed))
    if not _fitted(model):
        return found
    counted = mixtures.judged(shape, model.sample(mixtures.JUDGED, random_state=seed))
    near = found["last"].get("convergence", math.inf) <= NEAR
    return found | counted | {"well": near and counted["modes"] == counted["of"]}


def _covered(model: Any, train: Any, test: Any) -> dict[str, Any]:
    """Compare generated with held-out rows, beside what training rows reach."""
    from lookalike import evaluate

    made = model.sample(len(train))
    values = {}
    for name, rows in (("fake", made), ("real", train)):
        scores = evaluate(test, rows, metrics=["coverage", "shape"]).scores
        values |= {f"{name}_{k}": round(s.raw or 0.0, 4) for k, s in scores.items()}
    well = values["fake_coverage"] >= COVERED * values["real_coverage"]
    return values | {"well": bool(well)}


def _tried(model: Any, table: Any) -> dict[str, Any]:
    """Fit and return what happened on the way."""
    from lookalike.errors import TrainingError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(table)
    except TrainingError as error:
        return {"well": False, "given_up": str(error)}
    history = model.history_
    last = history.rows[-1]
    seen = ("convergence", "coverage", "modes", "collapsed", "accuracy_real", "accuracy_fake")
    return {
        "events": [e.words for e in history.events if e.kind in ("remedy", "stop")],
        "last": {name: round(last[name], 4) for name in seen if name in last},
        "steps": int(last["step"]),
    }


def _fitted(model: Any) -> bool:
    return hasattr(model, "history_")


def report(found: list[dict[str, Any]]) -> str:
    """Return a row for each case."""
    rows = []
    for case in dict.fromkeys(line["data"] for line in found):
        ways = {w: [x for x in found if (x["data"], x["method"]) == (case, w)] for w in _WAYS}
        remedied = [line for line in ways["with"] if _remedies(line)]
        last = [_remedies(line)[-1] for line in remedied if line["well"]]
        helped = ", ".join(f"{name} ({last.count(name)})" for name in dict.fromkeys(last))
        rows.append(
            [
                case,
                *(f"{sum(x['well'] for x in lines)} of {len(lines)}" for lines in ways.values()),
                *(_reached(lines) for lines in ways.values()),
                len(remedied),
                sum("given_up" in line for line in ways["with"]),
                helped or "–",
            ]
        )
    head = ["runs", "end well without", "with", "reach without", "with"]
    head += ["mended", "given up", "last remedy of those that end well"]
    return runs.table(head, rows)


def _reached(lines: list[dict[str, Any]]) -> str:
    """Return, as means over runs, what was reached: modes and rows near them, or coverage."""
    whole = [line for line in lines if "given_up" not in line]
    if not whole:
        return "–"
    if "modes" not in whole[0]:
        return f"coverage {statistics.fmean(line['fake_coverage'] for line in whole):.2f}"
    modes, near = (statistics.fmean(line[name] for line in whole) for name in ("modes", "near"))
    return f"{modes:.1f} modes, {near:.0%} near them"


def _remedies(line: dict[str, Any]) -> list[str]:
    """Return the names of the remedies that were applied."""
    words = [w for w in line.get("events", ()) if " with " in w and "back to step" in w]
    return [w.split("back to step", 1)[1].split(" with ", 1)[1] for w in words]


# --- runs that go well ---------------------------------------------------------------------------


def healthy(path: Path, folder: Path, seeds: int) -> str:
    """Train the default GAN on few rows of every table, and count the alarms."""
    files = sorted(p for p in folder.iterdir() if p.suffix in (".csv", ".parquet"))
    tasks = [(file.name, "default", seed) for file in files for seed in range(seeds)]
    found = runs.each(path, tasks, lambda name, _, seed: _default(folder / name, seed))
    rows = [
        [line["data"], line["seed"], len(_remedies(line)), line["looks"], line["said_collapsed"]]
        for line in found
    ]
    return runs.table(["table", "seed", "alarms", "looks", "looks that saw a collapse"], rows)


def _default(file: Path, seed: int) -> dict[str, Any]:
    import numpy as np

    from lookalike import GAN
    from lookalike.tables import read_table

    table = read_table(file)
    order = np.random.default_rng(seed).permutation(len(table))[:MOST_ROWS]
    model = GAN(budget="fast", refine={"correct": False}, conditions=False, random_state=seed)
    found = _tried(model, table.take(np.sort(order)))
    if not _fitted(model):
        return found
    said = [v for v in model.history_["collapsed"] if v is not None]
    heard = [{name: row[name] for name in _HEARD if name in row} for row in model.history_.rows]
    return found | {"looks": len(said), "said_collapsed": int(sum(said)), "heard": heard}


if __name__ == "__main__":
    main()
