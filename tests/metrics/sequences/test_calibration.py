"""Another real sample scores as the ceiling does, and shuffled events as the floor."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike.reports import evaluate

ORDERED = ("sequence_c2st", "sequence_c2st_holdout", "autocorrelation", "coherence", "next_step")


@pytest.fixture(scope="module")
def made(autoregressive, seasonal, chains):
    """Return, by process, a function from a seed to a table, and the order of its rows."""
    return {
        "autoregressive": (lambda seed: autoregressive(1500, seed), {"window": 24}),
        "seasonal": (lambda seed: seasonal(1500, seed), {"window": 24}),
        "chains": (lambda seed: chains(150, seed), {"entity": "id", "time": "t"}),
    }


def shuffled(table, keep):
    """Shuffle whole events over all units; the columns `keep` stay."""
    drawn = table.sample(frac=1, random_state=0).reset_index(drop=True)
    return drawn.assign(**{name: table[name].to_numpy() for name in keep})


@pytest.mark.parametrize(
    "process", ["autoregressive", pytest.param("seasonal", marks=pytest.mark.slow), "chains"]
)
def test_another_sample_scores_as_real_and_shuffled_events_as_the_floor(made, process) -> None:
    make, order = made[process]
    real, other, held = make(1), make(2), make(3)
    alike = evaluate(real, other, held, random_state=4, **order).scores
    for name, score in alike.items():
        if score.value is not None:
            assert score.shortfall in (None, 0.0) or score.gap <= score.leeway, name
    for name in ORDERED:
        assert alike[name].standing == "real", name
    keep = [name for name in ("id", "t", "group") if name in other]
    unlike = evaluate(real, shuffled(other, keep), held, random_state=4, **order).scores
    for name in ORDERED:
        way = unlike[name].way
        assert unlike[name].gap > way - unlike[name].leeway, name
        assert unlike[name].gap > 0.7 * way, name


@pytest.mark.slow
def test_a_wrong_chain_lies_between_and_its_transitions_are_the_weakest_point(chains) -> None:
    found = evaluate(chains(200, 1), chains(200, 2, 0.4), chains(200, 3), entity="id", time="t")
    score = found.scores["transitions"]
    assert score.standing == "between"
    assert 0.2 < score.position < 0.8
    assert "The weakest point is the transitions between levels" in found.verdict
    assert found.scores["lengths"].shortfall == 0.0


def test_wrong_lengths_and_gaps_are_found(chains) -> None:
    real, other = chains(150, 1), chains(150, 2)
    other = other.groupby("id").head(4).assign(t=lambda table: 3 * table["t"])
    found = evaluate(
        real, other, chains(150, 3), entity="id", time="t", metrics=["lengths", "gaps"]
    )
    assert found.scores["lengths"].value < 0.6
    assert found.scores["gaps"].value < 0.8
    assert all(score.ceiling > 0.95 for score in found.scores.values())


def test_a_copied_history_is_a_copy_and_held_out_ones_are_not(chains) -> None:
    real, other, held = chains(150, 1), chains(150, 2), chains(150, 3)
    copied = real[real["id"] <= "e4"].assign(id=lambda table: "c" + table["id"])
    other = other[~other["id"].isin(other["id"].unique()[: copied["id"].nunique()])]
    mixed = type(real)(np.vstack([other, copied]), columns=real.columns).astype(real.dtypes)
    score = evaluate(real, mixed, held, entity="id", time="t", metrics=["sequence_copies"]).scores[
        "sequence_copies"
    ]
    assert score.details.exact_rows == copied["id"].nunique()
    assert score.ceiling < 0.05 < score.value
    assert "Beware" in score.warning


def test_a_copy_of_a_series_is_found_at_any_step(autoregressive) -> None:
    real = autoregressive(1800, 1)
    moved = real.iloc[7:].reset_index(drop=True)
    found = evaluate(real, moved, window=24, metrics=["sequence_copies"]).scores["sequence_copies"]
    assert found.value == 1.0
    # Without held-out rows, windows that overlap a block do not count as its copies.
    assert found.ceiling < 0.3


def test_a_copy_of_the_training_histories_fools_only_one_detector(chains) -> None:
    real = chains(200, 1)
    found = evaluate(
        real,
        real,
        chains(200, 3),
        entity="id",
        time="t",
        metrics=["sequence_c2st", "sequence_copies"],
    )
    assert found.scores["sequence_c2st"].value > 0.95
    assert found.scores["sequence_copies"].value == 1.0
