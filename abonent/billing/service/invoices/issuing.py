"""Issuing the documents of ended periods: act, invoice, and corrections of earlier acts.

Periods follow each other without a gap and each is documented once, so every entry that says what a
service costs stands in exactly one act or correction. What corrects an act already issued goes into
a correction that names it; an issued document never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from abonent.billing.errors import TooEarly
from abonent.billing.invoice_errors import NothingToIssue, PeriodDocumented
from abonent.billing.queries.books import account_id, installation
from abonent.billing.queries.entities import Entity
from abonent.billing.queries.entries import entries_of
from abonent.billing.queries.invoices import Chain, chains
from abonent.billing.queries.proof import opened_through
from abonent.billing.rules.book import Mode, Posting
from abonent.billing.rules.invoice_parties import Buyer, missing_details
from abonent.billing.rules.invoices import (
    Line,
    closed_periods,
    earned_within,
    lines_of,
    split_by_act,
    tax_lines,
)
from abonent.billing.rules.periods import Period, period_on
from abonent.billing.service.invoices.keeping import NewDocument, keep_document, lock_account
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.i18n import N_, gettext
from abonent.kernel.ids import new_id
from abonent.kernel.work import UnitOfWork

_ACTS = """
SELECT e.no AS entry, d.id, d.no, d.day, d.period_from, d.period_to FROM billing_document d
JOIN billing_document_line l ON l.account_id = d.account_id AND l.document_id = d.id,
    unnest(l.entries) AS e (no)
WHERE d.account_id = $1 AND d.kind = 'act' AND d.replaced_by IS NULL AND d.state <> 'DRAFT'
    AND e.no = ANY($2::integer[])
"""
_OWED = """
SELECT coalesce(-sum(amount) FILTER (WHERE earned_on < $2), 0)::bigint AS opening,
    coalesce(-sum(amount) FILTER (WHERE earned_on < $3), 0)::bigint AS closing
FROM billing_earned WHERE account_id = $1
"""
_DONE = """
INSERT INTO billing_document_period (account_id, period_from, period_to) VALUES ($1, $2, $3)
"""
_DRAFT = """
INSERT INTO billing_document (account_id, id, kind, legal_entity_id, state, missing, day,
    period_from, period_to, amount, tax)
VALUES ($1, $2, $3, $4, 'DRAFT', $5, $6, $7, $8, $9, $10)
ON CONFLICT (account_id, kind, period_from)
    WHERE kind IN ('invoice', 'act') AND replaced_by IS NULL
DO UPDATE SET missing = excluded.missing, day = excluded.day, amount = excluded.amount,
    tax = excluded.tax
