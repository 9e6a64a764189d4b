"""Formulas as text: read by a small grammar of our own, computed by numpy, never run as code.

Python's parser builds the tree; nothing is compiled. Each node is checked against the short lists
below, and anything else is rejected.
"""

from __future__ import annotations

import ast
import string
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lookalike._core.errors import ParameterError, nearest

__all__ = ["Expression", "parse_number"]

Values = Mapping[str, np.ndarray]
Node = Callable[[Values], np.ndarray]

_LONGEST = 500
_DEEPEST = 100
_CHARACTERS = frozenset(string.ascii_letters + string.digits + "_ +-*/%^().,<>=!")


def _where_true(condition: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(condition != 0, one, other))


_CONSTANTS = {"pi": np.pi, "tau": 2 * np.pi, "e": np.e}
#: The functions of a formula: the number of arguments, and the implementation.
_FUNCTIONS: dict[str, tuple[int, Callable[..., np.ndarray]]] = {
    "abs": (1, np.abs),
    "acos": (1, np.arccos),
    "asin": (1, np.arcsin),
    "atan": (1, np.arctan),
    "atan2": (2, np.arctan2),
    "cbrt": (1, np.cbrt),
    "ceil": (1, np.ceil),
    "cos": (1, np.cos),
    "cosh": (1, np.cosh),
    "exp": (1, np.exp),
    "floor": (1, np.floor),
    "hypot": (2, np.hypot),
    "log": (1, np.log),
    "log10": (1, np.log10),
    "log2": (1, np.log2),
    "max": (2, np.maximum),
    "min": (2, np.minimum),
    "round": (1, np.round),
    "sign": (1, np.sign),
    "sin": (1, np.sin),
    "sinh": (1, np.sinh),
    "sqrt": (1, np.sqrt),
    "tan": (1, np.tan),
    "tanh": (1, np.tanh),
    "where": (3, _where_true),
}
_OPERATORS: dict[type[ast.AST], Callable[..., np.ndarray]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.mod,
    ast.Pow: np.power,
    ast.UAdd: np.positive,
    ast.USub: np.negative,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}


