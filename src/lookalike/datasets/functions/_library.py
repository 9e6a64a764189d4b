"""The built-in functions, each one declarative entry: a name, formulas, ranges, units, a source."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lookalike.datasets.functions._expression import Expression, parse_number
from lookalike.datasets.functions._function import Function, FunctionColumn, Variable

__all__ = ["FUNCTIONS"]


def _named(text: str) -> tuple[str, str]:
    """Split ``"name [unit]"``."""
    name, _, unit = text.partition(" [")
    return name, unit.removesuffix("]")


def _variable(text: str, span: str) -> Variable:
    name, unit = _named(text)
    low, high = map(parse_number, span.split(":"))
    return Variable(name, low, high, unit)


def _column(text: str, formula: str) -> FunctionColumn:
    name, unit = _named(text)
    return FunctionColumn(name, Expression(formula), unit)


def _entry(
    title: str,
    columns: Mapping[str, str],
    ranges: Mapping[str, str],
    source: str,
    *,
    explicit: bool,
) -> Function:
    return Function(
        "",
        tuple(_variable(name, span) for name, span in ranges.items()),
        tuple(_column(name, formula) for name, formula in columns.items()),
        explicit,
        title,
        source,
    )


def _explicit(
    title: str, columns: Mapping[str, str], ranges: Mapping[str, str], source: str = "elementary"
) -> Function:
    return _entry(title, columns, ranges, source, explicit=True)


def _parametric(
    title: str, columns: Mapping[str, str], ranges: Mapping[str, str], source: str
) -> Function:
    return _entry(title, columns, ranges, source, explicit=False)


_JOSHI = "after Joshi 2023, Function Generation Using GAN, whose text gives no formula"
_LAWRENCE = "Lawrence 1972, A Catalog of Special Plane Curves"
_CARMO = "do Carmo 1976, Differential Geometry of Curves and Surfaces"

_ENTRIES: dict[str, Function] = {
    # --- curves with one value ---
    "line": _explicit("a straight line", {"y": "2*x + 1"}, {"x": "-3:3"}),
    "parabola": _explicit("a parabola", {"y": "x**2"}, {"x": "-3:3"}, _JOSHI),
    "cubic": _explicit("a cubic with two bends", {"y": "x**3 - 3*x"}, {"x": "-2.2:2.2"}),
    "sine": _explicit("one period of a sine", {"y": "sin(x)"}, {"x": "-pi:pi"}),
    "three-sines": _explicit("three periods of a sine", {"y": "sin(3*x)"}, {"x": "-pi:pi"}),
    "gaussian": _explicit("a bell", {"y": "exp(-x**2/2)"}, {"x": "-4:4"}),
    "absolute": _explicit("the absolute value", {"y": "abs(x)"}, {"x": "-3:3"}),
    "sigmoid": _explicit("the logistic function", {"y": "1/(1 + exp(-3*x))"}, {"x": "-4:4"}),
    "step": _explicit("a jump from 0 to 1", {"y": "x >= 0"}, {"x": "-3:3"}),
    "staircase": _explicit("five steps", {"y": "min(floor(x), 4)"}, {"x": "0:5"}),
    "damped-oscillator": _explicit(
        "a mass on a spring, with friction",
        {"displacement [m]": "0.1*exp(-0.3*time)*cos(2*pi*0.5*time)"},
        {"time [s]": "0:8"},
        "x'' + 0.6 x' + (0.3^2 + pi^2) x = 0, released at 0.1 m",
    ),
    "projectile": _explicit(
        "a ball thrown at 20 m/s under 45 degrees, without air",
        {"height [m]": "distance - 9.81*distance**2/20**2"},
        {"distance [m]": "0:400/9.81"},
        "Galilei 1638, Discorsi; g = 9.81 m/s^2",
    ),
    # --- curves with several values ---
    "circle": _parametric(
        "a circle", {"x": "cos(t)", "y": "sin(t)"}, {"t": "0:2*pi"}, "elementary"
    ),
    "ellipse": _parametric(
        "an ellipse", {"x": "3*cos(t)", "y": "sin(t)"}, {"t": "0:2*pi"}, "elementary"
    ),
    "spiral": _parametric(
        "two turns of an Archimedean spiral",
        {"x": "t*cos(t)", "y": "t*sin(t)"},
        {"t": "0:4*pi"},
        _LAWRENCE,
    ),
    "two-spirals": _parametric(
        "two spirals in one another",
        {"x": "sign(t)*(abs(t) + 1)*cos(t)", "y": "(abs(t) + 1)*sin(abs(t))*sign(t)"},
        {"t": "-2.5*pi:2.5*pi"},
        "after Lang and Witbrock 1988, Learning to Tell Two Spirals Apart",
    ),
    "lissajous": _parametric(
        "a Lissajous figure, 3 to 2",
        {"x": "cos(3*t)", "y": "sin(2*t)"},
        {"t": "0:2*pi"},
        _LAWRENCE,
    ),
    "figure-eight": _parametric(
        "the lemniscate of Bernoulli",
        {"x": "cos(t)/(1 + sin(t)**2)", "y": "sin(t)*cos(t)/(1 + sin(t)**2)"},
        {"t": "0:2*pi"},
        _LAWRENCE,
    ),
    "cardioid": _parametric(
        "a cardioid",
        {"x": "(1 - cos(t))*cos(t)", "y": "(1 - cos(t))*sin(t)"},
        {"t": "0:2*pi"},
        _LAWRENCE,
    ),
    "heart": _parametric(
        "a heart",
        {
            "x": "16*sin(t)**3",
            "y": "13*cos(t) - 5*cos(2*t) - 2*cos(3*t) - cos(4*t)",
        },
        {"t": "0:2*pi"},
        "Weisstein, Heart Curve, in MathWorld",
    ),
    "helix": _parametric(
        "three turns of a helix",
        {"x": "cos(t)", "y": "sin(t)", "z": "t"},
        {"t": "0:6*pi"},
        _CARMO,
    ),
    # --- surfaces with one value ---
    "sine-surface": _explicit(
        "a sine along x that grows along y", {"z": "sin(x)*y"}, {"x": "-3:3", "y": "-2:2"}, _JOSHI
    ),
    "saddle": _explicit("a saddle", {"z": "x**2 - y**2"}, {"x": "-2:2", "y": "-2:2"}),
    "ripple": _explicit(
        "waves around a stone in the water", {"z": "sin(hypot(x, y))"}, {"x": "-6:6", "y": "-6:6"}
    ),
    "ideal-gas": _explicit(
        "the pressure of one mole of an ideal gas",
        {"pressure [kPa]": "8.314*temperature/volume"},
        {"volume [L]": "10:40", "temperature [K]": "250:400"},
        "Clapeyron 1834; R = 8.314 J/(mol K)",
    ),
    # --- surfaces with several values ---
    "swiss-roll": _parametric(
        "a rolled-up sheet",
        {"x": "t*cos(t)", "y": "h", "z": "t*sin(t)"},
        {"t": "1.5*pi:4.5*pi", "h": "0:21"},
        "Tenenbaum, de Silva and Langford 2000, doi 10.1126/science.290.5500.2319",
    ),
    "sphere": _parametric(
        "a sphere, evenly covered",
        {"x": "sqrt(1 - h**2)*cos(t)", "y": "sqrt(1 - h**2)*sin(t)", "z": "h"},
        {"h": "-1:1", "t": "0:2*pi"},
        "Archimedes: evenly in height is evenly on the sphere",
    ),
    "torus": _parametric(
        "a ring",
        {"x": "(2 + cos(v))*cos(u)", "y": "(2 + cos(v))*sin(u)", "z": "sin(v)"},
        {"u": "0:2*pi", "v": "0:2*pi"},
        _CARMO,
    ),
}


def _with_its_name(name: str, entry: Function) -> Function:
    return Function(name, entry.variables, entry.columns, entry.explicit, entry.title, entry.source)


#: The built-in functions by name.
FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {name: _with_its_name(name, entry) for name, entry in _ENTRIES.items()}
)
