"""Ways to reach a subscriber: added, corrected, made the main one, confirmed, removed, revealed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from abonent.crm.errors import AlreadyThere
from abonent.crm.rules.people import phone_digits
from abonent.crm.service.holders import Holder, changed_fields, holder_of, locked
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.texts import given_text
from abonent.kernel.work import UnitOfWork

LONGEST = 200
_EMAIL = re.compile(r"""[^@\s,;:<>()\[\]"\\]+@[^@\s,;:<>()\[\]"\\]+\.[^@\s.,;:<>()\[\]"\\]+""")
"""One address: what stands between several of them is in none."""

_OF = """
SELECT id, kind, value, label, main, confirmed_at, version FROM crm_contact
WHERE id = $1 AND subscriber_id = $2 AND removed_at IS NULL FOR UPDATE
"""
_SAME = """
SELECT 1 FROM crm_contact
WHERE subscriber_id = $1 AND kind = $2 AND value = $3 AND id <> $4 AND removed_at IS NULL
"""
_ALONE = """
SELECT NOT EXISTS (SELECT 1 FROM crm_contact WHERE subscriber_id = $1 AND kind = $2 AND main)
"""
_LOCK_OWNER = "SELECT 1 FROM crm_subscriber WHERE id = $1 FOR UPDATE"
_ADD = """
INSERT INTO crm_contact (id, subscriber_id, kind, value, label, main) VALUES ($1, $2, $3, $4, $5, $6)
"""
_CHANGE = """
UPDATE crm_contact SET value = $2, label = $3, main = $4, confirmed_at = $5, version = version + 1
WHERE id = $1
"""
_NOT_MAIN = """
UPDATE crm_contact SET main = false, version = version + 1
WHERE subscriber_id = $1 AND kind = $2 AND main AND id <> $3
"""
_REMOVE = """
UPDATE crm_contact SET removed_at = $2, main = false, version = version + 1 WHERE id = $1
"""
_NEXT_MAIN = """
UPDATE crm_contact SET main = true, version = version + 1 WHERE id = (
    SELECT id FROM crm_contact WHERE subscriber_id = $1 AND kind = $2 AND removed_at IS NULL
    ORDER BY confirmed_at NULLS LAST, id LIMIT 1)
"""
_KEEP_IN_STEP = """
UPDATE crm_subscriber s SET
    phone = coalesce((SELECT value FROM crm_contact WHERE subscriber_id = s.id AND kind = 'phone'
        AND main), ''),
    email = coalesce((SELECT value FROM crm_contact WHERE subscriber_id = s.id AND kind = 'email'
        AND main), '')
WHERE id = $1
"""


class ContactKind(StrEnum):
    """By what a subscriber is reached."""

    PHONE = "phone"
    EMAIL = "email"
    MESSENGER = "messenger"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """A contact as it was typed; a phone may be written in any way."""

    kind: ContactKind
    value: str
    label: str = ""
    main: bool = False
    confirmed: bool = False


def check_contact(kind: ContactKind, value: str, *, field: str = "value") -> str:
    """Answer a contact as it is kept; raises Malformed saying what is expected."""
    text = value.strip()
    if kind is ContactKind.PHONE:
        digits = phone_digits(text)
        if not 5 <= len(digits) <= 15 or any(letter.isalpha() for letter in text):
            wrong = N_("“{given}” is not a phone number: 5 to 15 digits are expected.")
            raise Malformed.of(field, value, wrong, given=value)
        return digits
    if kind is ContactKind.EMAIL and not _EMAIL.fullmatch(text):
        wrong = N_("“{given}” is not an e-mail address such as a@b.ru.")
        raise Malformed.of(field, value, wrong, given=value)
    return given_text(field, text, longest=LONGEST)


def check_reach_typed(text: str, *, field: str) -> str:
    """Answer one phone or one e-mail address, whichever was typed; raises Malformed for several."""
    return check_contact(ContactKind.EMAIL if "@" in text else ContactKind.PHONE, text, field=field)


async def add_contact(number: str, *, by: Actor, new: NewContact) -> int:
    """Add a contact of the account's subscriber; the first of its kind becomes the main one."""
    by.require("crm.subscriber.edit")
    value = check_contact(new.kind, new.value)
    async with unit_of_work(by) as work:
        holder = await _holder(work, number)
        made = new_id()
        await _not_twice(work, holder, new.kind, value, made)
        main = new.main or await work.connection.fetchval(_ALONE, holder.subscriber_id, new.kind)
        if main:
            await work.connection.execute(_NOT_MAIN, holder.subscriber_id, new.kind, made)
        row = (made, holder.subscriber_id, new.kind, value, new.label.strip(), main)
        await work.connection.execute(_ADD, *row)
        if new.confirmed:
            now = clock.now()
            await work.connection.execute(_CHANGE, made, value, new.label.strip(), main, now)
        await _settle(work, holder, "added", made, after={"kind": new.kind, "main": main})
    return made


