"""Listening to a conversation, and the tab of the card with those of an account."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.masking import masked_phone, whole_phone
from abonent.crm.queries.conversations import (
    conversation_of,
    conversations_of,
    listened_to,
)
from abonent.crm.queries.recording_notice import notice_played
from abonent.crm.service.conversations_kept import hear
from abonent.kernel.i18n import N_
from abonent.kernel.storage import storage_of
from abonent.web.pages.accounts import card_of
from abonent.web.pages.conversations import words
from abonent.web.pages.people.frame import card_page, number_of
from abonent.web.render import desk_of, page, signed_in

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")

DONE = {
    "attached": N_("The recording is attached"),
    "tied": N_("The term is set"),
    "placed": N_("The conversation is on the account"),
    "example": N_("The mark is kept"),
    "judged": N_("The card is kept"),
}


async def show_conversations(request: Request) -> Response:
    """Show the conversations of an account, the latest first."""
    by = signed_in(request).actor
    card = await card_of(number_of(request), by=by)
    context = {
        "conversations": await conversations_of(number_of(request), by=by),
        "by": by,
        "cw": words,
        "told": DONE.get(request.query_params.get("done", "")),
    }
    return await card_page(request, "conversations/tab.html", "conversations", context, card=card)


async def show_conversation(request: Request) -> Response:
    """Show one conversation with its player and who listened to it."""
    by, conversation = signed_in(request).actor, request.path_params["conversation"]
    found = await conversation_of(conversation, by=by)
    whole = by.may("crm.contact.view")
    context = {
        "found": found,
        "listened": await listened_to(conversation, by=by),
        "played": await notice_played(conversation),
        "phone": whole_phone(found.phone) if whole else masked_phone(found.phone),
        "hears": found.heard_by(by),
        "own": found.actor == f"{by.kind}:{by.id}",
        "cw": words,
        "told": DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "conversations/listen.html", context)


async def send_sound(request: Request) -> Response:
    """Hand out the sound or the part of it that is asked for; who listens is written down."""
    found, content = await hear(
        request.path_params["conversation"],
        by=signed_in(request).actor,
        storage=storage_of(desk_of(request).settings),
    )
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": "inline",
    }
    size = len(content)
    part = _part(request.headers.get("range", ""), size)
    if part is None:
        return Response(content, media_type=found.media, headers=headers)
    first, last = part
    if first > last:
        headers["Content-Range"] = f"bytes */{size}"
        return Response(status_code=416, headers=headers)
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Response(content[first : last + 1], 206, headers, media_type=found.media)


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """The first and last byte of a single range; None for the whole, last < first for none there."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return max(0, size - int(found[2])), size - 1
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    return (int(found[1]), last) if int(found[1]) < size else (size, size - 1)
