"""Copies and attacks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lookalike.metrics import Copies, Membership, Pair, Score, auc_error, copies
from lookalike.metrics.membership import _judged
from lookalike.metrics.sequences import SequenceCopies
from lookalike.tables import Column, Kind, Schema

XC = {"x": Kind.CONTINUOUS, "c": Kind.CATEGORICAL}


def test_exact_copies_are_counted(pair_of):
    real = {"x": [1.0, 2.0, None, 0.0], "c": ["a", "b", None, "a"]}
    synthetic = {"x": [1.0, 2.0, None, -0.0, 1.0], "c": ["a", "a", None, "a", "a"]}
    found = Copies().compute(pair_of(XC, real, synthetic))
    assert found.details.exact_rows == 4
    assert found.details.synthetic_rows == 5


def test_numbers_are_equal_to_their_decimals():
    schema = Schema((Column("x", Kind.CONTINUOUS, "double", decimals=1),))
    real, synthetic = pa.table({"x": [0.3, 0.7]}), pa.table({"x": [0.1 + 0.2, 0.71]})
    assert Copies().compute(Pair(real, synthetic, schema)).details.exact_rows == 2
    exact = Schema((Column("x", Kind.CONTINUOUS, "double"),))
    assert Copies().compute(Pair(real, synthetic, exact)).details.exact_rows == 1


def test_copies_and_near_copies_stand_out(mixed, mixed_schema):
    real, other = mixed(400, 1), mixed(400, 2)
    pair = Pair(real, other, mixed_schema)
    assert Copies().compute(pair).value < 0.06
    assert Copies().compute(pair.against(real)).value == 1
    shifted = real.set_column(1, "x", [real["x"].to_numpy() + 1e-4])
    found = Copies().compute(pair.against(shifted))
    assert found.details.exact_rows == 0
    assert found.value > 0.9


@pytest.mark.parametrize(
    ("copied", "rows", "usual", "warned"),
    [
        (1, 2, 0.0, False),
        (2, 2, 0.0, True),
        (1, 32, 0.0, False),
        (3, 32, 0.0, True),
        (9, 300, 0.02, False),
        (16, 300, 0.02, True),
        (40, 2_000, 0.01, False),  # no chance, but too few to matter
        (80, 2_000, 0.01, True),
    ],
)
def test_a_copy_that_chance_explains_is_no_warning(copied, rows, usual, warned):
    details = copies.CopyDetails(synthetic_rows=rows, near_rows=rows)
    score = Score("copies", copied / rows, usual, 0.0, "lower", 0.0, 1.0, details=details)
    for metric in (Copies(), SequenceCopies()):
        assert bool(metric.warning(score)) == warned


def test_training_rows_are_never_sampled(mixed, mixed_schema, monkeypatch):
    monkeypatch.setattr(copies, "_MOST_DISTANCES", 400 * 100)
    monkeypatch.setattr(copies, "_FEWEST_QUERIES", 1)
    pair = Pair(mixed(400, 1), mixed(400, 2), mixed_schema)
    whole = pair.against(pair.real)
    found = Copies().compute(whole)
    assert (found.details.near_rows, found.details.synthetic_rows) == (100, 400)
    assert found.value == 1


def test_one_real_row_is_too_few(pair_of):
    found = Copies().compute(pair_of(XC, {"x": [1.0], "c": ["a"]}, {"x": [1.0], "c": ["a"]}))
    assert "2 real rows" in found.reason


def test_members_of_a_copied_table_are_found(mixed, mixed_schema):
    real, test = mixed(300, 1), mixed(300, 3)
    pair = Pair(real, mixed(300, 2), mixed_schema, test=test)
    honest, copied = Membership().compute(pair), Membership().compute(pair.against(real))
    assert honest.value == pytest.approx(0.5, abs=0.12)
    assert copied.value > 0.97
    assert max(one.true_positives for one in copied.details.attacks) > 0.9
    assert {entry.attack for entry in copied.details.attacks} == {
        "closest",
        "density",
        "calibrated",
        "classifier",
    }
    sizes = copied.details.members, copied.details.non_members, copied.details.attacker_rows
    assert sizes == (150, 150, 150)


def test_held_out_rows_of_another_population_are_found_without_synthetic_rows(mixed, mixed_schema):
    real, test = mixed(300, 1), mixed(300, 3)
    pair = Pair(real, mixed(300, 2), mixed_schema, test=test)
    assert Membership().compute_ceiling(pair).value < 0.62
    other = test.set_column(1, "x", [test["x"].to_numpy() + 3])
    blind = Membership().compute_ceiling(Pair(real, real, mixed_schema, test=other))
    assert blind.value > 0.9
    assert blind.details.rows == 150


def test_membership_needs_rows(mixed, mixed_schema):
    real = mixed(50, 1)
    assert "held-out" in Membership().compute(Pair(real, real, mixed_schema)).reason
    few = Pair(real, real, mixed_schema, test=mixed(10, 2))
    assert "20 held-out rows" in Membership().compute(few).reason
    none = Pair(real, real.slice(0, 3), mixed_schema, test=mixed(30, 2))
    assert "5 synthetic rows" in Membership().compute(none).reason


def test_an_attack_by_hand():
    truth = np.repeat([True, False], [100, 100])
    suspicion = np.concatenate([np.repeat([2.0, -1.0], 50), np.zeros(100)])
    entry = _judged("some", truth, suspicion)
    assert entry.auc == 0.5
    assert entry.true_positives == 0.5
    assert _judged("perfect", truth, truth.astype(float)).error == 0
    # Hanley & McNeil 1982 for ½: sqrt((n + m + 1) / 12 n m).
    assert auc_error(0.5, 100, 100) == pytest.approx(np.sqrt(201 / 12 / 100**2), rel=1e-6)
