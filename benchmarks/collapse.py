"""Is the collapse monitor right? Training runs whose modes are counted exactly.

    collapse.py LINES [--seeds 6]

Five objectives at two rates learn eight modes on a ring, 25 on a grid and a ring with a mode of 1 %
within, small networks, 4,000 steps each, without remedies. A run is called collapsed if, of 10,000
rows of its last state, a mode gets less than a tenth of its due (see `_games/mixtures.py`), and
healthy if every mode gets a quarter. What is between has no label, nor has a run in which less than
a fifth of the rows are near any mode, so that there is nothing to be counted; these are listed
apart. The monitor has seen 512 rows at a time, and what it says at the last interval counts. Every
run is one JSON line in LINES, and what is there is not run again; a Markdown table of all is
printed.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from _games import mixtures, runs

_STEPS, _BATCH = 4_000, 256
#: The least share of rows near modes with which modes can be counted, and of its due that each
#: mode of a healthy run gets.
_NEAR, _HEALTHY = 0.2, 0.25
#: What differs from the plain game in all runs: a narrow latent input makes modes sharp soon.
_RULES: Mapping[str, Any] = MappingProxyType(
    {
        "generator": {"widths": [64, 64, 64, 64], "residual": True},
        "latent_size": 2,
        "latent": "uniform",
        "steps": _STEPS,
        "batch_size": _BATCH,
        # The last look and the last state are nearly one.
        "average": 0.99,
        "monitors": ["collapse"],
        "remedies": False,
    }
)
#: And by objective.
_OBJECTIVES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "minimax": {},
        "non-saturating": {},
        "least-squares": {},
        "wasserstein": {"penalty": {"name": "interpolated"}, "penalty_every": 1},
        "relativistic": {"penalty": {"name": "zero-centred", "weight": 0.1}, "penalty_every": 1},
    }
)
_RATES = (1e-3, 5e-3)
_SHAPES = ("ring", "grid", mixtures.RARE)


def main() -> None:
    """Run what is missing and print a table."""
    given = runs.parsed(runs.parser(__doc__, seeds=6))
    tasks = [
        (shape, json.dumps([objective, rate]), seed)
        for seed in range(given.seeds)
        for objective in _OBJECTIVES
        for rate in _RATES
        for shape in _SHAPES
    ]
    print(report(runs.each(given.lines, tasks, run)))


def run(shape: str, method: str, seed: int) -> dict[str, Any]:
    """Train once, count the modes, and return what the monitor says."""
    from lookalike import GAN

    objective, rate = json.loads(method)
    settings = {
        **mixtures.PLAIN,
        **_RULES,
        **_OBJECTIVES[objective],
        "objective": objective,
        "learning_rate": rate,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = GAN().set_params(**settings, random_state=seed).fit(mixtures.drawn(shape, seed))
    counted = mixtures.judged(shape, model.sample(mixtures.JUDGED, random_state=seed))
    last = model.history_.rows[-1]
    seen = {name: last[name] for name in ("coverage", "density", "modes", "collapsed")}
    return counted | {"said": bool(seen["collapsed"]), "seen": seen}


def report(found: list[dict[str, Any]]) -> str:
    """Return a row for each objective and shape, and one for all."""
    groups = {
        f"{objective}, {shape}": [
            line
            for line in found
            if line["data"] == shape and json.loads(line["method"])[0] == objective
        ]
        for objective in _OBJECTIVES
        for shape in _SHAPES
    }
    rows = [[name, *_counts(lines)] for name, lines in (groups | {"all": found}).items()]
    head = ["runs", "labelled", "collapsed", "of these seen", "healthy", "false alarms", "right"]
    head.append("no label (called collapsed)")
    return runs.table(head, rows)


def _counts(found: list[dict[str, Any]]) -> list[object]:
    lines = [line for line in found if line["near"] >= _NEAR]
    lost = [line for line in lines if line["modes"] < line["of"]]
    whole = [line for line in lines if line["least"] >= _HEALTHY]
    vague = [line for line in found if line not in lost and line not in whole]
    seen, false, other = (sum(line["said"] for line in part) for part in (lost, whole, vague))
    right = "–"
    if lost or whole:
        right = f"{(seen + len(whole) - false) / (len(lost) + len(whole)):.0%}"
    return [
        len(lost) + len(whole),
        len(lost),
        seen,
        len(whole),
        false,
        right,
        f"{len(vague)} ({other})",
    ]


if __name__ == "__main__":
    main()
