"""Vine copulas: dependence of any shape, discrete cells, and files (with pyvinecopulib alone)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lookalike as la
from lookalike import VineCopula, load
from lookalike._core.errors import MissingDependencyError, ModelFileError
from lookalike.cli import main
from lookalike.testing import synthesizer_checks

PLAIN = {"calibrate": False, "correct": False}


def test_the_missing_library_is_named_with_its_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyvinecopulib", None)
    frame = pd.DataFrame({"x": np.arange(120.0), "y": np.arange(120.0)[::-1]})
    with pytest.raises(MissingDependencyError, match=r"pip install .*lookalike\[copula\]"):
        VineCopula().fit(frame)
    frame.to_csv(tmp_path / "t.csv", index=False)
    fit = ["fit", tmp_path / "t.csv", "-o", tmp_path / "m.lookalike", "--model", "vine-copula"]
    assert main([str(word) for word in fit]) == 2
    assert "pyvinecopulib" in capsys.readouterr().err


def test_it_is_compared_only_by_name() -> None:
    from lookalike.experiments._candidates import families

    assert "VineCopula" not in {one.name for one in families(None, 0)}
    assert "VineCopula" in {one.name for one in families(["vine-copula"], 0)}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    pytest.importorskip("pyvinecopulib", reason="vines need the extra 'copula'")
    rng = np.random.default_rng(0)
    x = rng.normal(size=1_500)
    y = np.abs(x) + 0.2 * rng.normal(size=1_500)
    c = np.where((x > 0) ^ (rng.random(1_500) < 0.1), "up", "down")
    w = np.where(rng.random(1_500) < np.where(c == "up", 0.4, 0.05), np.nan, x + y)
    return pd.DataFrame({"x": x, "y": y, "c": c, "w": w})


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> VineCopula:
    return VineCopula(refine=PLAIN, derive=False, random_state=0).fit(table)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=name)
        for name, check in synthesizer_checks(
            VineCopula(trees=2, refine={"correct": False}, random_state=0)
        )
    ],
)
def test_contract(check: Callable[[], None]) -> None:
    pytest.importorskip("pyvinecopulib", reason="vines need the extra 'copula'")
    check()


def test_dependence_of_any_shape_is_learned(table: pd.DataFrame, model: VineCopula) -> None:
    made = model.sample(20_000)
    # The size of x, which no correlation tells, is the first tree's; missing cells are levels.
    real, own = (f.assign(s=f["x"].abs()) for f in (table, made))
    real, own = (f[["s", "y"]].corr("spearman").iloc[0, 1] for f in (real, own))
    assert own == pytest.approx(real, abs=0.12)
    real, own = (f.groupby("c")["x"].mean() for f in (table, made))
    np.testing.assert_allclose(own, real, atol=0.15)
    real, own = (f["w"].isna().groupby(f["c"]).mean() for f in (table, made))
    np.testing.assert_allclose(own, real, atol=0.05)
    real, own = (f[["x", "w"]].corr("spearman").iloc[0, 1] for f in (table, made))
    assert own == pytest.approx(real, abs=0.12)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"x": [1e300, -1e300, 0.0, np.nan] * 10, "k": ["a", "b"] * 20}),
        pd.DataFrame({"x": [1.5] * 2, "c": ["a"] * 2}),
        pd.DataFrame({"a": ["u", "v"] * 20, "b": ["s"] * 40, "c": [True, False] * 20}),
        pd.DataFrame({"x": [np.nan] * 95 + [1.0, 2.0, 3.0, 1.0, 2.0], "y": np.arange(100.0)}),
        pd.DataFrame({"x": [0.0] * 90 + [5.0] * 10, "y": [1, 2, 3, 4, 5] * 20}),
    ],
    ids=["huge numbers", "two equal rows", "only levels", "hardly present", "ties"],
)
def test_ugly_tables(frame: pd.DataFrame) -> None:
    pytest.importorskip("pyvinecopulib", reason="vines need the extra 'copula'")
    made = VineCopula(random_state=0, refine=PLAIN).fit(frame).sample(60)
    assert list(made.columns) == list(frame.columns)
    assert len(made) == 60


def test_many_levels_keep_their_dependence() -> None:
    pytest.importorskip("pyvinecopulib", reason="vines need the extra 'copula'")
    rng = np.random.default_rng(0)
    town = rng.integers(0, 40, 3_000)
    frame = pd.DataFrame({"town": [f"t{t}" for t in town], "rent": town % 7 + rng.random(3_000)})
    made = VineCopula(random_state=0, refine=PLAIN).fit(frame).sample(6_000)
    real, own = (f.groupby("town")["rent"].mean() for f in (frame, made))
    assert np.corrcoef(real, own.reindex(real.index).fillna(0))[0, 1] > 0.8


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("matrix", lambda a: a + 1),
        ("matrix", lambda a: a[:-1]),
        ("pair 0 0", lambda a: np.full((30, 30), np.nan)),
        ("pair 0 0", lambda a: np.ones((2, 3))),
        ("pair 1 0", None),
    ],
)
def test_damaged_arrays_are_refused(
    model: VineCopula,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    change: Callable[[np.ndarray], np.ndarray] | None,
) -> None:
    state = model._state()
    changed = state.arrays.pop(name)
    if change is not None:
        state.arrays[name] = change(changed)
    monkeypatch.setattr(model, "_state", lambda: state)
    model.save(tmp_path / "m.lookalike")
    with pytest.raises(ModelFileError, match="damaged"):
        load(tmp_path / "m.lookalike")


@pytest.mark.parametrize("trees", [[["indep"]], "text", [[["os.system", 0]] * 4], [[]]])
def test_damaged_families_are_refused(
    model: VineCopula, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trees: object
) -> None:
    state = model._state()
    state.values["trees"] = trees
    monkeypatch.setattr(model, "_state", lambda: state)
    model.save(tmp_path / "m.lookalike")
    with pytest.raises(ModelFileError, match="damaged"):
        load(tmp_path / "m.lookalike")


def test_conditions_are_met_by_selection(model: VineCopula) -> None:
    assert (model.sample(100, given={"c": "up"})["c"] == "up").all()
    assert la.VineCopula is VineCopula
