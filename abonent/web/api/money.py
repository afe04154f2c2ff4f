"""Calls that move money: payments, reversals, fees, refunds."""

from __future__ import annotations

from abonent.billing.errors import NotOnAccount, PaymentDiffers
from abonent.billing.service import payments
from abonent.billing.service.cash.taking import take_back
from abonent.billing.service.outside.parking import park_differing
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import DomainError, FieldError, Malformed
from abonent.kernel.i18n import N_
from abonent.web.api.answers import PaymentAnswer
from abonent.web.api.book_answers import EntryAnswer
from abonent.web.api.inputs import Because, NewFee, NewRefund, Payment
from abonent.web.api.operations import (
    ACCOUNT,
    ACTS,
    Asked,
    Operation,
)
from abonent.web.api.views import account_of, entry_answer, entry_id, entry_no


async def take_payment(asked: Asked[Payment]) -> PaymentAnswer:
    """Take a payment once per source and external id."""
    given = asked.given
    taken = await payments.take_payment(
        asked.number,
        by=asked.by,
        amount=given.amount,
        source=given.source,
        external_id=given.external_id,
        paid_on=given.paid_on,
        settles=_settled(asked.number, given.settles),
    )
    return PaymentAnswer(
        id=entry_id(asked.number, taken.entry_no), account=account_of(taken.loaded)
    )


async def _park(asked: Asked[Payment], error: DomainError) -> None:
    """A payment known with other content waits for a person; it is never guessed."""
    if isinstance(error, PaymentDiffers):
        given = asked.given
        async with unit_of_work(asked.by) as work:
            await park_differing(
                work, asked.number, source=given.source, external_id=given.external_id,
                amount=given.amount,
            )  # fmt: skip


def _settled(number: str, entries: list[str]) -> tuple[int, ...]:
    numbers = [(place, text, entry_no(number, text)) for place, text in enumerate(entries)]
    wrong = [
        FieldError(f"settles.{place}", text, N_("It is no entry of this account."))
        for place, text, no in numbers
        if no is None
    ]
    if wrong:
        raise Malformed(*wrong)
    return tuple(no for _place, _text, no in numbers if no is not None)


async def reverse_payment(asked: Asked[Because]) -> PaymentAnswer:
    """Take a payment back by a correcting entry."""
    text = asked.path["payment"]
    no = entry_no(asked.number, text)
    if no is None:
        raise NotOnAccount("payment", text)
    taken = await take_back(asked.number, no, by=asked.by, reason=asked.given.reason)
    return PaymentAnswer(
        id=entry_id(asked.number, taken.entry_no), account=account_of(taken.loaded)
    )


async def charge_fee(asked: Asked[NewFee]) -> EntryAnswer:
    """Charge a one-off fee."""
    given = asked.given
    taken = await payments.charge_fee(
        asked.number,
        by=asked.by,
        amount=given.amount,
        kind=given.kind,
        reason=given.reason,
        into_debt=given.into_debt,
    )
    return entry_answer(taken.loaded, taken.entry_no, by=asked.by)


async def refund(asked: Asked[NewRefund]) -> EntryAnswer:
    """Pay the subscriber's own unspent money back."""
    taken = await payments.refund(
        asked.number, by=asked.by, amount=asked.given.amount, method=asked.given.method
    )
    return entry_answer(taken.loaded, taken.entry_no, by=asked.by)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="POST",
        path=f"{ACCOUNT}/payments",
        name="take_payment",
        summary="Take a payment, once per source and external id",
        right="billing.payment.take",
        do=take_payment,
        refused=_park,
        given=Payment,
        answer=PaymentAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/payments/{{payment}}/reversal",
        name="reverse_payment",
        summary="Take a payment back by a correcting entry",
        right="billing.payment.reverse",
        do=reverse_payment,
        given=Because,
        answer=PaymentAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/fees",
        name="charge_fee",
        summary="Charge a one-off fee",
        right="billing.fee.charge",
        do=charge_fee,
        given=NewFee,
        answer=EntryAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/refunds",
        name="refund",
        summary="Pay the subscriber's own unspent money back",
        right="billing.refund.give",
        do=refund,
        given=NewRefund,
        answer=EntryAnswer,
        refusals=ACTS,
    ),
)
