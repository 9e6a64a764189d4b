"""SDMetrics' figures for the cases of ``agree_with_sdmetrics.py``, which installs and runs this.

It knows nothing of lookalike: it reads two Parquet files and a ``case.json`` for each case.
"""

from __future__ import annotations

import json
import sys
import warnings
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import sdmetrics
from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity
from sdmetrics.single_column import KSComplement, TVComplement
from sdmetrics.single_table import LogisticDetection

SEED = 0
#: Shuffles of SDMetrics' detector, which follows no seed of its own.
REPEATS = 5
SINGLE = {"numeric": KSComplement, "discrete": TVComplement}
SDTYPES = {"numeric": "numerical", "discrete": "categorical"}


def main() -> None:
    """Answer all cases of the folder that is the first argument."""
    warnings.simplefilter("ignore")
    np.random.seed(SEED)  # noqa: NPY002 (SDMetrics draws from the global generator)
    folder = Path(sys.argv[1])
    answers = {"version": sdmetrics.__version__}
    for place in sorted(folder.iterdir()):
        if (place / "case.json").exists():
            case = json.loads((place / "case.json").read_text())
            answers[case["key"]] = ask(place, case["kinds"])
    (folder / "answers.json").write_text(json.dumps(answers))


def ask(place: Path, kinds: dict[str, str]) -> dict:
    """Return the figures of one case, whose columns are "numeric" or "discrete"."""
    real, synthetic = (pd.read_parquet(place / f"{side}.parquet") for side in ("real", "synthetic"))
    trend = {}
    for pair in combinations(kinds, 2):
        tables = real[list(pair)].copy(), synthetic[list(pair)].copy()
        numbers = [c for c in pair if kinds[c] == "numeric"]
        if len(numbers) == 2:
            value = CorrelationSimilarity.compute(*tables)
        else:
            value = ContingencySimilarity.compute(*tables, continuous_column_names=numbers or None)
        trend["|".join(pair)] = value
    metadata = {"columns": {c: {"sdtype": SDTYPES[kind]} for c, kind in kinds.items()}}
    return {
        "shape": {c: SINGLE[kind].compute(real[c], synthetic[c]) for c, kind in kinds.items()},
        "trend": trend,
        "c2st_linear": [
            LogisticDetection.compute(real.copy(), synthetic.copy(), metadata)
            for _ in range(REPEATS)
        ],
    }


if __name__ == "__main__":
    main()
