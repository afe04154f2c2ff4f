"""Templates of messages (document 3.4.16) as content: class, text, how many SMS it may take.

content/<language>/messages/<code>.toml. A text that would not fit at the longest values of what is
filled in is refused when it is read: a message cut in two is paid for twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from abonent.kernel.scripts import placeholders_of

ALONE_7BIT, TOGETHER_7BIT = 160, 153
ALONE_UNICODE, TOGETHER_UNICODE = 70, 67
"""Letters of a message alone and of each part of a longer one (3GPP TS 23.038, 23.040)."""
_PIECE = re.compile(r"\{[^{}]*\}|[{}]")
_NAME = re.compile(r"[a-z_]+")
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWO = frozenset("^{}\\[~]|€\f")
"""Letters of the 7-bit alphabet's second table: each takes two places."""


class WrongPiece(ValueError):
    """A piece in braces that is no name, or a brace alone; `piece` is as it is written."""

    def __init__(self, piece: str) -> None:
        super().__init__(f"“{piece}” is no name in braces")
        self.piece = piece


class MessageClass(StrEnum):
    """What law a message falls under."""

    SERVICE = "service"
    DEBT = "debt"
    AD = "ad"


class MessageTemplate(BaseModel):
    """A template: SMS text, letter, and when it may go out.

    `longest` holds how many letters each placeholder may take; `parts` how many SMS the text takes
    at most; `cap` how many of it one person gets in a day. A `single` one answers what one person
    did: it is not sent to many.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    title: str = Field(min_length=1)
    kind: MessageClass = Field(alias="class")
    channels: tuple[Literal["sms", "email"], ...] = Field(min_length=1)
    window: Literal["any", "day", "debt"]
    cap: int = Field(default=3, ge=1)
    parts: int = Field(ge=1, le=10)
    text: str = Field(min_length=1)
    subject: str = ""
    body: str = ""
    single: bool = False
    longest: Mapping[str, int]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        named = placeholders_of(f"{self.text}{self.subject}{self.body}")
        if named != set(self.longest):
            raise ValueError(f"`longest` names {sorted(self.longest)}, the texts {sorted(named)}")
        if (taken := parts_of(self.at_its_longest())) > self.parts:
            raise ValueError(
                f"the text takes {taken} SMS at its longest, {self.parts} are declared"
            )
        if self.kind is MessageClass.DEBT and not {"company", "phone"} <= placeholders_of(
            self.text
        ):
            raise ValueError("a message about a debt names the creditor and its telephone")
        return self

    def at_its_longest(self) -> str:
        """The SMS with every value as long as it may be."""
        return filled(self.text, self.longest)


def names_in(text: str, known: Collection[str]) -> set[str]:
    """The names in braces of a text that is filled in: bare names and nothing else.

    Raises WrongPiece for a name that is not known, an attribute, an index, a conversion, a format.

    >>> names_in("Owed {debt}, {name}", {"debt", "name"}) == {"debt", "name"}
    True
    """
    found: set[str] = set()
    for piece in _PIECE.findall(text):
        name = piece[1:-1]
        if not _NAME.fullmatch(name) or name not in known:
            raise WrongPiece(piece)
        found.add(name)
    return found


def filled(text: str, longest: Mapping[str, int]) -> str:
    """A text with every value as long as it may be."""
    return text.format(**{name: "Щ" * length for name, length in longest.items()})


def parts_of(text: str) -> int:
    """How many SMS a text takes.

    >>> parts_of("Balance 560"), parts_of("Баланс 560"), parts_of("Я" * 71)
    (1, 1, 2)
    """
    if all(letter in _GSM or letter in _GSM_TWO for letter in text):
        length = len(text) + sum(letter in _GSM_TWO for letter in text)
        alone, together = ALONE_7BIT, TOGETHER_7BIT
    else:
        length = len(text.encode("utf-16-le")) // 2
        alone, together = ALONE_UNICODE, TOGETHER_UNICODE
    return 1 if length <= alone else -(-length // together)
