"""CTGAN and TVAE (Xu et al. 2019, arXiv 1907.00503) from the package ctgan, 300 epochs each.

They take no missing numbers, so these are filled and told by a column of levels. The settings name
the model; any other setting is handed on to it.
"""

from __future__ import annotations

from rows import Make, Plain, Task, drive, torch_threads


def fit(plain: Plain, task: Task) -> Make:
    """Fit the model that the settings name."""
    import ctgan

    torch_threads(task.cores)
    settings = dict(task.settings)
    model = getattr(ctgan, settings.pop("model"))(**{_device(): False, **settings})
    model.set_random_state(task.seed)
    model.fit(plain.frame, plain.discrete)
    return lambda rows: model.sample(rows)


def _device() -> str:
    """Return the name of the parameter that asks for a GPU, which later versions renamed."""
    from inspect import signature

    from ctgan import CTGAN

    return "enable_gpu" if "enable_gpu" in signature(CTGAN).parameters else "cuda"


if __name__ == "__main__":
    drive(fit, ("ctgan", "torch", "rdt"))
