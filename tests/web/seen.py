"""What tests read out of a page: its words, a form's key and amount."""

from __future__ import annotations

import re

from abonent.kernel.money import format_money, parse_amount

HX = {"HX-Request": "true"}


def key_of(text: str) -> str:
    """The key of the form."""
    found = re.search(r'name="key" value="([0-9a-f]+)"', text)
    assert found
    return found[1]


def offered_amount(text: str) -> int:
    """The amount that the form of a payment suggests."""
    found = re.search(r'name="amount" type="text" value="([^"]+)"', text)
    assert found
    return parse_amount(found[1])


def plain(text: str) -> str:
    """The words of a page, as a reader has them."""
    bare = re.sub(r"<[^>]+>", " ", text).replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r"\s+", " ", bare)


def money(amount: int) -> str:
    """An amount as a reader has it."""
    return format_money(amount, "ru").replace("\N{NO-BREAK SPACE}", " ")
