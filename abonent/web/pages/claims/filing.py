"""The files of a claim: brought, looked at."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.rules.claims import TAKE
from abonent.crm.service.claims.working import add_claim_file, keep_claim_file, open_claim_file
from abonent.kernel.i18n import N_
from abonent.kernel.storage import MOST_BYTES, check_file, storage_of
from abonent.web.dialogs import Dialog
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.claims.opened import ONE, back, found_of, id_of, plain
from abonent.web.render import desk_of, signed_in

FORM = 100_000
"""What the form may hold beside its file."""
ACCEPT = {"accept": "application/pdf,image/jpeg,image/png"}


async def _keep(request: Request, values: Values) -> Values:
    """Check the file and put it into the storage before anything is written of it."""
    settings, upload = desk_of(request).settings, values["file"]
    checked = await check_file(await upload.read(MOST_BYTES + 1), settings=settings)
    found, by = await found_of(request), signed_in(request).actor
    await keep_claim_file(found.account, checked, by=by, storage=storage_of(settings))
    return {**values, "checked": checked, "file_name": upload.filename or ""}


async def _add(request: Request, values: Values) -> str:
    name = values["name"] or values["file_name"]
    await add_claim_file(id_of(request), values["checked"], by=signed_in(request).actor, name=name)
    return back(request, "filed")


ADD = Dialog(
    path=f"{ONE}/file",
    right=TAKE,
    title=N_("Add a document"),
    commit=N_("Keep"),
    fields=(
        Field(
            name="file",
            label=N_("File"),
            kind=Kind.FILE,
            hint=N_("PDF, JPEG or PNG, at most 10 MB."),
            attributes=ACCEPT,
        ),
        Field(name="name", label=N_("What it is"), required=False, longest=120),
    ),
    body_limit=MOST_BYTES + FORM,
    opened=plain,
    prepare=_keep,
    do=_add,
)


async def show_file(request: Request) -> Response:
    """Hand a document of a claim out; it may run nothing in the browser."""
    storage = storage_of(desk_of(request).settings)
    by, file = signed_in(request).actor, request.path_params["file"]
    row, content = await open_claim_file(id_of(request), file, by=by, storage=storage)
    way = "attachment" if row["media"] == "application/pdf" else "inline"
    return Response(
        content,
        media_type=row["media"],
        headers={
            "Content-Disposition": f"{way}; filename*=UTF-8''{quote(row['name'], safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "no-store",
        },
    )
