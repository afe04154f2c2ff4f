"""Words of scripts: stages, ends, placeholders, conditions, segments."""

from __future__ import annotations

from abonent.kernel.i18n import N_
from abonent.kernel.scripts import Stage

STAGES = {
    Stage.PREPARE: N_("Preparation"),
    Stage.CONTACT: N_("Beginning of the talk"),
    Stage.NEED: N_("What is needed"),
    Stage.PRESENT: N_("What is offered"),
    Stage.OBJECTIONS: N_("Objections"),
    Stage.CLOSE: N_("End of the talk"),
    Stage.RECORD: N_("Writing down"),
}
KINDS = {
    "good": (N_("success"), "good"),
    "neutral": (N_("not decided"), "warn"),
    "bad": (N_("refusal"), "bad"),
}
PLACEHOLDERS = {
    "name": N_("name and patronymic"),
    "first_name": N_("first name"),
    "number": N_("number of the account"),
    "balance": N_("balance of the account"),
    "until": N_("day money lasts to"),
    "tariff": N_("tariff name"),
    "fee": N_("price a month"),
    "debt": N_("amount lacking"),
    "address": N_("address of the account"),
    "phone": N_("phone of the subscriber"),
    "employee": N_("your name"),
    "company": N_("our company"),
    "year_fee": N_("price of a year at once"),
    "year_saved": N_("saved in a year"),
    "half_year_fee": N_("price of half a year at once"),
}
CONDITIONS = {
    "debt": N_("there is a debt"),
    "no_tv": N_("no television"),
    "rented_router": N_("the router is rented"),
    "no_email": N_("no e-mail on the card"),
    "no_portal": N_("not on the portal"),
    "promised": N_("a promised payment is active"),
    "suspended": N_("services are suspended"),
    "company": N_("it is an organisation"),
    "person": N_("it is a person"),
    "long_tenure": N_("with us for two years and more"),
    "newcomer": N_("with us for less than three months"),
}
SEGMENTS = {
    "all": N_("anybody one talks to"),
    "prospect": N_("a prospect"),
    "subscriber": N_("a subscriber"),
    "debtor": N_("a debtor"),
    "leaving": N_("who is leaving"),
}
