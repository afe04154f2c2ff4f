"""Taking a bank's file in: what is in it, letting it be taken, how far it is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.outside.files import became_of, outside_file
from abonent.billing.queries.outside.matching import REASON_NAMES
from abonent.billing.queries.outside.registers import FILE_STATES, agreements_in_force
from abonent.billing.rules.outside.incoming import OtherKind
from abonent.billing.service.outside.files import (
    LARGEST_FILE,
    ask_taking,
    drop_file,
    receive_file,
)
from abonent.crm import jobs
from abonent.crm.service.proposals import accounts_of_contracts
from abonent.kernel.errors import DomainError
from abonent.kernel.i18n import N_
from abonent.web.dialogs import Dialog, Opened
from abonent.web.errors import status_of
from abonent.web.fields import Field, Kind, Values
from abonent.web.forms import go_to
from abonent.web.queries import name_of
from abonent.web.render import fragment, page, signed_in

RIGHT = "billing.outside.take"
_TEMPLATE = "outside/file.html"
_ENVELOPE = 100_000
"""Bytes that a form adds to the file it carries."""
_DECLARED = jobs.take_outside_file
"""What takes a file is declared there: importing it lets this process plan it."""
OTHER_NAMES = {
    OtherKind.OUTGOING: N_("money of ours that went out"),
    OtherKind.OWN_TRANSFER: N_("between our own accounts"),
    OtherKind.NOT_OURS: N_("into another bank account"),
    OtherKind.GIVEN_BACK_TO_US: N_("our own payments that came back"),
    OtherKind.TAKEN_BACK: N_("taken back by the bank"),
}


async def show_file(request: Request) -> Response:
    """Show what is in a file, and what became of it."""
    return await _answer(request)


async def show_live(request: Request) -> Response:
    """Answer the moving part of the page while the file is being taken."""
    return fragment(request, _TEMPLATE, "live", await _context(request))


async def take(request: Request) -> Response:
    """Let the worker take the file."""
    file = request.path_params["file"]
    try:
        await ask_taking(file, by=signed_in(request).actor)
    except DomainError as error:
        return await _answer(request, refusal=error, status=status_of(error))
    return go_to(request, f"/outside/files/{file}")


async def drop(request: Request) -> Response:
    """Put a file away of which nothing was taken."""
    try:
        await drop_file(request.path_params["file"], by=signed_in(request).actor)
    except DomainError as error:
        return await _answer(request, refusal=error, status=status_of(error))
    return go_to(request, "/imports")


async def _answer(
    request: Request, *, refusal: DomainError | None = None, status: int = 200
) -> Response:
    context = await _context(request)
    return page(request, _TEMPLATE, context | {"refusal": refusal}, status=status)


async def _context(request: Request) -> dict[str, object]:
    by = signed_in(request).actor
    file = await outside_file(request.path_params["file"], by=by)
    return {
        "file": file,
        "summary": file.summary,
        "state": FILE_STATES.get(file.state, (N_("put away"), "")),
        "reasons": REASON_NAMES,
        "others": OTHER_NAMES,
        "became": await became_of(file.id, by=by) if file.state == "taken" else None,
        "received_by": await name_of(file.received_by),
        "refusal": None,
    }


async def _opened(request: Request) -> Opened:
    given = {"agreement": request.query_params.get("agreement", "")}
    choices = {"agreement": await agreements_in_force()}
    return Opened(back="/outside", given=given, choices=choices, can=bool(choices["agreement"]))


async def _receive(request: Request, values: Values) -> str:
    upload = values["file"]
    file = await receive_file(
        values["agreement"],
        name=upload.filename or "",
        content=await upload.read(LARGEST_FILE + 1),
        contracts=accounts_of_contracts,
        by=signed_in(request).actor,
    )
    return f"/outside/files/{file}"


NEW_FILE = Dialog(
    path="/outside/files/new",
    right=RIGHT,
    title=N_("Take a file in"),
    commit=N_("Look it through"),
    fields=(
        Field(name="agreement", label=N_("Agreement"), kind=Kind.CHOICE),
        Field(
            name="file",
            label=N_("File"),
            kind=Kind.FILE,
            hint=N_(
                "A statement for 1C (1CClientBankExchange), camt.053 or a registry, up to 20 MB."
                " First you see what is in it; nothing is taken yet."
            ),
        ),
    ),
    opened=_opened,
    do=_receive,
    below="outside/no_agreement.html",
    body_limit=LARGEST_FILE + _ENVELOPE,
)
