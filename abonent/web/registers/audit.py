"""The register of everything done: who, what, to whom, what stood before and after."""

from __future__ import annotations

from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_
from abonent.kernel.jsontext import from_json
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register, Row
from abonent.web.coded import names_for
from abonent.web.deeds import changes, told, who_did

_KINDS = {
    "user": (N_("user"), ""),
    "token": (N_("program"), "info"),
    "system": (N_("automaton"), ""),
    "subscriber": (N_("subscriber"), "info"),
    "import": (N_("import"), ""),
}
_ROOMS = (
    ("billing", N_("money")),
    ("crm", N_("subscribers")),
    ("web", N_("sign-in")),
    ("desk", N_("the desk")),
    ("kernel", N_("the program")),
    ("portal", N_("the portal")),
)


async def _in_words(rows: list[Row], by: Actor) -> None:
    """Sentences instead of codes, "field: was → is" instead of what the columns hold."""
    del by
    sides = [
        tuple(from_json(row[part]) if row[part] else None for part in ("before", "after"))
        for row in rows
    ]
    names = await names_for(*(part for pair in sides for part in pair))
    for row, (before, after) in zip(rows, sides, strict=True):
        if "who" in row:
            row["who"] = who_did(row["actor_kind"], row["actor_id"], row["who"])
        if "action" in row:
            row["action"] = told(row["action"], after)
        if "changed" in row:
            row["changed"] = "; ".join(str(change) for change in changes(before, after, names))


AUDIT = Register(
    code="audit",
    label=N_("Audit"),
    about=N_("Who did what, when, and what stood there before; nothing is ever removed from it."),
    path="/audit",
    right="kernel.audit.view",
    source="audit a LEFT JOIN billing_account b ON b.account_id = a.account_id",
    key="a.id",
    key_type="bigint",
    columns=(
        Column(
            name="at",
            label=N_("When"),
            sql="a.at",
            kind=Kind.INSTANT,
            head=True,
            order="a.id",
            order_type="bigint",
            link="/audit/{key}",
        ),
        Column(
            name="who",
            label=N_("Who"),
            sql="actor_name(a.actor_kind || ':' || a.actor_id)",
        ),
        Column(name="kind", label=N_("As"), sql="a.actor_kind", kind=Kind.STATE, words=_KINDS),
        Column(name="action", label=N_("What"), sql="a.action"),
        Column(name="subject", label=N_("To what"), sql="a.subject", soft=True, shown=False),
        Column(
            name="account",
            label=N_("Account"),
            sql="b.number",
            link="/accounts/{account}",
        ),
        Column(name="changed", label=N_("Before and after"), sql="''", soft=True),
    ),
    extras={
        "before": "a.before",
        "after": "a.after",
        "actor_kind": "a.actor_kind",
        "actor_id": "a.actor_id",
    },
    refine=_in_words,
    # What is about no account belongs to no district: who is confined does not see it.
    scope="""a.account_id IN (SELECT x.account_id FROM billing_account x
        JOIN billing_place p ON p.id = x.place_id WHERE p.district = ANY($1::text[]))""",
    sort="-at",
    filters=(
        Filter(
            name="day",
            label=N_("Day"),
            ask=Ask.DAYS,
            least="a.at >= $1",
            most="a.at < $1::timestamptz + interval '1 day'",
            instants=True,
        ),
        Filter(
            name="room",
            label=N_("Area"),
            ask=Ask.CHOICE,
            sql="split_part(a.action, ':', 1) = ANY($1::text[])",
            choices=_ROOMS,
        ),
        Filter(
            name="who",
            label=N_("Who"),
            ask=Ask.TEXT,
            sql="a.actor_id IN (SELECT id::text FROM web_user WHERE name ILIKE '%' || $1 || '%' OR login = lower($1))",
        ),
        Filter(
            name="action",
            label=N_("What"),
            ask=Ask.TEXT,
            sql="a.action ILIKE '%' || $1 || '%'",
        ),
        Filter(
            name="subject",
            label=N_("To what"),
            ask=Ask.TEXT,
            sql="a.subject = $1",
        ),
        Filter(
            name="account",
            label=N_("Account"),
            ask=Ask.TEXT,
            sql="a.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)",
        ),
    ),
    icon="history",
    empty=(N_("Nothing has been done yet"), ""),
)
