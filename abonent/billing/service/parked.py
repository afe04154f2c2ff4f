"""Payments that wait for a person: parked when their key is known with other content, then settled."""

from __future__ import annotations

from abonent.billing.queries.outside.matching import Reason
from abonent.billing.service.outside.parking import ToPark, park_all
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Conflict, Malformed, NotFound
from abonent.kernel.i18n import N_
from abonent.kernel.work import UnitOfWork

LONGEST_REMARK = 1000

_ROW = """
SELECT source, external_id, account, amount, settled_at FROM billing_parked_payment
WHERE id = $1 FOR UPDATE
"""
_SETTLE = "UPDATE billing_parked_payment SET settled_at = $2 WHERE id = $1"


async def park(
    work: UnitOfWork, number: str, *, source: str, external_id: str, amount: int
) -> None:
    """Keep a payment whose source and external id are known with another account or amount.

    The same one again is kept once.
    """
    await park_all(work, source, [ToPark(external_id, number, amount, Reason.DIFFERS)])


async def settle_parked(parked: int, *, by: Actor, remark: str) -> None:
    """Take a disputed payment off the list; `remark` says what was found and done.

    It moves no money: what is owed to the payer is entered as any other payment. Raises NotFound,
    Conflict when somebody settled it before, Malformed without a remark.
    """
    by.require("billing.payment.take")
    remark = remark.strip()
    if not remark or len(remark) > LONGEST_REMARK:
        raise Malformed.of("remark", remark, N_("Say in a few words what was found and done."))
    async with unit_of_work(by) as work:
        row = await work.connection.fetchrow(_ROW, parked)
        if row is None:
            raise NotFound("NOT_FOUND", N_("There is no such disputed payment."), value=parked)
        if row["settled_at"] is not None:
            raise Conflict(
                "SETTLED", N_("Somebody settled this payment at {at}."), at=row["settled_at"]
            )
        await work.connection.execute(_SETTLE, parked, clock.now())
        before = {name: row[name] for name in ("source", "external_id", "account", "amount")}
        await work.audit(
            "billing:parked:settled", str(parked), before=before, personal={"remark": remark}
        )
