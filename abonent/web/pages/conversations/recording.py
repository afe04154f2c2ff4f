"""Recording in the browser: the recorder's own small window, and what it sends piece by piece."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from abonent.crm.queries.recording_notice import current_notice
from abonent.crm.service.conversations import MOST_PART, add_part, begin_recording, end_recording
from abonent.kernel.errors import DomainError
from abonent.web.errors import status_of
from abonent.web.forms import form_of
from abonent.web.pages.accounts import card_of
from abonent.web.pages.people.frame import number_of
from abonent.web.render import desk_of, page, signed_in

_LARGEST = 2**63
PART_LIMIT = MOST_PART + 1000
_MICROPHONE = "camera=(), geolocation=(), microphone=(self), payment=()"


async def show_recorder(request: Request) -> Response:
    """Show the recorder; it alone may ask for the microphone."""
    card = await card_of(number_of(request), by=signed_in(request).actor)
    context = {"card": card, "notice": await current_notice()}
    response = page(request, "conversations/recorder.html", context)
    response.headers["Permissions-Policy"] = _MICROPHONE
    return response


async def begin(request: Request) -> Response:
    """Begin a recording; answers the addresses for its pieces and its end."""
    number, by = number_of(request), signed_in(request).actor
    form = await form_of(request)
    try:
        made = await begin_recording(
            number,
            by=by,
            kind=form.get("kind", ""),
            told=form.get("told") == "on",
            notice=_id_of(form.get("notice", "")),
        )
    except DomainError as wrong:
        return _refused(wrong)
    at = f"/accounts/{number}/conversations/{made}"
    addresses = {"parts": f"{at}/parts", "end": f"{at}/end", "listen": f"/conversations/{made}"}
    return JSONResponse(addresses)


def _id_of(text: str) -> int | None:
    """The id of the notice that was played; 0, which none has, for what is no id."""
    if not text:
        return None
    return int(text) if text.isdecimal() and len(text) < 20 and int(text) < _LARGEST else 0


async def take_part(request: Request) -> Response:
    """Take the next piece of the sound."""
    conversation, no = request.path_params["conversation"], request.path_params["part"]
    content = await request.body()
    try:
        await add_part(conversation, no, content, by=signed_in(request).actor)
    except DomainError as wrong:
        return _refused(wrong)
    return Response(status_code=204)


async def end(request: Request) -> Response:
    """End the recording: its pieces become one sound on the account."""
    settings, by = desk_of(request).settings, signed_in(request).actor
    try:
        await end_recording(request.path_params["conversation"], by=by, settings=settings)
    except DomainError as wrong:
        return _refused(wrong)
    return Response(status_code=204)


def _refused(wrong: DomainError) -> Response:
    return JSONResponse({"code": wrong.code, "text": wrong.text()}, status_of(wrong))
