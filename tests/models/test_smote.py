"""SMOTE: rows between near rows of one class, and a file that must be allowed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lookalike import Smote, load
from lookalike._core.errors import ModelFileError, ParameterError
from lookalike.cli import main
from lookalike.testing import synthesizer_checks

ROWS = 1_200
PLAIN = {"calibrate": False, "correct": False}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rare = rng.random(ROWS) < 0.02
    x = rng.normal(size=ROWS) + 6 * rare
    w = np.where(rng.random(ROWS) < 0.2, np.nan, x + 0.1 * rng.normal(size=ROWS))
    side = np.where(x > 0.5, "right", np.where(x > -0.5, "middle", "left"))
    return pd.DataFrame({"x": x, "w": w, "side": side, "class": np.where(rare, "rare", "common")})


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> Smote:
    plain = Smote(save_rows=True, derive=False, refine=PLAIN, random_state=0)
    return plain.fit(table, target="class")


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=name)
        for name, check in synthesizer_checks(
            Smote(save_rows=True, refine={"correct": False}, random_state=0)
        )
    ],
)
def test_contract(check: Callable[[], None]) -> None:
    check()


def test_rows_lie_between_rows_of_their_class(table: pd.DataFrame, model: Smote) -> None:
    made = model.sample(8_000)
    rare = made["class"] == "rare"
    real = table["class"] == "rare"
    assert rare.mean() == pytest.approx(real.mean(), abs=0.01)
    assert made["x"][rare].min() >= table["x"][real].min() - 1e-6
    assert made["x"][~rare].max() <= table["x"][~real].max() + 1e-6
    both = made.dropna()
    assert both[["x", "w"]].corr().iloc[0, 1] > 0.98
    assert made["w"].isna().mean() == pytest.approx(0.2, abs=0.03)


def test_categories_follow_the_numbers_and_rare_ones_stay(
    table: pd.DataFrame, model: Smote
) -> None:
    made = model.sample(8_000)
    np.testing.assert_allclose(
        made["side"].value_counts(normalize=True).sort_index(),
        table["side"].value_counts(normalize=True).sort_index(),
        atol=0.03,
    )
    assert made["x"][made["side"] == "left"].mean() < -0.6


@pytest.mark.filterwarnings("ignore:Every category of the target")
def test_a_class_of_one_row_is_interpolated_with_others() -> None:
    table = pd.DataFrame({"x": np.arange(40) % 10 / 4, "k": ["a"] * 39 + ["b"]})
    made = Smote(refine=PLAIN, random_state=0).fit(table, target="k").sample(400)
    assert set(made["k"]) <= {"a", "b"}


def test_saving_training_rows_must_be_allowed(table: pd.DataFrame, tmp_path: Path) -> None:
    model = Smote(refine=PLAIN, random_state=0).fit(table)
    model.save_rows = True  # of the next fit
    with pytest.raises(ParameterError, match=r"save_rows=False.*Fit Smote\(save_rows=True\)"):
        model.save(tmp_path / "m.lookalike")
    assert not list(tmp_path.iterdir())


def test_info_warns_of_training_rows_in_a_file(
    model: Smote, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.lookalike"
    model.save(path)
    main(["info", str(path)])
    assert "holds training rows" in capfd.readouterr().out
    assert load(path).sample(20).equals(model.sample(20))


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"c": np.arange(3_000).astype(str), "k": "a"}).iloc[np.arange(6_000) // 2],
        pd.DataFrame({"x": [1e300, -1e300, 0.0, np.nan] * 10, "k": ["a", "b"] * 20}),
        pd.DataFrame({"x": [1.5] * 2, "c": ["a"] * 2}),
        pd.DataFrame({"a": ["u", "v"] * 20, "b": ["s"] * 40, "c": [True, False] * 20}),
    ],
    ids=["3,000 levels", "huge numbers", "two equal rows", "only levels"],
)
def test_ugly_tables(frame: pd.DataFrame) -> None:
    kinds = {"c": "categorical"} if len(frame) > 5_000 else None
    made = Smote(random_state=0, refine=PLAIN).fit(frame, kinds=kinds).sample(60)
    assert list(made.columns) == list(frame.columns)
    assert len(made) == 60


@pytest.mark.parametrize("name", ["floats", "codes", "near"])
def test_damaged_arrays_are_refused(
    model: Smote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    state = model._state()
    state.arrays[name] = state.arrays[name] - 7
    monkeypatch.setattr(model, "_state", lambda: state)
    model.save(tmp_path / "m.lookalike")
    with pytest.raises(ModelFileError, match=r"damaged|fit together"):
        load(tmp_path / "m.lookalike")
