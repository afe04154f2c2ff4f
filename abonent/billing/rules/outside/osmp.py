"""The terminal protocol of OSMP kind: what is asked, which code answers, and the answer's XML.

`check` asks whether an account can be paid, `pay` pays it. A pay is known by its `txn_id`: the same
one again gets the same `prv_txn`; the same one with another account or sum is refused with 300.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from xml.sax.saxutils import escape, quoteattr

from abonent.kernel.money import installed_currency, parse_amount, plain_amount

_TXN = re.compile(r"[0-9]{1,64}")
_ACCOUNT = re.compile(r"[\w./\-]{1,32}")
_DATE = re.compile(r"[0-9]{14}")
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Result(IntEnum):
    """The protocol's codes. 1 and 90 are sent again by the other side, all others but 0 end it."""

    OK = 0
    TEMPORARY = 1
    BAD_ACCOUNT_FORMAT = 4
    ACCOUNT_NOT_FOUND = 5
    FORBIDDEN = 7
    FORBIDDEN_TECHNICAL = 8
    ACCOUNT_INACTIVE = 79
    NOT_FINISHED = 90
    TOO_SMALL = 241
    TOO_LARGE = 242
    CANNOT_CHECK = 243
    OTHER = 300


class AskedWrong(Exception):
    """What was asked cannot be carried out; `result` says why, `comment` in a few words."""

    def __init__(self, result: Result, comment: str) -> None:
        super().__init__(comment)
        self.result, self.comment = result, comment


@dataclass(frozen=True, slots=True)
class Asked:
    """A well-formed question: `amount` in minor units, `at` the other side's own time of a pay."""

    command: str
    txn_id: str
    account: str
    amount: int
    at: datetime | None


def read_asked(values: Mapping[str, str]) -> Asked:
    """Read the fields of a question; raises AskedWrong with the code to answer."""
    command, txn_id = values.get("command", ""), values.get("txn_id", "")
    if command not in {"check", "pay"}:
        raise AskedWrong(Result.OTHER, "command: check or pay")
    if not _TXN.fullmatch(txn_id):
        raise AskedWrong(Result.OTHER, "txn_id: digits")
    account = values.get("account", "").strip()
    if not _ACCOUNT.fullmatch(account):
        raise AskedWrong(Result.BAD_ACCOUNT_FORMAT, "account")
    return Asked(
        command, txn_id, account, _amount(values.get("sum", ""), command), _at(values, command)
    )


def _amount(text: str, command: str) -> int:
    # A check may come without a sum: it asks for the account alone.
    if not text and command == "check":
        return 0
    try:
        amount = parse_amount(text, installed_currency().digits)
    except ValueError:
        raise AskedWrong(Result.OTHER, "sum") from None
    if amount < 0 or (amount == 0 and command == "pay"):
        raise AskedWrong(Result.TOO_SMALL, "sum")
    return amount


def _at(values: Mapping[str, str], command: str) -> datetime | None:
    if command == "check":
        return None
    text = values.get("txn_date", "")
    try:
        # Other lengths would be read too, with the digits shared out otherwise.
        text = text if _DATE.fullmatch(text) else ""
        return datetime.strptime(text, "%Y%m%d%H%M%S")  # noqa: DTZ007  the company's own time
    except ValueError:
        raise AskedWrong(Result.OTHER, "txn_date: YYYYMMDDHHMMSS") from None


def answer_xml(
    result: Result,
    *,
    txn_id: str = "",
    comment: str = "",
    prv_txn: int | None = None,
    amount: int | None = None,
    fields: Mapping[str, str] | None = None,
) -> bytes:
    """Write an answer; `fields` are what a check tells besides, such as the balance."""
    parts = [f"<osmp_txn_id>{_safe(txn_id)}</osmp_txn_id>"]
    if prv_txn is not None:
        parts.append(f"<prv_txn>{prv_txn}</prv_txn>")
    if amount is not None:
        parts.append(f"<sum>{plain_amount(amount)}</sum>")
    parts += [f"<result>{result.value}</result>", f"<comment>{_safe(comment)}</comment>"]
    if fields:
        told = "".join(
            f"<field{at} name={quoteattr(name)}>{_safe(value)}</field{at}>"
            for at, (name, value) in enumerate(fields.items(), 1)
        )
        parts.append(f"<fields>{told}</fields>")
    body = "".join(parts)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<response>{body}</response>\n'.encode()


def _safe(text: str) -> str:
    """Text as XML may hold it, whatever was asked."""
    return escape(_NOT_XML.sub("", text))
