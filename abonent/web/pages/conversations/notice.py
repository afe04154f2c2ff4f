"""The notice that is played before a recording: set, listened to, taken off."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.recording_notice import current_notice
from abonent.crm.service.conversations import check_sound
from abonent.crm.service.recording_notice import (
    EDIT,
    MOST_NOTICE,
    set_notice,
    sound_of_notice,
    take_notice_off,
)
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.storage import storage_of
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import desk_of, signed_in

_FORM = 100_000


async def _opened(_request: Request) -> Opened:
    return Opened(back="/conversations", context={"notice": await current_notice()})


async def _check(request: Request, values: Values) -> Values:
    """Check the sound; without one there must be something to take off."""
    if values["off"]:
        return values
    if values["file"] is None:
        raise Malformed.of("file", "", N_("Choose a file."))
    content = await values["file"].read(MOST_NOTICE + 1)
    checked = await check_sound(content, settings=desk_of(request).settings)
    return {**values, "checked": checked, "name": values["file"].filename or ""}


async def _set(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    if values["off"]:
        await take_notice_off(by=by)
        return "/conversations?done=notice-off"
    storage = storage_of(desk_of(request).settings)
    await set_notice(values["checked"], name=values["name"], by=by, storage=storage)
    return "/conversations?done=notice"


async def send_notice(request: Request) -> Response:
    """Hand the sound of a notice out to the recorder and to who sets it."""
    by, notice = signed_in(request).actor, request.path_params["notice"]
    storage = storage_of(desk_of(request).settings)
    found, content = await sound_of_notice(notice, by=by, storage=storage)
    return Response(
        content,
        media_type=found.media,
        headers={
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Content-Disposition": "inline",
            "Cache-Control": "private, max-age=86400",
        },
    )


NOTICE = Dialog(
    path="/conversations/notice",
    right=EDIT,
    title=N_("Notice before a recording"),
    commit=N_("Save"),
    fields=(
        Field(
            name="file",
            label=N_("Sound of the notice"),
            kind=Kind.FILE,
            required=False,
            hint=N_(
                "WebM, Ogg, WAV, M4A or MP3, at most 5 MB. It is played before each recording."
            ),
            attributes={"accept": "audio/*,.webm"},
        ),
        Field(
            name="off",
            label=N_("Take it off: employees say it themselves"),
            kind=Kind.TICK,
        ),
    ),
    body_limit=MOST_NOTICE + _FORM,
    opened=_opened,
    prepare=_check,
    do=_set,
    above="conversations/notice.html",
)
