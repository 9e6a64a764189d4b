"""Every learning-rate strategy by its name: the one place where a new one is entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from lookalike._core.errors import ParameterError, nearest
from lookalike.training.strategies._base import Strategy
from lookalike.training.strategies.balance import Balance
from lookalike.training.strategies.batch_scaled import BatchScaled
from lookalike.training.strategies.constant import Constant
from lookalike.training.strategies.cosine import Cosine
from lookalike.training.strategies.gap import Gap
from lookalike.training.strategies.onecycle import OneCycle
from lookalike.training.strategies.plateau import Plateau

__all__ = ["STRATEGIES", "strategy"]

#: Strategies by the names that a user can choose. Enter your own here.
STRATEGIES: dict[str, type[Strategy]] = {
    kind.name: kind for kind in (Constant, Cosine, OneCycle, Plateau, BatchScaled, Balance, Gap)
}


def strategy(spec: str | Mapping[str, Any] | Strategy) -> Strategy:
    """Return the strategy that a name, or a name with options, stands for.

    Parameters
    ----------
    spec : str, mapping or Strategy
        A name of `STRATEGIES`; or a mapping with a ``"name"`` and options of that strategy, of
        which ``"base"`` is again a name or a mapping; or a strategy, which is returned.

    Returns
    -------
    Strategy

    Raises
    ------
    ParameterError
        If there is no such strategy or option, or if an option breaks its rule.

    Examples
    --------
    >>> strategy("cosine")
    Cosine(floor=0.03)
    >>> strategy({"name": "batch-scaled", "rule": "sqrt", "base": "cosine"})
    BatchScaled(rule='sqrt', reference=64, base=Cosine(floor=0.03))
    """
    if isinstance(spec, Strategy):
        return spec
    options: dict[str, Any] = dict(spec) if isinstance(spec, Mapping) else {"name": spec}
    kind = _kind(options.pop("name", None), spec)
    known = {field.name for field in fields(kind)}
    wrong = [
        f"The strategy {kind.name!r} has no option {option!r}.{nearest(option, known)}"
        for option in options
        if option not in known
    ]
    if wrong:
        raise ParameterError("\n".join(wrong))
    if "base" in options:
        options["base"] = strategy(options["base"])
    return kind(**options)


def _kind(name: object, spec: object) -> type[Strategy]:
    if isinstance(name, str) and name in STRATEGIES:
        return STRATEGIES[name]
    hint = nearest(name, STRATEGIES) if isinstance(name, str) else ""
    raise ParameterError(
        "A learning-rate strategy must be a name or a mapping with a 'name', one of "
        f"{', '.join(map(repr, STRATEGIES))}; got {spec!r}.{hint}"
    )
