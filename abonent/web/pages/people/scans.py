"""The archive of scans: bringing a file, looking at it, deleting it."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.accounts import look
from abonent.billing.queries.reach import check_exists
from abonent.crm.queries.cards import Scan, scans_of
from abonent.crm.service.scans import add_scan, keep_scan, open_scan, remove_scan
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_, _
from abonent.kernel.storage import MOST_BYTES, check_file, storage_of
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.people.frame import choices, number_of
from abonent.web.pages.people.words import SCAN_KINDS
from abonent.web.render import desk_of, signed_in

_ONE = "/accounts/{number:str}/scans"
_ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}
_FORM = 100_000
"""What the form may hold beside its file."""


def _back(request: Request, done: str = "") -> str:
    return f"/accounts/{number_of(request)}/documents" + (f"?done={done}" if done else "")


async def _adding(request: Request) -> Opened:
    await check_exists(number_of(request))
    given = {"kind": "contract"}
    return Opened(back=_back(request), given=given, choices={"kind": choices(SCAN_KINDS)})


async def _keep(request: Request, values: Values) -> Values:
    """Check the file and put it into the storage before anything is written of it."""
    settings, upload = desk_of(request).settings, values["file"]
    content = await upload.read(MOST_BYTES + 1)
    checked = await check_file(content, settings=settings)
    by, storage = signed_in(request).actor, storage_of(settings)
    await keep_scan(number_of(request), by=by, checked=checked, storage=storage)
    return {**values, "checked": checked, "file_name": upload.filename or ""}


async def _add(request: Request, values: Values) -> str:
    await add_scan(
        number_of(request),
        by=signed_in(request).actor,
        checked=values["checked"],
        kind=values["kind"],
        name=values["name"] or values["file_name"],
        dated_on=values["dated_on"],
    )
    return _back(request, "scan")


async def show_scan(request: Request) -> Response:
    """Hand a scan out: pictures are shown, a PDF is kept; neither may run anything."""
    settings = desk_of(request).settings
    row, content = await open_scan(
        number_of(request),
        request.path_params["scan"],
        by=signed_in(request).actor,
        storage=storage_of(settings),
    )
    media = row["media"]
    # Browsers show no PDF in a sandbox, so it goes to the reader's own program.
    way = "attachment" if media == "application/pdf" else "inline"
    name = f"{row['kind']}-{number_of(request)}.{_ENDINGS[media]}"
    return Response(
        content,
        media_type=media,
        headers={
            "Content-Disposition": f"{way}; filename*=UTF-8''{quote(name)}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "no-store",
        },
    )


async def _scan(request: Request) -> Scan:
    loaded = await look(number_of(request))
    for one in await scans_of(loaded.book.account, by=signed_in(request).actor):
        if one.id == request.path_params["scan"] and one.removed_at is None:
            return one
    gone = N_("It is not on this card any more: a colleague may have removed it.")
    raise NotFound("NOT_FOUND", gone)


async def _removing(request: Request) -> Opened:
    found = await _scan(request)
    about = ": ".join(part for part in (_(SCAN_KINDS[found.kind]), found.name) if part)
    return Opened(back=_back(request), about=about)


async def _remove(request: Request, values: Values) -> str:
    by, scan = signed_in(request).actor, request.path_params["scan"]
    await remove_scan(number_of(request), scan, by=by, reason=values["reason"])
    return _back(request, "scan-removed")


ADD = Dialog(
    path=f"{_ONE}/new",
    right="crm.scan.add",
    title=N_("Add a scan"),
    commit=N_("Keep"),
    fields=(
        Field(
            name="file",
            label=N_("File"),
            kind=Kind.FILE,
            hint=N_("PDF, JPEG or PNG, at most 10 MB."),
            attributes={"accept": "application/pdf,image/jpeg,image/png"},
        ),
        Field(name="kind", label=N_("What it is"), kind=Kind.CHOICE, half=True),
        Field(
            name="dated_on", label=N_("Day of the paper"), kind=Kind.DAY, required=False, half=True
        ),
        Field(name="name", label=N_("Name"), required=False, longest=120),
    ),
    body_limit=MOST_BYTES + _FORM,
    opened=_adding,
    prepare=_keep,
    do=_add,
)
REMOVE = Dialog(
    path=f"{_ONE}/{{scan:int}}/remove",
    right="crm.scan.remove",
    title=N_("Delete the scan"),
    commit=N_("Delete"),
    fields=(
        Field(
            name="reason",
            label=N_("Why"),
            hint=N_("The file is deleted for good; who did it and why stays on the card."),
        ),
    ),
    opened=_removing,
    do=_remove,
)
