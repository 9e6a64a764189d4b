"""Do rows give away combinations that one learned row has? Beside those of one other real row.

Usage: ``python benchmarks/rare_combinations.py FILE [--rows 3000] [--drop COL ...]``.
Combinations are the levels of three columns of few levels; those that stand in one learned row and
in no held-out row are looked for among as many generated rows, and so are those of one held-out row
that no learned row has. What is found more of the former was given away.
"""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd

import lookalike as la
from lookalike._core.intervals import clopper_pearson
from lookalike.tables import read_table

_MOST_LEVELS = 50


def main() -> None:
    """Print the shares that are found, and their intervals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--rows", type=int, default=3_000)
    parser.add_argument("--drop", nargs="*", default=[])
    options = parser.parse_args()
    frame = read_table(options.file).drop_columns(options.drop).to_pandas()
    frame = frame.sample(2 * options.rows, random_state=0).reset_index(drop=True)
    learned, others = frame[: options.rows], frame[options.rows :]
    names = [n for n in frame if frame[n].nunique() <= _MOST_LEVELS]
    triples = list(combinations(names, 3))
    here, there = _counts(learned, triples), _counts(others, triples)
    sets = (
        {one for one, times in here.items() if times == 1 and one not in there},
        {one for one, times in there.items() if times == 1 and one not in here},
    )
    for least in (2, 5):
        for name in ("Independent", "GaussianCopula", "BayesianNetwork", "Mixture", "Forest"):
            model = getattr(la, name)(random_state=0, min_category_count=least).fit(learned)
            made = set(_counts(model.sample(options.rows), triples))
            words = []
            for group in sets:
                hits = len(group & made)
                low, high = clopper_pearson(hits, len(group), 0.95)
                words.append(f"{hits / len(group):.3f} ({low:.3f} to {high:.3f})")
            print(f"{least} {name:16} learned {words[0]}, not learned {words[1]}", flush=True)


def _counts(frame: pd.DataFrame, triples: list[tuple[str, ...]]) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    texts = {n: frame[n].astype(str).to_numpy() for n in {n for one in triples for n in one}}
    for one in triples:
        cells = np.stack([texts[n] for n in one], axis=1)
        found.update((*one, *row) for row in cells.tolist())
    return found


if __name__ == "__main__":
    main()
