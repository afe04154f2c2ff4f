"""A row of the subscribers file, and how the account stands that it describes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from abonent.billing.queries.books import Installation
from abonent.billing.queries.catalogue import Catalogue
from abonent.billing.rules.book import Mode, Span
from abonent.billing.rules.periods import FAR
from abonent.billing.rules.takeover import RunningService, Standing
from abonent.kernel.i18n import N_
from abonent.kernel.intake import Amount, Day, Row, to_day

MOST_CODE_FROM_PRIORITYS = 10_000
MOST_DAYS_AHEAD = 3_660

SYNONYMS = {
    "лицевой счёт": "account",
    "л/с": "account",
    "счёт": "account",
    "договор": "contract",
    "номер договора": "contract",
    "дата договора": "contract_date",
    "вид": "kind",
    "тип": "kind",
    "фио": "name",
    "имя": "name",
    "наименование": "name",
    "абонент": "name",
    "инн": "tax_id",
    "телефон": "phone",
    "почта": "email",
    "электронная почта": "email",
    "e-mail": "email",
    "район": "district",
    "улица": "street",
    "дом": "house",
    "квартира": "flat",
    "расчётный день": "billing_day",
    "день расчёта": "billing_day",
    "кредитный лимит": "credit_limit",
    "тарифы": "tariffs",
    "тариф": "tariffs",
    "услуги": "tariffs",
    "оплачено до": "paid_until",
    "оплачено по": "paid_until",
    "заморозка с": "frozen_from",
    "заморозка до": "frozen_to",
    "отключён с": "suspended_since",
    "сумма обещанного платежа": "promise_amount",
    "обещанный платёж": "promise_amount",
    "обещанный платёж до": "promise_until",
    "входящий остаток": "opening_balance",
    "остаток": "opening_balance",
    "сальдо": "opening_balance",
    "баланс": "opening_balance",
}

_KINDS = {
    "физлицо": "person", "физическое лицо": "person", "ф": "person", "фл": "person",
    "юрлицо": "company", "юридическое лицо": "company", "ю": "company", "юл": "company",
}  # fmt: skip
_CODE_FROM_PRIORITY = re.compile(r"([^@#|]+)(?:@([^@#|]+))?(?:#([0-9]{1,6}))?")


def _kind(value: object) -> object:
    return _KINDS.get(value.strip().lower(), value.strip()) if isinstance(value, str) else value


Number = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-zА-Яа-яЁё_.\-]{1,32}$")]
Text = Annotated[str, Field(max_length=200)]


class SubscriberRow(Row):
    """A row of the subscribers file; amounts in major units, `paid_until` the last paid day."""

    account: Number
    contract: Annotated[str, Field(max_length=64)] = ""
    contract_date: Day | None = None
    kind: Annotated[Literal["person", "company"], BeforeValidator(_kind)] = "person"
    name: Annotated[str, Field(min_length=1, max_length=300)]
    tax_id: Annotated[str, Field(max_length=32)] = ""
    phone: Text = ""
    email: Text = ""
    district: Text = ""
    street: Text = ""
    house: Annotated[str, Field(max_length=32)] = ""
    flat: Annotated[str, Field(max_length=32)] = ""
    billing_day: Annotated[int, Field(ge=1, le=31)] = 1
    credit_limit: Annotated[Amount, Field(ge=0)] = 0
    tariffs: str = ""
    paid_until: Day | None = None
    frozen_from: Day | None = None
    frozen_to: Day | None = None
    suspended_since: Day | None = None
    promise_amount: Annotated[Amount, Field(ge=0)] = 0
    promise_until: Day | None = None
    opening_balance: Amount = 0


class WrongColumn(Exception):
    """A column that contradicts the others: why, and what fills the message."""

    def __init__(self, column: str, message: str, **params: Any) -> None:
        super().__init__(message)
        self.column = column
        self.message = message
        self.params = params


def standing_of(row: SubscriberRow, here: Installation) -> Standing:
    """How the account stands; raises WrongColumn where columns contradict each other."""
    day = here.day
    services = tuple(_services(row, here.catalogue, day))
    freeze = _freeze(row)
    if row.suspended_since and row.suspended_since > day:
        raise WrongColumn("suspended_since", N_("A suspension cannot begin after {day}."), day=day)
    prepaid = any(s.tariff.mode is not Mode.ARREARS for s in services)
    if row.suspended_since and row.paid_until and row.paid_until >= day and prepaid:
        raise WrongColumn(
            "suspended_since", N_("A service that is paid for today is not suspended.")
        )
    if row.paid_until and (row.paid_until - day).days > MOST_DAYS_AHEAD:
        raise WrongColumn("paid_until", N_("More than ten years ahead."))
    if bool(row.promise_amount) != bool(row.promise_until):
        column = "promise_until" if row.promise_amount else "promise_amount"
        raise WrongColumn(column, N_("A promise has an amount and a day."))
    if row.promise_until and row.promise_until <= day:
        raise WrongColumn("promise_until", N_("A promise lasts beyond {day}."), day=day)
    return Standing(
        billing_day=row.billing_day,
        services=services,
        balance=row.opening_balance,
        credit_limit=row.credit_limit,
        paid_until=row.paid_until,
        freeze=freeze,
        suspended_since=row.suspended_since,
        promise=row.promise_amount,
        promise_until=row.promise_until or FAR,
    )


def _freeze(row: SubscriberRow) -> Span | None:
    if row.frozen_from is None and row.frozen_to is None:
        return None
    if row.frozen_from is None or row.frozen_to is None:
        column = "frozen_from" if row.frozen_to else "frozen_to"
        raise WrongColumn(column, N_("A freeze has a first day and an end."))
    if row.frozen_to <= row.frozen_from:
        raise WrongColumn("frozen_to", N_("The end must lie after the start."))
    return Span(row.frozen_from, row.frozen_to)


def _services(row: SubscriberRow, catalogue: Catalogue, day: date) -> Iterator[RunningService]:
    """Read `code[@from][#priority]|...`; without a day a service runs since the contract."""
    parts = [part.strip() for part in row.tariffs.split("|") if part.strip()]
    if len(parts) > MOST_CODE_FROM_PRIORITYS:
        raise WrongColumn(
            "tariffs", N_("More than {most} services."), most=MOST_CODE_FROM_PRIORITYS
        )
    for part in parts:
        match = _CODE_FROM_PRIORITY.fullmatch(part)
        code = match[1].strip() if match else ""
        if match is None or code not in catalogue.codes:
            raise WrongColumn("tariffs", N_("There is no tariff {code}."), code=code or part)
        start = to_day(match[2]) if match[2] else min(row.contract_date or day, day)
        if start is None:
            raise WrongColumn("tariffs", N_("Not a date: {text}."), text=match[2])
        yield RunningService(
            catalogue.tariff(code),
            start,
            int(match[3] or 1),
            fee_open=bool(match[2]) and start >= day,
        )
