"""The files of a request: handed out to be kept, never opened in the browser's window."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.service.requests.files import open_request_file
from abonent.web.render import desk_of, signed_in


async def hand_out(request: Request) -> Response:
    """Hand a file of a request out; strangers sent it, so it runs and shows nothing here."""
    row, content = await open_request_file(
        request.path_params["request"],
        request.path_params["file"],
        by=signed_in(request).actor,
        settings=desk_of(request).settings,
    )
    return Response(
        content,
        media_type=row["media"],
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row['name'], safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
