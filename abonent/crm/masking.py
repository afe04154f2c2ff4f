"""How personal values are shown to whoever looks at a screen; pure functions.

A mask is made where the value is read, so that the whole one never reaches a page by accident.
"""

from __future__ import annotations

import re

_DOT = "•"
_LINKED = re.compile(r"(/my/(?:s|r|chat)/)[\w-]+")


def masked_phone(digits: str) -> str:
    """A phone that people standing by cannot read.

    >>> masked_phone("79123456789"), masked_phone("4951234")
    ('+7 912 ••• ••-89', '49•••34')
    """
    if len(digits) != 11:
        return f"{digits[:2]}{_DOT * max(0, len(digits) - 4)}{digits[-2:]}" if digits else ""
    return f"+{digits[0]} {digits[1:4]} ••• ••-{digits[9:]}"


def whole_phone(digits: str) -> str:
    """A phone as it is dialled.

    >>> whole_phone("79123456789")
    '+7 912 345-67-89'
    """
    if len(digits) != 11:
        return f"+{digits}" if digits else ""
    return f"+{digits[0]} {digits[1:4]} {digits[4:7]}-{digits[7:9]}-{digits[9:]}"


def matched_phone(digits: str, typed: str) -> str:
    """Return a phone with only the digits that were typed: "+7 ••• ••5-67-••"."""
    asked = "".join(sign for sign in typed if sign in "0123456789")
    ways = [asked, f"7{asked[1:]}"] if asked.startswith("8") else [asked]
    way = next((way for way in ways if way and way in digits), "")
    start = digits.find(way)
    seen = {0, *range(start, start + len(way))}
    return whole_phone("".join(d if at in seen else _DOT for at, d in enumerate(digits)))


def masked_email(text: str) -> str:
    """An e-mail address of which only the first letter and the host are seen.

    >>> masked_email("petrov@mail.example")
    'p•••@mail.example'
    """
    name, at, host = text.partition("@")
    return f"{name[:1]}•••{at}{host}"


def masked_text(text: str) -> str:
    """Anything else: its last two signs.

    >>> masked_text("123456"), masked_text("12")
    ('••••56', '••')
    """
    return _DOT * max(len(text) - 2, min(len(text), 2)) + (text[-2:] if len(text) > 2 else "")


def masked_links(text: str) -> str:
    """Words without what opens a client's own link: who reads them would answer and rate as the client.

    >>> masked_links("https://my.isp.example/my/s/aB3-x_9. /my/20417/pay")
    'https://my.isp.example/my/s/•••. /my/20417/pay'
    """
    return _LINKED.sub(rf"\1{_DOT * 3}", text)


def masked_contact(kind: str, value: str) -> str:
    """A contact by its kind."""
    if kind == "phone":
        return masked_phone(value)
    return masked_email(value) if kind == "email" else masked_text(value)


def whole_contact(kind: str, value: str) -> str:
    """The same, to be read out or dialled."""
    return whole_phone(value) if kind == "phone" else value
