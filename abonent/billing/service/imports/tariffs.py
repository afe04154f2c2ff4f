"""Tariffs from a file: `code;name;kind;mode;fee;connection_fee;due_days;tax_code`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from abonent.billing.queries.books import installation
from abonent.billing.rules.book import Tariff
from abonent.billing.service.tariffs import create_tariff
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.errors import DomainError
from abonent.kernel.i18n import N_
from abonent.kernel.intake import (
    Amount,
    Numbered,
    Outcome,
    Reject,
    Row,
    reject,
    rejected_by,
)
from abonent.kernel.money import plain_amount

SYNONYMS = {
    "код": "code",
    "тариф": "code",
    "название": "name",
    "наименование": "name",
    "вид": "kind",
    "тип услуги": "kind",
    "режим": "mode",
    "способ списания": "mode",
    "абонентская плата": "fee",
    "цена": "fee",
    "плата за подключение": "connection_fee",
    "подключение": "connection_fee",
    "срок оплаты": "due_days",
    "дней на оплату": "due_days",
    "ставка налога": "tax_code",
    "налог": "tax_code",
}

Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-zА-Яа-яЁё_.\-]{1,64}$")]


class TariffRow(Row):
    """A row of the tariffs file; fees in major units."""

    code: Code
    name: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Literal["internet", "tv", "phone", "equipment", "bundle", "other"]
    mode: Literal["advance", "daily", "arrears"]
    fee: Annotated[Amount, Field(ge=0)]
    connection_fee: Annotated[Amount, Field(ge=0)] = 0
    due_days: Annotated[int, Field(ge=0, le=3650)] = 0
    tax_code: Annotated[str, Field(max_length=32)] = "none"


async def take_tariffs(rows: Sequence[Numbered[TariffRow]], *, by: Actor) -> Outcome:
    """Put tariffs on sale; one that is there with the same content is left as it is."""
    by.require("billing.tariff.edit")
    async with reading() as connection:
        catalogue = (await installation(connection)).catalogue
    known = {tariff.code: _content(tariff) for tariff in catalogue.tariffs.values()}
    outcome = Outcome()
    for number, row in ((r.number, r.row) for r in rows):
        if row.code not in known:
            if await _create(number, row, outcome, by=by):
                known[row.code] = row
        elif known[row.code] == row:
            outcome.unchanged += 1
        else:
            outcome.rejects.append(_differs(number, row, known[row.code]))
    return outcome


async def _create(number: int, row: TariffRow, outcome: Outcome, *, by: Actor) -> bool:
    try:
        await create_tariff(by=by, **row.model_dump())
    except DomainError as error:
        outcome.rejects.append(rejected_by(number, "code", error))
        return False
    outcome.taken += 1
    return True


def _content(tariff: Tariff) -> TariffRow:
    """A tariff as the row it would have come from: with its first price."""
    return TariffRow.model_construct(
        code=tariff.code,
        name=tariff.name,
        kind=tariff.kind,
        mode=tariff.mode.value,
        fee=tariff.versions[0].fee,
        connection_fee=tariff.connection_fee,
        due_days=tariff.due_days,
        tax_code=tariff.tax.code,
    )


def _differs(number: int, row: TariffRow, known: TariffRow) -> Reject:
    column = next(n for n in TariffRow.model_fields if getattr(row, n) != getattr(known, n))
    message = N_("The tariff is there with another value: {known}.")
    return reject(number, column, _written(row, column), message, known=_written(known, column))


def _written(row: TariffRow, column: str) -> str:
    value = getattr(row, column)
    return plain_amount(value) if column in {"fee", "connection_fee"} else str(value)
