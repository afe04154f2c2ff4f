"""Reconciliation statements: what was owed, every charge and payment of some days, what is owed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from abonent.billing.errors import TooEarly
from abonent.billing.invoice_errors import DaysNotClosed
from abonent.billing.queries.books import account_id, installation
from abonent.billing.queries.entries import entries_of
from abonent.billing.queries.invoices import chains
from abonent.billing.rules.book import Kind, Posting
from abonent.billing.rules.circumstances import source_name
from abonent.billing.rules.explanation import kind_name
from abonent.billing.rules.invoice_parties import Buyer, missing_details
from abonent.billing.rules.invoices import Line
from abonent.billing.rules.periods import DAY, Period
from abonent.billing.service.invoices.keeping import NewDocument, keep_document, lock_account
from abonent.billing.service.invoices.reissuing import check_details
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_

_OPENING = """
SELECT coalesce(-sum(amount), 0)::bigint FROM billing_entry WHERE account_id = $1 AND day < $2
"""


async def reconcile(
    number: str, *, by: Actor, buyer: Buyer, first: date, last: date, language: str
) -> int:
    """Issue the reconciliation statement of the closed days first to last; answers its id.

    Entries stand on the days they were posted on. Raises AccountNotFound, DaysNotClosed,
    DetailsMissing, Malformed for days that end before they begin.
    """
    by.require("billing.invoice.issue")
    if last < first:
        raise Malformed.of("last", last.isoformat(), N_("The last day lies before the first."))
    async with unit_of_work(by) as work:
        account = await account_id(work.connection, number)
        entity = await lock_account(work, account)
        check_details(missing_details(entity.requisites, buyer))
        here = await installation(work.connection)
        if last >= here.day:
            raise DaysNotClosed(last, here.day)
        (chain,) = await chains(work.connection, [account])
        if last < chain.since:
            raise TooEarly("last", last, chain.since)
        entries = await entries_of(
            work.connection, account, here.catalogue, since=first, until=last
        )
        opening = await work.connection.fetchval(_OPENING, account, first)
        lines = statement_lines(entries, language=language)
        closing = opening + sum(line.amount for line in lines)
        new = NewDocument(
            kind="reconciliation", day=here.day, period=Period(first, last + DAY), lines=lines,
            opening=opening, closing=closing, amount=closing,
        )  # fmt: skip
        return await keep_document(work, account, new, entity=entity, buyer=buyer)


def statement_lines(entries: Sequence[Posting], *, language: str) -> list[Line]:
    """One line per entry that moved something, signed as what the company owes."""
    return [
        Line(
            kind=entry.kind.value,
            name=_name(entry, language),
            starts_on=entry.day,
            ends_on=entry.day + DAY,
            amount=-entry.amount,
            entries=(entry.no,),
        )
        for entry in entries
        if entry.amount
    ]


def _name(entry: Posting, language: str) -> str:
    name = kind_name(entry.kind, language)
    if entry.kind in {Kind.PAYMENT, Kind.REVERSAL, Kind.REFUND} and entry.source:
        return f"{name}: {source_name(entry.source, language)}"
    return f"{name}: {entry.tariff.name}" if entry.tariff else name
