"""The register of documents: invoices, acts, corrections and reconciliations of companies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from abonent.billing.queries.invoices import documents
from abonent.billing.registers import DISTRICT, DISTRICTS_ARE, ENTITIES_ARE, ENTITY, SCOPE
from abonent.billing.rules.invoice_parties import MISSING
from abonent.billing.service.invoices.papers import KINDS, MOST_AT_ONCE, print_papers
from abonent.crm.service.companies import send_to_company
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_, _
from abonent.kernel.registers.declaration import (
    Ask,
    Bulk,
    Change,
    Column,
    Filter,
    Kind,
    Register,
    Row,
    Way,
)
from abonent.kernel.settings import Settings

STATES = {
    "DRAFT": (N_("draft"), "warn"),
    "ISSUED": (N_("issued"), ""),
    "WAITS": (N_("being sent"), "info"),
    "SENT": (N_("sent"), "good"),
    "FAILED": (N_("not sent"), "bad"),
    "REPLACED": (N_("replaced"), ""),
}
"""States as people see them: a letter under way and a replaced document are told apart."""

_STATE = """CASE WHEN d.replaced_by IS NOT NULL THEN 'REPLACED' WHEN d.letter_waits THEN 'WAITS'
    ELSE d.state END"""


async def _to_send(keys: Sequence[Any], _values: Mapping[str, Any], by: Actor) -> Sequence[Change]:
    found = await documents(list(keys), by=by)
    ready = sum(one.stands for one in found)
    left = len(found) - ready
    changes = [Change(_("Sent by e-mail"), ready)]
    return [*changes, Change(_("Drafts and replaced ones: left out"), left)] if left else changes


async def _send(key: Any, _values: Mapping[str, Any], by: Actor, _note: str) -> None:
    await send_to_company(int(key), by=by)


async def _to_print(keys: Sequence[Any], _values: Mapping[str, Any], by: Actor) -> Sequence[Change]:
    found = await documents(list(keys)[: MOST_AT_ONCE + 1], by=by)
    return [
        Change(_(word), sum(one.kind == kind and one.state != "DRAFT" for one in found))
        for kind, word in KINDS.items()
        if any(one.kind == kind for one in found)
    ]


async def _print(
    keys: Sequence[Any], _values: Mapping[str, Any], by: Actor, settings: Settings
) -> bytes:
    ids = [int(key) for key in keys]
    printed = await print_papers(ids, by=by, language=settings.language, content=settings.content)
    return printed.pdf


async def _say_missing(rows: list[Row], _by: Actor) -> None:
    for row in rows:
        if codes := row.get("missing"):
            row["missing"] = ", ".join(_(MISSING[code]) for code in codes.split(","))


def _tone(row: Row) -> str:
    return {"FAILED": "bad", "DRAFT": "warn"}.get(row["kept"], "")


DOCUMENTS = Register(
    code="documents",
    label=N_("Invoices and acts"),
    about=N_(
        "Documents of companies: made when a billing period has ended, numbered, never changed."
    ),
    path="/documents",
    right="billing.invoice.view",
    source="""billing_document d JOIN billing_account b ON b.account_id = d.account_id
        JOIN billing_place p ON p.id = b.place_id
        JOIN billing_legal_entity l ON l.id = d.legal_entity_id
        LEFT JOIN crm_account f ON f.account_id = d.account_id
        LEFT JOIN crm_contract c ON c.id = f.contract_id
        LEFT JOIN crm_subscriber s ON s.id = c.subscriber_id""",
    key="d.id",
    key_type="bigint",
    columns=(
        Column(
            name="number",
            label=N_("Number"),
            sql="coalesce(d.no::text, '—')",
            head=True,
            order="coalesce(d.no, 0)",
            order_type="integer",
            link="/documents/{key}",
        ),
        Column(
            name="day",
            label=N_("Date"),
            sql="d.day",
            kind=Kind.DAY,
            order="d.day",
            order_type="date",
        ),
        Column(
            name="kind",
            label=N_("Kind"),
            sql="d.kind",
            kind=Kind.STATE,
            words={kind: (word, "") for kind, word in KINDS.items()},
        ),
        Column(
            name="name",
            label=N_("Subscriber"),
            sql="s.name",
            order="coalesce(s.name_key, '')",
        ),
        Column(
            name="account",
            label=N_("Account"),
            sql="b.number",
            link="/accounts/{account}/invoices",
        ),
        Column(name="first", label=N_("From"), sql="d.period_from", kind=Kind.DAY),
        Column(name="last", label=N_("Through"), sql="d.period_to - 1", kind=Kind.DAY),
        Column(
            name="amount",
            label=N_("Amount"),
            sql="d.amount",
            kind=Kind.MONEY,
            order="d.amount",
            order_type="bigint",
        ),
        # An invoice and its act are about the same money: only acts are summed.
        Column(
            name="rendered",
            label=N_("By acts"),
            sql="""CASE WHEN d.kind IN ('act', 'correction') AND d.replaced_by IS NULL
                AND d.state <> 'DRAFT' THEN d.amount END""",
            kind=Kind.MONEY,
            total=True,
            shown=False,
        ),
        Column(name="tax", label=N_("VAT"), sql="d.tax", kind=Kind.MONEY, shown=False),
        Column(name="state", label=N_("State"), sql=_STATE, kind=Kind.STATE, words=STATES),
        Column(
            name="missing",
            label=N_("What is wrong"),
            sql="coalesce(nullif(array_to_string(d.missing, ','), ''), d.error)",
            soft=True,
        ),
        Column(name="sent", label=N_("Sent"), sql="d.sent_at", kind=Kind.INSTANT, shown=False),
        ENTITY,
        DISTRICT,
    ),
    extras={"kept": "d.state"},
    sort="-day",
    search=Filter(
        name="q",
        label=N_("Company, account or number"),
        ask=Ask.TEXT,
        sql="""(s.name_key LIKE '%' || lower(replace($1, 'ё', 'е')) || '%' OR b.number = $1
            OR d.no::text = $1)""",
    ),
    search_label=N_("Company, account or number"),
    filters=(
        Filter(
            name="kind",
            label=N_("Kind"),
            ask=Ask.CHOICE,
            sql="d.kind = ANY($1::text[])",
            choices=tuple(KINDS.items()),
        ),
        Filter(
            name="state",
            label=N_("State"),
            ask=Ask.CHOICE,
            sql=f"({_STATE}) = ANY($1::text[])",
            choices=tuple((code, word) for code, (word, _tone_) in STATES.items()),
        ),
        Filter(name="day", label=N_("Date"), ask=Ask.DAYS, least="d.day >= $1", most="d.day <= $1"),
        Filter(
            name="period",
            label=N_("Period"),
            ask=Ask.DAYS,
            least="d.period_from >= $1",
            most="d.period_to - 1 <= $1",
        ),
        Filter(
            name="sum",
            label=N_("Amount"),
            ask=Ask.AMOUNTS,
            least="abs(d.amount) >= $1",
            most="abs(d.amount) <= $1",
        ),
        Filter(name="account", label=N_("Account"), ask=Ask.TEXT, sql="b.number = $1"),
        DISTRICTS_ARE,
        ENTITIES_ARE,
    ),
    refine=_say_missing,
    tone=_tone,
    actions=(
        Bulk(
            code="send",
            label=N_("Send by e-mail"),
            right="billing.invoice.issue",
            commit=N_("Send"),
            preview=_to_send,
            act=_send,
            icon="message",
        ),
        Bulk(
            code="print",
            label=N_("Print into one file"),
            right="billing.invoice.view",
            commit=N_("Make the file"),
            preview=_to_print,
            file=_print,
            icon="printer",
        ),
    ),
    ways=(
        Way(
            label=N_("Issue what is due"),
            path="/documents/issue",
            right="billing.invoice.issue",
            icon="plus",
            key="KeyI",
        ),
    ),
    scope=SCOPE,
    icon="file-invoice",
    empty=(
        N_("No documents yet"),
        N_("They are made by themselves when a company's billing period has ended."),
    ),
)
