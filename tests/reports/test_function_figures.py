"""Figures of functions: what is given is drawn, and moving pictures move."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from lookalike.reports import figures

CURVE = figures.Outline(("x", "y [m]"), np.array([[0.0, 0.0], [0.5, 2.0], [1.0, 1.0]]))
HELIX = figures.Outline(("x", "y", "z"), np.random.default_rng(0).normal(size=(50, 3)))
GRID = np.meshgrid(range(4), range(4), indexing="ij")
SHEET = figures.Outline(("x", "y", "z"), np.stack([*GRID, np.eye(4)], axis=-1))
SNAPS = [
    ("step 10", np.array([[0.2, 0.4], [9.0, -9.0]])),
    ("step 20", np.array([[0.5, 1.9], [0.4, 1.0]])),
]
SNAPS_3D = [(title, np.column_stack([points, points[:, 0]])) for title, points in SNAPS]


def test_a_panel_for_each_snapshot_with_its_points_inside() -> None:
    figure = figures.function_points(CURVE, SNAPS)
    assert [axes.get_title() for axes in figure.axes] == ["step 10", "step 20"]
    first = figure.axes[0]
    assert (first.get_xlabel(), first.get_ylabel()) == ("x", "y [m]")
    outline, points = first.lines
    assert len(outline.get_xdata()) == 3
    assert points.get_xdata().tolist() == [0.2, pytest.approx(1.08)]  # the other stands at the edge
    assert points.get_ydata().tolist() == [0.4, pytest.approx(-0.16)]
    assert first.get_xlim() == pytest.approx((-0.08, 1.08))


@pytest.mark.parametrize("outline", [HELIX, SHEET], ids=["curve", "surface"])
def test_space(outline: figures.Outline) -> None:
    figure = figures.function_points(outline, SNAPS_3D)
    assert all(axes.name == "3d" for axes in figure.axes)
    assert figure.axes[0].get_zlabel() == "z"
    assert not outline.is_flat
    assert CURVE.is_flat


def test_many_panels_are_set_in_rows_of_three() -> None:
    figure = figures.function_points(CURVE, SNAPS * 2)
    assert [axes.get_subplotspec().get_geometry()[:2] for axes in figure.axes] == [(2, 3)] * 4


def read(content: bytes) -> list[np.ndarray]:
    """Return the frames of an animated picture."""
    with Image.open(io.BytesIO(content)) as picture:
        frames = []
        for number in range(picture.n_frames):
            picture.seek(number)
            frames.append(np.asarray(picture.convert("RGB")))
    return frames


@pytest.mark.parametrize(
    ("outline", "snaps"), [(CURVE, SNAPS), (HELIX, SNAPS_3D)], ids=["flat", "space"]
)
def test_film(outline: figures.Outline, snaps: list[tuple[str, np.ndarray]]) -> None:
    content = figures.to_gif(figures.function_film(outline, snaps), hold=1.0)
    first, last = read(content)
    assert first.shape == last.shape
    assert (first != last).any()
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.info["loop"] == 0
        picture.seek(1)
        assert picture.info["duration"] == 1120


def test_rotation_goes_round() -> None:
    frames = figures.function_rotation(SHEET, SNAPS_3D[1][1], frames=3)
    assert len(read(figures.to_gif(frames))) == 3
    sides = [np.asarray(frame) for frame in frames]
    assert (sides[0] != sides[1]).any()
    assert (sides[1] != sides[2]).any()


def test_measures_over_steps() -> None:
    figure = figures.function_measure([1, 2, 3], {"a": [1.0, None, 2.0], "b": [1, 1, 1]}, "both")
    (axes,) = figure.axes
    assert axes.get_title("left") == "both"
    assert axes.lines[0].get_xdata().tolist() == [1, 3]  # joined over what was not measured
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]


def test_truth_values_are_named() -> None:
    (axes,) = figures.function_measure([1, 2], {"collapse": [True, False]}, "collapse").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["no", "yes"]


def test_what_was_not_measured_is_said() -> None:
    (axes,) = figures.function_measure([1, 2], {"a": [None, None]}, "a").axes
    assert [text.get_text() for text in axes.texts] == ["not measured"]


def test_png() -> None:
    content = figures.to_png(figures.function_measure([1, 2], {"a": [1.0, 2.0]}, "a"))
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (960, 420)
        assert picture.convert("RGB").getpixel((1, 1)) == (255, 255, 255)
