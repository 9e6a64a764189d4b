"""Boost and replace the thesis's tables again: his presets and ours, his one split and many.

Usage::

    python examples/leitner_2021/replication.py --titanic titanic.csv --wine winequalityN.csv \\
        --diabetes diabetes.csv

Every number goes to ``OUT/records.sqlite``, so that a stopped run goes on where it was, and each
verdict to a page in ``OUT``. The tables are printed, and written to ``OUT/results.md``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import pandas as pd
import thesis

import lookalike as la
from lookalike.experiments import Verdict

SYNTHESIZERS = ("leitner-dcgan", "leitner-wgan-gp", "default")
ARMS = (("real", 0.0), ("boosted", 0.2), ("replaced", 1.0))


def main() -> None:
    """Run what was asked, and print tables of accuracies."""
    parser = thesis.arguments(__doc__)
    parser.add_argument("--synthesizers", nargs="+", default=list(SYNTHESIZERS), metavar="NAME")
    parser.add_argument("--models", nargs="+", default=list(thesis.MODELS), metavar="NAME")
    asked = parser.parse_args()
    parts = []
    for name, frame in thesis.tables(asked).items():
        for synthesizer in asked.synthesizers:
            verdict = study(frame, synthesizer, asked)
            verdict.to_html(
                asked.out / f"{name}-{synthesizer}.html", title=f"{name}: {synthesizer}"
            )
            parts.append("\n".join(report(name, synthesizer, verdict)))
            print(parts[-1], flush=True)
    (asked.out / "results.md").write_text("\n".join(parts), encoding="utf-8")


def study(frame: pd.DataFrame, synthesizer: str, asked: argparse.Namespace) -> Verdict:
    """Boost a table by 20 %, and replace it, as he did; and compare with cheap controls."""
    return la.boost(
        frame,
        thesis.TARGET,
        synthesizer=thesis.synthesizer(synthesizer, **thesis.epochs(asked)),
        factors=[0.2],
        replace=True,
        models=asked.models,
        metrics=["accuracy", "roc_auc"],
        repeats=asked.repeats,
        records=asked.out / "records.sqlite",
        n_jobs=asked.jobs,
        progress=True,
    )


def report(name: str, synthesizer: str, verdict: Verdict) -> Iterator[str]:
    """Write his accuracies beside ours: of the first split alone, and the mean over all of them."""
    his = thesis.published(name)
    models = verdict.facts["models"]
    rows = []
    for model in models:
        ours = [accuracies(verdict, arm, factor, model) for arm, factor in ARMS]
        rows.append(
            [
                model,
                *(f"{found[model]:.3f}" if model in found else "" for found in his),
                *(f"{found[0]:.3f}" for found in ours),
                *(f"{found.mean():.3f} ± {found.std(ddof=1):.3f}" for found in ours),
            ]
        )
    yield f"\n### {name}, {synthesizer}\n"
    heads = [f"{who}: {arm}" for who in ("thesis", "one split", f"{len(ours[0])} splits")
             for arm in ("real", "+20 %", "replaced")]  # fmt: skip
    yield thesis.markdown(["model", *heads], rows)
    naive = accuracies(verdict, "real", 0.0, "naive baseline").mean()
    yield f"\nNaive baseline: {naive:.3f}. {verdict.answer}"
    lost = np.mean([100 * (his[0][model] - his[2][model]) for model in models if model in his[0]])
    ours = next(row.real for row in verdict.table if row.arm == "replaced")
    between = "" if ours.low is None else f" ({-100 * ours.high:.1f} to {-100 * ours.low:.1f})"
    yield (
        f"Points of accuracy lost by replacement, as a mean over models: thesis {lost:.1f}, "
        f"ours {-100 * ours.difference:.1f}{between}."
    )


def accuracies(verdict: Verdict, arm: str, factor: float, model: str) -> np.ndarray:
    """Return the accuracy in each split; NaN where there is none."""
    found = {
        one.split: np.nan if one.value is None else one.value
        for one in verdict.records
        if (one.arm, one.factor, one.model, one.metric) == (arm, factor, model, "accuracy")
    }
    return np.array([found[split] for split in sorted(found)])


if __name__ == "__main__":
    main()
