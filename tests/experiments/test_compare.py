"""Comparisons of families, and the automatic choice among them."""

from __future__ import annotations

from html import unescape
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import lookalike as la
from lookalike._core.errors import DataError, LookalikeWarning, NotFittedError, ParameterError
from lookalike.experiments import Comparison, Trial
from lookalike.experiments._choice import choose_trial
from lookalike.experiments._clock import Clock
from lookalike.models import SYNTHESIZERS, find_synthesizer

PLAIN = {"calibrate": False, "correct": False}


class Failing(la.Independent):
    """Cannot learn any table."""

    def _fit(self, task: Any) -> None:
        raise DataError("nothing to learn")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=600)
    return pd.DataFrame({"x": x, "y": x + 0.1 * rng.normal(size=600), "c": x > 0})


@pytest.fixture(scope="module")
def found(table: pd.DataFrame) -> Comparison:
    models = ["independent", la.GaussianCopula(refine=PLAIN), Failing()]
    return la.compare(table, models, random_state=0)


@pytest.mark.slow
def test_the_better_model_wins_on_rows_that_it_has_not_learned(found: Comparison) -> None:
    copula, independent, failed = found.trials
    assert found.chosen == copula.label == f"GaussianCopula(refine={PLAIN!r})"
    assert (copula.choose or 0) > (independent.choose or 0) + 0.3
    assert copula.rows == independent.rows == 360
    assert found.facts["rows"] == {"fit": 360, "choose": 120, "report": 120}
    assert failed.reason == "DataError: nothing to learn"
    assert failed.choose is None
    assert found.best is not None
    assert found.best.n_rows_ == 360
    assert len(found.best.sample(5)) == 5


def test_scores_and_costs_are_measured(found: Comparison) -> None:
    copula = found.trials[0]
    assert {"c2st", "membership", "copies", "shape"} <= copula.scores.keys()
    assert copula.seconds is not None
    assert copula.seconds > 0
    assert copula.rows_per_second is not None
    assert copula.rows_per_second > 100
    assert found.ceiling is not None
    assert found.floor is not None
    assert found.ceiling > found.floor + 0.3
    assert found.optimism == pytest.approx((copula.choose or 0) - (copula.report or 0))
    assert f"{copula.report:.3f} on rows that took no part" in found.answer


def test_the_same_table_and_seed_give_the_same_scores(
    table: pd.DataFrame, found: Comparison
) -> None:
    again = la.compare(table, [la.GaussianCopula(refine=PLAIN)], metrics=False, random_state=0)
    assert {t.model for t in again.trials} == {"GaussianCopula", "Independent"}
    for trial in again.trials:
        same = next(one for one in found.trials if one.label == trial.label)
        assert (trial.choose, trial.report) == (same.choose, same.report)


def test_it_is_written_and_read(found: Comparison) -> None:
    back = Comparison.from_json(found.to_json())
    assert back == found
    assert back.best is None
    page = found.to_html()
    assert back.to_html() == page
    for words in (found.answer, "nothing to learn", "Membership attack", "<svg"):
        assert words in unescape(page)
    assert repr(found).splitlines()[0] == found.answer


