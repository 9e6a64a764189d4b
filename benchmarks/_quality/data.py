"""The tables of the benchmark, and how they are parted.

Nothing is left out of a table but numbers of rows and of people, names, tickets and cabins: they
are no part of what is to be learned, and one-hot codes of thousands of names are what peers would
die of.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lookalike.tables import Kind, infer_columns

#: The share of rows that is held out where a table has no split of its own.
HELD_OUT = 0.2
_DISCRETE = {Kind.CATEGORICAL, Kind.BOOLEAN, Kind.CONSTANT, Kind.TEXT, Kind.IDENTIFIER}


@dataclass(frozen=True)
class Source:
    """A table of the benchmark.

    Parameters
    ----------
    file : str
        Where it is in the folder of data.
    target : str
        The column that models predict.
    drop : tuple of str
        Columns that are left out.
    dates : tuple of str
        Columns of text that are moments.
    split : str or None
        A column that says which rows are for training (``"train"``); None parts by the seed.
    """

    file: str
    target: str
    drop: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    split: str | None = None


SOURCES = {
    "adult": Source("tables/adult_48842.parquet", "income", split="split"),
    "shoppers": Source("tables/online_shoppers_12330.csv", "Revenue"),
    "king_county": Source("tables/king_county_21613.csv", "price", ("id",), ("date",)),
    "churn": Source(
        "tables/bank_churn_modelling_10000.csv", "Exited", ("RowNumber", "CustomerId", "Surname")
    ),
    "stroke": Source("tables/stroke_5110.csv", "stroke", ("id",)),
    "diabetes130": Source(
        "tables/diabetes130us_sample6000.csv", "readmitted", ("encounter_id", "patient_nbr")
    ),
    "german": Source("tables/german_credit_1000.csv", "class"),
    "titanic": Source(
        "tables/titanic_kaggle_891.csv", "Survived", ("PassengerId", "Name", "Ticket", "Cabin")
    ),
    "wine": Source("thesis/winequalityN.csv", "quality"),
    "pima": Source("thesis/diabetes.csv", "Outcome"),
}


@dataclass(frozen=True)
class Split:
    """One split of a table, on disk.

    Parameters
    ----------
    train, test : Path
        Parquet files.
    target : str
        The column that models predict.
    classes : bool
        Whether it is a class; otherwise it is a number.
    discrete : list of str
        The columns whose values are levels, as lookalike infers it from the whole table: what
        peers are told. lookalike itself is told nothing.
    rows, columns : int
        The size of the training rows.
    levels : int
        How many levels the discrete columns have together.
    """

    train: Path
    test: Path
    target: str
    classes: bool
    discrete: list[str]
    rows: int
    columns: int
    levels: int


def read(folder: Path, source: Source) -> pd.DataFrame:
    """Return a table of the benchmark, its split column included."""
    path = folder / source.file
    if not path.exists():
        raise SystemExit(f"There is no {path}. FOLDER must hold the benchmark's tables.")
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    frame = frame.drop(columns=list(source.drop))
    for name in source.dates:
        frame[name] = pd.to_datetime(frame[name])
    return frame


def part(folder: Path, name: str, seed: int, work: Path, most_rows: int | None = None) -> Split:
    """Part a table into training and held-out rows and write both.

    Parameters
    ----------
    folder : Path
        The folder of data.
    name : str
        One of `SOURCES`.
    seed : int
        The seed of the split, where the table has none of its own.
    work : Path
        Where to write.
    most_rows : int or None
        At most so many training rows are kept, drawn by the seed, and as many held-out rows.

    Returns
    -------
    Split
        With what peers are told of the columns.
    """
    source = SOURCES[name]
    frame = read(folder, source)
    discrete = _discrete(frame, source)
    train, test = _parts(frame, source, source.target in discrete, seed)
    if most_rows is not None:
        train, test = (
            rows.sample(min(most_rows, len(rows)), random_state=seed) for rows in (train, test)
        )
    return _written(train, test, source, discrete, work)


def resampled(folder: Path, name: str, rows: int, seed: int, work: Path) -> Split:
    """Draw so many rows of a table with replacement and write them as training rows.

    The other parameters are those of `part`; the held-out rows are the table itself.
    """
    source = SOURCES[name]
    frame = read(folder, source).drop(columns=[] if source.split is None else source.split)
    discrete = _discrete(frame, source)
    drawn = frame.sample(rows, replace=True, random_state=seed)
    return _written(drawn, frame, source, discrete, work)


def _discrete(frame: pd.DataFrame, source: Source) -> list[str]:
    schema = infer_columns(frame)
    return [c.name for c in schema.columns if c.kind in _DISCRETE and c.name != source.split]


def _written(
    train: pd.DataFrame, test: pd.DataFrame, source: Source, discrete: list[str], work: Path
) -> Split:
    paths = work / "train.parquet", work / "test.parquet"
    for rows, path in zip((train, test), paths, strict=True):
        rows.to_parquet(path, index=False)
    levels = int(train[discrete].nunique(dropna=False).sum())
    classes = source.target in discrete
    return Split(*paths, source.target, classes, discrete, *train.shape, levels)


def _parts(
    frame: pd.DataFrame, source: Source, classes: bool, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    if source.split is not None:
        chosen = frame[source.split] == "train"
        frame = frame.drop(columns=source.split)
        return frame[chosen], frame[~chosen]
    from sklearn.model_selection import train_test_split

    strata: Any = frame[source.target] if classes else None
    train, test = train_test_split(frame, test_size=HELD_OUT, random_state=seed, stratify=strata)
    return train, test
