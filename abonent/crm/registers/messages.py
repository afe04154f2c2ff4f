"""The register of messages: what was said to whom, by what way, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from abonent.billing.registers import DISTRICTS_ARE
from abonent.crm.masking import masked_contact
from abonent.crm.queries.messages import CHANNELS, PURPOSES, STATES, reason_words
from abonent.crm.queries.templates import templates_in_force
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_, _, current_language
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register, Row, Way

_TROUBLED = ("undelivered", "expired", "rejected", "unknown", "refused")


async def template_choices() -> Sequence[tuple[str, str]]:
    """Every template by its title, and what was written by hand."""
    found = await templates_in_force(current_language())
    return [("", _("free text")), *((code, one.title) for code, one in found.items())]


async def _refine(rows: list[Row], _by: Actor) -> None:
    titles = dict(await template_choices())
    for row in rows:
        if "template" in row:
            row["template"] = titles.get(row["template"], row["template"])
        if row.get("address"):
            kind = "email" if row["way"] == "email" else "phone"
            row["address"] = masked_contact(kind, row["address"])
        if "reason" in row:
            row["reason"] = reason_words(row["reason"])


def _tone(row: Row) -> str:
    if row["became"] in {"unknown", "rejected"}:
        return "bad"
    return "warn" if row["became"] in _TROUBLED else ""


MESSAGES = Register(
    code="messages",
    label=N_("Messages"),
    about=N_("What was written to subscribers, the latest first, and what became of it."),
    path="/messages",
    right="crm.message.view",
    source="""crm_message m
LEFT JOIN crm_message_text t ON t.account_id = m.account_id AND t.message_id = m.id
LEFT JOIN billing_account b ON b.account_id = m.account_id
LEFT JOIN crm_subscriber s ON s.id = m.subscriber_id
LEFT JOIN crm_account a ON a.account_id = m.account_id
LEFT JOIN billing_place p ON p.id = a.place_id""",
    key="m.id",
    keys_first=True,
    key_type="bigint",
    columns=(
        Column(
            name="queued",
            label=N_("When"),
            sql="m.queued_at",
            kind=Kind.INSTANT,
            order="m.queued_at",
            order_type="timestamptz",
            head=True,
            link="/messages/{account}/{key}",
        ),
        Column(name="name", label=N_("Subscriber"), sql="s.name", link="/accounts/{number}"),
        Column(
            name="number", label=N_("Account"), sql="b.number", link="/accounts/{number}/messages"
        ),
        Column(
            name="channel",
            label=N_("Way of writing"),
            sql="m.channel",
            kind=Kind.STATE,
            words={code: (word, "") for code, word in CHANNELS.items()},
        ),
        Column(name="address", label=N_("Where to"), sql="t.address", whole=True),
        Column(name="template", label=N_("Template"), sql="m.template"),
        Column(
            name="purpose",
            label=N_("Purpose of writing"),
            sql="m.purpose",
            kind=Kind.STATE,
            words={code: (word, "") for code, word in PURPOSES.items()},
        ),
        Column(name="state", label=N_("State"), sql="m.state", kind=Kind.STATE, words=STATES),
        Column(name="reason", label=N_("Why"), sql="m.reason"),
        Column(name="parts", label=N_("Parts"), sql="m.parts", kind=Kind.NUMBER),
        Column(name="by", label=N_("Who"), sql="actor_name(m.by)", kind=Kind.STAFF, shown=False),
        Column(
            name="ended", label=N_("Last heard"), sql="m.ended_at", kind=Kind.INSTANT, shown=False
        ),
    ),
    extras={
        "account": "m.account_id",
        "became": "m.state",
        "way": "m.channel",
        "number": "coalesce(b.number, '')",
    },
    sort="-queued",
    filters=(
        Filter(
            name="state",
            label=N_("State"),
            ask=Ask.CHOICE,
            sql="m.state = ANY($1::text[])",
            choices=tuple((code, word) for code, (word, _its) in STATES.items()),
        ),
        Filter(
            name="channel",
            label=N_("Way of writing"),
            ask=Ask.CHOICE,
            sql="m.channel = ANY($1::text[])",
            choices=tuple(CHANNELS.items()),
        ),
        Filter(
            name="purpose",
            label=N_("Purpose of writing"),
            ask=Ask.CHOICE,
            sql="m.purpose = ANY($1::text[])",
            choices=tuple(PURPOSES.items()),
        ),
        Filter(
            name="template",
            label=N_("Template"),
            ask=Ask.CHOICE,
            sql="m.template = ANY($1::text[])",
            options=template_choices,
        ),
        Filter(
            name="queued",
            label=N_("When"),
            ask=Ask.DAYS,
            least="m.queued_at >= $1",
            most="m.queued_at < $1::timestamptz + interval '1 day'",
            instants=True,
        ),
        DISTRICTS_ARE,
    ),
    search=Filter(
        name="account",
        label=N_("Account"),
        ask=Ask.TEXT,
        # Not by the number that is shown: so the account's own order of messages is walked.
        sql="m.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)",
    ),
    search_label=N_("Account number"),
    tone=_tone,
    refine=_refine,
    scope="p.district = ANY($1::text[])",
    ways=(
        Way(
            label=N_("Templates"),
            path="/messages/templates",
            right="crm.message.view",
            icon="file-text",
            key="KeyT",
        ),
    ),
    icon="message",
    empty=(
        N_("No messages yet"),
        N_("They stand here as soon as the first one is written: L on an account's card."),
    ),
)
