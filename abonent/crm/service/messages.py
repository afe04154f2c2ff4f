"""Writing to subscribers: one door through which every message goes, logged whatever became of it.

A message is queued in the caller's transaction: asked of the rules, written down, counted, and left
to the outbox. What the rules refuse is written down too, with the rule that refused it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from abonent.crm.queries.contacting import (
    Contacted,
    contact_frame,
    contacted,
    person_of_contact,
)
from abonent.crm.queries.templates import templates_in_force
from abonent.crm.rules.contacting import (
    Frame,
    Person,
    Purpose,
    Question,
    Verdict,
    Way,
    Window,
    decide,
)
from abonent.crm.rules.people import spoken_name
from abonent.kernel import clock
from abonent.kernel.db import reading
from abonent.kernel.errors import Malformed, NotFound
from abonent.kernel.i18n import N_, gettext
from abonent.kernel.ids import new_id
from abonent.kernel.legal import LegalRuleUnchecked
from abonent.kernel.site import site_language, whole_link
from abonent.kernel.templates import MessageTemplate, parts_of
from abonent.kernel.work import UnitOfWork

KIND = "message"
"""The kind of outbox rows that messages are sent by."""
MOST_PARTS = 10
LONGEST_LETTER = 20_000
SMS, EMAIL, PORTAL = "sms", "email", "portal"

_LOCK = "SELECT pg_advisory_xact_lock(4028, hashtext($1))"
_KEEP = """
INSERT INTO crm_message (account_id, id, subscriber_id, channel, template, text_hash, purpose,
    state, reason, parts, about, by, queued_at, due_at, sent_at, hours)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""
_KEEP_TEXT = """
INSERT INTO crm_message_text (account_id, message_id, address, subject, text, reply_to_id)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_COUNT = """
INSERT INTO crm_contact_attempt (who, id, at, way, purpose, template, capped, account_id)
VALUES ($1, $2, $3, 'message', $4, $5, $6, $7)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """What is to be said to whom. Without `to` it goes to the subscriber's main phone or e-mail.

    A telephone is digits with its country. `template` is the code of one, filled with `values`;
    what every template may name (name, number, company, phone, url) is known already. Without one
    `text` is said as it is, and `purpose` tells what for. `about` names what it belongs to, such as
    "request:123"; `reply_to_id` is the Message-ID of the letter that is answered.
    """

    account_id: int | None
    channel: str
    to: str = ""
    template: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    subject: str = ""
    purpose: str = Purpose.SERVICE
    about: str = ""
    reply_to_id: str = ""


@dataclass(frozen=True, slots=True)
class Queued:
    """What became of it: the message's id, None where a rule refused it; the verdict says why."""

    id: int | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Composed:
    """A message in its words: how it will read, how many parts it takes, what the rules are asked."""

    address: str
    subject: str
    text: str
    parts: int
    purpose: Purpose
    window: Window
    cap: int | None


class NoSuchTemplate(NotFound):
    """There is no template of that code for that channel."""

    def __init__(self, code: str) -> None:
        message = N_("There is no message template {value} for this channel.")
        super().__init__("NO_SUCH_TEMPLATE", message, field="template", value=code)


async def queue_message(work: UnitOfWork, message: NewMessage) -> Queued:
    """Ask the rules, write the message down and leave it to be sent, all in the caller's work.

    Raises NoSuchTemplate, and Malformed for a text that is empty or too long. A refusal by a rule
    is no error: it stands in the answer and in the log.
    """
    now = clock.now()
    connection = work.connection
    known = await contacted(connection, message.account_id, channel=message.channel, at=now)
    composed = await compose(message, known)
    who = known.who(composed.address)
    await connection.execute(_LOCK, who)
    person = await person_of_contact(connection, known, composed.address, now)
    verdict = await _judged(connection, message, composed, person, now)
    made = new_id()
    await _keep(work, made, message, known, (composed, verdict))
    if not verdict.allowed:
        return Queued(None, verdict)
    account = message.account_id or 0
    if message.channel != PORTAL:
        capped = composed.window is not Window.ANY
        counted = (composed.purpose, message.template, capped, account)
        await connection.execute(_COUNT, who, made, verdict.at, *counted)
        payload = {"account": account, "message": made}
        await work.send(KIND, payload, key=f"message:{made}", due_at=verdict.at)
    return Queued(made, verdict)


async def can_contact(message: NewMessage, *, at: datetime | None = None) -> Verdict:
    """Answer whether a message may be sent, and why not, without sending it."""
    now = at or clock.now()
    async with reading() as connection:
        known = await contacted(connection, message.account_id, channel=message.channel, at=now)
        composed = await compose(message, known)
        person = await person_of_contact(connection, known, composed.address, now)
        return await _judged(connection, message, composed, person, now)


async def compose(message: NewMessage, known: Contacted) -> Composed:
    """Put a message into its words. Raises NoSuchTemplate, Malformed."""
    templates = await templates_in_force(site_language()) if message.template else {}
    return compose_by(message, known, templates)


