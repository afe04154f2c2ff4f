"""The provider's legal entities: an account belongs to one of them."""

from __future__ import annotations

from abonent.billing.errors import LegalEntityNotFound
from abonent.billing.queries.entities import entity_of_row
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.requisites import Requisites, check_requisites

_NAME = """
INSERT INTO billing_legal_entity (id, code, name)
SELECT coalesce(max(id), 0) + 1, $1, $2 FROM billing_legal_entity
ON CONFLICT (code) DO UPDATE SET name = excluded.name
"""
_LOCK = "SELECT * FROM billing_legal_entity WHERE code = $1 FOR UPDATE"
_WRITE = """
UPDATE billing_legal_entity SET name = $2, full_name = $3, inn = $4, kpp = $5, ogrn = $6,
    address = $7, phone = $8, email = $9, bank_name = $10, bic = $11, account = $12,
    corr_account = $13, tax_system = $14, head_name = $15, head_post = $16
WHERE code = $1
"""


async def name_legal_entity(code: str, *, by: Actor, name: str) -> None:
    """Give a legal entity its name; a code that is not known makes a new one."""
    by.require("billing.entity.edit")
    async with unit_of_work(by) as work:
        await work.connection.execute(_NAME, code, name)
        await work.audit("billing:legal_entity:named", code)


async def set_requisites(code: str, *, by: Actor, requisites: Requisites) -> Requisites:
    """Give a legal entity its requisites, checked; what was printed before stays as it was.

    Raises LegalEntityNotFound, Malformed naming every requisite that is wrong.
    """
    by.require("billing.entity.edit")
    new = check_requisites(requisites)
    async with unit_of_work(by) as work:
        row = await work.connection.fetchrow(_LOCK, code)
        if row is None:
            raise LegalEntityNotFound(code)
        old = entity_of_row(row).requisites
        await work.connection.execute(
            _WRITE, code, new.name, new.full_name, new.inn, new.kpp, new.ogrn, new.address,
            new.phone, new.email, new.bank_name, new.bic, new.account, new.corr_account,
            new.tax_system, new.head_name, new.head_post,
        )  # fmt: skip
        await work.audit(
            "billing:legal_entity:changed",
            code,
            before={"inn": old.inn, "bic": old.bic, "account": old.account},
            after={"inn": new.inn, "bic": new.bic, "account": new.account},
        )
    return new
