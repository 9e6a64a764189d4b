"""Choosing objectives by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from lookalike.errors import ParameterError
from lookalike.nn import OBJECTIVES
from lookalike.nn.objectives import Hinge, Minimax


def test_names_mappings_and_objectives_are_taken() -> None:
    assert OBJECTIVES.create("hinge") == Hinge()
    assert OBJECTIVES.create({"name": "minimax", "smoothing": 0.1}) == Minimax(0.1)
    assert OBJECTIVES.create(Minimax(0.1)) == Minimax(0.1)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("hing", "Did you mean 'hinge'"),
        ({}, "An objective must be one of"),
        ({"name": "minimax", "smothing": 0.1}, "'minimax' has no parameter 'smothing'"),
        ({"name": "minimax", "smoothing": 0.7}, r"smoothing must be a number in \[0, 0.5\]"),
        ({"name": "hinge", "smoothing": 0.1}, "'hinge' has no parameter 'smoothing'"),
    ],
)
def test_what_is_wrong_is_said(spec: object, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        OBJECTIVES.create(spec)


def test_the_class_checks_its_options_too() -> None:
    with pytest.raises(ParameterError, match="Minimax: smoothing must be"):
        Minimax(smoothing=-1.0)


def test_an_objective_of_ones_own_may_join(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Wide(Hinge):
        """A hinge whose margin is told, without a rule for it."""

        margin: float = 2.0
        name: ClassVar[str] = "wide"

    monkeypatch.setitem(OBJECTIVES, "wide", Wide)
    assert OBJECTIVES.create({"name": "wide", "margin": 3.0}) == Wide(3.0)