def compose_by(
    message: NewMessage, known: Contacted, templates: Mapping[str, MessageTemplate]
) -> Composed:
    """The same with templates that were read already. Raises NoSuchTemplate, Malformed."""
    address = message.to or (known.email if message.channel == EMAIL else known.phone)
    if not message.template:
        return _free(message, address)
    template = templates.get(message.template)
    if template is None or message.channel not in {*template.channels, PORTAL}:
        raise NoSuchTemplate(message.template)
    return _filled(message, template, known, address)


def _free(message: NewMessage, address: str) -> Composed:
    text = message.text.strip()
    if not text:
        raise Malformed.of("text", text, N_("Fill this in."))
    purpose = Purpose(message.purpose)
    window = Window.DEBT if purpose is Purpose.DEBT else Window.DAY
    parts = _parts(message.channel, text)
    return Composed(address, message.subject.strip(), text, parts, purpose, window, None)


def _filled(
    message: NewMessage, template: MessageTemplate, known: Contacted, address: str
) -> Composed:
    given = {
        "name": spoken_name(known.name) or gettext(N_("dear customer"), site_language()),
        "number": known.number,
        "company": known.company,
        "phone": known.company_phone,
        "url": "/my",
        **message.values,
    }
    values = {name: str(given.get(name, "")) for name in template.longest}
    if "url" in values:
        values["url"] = whole_link(values["url"])
    letter = message.channel == EMAIL and template.body
    text = (template.body if letter else template.text).format(**values).strip()
    subject = message.subject or template.subject.format(**values)
    parts = _parts(message.channel, text)
    kind, window = Purpose(template.kind), Window(template.window)
    return Composed(address, subject, text, parts, kind, window, template.cap)


def _parts(channel: str, text: str) -> int:
    if channel != SMS:
        if len(text) > LONGEST_LETTER:
            long = N_("{length} letters; a letter takes at most {most}.")
            raise Malformed.of("text", text, long, length=len(text), most=LONGEST_LETTER)
        return 1
    parts = parts_of(text)
    if parts > MOST_PARTS:
        wrong = N_("It takes {parts} SMS; at most {most} are sent as one. Say it shorter.")
        raise Malformed.of("text", text, wrong, parts=parts, most=MOST_PARTS)
    return parts


async def _judged(
    connection: Any, message: NewMessage, composed: Composed, person: Person, now: datetime
) -> Verdict:
    if message.channel == PORTAL:
        return Verdict(allowed=True, at=now)
    frame = await frame_or_why_not(connection, now, composed.purpose) if composed.address else None
    return judged(message, composed, person, frame, now)


async def frame_or_why_not(
    connection: Any, at: datetime, purpose: Purpose
) -> Frame | LegalRuleUnchecked:
    """What the law and the policy say on a day, or the rule of law that nobody has checked."""
    try:
        return await contact_frame(connection, at, purpose)
    except LegalRuleUnchecked as error:
        return error


def judged(
    message: NewMessage,
    composed: Composed,
    person: Person,
    frame: Frame | LegalRuleUnchecked | None,
    now: datetime,
) -> Verdict:
    """Answer whether it may be sent; nothing is read here, so it serves one and a million alike."""
    if not composed.address:
        missing = N_("The card has no phone.") if message.channel == SMS else N_(
            "The card has no e-mail address."
        )  # fmt: skip
        return Verdict(allowed=False, at=None, code="NO_ADDRESS", message=missing)
    assert frame is not None  # noqa: S101  who has an address is asked of the rules
    if isinstance(frame, LegalRuleUnchecked):
        said = {"value": frame.value}
        return Verdict(allowed=False, at=None, code=frame.code, message=frame.message, params=said)
    asked = Question(
        Way.MESSAGE, composed.purpose, now, composed.window, message.template, composed.cap,
        capped=composed.window is not Window.ANY,
    )  # fmt: skip
    return decide(asked, person, frame)


async def _keep(
    work: UnitOfWork,
    made: int,
    message: NewMessage,
    known: Contacted,
    said: tuple[Composed, Verdict],
) -> None:
    composed, verdict = said
    now, account = clock.now(), message.account_id or 0
    on_portal = message.channel == PORTAL
    state = "refused" if not verdict.allowed else "sent" if on_portal else "queued"
    digest = hashlib.sha256(composed.text.encode()).hexdigest()[:16]
    by = f"{work.by.kind}:{work.by.id}"
    reason = "" if verdict.allowed else verdict.code
    due = verdict.at if verdict.allowed and verdict.at else now
    await work.connection.execute(
        _KEEP, account, made, known.subscriber, message.channel, message.template, digest,
        composed.purpose, state, reason, composed.parts, message.about, by,
        now, due, now if on_portal else None, composed.window,
    )  # fmt: skip
    texts = (composed.address, composed.subject, composed.text, message.reply_to_id)
    await work.connection.execute(_KEEP_TEXT, account, made, *texts)