async def change_contact(
    number: str, contact: int, *, by: Actor, seen: int | None, new: NewContact
) -> None:
    """Correct a contact; another value has to be confirmed anew.

    `seen` is the version that was read. Raises NotOnCard, ChangedMeanwhile, AlreadyThere.
    """
    by.require("crm.subscriber.edit")
    value = check_contact(new.kind, new.value)
    async with unit_of_work(by) as work:
        holder = await _holder(work, number)
        row = await _locked(work, holder, contact, seen)
        await _not_twice(work, holder, new.kind, value, contact)
        main = new.main or row["main"]
        if main:
            await work.connection.execute(_NOT_MAIN, holder.subscriber_id, row["kind"], contact)
        kept = row["confirmed_at"] if row["value"] == value else None
        confirmed = (kept or clock.now()) if new.confirmed else None
        label = new.label.strip()
        await work.connection.execute(_CHANGE, contact, value, label, main, confirmed)
        after = {"value": value, "label": label, "main": main, "confirmed_at": confirmed}
        fields = {"fields": changed_fields(row, after)}
        was = {"value": row["value"], "label": row["label"]}
        await _settle(work, holder, "changed", contact, after=fields, personal=was)


async def make_main_contact(number: str, contact: int, *, by: Actor) -> None:
    """Make a contact the main one of its kind. Raises NotOnCard."""
    by.require("crm.subscriber.edit")
    async with unit_of_work(by) as work:
        holder = await _holder(work, number)
        row = await _locked(work, holder, contact, None)
        if row["main"]:
            return
        await work.connection.execute(_NOT_MAIN, holder.subscriber_id, row["kind"], contact)
        kept = (row["value"], row["label"], True, row["confirmed_at"])
        await work.connection.execute(_CHANGE, contact, *kept)
        await _settle(work, holder, "changed", contact, after={"fields": ["main"]})


async def remove_contact(number: str, contact: int, *, by: Actor, seen: int | None = None) -> None:
    """Take a contact off the card; the row stays. Another of its kind becomes the main one."""
    by.require("crm.subscriber.edit")
    async with unit_of_work(by) as work:
        holder = await _holder(work, number)
        row = await _locked(work, holder, contact, seen)
        await work.connection.execute(_REMOVE, contact, clock.now())
        if row["main"]:
            await work.connection.execute(_NEXT_MAIN, holder.subscriber_id, row["kind"])
        after = {"kind": row["kind"]}
        await _settle(work, holder, "removed", contact, after=after)


async def reveal_contact(number: str, contact: int, *, by: Actor) -> str:
    """Answer the whole value of a contact; who looked is kept in the audit."""
    by.require("crm.contact.view")
    async with unit_of_work(by) as work:
        holder = await holder_of(work.connection, number)
        row = await _locked(work, holder, contact, None)
        await work.audit(
            "crm:contact:revealed",
            f"contact:{contact}",
            account_id=holder.account_id,
            after={"kind": row["kind"], "subscriber": holder.subscriber_id},
        )
    return str(row["value"])


async def _holder(work: UnitOfWork, number: str) -> Holder:
    """The subscriber's row is locked: which contact is the main one is decided one by one."""
    holder = await holder_of(work.connection, number)
    await work.connection.execute(_LOCK_OWNER, holder.subscriber_id)
    return holder


async def _locked(
    work: UnitOfWork, holder: Holder, contact: int, seen: int | None
) -> dict[str, Any]:
    keys = (contact, holder.subscriber_id)
    return await locked(work.connection, _OF, keys, subject=f"contact:{contact}", seen=seen)


async def _not_twice(
    work: UnitOfWork, holder: Holder, kind: ContactKind, value: str, contact: int
) -> None:
    if await work.connection.fetchval(_SAME, holder.subscriber_id, kind, value, contact):
        raise AlreadyThere("value", value, N_("The subscriber has this contact already."))


async def _settle(
    work: UnitOfWork,
    holder: Holder,
    done: str,
    contact: int,
    *,
    after: dict[str, Any],
    personal: Any = None,
) -> None:
    await work.connection.execute(_KEEP_IN_STEP, holder.subscriber_id)
    await work.audit(
        f"crm:contact:{done}",
        f"contact:{contact}",
        account_id=holder.account_id,
        after=after | {"subscriber": holder.subscriber_id},
        personal=personal,
    )