@dataclass(frozen=True)
class Expression:
    """A formula of arithmetic over named variables.

    It may hold numbers, ``pi``, ``tau``, ``e``, variables, ``+ - * / // %``, powers as ``**`` or
    ``^``, one comparison at a time (1 where it holds, else 0), and calls such as ``sin(x)`` or
    ``where(x < 0, -x, x)``. All is computed in float64.

    Parameters
    ----------
    text : str
        The formula, at most 500 characters.

    Raises
    ------
    ParameterError
        If the text is no such formula.

    Examples
    --------
    >>> f = Expression("sin(x) * y")
    >>> f.variables
    ('x', 'y')
    >>> f(x=np.array([0.0, np.pi / 2]), y=np.array([1.0, 3.0])).tolist()
    [0.0, 3.0]
    """

    text: str

    def __post_init__(self) -> None:
        _ = self._read  # an invalid formula raises at construction

    @cached_property
    def _read(self) -> tuple[Node, tuple[str, ...]]:
        reader = _Reader(self.text)
        return reader.node(_tree(self.text), 0), tuple(reader.variables)

    def __reduce__(self) -> tuple[type[Expression], tuple[str]]:
        # The functions read from it cannot be pickled, the text can.
        return Expression, (self.text,)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables, in the order in which they first appear."""
        return self._read[1]

    def __call__(self, **values: np.ndarray | float) -> np.ndarray:
        """Compute the formula.

        Parameters
        ----------
        **values : ndarray or float
            A value for each variable, of shapes that broadcast; other names are ignored.

        Returns
        -------
        ndarray of float64
            The result, of the broadcast shape; not finite where the formula is undefined.

        Raises
        ------
        ParameterError
            If a variable has no value.
        """
        absent = [name for name in self.variables if name not in values]
        if absent:
            raise ParameterError(
                f"The formula {self.text!r} needs a value of {', '.join(map(repr, absent))}."
            )
        arrays = {name: np.asarray(value, np.float64) for name, value in values.items()}
        shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
        with np.errstate(all="ignore"):
            return np.array(np.broadcast_to(self._read[0](arrays), shape), np.float64)


def parse_number(text: str) -> float:
    """Compute a formula without variables, such as ``"2*pi"``.

    Parameters
    ----------
    text : str
        The formula.

    Returns
    -------
    float
        Its value.

    Raises
    ------
    ParameterError
        If the text is no formula, has variables, or has no finite value.

    Examples
    --------
    >>> parse_number("-1/4")
    -0.25
    """
    formula = Expression(text)
    if formula.variables:
        raise ParameterError(f"A number cannot have variables such as {formula.variables[0]!r}.")
    value = float(formula())
    if not np.isfinite(value):
        raise ParameterError(f"A number must be finite; got {text!r}.")
    return value


def _tree(text: str) -> ast.expr:
    """Return Python's tree of a formula."""
    if not text.strip():
        raise ParameterError("A formula must not be empty: write one such as sin(x)*y.")
    if len(text) > _LONGEST:
        raise ParameterError(f"A formula may have {_LONGEST} characters; this one has {len(text)}.")
    foreign = next((c for c in text if c not in _CHARACTERS), None)
    if foreign is not None:
        raise ParameterError(
            f"A formula consists of numbers, names and arithmetic; {foreign!r} is none of them."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tokeniser's, on text that is rejected anyway
            return ast.parse(text.strip().replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ParameterError(_where(text, error)) from None


def _where(text: str, error: BaseException) -> str:
    """Return the message for a formula that cannot be read, with the position."""
    at = getattr(error, "offset", None)
    near = text.strip().replace("^", "**")[max((at or 1) - 1, 0) :][:10].strip()
    place = f" near {near!r}" if near else " at its end"
    return (
        f"The formula {_shown(text)} cannot be read{place}: write it like sin(x)*y, with every "
        "product as *."
    )


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


class _Reader:
    """A reader that turns a checked tree into functions of the variables' values."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.variables: dict[str, None] = {}

    def node(self, tree: ast.AST, depth: int) -> Node:
        """Return the function that computes one node."""
        if depth > _DEEPEST:
            raise ParameterError(f"A formula may be nested {_DEEPEST} deep; this one is deeper.")
        match tree:
            case ast.Constant(value=value):
                return self._constant(value)
            case ast.Name(id=name):
                return self._name(name)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
                return _applied(_OPERATORS[type(op)], [self.node(operand, depth + 1)])
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                parts = [self.node(part, depth + 1) for part in (left, right)]
                return _applied(_OPERATORS[type(op)], parts)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
                parts = [self.node(part, depth + 1) for part in (left, right)]
                return _applied(_OPERATORS[type(op)], parts)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(name, arguments, depth)
        raise ParameterError(
            f"The formula {_shown(self.text)} holds what is not arithmetic; it may hold numbers, "
            f"variables, + - * / // % ** < > and the functions {', '.join(_FUNCTIONS)}."
        )

    def _constant(self, value: object) -> Node:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ParameterError(f"A formula holds real numbers only; got {value!r}.")
        try:
            number = np.array(value, np.float64)
        except OverflowError:
            number = np.array(np.inf)
        if not np.isfinite(number):
            raise ParameterError("A number in a formula must be below 1.8e308.")
        return lambda _: number

    def _name(self, name: str) -> Node:
        if name in _CONSTANTS:
            constant = np.array(_CONSTANTS[name])
            return lambda _: constant
        if name in _FUNCTIONS:
            raise ParameterError(f"The function {name!r} needs arguments, as in {name}(x).")
        if name.startswith("_") or len(name) > 40:
            raise ParameterError(
                f"A variable's name has up to 40 letters and digits; got {_shown(name)}."
            )
        self.variables[name] = None
        return lambda values: values[name]

    def _call(self, name: str, arguments: list[ast.expr], depth: int) -> Node:
        if name not in _FUNCTIONS:
            hint = nearest(name, _FUNCTIONS) or f" The functions are: {', '.join(_FUNCTIONS)}."
            raise ParameterError(f"A formula cannot call {_shown(name)}.{hint}")
        count, function = _FUNCTIONS[name]
        if len(arguments) != count:
            noun = "argument" if count == 1 else "arguments"
            raise ParameterError(
                f"The function {name!r} takes {count} {noun}; got {len(arguments)}."
            )
        return _applied(function, [self.node(argument, depth + 1) for argument in arguments])


def _applied(function: Callable[..., np.ndarray], parts: list[Node]) -> Node:
    # Comparisons become numbers at once: numpy would not subtract truth values.
    return lambda values: np.asarray(function(*(part(values) for part in parts)), dtype=np.float64)
