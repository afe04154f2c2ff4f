"""Whose account a payment names: the words an agreement looks for, and numbers nearly right.

Words are data of the agreement, not patterns: the office writes them as payers do ("л/с", "дог.").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ACCOUNT_WORDS = (
    "л/с",
    "л.с.",
    "лс",
    "лиц. счет",
    "лицевой счет",
    "лицевого счета",
    "account",
    "acc",
)
CONTRACT_WORDS = ("дог.", "договор", "договору", "договора", "contract")
LEAST_BARE = 4
_NUMBER = (
    r"[\s№#:.\-=N]*?((?=[\w/\-]*\d)[0-9A-Za-zА-Яа-я](?:[\w/\-]{0,30}[0-9A-Za-zА-Яа-я])?)(?![\w/])"
)
_BARE = re.compile(r"(?<![\w/.,\-])([0-9]{4,16})(?![\w/\-]|[.,][0-9])")
_NOT_A_NUMBER_OF_OURS = re.compile(
    r"(?:инн|кпп|бик|огрн|окато|октмо|кбк|уин|р/с|к/с|р\.с\.|тел|карт[аыу]|паспорт|снилс|"
    r"сч[её]т[а-я]*|акт[а-я]*|инв[а-я.]*|п/п)[\s№#:.N]*$",
    re.IGNORECASE,
)
_DAY = re.compile(r"\b\d{1,2}[./\-]\d{1,2}[./\-]\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b")
_YEAR = re.compile(r"(?:19|20)\d\d")
_DIGITS = "0123456789"

Word = Annotated[str, Field(min_length=1, max_length=40)]


class Recognition(BaseModel):
    """How an account is recognised in what a payer wrote.

    A number after an account word or contract word is believed. A number by itself is looked up
    only where it has `bare_digits` digits or more; 0 never.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    account_words: Annotated[tuple[Word, ...], Field(max_length=40)] = ACCOUNT_WORDS
    contract_words: Annotated[tuple[Word, ...], Field(max_length=40)] = CONTRACT_WORDS
    bare_digits: Annotated[int, Field(ge=0, le=16)] = 6


class Named(BaseModel):
    """What a text names: numbers after account words, after contract words, and by themselves."""

    model_config = ConfigDict(frozen=True)

    accounts: tuple[str, ...] = ()
    contracts: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()


def numbers_named(text: str, recognition: Recognition) -> Named:
    """Read a purpose: "Интернет, л/с 1001234" names account 1001234.

    Days, years and numbers after such words as ИНН are never a number by itself.
    """
    flat = " ".join(text.replace("ё", "е").replace("Ё", "Е").split())[:2000]
    accounts = _after(flat, recognition.account_words)
    contracts = _after(flat, recognition.contract_words)
    return Named(
        accounts=accounts,
        contracts=tuple(number for number in contracts if number not in accounts),
        bare=_bare(flat, recognition.bare_digits) if not accounts and not contracts else (),
    )


def _after(text: str, words: Sequence[str]) -> tuple[str, ...]:
    if not words:
        return ()
    found = (match[1] for match in _pattern(tuple(words)).finditer(text))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """One of the words, longest first, and the number that follows it."""
    flat = sorted({word.replace("ё", "е").rstrip(". ") for word in words}, key=len, reverse=True)
    choice = "|".join(r"\s*".join(re.escape(part) for part in word.split()) for word in flat)
    return re.compile(rf"(?<!\w)(?:{choice})(?![А-Яа-яЁёA-Za-z]){_NUMBER}", re.IGNORECASE)


def _bare(text: str, least: int) -> tuple[str, ...]:
    if not least:
        return ()
    plain = _DAY.sub(" ", text)
    found = (
        match[1]
        for match in _BARE.finditer(plain)
        if len(match[1]) >= max(least, LEAST_BARE)
        and not _YEAR.fullmatch(match[1])
        and not _NOT_A_NUMBER_OF_OURS.search(plain[: match.start()])
    )
    return tuple(dict.fromkeys(found))


def near_numbers(number: str) -> list[str]:
    """Every number one slip away: a digit wrong, missing, too many, or two changed about.

    Of 7 digits there are some 150: few enough to look all of them up by key.
    """
    if not number.isdecimal() or not 3 <= len(number) <= 20:
        return []
    cuts = [(number[:at], number[at:]) for at in range(len(number) + 1)]
    missing = {a + b[1:] for a, b in cuts if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    wrong = {a + digit + b[1:] for a, b in cuts if b for digit in _DIGITS}
    added = {a + digit + b for a, b in cuts for digit in _DIGITS}
    return sorted((missing | swapped | wrong | added) - {number, ""})


def is_somebodys(bank_account: str) -> bool:
    """Tell whether a bank account belongs to one payer, so that it may be remembered.

    Banks pay for people from transit accounts of their own (302…, 409…, 474…): these name nobody.
    """
    if bank_account.isdecimal() and len(bank_account) == 20:
        own = bank_account.startswith(("405", "406", "407", "408", "423", "426"))
        return own and not bank_account.startswith("40821")
    return bank_account[:2].isalpha() and 15 <= len(bank_account) <= 34
