"""Formulas mean what numpy means, and whatever is no arithmetic is refused with a clear error."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike._core.errors import ParameterError
from lookalike.datasets.functions import Expression, parse_number

X = np.array([-2.0, -0.5, 0.0, 0.75, 3.0])
Y = np.array([1.0, -4.0, 0.5, 2.0, -1.5])

KNOWN = {
    "x": X,
    "7": np.full(5, 7.0),
    "2*x + 1": 2 * X + 1,
    "x**2": X**2,
    "x^2 + 1": X**2 + 1,
    "-x^2": -(X**2),
    "+x": X,
    "2^-1 * x": 0.5 * X,
    "x - y - 1": X - Y - 1,
    "x / 4 // 1 % 2": np.floor(X / 4) % 2,
    "(x > 0) - (x < 0)": np.sign(X),
    "(x >= 0.75) + (x <= -2) + (x == 0) + (x != x)": [1.0, 0.0, 1.0, 1.0, 1.0],
    "where(x < 0, -x, x * y)": np.where(X < 0, -X, X * Y),
    "where(x > 0, log(max(x, 0.1)), 0)": np.where(X > 0, np.log(np.maximum(X, 0.1)), 0),
    "min(x, y) + hypot(x, y) + atan2(y, x)": np.minimum(X, Y) + np.hypot(X, Y) + np.arctan2(Y, X),
    "sin(pi*x) + cos(tau*y) + e": np.sin(np.pi * X) + np.cos(2 * np.pi * Y) + np.e,
    "exp(-abs(x)) + cbrt(y) + round(x) + ceil(y)": np.exp(-np.abs(X))
    + np.cbrt(Y)
    + np.round(X)
    + np.ceil(Y),
}


@pytest.mark.parametrize("text", KNOWN)
def test_a_formula_is_what_numpy_computes(text: str) -> None:
    found = Expression(text)(x=X, y=Y)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, KNOWN[text], rtol=1e-13)


# Trees of formulas, as text and as what numpy computes of them.
leaves = st.sampled_from([("x", X), ("y", Y), ("pi", np.pi)]) | st.floats(0.1, 9).map(
    lambda number: (repr(number), number)
)
OPERATORS = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power}
CALLS = {"sin": np.sin, "abs": np.abs, "sqrt": np.sqrt, "tanh": np.tanh, "floor": np.floor}


def grown(part: st.SearchStrategy) -> st.SearchStrategy:
    """Return larger trees made of smaller ones."""
    joined = st.tuples(part, st.sampled_from(list(OPERATORS)), part).map(
        lambda t: (f"({t[0][0]}) {t[1]} ({t[2][0]})", OPERATORS[t[1]](t[0][1], t[2][1]))
    )
    called = st.tuples(st.sampled_from(list(CALLS)), part).map(
        lambda t: (f"{t[0]}({t[1][0]})", CALLS[t[0]](t[1][1]))
    )
    return joined | called


@given(st.recursive(leaves, grown, max_leaves=8))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_any_formula_equals_numpy(tree: tuple[str, np.ndarray]) -> None:
    text, value = tree
    if len(text) > 500:
        return
    found = Expression(text)(x=X, y=Y)
    np.testing.assert_array_equal(found, np.broadcast_to(np.asarray(value, float), X.shape))


HOSTILE = {
    "": "empty",
    "   ": "empty",
    "__import__('os').system('true')": '"\'"',
    "().__class__.__bases__": "not arithmetic",
    "x.real": "not arithmetic",
    "x.__class__": "not arithmetic",
    "__builtins__": "name",
    "_x": "name",
    "open(x)": "cannot call",
    "eval(x)": "cannot call",
    "sin(eval(x))": "cannot call",
    "sin(x)(x)": "not arithmetic",
    "(sin)(x, y)": "1 argument",
    "sin": "needs arguments",
    "sin()": "1 argument",
    "sin(x, x)": "1 argument",
    "sin(*x)": "not arithmetic",
    "sin(x=x)": "not arithmetic",
    "sni(x)": "Did you mean 'sin'",
    "lambda: x": "':'",
    "lambda x=1 , y=2 : x": "':'",
    "x if x else y": "not arithmetic",
    "x and y": "not arithmetic",
    "not x": "not arithmetic",
    "x is y": "not arithmetic",
    "x in y": "not arithmetic",
    "x < y < 3": "not arithmetic",
    "x, y": "not arithmetic",
    "[x for x in y]": "'['",
    "{x}": "'{'",
    "'x'": '"\'"',
    'f"{x}"': "'\"'",
    "x; y": "';'",
    "x\ny": "'\\n'",
    "x\x00": "'\\x00'",
    "ｓin(x)": "'ｓ'",
    "x @ y": "'@'",
    "x << y": "not arithmetic",
    "~x": "'~'",
    "x = 1": "cannot be read",
    "(x": "cannot be read",
    "x)": "cannot be read",
    "2x": "cannot be read",
    "x y": "cannot be read",
    "1if x else 2": "not arithmetic",
    "x +": "cannot be read",
    "1j*x": "real numbers",
    "True*x": "real numbers",
    "None": "real numbers",
    "...": "real numbers",
    "1e999": "1.8e308",
    "9" * 400: "1.8e308",
    "0x" + "f" * 400: "1.8e308",
    "(" * 240 + "x" + ")" * 240: "",
    "-" * 450 + "x": "",
    "x" + "+x" * 150: "nested",
    "x" * 41: "name",
    "x+" * 300: "500",
}


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:30])
def test_what_is_no_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Expression(text)
    assert HOSTILE[text] in str(caught.value)
    assert caught.value.__cause__ is None
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


@given(st.text(max_size=30) | st.text("()*+-/x1.,<>=^ sin", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        formula = Expression(text)
    except ParameterError:
        return
    formula(**dict.fromkeys(formula.variables, 1.0))


def test_towers_of_powers_cost_nothing_and_are_not_finite() -> None:
    assert not np.isfinite(Expression("9**9**9**9")())
    assert np.isnan(Expression("(-8)**(1/3)")())


def test_variables_are_listed_once_and_must_have_values() -> None:
    formula = Expression("y*sin(x) + y*pi + b2")
    assert formula.variables == ("y", "x", "b2")
    with pytest.raises(ParameterError, match="needs a value of 'x', 'b2'"):
        formula(y=1.0)


def test_formulas_are_equal_by_their_text_and_can_be_pickled() -> None:
    formula = Expression("sin(x)")
    copy = pickle.loads(pickle.dumps(formula))
    assert copy == formula
    assert copy(x=X).tolist() == formula(x=X).tolist()


def test_numbers() -> None:
    assert parse_number(" 2*pi ") == 2 * np.pi
    assert parse_number("-3") == -3
    for text, words in {"x": "'x'", "1/0": "finite", "log(0)": "finite", "": "empty"}.items():
        with pytest.raises(ParameterError, match=words):
            parse_number(text)
