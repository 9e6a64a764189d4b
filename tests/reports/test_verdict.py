"""Words follow from numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lookalike.metrics import METRICS, Attack, AttackDetails, CopyDetails, Details, Measured, Score
from lookalike.reports import Evaluation
from lookalike.reports._verdict import chance, verdict


def score(
    name: str,
    value: float | None,
    ceiling: float | None,
    floor: float | None,
    details: Details | None = None,
    reason: str | None = None,
    **more: Any,
) -> Score:
    found = Measured(value, reason, details or METRICS[name].details_type())
    return METRICS[name]().score(found, Measured(ceiling), Measured(floor), **more)


def said(*scores: Score) -> str:
    return " ".join(verdict({one.name: one for one in scores}))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.00, "cannot be told"),
        (0.95, "cannot be told"),
        (0.90, "can hardly be told"),
        (0.75, "can at times be told"),
        (0.60, "can often be told"),
        (0.40, "can mostly be told"),
        (0.10, "can nearly always be told"),
        (0.00, "can nearly always be told"),
    ],
)
def test_the_words_follow_the_detector(value: float, words: str) -> None:
    assert f"The synthetic rows {words} from real ones" in said(score("c2st", value, 0.99, 0.05))


def test_the_chance_of_the_detector_is_stated_beside_its_references() -> None:
    text = said(score("c2st", 0.64, 0.98, 0.04))
    assert "68 times in 100" in text
    assert "guessing: 50; with other real rows: 51; with independent columns: 98" in text
    assert chance(1.0) == 50


def test_a_noisy_ceiling_is_taken_into_account() -> None:
    assert "cannot be told" in said(score("c2st", 0.80, 0.82, 0.1))


def test_a_blind_detector_is_no_praise() -> None:
    text = said(score("c2st", 0.99, 0.98, 0.96))
    assert "cannot be told" in text
    assert "does not find independent columns either" in text


def test_no_better_than_independent_columns() -> None:
    text = said(score("c2st", 0.10, 0.98, 0.12))
    assert "Columns drawn independently of each other would do as well." in text


def test_what_cannot_be_told_apart_is_not_called_worse_than_independent_columns() -> None:
    for floor in (0.90, 0.93, 0.96, 1.0):
        text = said(score("c2st", 0.92, 0.94, floor))
        assert "cannot be told" in text
        assert "would do as well" not in text
        assert "does not find independent columns either" in text


def test_praise_has_a_reserve_where_another_score_is_no_better_than_independent_columns() -> None:
    text = said(score("c2st", 0.99, 0.98, 0.3), score("trend", 0.60, 0.99, 0.65))
    assert "cannot be told from real ones by a detector, though they are unlike them" in text
    assert "go together, no better than independent columns: trend is 0.600" in text
    text = said(score("c2st", 0.99, 0.98, 0.3), score("trend", 0.80, 0.99, 0.65))
    assert "though" not in text
    assert "no better" not in text


def test_chance_in_small_tables_is_taken_into_account() -> None:
    assert "can at times be told" in said(score("c2st", 0.80, 0.98, 0.1))
    assert "cannot be told" in said(score("c2st", 0.80, 0.98, 0.1, chance=0.2))
    text = said(score("trend", 0.93, 0.98, 0.7, chance=0.06))
    assert "No other score falls short of real rows." in text


def test_halves_in_the_place_of_held_out_rows_are_mentioned(evaluation: Evaluation) -> None:
    scores = {"trend": score("trend", 0.93, 0.98, 0.7)}
    assert "half" not in " ".join(verdict(scores, evaluation.summary))
    halves = replace(evaluation.summary, holdout_rows=None)
    assert "one random half of the real rows" in verdict(scores, halves)[-1]
    assert "half" not in " ".join(verdict({}, halves))


def test_memorised_rows_do_not_flatter() -> None:
    text = said(score("c2st", 1.0, 0.98, 0.1), score("c2st_holdout", 0.6, 0.98, 0.1))
    assert "can often be told" in text


def test_a_detector_that_could_not_run_says_why() -> None:
    text = said(score("c2st", None, None, None, reason="It needs 3 real rows or more."))
    assert text == "No detector judged the rows as a whole (It needs 3 real rows or more)."
    assert said() == "No detector judged the rows as a whole."


def test_the_weakest_point_is_the_farthest_from_its_ceiling() -> None:
    text = said(
        score("shape", 0.97, 0.99, 0.99),
        score("trend", 0.93, 0.98, 0.88),
        score("correlation_difference", 0.02, 0.01, 0.2),
    )
    assert "the way pairs of columns go together: trend is 0.930" in text
    assert "independent columns get 0.880 and real rows 0.980" in text


def test_no_weak_point_is_invented() -> None:
    text = said(score("shape", 0.99, 0.99, 0.98), score("trend", 0.99, 0.98, 0.88))
    assert "No other score falls short of real rows." in text


def test_references_and_smoke_tests_are_no_weak_points() -> None:
    text = said(score("trtr", 0.5, 0.9, 0.5), score("copies", 0.001, 0.001, 0.0))
    assert "weakest" not in text


def test_copies_are_reported() -> None:
    many, few = (CopyDetails(synthetic_rows=n, near_rows=n) for n in (100, 10))
    found = said(score("copies", 0.3, 0.01, 0.0, details=many))
    assert "Beware: 30 % of the synthetic rows are copies" in found
    assert "Beware" in said(score("copies", 0.3, 0.01, 0.0, details=few))
    assert "Beware" not in said(score("copies", 0.1, 0.01, 0.0, details=few))
    assert "Beware" not in said(score("copies", 0.02, 0.01, 0.0, details=many))


def test_attacks_are_reported_beyond_chance() -> None:
    attacks = AttackDetails(attacks=(Attack("closest", 0.66, 0.01, 0.1),))
    found = score("membership", 0.66, 0.5, 0.5, details=attacks)
    assert "66 times in 100 which of two real rows was learned" in said(found)
    noisy = AttackDetails(attacks=(Attack("closest", 0.66, 0.08, 0.1),))
    assert "Beware" not in said(score("membership", 0.66, 0.5, 0.5, details=noisy))


def test_a_foreign_metric_keeps_its_name() -> None:
    assert Score("my_own", 0.5, None, None, "higher", 0, 1).words.title == "My own"
