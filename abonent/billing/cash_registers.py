"""The registers of cash desks: shifts, receipts, and fiscal receipts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from abonent.billing.registers import source_choices
from abonent.billing.rules.circumstances import SOURCES
from abonent.billing.service.fiscal.making import make_again
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.i18n import N_
from abonent.kernel.registers.declaration import (
    Ask,
    Bulk,
    Change,
    Column,
    Filter,
    Kind,
    Register,
    Row,
    Words,
)

SHIFT_STATES: Words = {
    "OPEN": (N_("at work"), "good"),
    "COUNTED": (N_("drawer counted"), "warn"),
    "CLOSED": (N_("closed"), ""),
}
FISCAL_STATES: Words = {
    "WAITING": (N_("waits to be sent"), "warn"),
    "SENT": (N_("sent, not yet made out"), "info"),
    "DONE": (N_("made out"), "good"),
    "FAILED": (N_("not made out"), "bad"),
}
RECEIPT_KINDS: Words = {"payment": (N_("Payment"), ""), "void": (N_("Refund of a receipt"), "warn")}
FISCAL_KINDS: Words = {"sell": (N_("Payment"), ""), "sell_refund": (N_("Refund"), "warn")}
_SOURCE_WORDS: Words = {source: (name, "") for source, name in SOURCES.items()}

_OFFICES = "SELECT code, name FROM office ORDER BY code"


async def office_choices() -> Sequence[tuple[str, str]]:
    """The provider's offices."""
    async with reading() as connection:
        return [(row["code"], row["name"]) for row in await connection.fetch(_OFFICES)]


def _choices(words: Words) -> tuple[tuple[str, str], ...]:
    return tuple((code, name) for code, (name, _tone) in words.items())


_OFFICE = Column(name="office", label=N_("Office"), sql="o.name")
_DESK = Column(name="desk", label=N_("Cash desk"), sql="d.name")
_OFFICES_ARE = Filter(
    name="office",
    label=N_("Office"),
    ask=Ask.CHOICE,
    sql="o.code = ANY($1::text[])",
    options=office_choices,
)


def _shift_tone(row: Row) -> str:
    return "bad" if row["difference"] else "warn" if row["state"] == "COUNTED" else ""


SHIFTS = Register(
    code="cash_shifts",
    label=N_("Cash shifts"),
    about=N_("Every shift of every cash desk; a difference is told in red with its explanation."),
    path="/cash-shifts",
    right="billing.shift.view",
    source="""cash_shift s JOIN cash_desk d ON d.id = s.desk_id JOIN office o ON o.id = d.office_id""",
    key="s.id",
    key_type="bigint",
    columns=(
        Column(
            name="number",
            label=N_("Shift"),
            sql="d.code || '-' || s.no",
            head=True,
            link="/cash/shifts/{key}",
        ),
        Column(
            name="opened",
            label=N_("Opened"),
            sql="s.opened_at",
            kind=Kind.INSTANT,
            order="s.opened_at",
            order_type="timestamptz",
        ),
        _OFFICE,
        _DESK,
        Column(
            name="cashier",
            label=N_("Cashier"),
            sql="s.cashier_name",
            order="s.cashier_name",
            kind=Kind.STAFF,
        ),
        Column(name="state", label=N_("State"), sql="s.state", kind=Kind.STATE, words=SHIFT_STATES),
        Column(
            name="cash",
            label=N_("Cash"),
            sql="""coalesce((SELECT sum(CASE r.kind WHEN 'void' THEN -r.amount ELSE r.amount END)
                FROM cash_receipt r WHERE r.shift_id = s.id AND r.source = 'cash'), 0)::bigint""",
            kind=Kind.MONEY,
            total=True,
        ),
        Column(
            name="voids",
            label=N_("Voids"),
            sql="""(SELECT count(*) FROM cash_receipt r
                WHERE r.shift_id = s.id AND r.kind = 'void')""",
            kind=Kind.NUMBER,
        ),
        Column(
            name="difference",
            label=N_("Difference"),
            sql="s.counted_sum - s.expected",
            kind=Kind.MONEY,
            total=True,
        ),
        Column(name="explanation", label=N_("Explanation"), sql="s.explanation", soft=True),
        Column(
            name="closed",
            label=N_("Closed"),
            sql="s.closed_at",
            kind=Kind.INSTANT,
            shown=False,
        ),
    ),
    sort="-opened",
    filters=(
        Filter(
            name="day",
            label=N_("Business day"),
            ask=Ask.DAYS,
            least="s.day >= $1",
            most="s.day <= $1",
        ),
        _OFFICES_ARE,
        Filter(
            name="state",
            label=N_("State"),
            ask=Ask.CHOICE,
            sql="s.state = ANY($1::text[])",
            choices=_choices(SHIFT_STATES),
        ),
        Filter(
            name="differs",
            label=N_("With a difference"),
            ask=Ask.FLAG,
            sql="s.counted_sum <> s.expected",
        ),
    ),
    tone=_shift_tone,
    icon="calculator",
    empty=(N_("No shifts yet"), N_("The first one is opened at a cash desk.")),
)

