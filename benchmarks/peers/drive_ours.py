"""lookalike itself, under the same clock: an empty compilation cache, default settings.

The settings name the synthesizer; any other setting is handed on to it. Nothing is said about the
columns: what they are is found out, as for anybody.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from rows import Make, measure, task


def main() -> None:
    """Fit and write rows through the package's own writer."""
    asked = task()
    settings = dict(asked.settings)
    name = settings.pop("model")

    def fit() -> Make:
        import pyarrow.parquet as pq

        import lookalike

        model: Any = getattr(lookalike, name)().set_params(random_state=asked.seed, **settings)
        model.fit(pq.read_table(asked.train))
        return lambda rows: model.sample_to(Path(asked.out), rows)

    with tempfile.TemporaryDirectory() as cache:
        os.environ["LOOKALIKE_CACHE"] = cache
        measure(asked, fit, lambda _written: None, ("lookalike", "jax", "lightgbm"))


if __name__ == "__main__":
    main()
