"""Planted cells do not come out: not in a model file, not in many rows, not on a page."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lookalike as la

pytestmark = pytest.mark.filterwarnings("ignore:Free text is not learned")

#: A number and a date beyond all others, and levels that occur one to four times.
NUMBER, DATE = 987_654.3125, datetime.datetime(2093, 4, 17)
LEVELS = {f"Zzlevel{k}": k for k in range(1, 5)}
TEXTS = ("zzmail@example.org", "Zzname Quirin", *LEVELS)
ROWS = 600


def table() -> pd.DataFrame:
    """Return rows with a canary of each kind in rows of their own."""
    rng = np.random.default_rng(0)
    first, last = (rng.choice([f"{c}{k}" for k in range(40)], ROWS) for c in ("Ada", "Li"))
    frame = pd.DataFrame(
        {
            "name": [f"{a} {b} {i}" for i, (a, b) in enumerate(zip(first, last, strict=True))],
            "mail": [f"user{i}@mail.example" for i in rng.permutation(ROWS)],
            "town": rng.choice(["Ulm", "Kiel", "Bonn"], ROWS),
            "income": rng.lognormal(8, 1, ROWS).round(4),
            "born": pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 9_000, ROWS), "D"),
        }
    )
    frame.loc[5, "mail"], frame.loc[6, "name"] = TEXTS[:2]
    frame.loc[7, "income"], frame.loc[8, "born"] = NUMBER, DATE
    row = 10
    for level, times in LEVELS.items():
        frame.loc[row : row + times - 1, "town"] = level
        row += times
    return frame


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the parts of a model file."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)


def check(model, tmp_path: Path, rows: int) -> None:
    """Fit a model that keeps levels of five rows or more, and look for canaries everywhere."""
    model.fit(table())
    model.save(tmp_path / "m.lookalike")
    for name, content in contents(tmp_path / "m.lookalike"):
        for text in TEXTS:
            assert text.encode() not in content, (name, text)
        # As a number of 64 or 32 bits, and as text.
        for form in (np.float64(NUMBER).tobytes(), np.float32(NUMBER).tobytes(), b"987654.3"):
            assert form not in content, name
        assert b"2093-04-17" not in content, name
    drawn = model.sample(rows, as_="pandas")
    for column in ("name", "mail", "town"):
        assert not set(TEXTS) & set(drawn[column].dropna().astype(str))
    assert not (drawn["income"] == NUMBER).any()
    assert not (pd.to_datetime(drawn["born"]) == DATE).any()


@pytest.mark.parametrize(
    "model",
    [
        la.Independent(min_category_count=5, random_state=0),
        la.GaussianCopula(min_category_count=5, random_state=0, refine={"correct": False}),
        la.BayesianNetwork(min_category_count=5, random_state=0),
        la.Mixture(min_category_count=5, random_state=0),
        la.Forest(min_category_count=5, random_state=0, refine={"correct": False}),
    ],
    ids=lambda model: type(model).__name__,
)
def test_canaries_stay_inside(model, tmp_path):
    check(model, tmp_path, 8_192)


def test_canaries_stay_inside_an_adversarial_forest(tmp_path):
    plain = {"refine": {"correct": False}, "min_category_count": 5, "random_state": 0}
    check(la.AdversarialForest(trees=5, rounds=2, **plain), tmp_path, 8_192)


def test_canaries_stay_inside_a_vine_copula(tmp_path):
    pytest.importorskip("pyvinecopulib")
    plain = {"refine": {"correct": False}, "min_category_count": 5, "random_state": 0}
    check(la.VineCopula(**plain), tmp_path, 8_192)


def test_by_default_a_level_of_one_row_stays_inside(tmp_path):
    model = la.Independent(random_state=0).fit(table())
    model.save(tmp_path / "m.lookalike")
    whole = b"".join(content for _, content in contents(tmp_path / "m.lookalike"))
    assert b"Zzlevel1" not in whole
    # Two rows are enough: a limit that only `min_category_count` raises.
    assert b"Zzlevel2" in whole


def test_canaries_are_on_no_page_of_an_evaluation(tmp_path):
    frame = table()
    rows = la.Independent(min_category_count=5, random_state=0).fit(frame).sample(ROWS)
    found = la.evaluate(frame, rows, metrics=["shape", "trend"])
    control = table().iloc[::-1].reset_index(drop=True).assign(income=lambda t: t["income"] + 1)
    audit = la.audit(frame, rows, control.drop_duplicates(), random_state=0)
    for text in (found.to_html(), found.to_json(), audit.to_html(), audit.to_json()):
        for canary in (*TEXTS, "987654.3", "987,654.3", "2093-04-17"):
            assert canary not in text
