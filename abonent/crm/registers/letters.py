"""The register of letters that could not be taken and were left in the mailbox."""

from __future__ import annotations

from abonent.crm.masking import masked_email
from abonent.crm.queries.morning import VIEW
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register, Row


async def _mask(rows: list[Row], _by: Actor) -> None:
    for row in rows:
        if row.get("sender"):
            row["sender"] = masked_email(row["sender"])


LETTERS = Register(
    code="letters",
    label=N_("Letters not taken"),
    about=N_("No request was made of these: find each in the mailbox by its time and subject."),
    path="/letters-not-taken",
    right=VIEW,
    source="crm_mail_taken m",
    where="m.kind = 'failed'",
    key="m.message_id",
    key_type="text",
    columns=(
        Column(
            name="at",
            label=N_("Left in the mailbox"),
            sql="m.at",
            kind=Kind.INSTANT,
            order="m.at",
            order_type="timestamptz",
            head=True,
        ),
        Column(name="sent", label=N_("Written"), sql="m.sent_at", kind=Kind.INSTANT),
        Column(name="sender", label=N_("From whom"), sql="m.sender", whole=True),
        Column(name="subject", label=N_("Subject"), sql="m.subject"),
        Column(name="error", label=N_("Why"), sql="m.error", soft=True),
        Column(name="id", label="Message-ID", sql="m.message_id", shown=False),
    ),
    sort="-at",
    filters=(
        Filter(
            name="at",
            label=N_("Left in the mailbox"),
            ask=Ask.DAYS,
            least="m.at >= $1",
            most="m.at < $1::timestamptz + interval '1 day'",
            instants=True,
        ),
    ),
    # Nobody knows of which district such a letter is.
    scope="$1::text[] IS NULL",
    refine=_mask,
    icon="message",
    empty=(
        N_("Every letter was taken"),
        N_("A letter that cannot be read stands here; it stays in the mailbox."),
    ),
)
