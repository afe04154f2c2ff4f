"""What people set about messages: who is not turned to, the words of templates, the measure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import time

from abonent.crm.queries.templates import templates_in_force
from abonent.crm.rules.contacting import HELD
from abonent.crm.service.holders import holder_of
from abonent.crm.service.messages import LONGEST_LETTER, NoSuchTemplate
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.content import documents_of
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Conflict, Malformed, Refused
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.templates import MessageTemplate, WrongPiece, filled, names_in, parts_of

LONGEST_PROOF = 500
LONGEST_SUBJECT = 200

_HOLD = """
INSERT INTO crm_contact_hold (id, subscriber_id, kind, proof, since, added_by)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_LIFT = """
UPDATE crm_contact_hold SET till = $3 WHERE id = $1 AND subscriber_id = $2 AND till IS NULL
RETURNING kind
"""
_WORD = """
INSERT INTO crm_message_wording (code, language, version, text, subject, body, changed_at, changed_by)
SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6, $7 FROM crm_message_wording
WHERE code = $1 AND language = $2 RETURNING version
"""
_LOCK = "SELECT pg_advisory_xact_lock(4030, hashtext($1))"
_MEASURE = """
UPDATE crm_contact_policy SET opens = $2, closes = $3, cap = $4, part_price = $5,
    version = version + 1
WHERE version = $1 RETURNING version
"""


async def hold_contact(number: str, *, by: Actor, kind: str, proof: str) -> int:
    """Note why an account's subscriber is not turned to. Raises Malformed for no proof."""
    by.require("crm.message.hold")
    if kind not in HELD:
        raise Malformed.of("kind", kind, N_("Choose one of those offered."))
    if not proof.strip():
        wrong = N_("Say where it can be seen: a letter, a ruling, the request it was asked in.")
        raise Malformed.of("proof", proof, wrong)
    async with unit_of_work(by) as work:
        holder = await holder_of(work.connection, number)
        made, who = new_id(), f"{by.kind}:{by.id}"
        given = (kind, proof.strip()[:LONGEST_PROOF], clock.now(), who)
        await work.connection.execute(_HOLD, made, holder.subscriber_id, *given)
        await work.audit(
            "crm:hold:set",
            f"hold:{made}",
            account_id=holder.account_id,
            after={"subscriber": holder.subscriber_id, "kind": kind},
        )
    return made


async def lift_hold(number: str, hold: int, *, by: Actor) -> None:
    """Let the account's subscriber be turned to again. Raises Refused where it was lifted already."""
    by.require("crm.message.hold")
    async with unit_of_work(by) as work:
        holder = await holder_of(work.connection, number)
        kind = await work.connection.fetchval(_LIFT, hold, holder.subscriber_id, clock.now())
        if kind is None:
            raise Refused("LIFTED", N_("This is lifted already."))
        await work.audit(
            "crm:hold:lifted",
            f"hold:{hold}",
            account_id=holder.account_id,
            before={"subscriber": holder.subscriber_id, "kind": kind},
        )


async def reword_template(
    code: str, language: str, *, by: Actor, text: str, subject: str = "", body: str = ""
) -> int:
    """Set the installation's own words of a template; an empty text gives the product's back.

    Answers the version. Raises NoSuchTemplate, and Malformed for a name in braces that nobody fills
    and for a text that takes more parts than the template may.
    """
    by.require("crm.message.template")
    shipped = await documents_of("messages", MessageTemplate, language=language)
    if code not in shipped:
        raise NoSuchTemplate(code)
    words = {"text": text.strip(), "subject": subject.strip(), "body": body.strip()}
    if words["text"]:
        check_words(shipped[code].value, **words)
    before = (await templates_in_force(language))[code]
    async with unit_of_work(by) as work:
        await work.connection.execute(_LOCK, f"{code}:{language}")
        who = f"{by.kind}:{by.id}"
        version: int = await work.connection.fetchval(
            _WORD, code, language, *words.values(), clock.now(), who
        )
        await work.audit(
            "crm:template:worded",
            f"template:{code}/{language}",
            before={"text": before.text, "subject": before.subject},
            after={"version": version, "text": words["text"], "subject": words["subject"]},
        )
    return version


def check_braces(field: str, words: str, known: Collection[str]) -> set[str]:
    """The names in braces of somebody's words. Raises Malformed that names the wrong piece."""
    try:
        return names_in(words, known)
    except WrongPiece as error:
        wrong = N_("“{piece}” is not filled in; only these names in braces are: {names}.")
        names = ", ".join(f"{{{name}}}" for name in sorted(known))
        raise Malformed.of(field, words, wrong, piece=error.piece[:60], names=names) from error


def check_letter(*, subject: str, text: str, field: str) -> None:
    """Raise Malformed for a subject of several lines and for what is too long at its longest."""
    if len(subject.splitlines()) > 1:
        raise Malformed.of("subject", subject, N_("A subject is one line."))
    for name, words, most in (("subject", subject, LONGEST_SUBJECT), (field, text, LONGEST_LETTER)):
        if len(words) > most:
            long = N_("{length} letters at its longest; at most {most} fit here.")
            raise Malformed.of(name, words, long, length=len(words), most=most)


def check_words(
    template: MessageTemplate, *, text: str, subject: str, body: str
) -> MessageTemplate:
    """Answer a template with other words. Raises Malformed that names what is wrong with them."""
    known = dict(template.longest)
    for field, words in {"text": text, "subject": subject, "body": body}.items():
        check_braces(field, words, known)
    check_letter(subject=filled(subject, known), text=filled(body, known), field="body")
    changed = template.model_copy(update={"text": text, "subject": subject, "body": body})
    parts = parts_of(changed.at_its_longest())
    if parts > template.parts:
        long = N_("At its longest it takes {parts} SMS, at most {most} are allowed here.")
        raise Malformed.of("text", text, long, parts=parts, most=template.parts)
    needed = {"company", "phone"} if template.kind == "debt" else set()
    if missing := {name for name in needed if f"{{{name}}}" not in text}:
        lacking = N_("The law wants it to name the creditor and its telephone: {names}.")
        names = ", ".join(f"{{{name}}}" for name in sorted(missing))
        raise Malformed.of("text", text, lacking, names=names)
    return changed


async def set_measure(
    *, by: Actor, seen: int, opens: time, closes: time, cap: int, part_price: int
) -> None:
    """Set the hours of messages that are not urgent, how many a day, and what a part costs."""
    by.require("crm.message.template")
    if opens >= closes:
        raise Malformed.of("closes", closes, N_("The end lies before the beginning."))
    async with unit_of_work(by) as work:
        given = (opens, closes, cap, part_price)
        if await work.connection.fetchval(_MEASURE, seen, *given) is None:
            message = N_("A colleague has changed this meanwhile. Compare, then save again.")
            raise Conflict("CHANGED_MEANWHILE", message)
        after = {"opens": str(opens), "closes": str(closes), "cap": cap, "part_price": part_price}
        await work.audit("crm:measure:set", "measure:1", after=after)
