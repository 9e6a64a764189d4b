"""The cost of rules in quality: detection of synthetic rows with true rules declared, and without.

Usage: ``python benchmarks/rules_cost.py [FILE=RULE;RULE ...] [--family Forest] [--budget fast]
[--rows 4000] [--seeds 2] [--each]``.
Half of the rows are learned, the others are the ceiling; the score is 1 for rows that trees cannot
tell from real ones. Rows that break a rule are left out first. Without a file, the table is a made
one of orders with twelve rules (that of ``rules_speed.py``); each line has the mean over seeds,
and of the difference that rules make, ± its standard deviation. With ``--each``, every rule stands
alone on a line, too. ``--budget`` is that of families that have one.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
import pyarrow as pa

import lookalike as la
from lookalike.errors import LookalikeWarning
from lookalike.metrics import score_tables
from lookalike.tables import conform, infer_columns, read_table
from rules_speed import RULES, orders


def _obeying(table: pa.Table, rules: list[str]) -> pa.Table:
    """Return the rows that break no rule."""
    kept = np.ones(len(table), bool)
    for rule in rules:
        found = la.check_rules(table, [rule])
        while found.broken:
            kept[list(found.broken[0].rows)] = False
            table, kept = table.filter(pa.array(kept)), np.ones(int(kept.sum()), bool)
            found = la.check_rules(table, [rule])
    return table


def _scored(
    table: pa.Table, rules: list[str], family: str, seed: int, budget: str | None
) -> list[float]:
    """Return the detection scores without rules and with them, the ceiling, and broken shares."""
    order = np.random.default_rng(seed).permutation(len(table))
    learned, held = (table.take(pa.array(part)) for part in np.array_split(order, 2))
    schema = infer_columns(learned)
    real, holdout = conform(learned, schema), conform(held, schema)
    found, ceiling = [], 0.0
    for some in ([], rules):
        given = {} if budget is None else {"budget": budget}
        model = getattr(la, family)(random_state=seed, **given).fit(learned, rules=some)
        made = model.sample(len(learned), as_="arrow")
        scores = score_tables(
            real,
            conform(made, schema),
            schema=schema,
            holdout=holdout,
            metrics=("c2st",),
            random_state=seed,
        )
        found.append(scores["c2st"].value)
        ceiling = scores["c2st"].ceiling
        found.append(sum(one.count for one in la.check_rules(made, rules).broken) / len(made))
    return [*found, ceiling]


def main() -> None:
    """Print one line for each table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="*")
    parser.add_argument("--family", default="Forest")
    parser.add_argument("--rows", type=int, default=4_000)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--budget")
    parser.add_argument("--each", action="store_true", help="each rule alone, too")
    options = parser.parse_args()
    warnings.simplefilter("ignore", LookalikeWarning)
    tasks = []
    for given in options.tables:
        file, _, rules = given.partition("=")
        tasks.append((file.rsplit("/", 1)[-1], read_table(file), rules.split(";")))
    if not tasks:
        made = pa.Table.from_pandas(orders(options.rows, 0), preserve_index=False)
        of_rows = [rule for rule in RULES if "unique" not in rule]
        tasks = [("orders (made)", made.drop_columns(["id"]), of_rows)]
    if options.each:
        tasks += [(f"`{rule}` alone", table, [rule]) for _, table, rules in tasks for rule in rules]
    print("| table | c2st without rules | with | gain | ceiling | broken without | with |")
    print("|---|---|---|---|---|---|---|")
    for name, table, rules in tasks:
        some = np.random.default_rng(0).permutation(len(table))[: options.rows]
        obeying = _obeying(table.take(pa.array(some)), rules)
        each = np.array(
            [
                _scored(obeying, rules, options.family, seed, options.budget)
                for seed in range(options.seeds)
            ]
        )
        without, broken, within, still, ceiling = each.mean(axis=0)
        gains = each[:, 2] - each[:, 0]
        gain = f"{gains.mean():+.3f} ± {gains.std():.3f}"
        print(
            f"| {name} | {without:.3f} | {within:.3f} | {gain} | {ceiling:.3f} | {broken:.3f} "
            f"| {still:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
