"""The department's mailbox: each letter taken once; reports of what did not arrive mark the message."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit

import structlog

from abonent.crm.rules.mail import ReadLetter, heading_of, read_letter, storable
from abonent.crm.service.messages import EMAIL
from abonent.crm.service.receipts import take_receipt
from abonent.crm.service.requests.files import Brought, keep_attachments
from abonent.crm.service.requests.letters import ReceivedLetter, take_letter
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading, transaction, unit_of_work
from abonent.kernel.errors import DomainError
from abonent.kernel.mailbox import LONGEST_LETTER, Place, read_letters
from abonent.kernel.settings import Settings
from abonent.kernel.sms.gateway import Receipt

OLDEST = timedelta(days=3)
"""After a mailbox was made anew all its letters are looked at; those older than this were there."""

OLD, FAILED = "old", "failed"
LONGEST_ERROR = 500

_WHERE = "SELECT uidvalidity, last_uid FROM crm_mailbox WHERE name = $1"
_MOVE = """
INSERT INTO crm_mailbox (name, uidvalidity, last_uid) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET uidvalidity = excluded.uidvalidity, last_uid = excluded.last_uid
"""
_WAS_TAKEN = "SELECT EXISTS (SELECT FROM crm_mail_taken WHERE message_id = $1)"
_TAKE = """
INSERT INTO crm_mail_taken (message_id, kind, at) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING RETURNING true
"""
_ASIDE = """
INSERT INTO crm_mail_taken (message_id, kind, at, sender, subject, sent_at, error)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
"""

_log = structlog.get_logger(__name__)


async def read_mailbox(url: str, *, settings: Settings) -> Counter[str]:
    """Take what came since the last reading, files too; answers how many of each kind.

    The first reading takes nothing: what lay there before is none of this program's business.
    A letter that cannot be taken is noted as "failed" and the next one is. Raises MailboxError.
    """
    name = _name(url)
    async with reading() as connection:
        row = await connection.fetchrow(_WHERE, name)
    after = Place(row["uidvalidity"], row["last_uid"]) if row else None
    read = await read_letters(url, after)
    if after is None:
        await _move(name, Place(read.validity, max(0, read.next_uid - 1)))
        return Counter()
    anew = after.validity != read.validity
    taken: Counter[str] = Counter()
    for uid, content in read.letters:
        known = f"{read.validity}.{uid}@{name}"
        if (kind := await _take_one(content, known, settings, anew=anew)) != OLD:
            taken[kind] += 1
        await _move(name, Place(read.validity, uid))
    return taken


async def _take_one(content: bytes, name: str, settings: Settings, *, anew: bool) -> str:
    """Take a letter, whatever a stranger has put in it; answers its kind, OLD for what was there.

    What fails is tried once more, for a lost connection is nobody's letter. Then it stays in the
    mailbox, where a person finds it: the next ones must not wait for it.
    """
    for last in (False, True):
        known = name
        try:
            letter = read_letter(content, name=name, cut=len(content) >= LONGEST_LETTER)
            known = letter.message_id
            if anew and letter.sent_at is not None and clock.now() - letter.sent_at > OLDEST:
                return OLD
            return await _take(letter, settings)
        except DomainError as error:
            return await _put_aside(known, content, error)
        except Exception as error:  # noqa: BLE001  whatever it is, it is this letter's alone
            if last:
                return await _put_aside(known, content, error)
    raise AssertionError(name)


async def _put_aside(message_id: str, content: bytes, error: Exception) -> str:
    """Note that a letter could not be taken, and how a person finds it in the mailbox."""
    why = storable(repr(error))[:LONGEST_ERROR]
    _log.error("mailbox.not_taken", letter=message_id, error=why, exc_info=error)
    async with transaction() as connection:
        await connection.execute(_ASIDE, message_id, FAILED, clock.now(), *heading_of(content), why)
    return FAILED


async def _take(letter: ReadLetter, settings: Settings) -> str:
    """Take one letter, in one transaction with the note that it was; "again" for one taken before."""
    kind = "bounce" if letter.is_report else "automatic" if letter.automatic else "letter"
    brought = Brought()
    if kind == "letter" and letter.attachments and not await _taken(letter.message_id):
        brought = await keep_attachments(letter.attachments, settings=settings)
    async with unit_of_work(SYSTEM) as work:
        if not await work.connection.fetchval(_TAKE, letter.message_id, kind, clock.now()):
            return "again"
        for bounce in letter.bounces:
            told = (bounce.message_id, bounce.state, bounce.code)
            await take_receipt(Receipt(EMAIL, *told))
        if kind == "letter":
            await take_letter(_received(letter, brought))
    return kind


async def _taken(message_id: str) -> bool:
    """Tell whether a letter was taken before: its files lie there already."""
    async with reading() as connection:
        return bool(await connection.fetchval(_WAS_TAKEN, message_id))


def _received(letter: ReadLetter, brought: Brought) -> ReceivedLetter:
    return ReceivedLetter(
        message_id=letter.message_id,
        from_address=letter.sender,
        from_name=letter.name,
        subject=letter.subject,
        text=letter.text,
        in_reply_to=letter.answers,
        received_at=letter.sent_at,
        brought=brought,
    )


async def _move(name: str, place: Place) -> None:
    async with transaction() as connection:
        await connection.execute(_MOVE, name, place.validity, place.uid)


def _name(url: str) -> str:
    """What a mailbox is called without its password."""
    parts = urlsplit(url)
    return f"{parts.username or ''}@{parts.hostname}{parts.path}"
