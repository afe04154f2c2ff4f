"""Answering a claim on paper, by e-mail or on the portal; kept as it went. Alarms before a term ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from abonent.crm.answers import unfilled
from abonent.crm.claim_papers import answer_paper, given_for, heads_of
from abonent.crm.queries.claims import Whole, local_today, whole_claim
from abonent.crm.rules.claims import DECISIONS, REPLIES, SUBJECTS, WORK
from abonent.crm.rules.people import spoken_name
from abonent.crm.service.claims.rows import (
    LONGEST,
    audit,
    locked_claim,
    make_move,
    one_of,
)
from abonent.crm.service.messages import NewMessage, queue_message
from abonent.kernel import clock, mail
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed, Refused
from abonent.kernel.i18n import N_, current_language, gettext
from abonent.kernel.ids import new_id
from abonent.kernel.jsontext import to_json
from abonent.kernel.letters import write_letter
from abonent.kernel.site import site_language, whole_link
from abonent.kernel.texts import given_text
from abonent.kernel.work import UnitOfWork

_KEEP = """
INSERT INTO crm_claim_answer (account_id, claim_id, id, way, sent_to, text, paper, message_id, at, by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_ANSWERED = """
UPDATE crm_claim SET answered_at = $3, late = $4 > answer_by WHERE account_id = $1 AND id = $2
"""
_ALARM = """
UPDATE crm_claim SET alarmed_at = $2
WHERE open AND alarmed_at IS NULL AND alarm_on <= $1
RETURNING id, number, state, coalesce(answer_by, register_by) AS due_by, subject,
    actor_name('user:' || owner) AS owner,
    (SELECT stand_in_name FROM staff_away($2) w WHERE w.user_id = owner) AS stand_in
"""
_HEAD = "SELECT head_email FROM crm_claim_policy"


def composed(whole: Whole, *, language: str) -> str:
    """The answer as the program composes it from what was found and decided, to be edited."""
    claim = whole.claim
    parts = [
        gettext(
            N_("Dear {name}, we have looked into your claim No. {number}."),
            language,
            name=spoken_name(claim.subscriber or "") or gettext(N_("subscriber"), language),
            number=claim.number,
        ),
        gettext(N_("You asked: {asked}"), language, asked=claim.asked),
    ]
    if whole.findings:
        found = gettext(N_("What we found:"), language)
        parts.append("\n".join([found, *(f"— {one}" for one in whole.findings)]))
    decided = gettext(DECISIONS[claim.decision][0], language)
    parts.append(gettext(N_("Decision: the claim is {decision}."), language, decision=decided))
    if claim.grounds:
        parts.append(claim.grounds)
    if claim.compensation:
        text = N_("{why}: {sum:money} goes back to your account.")
        why = given_for(claim, language)
        parts.append(gettext(text, language, why=why, sum=claim.compensation))
    return "\n\n".join(parts)


async def answer_claim(
    claim: int,
    *,
    by: Actor,
    text: str,
    way: str = "",
    to: str = "",
    language: str = "",
    seen: int | None = None,
) -> None:
    """Answer a decided claim as the subscriber asked; the text and its paper are kept as sent.

    `seen` is the version whose decision the text tells of. Raises Conflict for another one,
    MoveRefused, Malformed, and Refused where rules forbid the e-mail.
    """
    by.require(WORK)
    words = given_text("text", text, longest=LONGEST)
    if left := unfilled(words):
        named = ", ".join(f"{{{one}}}" for one in left)
        raise Malformed.of("text", named, N_("Still to be filled in: {left}"), left=named)
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by, seen=seen)
        chosen = one_of("way", way or row["reply_by"], REPLIES)
        address = to.strip() or row["reply_to"]
        await make_move(work, row, "answer")
        whole = await whole_claim(claim, by=_reader(by))
        heads = await heads_of(row["account"], by=_reader(by))
        told = language or current_language()
        paper = answer_paper(heads, whole, text=words, day=local_today(), language=told)
        message = await _send(work, row, address, words) if chosen == "email" else None
        now, who = clock.now(), f"{by.kind}:{by.id}"
        keys = (row["account_id"], row["id"])
        await work.connection.execute(
            _KEEP, *keys, new_id(), chosen, address, words, to_json(paper), message, now, who
        )
        await work.connection.execute(_ANSWERED, *keys, now, local_today())
        await audit(work, row, "told", after={"way": chosen})


def _reader(by: Actor) -> Actor:
    """The same actor with what the paper of an answer needs to be read."""
    needed = {"crm.claim.view", "crm.subscriber.view", "billing.account.view"}
    return replace(by, rights=by.rights | needed)


async def _send(work: UnitOfWork, row: Mapping[str, Any], to: str, words: str) -> int:
    message = NewMessage(
        account_id=row["account_id"],
        to=to,
        channel="email",
        text=words,
        subject=gettext(N_("Answer to claim {number}"), site_language(), number=row["number"]),
        purpose="service",
        about=f"claim:{row['id']}",
    )
    queued = await queue_message(work, message)
    if queued.id is None:
        raise Refused("MESSAGE_REFUSED", "{why}", field="way", why=queued.verdict.text())
    return queued.id


async def alarm_claims() -> int:
    """Mark the claims whose term nears its end, each once, and write to the head; answers how many."""
    language = site_language()
    async with unit_of_work(SYSTEM) as work:
        rows = await work.connection.fetch(_ALARM, local_today(), clock.now())
        if not rows:
            return 0
        await work.audit("crm:claim:alarmed", "claim:run", after={"claims": len(rows)})
        address = await work.connection.fetchval(_HEAD)
        if address:
            claims = [
                {
                    "number": row["number"] or gettext(N_("not registered"), language),
                    "subject": gettext(SUBJECTS[row["subject"]], language),
                    "due": f"{row['due_by']:%d.%m.%Y}",
                    "owner": _answers_for(row, language),
                    "link": whole_link(f"/claims/{row['id']}"),
                }
                for row in rows
            ]
            letter = await write_letter("claim_alarm", {"claims": claims}, language=language)
            letter_row = mail.mail(
                address, subject=letter.subject, text=letter.text, html=letter.html
            )
            await work.send(mail.KIND, letter_row, key=f"claims:{rows[0]['id']}:{clock.now():%F}")
    return len(rows)


def _answers_for(row: Mapping[str, Any], language: str) -> str:
    """The owner, with who stands in while they are away."""
    owner: str = row["owner"] or gettext(N_("nobody"), language)
    if not row["stand_in"]:
        return owner
    return gettext(
        N_("{owner} (away, {name} stands in)"), language, owner=owner, name=row["stand_in"]
    )
