"""What people write to the provider's number: bare commands, codes, ratings, and words for a clerk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from abonent.crm.rules.people import name_key

CODE_DIGITS = 6
LEAST_WORDS = 3
"""Fewer words than this that no topic is known by are no request: the list of commands is sent."""
_BETWEEN = re.compile(r"[\s.,:;!?]+")


class Command(StrEnum):
    """What is asked for."""

    BALANCE = "balance"
    DEBT = "debt"
    PROMISE = "promise"
    TARIFF = "tariff"
    REQUEST = "request"
    TIME = "time"
    STOP = "stop"
    CODE = "code"
    RATING = "rating"
    WORDS = "words"


_NAMES = {
    Command.BALANCE: ("баланс", "остаток", "balance", "bal", "balans"),
    Command.DEBT: ("долг", "debt", "dolg"),
    Command.PROMISE: ("обещ", "обещание", "обещанный", "promise", "obesh"),
    Command.TARIFF: ("тариф", "tariff", "tarif"),
    Command.REQUEST: ("заявка", "обращение", "request", "zayavka"),
    Command.TIME: ("время", "time", "vremya"),
    Command.STOP: ("стоп", "stop", "отказ", "отписка"),
}
_BY_NAME = {name: command for command, names in _NAMES.items() for name in names}
_RATINGS = frozenset("12345")


@dataclass(frozen=True, slots=True)
class Asked:
    """A command and what follows it: an account's number, a code, a rating, the words of a request."""

    command: Command
    rest: str = ""


def read_command(text: str) -> Asked:
    """Read what somebody wrote; letters may be large or small, ё is е.

    >>> read_command("Баланс 20417"), read_command("482135").command, read_command("5").command
    (Asked(command=<Command.BALANCE: 'balance'>, rest='20417'), <Command.CODE: 'code'>, <Command.RATING: 'rating'>)
    """
    bare = text.strip()
    first, *others = [word for word in _BETWEEN.split(name_key(bare)) if word] or [""]
    if not others and first in _RATINGS:
        return Asked(Command.RATING, first)
    if not others and first.isdecimal() and len(first) == CODE_DIGITS:
        return Asked(Command.CODE, first)
    command = _BY_NAME.get(first)
    rest = bare[len(bare.split(maxsplit=1)[0]) :].strip(" .,:;!?") if others else ""
    if command is Command.REQUEST:
        return Asked(command, rest)
    # A command stands alone or with a number: "долг вернули, спасибо" is for a person to read.
    if command is not None and (not others or (len(others) == 1 and others[0].isdecimal())):
        return Asked(command, rest)
    return Asked(Command.WORDS, bare)


def is_talk(text: str) -> bool:
    """Tell whether words are enough of them for a clerk to answer."""
    return len([word for word in _BETWEEN.split(text) if word]) >= LEAST_WORDS
