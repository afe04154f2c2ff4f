"""What the papers of a contract say: plain data for the printed documents."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from abonent.billing.queries.accounts import read_account
from abonent.crm.errors import NobodyNamed, NotOnCard
from abonent.crm.queries import Face, face_of
from abonent.crm.queries.cards import contract_of, equipment_of, owner_changes_of
from abonent.crm.queries.people import person_of
from abonent.crm.service.people import reveal_identity
from abonent.kernel.actor import Actor
from abonent.kernel.requisites import Requisites

_COMPANY = ("name", "inn", "kpp", "ogrn", "address", "account", "bank_name", "bic", "corr_account")


async def contract_paper(number: str, *, by: Actor, provider: Requisites) -> dict[str, Any]:
    """The data of the document "contract"; the passport stands in it for who may see documents.

    Raises NobodyNamed.
    """
    face = await _face(number, by)
    view = await read_account(number, by=by)
    contract = await contract_of(face.account_id, by=by)
    if contract is None:
        raise NobodyNamed(number)
    person = await person_of(face.subscriber, by=by)
    paper = await reveal_identity(number, by=by) if by.may("crm.document.view") else None
    told = asdict(paper) if paper else {}
    names = ("series", "number", "issued_by", "issued_on", "issuer_code", "registered_at")
    return {
        "company": {name: getattr(provider, name) or None for name in _COMPANY},
        "head": {"post": provider.head_post or None, "name": provider.head_name or None},
        "number": contract.number,
        "signed_on": contract.signed_on,
        "account": number,
        "subscriber": {
            "name": person.name,
            "company": "1" if person.kind == "company" else None,
            "inn": person.tax_id or None,
            "kpp": person.kpp or None,
            "ogrn": person.ogrn or None,
            "address": person.legal_address or None,
            "bank_account": person.bank_account or None,
            "bank_bic": person.bank_bic or None,
            "signatory": person.signatory or None,
            "signs_by": person.signs_by or None,
            "phone": face.phone or None,
            "email": face.email or None,
        },
        "paper": {name: told.get(name) or None for name in names},
        "place": _place(face),
        "services": [{"name": one.name, "fee": one.fee} for one in view.services],
        "border": contract.border,
        "border_text": contract.border_text or None,
    }


async def owner_act_paper(
    number: str, no: int, *, by: Actor, provider: Requisites
) -> dict[str, Any]:
    """The data of the document "owner_act". Raises NobodyNamed, NotOnCard."""
    face = await _face(number, by)
    changes = await owner_changes_of(face.account_id, by=by)
    change = next((one for one in changes if one.no == no), None)
    if change is None:
        raise NotOnCard("owner", no)
    devices = [
        one for one in await equipment_of(face.account_id, by=by) if one.given_on <= change.day
    ]
    return {
        "company": {name: getattr(provider, name) or None for name in _COMPANY},
        "head": {"post": provider.head_post or None, "name": provider.head_name or None},
        "number": change.act,
        "day": change.day,
        "account": number,
        "place": _place(face),
        "old": {"name": change.from_name, "contract": change.from_number},
        "new": {"name": change.to_name, "contract": change.to_number},
        "balance": abs(change.balance),
        "debt": "1" if change.balance < 0 else None,
        "devices": [
            {"model": one.model or one.kind, "serial": one.serial or None}
            for one in devices
            if one.returned_on is None or one.returned_on > change.day
        ],
    }


async def _face(number: str, by: Actor) -> Face:
    found = await face_of(number, by=by)
    if found is None:
        raise NobodyNamed(number)
    return found


def _place(face: Face) -> dict[str, Any]:
    return {"street": face.street or None, "house": face.house or None, "flat": face.flat or None}
