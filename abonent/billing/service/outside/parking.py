"""Keeping what nobody could match, for a person to decide; the same thing is kept once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from abonent.billing.queries.outside.matching import Reason
from abonent.kernel import clock
from abonent.kernel.ids import new_ids
from abonent.kernel.work import UnitOfWork

_PARK = """
INSERT INTO billing_parked_payment (id, source, external_id, account, amount, reason, paid_on,
    agreement_id, received_at)
SELECT i.id, $9, i.external_id, i.account, i.amount, i.reason, i.paid_on,
    (SELECT id FROM billing_agreement WHERE source = $9), $8
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::date[], $7::integer[])
    AS i (id, external_id, account, amount, reason, paid_on, no)
ORDER BY i.no
ON CONFLICT (source, external_id, account, amount, reason) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class ToPark:
    """A payment for a person; `account` is what it names, right or wrong."""

    external_id: str
    account: str
    amount: int
    reason: Reason
    paid_on: date | None = None


async def park_all(work: UnitOfWork, source: str, parked: Sequence[ToPark]) -> None:
    """Keep payments of a source, in their order."""
    if not parked:
        return
    columns: list[list[Any]] = [
        list(new_ids(len(parked))),
        [one.external_id for one in parked],
        [one.account[:128] for one in parked],
        [one.amount for one in parked],
        [one.reason.value for one in parked],
        [one.paid_on for one in parked],
        list(range(len(parked))),
    ]
    await work.connection.execute(_PARK, *columns, clock.now(), source)


async def park_differing(
    work: UnitOfWork, number: str, *, source: str, external_id: str, amount: int
) -> None:
    """Keep a payment whose source and external id are known with another account or amount."""
    await park_all(work, source, [ToPark(external_id, number, amount, Reason.DIFFERS)])
