"""Making and changing agreements on taking payments, and setting their secrets."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import asyncpg

from abonent.billing.errors import AlreadyExists, LegalEntityNotFound
from abonent.billing.queries.outside.agreements import SEALED_KEYS, agreement_of
from abonent.billing.rules.outside.agreement import Agreement, AgreementKind, AgreementTerms
from abonent.billing.rules.outside.guards import password_digest
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.jsontext import to_json

RIGHT = "billing.agreement.edit"
LEAST_PASSWORD = 12

_ENTITY = "SELECT id FROM billing_legal_entity WHERE code = $1"
_ADD = """
INSERT INTO billing_agreement (code, name, kind, legal_entity_id, bank_account, source, commission,
    least, most, networks, processor, address, form, recognition, active)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
_CHANGE = """
UPDATE billing_agreement SET name = $2, kind = $3, legal_entity_id = $4, bank_account = $5,
    source = $6, commission = $7, least = $8, most = $9, networks = $10, processor = $11,
    address = $12, form = $13, recognition = $14, active = $15
WHERE code = $1
"""
_KEEP = """
INSERT INTO billing_agreement_secret (agreement_id, name, salt, value) VALUES ($1, $2, $3, $4)
ON CONFLICT (agreement_id, name) DO UPDATE SET salt = excluded.salt, value = excluded.value
"""


async def make_agreement(terms: AgreementTerms, *, by: Actor) -> Agreement:
    """Make an agreement. Raises AlreadyExists for its code or source, Malformed for what is missing."""
    by.require(RIGHT)
    _check(terms)
    try:
        async with unit_of_work(by) as work:
            await work.connection.execute(_ADD, *await _values(work.connection, terms))
            await work.audit("billing:agreement:made", terms.code, after=_told(terms))
    except asyncpg.UniqueViolationError as error:
        raise _taken(error, terms) from None
    return await agreement_of(terms.code)


async def change_agreement(terms: AgreementTerms, *, by: Actor) -> Agreement:
    """Change an agreement, known by its code; files taken before stay as they were taken."""
    by.require(RIGHT)
    _check(terms)
    before = await agreement_of(terms.code)
    try:
        async with unit_of_work(by) as work:
            await work.connection.execute(_CHANGE, *await _values(work.connection, terms))
            await work.audit(
                "billing:agreement:changed", terms.code,
                before=_told(before.terms), after=_told(terms),
            )  # fmt: skip
    except asyncpg.UniqueViolationError as error:
        raise _taken(error, terms) from None
    return await agreement_of(terms.code)


async def set_password(code: str, *, login: str, password: str, by: Actor) -> None:
    """Set what a terminal system signs in with; only a digest of the password is kept."""
    by.require(RIGHT)
    agreement = await agreement_of(code)
    if not login or ":" in login or len(login) > 100:
        raise Malformed.of("login", login, N_("A login without a colon is expected."))
    if len(password) < LEAST_PASSWORD:
        message = N_("At least {least} characters are expected.")
        raise Malformed.of("password", "", message, least=LEAST_PASSWORD)
    salt = secrets.token_bytes(16)
    digest = await asyncio.to_thread(password_digest, password, salt=salt)
    async with unit_of_work(by) as work:
        await work.connection.execute(_KEEP, agreement.id, "login", None, login.encode())
        await work.connection.execute(_KEEP, agreement.id, "password", salt, digest)
        await work.audit("billing:agreement:password_set", code)


async def set_key(code: str, *, key: str, login: str = "", by: Actor) -> None:
    """Set the key of a card processor: what its questions are signed with, or its messages checked.

    It is kept sealed. Raises Unsealable where the installation has no secret.
    """
    by.require(RIGHT)
    agreement = await agreement_of(code)
    if not key:
        raise Malformed.of("key", "", N_("The value is missing."))
    sealed = SEALED_KEYS.seal.close(key, row=SEALED_KEYS.place(agreement.id))
    async with unit_of_work(by) as work:
        await work.connection.execute(_KEEP, agreement.id, "key", None, sealed.encode())
        if login:
            await work.connection.execute(_KEEP, agreement.id, "login", None, login.encode())
        await work.audit("billing:agreement:key_set", code)


def _check(terms: AgreementTerms) -> None:
    wrong = []
    if terms.kind is AgreementKind.BANK_FILE and not terms.bank_account:
        message = N_("A bank statement is about a bank account: name it.")
        wrong.append(FieldError("bank_account", "", message))
    if terms.kind is AgreementKind.CARD and not terms.processor:
        wrong.append(FieldError("processor", "", N_("Name the card processor.")))
    if terms.processor == "yookassa" and not terms.address:
        message = N_("Name the address at which the processor answers questions.")
        wrong.append(FieldError("address", "", message))
    if terms.most < terms.least:
        message = N_("The largest amount is smaller than the smallest.")
        wrong.append(FieldError("most", terms.most, message))
    if wrong:
        raise Malformed(*wrong)


async def _values(connection: Any, terms: AgreementTerms) -> tuple[Any, ...]:
    entity = await connection.fetchval(_ENTITY, terms.legal_entity)
    if entity is None:
        raise LegalEntityNotFound(terms.legal_entity)
    processor = terms.processor if terms.kind is AgreementKind.CARD else ""
    return (
        terms.code, terms.name, terms.kind.value, entity, terms.bank_account,
        terms.source or terms.code, terms.commission, terms.least, terms.most,
        list(terms.networks), processor, terms.address, to_json(terms.form.model_dump()),
        to_json(terms.recognition.model_dump()), terms.active,
    )  # fmt: skip


def _told(terms: AgreementTerms) -> dict[str, Any]:
    return terms.model_dump(mode="json")


def _taken(error: asyncpg.UniqueViolationError, terms: AgreementTerms) -> AlreadyExists:
    if "source" in str(error.constraint_name):
        return AlreadyExists("source", terms.source or terms.code)
    return AlreadyExists("code", terms.code)
