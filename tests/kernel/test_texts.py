"""Typed texts are kept one way, and what is wrong is said at their field."""

from __future__ import annotations

import pytest

from abonent.kernel.errors import Malformed
from abonent.kernel.texts import given_text


def test_a_text_is_trimmed_and_its_lines_end_one_way() -> None:
    assert given_text("note", "  раз\r\nдва  \n", longest=7) == "раз\nдва"
    assert given_text("note", " \n ", longest=7, needed=False) == ""


@pytest.mark.parametrize(
    ("text", "told"), [("  ", "Fill"), ("восемь!!", "8 characters; at most 7")]
)
def test_none_and_too_long_are_told_at_the_field(text: str, told: str) -> None:
    with pytest.raises(Malformed) as wrong:
        given_text("note", text, longest=7)
    (error,) = wrong.value.errors
    assert error.field == "note"
    assert told in error.text("en")
