"""The words for what the rows of a card hold, and for what was done to it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from abonent.billing.rules.book import Kind
from abonent.billing.rules.explanation import kind_name
from abonent.crm.queries.history import Touch
from abonent.kernel.i18n import N_, _

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

PERSON_KINDS = {"person": N_("person"), "company": N_("company")}
CONTACT_KINDS = {"phone": N_("Phone"), "email": N_("E-mail"), "messenger": N_("Messenger")}
IDENTITY_KINDS = {
    "passport": N_("Russian passport"),
    "foreign": N_("Foreign passport"),
    "residence": N_("Residence permit"),
    "other": N_("Other document"),
}
PURPOSES = {
    "contract": N_("Performing the contract"),
    "debt": N_("Reminding of debts"),
    "advertising": N_("Advertising"),
    "recording": N_("Recording of calls"),
    "candidate": N_("Hiring"),
}
CONSENT_CHANNELS = {
    "any": N_("any way"),
    "call": N_("call"),
    "sms": N_("SMS"),
    "email": N_("e-mail"),
    "messenger": N_("messenger"),
    "post": N_("letter"),
}
CONTRACT_STATES = {
    "draft": (N_("Draft contract"), "warn"),
    "active": (N_("In force"), "good"),
    "notice": (N_("Notice is given"), "warn"),
    "terminated": (N_("Contract terminated"), ""),
    "archive": (N_("Contract in the archive"), ""),
}
CONTRACT_MOVES = {
    "active": N_("Sign it, or take the notice back"),
    "notice": N_("Notice is given"),
    "terminated": N_("Terminate"),
    "archive": N_("Put into the archive"),
}
BORDERS = {
    "flat": N_("At the connector in the flat"),
    "floor": N_("At the cabinet on the floor"),
    "building": N_("At the entry into the building"),
    "other": N_("As the text says"),
}
DEVICES = {
    "router": N_("Router"),
    "set_top": N_("Set-top box"),
    "ont": N_("Optical terminal"),
    "phone": N_("Telephone set"),
    "camera": N_("Camera"),
    "card": N_("Access card"),
    "other": N_("Other device"),
}
DEVICE_OWNERS = {
    "rent": N_("ours, for rent"),
    "loan": N_("ours, for free use"),
    "instalments": N_("being bought by instalments"),
    "subscriber": N_("the subscriber's own"),
}
DEVICE_STATES = {
    "working": (N_("works"), "good"),
    "faulty": (N_("faulty"), "warn"),
    "lost": (N_("lost"), "bad"),
    "returned": (N_("given back"), ""),
}
SCAN_KINDS = {
    "passport": N_("Passport page"),
    "contract": N_("Contract"),
    "act": N_("Act"),
    "attorney": N_("Power of attorney"),
    "other": N_("Other paper"),
}
BUILDING_KINDS = {
    "flats": N_("Block of flats"),
    "house": N_("Private house"),
    "office": N_("Offices"),
    "other": N_("Other building"),
}
HISTORY_KINDS = {
    "notes": N_("Notes"),
    "money": N_("Money"),
    "services": N_("Services"),
    "person": N_("Subscriber"),
    "contract": N_("Contract and papers"),
    "equipment": N_("Equipment"),
    "looked": N_("Who looked"),
}

_SENTENCES = {
    "billing:account:opened": N_("The account was opened"),
    "billing:billing_day:changed": N_("Billing day: {day} of the month"),
    "billing:credit:set": N_("Credit limit: {limit:money}"),
    "billing:discount:granted": N_("A discount was given"),
    "billing:freeze:set": N_("A freeze was set"),
    "billing:freeze:ended": N_("The freeze was ended earlier"),
    "billing:parked:settled": N_("A disputed payment was settled"),
    "billing:payment:remarked": N_("A remark on a payment"),
    "billing:period:recalculated": N_("A past period was recalculated"),
    "billing:promise:given": N_("A promised payment was given"),
    "billing:service:added": N_("A service was added"),
    "billing:service:ended": N_("A service ends on {ends_on}"),
    "billing:service:resumed": N_("A service was resumed by hand"),
    "billing:service:suspended": N_("A service was suspended by hand"),
    "billing:tariff:changed": N_("Tariff “{tariff}” from {on}"),
    "crm:address:corrected": N_("The flat or entrance was corrected"),
    "crm:consent:given": N_("A consent was given"),
    "crm:consent:withdrawn": N_("A consent was withdrawn"),
    "crm:contact:added": N_("A contact was added"),
    "crm:contact:changed": N_("A contact was changed"),
    "crm:contact:removed": N_("A contact was taken off"),
    "crm:contact:revealed": N_("A contact was looked at"),
    "crm:contract:signed": N_("The contract was signed"),
    "crm:contract:corrected": N_("The contract was corrected"),
    "crm:contract:active": N_("The contract is active"),
    "crm:contract:notice": N_("Notice was given: the contract ends on {ends_on}"),
    "crm:contract:terminated": N_("The contract was terminated on {ends_on}"),
    "crm:contract:archive": N_("The contract went into the archive"),
    "crm:equipment:given": N_("A device was given out"),
    "crm:equipment:changed": N_("A device was corrected"),
    "crm:equipment:returned": N_("A device came back on {on}"),
    "crm:identity:written": N_("The identity document was written down"),
    "crm:identity:revealed": N_("The identity document was looked at"),
    "crm:note:added": N_("A note"),
    "crm:note:changed": N_("A note was changed"),
    "crm:note:removed": N_("A note was taken off"),
    "crm:owner:changed": N_("Another owner by act {act}: contract {contract}"),
    "crm:scan:added": N_("A scan was added"),
    "crm:scan:opened": N_("A scan was looked at"),
    "crm:scan:removed": N_("A scan was deleted"),
    "crm:subscriber:added": N_("The subscriber was written down"),
    "crm:subscriber:corrected": N_("The subscriber's particulars were corrected"),
}
"""What was done, by the action of the audit; a new use case adds its sentence here."""

_DETAILS = {
    "purpose": PURPOSES,
    "channel": CONSENT_CHANNELS,
    "owner": DEVICE_OWNERS,
}
_FIELDS = {
    "name": N_("name"),
    "kind": N_("kind"),
    "tax_id": N_("INN"),
    "born_on": N_("date of birth"),
    "value": N_("value"),
    "label": N_("whose it is"),
    "main": N_("main"),
    "confirmed_at": N_("confirmed"),
    "flat": N_("flat"),
    "entrance": N_("entrance"),
    "floor": N_("floor"),
    "number": N_("number"),
    "signed_on": N_("day of signing"),
    "border": N_("border of responsibility"),
}
_KINDS = {
    "contact": CONTACT_KINDS,
    "equipment": DEVICES,
    "scan": SCAN_KINDS,
}


def told(touch: Touch) -> str:
    """Return what was done in a sentence of the reader's language; the code where none is known."""
    if touch.source == "entry":
        return kind_name(Kind(touch.action.removeprefix("entry:")))
    sentence = _SENTENCES.get(touch.action)
    if sentence is None:
        return touch.action
    return _(sentence, **{name: _read(value) for name, value in touch.after.items()})


def _read(value: Any) -> Any:
    """A day stands in the audit as a text; the reader's language writes it its own way."""
    try:
        return (
            date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else value
        )
    except ValueError:
        return value


def details(touch: Touch) -> list[str]:
    """Return what may be said beside the sentence: the kind, the fields, the reason."""
    after, found = touch.after, []
    room = touch.action.split(":")[1]
    if (kind := after.get("kind")) in _KINDS.get(room, {}):
        found.append(_(_KINDS[room][kind]))
    found += [_(words[after[name]]) for name, words in _DETAILS.items() if after.get(name) in words]
    if fields := after.get("fields"):
        found.append(", ".join(_(_FIELDS[name]) if name in _FIELDS else name for name in fields))
    if reason := after.get("reason"):
        found.append(str(reason) if reason != "owner" else _("the account went to another owner"))
    return found
