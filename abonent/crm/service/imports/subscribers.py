"""Subscribers from a file: people, contracts, accounts with their services and how they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from abonent.billing.queries.books import Installation, installation
from abonent.billing.rules.takeover import Standing
from abonent.billing.service.books import DAY_LOCK
from abonent.billing.service.imports.accounts import (
    TakenAccount,
    known_numbers,
    place_ids,
    write_accounts,
)
from abonent.billing.service.imports.fingerprints import (
    fingerprint,
    known_rows,
    remember_rows,
    take_turns,
)
from abonent.crm.rules.people import Address, address_key, name_key, phone_digits
from abonent.crm.service.imports.rows import SubscriberRow, WrongColumn, standing_of
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_ids
from abonent.kernel.intake import Numbered, Outcome, reject
from abonent.kernel.work import UnitOfWork

KIND = "subscribers"

_SHARE_DAY = "SELECT pg_advisory_xact_lock_shared($1)"
_CONTRACTS = """
SELECT DISTINCT ON (c.number) c.number, c.id, s.name_key FROM crm_contract c
JOIN crm_subscriber s ON s.id = c.subscriber_id WHERE c.number = ANY($1::text[])
ORDER BY c.number, c.id
"""
_ENTITY = (
    "SELECT id FROM billing_legal_entity WHERE $1::text IS NULL OR code = $1 ORDER BY id LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class _Fit:
    """A row that may be taken, with what its columns mean together."""

    number: int
    row: SubscriberRow
    standing: Standing


async def take_subscribers(
    rows: Sequence[Numbered[SubscriberRow]], *, by: Actor, legal_entity: str | None = None
) -> Outcome:
    """Take subscribers over with their accounts, in one act: what fits is taken, the rest named.

    An account that is there with the same row is left as it is. The accounts belong to one legal
    entity of the provider, the first one unless told.
    """
    by.require("billing.account.edit")
    by.require("crm.subscriber.edit")
    outcome = Outcome()
    async with unit_of_work(by) as work:
        await take_turns(work.connection)
        await work.connection.execute(_SHARE_DAY, DAY_LOCK)
        here = await installation(work.connection)
        new = await _unknown(work, rows, outcome)
        fitting = [fit for fit in (_fit(r, here, outcome) for r in new) if fit]
        contracts = await _contracts(work, fitting)
        fitting = list(_of_one_subscriber(fitting, contracts, outcome))
        if fitting:
            await _write(work, fitting, contracts, here, legal_entity)
            await work.audit("crm:subscribers:imported", KIND, after={"rows": len(fitting)})
    outcome.taken = len(fitting)
    return outcome


async def _unknown(
    work: UnitOfWork, rows: Sequence[Numbered[SubscriberRow]], outcome: Outcome
) -> list[Numbered[SubscriberRow]]:
    """Rows whose account is new, the first of each number."""
    numbers = [r.row.account for r in rows]
    taken = await known_numbers(work.connection, numbers)
    before = await known_rows(work.connection, KIND, numbers)
    fresh: list[Numbered[SubscriberRow]] = []
    for numbered in rows:
        key, digest = numbered.row.account, fingerprint(numbered.row)
        if before.get(key) == digest:
            outcome.unchanged += 1
        elif key in taken or key in before:
            outcome.rejects.append(
                reject(
                    numbered.number, "account", key,
                    N_("Account {value} is there already, with other content."),
                )
            )  # fmt: skip
        else:
            before[key] = digest
            fresh.append(numbered)
    return fresh


def _fit(numbered: Numbered[SubscriberRow], here: Installation, outcome: Outcome) -> _Fit | None:
    try:
        standing = standing_of(numbered.row, here)
    except WrongColumn as wrong:
        value = getattr(numbered.row, wrong.column)
        outcome.rejects.append(
            reject(numbered.number, wrong.column, value or "", wrong.message, **wrong.params)
        )
        return None
    return _Fit(numbered.number, numbered.row, standing)


async def _contracts(work: UnitOfWork, fitting: list[_Fit]) -> dict[str, tuple[int, str]]:
    """Contracts that are there: number to id and the key of the subscriber's name."""
    wanted = [_contract(fit.row) for fit in fitting]
    rows = await work.connection.fetch(_CONTRACTS, wanted)
    return {row["number"]: (row["id"], row["name_key"]) for row in rows}


