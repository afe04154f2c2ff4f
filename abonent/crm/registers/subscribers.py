"""The register of subscribers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from abonent.billing.queries.accounts import look_at
from abonent.billing.registers import district_choices, entity_choices
from abonent.billing.rules.standing import account_state
from abonent.crm.masking import matched_phone
from abonent.crm.search import Hit, find_accounts
from abonent.crm.ways import Why
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.i18n import N_, _
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register, Row, Way

FOUND = 100
"""The most that the search line brings into the register; more calls for a narrower question."""

WHY = {
    Why.NUMBER: N_("account number"),
    Why.CONTRACT: N_("contract"),
    Why.PHONE: N_("phone"),
    Why.NAME: N_("name"),
    Why.ADDRESS: N_("address"),
    Why.ALIKE: N_("similar name"),
    Why.RECENT: N_("opened lately"),
}
STATES = {
    "served": (N_("Served"), "good"),
    "partly": (N_("Served in part"), "warn"),
    "suspended": (N_("Suspended"), "bad"),
    "frozen": (N_("Frozen"), "info"),
    "ended": (N_("Services ended"), ""),
    "idle": (N_("No services"), ""),
}
_TARIFFS = "SELECT code, name FROM billing_tariff ORDER BY archived_on IS NOT NULL, name"
_NAMES = """(
    SELECT string_agg(DISTINCT t.name, ', ') FROM billing_service v
    JOIN billing_tariff t ON t.id = v.tariff_id WHERE v.account_id = b.account_id
)"""
_HAS_TARIFF = """EXISTS (
    SELECT FROM billing_service v
    WHERE v.account_id = b.account_id
        AND v.starts_on <= (SELECT day FROM billing_installation)
        AND v.ends_on > (SELECT day FROM billing_installation)
        AND coalesce((
            SELECT x.tariff_id FROM billing_service_tariff x
            WHERE x.account_id = v.account_id AND x.service_no = v.no
                AND x.since <= (SELECT day FROM billing_installation)
            ORDER BY x.since DESC LIMIT 1
        ), v.tariff_id) = ANY(ARRAY(SELECT id FROM billing_tariff WHERE code = ANY($1::text[])))
)"""
_EVER_HAD_TARIFF = """
    SELECT account_id AS key FROM billing_service
    WHERE tariff_id = ANY(ARRAY(SELECT id FROM billing_tariff WHERE code = ANY($1::text[])))
    UNION ALL
    SELECT account_id FROM billing_service_tariff
    WHERE tariff_id = ANY(ARRAY(SELECT id FROM billing_tariff WHERE code = ANY($1::text[])))
"""
_OF_ENTITIES = """
    SELECT account_id AS key FROM billing_account WHERE legal_entity_id = ANY(
        ARRAY(SELECT id FROM billing_legal_entity WHERE code = ANY($1::text[])))
"""
_PROMISED = """EXISTS (
    SELECT FROM billing_promise q WHERE q.account_id = b.account_id AND q.state = 'active'
)"""

# What was played ahead holds: no money came since, and nothing was promised.
_STILL = """b.balance <= l.balance AND b.last_promise = l.promise
    AND b.state IN ('served', 'partly')"""


async def _tariff_choices() -> Sequence[tuple[str, str]]:
    async with reading() as connection:
        return [(row["code"], row["name"]) for row in await connection.fetch(_TARIFFS)]


def why_of(query: str, hit: Hit) -> str:
    """Return why it matched, with the value that did where the line does not show it."""
    if hit.why is Why.PHONE:
        return f"{_(WHY[hit.why])} {matched_phone(hit.phone, query)}"
    if hit.why is Why.CONTRACT:
        return f"{_(WHY[hit.why])} {hit.contract}"
    return _(WHY[hit.why])


async def _find(query: str, by: Actor) -> Mapping[Any, str]:
    hits = await find_accounts(query, by=by, limit=FOUND)
    return {hit.account_id: why_of(query, hit) for hit in hits.found}


async def _as_of_today(rows: list[Row], by: Actor) -> None:
    """Bring balances, states and tariffs to the open day, which the day's run may not have reached."""
    books = await look_at([row["key"] for row in rows], by=by)
    for row in rows:
        book = books[row["key"]].book
        living = [s for s in book.in_order() if s.living(book.day)]
        names = dict.fromkeys(s.term_on(book.day).tariff.name for s in living)
        values = {
            "balance": book.balance,
            "state": account_state(book),
            "tariffs": ", ".join(names),
        }
        row.update((name, value) for name, value in values.items() if name in row)


def _tone(row: Row) -> str:
    if row["state"] == "suspended":
        return "bad"
    return "warn" if row["state"] == "partly" or row["owes"] else ""


