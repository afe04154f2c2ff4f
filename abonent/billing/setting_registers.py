"""The registers of what is sold and allowed: tariffs and offers of promised payments."""

from __future__ import annotations

from collections.abc import Sequence

from abonent.billing.queries.tariffs import known_districts, services_on
from abonent.billing.rules.book import Mode
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_
from abonent.kernel.registers.declaration import (
    Ask,
    Column,
    Filter,
    Kind,
    Register,
    Row,
    Way,
    Words,
)

RIGHT = "billing.tariff.view"
KINDS: Words = {
    "internet": (N_("Internet"), ""),
    "tv": (N_("Television"), ""),
    "phone": (N_("Telephone"), ""),
    "equipment": (N_("Equipment"), ""),
    "bundle": (N_("Bundle"), ""),
    "other": (N_("Other service"), ""),
}
MODES: Words = {
    Mode.ADVANCE.value: (N_("in advance for the period"), ""),
    Mode.DAILY.value: (N_("day by day"), ""),
    Mode.ARREARS.value: (N_("after the period"), ""),
}
TARIFF_STATES: Words = {"open": (N_("on sale"), "good"), "archive": (N_("archive"), "warn")}
OFFER_STATES: Words = {"on": (N_("in use"), "good"), "off": (N_("switched off"), "warn")}
_STATE = "CASE WHEN t.archived_on IS NULL THEN 'open' ELSE 'archive' END"


async def _counted(rows: list[Row], _by: Actor) -> None:
    """How many services live on each tariff of the page today."""
    if "services" in rows[0]:
        found = await services_on([row["key"] for row in rows])
        for row in rows:
            row["services"] = found.get(row["key"], 0)


async def _district_choices() -> Sequence[tuple[str, str]]:
    return [(name, name) for name in await known_districts()]


def choices_of(words: Words) -> tuple[tuple[str, str], ...]:
    """The codes of a column with their words, as a filter or a field offers them."""
    return tuple((code, name) for code, (name, _tone) in words.items())


