"""The register of everything done: who, what, to whom, what stood before and after."""

from __future__ import annotations

from abonent.kernel.i18n import N_
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register

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
)

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
            sql="coalesce(actor_name(a.actor_kind || ':' || a.actor_id), a.actor_id)",
        ),
        Column(name="kind", label=N_("As"), sql="a.actor_kind", kind=Kind.STATE, words=_KINDS),
        Column(name="action", label=N_("What"), sql="a.action"),
        Column(name="subject", label=N_("To what"), sql="a.subject", soft=True),
        Column(
            name="account",
            label=N_("Account"),
            sql="b.number",
            link="/accounts/{account}",
        ),
        Column(name="before", label=N_("Before"), sql="a.before::text", soft=True),
        Column(name="after", label=N_("After"), sql="a.after::text", soft=True),
    ),
    sort="-at",
    filters=(
        Filter(
            name="day",
            label=N_("Day"),
            ask=Ask.DAYS,
            least="a.at >= $1",
            most="a.at < $1 + 1",
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
            name="account",
            label=N_("Account"),
            ask=Ask.TEXT,
            sql="a.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)",
        ),
    ),
    icon="history",
    empty=(N_("Nothing has been done yet"), ""),
)
