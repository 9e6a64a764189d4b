"""Settings of one family, searched by successive halving on rows that nobody learned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import lookalike as la
from lookalike._core.errors import DataError, LookalikeWarning, ParameterError
from lookalike.experiments import Trial, Tuning
from lookalike.experiments._candidates import check_space, proposals
from lookalike.experiments._choice import choose_trial, lead_by_chance
from lookalike.experiments._tune import _rungs
from lookalike.models import SYNTHESIZERS, Synthesizer

PLAIN = {"calibrate": False, "correct": False}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Return a table that two bins of a number cannot stand for, nor a relation."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    return pd.DataFrame({"x": x, "y": np.exp(x) + 0.1 * rng.normal(size=400), "c": x > 0})


@pytest.fixture(scope="module")
def found(table: pd.DataFrame) -> Tuning:
    coarse = la.BayesianNetwork(bins=2, refine=PLAIN)
    return la.tune(coarse, table, space={"bins": [2, 3, 32]}, random_state=0)


# --- the spaces of the families -------------------------------------------------------------------


@pytest.mark.parametrize("name", SYNTHESIZERS)
def test_every_declared_setting_is_a_parameter_with_values_that_it_accepts(name: str) -> None:
    family = SYNTHESIZERS[name]
    own = family().get_params(deep=False)
    for parameter, values in family.SPACE.items():
        assert parameter in own
        assert isinstance(values, tuple)
        assert len(set(values)) == len(values) > 1
        for value in values:
            family(**{parameter: value})._check_parameters()


def test_what_guards_privacy_or_holds_rows_is_not_searched() -> None:
    for name in SYNTHESIZERS:
        family = SYNTHESIZERS[name]
        assert not {"min_category_count", "save_rows", "epsilon"} & family.SPACE.keys()
    assert not la.Private.SPACE
    assert not la.Smote.SPACE


def test_most_families_declare_settings() -> None:
    declared = {name for name in SYNTHESIZERS if SYNTHESIZERS[name].SPACE}
    assert declared >= {"GAN", "Mixture", "Forest", "BayesianNetwork", "Diffusion", "VAE"}


# --- proposals ------------------------------------------------------------------------------------


def test_proposals_are_distinct_and_the_model_as_given_is_first() -> None:
    model = la.Forest(leaf=7, refine=PLAIN)
    found = proposals(model, la.Forest.SPACE, 12, seed=3)
    assert [one.proposed for one in found] == [False] + 11 * [True]
    assert len({one.label for one in found}) == 12
    assert found[0].model.leaf == 7
    assert all(one.model.refine == PLAIN and one.model.random_state == 3 for one in found)
    assert [one.label for one in proposals(model, la.Forest.SPACE, 12, 3)] == [
        one.label for one in found
    ]
    assert model.random_state is None


def test_a_small_space_is_tried_in_full() -> None:
    found = proposals(la.Forest(), {"leaf": (5, 9), "trees": (5,)}, 12, 0)
    assert [one.label for one in found] == ["Forest", "Forest(leaf=9)"]


def test_settings_of_groups_are_set_by_their_own_names() -> None:
    (_, other) = proposals(la.GAN(), {"latent_size": (7,)}, 3, 0)
    assert other.model.get_params()["latent_size"] == 7


def test_a_huge_space_gives_as_many_as_are_asked_for() -> None:
    space = {"leaf": tuple(range(1, 1001)), "bins": tuple(range(2, 1001)), "trees": (1, 2)}
    assert len(proposals(la.Forest(), space, 9, 0)) == 9


@pytest.mark.parametrize(
    ("model", "space", "words"),
    [
        (la.GaussianCopula(), None, "declares no settings"),
        (la.Forest(), {}, "declares no settings"),
        (la.Forest(), {"leav": [3]}, "Did you mean 'leaf'"),
        (la.Forest(), {"leaf": []}, "must list values"),
        (la.Forest(), {"leaf": "3"}, "must list values"),
        (la.Forest(), {"leaf": [3, -1]}, "leaf must be an integer"),
        (la.Forest(), {"random_state": [3]}, "no parameter 'random_state'"),
        (la.Forest(), ["leaf"], "must be a mapping"),
        (la.Private(), {"method": ["mst"]}, "spends privacy anew"),
    ],
)
def test_mistakes_in_a_space_are_named(model: Synthesizer, space: Any, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        check_space(model, space)


# --- the rounds and the choice --------------------------------------------------------------------


def test_large_tables_are_learned_in_part_first() -> None:
    assert _rungs(900, 12) == []
    rungs = _rungs(27_000, 12)
    assert [(one.rows, one.kept) for one in rungs] == [(1_000, 4), (3_000, 1), (9_000, 1)]


def test_proposed_settings_must_lead_by_more_than_chance() -> None:
    given = Trial("Forest", {}, 9, 0.80, 0.8)
    lead = lead_by_chance(400)
    near = Trial("Forest", {"leaf": 9}, 9, 0.80 + 0.9 * lead, 0.8, proposed=True)
    ahead = Trial("Forest", {"leaf": 3}, 9, 0.80 + 1.1 * lead, 0.8, proposed=True)
    assert choose_trial([given, near], 400) is given
    assert choose_trial([given, near, ahead], 400) is ahead
    failed = Trial("Forest", {}, 9, reason="DataError: no")
    assert choose_trial([failed, near], 400) is near


def test_trials_that_were_left_behind_are_not_chosen() -> None:
    behind = Trial("Forest", {"leaf": 9}, 2, 0.99, reason="not among the best on 2 rows")
    assert choose_trial([behind, Trial("Forest", {}, 9, 0.5, 0.5)], 9_999).choose == 0.5


# --- the whole ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_better_settings_are_found_and_fitted_to_all_rows(
    found: Tuning, table: pd.DataFrame
) -> None:
    assert found.chosen.endswith("refine={'calibrate': False, 'correct': False})")
    assert found.best.bins == 32 == found.winner.settings.get("bins", 32)
    assert found.best.n_rows_ == len(table)
    assert found.best.history_.events[-1].words == found.answer
    assert found.given.settings["bins"] == 2
    assert found.gain == pytest.approx(found.winner.report - found.given.report)
    assert found.gain > 0.05
    assert f"it is {found.given.report:.3f} there." in found.answer
    assert "on rows that took no part" in found.answer


@pytest.mark.slow
def test_the_same_call_gives_the_same_trials(found: Tuning, table: pd.DataFrame) -> None:
    again = la.tune(
        la.BayesianNetwork(bins=2, refine=PLAIN),
        table,
        space={"bins": [2, 3, 32]},
        random_state=0,
    )
    scores = [[(t.label, t.choose, t.report) for t in one.trials] for one in (found, again)]
    assert scores[0] == scores[1]


def test_it_is_written_read_and_a_frame(found: Tuning) -> None:
    back = Tuning.from_json(found.to_json())
    assert back == found
    assert back.to_html() == found.to_html()
    assert "Which settings for this table?" in found.to_html()
    frame = found.to_frame()
    assert list(frame["model"]) == ["BayesianNetwork"] * 3
    assert list(frame["proposed"]) == [trial.proposed for trial in found.trials]
    assert frame["chosen"].sum() == 1
    assert repr(found).startswith(found.answer)
    # What all trials have in common is left out.
    assert set(found.names) == {"bins=2", "bins=3", "BayesianNetwork"}


@pytest.mark.slow
def test_rounds_on_few_rows_leave_most_settings_behind(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.experiments._tune._FEWEST", 60)
    model = la.BayesianNetwork(refine=PLAIN)
    found = la.tune(model, table, trials=5, random_state=0)
    assert [trial.rows for trial in found.trials].count(240) == 2
    out = [trial for trial in found.trials if trial.rows == 80]
    assert {trial.reason for trial in out} == {"not among the best on 80 rows"}
    assert found.given.rows == 240
    assert all(trial.report is None for trial in out)


def test_without_time_the_settings_stay_as_they_are(table: pd.DataFrame) -> None:
    with pytest.warns(LookalikeWarning, match="learned 240 rows only"):
        found = la.tune(la.Forest(refine=PLAIN), table, seconds=1e-3, trials=3, random_state=0)
    assert found.chosen == found.given.label
    assert "there was no time for 2 of the settings of Forest" in found.notes[-1]


def test_a_family_that_cannot_learn_the_table_is_an_error(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Any, task: Any) -> None:
        raise DataError("nothing to learn")

    monkeypatch.setattr(la.BayesianNetwork, "_fit", fail)
    with pytest.raises(DataError, match="No model can be chosen"):
        la.tune("bayesian-network", table, trials=2)


@pytest.mark.parametrize("options", [{"seconds": 0}, {"trials": 1}, {"target": "z"}])
def test_wrong_options_are_refused(table: pd.DataFrame, options: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=next(iter(options))):
        la.tune("forest", table, **options)


@pytest.mark.slow
def test_auto_searches_settings_of_the_best_family(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.experiments._auto._SETTINGS", 4)
    coarse = la.BayesianNetwork(bins=2, refine=PLAIN)
    auto = la.Auto(None, models=[coarse], random_state=0).fit(table)
    proposed = [trial for trial in auto.comparison_.trials if trial.proposed]
    assert len(proposed) == 3
    assert auto.best_.bins > 2
    assert auto.best_.n_rows_ == len(table)
    plain = la.Auto(None, models=[coarse], tune=False, random_state=0).fit(table)
    assert not any(trial.proposed for trial in plain.comparison_.trials)
    assert plain.best_.bins == 2


def test_the_command_writes_a_model(
    table: pd.DataFrame, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from lookalike.cli import main

    data, model, page = (tmp_path / name for name in ("t.csv", "m.lookalike", "p.html"))
    table.head(200).to_csv(data, index=False)
    command = ["tune", str(data), "--model", "bayesian-network", "--trials", "2", "-o", str(model)]
    assert main([*command, "--set", "correct=false", "--html", str(page)]) == 0
    assert "BayesianNetwork" in capsys.readouterr().out
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert la.load(model).n_rows_ == 200
    assert main(["tune", str(data), "--model", "copula", "-o", str(model)]) == 2
    assert main(["tune", str(data), "--model", "gaussian-copula", "-o", str(model)]) == 2
    assert "declares no settings" in capsys.readouterr().err