def _contract(row: SubscriberRow) -> str:
    return row.contract or row.account


def _of_one_subscriber(
    fitting: list[_Fit], contracts: dict[str, tuple[int, str]], outcome: Outcome
) -> Iterator[_Fit]:
    """Several accounts may share a contract, but a contract has one subscriber."""
    holders = {number: key for number, (_, key) in contracts.items()}
    for fit in fitting:
        key = name_key(fit.row.name)
        if holders.setdefault(_contract(fit.row), key) == key:
            yield fit
        else:
            message = N_("Contract {value} belongs to another subscriber.")
            rejection = reject(fit.number, "contract", _contract(fit.row), message)
            outcome.rejects.append(rejection)


async def _write(
    work: UnitOfWork,
    fitting: list[_Fit],
    contracts: dict[str, tuple[int, str]],
    here: Installation,
    legal_entity: str | None,
) -> None:
    rows = [fit.row for fit in fitting]
    places = await place_ids(work.connection, ((r.district, r.street, r.house) for r in rows))
    accounts = [
        TakenAccount(
            number=fit.row.account,
            place=places[fit.row.district, fit.row.street, fit.row.house],
            since=min(fit.row.contract_date or here.day, here.day),
            standing=fit.standing,
            legal_entity=legal_entity,
        )
        for fit in fitting
    ]
    ids = await write_accounts(work, accounts, here=here)
    entity = await work.connection.fetchval(_ENTITY, legal_entity)
    await _write_people(work, rows, contracts, day=here.day, entity=entity)
    faces = [
        (
            ids[r.account], r.account, contracts[_contract(r)][0],
            places[r.district, r.street, r.house], r.flat,
            address_key(Address(r.district, r.street, r.house, r.flat)),
        )
        for r in rows
    ]  # fmt: skip
    await work.connection.copy_records_to_table(
        "crm_account",
        records=faces,
        columns=["account_id", "number", "contract_id", "place_id", "flat", "address_key"],
    )
    await remember_rows(work.connection, KIND, {r.account: fingerprint(r) for r in rows})


async def _write_people(
    work: UnitOfWork,
    rows: list[SubscriberRow],
    contracts: dict[str, tuple[int, str]],
    *,
    day: date,
    entity: int,
) -> None:
    """Write the subscribers and contracts that are new; `contracts` learns their ids."""
    first = {_contract(row): row for row in reversed(rows)}
    new = [(number, row) for number, row in first.items() if number not in contracts]
    people, signed = new_ids(len(new)), new_ids(len(new))
    subscribers = [
        (made, r.kind, r.name, name_key(r.name), r.tax_id, phone_digits(r.phone), r.email)
        for made, (_, r) in zip(people, new, strict=True)
    ]
    papers = [
        (made, number, r.contract_date or day, person, entity)
        for made, person, (number, r) in zip(signed, people, new, strict=True)
    ]
    copy = work.connection.copy_records_to_table
    await copy(
        "crm_subscriber",
        records=subscribers,
        columns=["id", "kind", "name", "name_key", "tax_id", "phone", "email"],
    )
    await copy(
        "crm_contact",
        records=list(_contacts(subscribers)),
        columns=["id", "subscriber_id", "kind", "value", "main"],
    )
    await copy(
        "crm_contract",
        records=papers,
        columns=["id", "number", "signed_on", "subscriber_id", "legal_entity_id"],
    )
    contracts |= {
        number: (made, name_key(r.name)) for made, (number, r) in zip(signed, new, strict=True)
    }


def _contacts(subscribers: list[tuple[Any, ...]]) -> Iterator[tuple[int, int, str, str, bool]]:
    """The main phone and e-mail of each."""
    found = [
        (row[0], kind, value)
        for row in subscribers
        for kind, value in (("phone", row[5]), ("email", row[6]))
        if value
    ]
    for made, (subscriber, kind, value) in zip(new_ids(len(found)), found, strict=True):
        yield made, subscriber, kind, value, True
