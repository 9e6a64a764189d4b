"""Tests of the verdict on a run, by curves of known shapes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lookalike.reports import Curves, Quantity, judge
from lookalike.reports._training_verdict import last_values

COUNT = 80
PLACES = np.linspace(0, 1, COUNT)
NOISE = np.random.default_rng(0).normal(0, 0.02, (6, COUNT))


def run(real: object, fake: object, generator: object = 0.7, discriminator: object = 1.3) -> Curves:
    values = {
        "probability_real": real + NOISE[0],
        "probability_fake": fake + NOISE[1],
        "loss_generator": generator + NOISE[2],
        "loss_discriminator": discriminator + NOISE[3],
    }
    series = {name: tuple(np.asarray(v, float).tolist()) for name, v in values.items()}
    return Curves(tuple((50.0 * np.arange(COUNT)).tolist()), series, "all steps were completed")


SHAPES = {
    "settled": run(0.6 + 0.4 * np.exp(-9 * PLACES), 0.4 - 0.4 * np.exp(-9 * PLACES)),
    "drifts slowly": run(0.9 - 0.4 * PLACES, 0.1 + 0.4 * PLACES),
    "oscillates": run(0.5 + 0.4 * np.sin(50 * PLACES), 0.5 - 0.4 * np.sin(50 * PLACES)),
    "one-sided": run(1 - 0.4 * np.exp(-9 * PLACES), 0.4 * np.exp(-9 * PLACES)),
    "diverged": run(0.5, 0.5, generator=np.exp(12 * PLACES)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_known_shapes(name: str) -> None:
    assert judge(SHAPES[name]).word == {"drifts slowly": "settled"}.get(name, name)


def test_an_end_without_finite_losses_is_a_divergence() -> None:
    drawn = replace(SHAPES["settled"], stopped="the losses were not finite after step 900")
    assert judge(drawn).word == "diverged"


def test_a_collapse_comes_before_a_steady_game() -> None:
    settled = SHAPES["settled"]
    early = tuple([1.0] * 20 + [0.0] * 60)
    assert judge(replace(settled, series={**settled.series, "collapsed": early})).word == "settled"
    late = replace(settled, series={**settled.series, "collapsed": early[::-1]})
    assert judge(late).word == "collapsed"
    wild = SHAPES["oscillates"]
    both = judge(replace(wild, series={**wild.series, "collapsed": early[::-1]}))
    assert both.word == "collapsed"
    assert "did not settle" in both.sentences[1]


def test_of_a_run_that_went_back_the_last_attempt_counts() -> None:
    first, last = SHAPES["diverged"], SHAPES["settled"]
    both = Curves(
        first.steps + last.steps,
        {name: first.series[name] + last.series[name] for name in first.series},
    )
    assert judge(both).word == "settled"
    assert judge(replace(both, steps=tuple(map(float, range(2 * COUNT))))).word != "diverged"


def test_too_little_says_nothing() -> None:
    assert judge(None).word == "unknown"
    assert judge(Curves((1.0, 2.0), {"held_out": (0.1, 0.2)})).word == "unknown"
    assert judge(Curves((1.0, 2.0), {"loss_generator": (0.1, 0.2)})).word == "settled"


def test_what_is_outside_of_its_good_range_is_named() -> None:
    settled = SHAPES["settled"]
    drawn = replace(settled, series={**settled.series, "mine": tuple([0.3] * COUNT)})
    assert judge(drawn).sentences == ("The game was steady in its last quarter.",)
    own = {"mine": Quantity("My number", "", (0.5, 1.0))}
    assert judge(drawn, own).sentences[1].endswith("at the end: my number (0.3).")


def test_values_at_the_end_are_medians_of_what_was_recorded() -> None:
    drawn = Curves(
        tuple(map(float, range(8))), {"a": (9, 9, 9, 9, 1, 2, 3, None), "b": (None,) * 8}
    )
    assert last_values(drawn) == {"a": 2.5}
