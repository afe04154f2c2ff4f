"""The register of all entries, and the parts that other registers of money are made of."""

from __future__ import annotations

from collections.abc import Sequence

from abonent.billing.rules.book import Kind as EntryKind
from abonent.billing.rules.circumstances import SOURCES, source_name
from abonent.billing.rules.explanation import KIND_NAMES
from abonent.kernel.db import reading
from abonent.kernel.i18n import N_
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register

# Left joins to what is always there: whoever counts need not read it.
ENTRY_SOURCE = """billing_entry e
LEFT JOIN billing_account b ON b.account_id = e.account_id
LEFT JOIN billing_place p ON p.id = e.place_id
LEFT JOIN billing_legal_entity l ON l.id = e.legal_entity_id"""
MONEY = (EntryKind.PAYMENT, EntryKind.REVERSAL, EntryKind.REFUND, EntryKind.RETURN)

_ENTITIES = "SELECT code, name FROM billing_legal_entity ORDER BY name"
_DISTRICTS = "SELECT DISTINCT district FROM billing_place WHERE district <> '' ORDER BY district"


async def entity_choices() -> Sequence[tuple[str, str]]:
    """The provider's own companies."""
    async with reading() as connection:
        return [(row["code"], row["name"]) for row in await connection.fetch(_ENTITIES)]


async def district_choices() -> Sequence[tuple[str, str]]:
    """The districts in which anybody is served."""
    async with reading() as connection:
        rows = await connection.fetch(_DISTRICTS)
    return [(row["district"], row["district"]) for row in rows]


async def source_choices() -> Sequence[tuple[str, str]]:
    """Where money comes from."""
    return [(source, source_name(source)) for source in SOURCES]


NUMBER = Column(
    name="number",
    label=N_("Account"),
    sql="b.number",
    head=True,
    link="/accounts/{number}",
)
KIND = Column(
    name="kind",
    label=N_("What"),
    sql="e.kind",
    kind=Kind.STATE,
    words={kind.value: (name, "") for kind, name in KIND_NAMES.items()},
)
AMOUNT = Column(
    name="amount",
    label=N_("Amount"),
    sql="e.amount",
    kind=Kind.MONEY,
    total=True,
    link="/accounts/{number}/entries/{no}",
)
SOURCE = Column(
    name="source",
    label=N_("Source"),
    sql="e.source",
    kind=Kind.STATE,
    words={source: (name, "") for source, name in SOURCES.items()},
)
DAY = Column(
    name="day",
    label=N_("Business day"),
    sql="e.day",
    kind=Kind.DAY,
)
TAKEN = Column(
    name="at",
    label=N_("Posted"),
    sql="e.created_at",
    kind=Kind.INSTANT,
    order="e.created_at",
    order_type="timestamptz",
)
BY = Column(name="who", label=N_("By"), sql="actor_name(e.actor)", kind=Kind.STAFF, soft=True)
DISTRICT = Column(name="district", label=N_("District"), sql="p.district", shown=False)
ENTITY = Column(name="entity", label=N_("Company"), sql="l.name", shown=False)

ACCOUNT_IS = Filter(
    name="account",
    label=N_("Account"),
    ask=Ask.TEXT,
    sql="e.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)",
)
DAYS = Filter(
    name="day",
    label=N_("Business day"),
    ask=Ask.DAYS,
    least="e.day >= $1",
    most="e.day <= $1",
)
AMOUNTS = Filter(
    name="sum",
    label=N_("Amount"),
    ask=Ask.AMOUNTS,
    least="abs(e.amount) >= $1",
    most="abs(e.amount) <= $1",
)
DISTRICTS_ARE = Filter(
    name="district",
    label=N_("District"),
    ask=Ask.CHOICE,
    sql="p.district = ANY($1::text[])",
    options=district_choices,
    of_districts=True,
)
ENTITIES_ARE = Filter(
    name="entity",
    label=N_("Company"),
    ask=Ask.CHOICE,
    sql="l.code = ANY($1::text[])",
    options=entity_choices,
)
KEY = "(e.account_id::text || '-' || e.no)"
SCOPE = "p.district = ANY($1::text[])"


ENTRIES = Register(
    code="entries",
    label=N_("Entries"),
    about=N_("Every movement of every account; each opens into its calculation."),
    path="/entries",
    right="billing.report.view",
    source=ENTRY_SOURCE,
    key=KEY,
    key_type="text",
    columns=(
        Column(
            name="number",
            label=N_("Account"),
            sql="b.number",
            head=True,
            order="e.account_id",
            order_type="bigint",
            link="/accounts/{number}",
        ),
        DAY,
        KIND,
        AMOUNT,
        Column(
            name="first",
            label=N_("From"),
            sql="e.period_from",
            kind=Kind.DAY,
        ),
        Column(
            name="last",
            label=N_("Through"),
            sql="e.period_to - 1",
            kind=Kind.DAY,
        ),
        SOURCE,
        BY,
        Column(
            name="at",
            label=N_("Posted"),
            sql="e.created_at",
            kind=Kind.INSTANT,
            shown=False,
        ),
        DISTRICT,
        ENTITY,
    ),
    extras={"no": "e.no"},
    sort="number",
    filters=(
        DAYS,
        Filter(
            name="kind",
            label=N_("What"),
            ask=Ask.CHOICE,
            sql="e.kind = ANY($1::text[])",
            choices=tuple((kind.value, name) for kind, name in KIND_NAMES.items()),
        ),
        AMOUNTS,
        ACCOUNT_IS,
        DISTRICTS_ARE,
        ENTITIES_ARE,
    ),
    scope=SCOPE,
    icon="file-text",
    empty=(N_("No entries yet"), N_("The first one comes with the first payment or charge.")),
)
