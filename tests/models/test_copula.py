"""The Gaussian copula: marginals, correlations, and conditions without rejection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from lookalike import GaussianCopula, load
from lookalike._core.errors import ModelFileError
from lookalike.encoding import RowCondition
from lookalike.models._gaussian import draw_within
from lookalike.testing import synthesizer_checks

ROWS = 2_000


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=ROWS)
    lean = x + 0.5 * rng.normal(size=ROWS)
    y = 2 * x + rng.normal(size=ROWS)
    w = np.where(rng.random(ROWS) < 0.2, np.nan, np.exp(y / 3))
    # Levels whose alphabet says nothing of their order.
    c = np.select([lean < -0.7, lean < 0.6], ["q", "z"], "a")
    return pd.DataFrame({"x": x, "y": y, "c": c, "w": w})


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> GaussianCopula:
    plain = {"calibrate": False, "correct": False}
    return GaussianCopula(refine=plain, random_state=0).fit(table)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=name)
        for name, check in synthesizer_checks(
            GaussianCopula(refine={"correct": False}, random_state=0), learns=False
        )
    ],
)
def test_contract(check: Callable[[], None]) -> None:
    check()


def test_pairs_are_learned_of_numbers_and_of_levels(
    table: pd.DataFrame, model: GaussianCopula
) -> None:
    made = model.sample(50_000)
    real, own = (frame[["x", "y", "w"]].corr("spearman") for frame in (table, made))
    np.testing.assert_allclose(own, real, atol=0.03)
    real, own = (frame.groupby("c")["x"].mean() for frame in (table, made))
    np.testing.assert_allclose(own, real, atol=0.1)


def test_rare_conditions_give_rows_as_ordinary_ones_that_fulfil_them(
    model: GaussianCopula,
) -> None:
    many = model.sample(300_000)
    right = many[(many["y"] > 4.5) & (many["c"] != "q")]
    assert len(right) < 0.03 * len(many)
    made = model.sample(4_000, given={"y": (4.5, None), "c": ["a", "z"]})
    assert made["y"].min() >= 4.5
    assert set(made["c"]) <= {"a", "z"}
    assert made["x"].mean() == pytest.approx(right["x"].mean(), abs=0.05)
    assert made["w"].isna().mean() == pytest.approx(right["w"].isna().mean(), abs=0.03)
    assert made["x"].std() == pytest.approx(right["x"].std(), abs=0.05)


def test_known_cells_say_what_the_others_are(model: GaussianCopula) -> None:
    known = pd.DataFrame({"y": [5.0] * 1_000 + [-2.0] * 1_000})
    made = model.impute(known)
    assert made["y"].tolist() == known["y"].tolist()
    # E[x | y] = 2 y / 5 of the table that was simulated.
    assert made["x"][:1_000].mean() == pytest.approx(2.0, abs=0.15)
    assert made["x"][1_000:].mean() == pytest.approx(-0.8, abs=0.15)
    assert made["x"][:1_000].std() == pytest.approx(0.2**0.5, abs=0.1)


def test_normal_variables_within_intervals_are_those_of_rejection() -> None:
    correlation = np.array([[1.0, 0.8, -0.3], [0.8, 1.0, 0.1], [-0.3, 0.1, 1.0]])
    rng = np.random.default_rng(0)
    z = rng.standard_normal((400_000, 3)) @ np.linalg.cholesky(correlation).T
    fits = (z[:, 0] > 0.5) & ((z[:, 1] < -0.2) | (z[:, 1] > 1))
    inf = np.inf
    intervals = {
        0: (np.array([[0.5]]), np.array([[inf]])),
        1: (np.array([[-inf, 1.0]]), np.array([[-0.2, inf]])),
    }
    drawn = draw_within(correlation, intervals, 20_000, rng)
    np.testing.assert_allclose(drawn.mean(axis=0), z[fits].mean(axis=0), atol=0.03)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(z[fits].T), atol=0.04)


def test_a_refined_copula_never_combines_what_never_occurs() -> None:
    rng = np.random.default_rng(0)
    sex, kin = rng.choice(["f", "m"], 3_000), rng.choice(["wife", "husband", "child"], 3_000)
    kin = np.where((sex == "m") & (kin == "wife"), "husband", kin)
    kin = np.where((sex == "f") & (kin == "husband"), "wife", kin)
    table = pd.DataFrame({"sex": sex, "kin": kin, "age": rng.normal(40, 9, 3_000).round(1)})
    model = GaussianCopula(refine={"correct": False}, random_state=0).fit(table)
    made = model.sample(8_000)
    assert not ((made["sex"] == "m") & (made["kin"] == "wife")).any()
    assert set(made["kin"]) == {"wife", "husband", "child"}


def test_neighbouring_levels_are_one_piece(model: GaussianCopula) -> None:
    encoder = model.encoder_
    index = next(i for i, b in enumerate(encoder.layout_.blocks) if b.column == "c")
    order, cuts = model._scores.orders[index], model._scores.cuts[index]
    allowed = np.ones((2, len(order)), bool)
    allowed[1, order[1]] = False  # a hole in the middle
    low, high = model._scores.intervals(RowCondition(encoder.layout_, 2, {index: allowed}))[index]
    assert (low[0, 0], high[0, 0]) == (-np.inf, np.inf)
    assert high[0, 1] < low[0, 1]  # ruled out
    np.testing.assert_allclose(ndtr([low[1, 1], high[1, 0]]), [cuts[2], cuts[1]])


def test_levels_are_ordered_by_what_tells_them_apart() -> None:
    rng, n = np.random.default_rng(0), 2_000
    level = rng.integers(0, 4, n)
    # What varies most says nothing of the level; a column that varies little says all.
    noise = 5 * rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "c": np.array(list("dbca"))[level],
            "small": level + 0.1 * rng.normal(size=n),
            "noise": noise,
            "more noise": noise + rng.normal(size=n),
        }
    )
    plain = GaussianCopula(refine={"correct": False}, random_state=0)
    means = plain.fit(frame).sample(n).groupby("c")["small"].mean()
    np.testing.assert_allclose(means, frame.groupby("c")["small"].mean(), atol=0.25)


@pytest.mark.parametrize("name", ["correlation", "cuts 2", "order 2"])
def test_damaged_arrays_are_refused(
    model: GaussianCopula, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    state = model._state()
    state.arrays[name] = state.arrays[name] - 2
    monkeypatch.setattr(model, "_state", lambda: state)
    model.save(tmp_path / "m.lookalike")
    with pytest.raises(ModelFileError, match=r"damaged|fit together"):
        load(tmp_path / "m.lookalike")


def test_an_order_of_dates_is_kept() -> None:
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, 600), "s")
    end = start + pd.to_timedelta(rng.integers(60, 3_000, 600), "s")
    model = GaussianCopula(refine={"correct": False}, random_state=0)
    made = model.fit(pd.DataFrame({"start": start, "end": end})).sample(2_000)
    assert (made["end"] >= made["start"]).all()
    assert (made["end"] - made["start"]).max() <= pd.Timedelta(hours=1)
