"""What is shown of text that may hold anything."""

from __future__ import annotations

import pytest

from lookalike._core.errors import (
    DataError,
    LookalikeError,
    LookalikeWarning,
    OutputError,
    ParameterError,
)
from lookalike._core.words import presentable


@pytest.mark.parametrize("kind", [DataError, OutputError, LookalikeWarning, ParameterError])
def test_every_message_is_cut_and_escaped(kind: type[Exception]) -> None:
    words = str(kind(f"No column {'x' * 10**6!r}: \x1b[31mred\x07 \u202eback \udc80."))
    assert len(words) < 250
    assert words.startswith("No column 'xxx")
    assert words.endswith(r"…" + "x" * 40 + r"': \x1b[31mred\x07 \u202eback \udc80.")


def test_lines_stay_lines_and_short_messages_are_as_they_are() -> None:
    assert str(LookalikeError("One.\nTwo 'a\tb' naïve 日本.")) == "One.\nTwo 'a\\tb' naïve 日本."


@pytest.mark.parametrize(
    "hostile",
    ["'" * 10**6, "'a" * 10**6, "\x00" * 10**6, "a b" * 10**6, "\n" * 10**6, '"' + "\\" * 10**6],
)
def test_nothing_is_long(hostile: str) -> None:
    assert len(presentable(f"Wrong: {hostile}, {hostile!r} and {[hostile]}.")) <= 1_000


def test_prose_between_apostrophes_is_not_cut() -> None:
    prose = "A column's name " + "and so on " * 20 + "is another column's."
    assert presentable(prose) == prose


def test_what_is_said_twice_is_the_same() -> None:
    once = presentable(f"{'y' * 500!r} {list(range(2_000))} \x1b")
    assert presentable(once) == once
