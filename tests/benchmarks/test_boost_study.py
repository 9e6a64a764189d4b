"""The summary of the study says what its numbers say, harm as well as help."""

from __future__ import annotations

import importlib
from argparse import Namespace
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest

from lookalike.experiments import Record, Verdict
from lookalike.experiments._arms import Boosted, Duplicated, Real
from lookalike.experiments._build_verdict import build_verdict

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the script."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("boost_study")


def verdicts(study: ModuleType, boosted: float, duplicated: float = 0.0) -> dict[str, Verdict]:
    """Return verdicts on eight simulated tables, where arms have such effects."""
    facts = {
        "versions": {"numpy": "2"},
        "repeats": 5,
        "test_size": 0.2,
        "synthesizer": "GAN()",
        "seed": 0,
        "rows": 100,
    }
    arms = (Real(), *map(Boosted, study.FACTORS), *map(Duplicated, study.FACTORS))
    effects = {"real": 0.0, "boosted": boosted, "duplicated": duplicated}
    found = {}
    for place in range(8):
        rng = np.random.default_rng(place)
        records = [
            Record(
                "d", "s", split, arm.name, arm.factor, share, "tree", "roc_auc",
                0.8 + effects[arm.name] + 0.01 * rng.standard_normal(), None, 80, 80, 20,
            )
            for split in range(5)
            for share in study.SHARES
            for arm in arms
        ]  # fmt: skip
        split = "random" if place else "stratified"
        found[f"table {place}"] = build_verdict(
            records, arms, study.SHARES, ("roc_auc",), {**facts, "split": split}, ()
        )
    return found


@pytest.mark.parametrize(
    ("boosted", "duplicated", "begin", "real", "control"),
    [
        (-0.05, 0.0, "Over all tables, boosting harms (+20 %, 100 % kept;", "0 6", "0 6"),
        (0.05, 0.0, "Over all tables, boosting helps (+20 %, 100 % kept;", "6 0", "6 0"),
        (0.05, 0.05, "Over all tables, there is no evidence that boosting helps.", "6 0", "0 0"),
    ],
)
def test_the_opening_follows_the_numbers(
    study: ModuleType, boosted: float, duplicated: float, begin: str, real: str, control: str
) -> None:
    lines = "\n".join(study.summary(verdicts(study, boosted, duplicated), ["abc123"])).splitlines()
    text = [line for line in lines if line]
    assert text[1].startswith(begin)
    for line, whom, counts in zip(
        text[2:4], ("real rows alone", "the best cheap control"), (real, control), strict=True
    ):
        above, below = counts.split()
        assert line.startswith(
            f"- Against {whom}, {above} of 6 mean effects are significantly above 0 and "
            f"{below} significantly below"
        )
        assert "+20 %, 25 % kept: " in line
    assert "commit abc123" in "".join(text)
    assert "5 stratified or random splits" in "".join(text)


def test_what_was_known_only_afterwards_is_left_out(study: ModuleType) -> None:
    columns = ["survived", "name", "ticket", "cabin", "boat", "body", "home.dest", "age"]
    table = pa.table({name: [1] for name in columns})
    kept = study.TABLES["titanic"].prepare(table)
    assert kept.column_names == ["survived", "age"]


def test_the_default_is_the_package_s_own_budget(
    study: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("x,late\n1,yes\n2,no\n")
    monkeypatch.setitem(study.TABLES, "a", study.Table("a.csv", "late"))
    seen = []
    monkeypatch.setattr(study.la, "boost", lambda *_, **more: seen.append(more["synthesizer"]))
    for budget in (None, "fast"):
        asked = Namespace(budget=budget, repeats=2, out=tmp_path, jobs=1)
        study.try_table("a", tmp_path / "a.csv", asked)
    assert [one.budget for one in seen] == [study.la.GAN().budget, "fast"]


def test_the_commit_is_noted_once(study: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "commits.txt"
    path.write_text("abc", encoding="utf-8")
    for _ in range(2):
        study.note_commit(path)
    first, _ = path.read_text(encoding="utf-8").split()
    assert first == "abc"
