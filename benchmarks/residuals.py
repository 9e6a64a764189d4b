"""Measure what families gain by the residuals that relations leave: all of them, some, or none.

Usage: ``python benchmarks/residuals.py FILE [FILE ...] [--families Forest ...] [--rows 4000]
[--seeds 3]``. Of at most so many rows of each FILE, seven tenths are learned with each choice of
`TableEncoder(residuals=)`; as many new rows are told from training rows and from held-out ones.
Scores are 1 for rows that trees cannot tell from real ones; each is the mean over seeds. The last
columns count new rows in which a column breaks an order that all real rows keep.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import lookalike as la
from lookalike.errors import LookalikeWarning
from lookalike.metrics import score_tables
from lookalike.relations import infer_schema
from lookalike.tables import Schema, conform, read_table

_CHOICES = ("none", "visible", "all")


def main() -> None:
    """Print one line for each table and family."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+")
    families = ["Forest", "GaussianCopula", "BayesianNetwork"]
    parser.add_argument("--families", nargs="+", default=families)
    parser.add_argument("--rows", type=int, default=4_000)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore", LookalikeWarning)
    names = ("train", "held out", "out of order")
    print(f"| table | family | {' | '.join(f'{n}: {c}' for n in names for c in _CHOICES)} |")
    print("|---" * (2 + len(names) * len(_CHOICES)) + "|")
    for file in options.files:
        table = read_table(file)
        some = np.random.default_rng(0).permutation(len(table))[: options.rows]
        table = table.take(pa.array(some))
        for family in options.families:
            each = [
                [_scored(table, family, choice, seed) for choice in _CHOICES]
                for seed in range(options.seeds)
            ]
            cells = np.mean(each, axis=0).T.ravel()
            words = " | ".join(f"{one:.3f}" for one in cells)
            print(f"| {Path(file).name} | {family} | {words} |", flush=True)


def _scored(table: pa.Table, family: str, choice: str, seed: int) -> Sequence[float]:
    """Return the detection scores of training and of held-out rows, and the share out of order."""
    order = np.random.default_rng(seed).permutation(len(table))
    learned, held = (
        table.take(pa.array(part)) for part in np.split(order, [int(0.7 * len(order))])
    )
    kind = getattr(la, family)
    chosen = type(family, (kind,), {"_encoding": {**kind._encoding, "residuals": choice}})
    made = chosen(random_state=seed).fit(learned).sample(len(learned), as_="arrow")
    schema = infer_schema(learned)
    rows = conform(made, schema)
    scores = score_tables(
        conform(learned, schema),
        rows,
        schema=schema,
        holdout=conform(held, schema),
        metrics=("c2st", "c2st_holdout"),
        random_state=seed,
    )
    values = [scores[name].value for name in ("c2st", "c2st_holdout")]
    return [*(np.nan if value is None else value for value in values), _out_of_order(rows, schema)]


def _out_of_order(rows: pa.Table, schema: Schema) -> float:
    """Return the share of rows that break an order of a relation that was found."""
    broken = np.zeros(len(rows), bool)
    for found in schema.dependencies:
        pairs = [(name, found.column) for name in found.at_least]
        pairs += [(found.column, name) for name in found.at_most]
        for low, high in pairs:
            above = pc.fill_null(pc.greater(rows[low], rows[high]), False)
            broken |= above.to_numpy(zero_copy_only=False)
    return float(broken.mean())


if __name__ == "__main__":
    main()
