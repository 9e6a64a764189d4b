"""The library, and functions that formulas state."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike._core.errors import ParameterError
from lookalike.datasets.functions import (
    FUNCTIONS,
    Expression,
    Function,
    FunctionColumn,
    Variable,
    make_function,
)


def heart(c: np.ndarray) -> np.ndarray:
    """Return the height of the heart where the cosine of its angle is c."""
    return 13 * c - 5 * (2 * c**2 - 1) - 2 * (4 * c**3 - 3 * c) - (8 * c**4 - 8 * c**2 + 1)


#: What every point (columns in order) of a built-in function must fulfil: this is 0.
EQUATIONS = {
    "line": lambda x, y: y - 2 * x - 1,
    "parabola": lambda x, y: y - x**2,
    "cubic": lambda x, y: y - x**3 + 3 * x,
    "sine": lambda x, y: y - np.sin(x),
    "three-sines": lambda x, y: y - np.sin(3 * x),
    "gaussian": lambda x, y: y - np.exp(-(x**2) / 2),
    "absolute": lambda x, y: y - np.abs(x),
    "sigmoid": lambda x, y: y - 1 / (1 + np.exp(-3 * x)),
    "step": lambda x, y: y - (x >= 0),
    "staircase": lambda x, y: y - np.minimum(np.floor(x), 4),
    "damped-oscillator": lambda t, d: d - 0.1 * np.exp(-0.3 * t) * np.cos(np.pi * t),
    "projectile": lambda d, h: h - d * (1 - d / (20**2 / 9.81)),
    "circle": lambda x, y: x**2 + y**2 - 1,
    "ellipse": lambda x, y: (x / 3) ** 2 + y**2 - 1,
    "spiral": lambda x, y: np.sin(np.hypot(x, y) - np.arctan2(y, x)),
    "two-spirals": lambda x, y: np.sin(np.hypot(x, y) - 1 - np.arctan2(y, x)),
    # cos 12 t, from either coordinate
    "lissajous": lambda x, y: (
        np.polyval([8, 0, -8, 0, 1], x) - np.polyval([4, 0, -3, 0], 1 - 2 * y**2)
    ),
    "figure-eight": lambda x, y: (x**2 + y**2) ** 2 - (x**2 - y**2),
    "cardioid": lambda x, y: (x**2 + y**2 + x) ** 2 - (x**2 + y**2),
    "heart": lambda x, y: np.minimum(
        np.abs(y - heart(np.sqrt(1 - np.cbrt(x / 16) ** 2))),
        np.abs(y - heart(-np.sqrt(1 - np.cbrt(x / 16) ** 2))),
    ),
    "helix": lambda x, y, z: np.hypot(x - np.cos(z), y - np.sin(z)),
    "sine-surface": lambda x, y, z: z - np.sin(x) * y,
    "saddle": lambda x, y, z: z - (x - y) * (x + y),
    "ripple": lambda x, y, z: z - np.sin(np.sqrt(x**2 + y**2)),
    "ideal-gas": lambda v, t, p: p * v - 8.314 * t,
    "swiss-roll": lambda x, y, z: np.sin(np.hypot(x, z) - np.arctan2(z, x)),
    "sphere": lambda x, y, z: x**2 + y**2 + z**2 - 1,
    "torus": lambda x, y, z: (np.hypot(x, y) - 2) ** 2 + z**2 - 1,
}


def test_the_library_is_large_and_of_all_sorts() -> None:
    assert len(FUNCTIONS) >= 18
    assert set(EQUATIONS) == set(FUNCTIONS)
    sorts = {(len(f.variables), len(f.names), f.explicit) for f in FUNCTIONS.values()}
    assert sorts == {(1, 2, True), (1, 2, False), (1, 3, False), (2, 3, True), (2, 3, False)}
    assert sum(any(f.units) for f in FUNCTIONS.values()) >= 3
    assert len({f.title for f in FUNCTIONS.values()}) == len(FUNCTIONS)
    assert all(f.source for f in FUNCTIONS.values())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_points_fulfil_the_equation_and_lie_within_the_limits(name: str) -> None:
    function = FUNCTIONS[name]
    assert function.name == name
    points = np.column_stack(function.draw(500, 1))
    assert points.shape == (500, len(function.names))
    np.testing.assert_allclose(EQUATIONS[name](*points.T), 0, atol=1e-6)
    low, high = function.limits
    slack = 1e-3 * (high - low)
    assert (points >= low - slack).all()
    assert (points <= high + slack).all()
    assert np.ptp(points, axis=0).min() > 0


def test_jumps_are_known() -> None:
    assert {name for name, one in FUNCTIONS.items() if one.jumps} == {
        "step",
        "staircase",
        "two-spirals",
    }
    assert make_function("x > y").jumps
    assert make_function("sign(x)/(1 + x**2)").jumps
    assert not make_function("sin(20*x)").jumps
    assert not make_function("0*x").jumps


def test_the_heart_is_symmetric_and_has_its_cusp() -> None:
    _, points = FUNCTIONS["heart"].grid
    mirrored = points * [-1, 1]
    np.testing.assert_allclose(mirrored[::-1], points, atol=1e-9)
    assert points[:, 1].min() == pytest.approx(-17)


def test_sphere_is_covered_evenly() -> None:
    points = np.column_stack(FUNCTIONS["sphere"].draw(20_000, 0))
    assert np.abs(points.mean(axis=0)).max() < 0.02
    assert np.abs((points**2).mean(axis=0) - 1 / 3).max() < 0.01


def test_draws_depend_on_the_seed_alone() -> None:
    torus = FUNCTIONS["torus"]
    assert torus.draw(50, 3).equals(torus.draw(50, 3))
    assert not torus.draw(50, 3).equals(torus.draw(50, 4))
    assert torus.draw(0).num_rows == 0


def test_noise_is_a_share_of_the_range_and_leaves_inputs_alone() -> None:
    parabola = FUNCTIONS["parabola"]
    x, y = np.column_stack(parabola.draw(20_000, 0, noise=0.1)).T
    assert (np.abs(x) <= 3).all()
    assert (y - x**2).std() == pytest.approx(0.9, rel=0.03)
    x, y = np.column_stack(FUNCTIONS["circle"].draw(20_000, 0, noise=0.1)).T
    assert (np.hypot(x, y) - 1).std() == pytest.approx(0.2, rel=0.05)


def test_bad_draws_are_refused() -> None:
    for options in ({"n": -1}, {"n": 2.5}, {"n": 5, "noise": -0.1}, {"n": 5, "noise": np.nan}):
        with pytest.raises(ParameterError, match="draw: "):
            FUNCTIONS["line"].draw(**options)


def test_formula_by_itself() -> None:
    function = make_function("sin(x)*y", {"y": (-2, 2)})
    assert function.names == ("x", "y", "value")
    assert [(v.low, v.high) for v in function.variables] == [(-3, 3), (-2, 2)]
    assert function.explicit
    points = np.column_stack(function.draw(100))
    np.testing.assert_allclose(points[:, 2], np.sin(points[:, 0]) * points[:, 1])
    assert function.outline.shape == (31, 31, 3)
    assert make_function("x").outline.shape == (4_000, 2)


def test_library_over_another_range() -> None:
    short = make_function("spiral", {"t": (0, 2)})
    assert short.limits[1][0] < 1
    assert FUNCTIONS["spiral"].limits[1][0] > 12


@pytest.mark.parametrize(
    ("text", "ranges", "words"),
    [
        ("spirl", {}, "Did you mean 'spiral'"),
        ("damped-oscilator", {}, "Did you mean 'damped-oscillator'"),
        ("nothing", {}, "--list"),
        ("x*y*z", {}, "x, y, z"),
        ("1 + 1", {}, "none"),
        ("sin(value)", {}, "'value'"),
        ("x**2", {"y": (0, 1)}, "no variable 'y'. It has 'x'"),
        ("speed**2", {"sped": (0, 1)}, "Did you mean 'speed'"),
        ("x**2", {"x": (1, 1)}, "range of 'x'"),
        ("x**2", {"x": (2, 1)}, "range of 'x'"),
        ("x**2", {"x": (0, np.inf)}, "range of 'x'"),
        ("x**2", {"x": (-1e308, 1e308)}, "range of 'x'"),
        ("log(x)", {}, "x from -3 to"),
        ("sqrt(x*y)", {"x": (0, 2)}, "y from -3 to"),
        ("exp(x)", {"x": (0, 1000)}, "x from 709.8 to 1000"),
        ("x**2", {"x": (0, 1e200)}, "not"),
    ],
)
def test_bad_functions_are_refused(
    text: str, ranges: dict[str, tuple[float, float]], words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        make_function(text, ranges)


def test_a_word_with_a_range_of_its_own_is_a_formula() -> None:
    assert make_function("time", {"time": (0, 1)}).names == ("time", "value")
    assert make_function("x-y").names == ("x", "y", "value")


def test_a_function_must_fit_together() -> None:
    x = Variable("x", 0, 1)
    with pytest.raises(ParameterError, match="no range for 'z'"):
        Function("f", (x,), (FunctionColumn("y", Expression("x*z")),), True)
    with pytest.raises(ParameterError, match="different names"):
        Function("f", (x,), (FunctionColumn("x", Expression("x")),), True)
    with pytest.raises(ParameterError, match="got none"):
        Function("f", (), (FunctionColumn("y", Expression("1")),), True)


@pytest.mark.parametrize(
    ("formula", "where"),
    [
        ("1/x", "x at 0"),
        ("1/x**2", "x at 0"),
        ("1/(x - 0.1)", r"x at 0\.1"),
        ("tan(x)", r"x from -1\.571 to 1\.571"),
        ("cbrt(1/(x - 0.1))", r"x at 0\.1"),
        ("y/(x - 0.123)", r"x at 0\.123"),
    ],
)
def test_poles_between_points_of_the_grid_are_found(formula: str, where: str) -> None:
    with pytest.raises(ParameterError, match=where):
        make_function(formula)


@pytest.mark.parametrize(
    "formula",
    ["x >= 0", "sign(x - 0.1)", "where(x < 0.1, -1e6, 1e6)", "tanh(1e6*(x - 0.1))", "x/(x*x+1e-9)"],
)
def test_steps_and_slopes_are_no_poles(formula: str) -> None:
    assert np.isfinite(make_function(formula).grid[1]).all()