RECEIPTS = Register(
    code="cash_receipts",
    label=N_("Receipts"),
    about=N_("Every receipt of every cash desk, without gaps in its numbers."),
    path="/receipts",
    right="billing.shift.view",
    source="""cash_receipt r JOIN cash_desk d ON d.id = r.desk_id
JOIN office o ON o.id = d.office_id""",
    key="(r.desk_id || '-' || r.no)",
    key_type="text",
    columns=(
        Column(
            name="number",
            label=N_("Receipt"),
            sql="d.code || '-' || r.no",
            head=True,
            link="/cash/receipts/{desk_id}/{no}",
        ),
        Column(
            name="at",
            label=N_("Time"),
            sql="r.at",
            kind=Kind.INSTANT,
            order="r.at",
            order_type="timestamptz",
        ),
        Column(name="kind", label=N_("What"), sql="r.kind", kind=Kind.STATE, words=RECEIPT_KINDS),
        Column(name="account", label=N_("Account"), sql="r.account", link="/accounts/{account}"),
        Column(
            name="source",
            label=N_("Source"),
            sql="r.source",
            kind=Kind.STATE,
            words=_SOURCE_WORDS,
        ),
        Column(
            name="amount",
            label=N_("Amount"),
            sql="CASE r.kind WHEN 'void' THEN -r.amount ELSE r.amount END",
            kind=Kind.MONEY,
            total=True,
        ),
        Column(name="cashier", label=N_("Cashier"), sql="r.cashier"),
        Column(name="reason", label=N_("Reason"), sql="r.reason", soft=True),
        _OFFICE,
        _DESK,
    ),
    extras={"desk_id": "r.desk_id", "no": "r.no"},
    scope="""EXISTS (SELECT 1 FROM billing_account a JOIN billing_place p ON p.id = a.place_id
    WHERE a.account_id = r.account_id AND p.district = ANY($1::text[]))""",
    sort="-at",
    filters=(
        Filter(
            name="day",
            label=N_("Business day"),
            ask=Ask.DAYS,
            least="r.day >= $1",
            most="r.day <= $1",
        ),
        Filter(
            name="kind",
            label=N_("What"),
            ask=Ask.CHOICE,
            sql="r.kind = ANY($1::text[])",
            choices=_choices(RECEIPT_KINDS),
        ),
        Filter(
            name="source",
            label=N_("Source"),
            ask=Ask.CHOICE,
            sql="r.source = ANY($1::text[])",
            options=source_choices,
        ),
        Filter(
            name="sum",
            label=N_("Amount"),
            ask=Ask.AMOUNTS,
            least="r.amount >= $1",
            most="r.amount <= $1",
        ),
        Filter(name="account", label=N_("Account"), ask=Ask.TEXT, sql="r.account = $1"),
        _OFFICES_ARE,
    ),
    tone=lambda row: "warn" if row["kind"] == "void" else "",
    icon="receipt",
    empty=(N_("No receipts"), N_("They stand here as soon as a cash desk gives the first one.")),
)


