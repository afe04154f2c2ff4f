"""Whose a payment without an account may be: contracts, slips of a digit, payers and names alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from abonent.billing.queries.outside.unmatched import Unmatched, payer_accounts
from abonent.billing.rules.outside.purpose import near_numbers, numbers_named
from abonent.crm.search import accounts_named
from abonent.kernel.actor import Actor
from abonent.kernel.db import transaction
from abonent.kernel.i18n import N_

MOST = 5
"""Proposals: as many as keys pick."""
LEAST_NAME = 4
_CONTRACTS = """
SELECT c.number AS contract, a.number FROM crm_contract c
JOIN crm_account a ON a.contract_id = c.id
WHERE c.number = ANY($1::text[]) ORDER BY a.number
"""
_FACES = """
SELECT b.number, b.balance, b.state, b.legal_entity_id, coalesce(r.name, '') AS name,
    coalesce(r.street, '') AS street, coalesce(r.house, '') AS house, coalesce(r.flat, '') AS flat
FROM billing_account_number n JOIN billing_account b USING (account_id)
LEFT JOIN crm_register r USING (account_id)
WHERE n.number = ANY($1::text[])
"""
_COMPANIES = """
SELECT a.number FROM crm_subscriber s
JOIN crm_contract c ON c.subscriber_id = s.id JOIN crm_account a ON a.contract_id = c.id
WHERE s.kind = 'company' AND s.tax_id = $1
ORDER BY a.number LIMIT 5
"""


class WhyThis(StrEnum):
    """Why an account is proposed, the surest reason first."""

    NAMED = "named"
    CONTRACT = "contract"
    PAID_BEFORE = "paid_before"
    TAX_ID = "tax_id"
    SLIP = "slip"
    NAME = "name"


WHY_THIS = {
    WhyThis.NAMED: N_("named in the purpose"),
    WhyThis.CONTRACT: N_("by its contract"),
    WhyThis.PAID_BEFORE: N_("this payer paid for it before"),
    WhyThis.TAX_ID: N_("the tax number is the payer's"),
    WhyThis.SLIP: N_("one digit differs"),
    WhyThis.NAME: N_("the name is alike"),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """An account that a payment may be for."""

    number: str
    name: str
    street: str
    house: str
    flat: str
    balance: int
    state: str
    why: WhyThis


async def accounts_of_contracts(connection: Any, contracts: Sequence[str]) -> dict[str, list[str]]:
    """The account numbers of each contract."""
    found: dict[str, list[str]] = {}
    for row in await connection.fetch(_CONTRACTS, list(contracts)):
        found.setdefault(row["contract"], []).append(row["number"])
    return found


async def propose_accounts(payment: Unmatched, *, by: Actor) -> list[Proposal]:
    """Up to five accounts that a payment may be for, the likeliest first."""
    by.require("billing.payment.settle")
    async with transaction() as connection:
        whys = await _whys(connection, payment)
        faces = {row["number"]: row for row in await connection.fetch(_FACES, list(whys))}
    order = list(WhyThis)
    known = sorted(
        (number for number in whys if number in faces),
        key=lambda number: (order.index(whys[number]), number),
    )
    return [_proposal(faces[number], whys[number]) for number in known[:MOST]]


async def _whys(connection: Any, payment: Unmatched) -> dict[str, WhyThis]:
    """Account numbers with the surest reason for each."""
    named = numbers_named(payment.purpose, payment.recognition)
    told = [number for number in (payment.account, *named.accounts, *named.bare) if number]
    whys: dict[str, WhyThis] = dict.fromkeys(told, WhyThis.NAMED)
    asked = [number for number in (*named.contracts, payment.account) if number]
    for numbers in (await accounts_of_contracts(connection, asked)).values():
        _add(whys, numbers, WhyThis.CONTRACT)
    _add(whys, await payer_accounts(connection, payment), WhyThis.PAID_BEFORE)
    if payment.payer_tax_id:
        rows = await connection.fetch(_COMPANIES, payment.payer_tax_id)
        _add(whys, [row["number"] for row in rows], WhyThis.TAX_ID)
    _add(whys, [near for number in told for near in near_numbers(number)], WhyThis.SLIP)
    payer = payment.payer.partition("//")[0]
    if len(payer) >= LEAST_NAME:
        _add(whys, await accounts_named(payer, most=MOST), WhyThis.NAME)
    return whys


def _add(whys: dict[str, WhyThis], numbers: Sequence[str], why: WhyThis) -> None:
    for number in numbers:
        whys.setdefault(number, why)


def _proposal(row: Any, why: WhyThis) -> Proposal:
    return Proposal(
        row["number"], row["name"], row["street"], row["house"], row["flat"], row["balance"],
        row["state"], why,
    )  # fmt: skip