SUBSCRIBERS = Register(
    code="subscribers",
    label=N_("Subscribers"),
    path="/subscribers",
    right="crm.subscriber.view",
    source="""billing_account b
LEFT JOIN crm_account a ON a.account_id = b.account_id
LEFT JOIN crm_contract c ON c.id = a.contract_id
LEFT JOIN crm_subscriber s ON s.id = c.subscriber_id
LEFT JOIN billing_place p ON p.id = a.place_id
LEFT JOIN crm_lasting l ON l.account_id = b.account_id""",
    key="b.account_id",
    keys_first=True,
    key_type="bigint",
    columns=(
        Column(
            name="name",
            label=N_("Subscriber"),
            sql="coalesce(nullif(s.name, ''), b.number)",
            head=True,
            order="s.name_key",
            link="/accounts/{number}",
        ),
        Column(
            name="address",
            label=N_("Address"),
            sql="concat_ws(', ', nullif(p.street, ''), nullif(p.house, ''), nullif(a.flat, ''))",
            order="a.address_order",
        ),
        Column(name="number", label=N_("Account"), sql="b.number", order="a.number"),
        Column(name="contract", label=N_("Contract"), sql="c.number", shown=False),
        Column(name="tariffs", label=N_("Tariff"), sql=_NAMES),
        Column(
            name="state",
            label=N_("State"),
            sql="b.state",
            kind=Kind.STATE,
            words=STATES,
        ),
        Column(
            name="balance",
            label=N_("Balance"),
            sql="b.balance",
            kind=Kind.MONEY,
            order="b.balance",
            order_type="bigint",
            total=True,
        ),
        Column(
            name="credit",
            label=N_("Credit limit"),
            sql="b.credit_limit",
            kind=Kind.MONEY,
            shown=False,
        ),
        Column(
            name="billing_day",
            label=N_("Billing day"),
            sql="b.billing_day",
            kind=Kind.NUMBER,
            shown=False,
        ),
        Column(
            name="signed",
            label=N_("Contract signed"),
            sql="c.signed_on",
            kind=Kind.DAY,
            shown=False,
        ),
        Column(
            name="lasts",
            label=N_("Money lasts through"),
            sql=f"CASE WHEN {_STILL} THEN l.until END",
            kind=Kind.DAY,
            shown=False,
        ),
        Column(name="district", label=N_("District"), sql="p.district", shown=False),
    ),
    extras={"number": "b.number", "state": "b.state", "owes": "b.balance < 0"},
    sort="name",
    finds=_find,
    search_label=N_("Name, phone, address, contract or account"),
    filters=(
        Filter(
            name="state",
            label=N_("State"),
            ask=Ask.CHOICE,
            sql="b.state = ANY($1::text[])",
            choices=tuple((code, word) for code, (word, _its_tone) in STATES.items()),
        ),
        Filter(
            name="balance",
            label=N_("Balance"),
            ask=Ask.AMOUNTS,
            least="b.balance >= $1",
            most="b.balance <= $1",
            hint=N_("A debt is written with a minus."),
        ),
        Filter(
            name="tariff",
            label=N_("Tariff"),
            ask=Ask.CHOICE,
            sql=_HAS_TARIFF,
            among=_EVER_HAD_TARIFF,
            options=_tariff_choices,
        ),
        Filter(
            name="district",
            label=N_("District"),
            ask=Ask.CHOICE,
            sql="p.district = ANY($1::text[])",
            options=district_choices,
            of_districts=True,
        ),
        Filter(name="street", label=N_("Street"), ask=Ask.TEXT, sql="p.street ILIKE $1 || '%'"),
        Filter(
            name="entity",
            label=N_("Company"),
            ask=Ask.CHOICE,
            sql="b.legal_entity_id = ANY(ARRAY(SELECT id FROM billing_legal_entity WHERE code = ANY($1::text[])))",
            among=_OF_ENTITIES,
            options=entity_choices,
        ),
        Filter(
            name="kind",
            label=N_("Who"),
            ask=Ask.CHOICE,
            sql="s.kind = ANY($1::text[])",
            choices=(("person", N_("persons")), ("company", N_("companies"))),
        ),
        Filter(
            name="signed",
            label=N_("Contract signed"),
            ask=Ask.DAYS,
            least="c.signed_on >= $1",
            most="c.signed_on <= $1",
        ),
        Filter(
            name="lasts",
            label=N_("Money runs out"),
            ask=Ask.DAYS,
            least=f"l.until >= $1 AND {_STILL}",
            most=f"l.until <= $1 AND {_STILL}",
            ahead=True,
            hint=N_("Of the next 14 days, as they stand this morning; who paid since is left out."),
        ),
        Filter(name="promise", label=N_("Has a promised payment"), ask=Ask.FLAG, sql=_PROMISED),
    ),
    tone=_tone,
    refine=_as_of_today,
    scope="p.district = ANY($1::text[])",
    onward=(
        Way(
            label=N_("Message to these"),
            path="/campaigns/new",
            right="crm.campaign.edit",
            icon="message",
            key="KeyM",
        ),
    ),
    icon="users",
    empty=(
        N_("No subscribers yet"),
        N_("They come with the first request, or with `abonent import subscribers`."),
    ),
)
