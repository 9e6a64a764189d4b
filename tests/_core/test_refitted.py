"""Estimators that are fitted as a whole or not at all."""

from __future__ import annotations

from typing import Any, Self

import pytest
from sklearn.base import clone

from lookalike._core.refitted import Refitted
from lookalike.images import Images
from lookalike.models import Synthesizer
from lookalike.sequences import Sequences


class Counted(Refitted):
    """Learns how many values there are, and the first if there is one."""

    def __init__(self, options: dict[str, Any] | None = None) -> None:
        self.options = options

    def fit(self, values: list[int]) -> Self:
        fresh = self._fresh()
        fresh.count_ = len(values)
        if values:
            fresh.first_ = 1 / values[0]
        return self._adopt(fresh)


def test_a_fit_leaves_nothing_of_an_earlier_one_and_keeps_what_others_have_set() -> None:
    model = Counted().fit([1, 2])
    model.note = "mine"
    model.fit([])
    assert (model.count_, model.note, hasattr(model, "first_")) == (0, "mine", False)
    assert not hasattr(clone(model), "count_")


def test_a_fit_that_fails_changes_nothing() -> None:
    model = Counted().fit([1, 2])
    before = dict(vars(model))
    with pytest.raises(ZeroDivisionError):
        model.fit([0])
    assert vars(model) == before


def test_parameters_of_the_fit_are_a_copy_but_those_of_the_estimator_are_not() -> None:
    options = {"trees": 2}
    model = Counted(options).fit([1])
    options["trees"] = 3
    assert model.options is options
    assert model._fitted_with == {"options": {"trees": 2}}


@pytest.mark.parametrize("kind", [Images, Sequences, Synthesizer])
def test_all_that_learn_share_it(kind: type) -> None:
    assert issubclass(kind, Refitted)
    assert not {"_keep_names", "_adopt", "_fresh"} & set(vars(kind))
