"""What the calls answer about the books: entries, aged debts, the sheet."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from abonent.web.api.answers import AccountAnswer
from abonent.web.api.fields import Answer


class Explanation(Answer):
    """How an entry's amount comes about: it recomputes to `total`."""

    text: str
    inputs: dict[str, Any]
    steps: list[str]
    total: int


class Interval(Answer):
    """Days [from, to)."""

    from_: date = Field(serialization_alias="from")
    to: date


class EntryItem(Answer):
    """An entry; `id` is null while a daily service's accrued days wait to be posted."""

    id: str | None
    day: date
    kind: str
    amount: int
    service: int | None
    period: Interval | None
    through: date | None
    tax: int
    tax_code: str | None
    due: date | None
    corrects: str | None
    source: str | None
    external_id: str | None
    settled: bool
    explanation: Explanation
    balance_after: int


class EntryAnswer(EntryItem):
    """An entry just posted, with its account."""

    account: AccountAnswer


class EntryList(Answer):
    """Entries of an account, oldest first; `next` continues the list."""

    items: list[EntryItem]
    next: str | None


class AgedItem(Answer):
    """An unpaid charge, or what is left of it; `days` past due."""

    entry: str
    due: date
    days: int
    unpaid: int
    bucket: str
    limitation: date


class Turnover(Answer):
    """opening + charges - payments + corrections = closing, in what subscribers owe."""

    opening: int
    charges: dict[str, int]
    payments: dict[str, int]
    corrections: int
    closing: int


class TurnoverRow(Turnover):
    """A line of the sheet; `key` names what the next level is asked within."""

    key: str
    label: str


class TurnoverAnswer(Answer):
    """A turnover sheet of the days [from, to): rows of one level and their total."""

    from_: date = Field(serialization_alias="from")
    to: date
    by: str
    items: list[TurnoverRow]
    total: Turnover
    next: str | None
