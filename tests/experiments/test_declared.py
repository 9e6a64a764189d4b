"""Declared rules in comparisons, automatic choice, tuning and studies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lookalike as la
from lookalike._core.errors import DataError, LookalikeWarning, ParameterError
from lookalike.cli import main
from lookalike.tables import Kind

RULE = "start <= end"
QUICK = la.BayesianNetwork(refine={"correct": False, "calibrate": False}, derive=False)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    start = rng.integers(0, 50, 300)
    late = rng.random(300) < 0.5
    return pd.DataFrame(
        {
            "start": start,
            "end": start + rng.integers(0, 9, 300),
            "late": np.where(late, "yes", "no"),
            "size": rng.normal(size=300) + late,
        }
    )


@pytest.fixture(scope="module")
def broken(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(end=table["end"].where(table.index % 30 != 0, table["start"] - 3))


@pytest.mark.slow
def test_every_model_of_a_comparison_obeys_rules(table: pd.DataFrame) -> None:
    found = la.compare(table, [QUICK, "Independent"], rules=[RULE], metrics=False)
    assert found.facts["rules"] == [RULE]
    assert found.best is not None
    assert found.best.schema_.rules == (RULE,)
    made = found.best.sample(2_000, as_="pandas")
    assert (made["start"] <= made["end"]).all()
    without = la.compare(table, [QUICK], metrics=False).best
    assert without is not None
    loose = without.sample(2_000, as_="pandas")
    assert (loose["start"] > loose["end"]).any()


def test_broken_rows_are_refused_once_and_before_any_fit(broken: pd.DataFrame) -> None:
    for run in (
        lambda: la.compare(broken, [QUICK], rules=[RULE]),
        lambda: la.Auto(models=[QUICK]).fit(broken, rules=[RULE]),
        lambda: la.tune(QUICK, broken, rules=[RULE]),
        lambda: la.boost(broken, "late", synthesizer=QUICK, rules=[RULE]),
    ):
        with pytest.raises(DataError, match=r"start <= end.*in 10 rows"):
            run()


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["drop", "repair", "keep"])
def test_auto_passes_the_policy_to_its_winner(broken: pd.DataFrame, policy: str) -> None:
    auto = la.Auto(seconds=None, models=[QUICK], tune=False, random_state=0)
    with pytest.warns(LookalikeWarning, match="rows break a rule"):
        auto.fit(broken, rules=[RULE], broken=policy)
    made = auto.sample(2_000)
    assert (made["start"] <= made["end"]).all()
    assert auto.best_.n_rows_ == (290 if policy == "drop" else 300)
    assert sum(auto.comparison_.facts["rows"].values()) == auto.best_.n_rows_


def test_columns_that_rules_compute_with_are_numbers() -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(0, 3, 200)
    frame = pd.DataFrame({"a": a, "b": a + rng.integers(0, 2, 200), "x": rng.normal(size=200)})
    found = la.compare(frame, [QUICK], rules=["a <= b"], metrics=False)
    assert found.best is not None
    assert found.best.schema_["a"].kind is Kind.INTEGER
    made = found.best.sample(500, as_="pandas")
    assert (made["a"] <= made["b"]).all()


def test_the_rows_of_a_study_obey_rules(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fits = []
    fit = la.Independent.fit

    def watched(self: la.Independent, *args: object, **options: object) -> la.Independent:
        fits.append(fit(self, *args, **options))
        return self

    monkeypatch.setattr(la.Independent, "fit", watched)
    study = {
        "data": table,
        "target": "late",
        "synthesizer": la.Independent(),
        "models": ["decision tree"],
        "repeats": 2,
        "controls": False,
        "records": tmp_path / "records.db",
    }
    verdict = la.boost(**study, rules=[RULE])
    assert verdict.facts["rules"] == [RULE]
    assert len(fits) == 2
    for model in fits:
        made = model.sample(500, as_="pandas")
        assert (made["start"] <= made["end"]).all()
    # Numbers of other rules are not taken for these.
    la.boost(**study)
    assert len(fits) == 4
    la.boost(**study, rules=[RULE])
    assert len(fits) == 4


def test_bad_rules_and_policies_are_named(table: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="broken must be"):
        la.compare(table, [QUICK], rules=[RULE], broken="mend")
    with pytest.raises(ParameterError, match="stat"):
        la.boost(table, "late", synthesizer=QUICK, rules=["stat <= end"])
    with pytest.raises(ParameterError, match="list of rules"):
        la.Auto(models=[QUICK]).fit(table, rules=RULE)


@pytest.mark.slow
def test_the_command_line_takes_rules(
    table: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, model, rules = (str(tmp_path / name) for name in ("t.csv", "m.lookalike", "rules.txt"))
    table.to_csv(data, index=False)
    Path(rules).write_text(RULE, encoding="utf-8")
    compared = ["compare", data, "--models", "bayesian-network", "-o", model, "--rules", rules]
    assert main(compared) == 0
    assert la.load(model).schema_.rules == (RULE,)
    table.assign(end=0).to_csv(data, index=False)
    auto = ["fit", data, "-o", model, "--model", "auto", "--rule", RULE]
    boost = ["boost", data, "--target", "late", "--rule", RULE]
    for words in (compared, auto, boost, ["tune", data, "-o", model, "--rules", rules]):
        capsys.readouterr()
        assert main(words) == 2
        assert "start <= end" in capsys.readouterr().err
    assert main([*compared, "--broken", "mend"]) == 2
