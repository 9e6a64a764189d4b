"""Every learning-rate strategy keeps the contract, and the checks find those that do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from lookalike.testing import check_strategy, strategy_checks
from lookalike.training.strategies import STRATEGIES, Constant, Guided, Schedule

OTHERS = {
    "gap over cosine": {"name": "gap", "base": "cosine"},
    "batch-scaled balance": {"name": "batch-scaled", "rule": "sqrt", "base": "balance"},
    "plateau over gap": {"name": "plateau", "measure": "accuracy", "patience": 1, "base": "gap"},
}
CHECKS = {
    f"{name}: {check}": run
    for name, spec in ({name: name for name in STRATEGIES} | OTHERS).items()
    for check, run in strategy_checks(STRATEGIES.create(spec))
}


@pytest.mark.parametrize("name", CHECKS)
def test_every_strategy_keeps_the_contract(name):
    CHECKS[name]()


@dataclass(frozen=True)
class Below(Schedule):
    """Goes below zero."""

    name: ClassVar[str] = "below"

    def share(self, steps, total):
        return 0.5 - steps / total


@dataclass(frozen=True)
class Counts(Schedule):
    """Looks at how the steps are cut."""

    name: ClassVar[str] = "counts"

    def share(self, steps, total):
        return np.linspace(1, 0.5, len(steps))


class Silently(Guided):
    """Changes without a word."""

    def _answer(self, step, value):
        self.factor *= 0.5


@dataclass(frozen=True)
class Silent(Constant):
    """Begins runs that say nothing."""

    name: ClassVar[str] = "silent"

    def begin(self, setting):
        base = super().begin(setting)
        return Silently(base, "accuracy")


class Sharing(Silently):
    """Copies as a thing that is shared."""

    def _answer(self, step, value):
        super()._answer(step, value)
        return "halved"

    def __deepcopy__(self, _):
        return self


@dataclass(frozen=True)
class Shared(Constant):
    """Begins runs whose copies are no safe points."""

    name: ClassVar[str] = "shared"

    def begin(self, setting):
        base = super().begin(setting)
        return Sharing(base, "accuracy")


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (Below(), "Below fails rates_are_positive_and_finite: .* negative or not finite"),
        (Counts(), "Counts fails cuts_do_not_change_rates: "),
        (Silent(), "Silent fails changes_have_reasons: .* is silent"),
        (Shared(), "Shared fails a_copy_is_a_safe_point: .* shares its state"),
    ],
)
def test_what_is_broken_is_found(broken, words):
    with pytest.raises(AssertionError, match=words):
        check_strategy(broken)
