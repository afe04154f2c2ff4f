"""The registers of payments from outside: what waits for a person, the files, the agreements."""

from __future__ import annotations

from collections.abc import Sequence

from abonent.billing.queries.outside.matching import REASON_NAMES, Reason
from abonent.billing.rules.outside.agreement import KIND_NAMES
from abonent.kernel.db import reading
from abonent.kernel.i18n import N_
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register, Row

RIGHT = "billing.payment.settle"
FILE_STATES = {
    "seen": (N_("looked through"), "info"),
    "waiting": (N_("waits for the worker"), "warn"),
    "taking": (N_("being taken"), "warn"),
    "taken": (N_("taken"), "good"),
    "refused": (N_("refused"), "bad"),
}
_GRAVE = frozenset({Reason.DIFFERS, Reason.TAKEN_BACK, Reason.PART_REFUNDED, Reason.TWICE})
_AGREEMENTS = "SELECT code, name FROM billing_agreement ORDER BY name"
_IN_FORCE = """
SELECT code, name FROM billing_agreement WHERE active
ORDER BY kind NOT IN ('bank_file', 'registry'), name
"""


async def agreement_choices() -> Sequence[tuple[str, str]]:
    """The agreements by name."""
    async with reading() as connection:
        return [(row["code"], row["name"]) for row in await connection.fetch(_AGREEMENTS)]


async def agreements_in_force() -> Sequence[tuple[str, str]]:
    """The agreements a file may come by, by name; first those whose payments come in files."""
    async with reading() as connection:
        return [(row["code"], row["name"]) for row in await connection.fetch(_IN_FORCE)]


def _tone(row: Row) -> str:
    return "bad" if row["grave"] in _GRAVE else ""


UNMATCHED = Register(
    code="unmatched",
    label=N_("Unmatched payments"),
    about=N_(
        "Money that came in and that nobody could tell an account for, or that contradicts an"
        " earlier payment. It is on no account until a person decides."
    ),
    path="/parked",
    right=RIGHT,
    source="""billing_parked_payment p
LEFT JOIN billing_agreement g ON g.id = p.agreement_id
LEFT JOIN billing_outside_payer y ON y.agreement_id = p.agreement_id AND y.external_id = p.external_id""",
    where="p.settled_at IS NULL",
    key="p.id",
    key_type="bigint",
    columns=(
        Column(
            name="received", label=N_("Received"), sql="p.received_at", kind=Kind.INSTANT, head=True,
            order="p.id", order_type="bigint", link="/parked/{key}",
        ),
        Column(
            name="amount", label=N_("Amount"), sql="p.amount", kind=Kind.MONEY, total=True,
            order="p.amount", order_type="bigint",
        ),
        Column(
            name="reason", label=N_("Why it waits"), sql="p.reason", kind=Kind.STATE,
            words={
                reason.value: (name, "bad" if reason in _GRAVE else "warn")
                for reason, name in REASON_NAMES.items()
            },
        ),
        Column(name="account", label=N_("Named account"), sql="p.account"),
        Column(name="payer", label=N_("Payer"), sql="y.payer"),
        Column(name="purpose", label=N_("Purpose"), sql="y.purpose", soft=True),
        Column(
            name="paid_on", label=N_("Paid on"), sql="p.paid_on", kind=Kind.DAY,
            order="coalesce(p.paid_on, '-infinity')", order_type="date",
        ),
        Column(name="agreement", label=N_("Agreement"), sql="coalesce(g.name, p.source)"),
        Column(
            name="put_aside", label=N_("Put aside"), sql="p.aside_at", kind=Kind.INSTANT, shown=False
        ),
        Column(name="number", label=N_("Number of the payment"), sql="p.external_id", shown=False),
    ),
    extras={"grave": "p.reason"},
    sort="received",
    filters=(
        Filter(
            name="agreement", label=N_("Agreement"), ask=Ask.CHOICE, sql="g.code = ANY($1::text[])",
            options=agreement_choices,
        ),
        Filter(
            name="reason", label=N_("Why it waits"), ask=Ask.CHOICE,
            sql="p.reason = ANY($1::text[])",
            choices=[(reason.value, name) for reason, name in REASON_NAMES.items()],
        ),
        Filter(
            name="queue", label=N_("Queue"), ask=Ask.CHOICE,
            sql="(CASE WHEN p.aside_at IS NULL THEN 'waits' ELSE 'aside' END) = ANY($1::text[])",
            choices=[("waits", N_("waits")), ("aside", N_("put aside"))],
        ),
        Filter(
            name="day", label=N_("Paid on"), ask=Ask.DAYS, least="p.paid_on >= $1",
            most="p.paid_on <= $1",
        ),
        Filter(
            name="sum", label=N_("Amount"), ask=Ask.AMOUNTS, least="p.amount >= $1",
            most="p.amount <= $1",
        ),
    ),
    search=Filter(
        name="q", label=N_("Search"), ask=Ask.TEXT,
        sql="strpos(lower(concat_ws(' ', y.payer, y.purpose, p.account, p.external_id)), lower($1)) > 0",
    ),
    search_label=N_("Payer, purpose, account or number"),
    tone=_tone,
    empty=(N_("Everything is matched"), N_("Payments that nobody could match appear here.")),
    icon="circle-check",
)  # fmt: skip

AGREEMENTS = Register(
    code="agreements",
    label=N_("Agreements on taking payments"),
    about=N_("With whom, into which bank account, and how an account is found in what comes."),
    path="/outside/agreements",
    right=RIGHT,
    source="billing_agreement a JOIN billing_legal_entity e ON e.id = a.legal_entity_id",
    key="a.id",
    key_type="bigint",
    columns=(
        Column(
            name="name", label=N_("Agreement"), sql="a.name", head=True, order="a.name",
            link="/outside/agreement/{code}",
        ),
        Column(name="code", label=N_("Code"), sql="a.code", order="a.code"),
        Column(
            name="kind", label=N_("Kind"), sql="a.kind", kind=Kind.STATE,
            words={kind.value: (name, "") for kind, name in KIND_NAMES.items()},
        ),
        Column(name="entity", label=N_("Company"), sql="e.name"),
        Column(name="bank_account", label=N_("Bank account"), sql="a.bank_account", soft=True),
        Column(name="source", label=N_("Source in the books"), sql="a.source"),
        Column(
            name="commission", label=N_("Commission"), sql="a.commission", kind=Kind.PERCENT
        ),
        Column(name="active", label=N_("In force"), sql="a.active", kind=Kind.FLAG),
    ),
    sort="name",
    empty=(N_("There is no agreement yet"), N_("The first one is made on the page of payments from outside.")),
)  # fmt: skip
