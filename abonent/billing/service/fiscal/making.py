"""Making fiscal receipts out: sent once, then asked after until they are made out or failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from abonent.billing.queries.entities import entity_of_row
from abonent.billing.service.fiscal.owing import outbox_key
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, transaction, unit_of_work
from abonent.kernel.errors import Conflict, NotFound
from abonent.kernel.fiscal.receipts import CashRegister, FiscalReceipt
from abonent.kernel.i18n import N_, gettext
from abonent.kernel.jsontext import to_json
from abonent.kernel.outbox import ATTEMPTS, LONGEST_ERROR, Delivery, Handler, UndeliverableError
from abonent.kernel.settings import Settings

ContactOf = Callable[[int, int], Awaitable[str]]
"""Answers an e-mail or a phone of whom an account belonged to when an entry was made, "" for none:
people are not billing's."""

CALLBACK = "/hooks/fiscal"

_LOAD = """
SELECT d.*, e.code, e.name, e.full_name, e.inn, e.kpp, e.ogrn, e.address, e.phone, e.email,
    e.bank_name, e.bic, e.account AS bank_account, e.corr_account, e.tax_system, e.tax_code,
    e.head_name, e.head_post
FROM fiscal_document d JOIN billing_legal_entity e ON e.id = d.legal_entity_id
WHERE d.external_id = $1
"""
_SENT = """
UPDATE fiscal_document SET state = 'SENT', uuid = $2, sent_at = $3, error = NULL
WHERE external_id = $1 AND state = 'WAITING'
"""
_DONE = """
UPDATE fiscal_document SET state = 'DONE', marks = $2, done_at = $3, error = NULL
WHERE external_id = $1 AND state = 'SENT'
"""
_TROUBLE = "UPDATE fiscal_document SET error = $2 WHERE external_id = $1 AND state <> 'DONE'"
_FAILED = """
UPDATE fiscal_document SET state = 'FAILED', error = $2
WHERE external_id = $1 AND state <> 'DONE'
"""
_AGAIN = """
UPDATE fiscal_document SET state = 'WAITING', uuid = NULL, sent_at = NULL, tries = tries + 1
WHERE external_id = $1 AND state = 'FAILED' RETURNING account_id
"""
_KNOWN = "SELECT 1 FROM fiscal_document WHERE external_id = $1"
_OUTBOX = """
UPDATE outbox SET state = 'WAITING', attempts = 0, due_at = $2, done_at = NULL WHERE key = $1
"""
_SOONER = """
UPDATE outbox SET due_at = $2 WHERE state = 'WAITING' AND due_at > $2 AND key = (
    SELECT 'fiscal:' || external_id FROM fiscal_document WHERE uuid = $1 AND state = 'SENT')
"""


class NotMadeOutYetError(RuntimeError):
    """The cash register has the receipt and has not made it out: it is asked again."""


def fiscal_handler(settings: Settings, *, register: CashRegister, contact_of: ContactOf) -> Handler:
    """Answer the handler for outbox rows of fiscal receipts."""

    async def deliver(delivery: Delivery) -> None:
        document = delivery.payload["document"]
        try:
            await _make_out(document, settings, register, contact_of)
        except UndeliverableError as error:
            await _note(_FAILED, document, str(error))
            raise
        except Exception as error:
            last = delivery.attempts >= ATTEMPTS
            await _note(_FAILED if last else _TROUBLE, document, _words(error))
            raise

    return deliver


async def _make_out(
    document: str, settings: Settings, register: CashRegister, contact_of: ContactOf
) -> None:
    """Send the receipt unless it was sent, then ask what became of it."""
    async with reading() as connection:
        row = await connection.fetchrow(_LOAD, document)
    if row is None or row["state"] in ("DONE", "FAILED"):
        return
    uuid = row["uuid"]
    if row["state"] == "WAITING":
        contact = await contact_of(row["account_id"], row["entry_no"])
        uuid = await register.send(receipt_of(row, settings, contact))
        await _note(_SENT, document, uuid, clock.now())
    report = await register.report(uuid)
    if report.error is not None:
        raise UndeliverableError(report.error)
    if report.marks is None:
        raise NotMadeOutYetError
    await _note(_DONE, document, to_json(report.marks), clock.now())


def receipt_of(row: Any, settings: Settings, contact: str) -> FiscalReceipt:
    """Answer what a document's receipt says; a document tried again has a name of its own."""
    fields = dict(row) | {"id": row["legal_entity_id"], "account": row["bank_account"]}
    tries = row["tries"]
    name = gettext(N_("Telecom services, account {account}"), "ru", account=row["account"])
    place = settings.public_url or fields["address"] or fields["name"]
    return FiscalReceipt(
        external_id=row["external_id"] if tries == 1 else f"{row['external_id']}-t{tries}",
        kind=row["kind"],
        at=row["created_at"].astimezone(clock.zone(settings.timezone)),
        company=entity_of_row(fields).requisites,
        contact=contact,
        name=name,
        amount=row["amount"],
        method=row["method"],
        vat=row["vat"],
        payment_type=row["payment_type"],
        place=place,
        callback=f"{settings.public_url}{CALLBACK}" if settings.public_url else "",
    )


async def make_again(document: str, *, by: Actor) -> None:
    """Send a failed receipt again, when its cause is mended. Raises NotFound, Conflict."""
    by.require("billing.fiscal.retry")
    async with unit_of_work(by) as work:
        account = await work.connection.fetchval(_AGAIN, document)
        if account is None:
            if await work.connection.fetchval(_KNOWN, document) is None:
                message = N_("There is no fiscal receipt {value}.")
                raise NotFound("NOT_FOUND", message, field="document", value=document)
            raise Conflict("NOT_FAILED", N_("Receipt {value} has not failed."), value=document)
        await work.connection.execute(_OUTBOX, outbox_key(document), clock.now())
        await work.audit("billing:fiscal:retried", document, account_id=account)


async def ask_sooner(uuid: str) -> None:
    """Ask after a receipt now: its cash register says that something became of it.

    What it says is not believed; the worker asks for the report itself.
    """
    async with transaction() as connection:
        await connection.execute(_SOONER, uuid, clock.now())


async def _note(statement: str, *values: Any) -> None:
    async with transaction() as connection:
        await connection.execute(statement, *values)


def _words(error: Exception) -> str:
    if isinstance(error, NotMadeOutYetError):
        return gettext(N_("The cash register has not made it out yet."), "ru")
    return f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