async def _to_send(keys: Sequence[Any], _values: Mapping[str, Any], _by: Actor) -> Sequence[Change]:
    return [Change(N_("Sent again"), len(keys))]


async def _send_again(key: Any, _values: Mapping[str, Any], by: Actor, _note: str) -> None:
    await make_again(str(key), by=by)


def _fiscal_tone(row: Row) -> str:
    return {"FAILED": "bad", "DONE": ""}.get(row["state"], "warn")


FISCAL = Register(
    code="fiscal",
    label=N_("Fiscal receipts"),
    about=N_("What the cash register was asked to make out, and what became of it."),
    path="/fiscal",
    right="billing.fiscal.view",
    source="fiscal_document f JOIN billing_legal_entity l ON l.id = f.legal_entity_id",
    key="f.external_id",
    key_type="text",
    columns=(
        Column(
            name="entry",
            label=N_("Entry"),
            sql="f.external_id",
            head=True,
            link="/accounts/{account}/entries/{entry_no}",
        ),
        Column(
            name="at",
            label=N_("Time"),
            sql="f.created_at",
            kind=Kind.INSTANT,
            order="f.created_at",
            order_type="timestamptz",
        ),
        Column(name="kind", label=N_("What"), sql="f.kind", kind=Kind.STATE, words=FISCAL_KINDS),
        Column(name="amount", label=N_("Amount"), sql="f.amount", kind=Kind.MONEY, total=True),
        Column(
            name="source",
            label=N_("Source"),
            sql="f.source",
            kind=Kind.STATE,
            words=_SOURCE_WORDS,
        ),
        Column(
            name="state", label=N_("State"), sql="f.state", kind=Kind.STATE, words=FISCAL_STATES
        ),
        Column(name="error", label=N_("What is wrong"), sql="f.error", soft=True),
        Column(
            name="document",
            label=N_("Fiscal document"),
            sql="f.marks->>'fiscal_document_number'",
        ),
        Column(name="entity", label=N_("Company"), sql="l.name", shown=False),
        Column(name="uuid", label=N_("Name at the cash register"), sql="f.uuid", shown=False),
    ),
    extras={"account": "f.account", "entry_no": "f.entry_no"},
    scope="""EXISTS (SELECT 1 FROM billing_account a JOIN billing_place p ON p.id = a.place_id
    WHERE a.account_id = f.account_id AND p.district = ANY($1::text[]))""",
    sort="-at",
    filters=(
        Filter(
            name="state",
            label=N_("State"),
            ask=Ask.CHOICE,
            sql="f.state = ANY($1::text[])",
            choices=_choices(FISCAL_STATES),
        ),
        Filter(
            name="kind",
            label=N_("What"),
            ask=Ask.CHOICE,
            sql="f.kind = ANY($1::text[])",
            choices=_choices(FISCAL_KINDS),
        ),
        Filter(
            name="day",
            label=N_("Day"),
            ask=Ask.DAYS,
            least="f.created_at >= $1",
            most="f.created_at < $1 + 1",
        ),
        Filter(name="account", label=N_("Account"), ask=Ask.TEXT, sql="f.account = $1"),
    ),
    actions=(
        Bulk(
            code="again",
            label=N_("Send again"),
            right="billing.fiscal.retry",
            commit=N_("Send"),
            preview=_to_send,
            act=_send_again,
            icon="refresh",
        ),
    ),
    tone=_fiscal_tone,
    icon="receipt",
    empty=(
        N_("No fiscal receipts"),
        N_("They are owed for cash and cards once a cash register is set (ABONENT_FISCAL)."),
    ),
)
