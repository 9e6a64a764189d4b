"""Words follow from numbers: seldom where there is nothing, and surely where there is much."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np
import pytest

from lookalike._core.differences import signed
from lookalike._core.errors import DataError
from lookalike.experiments import Record, Verdict
from lookalike.experiments._arms import Arm, Boosted, Duplicated, Real, Replaced, Weighted
from lookalike.experiments._build_verdict import build_verdict
from lookalike.experiments._contrast import (
    BETTER,
    HARMS,
    HELPS,
    NO_EVIDENCE,
    UNDECIDED,
    WORSE,
)

ARMS: tuple[Arm, ...] = (Real(), Boosted(0.2), Boosted(2.0), Duplicated(0.2), Weighted())
SPLITS = 5


def study(
    effect: Callable[[Arm], float],
    seed: int = 0,
    metric: str = "roc_auc",
    arms: tuple[Arm, ...] = ARMS,
    models: tuple[str, ...] = ("tree", "forest"),
    noisy: bool = True,
) -> Verdict:
    """Return the verdict on simulated scores: splits differ, and share rows; arms have noise."""
    rng = np.random.default_rng(seed)
    level = 0.8 + 0.02 * rng.standard_normal((SPLITS, len(models)))
    records = []
    for arm in arms:
        # Of the noise of an arm, a part is the same in all splits: they share rows.
        noise = noisy * 0.2**0.5 * rng.standard_normal() + (
            noisy * 0.8**0.5 * rng.standard_normal(SPLITS)
        )
        for split in range(SPLITS):
            for place, model in enumerate(models):
                value = level[split, place] + 0.005 * noise[split] + effect(arm)
                records.append(
                    Record(
                        "d", "s", split, arm.name, arm.factor, 1.0, model, metric,
                        float(value), None, 80, 80, 20,
                    )
                )  # fmt: skip
    return build_verdict(records, arms, (1.0,), (metric,), {}, ())


def words(verdict: Verdict) -> set[str | None]:
    """Return the words of the arms with synthetic rows."""
    return {row.word for row in verdict.table if row.role == "synthetic"}


@pytest.mark.slow
def test_nothing_is_found_where_there_is_nothing() -> None:
    alarms = [words(study(lambda arm: 0.0, seed)) != {NO_EVIDENCE} for seed in range(150)]
    assert np.mean(alarms) < 0.09  # 0.05 and what 150 studies vary by


def test_a_clear_help_is_found() -> None:
    verdict = study(lambda arm: 0.1 * (arm.name == "boosted" and arm.factor == 2.0))
    found = {row.factor: row.word for row in verdict.table if row.arm == "boosted"}
    assert found == {0.2: NO_EVIDENCE, 2.0: HELPS}
    assert verdict.answer.startswith("Synthetic rows help: with 200 % more rows, ROC AUC +0.")


def test_help_that_a_cheap_control_gives_as_well_is_none() -> None:
    verdict = study(lambda arm: 0.1 * (arm.role != "real"))
    assert words(verdict) == {NO_EVIDENCE}
    boosted = verdict.table[1]
    assert boosted.real is not None
    assert boosted.control is not None
    assert (boosted.real.word, boosted.control.word) == (BETTER, UNDECIDED)


def test_harm_is_found_against_real_rows() -> None:
    verdict = study(lambda arm: -0.1 * (arm.name == "boosted"))
    assert words(verdict) == {HARMS}
    assert verdict.answer.startswith("Synthetic rows harm")


def test_less_is_better_where_it_is() -> None:
    verdict = study(lambda arm: -0.1 * (arm.name == "boosted"), metric="log_loss")
    assert words(verdict) == {HELPS}
    found = [one for one in verdict.statistics if one.arm == "boosted" and one.against == "real"]
    assert found
    assert all(one.difference > 0 for one in found)
    assert re.search(r"log loss \+0\.\d+, 95 % CI .*, against real rows alone", verdict.answer)
    assert "above 0 is better, that is less log loss" in verdict.answer
    worse = study(lambda arm: 0.1 * (arm.name == "boosted"), metric="log_loss")
    assert re.search(r"log loss −0\.\d+, 95 % CI .*, against real rows alone", worse.answer)


@pytest.mark.parametrize("metric", ["roc_auc", "r2", "log_loss", "rmse"])
@pytest.mark.parametrize("effect", [-0.05, 0.0, 0.05])
@pytest.mark.parametrize("of_control", [-0.1, 0.0, 0.1])
def test_the_answer_the_table_and_the_statistics_say_the_same(
    metric: str, effect: float, of_control: float
) -> None:
    less = metric in ("log_loss", "rmse")
    effects = {"boosted": effect, "duplicated": of_control}
    verdict = study(
        lambda arm: (-1 if less else 1) * effects.get(arm.name, 0.0),
        metric=metric,
        arms=(Real(), Boosted(0.2), Duplicated(0.2)),
    )
    (row,) = (row for row in verdict.table if row.role == "synthetic")
    begin = {HELPS: "Synthetic rows help:", HARMS: "Synthetic rows harm:"}
    assert verdict.answer.startswith(begin.get(row.word, "No evidence that"))
    due = HARMS if effect < 0 else HELPS if effect > max(of_control, 0) else NO_EVIDENCE
    assert row.word == due
    shown = repr(verdict).split(verdict.metric, 1)[1]
    for one, whom in ((row.real, "real rows alone"), (row.control, "duplicated +20 %")):
        # The same number, interval and side of 0, whatever the metric.
        assert one in verdict.statistics
        assert one.low < one.difference < one.high
        number, ends = signed(one.difference), f"{signed(one.low)} to {signed(one.high)}"
        assert f" {number}, 95 % CI {ends}" in verdict.answer
        assert f"{number} ({ends})" in shown
        # What helps or harms is said of both comparisons together; each has a word of its own.
        gap = effect - (0 if one is row.real else of_control)
        assert one.word == (UNDECIDED if gap == 0 else BETTER if gap > 0 else WORSE)
        assert one.words == f"{one.word} {'than' if gap else 'from'} {whom}"
        assert verdict.answer.count(" (better)") == [
            row.real.word,
            row.control.word,
        ].count(BETTER)


def test_a_control_that_is_better_makes_no_harm_of_synthetic_rows() -> None:
    verdict = study(lambda arm: 0.1 * (arm.name == "duplicated"))
    assert words(verdict) == {NO_EVIDENCE}
    assert re.search(r"−0\.\d+, 95 % CI .* \(worse\), against the best", verdict.answer)
    assert "(duplicated +20 %)" in verdict.answer
    assert verdict.table[1].control.words == "worse than duplicated +20 %"
    for text in (verdict.answer, repr(verdict), verdict.to_json()):
        assert "harm" not in text


def test_arms_that_harm_are_named_beside_another_answer() -> None:
    verdict = study(lambda arm: -0.1 * (arm.factor == 2.0))
    assert verdict.answer.startswith("No evidence that")
    assert verdict.answer.endswith(" Other arms harm: boosted +200 %.")
    alike = study(lambda arm: -0.1 * (arm.name == "boosted"))
    assert alike.answer.startswith("Synthetic rows harm")
    assert "Other arms" not in alike.answer


def test_differences_without_spread_have_no_interval_in_words() -> None:
    verdict = study(lambda arm: 0.1 * (arm.name == "boosted"), noisy=False)
    assert "ROC AUC +0.100, no interval: every split gave the same, against" in verdict.answer


def test_an_interval_without_zero_beside_no_evidence_is_explained() -> None:
    found = [study(lambda arm: 0.004 * (arm.name == "boosted"), seed) for seed in range(40)]
    telling = [
        (verdict, row.real)
        for verdict in found
        for row in verdict.table
        if row.real and f" {signed(row.real.difference)}, 95" in verdict.answer
        if row.real.p < 0.05 <= row.real.p_holm
    ]
    assert telling
    for verdict, one in telling:
        assert one.low > 0
        assert "leaves out 0, but it is of this comparison alone" in verdict.outlook
        assert f"{one.p_holm:.2g} after Holm's correction" in verdict.outlook


def test_the_best_control_of_the_same_factor_is_the_opponent() -> None:
    verdict = study(lambda arm: 0.1 * (arm.name == "duplicated"))
    against = {row.factor: row.control.against for row in verdict.table if row.control is not None}
    assert against == {0.2: "duplicated", 2.0: "class weights"}


def test_synthetic_rows_alone_are_compared_with_every_control() -> None:
    for factor in (0.2, 1.0):
        arms = (Real(), Replaced(1.0), Duplicated(factor), Weighted())
        verdict = study(lambda arm: 0.1 * (arm.name == "duplicated"), arms=arms)
        assert verdict.table[1].control is not None
        assert verdict.table[1].control.opponent == f"duplicated +{100 * factor:g} %"
        assert verdict.table[1].control.opponent in repr(verdict)
        assert verdict.table[1].control.interval in repr(verdict)


def test_controls_are_compared_with_real_rows_apart() -> None:
    verdict = study(lambda arm: 0.1 * (arm.name == "duplicated"))
    rows = {row.arm: row for row in verdict.table if row.role == "control"}
    assert rows["duplicated"].real is not None
    assert rows["duplicated"].real.word == BETTER
    assert rows["class weights"].real is not None
    assert rows["class weights"].real.word == UNDECIDED
    assert all(row.word is row.control is None for row in rows.values())
    found = [one for one in verdict.statistics if one.arm in rows]
    assert {(one.against, one.model) for one in found} == {("real", "all models")}
    p_values = sorted(one.p for one in found if one.p is not None)
    assert min(one.p_holm for one in found if one.p_holm is not None) == 2 * p_values[0]


def test_how_many_splits_it_takes_is_said() -> None:
    unseen = study(lambda arm: 0.002 * (arm.name == "boosted"), seed=1)
    assert unseen.answer.startswith("No evidence that")
    assert "a difference of 0.001 from real rows alone" in unseen.outlook
    assert unseen.outlook in repr(unseen)
    as_good = study(lambda arm: 0.1 * (arm.role != "real"))
    assert "from the best cheap control" in as_good.outlook
    assert study(lambda arm: -0.1 * (arm.name == "boosted")).outlook == ""


def test_a_verdict_comes_back_from_its_json() -> None:
    verdict = study(lambda arm: 0.01 * arm.factor)
    again = Verdict.from_json(verdict.to_json())
    assert again == verdict
    assert again.to_json() == verdict.to_json()
    assert repr(again) == repr(verdict)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no JSON", "Not the JSON of a verdict"),
        ("[]", "Not the JSON of a verdict"),
        ("{}", "Not the JSON of a verdict"),
        ('{"format": 1, "answer": "", "metric": "", "table": [{}]}', "Not the JSON of a verdict"),
        ('{"format": 99}', "Install a newer lookalike"),
    ],
)
def test_other_json_is_no_verdict(text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        Verdict.from_json(text)


def test_a_verdict_of_the_first_format_is_read() -> None:
    values = json.loads(study(lambda arm: 0.0).to_json())
    for one in (
        *values["statistics"],
        *(r[k] for r in values["table"] for k in ("real", "control")),
    ):
        if one is not None:
            del one["models"], one["against_factor"], one["against_share"]
    again = Verdict.from_json(json.dumps(values | {"format": 1}))
    assert again.statistics[0].models == ()
    assert again.to_json()


def test_every_model_has_its_own_comparison() -> None:
    verdict = study(lambda arm: 0.0)
    found = {
        (one.model, one.against == "real") for one in verdict.statistics if one.arm == "boosted"
    }
    assert found == {(m, r) for m in ("all models", "tree", "forest") for r in (True, False)}


def test_replacement_is_said_where_nothing_else_was_tried() -> None:
    verdict = study(lambda arm: -0.2 * (arm.name == "replaced"), arms=(Real(), Replaced(1.0)))
    assert verdict.answer.startswith("Synthetic rows harm: with them alone")
    assert "control" not in verdict.answer


def test_worthless_models_count_as_nothing_in_the_mean_of_r2() -> None:
    verdict = study(lambda arm: -50.0, metric="r2")
    assert verdict.table[0].scores["r2"] == 0
    assert verdict.table[0].models["tree"] == pytest.approx(-49.2, abs=0.1)


def test_failures_leave_gaps_that_are_bridged() -> None:
    whole = study(lambda arm: 0.0)
    gone = [
        Record(**{**vars(r), "value": None, "reason": "failed"})
        if r.arm == "boosted" and (r.split == 3 or r.model == "tree")
        else r
        for r in whole.records
    ]
    verdict = build_verdict(gone, ARMS, (1.0,), ("roc_auc",), {}, ())
    boosted = [one for one in verdict.statistics if one.arm == "boosted"]
    assert {one.repeats for one in boosted if one.model == "all models"} == {4}
    assert {one.model for one in boosted} == {"all models", "forest"}
    assert {one.models for one in boosted} == {("forest",)}
    assert "means of" not in verdict.answer  # of one model
    (note,) = verdict.notes
    assert note.startswith("The mean over models leaves out tree, which has no ROC AUC in some")
    assert "boosted +20 % against real" in note
    assert whole.notes == ()
    nothing = [Record(**{**vars(r), "value": None, "reason": "failed"}) for r in whole.records]
    assert (
        "Nothing can be said" in build_verdict(nothing, ARMS, (1.0,), ("roc_auc",), {}, ()).answer
    )
