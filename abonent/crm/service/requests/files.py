"""What comes with a letter: kept where it is of a kind that is safe to show, named where it is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from abonent.crm.errors import RequestNotFound
from abonent.crm.rules.mail import Attachment
from abonent.crm.rules.requests import VIEW
from abonent.crm.service.requests.rows import add_line, locked_request
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Refused
from abonent.kernel.i18n import N_, gettext
from abonent.kernel.ids import new_id
from abonent.kernel.settings import Settings
from abonent.kernel.site import site_language
from abonent.kernel.storage import check_file, key_of, storage_of
from abonent.kernel.work import UnitOfWork

MOST_FILES = 10
"""Of one letter; what comes after is named on the request and stays in the mailbox."""

_ADD = """
INSERT INTO crm_request_file (request_id, id, name, media, size, stored_as, at, by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_ONE = "SELECT name, media, stored_as FROM crm_request_file WHERE request_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that lies in the storage and waits for the request it belongs to."""

    name: str
    media: str
    size: int
    stored_as: str


@dataclass(frozen=True, slots=True)
class Brought:
    """What came with a letter: what was kept, and the names of the rest with the reason."""

    kept: Sequence[KeptFile] = ()
    left_out: Sequence[tuple[str, str]] = ()


async def keep_attachments(found: Sequence[Attachment], *, settings: Settings) -> Brought:
    """Check and keep what came with a letter, before the transaction that records it.

    Nothing here raises: the letter itself is taken in all the same.
    """
    language, storage = site_language(), storage_of(settings)
    kept: dict[str, KeptFile] = {}
    left_out: list[tuple[str, str]] = []
    letter = new_id()
    for one in found:
        if len(kept) >= MOST_FILES:
            many = N_("more than {most} files came")
            left_out.append((one.name, gettext(many, language, most=MOST_FILES)))
            continue
        try:
            checked = await check_file(_whole(one), settings=settings)
            key = key_of("requests", letter, checked)
            await storage.keep(key, checked.content, checked.media)
            # The same picture twice in a letter is one file.
            kept.setdefault(key, KeptFile(one.name, checked.media, len(checked.content), key))
        except Refused as refused:
            left_out.append((one.name, refused.text(language)))
    return Brought(tuple(kept.values()), tuple(left_out))


def _whole(one: Attachment) -> bytes:
    if one.cut:
        raise Refused("LETTER_CUT", N_("The letter is too large: it was read in part."))
    return one.content


async def add_attachments(work: UnitOfWork, request: int, brought: Brought) -> None:
    """Record what was kept of a letter on its request; a note names what was not."""
    by, now = f"{work.by.kind}:{work.by.id}", clock.now()
    rows = [
        (request, new_id(), one.name, one.media, one.size, one.stored_as, now, by)
        for one in brought.kept
    ]
    await work.connection.executemany(_ADD, rows)
    if brought.left_out:
        await add_line(work, request, "note", "\n".join(_told(brought)))
    if rows:
        await work.audit("crm:request:filed", f"request:{request}", after={"files": len(rows)})


def _told(brought: Brought) -> Iterator[str]:
    yield gettext(
        N_("These files of the letter were not kept; they are in the mailbox:"), site_language()
    )
    for name, why in brought.left_out:
        yield f"– {name}: {why}"


async def open_request_file(
    number: int, file: int, *, by: Actor, settings: Settings
) -> tuple[dict[str, Any], bytes]:
    """Answer a file's name and media with its content; who looked is kept in the audit.

    Raises RequestNotFound, FileLost.
    """
    by.require(VIEW)
    async with unit_of_work(by) as work:
        row = await locked_request(work.connection, number, by=by)
        found = await work.connection.fetchrow(_ONE, row["id"], file)
        if found is None:
            raise RequestNotFound(number)
        subject, account = f"request:{row['id']}", row["account_id"]
        await work.audit(
            "crm:request:file_opened", subject, account_id=account, after={"file": file}
        )
    return dict(found), await storage_of(settings).fetch(found["stored_as"])
