"""What is said, with the card's values in place of placeholders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from textwrap import shorten

from abonent.crm.advance import AdvanceTerms, advance_terms
from abonent.crm.queries.scripts import Surroundings, surroundings_of
from abonent.crm.rules.scripts import Known, advance_sum, facts_of
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import _
from abonent.kernel.scripts import Draft
from abonent.web.pages.accounts import Card, card_of
from abonent.web.pages.scripts.words import PLACEHOLDERS
from abonent.web.render import written_day, written_money
from abonent.web.words import address_of

COMPANY = "company"
_FIRST_WORDS = 60


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of what is said; `kind` is "" for the script's words, "known" or "blank"."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What a conversation knows of: the card, what placeholders become, which conditions hold."""

    card: Card | None
    values: Mapping[str, str]
    facts: frozenset[str]


async def about(number: str | None, *, by: Actor) -> About:
    """Read what a conversation about an account, or with somebody of none yet, knows of."""
    around = await surroundings_of(number, by=by)
    values = {"employee": by.name, "company": around.company}
    if number is None:
        return About(None, values, frozenset())
    card = await card_of(number, by=by)
    values |= _values(card, await advance_terms())
    return About(card, values, facts_of(_known(card, around)))


def _known(card: Card, around: Surroundings) -> Known:
    view, face = card.view, card.face
    return Known(
        owes=card.missing > 0 or card.overdue > 0,
        kinds=frozenset(s.kind for s in view.services if s.state != "ended"),
        promised=view.promise is not None,
        suspended=view.state == "suspended",
        company=face is not None and face.kind == COMPANY,
        email=face is not None and bool(face.email),
        portal=around.portal,
        rented_router=around.rented_router,
        tenure_days=(view.day - face.signed_on).days if face else 0,
    )


def _values(card: Card, terms: AdvanceTerms) -> dict[str, str]:
    view, face, monthly = card.view, card.face, card.monthly
    living = [s for s in view.services if s.state != "ended"]
    main = next((s for s in living if s.kind in {"internet", "bundle"}), None)
    values = {
        "number": view.number,
        "balance": written_money(view.balance),
        "fee": written_money(monthly) if monthly else "",
        "debt": written_money(card.missing or card.overdue or max(0, -view.balance)),
        "tariff": main.name if main else next((s.name for s in living), ""),
        "until": written_day(view.outlook.until) if view.outlook.until else "",
    }
    if face is not None:
        called, patronymic = _names(face.name) if face.kind != COMPANY else (face.name, "")
        values |= {
            "name": f"{called} {patronymic}".strip(),
            "first_name": called,
            "address": address_of(face.street, face.house, face.flat),
        }
    if monthly and terms.year:
        year = advance_sum(monthly, 12, terms.year)
        values |= {
            "year_fee": written_money(year),
            "year_saved": written_money(monthly * 12 - year),
        }
    if monthly and terms.half_year:
        values["half_year_fee"] = written_money(advance_sum(monthly, 6, terms.half_year))
    return values


def _names(full: str) -> tuple[str, str]:
    """First name and patronymic of "Семёнов Пётр Ильич"; the whole where it is written otherwise."""
    words = full.split()
    if len(words) < 2:
        return full, ""
    return words[1], " ".join(words[2:])


def told(text: str, values: Mapping[str, str]) -> list[Part]:
    """What is said in parts: known values are filled in, the rest is left blank with its name."""
    parts = []
    for words, name, _form, _conversion in Formatter().parse(text):
        if words:
            parts.append(Part(words))
        if name is not None and values.get(name):
            parts.append(Part(values[name], "known"))
        elif name is not None:
            parts.append(Part(_(PLACEHOLDERS[name]) if name in PLACEHOLDERS else name, "blank"))
    return parts


def in_short(text: str) -> str:
    """What is said with the names of placeholders in their places, for pictures and tables."""
    try:
        return "".join(p.text if not p.kind else f"[{p.text}]" for p in told(text, {}))
    except ValueError:  # a draft whose braces do not close
        return text


def places_of(script: Draft) -> dict[str, str]:
    """What people call each step: its number in the script with its first words."""
    return {
        step.code: f"{no}. {shorten(in_short(step.say), _FIRST_WORDS, placeholder='…')}"
        for no, step in enumerate(script.step, 1)
    }
