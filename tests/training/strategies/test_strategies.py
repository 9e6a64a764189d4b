"""Learning-rate strategies: the rates they state, and their answers to the game."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lookalike._core.errors import ParameterError
from lookalike.training.strategies import STRATEGIES, Run, RunSetting

RATE, TOTAL, LN4 = 1e-3, 1000, 2 * math.log(2)


def begin(spec, player="discriminator", batch_size=64, ideal=LN4) -> Run:
    return STRATEGIES.create(spec).begin(RunSetting(RATE, TOTAL, player, batch_size, ideal))


def shares(begun: Run, *steps: int) -> list[float]:
    """Return the rates at some steps as shares of the rate that was asked for."""
    return [float(begun.rates(step, 1)[0]) / RATE for step in steps]


# --- schedules ---------------------------------------------------------------------------------


def test_constant():
    assert shares(begin("constant"), 0, 500, 5000) == pytest.approx([1, 1, 1])


def test_cosine_falls_to_its_floor_and_stays_there():
    found = shares(begin("cosine"), 0, 250, 500, 1000, 2000)
    middle = 0.03 + 0.97 / 2
    quarter = 0.03 + 0.97 * (1 + math.sqrt(0.5)) / 2
    assert found == pytest.approx([1, quarter, middle, 0.03, 0.03])


def test_onecycle_rises_to_its_peak_and_falls_below_its_start():
    options = {"name": "onecycle", "peak": 2.0, "warmup": 0.5, "start": 0.1, "end": 0.01}
    begun = STRATEGIES.create(options).begin(RunSetting(RATE, 101, "generator"))
    assert shares(begun, 0, 25, 50, 75, 100) == pytest.approx([0.2, 1.1, 2, 1.01, 0.02])
    rates = begun.rates(0, 101)
    assert np.all(np.diff(rates[:51]) > 0)
    assert np.all(np.diff(rates[50:]) < 0)


@pytest.mark.parametrize("warmup", [0.0, 1.0])
def test_onecycle_may_lack_a_side(warmup):
    found = shares(begin({"name": "onecycle", "warmup": warmup}), 0, 999)
    assert found == pytest.approx([0.04, 1] if warmup else [1, 1e-4], rel=1e-3)


@pytest.mark.parametrize(("rule", "factor"), [("linear", 4.0), ("sqrt", 2.0)])
def test_larger_batches_take_larger_steps(rule, factor):
    spec = {"name": "batch-scaled", "rule": rule, "reference": 32, "base": "cosine"}
    assert shares(begin(spec, batch_size=128), 0, 1000) == pytest.approx([factor, 0.03 * factor])


# --- plateau -----------------------------------------------------------------------------------


def test_plateau_cuts_when_nothing_improves_and_not_before():
    begun = begin({"name": "plateau", "measure": "m", "patience": 3, "factor": 0.5})
    values = [1.0, 0.5, 0.6, 0.6, 0.499, 0.3, 0.4, 0.4, 0.4, 0.4]
    said = [begun.observe(10 * k, {"m": value}) for k, value in enumerate(values)]
    # 0.499 is no improvement on 0.5 by one percent: the third interval without one.
    assert [words is not None for words in said] == [False] * 4 + [True] + [False] * 3 + [
        True,
        False,
    ]
    assert said[4] == (
        "m has not improved on 0.5 for 3 intervals: the rate is reduced to 0.5 of its schedule"
    )
    assert shares(begun, 100) == pytest.approx([0.25])


def test_plateau_can_want_more_and_stops_at_its_floor():
    spec = {"name": "plateau", "measure": "m", "better": "higher", "patience": 1, "floor": 0.3}
    begun = begin(spec)
    said = [begun.observe(k, {"m": value}) for k, value in enumerate([0.1, 0.9, 0.8, 0.7, 0.6])]
    assert [words is not None for words in said] == [False, False, True, True, False]
    assert shares(begun, 5) == pytest.approx([0.3])


def test_a_measure_that_is_never_heard_is_spoken_of_once():
    begun = begin({"name": "plateau", "measure": "convergance"})
    said = [begun.observe(k, {"convergence": 1.0}) for k in range(60)]
    assert [k for k, words in enumerate(said) if words] == [19]
    assert "convergance was not among the measures of 20 intervals" in said[19]


def test_a_measure_may_be_rare():
    begun = begin({"name": "plateau", "measure": "m", "patience": 2})
    said = [begun.observe(k, {"m": 1.0} if k % 15 == 0 else {}) for k in range(60)]
    assert [k for k, words in enumerate(said) if words] == [30]


# --- balance -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("player", "accuracy", "limit"),
    [
        ("discriminator", 1.0, 0.1),
        ("generator", 1.0, 2.0),
        ("discriminator", 0.3, 2.0),
        ("generator", 0.3, 0.1),
    ],
)
def test_balance_slows_the_stronger_and_hurries_the_weaker_within_limits(player, accuracy, limit):
    begun = begin("balance", player)
    words = begun.observe(10, {"accuracy": accuracy})
    assert shares(begun, 10) == pytest.approx([0.9 if limit < 1 else 1 / 0.9])
    assert f"accuracy {accuracy:.2f} is" in words
    assert f"the {player}'s rate" in words
    for k in range(60):
        begun.observe(20 + k, {"accuracy": accuracy})
    assert shares(begun, 100) == pytest.approx([limit])
    assert begun.observe(100, {"accuracy": accuracy}) is None


def test_balance_goes_back_to_its_schedule_within_the_band():
    begun = begin({"name": "balance", "base": "cosine"})
    for k in range(3):
        begun.observe(k, {"accuracy": 0.95})
    said = [begun.observe(10 + k, {"accuracy": 0.6}) for k in range(4)]
    assert [words is not None for words in said] == [True, True, True, False]
    assert shares(begun, 1000) == pytest.approx([0.03])


# --- gap ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("player", "loss", "factor"),
    [
        ("discriminator", 0.0, 0.1),
        ("discriminator", 5.0, 2.0),
        ("discriminator", 0.95 * LN4, 0.1**0.5),
        ("discriminator", 1.05 * LN4, 2**0.5),
        ("generator", 0.0, 2.0),
        ("generator", 5.0, 0.1),
        ("discriminator", LN4, 1.0),
    ],
)
def test_the_gap_to_the_ideal_loss_sets_the_factor(player, loss, factor):
    begun = begin("gap", player)
    begun.observe(1000, {"loss_discriminator": loss})
    assert shares(begun, 1000) == pytest.approx([factor], rel=1e-6)


def test_the_gap_is_taken_of_a_moving_average_over_steps():
    begun = begin({"name": "gap", "memory": 0.9, "floor": 0.5})
    begun.observe(1, {"loss_discriminator": LN4 * 0.5})
    # One step: the average is a tenth of the way, 5 % of the ideal, half of the width.
    assert shares(begun, 1) == pytest.approx([0.5**0.5], rel=1e-6)


def test_small_changes_of_the_gap_are_not_worth_a_record():
    begun = begin("gap")
    assert begun.observe(1000, {"loss_discriminator": 0.997 * LN4}) is None
    assert shares(begun, 1000) == [pytest.approx(1)]


@pytest.mark.parametrize("ideal", [None, 0.0])
def test_the_gap_needs_an_ideal(ideal):
    with pytest.raises(ParameterError, match=r"'gap' needs an objective .* Use 'balance'"):
        begin("gap", ideal=ideal)


# --- names and options -------------------------------------------------------------------------


def test_a_strategy_survives_json():
    spec = {"name": "batch-scaled", "rule": "sqrt", "base": {"name": "gap", "base": "onecycle"}}
    chosen = STRATEGIES.create(spec)
    assert STRATEGIES.create(chosen.to_mapping()) == chosen
    assert STRATEGIES.create(chosen) is chosen


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("cosin", r"got 'cosin'\. Did you mean 'cosine'\?"),
        ({"floor": 0.1}, "or a mapping with that 'name' and its options"),
        (None, "must be one of 'constant', "),
        ({"name": "gap", "widht": 1}, r"has no parameter 'widht'\. Did you mean 'width'\?"),
        ({"name": "cosine", "floor": 2}, r"floor must be a number in \[0, 1\]; got 2"),
        ({"name": "batch-scaled", "rule": "sqr"}, r"rule must be one of .* Did you mean 'sqrt'\?"),
        ({"name": "balance", "low": 0.9}, "low below high; got low=0.9 and high=0.8"),
        ({"name": "gap", "base": "cosin"}, "Did you mean 'cosine'"),
        ({"name": "plateau", "patience": 0}, "patience must be an integer"),
    ],
)
def test_what_is_wrong_is_said(spec, words):
    with pytest.raises(ParameterError, match=words):
        STRATEGIES.create(spec)
