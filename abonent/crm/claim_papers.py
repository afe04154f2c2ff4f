"""What the papers of a claim say: the printed answer, and the file handed over to court."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from abonent.billing.queries.entities import legal_entity_of
from abonent.crm.queries import face_of
from abonent.crm.queries.claims import Claim, Whole
from abonent.crm.rules.claims import (
    CAUSES,
    CHANNELS,
    CLAIM,
    DECISIONS,
    DISMISSED,
    REPLIES,
    SUBJECTS,
)
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_, gettext, time_zone
from abonent.kernel.jsontext import from_json

_COMPANY = ("name", "inn", "kpp", "ogrn", "address", "account", "bank_name", "bic", "corr_account")
PERIODS = {
    "outage": N_("Days without connection, from {first} to {last}"),
    "unserved": N_("Days the service was not there, from {first} to {last}"),
    "tariff": N_("Days from {first} to {last} reckoned anew by the right tariff"),
    "charges": N_("Charges from {first} to {last} that were made by mistake"),
    "discount": N_("A discount of {percent} % from {first} to {last}"),
    "bonus": N_("A bonus on the account"),
}
_CHARGE = N_("A charge of {first} that was made by mistake")
_HEADS = {
    "unserved": N_("Recalculation"),
    "tariff": N_("Recalculation"),
    "charges": N_("Return of what was charged by mistake"),
}
"""What the paper calls what is given back; it is compensation otherwise."""


async def heads_of(number: str, *, by: Actor) -> dict[str, Any]:
    """Who writes and to whom: the company, its head, the subscriber and the place."""
    entity = await legal_entity_of(number, by=by)
    face = await face_of(number, by=by)
    provider = entity.requisites
    return {
        "company": {name: getattr(provider, name) or None for name in _COMPANY},
        "head": {"post": provider.head_post or None, "name": provider.head_name or None},
        "name": face.name if face else None,
        "place": {
            "street": (face.street or None) if face else None,
            "house": (face.house or None) if face else None,
            "flat": (face.flat or None) if face else None,
        },
        "account": number,
    }


def answer_paper(
    heads: dict[str, Any], whole: Whole, *, text: str, day: Any, language: str
) -> dict[str, Any]:
    """The data of the document "claim_answer"."""
    claim = whole.claim
    return heads | {
        "number": claim.number,
        "day": day,
        "received": claim.received_on,
        "asked": claim.asked,
        "demand": claim.demand or None,
        "decision": gettext(DECISIONS[claim.decision][0], language),
        "text": text,
        "compensation": claim.compensation or None,
        "given_as": gettext(_HEADS[claim.remedy], language) if claim.remedy in _HEADS else None,
        "given_for": given_for(claim, language) or None,
        "days": [{"day": one, "amount": amount} for one, amount in claim.days],
    }


def given_for(claim: Claim, language: str) -> str:
    """What the compensation is for, in words."""
    if not claim.remedy:
        return ""
    percent = f"{(claim.remedy_percent or 0) / 100:g}"
    one_day = claim.remedy == "charges" and claim.remedy_from == claim.remedy_to
    return gettext(
        _CHARGE if one_day else PERIODS[claim.remedy],
        language,
        first=claim.remedy_from,
        last=claim.remedy_to,
        percent=percent.replace(".", ",") if language == "ru" else percent,
    )


def stored_paper(text: str) -> dict[str, Any]:
    """The data of an answer as it was kept, ready to be printed again."""
    kept: dict[str, Any] = from_json(text)
    for name in ("day", "received"):
        kept[name] = date.fromisoformat(kept[name])
    for row in kept["days"]:
        row["day"] = date.fromisoformat(row["day"])
    return kept


def court_paper(
    heads: dict[str, Any], whole: Whole, *, language: str, entries: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The data of the document "claim_file": the whole claim, to be handed over to court."""
    claim = whole.claim
    zone = time_zone()
    steps = [
        {
            "day": move.at.astimezone(zone).date(),
            "what": gettext(CLAIM.told(move.name, move.became), language),
            "note": move.note or gettext(DISMISSED.get(move.reason, ""), language) or None,
            "who": move.who or None,
        }
        for move in whole.moves
    ]
    return heads | {
        "number": claim.number,
        "received": claim.received_on,
        "channel": gettext(CHANNELS[claim.channel], language),
        "subject": gettext(SUBJECTS[claim.subject], language),
        "asked": claim.asked,
        "text": claim.text,
        "demand": claim.demand or None,
        "registered": claim.registered_at.astimezone(zone).date() if claim.registered_at else None,
        "answer_by": claim.answer_by,
        "decision": gettext(DECISIONS[claim.decision][0], language) if claim.decision else None,
        "cause": gettext(CAUSES[claim.cause], language) if claim.cause else None,
        "grounds": claim.grounds or None,
        "compensation": claim.compensation or None,
        "posted": claim.posted,
        "court": claim.court or None,
        "court_case": claim.court_case or None,
        "court_amount": claim.court_amount,
        "court_on": claim.court_on,
        "findings": [{"text": text} for text in whole.findings],
        "answers": [
            {
                "day": one.at.astimezone(zone).date(),
                "way": gettext(REPLIES[one.way], language),
                "text": one.text,
            }
            for one in whole.answers
        ],
        "steps": steps,
        "files": [{"name": one.name} for one in whole.files],
        "entries": list(entries),
    }
