"""The agreements on taking payments; their secrets only for those who check or send them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import SecretBytes

from abonent.billing.rules.outside.agreement import Agreement, AgreementTerms
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_
from abonent.kernel.jsontext import from_json
from abonent.kernel.sealing import Seal, SealedColumn

_COLUMNS = """
SELECT a.id, a.code, a.name, a.kind, a.legal_entity_id, e.code AS legal_entity, a.bank_account,
    a.source, a.commission, a.least, a.most, a.networks, a.processor, a.address, a.form,
    a.recognition, a.active
FROM billing_agreement a JOIN billing_legal_entity e ON e.id = a.legal_entity_id
"""
_ALL = _COLUMNS + "ORDER BY a.active DESC, a.name, a.id"
_ONE = _COLUMNS + "WHERE a.code = $1"
_BY_ID = _COLUMNS + "WHERE a.id = $1"
_JOIN_ACCOUNT = "JOIN billing_account b ON b.legal_entity_id = a.legal_entity_id"
_FOR_CARDS = """
WHERE b.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
    AND a.kind = 'card' AND a.processor = 'yookassa' AND a.active AND a.address <> ''
    AND (SELECT count(*) FROM billing_agreement_secret k
        WHERE k.agreement_id = a.id AND k.name IN ('login', 'key')) = 2
ORDER BY a.id LIMIT 1
"""
_CARD_OF_ACCOUNT = _COLUMNS + _JOIN_ACCOUNT + _FOR_CARDS
_SECRETS = "SELECT name, salt, value FROM billing_agreement_secret WHERE agreement_id = $1"

SEALED_KEYS = SealedColumn(
    seal=Seal("agreement-key"),
    row="agreement",
    read="""
        SELECT agreement_id, convert_from(value, 'UTF8') FROM billing_agreement_secret
        WHERE name = 'key' ORDER BY agreement_id
    """,
    keep="""
        UPDATE billing_agreement_secret SET value = convert_to($2, 'UTF8')
        WHERE agreement_id = $1 AND name = 'key' AND value = convert_to($3, 'UTF8')
    """,
)
"""Keys of card processors, as they lie."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret in a wrapper that prints as asterisks; a password has a salt and is a digest.

    A key is sealed for a place, and opened only when it is sent or checked with.
    """

    value: SecretBytes
    salt: bytes | None
    place: str = ""

    @property
    def text(self) -> str:
        """The secret as text, for whoever sends it. Raises Unsealable."""
        kept = self.value.get_secret_value().decode()
        return SEALED_KEYS.seal.open(kept, row=self.place) if self.place else kept


class AgreementNotFound(NotFound):
    """No agreement has this code."""

    def __init__(self, code: str) -> None:
        super().__init__(
            "NOT_FOUND", N_("There is no agreement {value}."), field="agreement", value=code
        )


async def agreements(*, by: Actor) -> list[Agreement]:
    """Every agreement: those in force first."""
    by.require("billing.payment.settle")
    async with reading() as connection:
        return [_agreement(row) for row in await connection.fetch(_ALL)]


async def agreement_of(code: str) -> Agreement:
    """One agreement by its code; raises AgreementNotFound. Whoever asks checks rights or secrets."""
    async with reading() as connection:
        row = await connection.fetchrow(_ONE, code)
    if row is None:
        raise AgreementNotFound(code)
    return _agreement(row)


async def agreement_by_id(connection: Any, agreement: int) -> Agreement:
    """One agreement by its number."""
    return _agreement(await connection.fetchrow(_BY_ID, agreement))


async def card_agreement_of(number: str, *, by: Actor) -> Agreement | None:
    """The agreement by which an account is paid by card on the Internet; None where there is none.

    Only one whose processor begins a payment on our asking is one.
    """
    by.require("billing.account.view")
    async with reading() as connection:
        row = await connection.fetchrow(_CARD_OF_ACCOUNT, number)
    return None if row is None else _agreement(row)


async def secrets_of(agreement: Agreement) -> dict[str, Secret]:
    """The secrets of an agreement by name: login, password, key."""
    async with reading() as connection:
        rows = await connection.fetch(_SECRETS, agreement.id)
    place = SEALED_KEYS.place(agreement.id)
    return {
        r["name"]: Secret(SecretBytes(r["value"]), r["salt"], place if r["name"] == "key" else "")
        for r in rows
    }


def _agreement(row: Any) -> Agreement:
    values = dict(row)
    number, entity = values.pop("id"), values.pop("legal_entity_id")
    values["form"] = from_json(values["form"])
    values["recognition"] = from_json(values["recognition"])
    return Agreement(number, entity, AgreementTerms.model_validate(values))
