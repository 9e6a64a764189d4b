"""The checks that every learning-rate strategy must pass."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import partial

import numpy as np

from lookalike.testing._checks import Check, global_random_state, must, named, run
from lookalike.training.strategies import Run, RunSetting, Strategy

__all__ = ["check_strategy", "strategy_checks"]

_RATE, _TOTAL, _BATCH, _IDEAL = 1e-3, 400, 128, 1.386
#: The measures of games, from a balanced one to one that a network has won.
_GAMES = {
    "balanced": {"accuracy": 0.6, "loss_discriminator": 1.35, "loss_generator": 0.7},
    "won by the discriminator": {"accuracy": 1.0, "loss_discriminator": 0.01},
    "won by the generator": {"accuracy": 0.2, "loss_discriminator": 4.0, "loss_generator": 0.1},
    "without measures": {},
    "without finite measures": {"accuracy": np.nan, "loss_discriminator": np.inf},
}


def strategy_checks(strategy: Strategy) -> list[Check]:
    """Return the checks of a strategy, for use as test parameters.

    Parameters
    ----------
    strategy : Strategy
        With any options.

    Returns
    -------
    list of (str, callable)
        The name of each check, and a function without arguments that raises AssertionError with a
        plain message if it fails.
    """
    found = [(check.__name__.strip("_"), partial(check, strategy)) for check in _CHECKS]
    return named(type(strategy).__name__, found)


def check_strategy(strategy: Strategy) -> None:
    """Check all that a strategy must do; see `strategy_checks`.

    Parameters
    ----------
    strategy : Strategy
        With any options.

    Raises
    ------
    AssertionError
        At the first check that fails, with its name and the reason.

    Examples
    --------
    >>> from lookalike.training.strategies import Cosine
    >>> check_strategy(Cosine())
    """
    run(strategy_checks(strategy))


def _runs(strategy: Strategy) -> Iterator[tuple[str, Run]]:
    for name in ("generator", "discriminator", "network"):
        yield name, strategy.begin(RunSetting(_RATE, _TOTAL, name, _BATCH, _IDEAL))


def _play(begun: Run, game: str, steps: int = _TOTAL, every: int = 20) -> list[str]:
    """Let a run observe a whole game, and return its reasons."""
    said = [begun.observe(step, _GAMES[game]) for step in range(every, steps + 1, every)]
    return [words for words in said if words is not None]


def _is_a_plain_value(strategy: Strategy) -> None:
    mapping = json.loads(json.dumps(strategy.to_mapping(), allow_nan=False))
    must(mapping.get("name") == strategy.name, "to_mapping must give the name")
    must(hash(strategy) == hash(copy.deepcopy(strategy)), "equal strategies must hash alike")
    must(strategy == copy.deepcopy(strategy), "a copy must equal the strategy")


def _rates_are_positive_and_finite(strategy: Strategy) -> None:
    for name, begun in _runs(strategy):
        for game in _GAMES:
            begun = copy.deepcopy(begun)
            _play(begun, game)
            rates = begun.rates(0, _TOTAL)
            must(rates.dtype == np.float32, f"{name}: rates are {rates.dtype}, not float32")
            must(rates.shape == (_TOTAL,), f"{name}: {_TOTAL} steps have {rates.shape} rates")
            fine = bool(np.isfinite(rates).all() and (rates >= 0).all())
            must(fine, f"{name}: a rate is negative or not finite in a game {game}")
            must(bool((rates > 0).any()), f"{name}: all rates are 0 in a game {game}")


def _cuts_do_not_change_rates(strategy: Strategy) -> None:
    for name, begun in _runs(strategy):
        whole = begun.rates(0, 90)
        cut = np.concatenate([begun.rates(0, 7), begun.rates(7, 50), begun.rates(57, 33)])
        must(np.allclose(whole, cut, rtol=1e-6), f"{name}: rates depend on how steps are cut")


def _changes_have_reasons(strategy: Strategy) -> None:
    for name, begun in _runs(strategy):
        for game, measures in _GAMES.items():
            before = begun.rates(100, 50)
            said = begun.observe(100, measures)
            changed = not np.array_equal(before, begun.rates(100, 50))
            must(said is None or bool(said.strip()), f"{name}: a reason is empty")
            must(not changed or said is not None, f"{name}: a change in a game {game} is silent")


def _scale_multiplies(strategy: Strategy) -> None:
    for name, begun in _runs(strategy):
        _play(begun, "won by the discriminator", 200)
        before = begun.rates(200, 50)
        begun.scale(0.5)
        begun.scale(0.5)
        fine = np.allclose(begun.rates(200, 50), before / 4, rtol=1e-6)
        must(fine, f"{name}: scale(0.5), twice, does not make a quarter of the rates")


def _a_copy_is_a_safe_point(strategy: Strategy) -> None:
    for name, begun in _runs(strategy):
        _play(begun, "balanced", 200)
        kept = copy.deepcopy(begun)
        before = kept.rates(200, 50)
        _play(begun, "won by the discriminator")
        begun.scale(0.1)
        must(np.array_equal(before, kept.rates(200, 50)), f"{name}: a copy shares its state")
        again = copy.deepcopy(kept)
        same = _play(kept, "won by the generator") == _play(again, "won by the generator")
        must(same, f"{name}: two copies answer differently")


def _uses_no_global_random_state(strategy: Strategy) -> None:
    before = global_random_state()
    for _, begun in _runs(strategy):
        _play(begun, "balanced")
        begun.rates(0, 10)
    must(before == global_random_state(), "the global random state is used")


_CHECKS = (
    _is_a_plain_value,
    _rates_are_positive_and_finite,
    _cuts_do_not_change_rates,
    _changes_have_reasons,
    _scale_multiplies,
    _a_copy_is_a_safe_point,
    _uses_no_global_random_state,
)