TARIFFS = Register(
    code="tariffs",
    label=N_("Tariffs"),
    about=N_("What is sold, at what price, and what is coming."),
    path="/tariffs",
    right=RIGHT,
    source="""billing_tariff t CROSS JOIN billing_installation i
LEFT JOIN LATERAL (SELECT v.fee FROM billing_tariff_version v
    WHERE v.tariff_id = t.id AND v.valid_from <= i.day ORDER BY v.valid_from DESC LIMIT 1) n ON true
LEFT JOIN LATERAL (SELECT v.fee, v.valid_from FROM billing_tariff_version v
    WHERE v.tariff_id = t.id AND v.valid_from > i.day ORDER BY v.valid_from LIMIT 1) x ON true""",
    key="t.id",
    key_type="integer",
    columns=(
        Column(
            name="name", label=N_("Tariff"), sql="t.name", head=True, order="t.name",
            link="/tariffs/{key}",
        ),
        Column(name="code", label=N_("Code"), sql="t.code", order="t.code", soft=True),
        Column(name="kind", label=N_("Kind"), sql="t.kind", kind=Kind.STATE, words=KINDS, order="t.kind"),
        Column(name="mode", label=N_("Charged"), sql="t.mode", kind=Kind.STATE, words=MODES),
        Column(
            name="fee", label=N_("Price a month"), sql="n.fee", kind=Kind.MONEY,
            order="coalesce(n.fee, 0)", order_type="bigint",
        ),
        Column(name="next_fee", label=N_("Next price"), sql="x.fee", kind=Kind.MONEY),
        Column(name="next_day", label=N_("From"), sql="x.valid_from", kind=Kind.DAY),
        Column(name="services", label=N_("Services now"), sql="0::bigint", kind=Kind.NUMBER),
        Column(name="state", label=N_("State"), sql=_STATE, kind=Kind.STATE, words=TARIFF_STATES),
        Column(name="districts", label=N_("Districts"), sql="array_to_string(t.districts, ', ')"),
        Column(
            name="connection", label=N_("Connection fee"), sql="t.connection_fee", kind=Kind.MONEY,
            shown=False,
        ),
        Column(name="tax", label=N_("Tax code"), sql="t.tax_code", shown=False),
    ),
    extras={"archived": "t.archived_on IS NOT NULL"},
    sort="name",
    search=Filter(
        name="q", label=N_("Name or code"), ask=Ask.TEXT,
        sql="t.name ILIKE '%' || $1 || '%' OR t.code ILIKE $1 || '%'",
    ),
    search_label=N_("Name or code"),
    filters=(
        Filter(
            name="state", label=N_("State"), ask=Ask.CHOICE, sql=_STATE + " = ANY($1::text[])",
            choices=choices_of(TARIFF_STATES),
        ),
        Filter(
            name="kind", label=N_("Kind"), ask=Ask.CHOICE, sql="t.kind = ANY($1::text[])",
            choices=choices_of(KINDS),
        ),
        Filter(
            name="mode", label=N_("Charged"), ask=Ask.CHOICE, sql="t.mode = ANY($1::text[])",
            choices=choices_of(MODES),
        ),
        Filter(
            name="district", label=N_("Sold in the district"), ask=Ask.CHOICE,
            sql="t.districts IS NULL OR t.districts && $1::text[]", options=_district_choices,
            of_districts=True,
        ),
    ),
    refine=_counted,
    ways=(Way(label=N_("New tariff"), path="/tariffs/new", right="billing.tariff.edit", icon="plus"),),
    icon="tags",
    empty=(N_("No tariffs yet"), N_("Nothing can be sold before the first one is made.")),
)  # fmt: skip
OFFERS = Register(
    code="offers",
    label=N_("Promise offers"),
    about=N_("On what terms a subscriber may take a promised payment. Several stand side by side."),
    path="/offers",
    right=RIGHT,
    source="billing_offer o",
    key="o.code",
    key_type="text",
    columns=(
        Column(
            name="name", label=N_("Offer"), sql="o.name", head=True, order="o.name",
            link="/offers/change?code={key}", link_right="billing.offer.edit",
        ),
        Column(name="code", label=N_("Code"), sql="o.code", order="o.code", soft=True),
        Column(name="days", label=N_("Days"), sql="o.days", kind=Kind.NUMBER),
        Column(name="most", label=N_("At most"), sql="o.most_days", kind=Kind.NUMBER),
        Column(name="amount", label=N_("Amount"), sql="o.amount", kind=Kind.MONEY),
        Column(name="ceiling", label=N_("Ceiling"), sql="o.ceiling", kind=Kind.MONEY),
        Column(name="fee", label=N_("Fee"), sql="o.fee", kind=Kind.MONEY),
        Column(name="once", label=N_("Once in days"), sql="o.once_per_days", kind=Kind.NUMBER),
        Column(name="tenure", label=N_("From days of tenure"), sql="o.least_tenure_days", kind=Kind.NUMBER),
        Column(name="debt", label=N_("Highest debt"), sql="o.highest_debt", kind=Kind.MONEY, shown=False),
        Column(name="ban", label=N_("Ban after a broken one, days"), sql="o.ban_days", kind=Kind.NUMBER),
        Column(
            name="state", label=N_("State"), sql="CASE WHEN o.active THEN 'on' ELSE 'off' END",
            kind=Kind.STATE, words=OFFER_STATES,
        ),
    ),
    sort="name",
    ways=(Way(label=N_("New offer"), path="/offers/new", right="billing.offer.edit", icon="plus"),),
    icon="heart-handshake",
    done={"offer": N_("The offer is kept")},
    empty=(N_("No offers"), N_("Without one nobody can take a promised payment.")),
)  # fmt: skip
