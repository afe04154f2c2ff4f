"""The words for what the rows of a card hold, and for what was done to it."""

from __future__ import annotations

from abonent.billing.rules.book import Kind
from abonent.billing.rules.explanation import kind_name
from abonent.crm.queries.history import Touch
from abonent.kernel.i18n import N_, _
from abonent.web.deeds import told as told_by

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
    "requests": N_("Requests"),
    "looked": N_("Who looked"),
}

_DETAILS = {
    "purpose": PURPOSES,
    "channel": CONSENT_CHANNELS,
    "owner": DEVICE_OWNERS,
}
_FIELDS = {
    "name": N_("name"),
    "kind": N_("kind"),
    "tax_id": N_("INN"),
    "kpp": N_("KPP"),
    "ogrn": N_("OGRN"),
    "bank_bic": N_("BIC of the bank"),
    "bank_account": N_("bank account"),
    "legal_address": N_("legal address"),
    "signatory": N_("who signs"),
    "signs_by": N_("on what ground"),
    "born_on": N_("date of birth"),
    "value": N_("value"),
    "label": N_("whose it is"),
    "main": N_("main"),
    "confirmed_at": N_("confirmed"),
    "flat": N_("flat"),
    "entrance": N_("entrance"),
    "floor": N_("floor"),
    "number": N_("number"),
    "series": N_("series"),
    "issued_by": N_("issued by whom"),
    "issued_on": N_("day of issue"),
    "issuer_code": N_("code of the issuer"),
    "registered_at": N_("place of registration"),
    "signed_on": N_("day of signing"),
    "border": N_("border of responsibility"),
    "border_text": N_("border of responsibility"),
    "model": N_("model"),
    "serial": N_("serial number"),
    "mac": N_("MAC address"),
    "owner": N_("whose it is"),
    "given_on": N_("day it was given out"),
    "state": N_("state"),
    "deposit": N_("deposit"),
    "comment": N_("comment"),
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
    return told_by(touch.action, touch.after)


def details(touch: Touch) -> list[str]:
    """Return what may be said beside the sentence: the kind, the fields, the reason."""
    after, found = touch.after, []
    room = touch.action.split(":")[1]
    if (kind := after.get("kind")) in _KINDS.get(room, {}):
        found.append(_(_KINDS[room][kind]))
    found += [_(words[after[name]]) for name, words in _DETAILS.items() if after.get(name) in words]
    if fields := after.get("fields"):
        named = dict.fromkeys(_(_FIELDS[name]) for name in fields if name in _FIELDS)
        found.append(", ".join(named))
    if reason := after.get("reason"):
        found.append(str(reason) if reason != "owner" else _("the account went to another owner"))
    return found
