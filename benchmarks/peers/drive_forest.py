"""Forest-Flow (Jolicoeur-Martineau et al. 2024, arXiv 2309.09968) from ForestDiffusion.

Its own defaults (50 noise levels, 100 copies of each row): for small tables only. It takes missing
numbers, but then trains one forest per column; filled as for the others, one forest does.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from rows import Make, Plain, Task, drive


def fit(plain: Plain, task: Task) -> Make:
    """Number the levels, say which columns are which, and train the flow."""
    from ForestDiffusion import ForestDiffusionModel

    codes = {name: pd.factorize(plain.frame[name], sort=True) for name in plain.discrete}
    names = list(plain.frame.columns)
    columns = [codes[n][0] if n in codes else plain.frame[n].to_numpy(float) for n in names]
    places = {kind: [] for kind in ("cat_indexes", "bin_indexes", "int_indexes")}
    for place, name in enumerate(names):
        if name in codes:
            many = len(codes[name][1]) > 2
            places["cat_indexes" if many else "bin_indexes"].append(place)
        elif plain.frame[name].dtype.kind in "iu":
            places["int_indexes"].append(place)
    settings = {"seed": task.seed, "n_jobs": task.cores, **places, **task.settings}
    model = ForestDiffusionModel(np.column_stack(columns).astype(float), **settings)

    def make(rows: int) -> pd.DataFrame:
        made = pd.DataFrame(model.generate(batch_size=rows), columns=names)
        for name, (_, levels) in codes.items():
            chosen = made[name].round().clip(0, len(levels) - 1).astype(int)
            made[name] = np.asarray(levels)[chosen]
        return made

    return make


if __name__ == "__main__":
    drive(fit, ("ForestDiffusion", "xgboost-cpu"))
