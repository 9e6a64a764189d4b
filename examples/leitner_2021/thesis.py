"""The thesis's data sets as it prepared them, its models, and the accuracies that it published.

Source: Paul Leitner, "Artificial Neural Networks with small Datasets. A practical Approach",
master's thesis, FH Kufstein Tirol, 2021.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

import lookalike as la

#: The column to predict.
TARGET = "label"
#: His models, in his order; the package adds boosted trees.
MODELS = (
    "logistic regression",
    "support vector machine",
    "random forest",
    "decision tree",
    "3 nearest neighbours",
    "Gaussian naive Bayes",
    "dense network",
)
#: Held-out rows that each of these models got right in his one split, with WGAN-GP rows: trained on
#: real rows, with 20 % more, and on synthetic rows alone (his figures 22 to 29).
PUBLISHED_RIGHT = {
    "titanic": (
        (204, 201, 208, 198, 196, 159, 202),
        (200, 201, 208, 199, 196, 175, 202),
        (143, 138, 150, 128, 147, 147, 135),
    ),
    "wine": (
        (1064, 1068, 1063, 999, 1043, 1043, 1065),
        (1051, 1060, 1061, 894, 1043, 838, 1069),
        (508, 514, 497, 385, 516, 514, 556),
    ),
    "diabetes": (
        (116, 112, 115, 116, 108, 118, 109),
        (110, 109, 114, 106, 109, 113, 106),
        (86, 86, 89, 95, 88, 93, 84),
    ),
}
#: His runs were not watched and mended: what comes out is taken as it is, collapsed or not.
AS_IT_IS: dict[str, Any] = {"monitors": False, "remedies": False}
PUBLISHED_ROWS = {"titanic": 262, "wine": 1300, "diabetes": 154}

_TITANIC = ["pclass", "sex", "age", "sibsp", "parch", "fare", "embarked"]


def published(name: str) -> tuple[dict[str, float], ...]:
    """Return his accuracies by model: on real rows, with 20 % more, on synthetic rows alone.

    Examples
    --------
    >>> [round(found["random forest"], 3) for found in published("titanic")]
    [0.794, 0.794, 0.573]
    """
    rows = PUBLISHED_ROWS[name]
    return tuple(
        {model: right / rows for model, right in zip(MODELS, counts, strict=True)}
        for counts in PUBLISHED_RIGHT[name]
    )


def titanic(path: Path | None) -> pd.DataFrame:
    """Return the 1,309 passengers with the columns that he kept: no names, tickets or cabins."""
    frame = _read(path, "titanic")
    frame = frame[frame["survived"].notna()]
    label = frame["survived"].astype(float).astype(int)
    return frame[_TITANIC].assign(**{TARGET: label}).reset_index(drop=True)


def wine(path: Path | None) -> pd.DataFrame:
    """Return the 6,497 wines; good ones have a quality above 6."""
    frame = _read(path, "wine_quality")
    good = (frame["quality"].astype(float) > 6).astype(int)
    return frame.drop(columns="quality").assign(**{TARGET: good})


def diabetes(path: Path | None) -> pd.DataFrame:
    """Return the 768 women of the Pima data; he also cut outliers, which is left out here."""
    frame = _read(path, "diabetes")
    name = frame.columns[-1]
    sick = frame[name].astype(str).isin(["1", "tested_positive"]).astype(int)
    return frame.drop(columns=name).assign(**{TARGET: sick})


TABLES: dict[str, Callable[[Path | None], pd.DataFrame]] = {
    "titanic": titanic,
    "wine": wine,
    "diabetes": diabetes,
}


def synthesizer(name: str, **changes: Any) -> la.GAN:
    """Return a synthesizer: ``"default"``, or a preset of this name."""
    if name == "default":
        return la.GAN(conditions=False, **changes)  # nothing is asked of the rows
    return la.GAN.preset(name, **{**AS_IT_IS, **changes})


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with what all scripts ask for."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    for name in TABLES:
        parser.add_argument(f"--{name}", type=Path, metavar="CSV", help=f"the {name} table")
    parser.add_argument("--openml", action="store_true", help="fetch what is not given")
    parser.add_argument("--repeats", type=int, default=5, help="splits")
    parser.add_argument("--jobs", type=int, default=1, help="splits at once")
    parser.add_argument("--epochs", type=int, help="of every GAN, instead of its own")
    parser.add_argument("--out", type=Path, default=Path("leitner_2021"), help="folder")
    return parser


def tables(asked: argparse.Namespace) -> dict[str, pd.DataFrame]:
    """Return the tables that were given, or can be fetched."""
    paths = {name: getattr(asked, name) for name in TABLES}
    names = [name for name in TABLES if paths[name] or asked.openml]
    if not names:
        raise SystemExit("Name a table, such as --titanic titanic.csv, or give --openml.")
    asked.out.mkdir(parents=True, exist_ok=True)
    return {name: TABLES[name](paths[name]) for name in names}


def epochs(asked: argparse.Namespace) -> dict[str, int]:
    """Return what was asked of the length of training."""
    return {} if asked.epochs is None else {"epochs": asked.epochs}


def markdown(heads: list[str], rows: list[list[str]]) -> str:
    """Return a table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _read(path: Path | None, name: str) -> pd.DataFrame:
    if path is not None:
        return pd.read_csv(path)
    from sklearn.datasets import fetch_openml  # noqa: PLC0415 - for those who fetch

    return fetch_openml(name, version=1, as_frame=True).frame
