"""Adversarial random forests (Watson et al. 2023, arXiv 2205.09435) from arfpy, its own defaults.

The forests take no missing numbers, so these are filled and told by a column of levels.
"""

from __future__ import annotations

import warnings

from rows import Make, Plain, Task, drive


def fit(plain: Plain, task: Task) -> Make:
    """Grow the forest and estimate the density of its leaves."""
    from arfpy.arf import arf

    warnings.simplefilter("ignore")
    frame = plain.frame.astype(dict.fromkeys(plain.discrete, object))
    settings = {"verbose": False, "n_jobs": task.cores, "random_state": task.seed}
    model = arf(frame, **{**settings, **task.settings})
    model.forde()
    return lambda rows: model.forge(rows)


if __name__ == "__main__":
    drive(fit, ("arfpy", "scikit-learn"))