def test_the_command_writes_all_of_it(
    table: pd.DataFrame, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from lookalike.cli import main

    data, model, page = (tmp_path / name for name in ("t.csv", "m.lookalike", "p.html"))
    table.to_csv(data, index=False)
    command = ["compare", str(data), "--models", "independent", "-o", str(model)]
    assert main([*command, "--html", str(page)]) == 0
    assert "Independent *" in capsys.readouterr().out
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert la.load(model).n_rows_ == 360


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"models": ["gausian-copula"]}, "Did you mean 'GaussianCopula'"),
        ({"models": "Independent"}, "must be a list"),
        ({"models": [3]}, "a name or a Synthesizer; got 3"),
        ({"seconds": 0}, "seconds"),
        ({"target": "z"}, "target must be a column"),
    ],
)
def test_mistakes_are_named(table: pd.DataFrame, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        la.compare(table, **options)


def test_too_few_rows_are_refused(table: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="at least 100 rows"):
        la.compare(table.head(60))


@pytest.mark.slow
def test_large_tables_are_compared_on_few_rows_first(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x = np.sort(rng.normal(size=900))  # the first rows are none that stand for all
    table = pd.DataFrame({"x": x, "y": np.exp(x) + 0.1 * rng.normal(size=900)})  # no relation
    monkeypatch.setattr("lookalike.experiments._compare._RUNG_FROM", 500)
    monkeypatch.setattr("lookalike.experiments._compare._FIRST_RUNG", 200)
    widths = [la.BayesianNetwork(bins=n, refine=PLAIN) for n in (2, 3, 4, 16)]
    copula = la.GaussianCopula(refine=PLAIN)
    found = la.compare(table, ["independent", copula, *widths], metrics=False)
    rows = {trial.label: trial.rows for trial in found.trials}
    assert rows[copula.__class__.__name__ + f"(refine={PLAIN!r})"] == 540
    out = [trial for trial in found.trials if trial.rows == 200]
    assert len(out) == 2
    assert all(trial.reason == "not among the best on 200 rows" for trial in out)


def test_models_side_by_side_have_the_same_scores(table: pd.DataFrame) -> None:
    def scores(n_jobs: int | None) -> list[tuple[Any, ...]]:
        models = ["independent", la.Smote(refine=PLAIN), la.BayesianNetwork(refine=PLAIN)]
        found = la.compare(table, models, metrics=False, n_jobs=n_jobs)
        assert found.best is not None
        rows = found.best.sample(5, as_="arrow").to_pydict()
        return [(t.label, t.choose, t.report, t.privacy) for t in found.trials] + [(rows,)]

    assert scores(2) == scores(None)
    with pytest.raises(ParameterError, match="seconds or n_jobs"):
        la.compare(table, ["independent"], seconds=10, n_jobs=2)


# --- the choice -----------------------------------------------------------------------------------


def test_what_chance_explains_does_not_decide() -> None:
    gan, mixture = Trial("GAN", {}, 9, 0.90, 0.9), Trial("Mixture", {}, 9, 0.92, 0.9)
    assert choose_trial([mixture, gan], rows=200) is gan
    assert choose_trial([mixture, gan], rows=20_000) is mixture


def test_who_betrays_rows_or_holds_them_cannot_win() -> None:
    honest = Trial("Mixture", {}, 9, 0.5, 0.5)
    thief = Trial("GAN", {}, 9, 0.99, 0.99, privacy="Beware.")
    smote = Trial("Smote", {}, 9, 0.99, 0.99, holds_rows=True)
    assert choose_trial([thief, smote, honest], rows=20_000) is honest
    assert choose_trial([thief], rows=20_000) is None


def test_models_that_would_not_fit_in_the_time_are_left_out(table: pd.DataFrame) -> None:
    short = la.compare(table, ["Independent", "GAN"], seconds=0.5, metrics=False)
    gan = next(one for one in short.trials if one.model == "GAN")
    assert "it would take about" in gan.reason
    assert short.chosen == "Independent"


def test_the_clock_learns_the_pace_from_fits_that_tell() -> None:
    clock, rows = Clock(100.0, reserve=1.0), pa.table({"x": [1.0]})
    clock.measured(la.Independent(), rows, fit=0.1, scoring=2.0)
    assert clock.pace is None
    clock.measured(la.GaussianCopula(), rows, fit=5.0, scoring=3.0)
    assert clock.expected(la.GaussianCopula(), rows) == pytest.approx(5 * 2 + 3)
    more = pa.table({"x": [1.0] * 4})
    assert clock.expected(la.GaussianCopula(), more) == pytest.approx(2 * 5 * 2 + 3)
    assert clock.has(90)
    assert not clock.has(130)
    assert Clock(None).has(1e9)


@pytest.mark.parametrize("name", ["GaussianCopula", "gaussian-copula", "gaussian_copula"])
def test_names_are_found_in_any_spelling(name: str) -> None:
    assert find_synthesizer(name) is la.GaussianCopula
    assert {find_synthesizer(one).__name__ for one in SYNTHESIZERS} == set(SYNTHESIZERS)


# --- Auto -----------------------------------------------------------------------------------------


def test_the_winner_learns_all_rows_and_does_everything(table: pd.DataFrame, tmp_path: Any) -> None:
    models = ["Independent", la.GaussianCopula(refine=PLAIN)]
    auto = la.Auto(None, models=models, random_state=0)
    with pytest.raises(NotFittedError, match="call fit"):
        auto.sample(3)
    auto.fit(table)
    assert isinstance(auto.best_, la.GaussianCopula)
    assert auto.best_.n_rows_ == len(table)
    assert auto.best_.history_.events[-1].kind == "choice"
    pd.testing.assert_frame_equal(auto.sample(4), auto.best_.sample(4))
    assert sum(len(batch) for batch in auto.sample_batches(9)) == 9
    assert auto.impute(table.head(3).assign(y=None))["y"].notna().all()
    assert auto.sample_to(tmp_path / "o.csv", 7) == 7
    auto.save(tmp_path / "m.lookalike")
    assert isinstance(la.load(tmp_path / "m.lookalike"), la.GaussianCopula)
    assert auto.leaderboard_[0][0].endswith("*")


def test_without_time_for_all_rows_it_says_so(table: pd.DataFrame) -> None:
    with pytest.warns(LookalikeWarning, match="learned 360 rows only"):
        auto = la.Auto(1e-3, models=["Independent"], random_state=0).fit(table)
    assert auto.best_.n_rows_ == 360


def test_a_table_that_nothing_can_learn_is_an_error(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(la.Independent, "_fit", Failing._fit)
    with pytest.raises(DataError, match="No model can be chosen"):
        la.Auto(None, models=["Independent"]).fit(table)
