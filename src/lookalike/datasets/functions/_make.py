"""A function by its name in the library, or by a formula."""

from __future__ import annotations

from collections.abc import Mapping

from lookalike._core.errors import ParameterError, nearest
from lookalike.datasets.functions._expression import Expression
from lookalike.datasets.functions._function import Function, FunctionColumn, Variable
from lookalike.datasets.functions._library import FUNCTIONS

__all__ = ["make_function"]

#: The range of a variable for which none is given.
_RANGE = (-3.0, 3.0)
#: The column of a formula's value.
_VALUE = "value"
#: A single word of more letters is more likely a misspelt name than a formula.
_WORD = 3


def make_function(text: str, ranges: Mapping[str, tuple[float, float]] | None = None) -> Function:
    """Return a function of the library, or the function of a formula.

    Parameters
    ----------
    text : str
        A name of `FUNCTIONS`, or a formula of one or two variables, see `Expression`.
    ranges : mapping of str to (float, float), optional
        Bounds of the variables; -3 and 3, or those of the library, where they are not given.

    Returns
    -------
    Function
        The function, finite within its ranges on a fine grid. The value of a formula is the
        column ``"value"``.

    Raises
    ------
    ParameterError
        If there is no such name, the text is no formula, a range is none, or the function is not
        finite within its ranges.

    Examples
    --------
    >>> make_function("spiral").names
    ('x', 'y')
    >>> make_function("sin(x)*y", {"y": (-2, 2)}).names
    ('x', 'y', 'value')
    """
    wanted = dict(ranges or {})
    function = FUNCTIONS.get(text.strip()) or _stated(text.strip(), wanted)
    function = function.over(wanted)
    _ = function.grid  # raises where it is not finite, before any work
    return function


def _stated(text: str, ranges: Mapping[str, tuple[float, float]]) -> Function:
    """Return the function of a formula, its variables over the default range."""
    formula = _formula(text, ranges)
    if not 1 <= len(formula.variables) <= 2:
        found = ", ".join(formula.variables) or "none"
        raise ParameterError(
            f"A formula must have one variable (a curve) or two (a surface); {text!r} has {found}."
        )
    if _VALUE in formula.variables:
        raise ParameterError(
            f"A variable cannot be called {_VALUE!r}: that names the value's column. Rename it."
        )
    variables = tuple(Variable(name, *_RANGE) for name in formula.variables)
    return Function(text, variables, (FunctionColumn(_VALUE, formula),), True, text)


def _formula(text: str, ranges: Mapping[str, tuple[float, float]]) -> Expression:
    """Read a formula; reject a word that looks like a misspelt name."""
    word = text.replace("-", "").replace("_", "")
    hint = nearest(text.lower().replace("_", "-"), FUNCTIONS)
    if word.isalpha() and len(word) > _WORD and (hint or "-" not in text) and text not in ranges:
        raise ParameterError(
            f"There is no built-in function {text!r}.{hint} lookalike function --list shows all."
        )
    return Expression(text)
