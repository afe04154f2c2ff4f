"""Erasing what payers wrote: the money and its numbers stay."""

from __future__ import annotations

from abonent.billing.queries.books import account_id
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work

_ERASE = """
DELETE FROM billing_outside_payer y USING billing_agreement g, billing_inbox k
WHERE g.id = y.agreement_id AND k.source = g.source AND k.external_id = y.external_id
    AND k.account_id = $1
RETURNING y.external_id
"""
_RULES = "DELETE FROM billing_payer_rule WHERE account_id = $1"


async def erase_payers(number: str, *, by: Actor) -> int:
    """Erase names, bank accounts and purposes of an account's payments; answers how many.

    152-FZ and GDPR: a person may demand it; that it was done is audited.
    """
    by.require("billing.account.edit")
    async with unit_of_work(by) as work:
        account = await account_id(work.connection, number)
        erased = len(await work.connection.fetch(_ERASE, account))
        await work.connection.execute(_RULES, account)
        await work.audit(
            "billing:payers:erased", number, account_id=account, after={"rows": erased}
        )
    return erased
