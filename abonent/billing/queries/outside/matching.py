"""Whose account each payment of a file is for: by its own column, its words, its payer, its number."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from abonent.billing.rules.outside.agreement import Agreement
from abonent.billing.rules.outside.incoming import Incoming
from abonent.billing.rules.outside.purpose import Named, is_somebodys, numbers_named
from abonent.kernel.i18n import N_

_NUMBERS = """
SELECT n.number, a.legal_entity_id, a.state
FROM billing_account_number n JOIN billing_account a ON a.account_id = n.account_id
WHERE n.number = ANY($1::text[])
"""
_PAYERS = """
SELECT r.payer_key, a.number FROM billing_payer_rule r
JOIN billing_account a ON a.account_id = r.account_id
WHERE r.payer_key = ANY($1::bytea[])
"""
_COMPANY_TAX_ID = 10

ContractAccounts = Callable[[Any, Sequence[str]], Awaitable[Mapping[str, list[str]]]]
"""Answers, on a connection, the account numbers of each contract; people's contracts lie above."""


class Reason(StrEnum):
    """Why a payment waits for a person."""

    DIFFERS = "differs"
    TWICE = "twice"
    NOBODY = "nobody"
    NO_ACCOUNT = "no_account"
    SEVERAL = "several"
    ENDED = "ended"
    COMPANY = "company"
    OTHER_ENTITY = "other_entity"
    TAKEN_BACK = "taken_back"
    PART_REFUNDED = "part_refunded"


REASON_NAMES = {
    Reason.DIFFERS: N_("known with other contents"),
    Reason.TWICE: N_("stands in the file twice"),
    Reason.NOBODY: N_("names no account"),
    Reason.NO_ACCOUNT: N_("there is no such account"),
    Reason.SEVERAL: N_("several accounts fit"),
    Reason.ENDED: N_("the account has ended"),
    Reason.COMPANY: N_("a company names no contract"),
    Reason.OTHER_ENTITY: N_("the account belongs to another company of ours"),
    Reason.TAKEN_BACK: N_("the bank took it back"),
    Reason.PART_REFUNDED: N_("paid back in part"),
}


@dataclass(frozen=True, slots=True)
class Match:
    """A payment with its account's number, or the reason why nobody can tell it.

    `named` is what it names as its account, right or wrong.
    """

    incoming: Incoming
    account: str | None
    reason: Reason | None
    named: str = ""


@dataclass(frozen=True, slots=True)
class _Account:
    legal_entity: int
    state: str


def payer_key(bank_account: str) -> bytes | None:
    """The digest under which one payer's bank account is remembered; None for a bank's own."""
    if not is_somebodys(bank_account):
        return None
    return hashlib.sha256(bank_account.encode()).digest()[:16]


async def match_all(
    connection: Any,
    agreement: Agreement,
    batch: Sequence[Incoming],
    contracts: ContractAccounts,
) -> list[Match]:
    """Match a batch in three statements, whatever its size."""
    named = [_named(agreement, incoming) for incoming in batch]
    asked = {number for one in named for number in one.contracts}
    by_contract = await contracts(connection, sorted(asked)) if asked else {}
    keys = {key for incoming in batch if (key := payer_key(incoming.payer_account))}
    rules = await connection.fetch(_PAYERS, sorted(keys)) if keys else []
    by_payer = {bytes(row["payer_key"]): row["number"] for row in rules}
    wanted = {number for one in named for number in (*one.accounts, *one.bare)}
    wanted |= {number for found in by_contract.values() for number in found}
    wanted |= set(by_payer.values())
    rows = await connection.fetch(_NUMBERS, sorted(wanted)) if wanted else []
    known = {row["number"]: _Account(row["legal_entity_id"], row["state"]) for row in rows}
    return [
        _match(agreement, incoming, one, _Known(known, by_contract, by_payer))
        for incoming, one in zip(batch, named, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Known:
    accounts: Mapping[str, _Account]
    by_contract: Mapping[str, list[str]]
    by_payer: Mapping[bytes, str]


def _named(agreement: Agreement, incoming: Incoming) -> Named:
    if incoming.account:
        return Named(accounts=(incoming.account,))
    return numbers_named(incoming.purpose, agreement.terms.recognition)


def _match(agreement: Agreement, incoming: Incoming, named: Named, known: _Known) -> Match:
    if incoming.ordinal > 1:
        return Match(incoming, None, Reason.TWICE, _first(named))
    told = {number for number in named.accounts if number in known.accounts}
    told |= {n for contract in named.contracts for n in known.by_contract.get(contract, ())}
    if named.accounts or named.contracts:
        missing = Reason.NO_ACCOUNT
    else:
        rule = known.by_payer.get(payer_key(incoming.payer_account) or b"")
        told = {rule} if rule else {n for n in named.bare if n in known.accounts}
        company = len(incoming.payer_tax_id) == _COMPANY_TAX_ID
        missing = Reason.COMPANY if company else Reason.NOBODY
    if len(told) != 1:
        reason = Reason.SEVERAL if told else missing
        return Match(incoming, None, reason, _first(named))
    (number,) = told
    return _checked(agreement, Match(incoming, number, None, number), known.accounts.get(number))


def _checked(agreement: Agreement, match: Match, account: _Account | None) -> Match:
    """An account that has ended, or is another company's, is for a person to decide."""
    if account is None:
        return Match(match.incoming, None, Reason.NO_ACCOUNT, match.named)
    if account.legal_entity != agreement.legal_entity_id:
        return Match(match.incoming, None, Reason.OTHER_ENTITY, match.named)
    if account.state == "ended":
        return Match(match.incoming, None, Reason.ENDED, match.named)
    return match


def _first(named: Named) -> str:
    return next(iter((*named.accounts, *named.contracts, *named.bare)), "")