WHERE (billing_document.missing, billing_document.amount) <> (excluded.missing, excluded.amount)
"""
_FORGET_DRAFTS = "DELETE FROM billing_document WHERE account_id = $1 AND state = 'DRAFT'"


@dataclass(slots=True)
class Issued:
    """What came of it: documents with numbers, or the details that keep drafts from getting one."""

    documents: list[int] = field(default_factory=list)
    missing: tuple[str, ...] = ()
    periods: int = 0


@dataclass(frozen=True, slots=True)
class _Period:
    """What one period of an account is documented with."""

    period: Period
    lines: list[Line]
    due_on: date | None
    corrections: list[tuple[Any, list[Line]]]


async def issue_documents(
    number: str,
    *,
    by: Actor,
    buyer: Buyer,
    language: str,
    since: date | None = None,
    not_before: date | None = None,
) -> Issued:
    """Issue the documents of every period of an account that has ended and has none.

    `since` begins an account's first documents on that day instead of with the latest ended period;
    `not_before` is the day on which the account came to the buyer: days before are another's.
    Where details of a party are missing, drafts are left instead. Raises NothingToIssue,
    PeriodDocumented.
    """
    by.require("billing.invoice.issue")
    async with unit_of_work(by) as work:
        account = await account_id(work.connection, number)
        entity = await lock_account(work, account)
        (chain,) = await chains(work.connection, [account])
        opened = await opened_through(work.connection)
        issued = Issued(missing=missing_details(entity.requisites, buyer))
        for period in _periods(chain, opened, since, not_before or chain.since):
            found = await _read(work, account, period, language)
            issued.periods += 1
            if issued.missing:
                await _leave_drafts(work, account, entity, found, issued.missing)
            else:
                issued.documents += await _issue(
                    work, account, found, entity=entity, buyer=buyer, language=language
                )
        if issued.documents or not issued.missing:
            await work.connection.execute(_FORGET_DRAFTS, account)
    return issued


def _periods(chain: Chain, opened: date, since: date | None, not_before: date) -> Sequence[Period]:
    if since is not None and chain.done is not None and since != chain.done:
        raise PeriodDocumented(since, chain.done)
    first = max(chain.since, not_before)
    if since is not None and since < first:
        raise TooEarly("since", since, first)
    begun = chain.done or since
    if begun is not None:
        begun = max(begun, first)
    found = closed_periods(chain.history, since=begun, first=first, day=opened)
    if not found:
        present = period_on(chain.history, begun or opened)
        raise NothingToIssue(begun or present.start, present.end)
    return found


async def _read(work: UnitOfWork, account: int, period: Period, language: str) -> _Period:
    """What a period is documented with; entries of ended periods do not change any more."""
    here = await installation(work.connection)
    # One day more: what is charged after the period is posted on the day after it.
    read = await entries_of(
        work.connection, account, here.catalogue, since=period.start, until=period.end
    )
    postings = earned_within(read, period)
    earlier = {p.corrects for p in postings if p.corrects} - {p.no for p in postings}
    acts = {r["entry"]: r for r in await work.connection.fetch(_ACTS, account, sorted(earlier))}
    own, others = split_by_act(postings, {entry: act["id"] for entry, act in acts.items()})
    by_id = {act["id"]: act for act in acts.values()}
    corrections = [
        (by_id[act], lines_of(entries, language=language)) for act, entries in others.items()
    ]
    return _Period(period, lines_of(own, language=language), _due_on(own), corrections)


def _due_on(postings: Sequence[Posting]) -> date | None:
    """The day by which what was charged after the period is to be paid."""
    days = [p.due_on for p in postings if p.due_on and p.tariff and p.tariff.mode is Mode.ARREARS]
    return max(days, default=None)


async def _issue(
    work: UnitOfWork, account: int, found: _Period, *, entity: Entity, buyer: Buyer, language: str
) -> list[int]:
    # Drafts give their place to what stands in for them.
    await work.connection.execute(_FORGET_DRAFTS, account)
    period = found.period
    today = (await installation(work.connection)).day
    new: list[NewDocument] = []
    if any(line.amount for line in found.lines):
        last = date.fromordinal(period.end.toordinal() - 1)
        new.append(NewDocument(kind="act", day=last, period=period, lines=found.lines))
    for act, lines in found.corrections:
        span = Period(act["period_from"], act["period_to"])
        correcting = NewDocument(
            kind="correction", day=today, period=span, lines=lines, corrects=act["id"]
        )
        new.append(correcting)
    billed = _billed(found, language)
    if sum(line.amount for line in billed) > 0:
        owed = await work.connection.fetchrow(_OWED, account, *period)
        invoice = NewDocument(
            kind="invoice", day=today, period=period, lines=billed, due_on=found.due_on,
            opening=owed["opening"], closing=owed["closing"],
        )  # fmt: skip
        new.append(invoice)
    await work.connection.execute(_DONE, account, *period)
    return [await keep_document(work, account, one, entity=entity, buyer=buyer) for one in new]


def _billed(found: _Period, language: str) -> list[Line]:
    """The lines of the invoice: those of the act, and what corrections of earlier acts come to."""
    lines = list(found.lines)
    for act, corrected in found.corrections:
        name = gettext(
            N_("Correction of act no. {no} of {day}"), language, no=act["no"], day=act["day"]
        )
        lines += [
            Line(
                kind="correction",
                name=name,
                starts_on=act["period_from"],
                ends_on=act["period_to"],
                amount=tax.amount,
                tax_code=tax.code,
                tax_rate=tax.rate,
                tax=tax.tax,
            )
            for tax in tax_lines(corrected)
        ]
    return lines


async def _leave_drafts(
    work: UnitOfWork, account: int, entity: Entity, found: _Period, missing: tuple[str, ...]
) -> None:
    amount, tax = sum(e.amount for e in found.lines), sum(e.tax for e in found.lines)
    last = date.fromordinal(found.period.end.toordinal() - 1)
    if amount > 0:
        rows = [
            (account, new_id(), kind, entity.id, list(missing), last, *found.period, amount, tax)
            for kind in ("invoice", "act")
        ]
        await work.write(_DRAFT, rows)
