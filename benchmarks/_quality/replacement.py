"""The replacement gap: what six shallow models lose when synthetic rows alone teach them.

The tables and models of Leitner 2021: scikit-learn defaults, accuracy on held-out real rows after
training on real rows, and after training on as many synthetic rows. The splits, models and
inputs are those of `lookalike.boost`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import pandas as pd

from _quality.markdown import grid
from _quality.methods import is_ours, method
from _quality.targets import REPLACEMENT_AIM, REPLACEMENT_MUST

MODELS = (
    "logistic regression",
    "support vector machine",
    "random forest",
    "decision tree",
    "3 nearest neighbours",
    "Gaussian naive Bayes",
)
SEED = 0
#: Columns with a smaller share of gaps lose these rows: a column of inputs that tells of one gap in
#: a thousand rows has next to no variance, which Gaussian naive Bayes cannot bear.
RARE = 0.01


@dataclass(frozen=True)
class Study:
    """A table of the study.

    Parameters
    ----------
    file, target : str
        Where it is, and the column to predict.
    drop : tuple of str
        Names, tickets, and what was known only afterwards.
    above : float or None
        The target is whether the column is greater than this.
    numbers : tuple of str
        Columns of few whole numbers that are amounts, as in the original, rather than levels.
    """

    file: str
    target: str
    drop: tuple[str, ...] = ()
    above: float | None = None
    numbers: tuple[str, ...] = ()


STUDIES = {
    "Titanic": Study(
        "thesis/titanic.csv",
        "survived",
        ("name", "ticket", "cabin", "boat", "body", "home.dest"),
        numbers=("pclass", "sibsp", "parch"),
    ),
    "wine quality > 6": Study("thesis/winequalityN.csv", "quality", above=6),
    "Pima": Study("thesis/diabetes.csv", "Outcome"),
}


def report(folder: Path, name: str, splits: int) -> str:
    """Return a Markdown table of accuracies and gaps.

    Parameters
    ----------
    folder : Path
        The folder of data.
    name : str
        One of our methods, such as ``ours-balanced``.
    splits : int
        How many splits of each table.
    """
    rows, gaps = [], []
    for title, study in STUDIES.items():
        pairs = accuracies(read(folder, study), study, name, splits)
        lost = [100 * (real - fake) for real, fake in pairs.values()]
        gaps.append(fmean(lost))
        real, fake = (100 * fmean(pair[side] for pair in pairs.values()) for side in (0, 1))
        rows.append([title, f"{real:.1f}", f"{fake:.1f}", f"{gaps[-1]:.2f}", f"{max(lost):.2f}"])
    rows.append(["mean", "", "", f"{fmean(gaps):.2f}", ""])
    head = ["table", "real, %", "synthetic only, %", "gap, points", "gap of the worst model"]
    wanted = f"must be ≤ {REPLACEMENT_MUST} points on average, better ≤ {REPLACEMENT_AIM}"
    about = f"{name}, {splits} splits, {len(MODELS)} models; the gap {wanted}."
    return f"{about}\n\n{grid(head, rows)}"


def read(folder: Path, study: Study) -> pd.DataFrame:
    """Return the rows of a study whose target is known, without rare gaps."""
    frame = pd.read_csv(folder / study.file).drop(columns=list(study.drop))
    few = [name for name in frame.columns if frame[name].isna().mean() < RARE]
    frame = frame.dropna(subset=list({*few, study.target})).reset_index(drop=True)
    if study.above is not None:
        frame[study.target] = frame[study.target] > study.above
    return frame


def accuracies(
    frame: pd.DataFrame, study: Study, name: str, splits: int
) -> dict[str, tuple[float, float]]:
    """Return, for each model, the mean accuracy after real rows and after synthetic rows alone."""
    import lookalike as la

    if not is_ours(name):
        raise SystemExit(f"The replacement study takes ours-BUDGET; got {name!r}.")
    settings: dict[str, Any] = dict(method(name).settings)
    model = getattr(la, settings.pop("model"))(**settings)
    found = la.boost(
        frame,
        study.target,
        synthesizer=model,
        factors=(),
        replace=True,
        controls=False,
        models=MODELS,
        metrics=["accuracy"],
        repeats=splits,
        kinds=dict.fromkeys(study.numbers, "integer"),
        random_state=SEED,
    )
    arms = {row.arm: row.models for row in found.table}
    pairs = {}
    for one in MODELS:
        real, fake = arms["real"][one], arms["replaced"][one]
        if real is None or fake is None:
            raise SystemExit(f"{one} has no accuracy: {found.notes}")
        pairs[one] = real, fake
    return pairs
