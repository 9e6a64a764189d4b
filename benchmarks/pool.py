"""Compare rows selected from a pool of two families with those of either.

    pool.py LINES FILE... [--models Forest Mixture] [--seeds 2]

Each row of the pool is of one of the families, at random; the correction selects among them as
among the rows of one model. Both families and the pool take part in `lookalike.compare`. Every run
is one JSON line with each one's c2st on the choosing and on the reporting rows; printed is a table
of the latter, with that of the family which the choosing rows prefer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

import lookalike as la
from _games import runs
from lookalike._core.parameters import GroupOf, Instance
from lookalike._core.seeds import generator
from lookalike.encoding import ONE_BLOCK, Learned, SampledRows
from lookalike.models import Synthesizer, find_synthesizer
from lookalike.refine import Refine
from lookalike.training import History


class Pooled(Synthesizer):
    """Two families of the same encoding, each row from either; only to be measured."""

    COST: ClassVar[float] = 3.0
    _encoding: ClassVar[Mapping[str, Any]] = ONE_BLOCK
    _rules: ClassVar[Mapping[str, Any]] = {
        "models": Instance((tuple,), "names of families"),
        "refine": GroupOf(Refine),
    }
    _groups: ClassVar[Mapping[str, Any]] = {"refine": Refine}

    def __init__(
        self,
        *,
        models: Sequence[str] = ("Forest", "Mixture"),
        refine: Any = None,
        random_state: Any = None,
    ) -> None:
        self.models = models
        self.refine = refine
        self.random_state = random_state

    def _fit(self, task: Any) -> None:
        self._members = []
        for name in self.models:
            member = find_synthesizer(name)(random_state=task.seed)
            member.history_, member.encoder_ = History(), self.encoder_
            member._fit(task)
            self._members.append(member)

    def _source(self, request: Any) -> Callable[[int], SampledRows]:
        sources = [member._source(request) for member in self._members]

        def make(block: int) -> SampledRows:
            parts = [source(block) for source in sources]
            rng = generator(request.seed, "which", block)
            which, rows = rng.integers(len(parts), size=self.BLOCK), np.arange(self.BLOCK)
            numbers, levels = (np.stack(some)[which, rows] for some in zip(*parts, strict=True))
            return SampledRows(numbers, levels)

        return make

    def _state(self) -> Learned:
        return Learned.joined(
            {}, {n: m._state() for n, m in zip(self.models, self._members, strict=True)}
        )

    def _restore(self, state: Learned, layout: Any) -> None:
        self._members = []
        for name, part in state.parts().items():
            member = find_synthesizer(name)()
            member.encoder_ = self.encoder_
            member._restore(part, layout)
            self._members.append(member)


def main() -> None:
    """Compare on every file and print the table."""
    parser = runs.parser(__doc__, seeds=2)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--models", nargs=2, default=["Forest", "Mixture"])
    given = runs.parsed(parser)
    files = {path.stem: path for path in given.files}
    method = "+".join(given.models)

    def run(data: str, _method: str, seed: int) -> runs.Line:
        models = [*given.models, Pooled(models=tuple(given.models))]
        found = la.compare(files[data], models, metrics=False, random_state=seed)
        line: runs.Line = {}
        for trial in found.trials:
            line[f"{trial.model} choose"] = trial.choose
            line[f"{trial.model} report"] = trial.report
        return line

    tasks = [(data, method, seed) for data in files for seed in range(given.seeds)]
    rows = []
    for one in runs.each(given.lines, tasks, run):
        best = max(given.models, key=lambda name, one=one: one[f"{name} choose"])
        shown = [*given.models, "Pooled", best]
        rows.append([one["data"], one["seed"], *(f"{one[f'{n} report']:.3f}" for n in shown)])
    head = ["table", "seed", *given.models, "pool", "preferred family"]
    sys.stdout.write(runs.table(head, rows) + "\n")


if __name__ == "__main__":
    main()
