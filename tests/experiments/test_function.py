"""Learning functions: the metric is right on known offsets, and runs hold what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lookalike._core.errors import ParameterError
from lookalike.datasets.functions import FUNCTIONS, Function, make_function
from lookalike.experiments import FUNCTION_RECIPE, FunctionAccuracy, FunctionRun, learn_function
from lookalike.experiments._function_accuracy import FunctionMetric
from lookalike.models import GAN

SMALL = {"steps": 8, "width": 16, "depth": 1, "latent_size": 2}


def points(function: Function, n: int = 2_000, seed: int = 0) -> np.ndarray:
    """Return points of a function as an array."""
    return np.column_stack(function.draw(n, seed))


def measure(function: Function, found: np.ndarray) -> FunctionAccuracy:
    """Measure points against a function that other points cover whole."""
    return FunctionMetric(function).measure(found, points(function, seed=1))


@pytest.mark.parametrize("name", ["parabola", "staircase", "spiral", "helix", "ripple", "torus"])
def test_points_of_the_function_itself_are_perfect(name: str) -> None:
    function = FUNCTIONS[name]
    found = measure(function, points(function))
    # The grid of a surface is not finer than this.
    assert found.nearest <= found.nearest_95 + 1e-12 < 0.004
    assert found.coverage == 1
    assert found.error < 0.004
    if function.explicit:
        assert found.error == found.vertical == pytest.approx(0, abs=1e-12)
    else:
        assert found.error == found.nearest
        assert found.vertical is found.vertical_95 is None


def test_an_upright_offset_is_measured_exactly() -> None:
    function = make_function("2*x", {"x": (0, 5)})
    found = measure(function, points(function) + np.array([0, 0.5]))
    assert found.vertical == pytest.approx(0.05)
    assert found.vertical_95 == pytest.approx(0.05)
    # At 45 degrees in the unit box, the nearest point is √½ as far away, save at the end.
    assert found.nearest == pytest.approx(0.05 / np.sqrt(2), rel=0.01)


def test_an_offset_of_some_points_shows_as_root_mean_square_and_percentile() -> None:
    function = FUNCTIONS["saddle"]
    rows = points(function)
    rows[::25, 2] += 0.3 * 8
    found = measure(function, rows)
    assert found.vertical == pytest.approx(0.3 / 5, rel=1e-4)
    assert found.vertical_95 == pytest.approx(0, abs=1e-12)
    rows[1::25, 2] += 0.3 * 8
    assert measure(function, rows).vertical_95 == pytest.approx(0.3, rel=1e-4)


def test_distance_to_a_circle() -> None:
    circle = FUNCTIONS["circle"]
    found = measure(circle, 1.1 * points(circle))
    assert found.nearest == pytest.approx(0.05, rel=1e-3)  # of a range of 2
    assert measure(circle, np.zeros((10, 2))).coverage == 0


def test_each_coordinate_counts_by_its_own_range() -> None:
    ellipse = FUNCTIONS["ellipse"]
    assert measure(ellipse, np.array([[3.6, 0.0]])).nearest == pytest.approx(0.1, rel=1e-3)
    assert measure(ellipse, np.array([[0.0, 1.2]])).nearest == pytest.approx(0.1, rel=1e-3)


def test_the_value_of_a_jump_is_wrong_on_its_riser() -> None:
    found = measure(FUNCTIONS["step"], np.array([[-0.01, 1.0], [1.0, 1.0]]))
    assert found.vertical == pytest.approx(np.sqrt(0.5))
    assert found.nearest == pytest.approx(0.01 / 6 * np.sqrt(0.5), rel=0.1)
    assert found.error == found.nearest  # a jump makes the value's error meaningless
    assert measure(FUNCTIONS["sigmoid"], np.array([[1.0, 1.0]])).error > 0.04


def test_beyond_the_domain_is_an_error() -> None:
    flat = make_function("0*x", {"x": (0, 1)})
    found = measure(flat, np.array([[1.1, 0.0], [-0.1, 0.0]]))
    assert found.vertical == pytest.approx(0.1)
    assert found.coverage == 0


def test_coverage_counts_cells_that_held_out_points_occupy() -> None:
    sine = FUNCTIONS["sine"]
    rows = points(sine)
    left = rows[rows[:, 0] < 0]
    assert measure(sine, left).coverage == pytest.approx(0.5)
    assert FunctionMetric(sine).measure(left, left).coverage == 1
    assert FunctionMetric(sine).measure(rows[rows[:, 0] >= 0], left).coverage == 0
    assert measure(sine, left + np.array([0, 9.0])).coverage == 0  # too far off to be there
    torus = FUNCTIONS["torus"]
    rows = points(torus)
    assert measure(torus, rows[rows[:, 1] > 0]).coverage == pytest.approx(0.5)


# --- runs -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run() -> FunctionRun:
    """Return a run that is over at once."""
    model = GAN().set_params(**{**FUNCTION_RECIPE, **SMALL})
    return learn_function(FUNCTIONS["circle"], points=64, noise=0.01, synthesizer=model)


@pytest.mark.train
def test_a_run_holds_points_and_accuracy(run: FunctionRun) -> None:
    for table in (run.train, run.held_out, run.generated):
        assert table.column_names == ["x", "y"]
        assert table.num_rows == 64
    assert not run.train.equals(run.held_out)
    assert run.accuracy == FunctionMetric(run.function).measure(
        np.column_stack(run.generated), np.column_stack(run.held_out)
    )
    assert 0.001 < run.reference.nearest < 0.02  # the noise
    assert run.seconds > 0


@pytest.mark.train
def test_a_run_does_not_reach_the_target_untrained(run: FunctionRun) -> None:
    assert not run.reached
    assert "not reached" in run.answer
    assert f"{100 * run.accuracy.error:.2f} %" in run.answer


@pytest.mark.train
def test_snapshots_follow_training(run: FunctionRun) -> None:
    assert [snapshot.step for snapshot in run.snapshots][-2:] == [8, 8]
    assert all(snapshot.points.shape == (1_000, 2) for snapshot in run.snapshots)
    assert not np.array_equal(run.snapshots[0].points, run.snapshots[-1].points)
    np.testing.assert_array_equal(run.snapshots[-1].points[:64], np.column_stack(run.generated))


@pytest.mark.train
def test_the_report_is_alive(run: FunctionRun) -> None:
    report = run.report.to_pydict()
    assert list(report) == [
        "epoch",
        "step",
        "D loss real",
        "D loss fake",
        "G loss",
        "D accuracy real",
        "D accuracy fake",
        "G accuracy",
        "diversity",
        "mode collapse",
        "learning rate",
        "D learning rate",
        "convergence",
        "points generated",
    ]
    assert report["step"] == [4, 8]
    assert report["epoch"] == [16.0, 32.0]
    assert report["points generated"] == [1024, 2048]
    assert report["mode collapse"][-1] in ("yes", "no")
    for name in set(report) - {"mode collapse"}:
        assert isinstance(report[name][-1], float | int), name
        assert report[name][0] != report[name][1], name


@pytest.mark.train
def test_sizes_that_the_model_chooses_itself_are_told() -> None:
    model = GAN().set_params(**{**FUNCTION_RECIPE, **SMALL, "batch_size": None})
    report = learn_function(FUNCTIONS["circle"], points=64, synthesizer=model).report.to_pydict()
    assert report["epoch"] == [16.0, 32.0]
    assert report["points generated"] == [1024, 2048]


@pytest.mark.train
def test_snapshots_are_those_of_the_run_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    fit = GAN.fit

    def overheard(self: GAN, data: Any, *, on_interval: Any, **options: Any) -> GAN:
        def both(step: int, sample: Any) -> None:
            heard.append(step)
            on_interval(step, sample)

        return fit(self, data, on_interval=both, **options)

    monkeypatch.setattr(GAN, "fit", overheard)
    model = GAN().set_params(**{**FUNCTION_RECIPE, **SMALL, "held_out": None, "monitors": False})
    run = learn_function(FUNCTIONS["circle"], points=200, synthesizer=model)
    anew = heard.index(heard[0], 1)  # with so few points, training begins anew with all of them
    assert [snapshot.step for snapshot in run.snapshots[:-1]] == heard[anew:]


@pytest.mark.train
def test_the_same_seed_gives_the_same_points() -> None:
    model = GAN().set_params(**{**FUNCTION_RECIPE, **SMALL})
    once, again, other = (
        learn_function(FUNCTIONS["circle"], points=64, synthesizer=model, random_state=seed)
        for seed in (5, 5, 6)
    )
    assert once.generated.equals(again.generated)
    assert once.accuracy == again.accuracy
    assert not once.generated.equals(other.generated)
    assert not hasattr(model, "schema_")


@pytest.mark.train
def test_every_column_is_a_number_however_few_values_it_has() -> None:
    model = GAN().set_params(**{**FUNCTION_RECIPE, **SMALL})
    made = learn_function(FUNCTIONS["step"], points=64, synthesizer=model)
    assert made.generated.column("y").type == made.train.column("y").type
    flat = learn_function(make_function("0*x"), points=64, synthesizer=model)
    assert set(flat.generated.column("value").to_pylist()) == {0.0}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"function": "circle"}, "make_function"),
        ({"points": 5}, "points"),
        ({"noise": -1}, "noise"),
        ({"synthesizer": "GAN"}, "synthesizer"),
        ({"progress": 1}, "progress"),
    ],
)
def test_bad_calls_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        learn_function(**{"function": FUNCTIONS["circle"], **options})
