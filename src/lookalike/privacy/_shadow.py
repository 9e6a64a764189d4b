"""Shadow models: the attacker fits the method itself on rows that he has, with and without targets.

Level 2. For each target, its density among the synthetic rows is compared with that among the rows
of shadow models that did not learn it (Zarifzadeh, Liu and Shokri 2024, "RMIA", arXiv 2312.03262).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lookalike._core.errors import NotFittedError, TrainingError
from lookalike._core.jobs import in_jobs, jobs_for
from lookalike._core.numerics import Floats
from lookalike._core.seeds import derive_seed, generator
from lookalike.metrics import View, nearest
from lookalike.models import Synthesizer
from lookalike.privacy._ground import AuditedTables
from lookalike.tables import conform

__all__ = ["SHADOWS", "shadow_suspicions"]

#: The number of shadow models; each target is left out of half of them.
SHADOWS = 8
_NEIGHBOURS = 3
#: The budget of a shadow model that has budgets.
_BUDGET = "fast"


def shadow_suspicions(
    tables: AuditedTables,
    model: Synthesizer,
    n_jobs: int | None,
    report: Callable[[int], None],
) -> dict[str, Floats]:
    """Return what shadow models say of each target.

    Parameters
    ----------
    tables : AuditedTables
    model : Synthesizer
        The fitted model whose method the attacker knows.
    n_jobs : int or None
        The number of shadow models to fit at once.
    report : callable
        Takes the number of shadow models that are done.

    Returns
    -------
    dict of str to ndarray
        ``"RMIA"``, the ratio of densities, and ``"shadow z-score"``, their difference in units of
        the spread among shadow models.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    TrainingError
        If a shadow model cannot be fitted.
    """
    if getattr(model, "encoder_", None) is None:
        raise NotFittedError(f"model must be fitted, but this {type(model).__name__} is not.")
    targets = tables.targets
    pool = pa.concat_tables([targets.table, tables.known.table])
    shadows = _Shadows(tables, model, pool)
    learned = np.zeros((SHADOWS, len(pool)), bool)
    logs = np.empty((SHADOWS, len(targets)))
    jobs = jobs_for(n_jobs, compiled=model.COMPILED)
    found = in_jobs(shadows, range(SHADOWS), jobs, compiled=model.COMPILED)
    for done, (number, density) in enumerate(found, 1):
        learned[number, shadows.rows(number)] = True
        logs[number] = density
        report(done)
    return _compared(_log_density(tables.synthetic, targets), logs, learned[:, : len(targets)])


@dataclass(frozen=True)
class _Shadows:
    """Fits shadow models: the work of one process.

    Parameters
    ----------
    tables : AuditedTables
    model : Synthesizer
    pool : pyarrow.Table
        The rows to draw from, the targets first.
    """

    tables: AuditedTables
    model: Synthesizer
    pool: pa.Table

    @property
    def size(self) -> int:
        """The number of rows that each learns."""
        return min(len(self.pool) // 2, len(self.tables.pair.real))

    def rows(self, number: int) -> np.ndarray:
        """Return the rows that a model learns; two share the pool: a target is in one of each."""
        seed = ("privacy", "shadow", number // 2)
        order = generator(self.tables.seed, *seed).permutation(len(self.pool))
        return np.sort(order[: self.size] if number % 2 == 0 else order[-self.size :])

    def __call__(self, number: int) -> Iterator[tuple[int, Floats]]:
        """Fit a model, and yield its number and the density of each target among its rows."""
        tables = self.tables
        fitted = _fitted(self.model, self.pool.take(pa.array(self.rows(number))), tables, number)
        count = min(len(tables.synthetic), 4 * self.size)
        drawn = fitted.sample(count, random_state=number, as_="arrow")
        view = View(conform(drawn, tables.pair.schema), tables.pair.codebook, tables.seed)
        yield number, _log_density(view, tables.targets)


def _fitted(model: Synthesizer, rows: pa.Table, tables: AuditedTables, number: int) -> Synthesizer:
    parameters = model.get_params(deep=False)
    if "budget" in parameters:
        parameters["budget"] = _BUDGET
    if "progress" in parameters:
        parameters["progress"] = False
    parameters["random_state"] = derive_seed(tables.seed, "privacy", "shadow", number)
    shadow = type(model)(**parameters)
    try:
        return shadow.fit(rows, schema=tables.pair.schema, target=model.target_)
    except (ArithmeticError, MemoryError) as error:
        raise TrainingError(f"A shadow model could not be fitted: {error}") from error


def _log_density(view: View, targets: View) -> Floats:
    """Return the logarithm of a density by neighbours, up to a constant and a factor."""
    near = nearest(targets.embedding, view.embedding, min(_NEIGHBOURS, len(view)))[0]
    apart = near.astype(np.float64).mean(axis=1)
    grain = np.mean(apart) * 1e-2 + 1e-12  # keeps copies apart from the logarithm of 0
    return np.asarray(-np.log(apart + grain))


def _compared(found: Floats, logs: Floats, learned: np.ndarray) -> dict[str, Floats]:
    """Compare densities with those of the shadow models that did not learn a target."""
    out = np.where(learned, np.nan, logs)
    inside = np.where(learned, logs, np.nan)
    mean = np.nanmean(out, axis=0)
    spread = np.sqrt(np.nanmean((out - mean) ** 2, axis=0))
    usual = spread.mean() + 1e-12
    # p(target) of RMIA, online: the mean density over models that did and did not learn it.
    both = np.logaddexp(np.nanmean(inside, axis=0), mean) - np.log(2)
    return {"RMIA": found - both, "shadow z-score": (found - mean) / np.hypot(spread, usual)}
