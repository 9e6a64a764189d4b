"""TabularARGN (Tiwald et al. 2025, arXiv 2501.12012) from mostlyai-engine, with its own defaults.

It takes missing numbers. Levels are given as text, which it takes for categories.
"""

from __future__ import annotations

import tempfile

from rows import Make, Plain, Task, drive, torch_threads


def fit(plain: Plain, task: Task) -> Make:
    """Fit through the scikit-learn interface."""
    from mostlyai.engine import TabularARGN

    torch_threads(task.cores)
    folder = tempfile.TemporaryDirectory()
    model = TabularARGN(
        device="cpu",
        random_state=task.seed,
        verbose=0,
        workspace_dir=folder.name,
        **task.settings,
    )
    model.fit(plain.frame)

    def make(rows: int) -> object:
        made = model.sample(rows)
        if not task.turns:
            folder.cleanup()
        return made

    return make


if __name__ == "__main__":
    drive(fit, ("mostlyai-engine", "torch"), fill=False)
