"""One batch of a file: payments with an account are taken, the others are kept for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from abonent.billing.queries.books import installation
from abonent.billing.queries.outside.files import Count, Summary
from abonent.billing.queries.outside.matching import (
    ContractAccounts,
    Match,
    Reason,
    match_all,
    payer_key,
)
from abonent.billing.rules.outside.agreement import Agreement
from abonent.billing.rules.outside.incoming import (
    Incoming,
    Other,
    OtherKind,
    Trouble,
    Wrong,
    known_by,
)
from abonent.billing.service.imports.payments import PaymentRow, take_payments
from abonent.billing.service.outside.parking import ToPark, park_all
from abonent.kernel.intake import Numbered
from abonent.kernel.work import UnitOfWork

TAKE = "billing.payment.take"
LONGEST_TEXT = 1000

# Two files of one agreement are taken one after the other, batch by batch.
_ONE_BY_ONE = "SELECT FROM billing_agreement WHERE id = $1 FOR NO KEY UPDATE"
_ROWS = """
INSERT INTO billing_outside_row (agreement_id, file_id, external_id, place, amount, paid_on, payer_key)
SELECT $1, $2, * FROM unnest($3::text[], $4::integer[], $5::bigint[], $6::date[], $7::bytea[])
ON CONFLICT DO NOTHING RETURNING external_id
"""
_PAYERS = """
INSERT INTO billing_outside_payer (agreement_id, external_id, payer, payer_account, payer_tax_id, purpose)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
ON CONFLICT DO NOTHING
"""
_TAKEN = """
SELECT k.external_id, k.amount, a.number FROM billing_inbox k
JOIN billing_account a ON a.account_id = k.account_id
WHERE k.source = $1 AND k.external_id = ANY($2::text[])
"""
_PARKED = """
SELECT external_id, amount FROM billing_parked_payment
WHERE source = $1 AND external_id = ANY($2::text[])
"""


def day_closed_to(incoming: Incoming, day: date) -> Trouble:
    """The trouble of a payment whose day has not come."""
    return Trouble(incoming.place, Wrong.DAY_NOT_OPEN, {"value": incoming.paid_on, "day": day})


async def decided(connection: Any, agreement: Agreement, matches: Sequence[Match]) -> set[str]:
    """The numbers of payments that were taken before, or wait or waited for a person.

    A payment that its file names for another account than it was taken to is not among them: that
    is a contradiction, to be told.
    """
    numbers = [match.incoming.external_id for match in matches]
    taken = {
        row["external_id"]: (row["amount"], row["number"])
        for row in await connection.fetch(_TAKEN, agreement.source, numbers)
    }
    parked = {
        (row["external_id"], row["amount"])
        for row in await connection.fetch(_PARKED, agreement.source, numbers)
    }
    found = set()
    for match in matches:
        incoming = match.incoming
        amount, number = taken.get(incoming.external_id, (None, None))
        same = amount == incoming.amount and incoming.account in {"", number}
        if same or (incoming.external_id, incoming.amount) in parked:
            found.add(incoming.external_id)
    return found


async def take_batch(
    work: UnitOfWork,
    agreement: Agreement,
    file: int,
    batch: Sequence[Incoming],
    summary: Summary,
    *,
    contracts: ContractAccounts,
) -> None:
    """Take a batch in the transaction at hand and count what came of it."""
    await work.connection.execute(_ONE_BY_ONE, agreement.id)
    day = (await installation(work.connection)).day
    ready = []
    for incoming in batch:
        summary.incoming.add(incoming.amount)
        if incoming.paid_on <= day:
            ready.append(incoming)
        else:
            summary.note(day_closed_to(incoming, day))
    await _keep_rows(work, agreement, file, ready)
    matches = await match_all(work.connection, agreement, ready, contracts)
    known = await decided(work.connection, agreement, matches)
    fresh = [match for match in matches if match.incoming.external_id not in known]
    for match in matches:
        if match.incoming.external_id in known:
            summary.recognise(match.incoming.place, match.incoming.amount)
    await _take(work, agreement, [match for match in fresh if match.account], summary)
    await _park(work, agreement, [match for match in fresh if match.reason], summary)


async def _take(
    work: UnitOfWork, agreement: Agreement, matches: Sequence[Match], summary: Summary
) -> None:
    rows = [
        Numbered(at, payment_row(agreement, match.account or "", match.incoming))
        for at, match in enumerate(matches)
    ]
    # Whoever may take a file takes its payments; the books name the same actor.
    actor = replace(work.by, rights=work.by.rights | {TAKE})
    outcome = await take_payments(rows, by=actor)
    refused = {reject.row for reject in outcome.rejects}
    for at, match in enumerate(matches):
        if at in refused:
            # The same number came with other contents: the intake has kept it for a person.
            summary.hold(match.incoming.place, match.incoming.amount, Reason.DIFFERS, match.named)
        else:
            summary.matched.add(match.incoming.amount)


def payment_row(agreement: Agreement, account: str, incoming: Incoming) -> PaymentRow:
    """A payment as the intake takes it."""
    return PaymentRow(
        account=account,
        amount=incoming.amount,
        date=incoming.paid_on,
        source=agreement.source,
        external_id=incoming.external_id,
    )


async def _park(
    work: UnitOfWork, agreement: Agreement, matches: Sequence[Match], summary: Summary
) -> None:
    parked = []
    for match in matches:
        incoming, reason = match.incoming, match.reason or Reason.NOBODY
        summary.hold(incoming.place, incoming.amount, reason, match.named)
        if reason is Reason.TWICE:
            value = {"value": incoming.external_id}
            summary.note(Trouble(incoming.place, Wrong.TWICE, value))
        parked.append(
            ToPark(incoming.external_id, match.named, incoming.amount, reason, incoming.paid_on)
        )
    await park_all(work, agreement.source, parked)


async def _keep_rows(
    work: UnitOfWork, agreement: Agreement, file: int, batch: Sequence[Incoming]
) -> None:
    """What the other side says, and beside it what is personal in that."""
    numbers = [incoming.external_id for incoming in batch]
    added = await work.connection.fetch(
        _ROWS, agreement.id, file, numbers, [i.place for i in batch], [i.amount for i in batch],
        [i.paid_on for i in batch], [payer_key(i.payer_account) for i in batch],
    )  # fmt: skip
    # What was told before may have been erased since: it does not come back.
    fresh = {row["external_id"] for row in added}
    batch = [incoming for incoming in batch if incoming.external_id in fresh]
    told = ("payer", "payer_account", "payer_tax_id", "purpose")
    columns = [[_clean(getattr(incoming, name)) for incoming in batch] for name in told]
    await work.connection.execute(
        _PAYERS, agreement.id, [incoming.external_id for incoming in batch], *columns
    )


async def note_taken_back(
    work: UnitOfWork, agreement: Agreement, others: Sequence[Other], summary: Summary
) -> None:
    """Keep for a person what the bank took back: which payment it was is not guessed."""
    parked = []
    for other in others:
        if other.kind is not OtherKind.TAKEN_BACK:
            continue
        number = other.reference or known_by("back", other.day, other.place, other.amount)
        parked.append(ToPark(number, "", other.amount, Reason.TAKEN_BACK, other.day))
        summary.unmatched.setdefault(Reason.TAKEN_BACK, Count()).add(other.amount)
    await park_all(work, agreement.source, parked)


def _clean(text: str) -> str:
    """Text as the database can hold it."""
    return text.replace("\x00", "")[:LONGEST_TEXT]
