"""Tariffs from a file: `code;name;kind;mode;fee;connection_fee;due_days;tax_code`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from abonent.billing.queries.catalogue import Catalogue
from abonent.billing.rules.book import Tariff
from abonent.billing.service.tariffs import FIRST, change_catalogue
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.i18n import N_
from abonent.kernel.intake import (
    Amount,
    Numbered,
    Outcome,
    Reject,
    Row,
    reject,
)
from abonent.kernel.money import plain_amount
from abonent.kernel.work import UnitOfWork

_TARIFF = """
INSERT INTO billing_tariff (code, name, kind, mode, due_days, connection_fee, tax_code)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_VERSION = """
INSERT INTO billing_tariff_version (tariff_id, valid_from, fee, moves)
SELECT id, $2, $3, true FROM billing_tariff WHERE code = $1
"""

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
    """Put tariffs on sale in one act; one that is there with the same content is left as it is."""
    by.require("billing.tariff.edit")
    outcome = Outcome()
    async with unit_of_work(by) as work:
        catalogue = (await change_catalogue(work)).catalogue
        known = {tariff.code: _content(tariff) for tariff in catalogue.tariffs.values()}
        new: list[TariffRow] = []
        for number, row in ((r.number, r.row) for r in rows):
            if row.tax_code not in catalogue.taxes:
                outcome.rejects.append(_unknown_tax(number, row, catalogue))
            elif row.code not in known:
                new.append(row)
                known[row.code] = row
            elif known[row.code] == row:
                outcome.unchanged += 1
            else:
                outcome.rejects.append(_differs(number, row, known[row.code]))
        await _create(work, new)
        await change_catalogue(work)
    outcome.taken = len(new)
    return outcome


async def _create(work: UnitOfWork, new: list[TariffRow]) -> None:
    if not new:
        return
    await work.connection.executemany(
        _TARIFF,
        [(r.code, r.name, r.kind, r.mode, r.due_days, r.connection_fee, r.tax_code) for r in new],
    )
    await work.connection.executemany(_VERSION, [(r.code, FIRST, r.fee) for r in new])
    for row in new:
        after = {"fee": row.fee, "mode": row.mode}
        await work.audit("billing:tariff:created", row.code, after=after)


def _unknown_tax(number: int, row: TariffRow, catalogue: Catalogue) -> Reject:
    known = ", ".join(sorted(catalogue.taxes))
    message = N_("Unknown tax code; known: {known}.")
    return reject(number, "tax_code", row.tax_code, message, known=known)


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
