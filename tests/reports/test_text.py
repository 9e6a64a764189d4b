"""Names as they can be shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.reports._text import quoted, shorten


def columns(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) - sum(unicodedata.combining(letter) > 0 for letter in text) + wide


@given(st.text(max_size=80), st.integers(3, 40))
def test_a_shortened_name_fits_and_is_one_visible_line(text: str, width: int) -> None:
    short = shorten(text, width)
    assert columns(short) <= max(width, len("(empty)"))
    assert not any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in short)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("age", "age"),
        ("", "(empty)"),
        ("a\nb", "a↵b"),
        ("a\tb\u2028c\x00", "a b c·"),
        ("0123456789abcdef", "01234…bcdef"),
        ("漢字漢字漢字漢字", "漢字漢…漢字"),
    ],
)
def test_names_are_shortened_in_the_middle(text: str, shown: str) -> None:
    assert shorten(text, 11) == shown


def test_quoted() -> None:
    assert quoted("age") == "“age”"
