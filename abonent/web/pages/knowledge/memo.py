"""The memo of the office manager on A5, with the phones of the company and its offices.

On the back stand the articles that the department added to the knowledge base itself.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.cash.desks import offices
from abonent.billing.queries.entities import legal_entities
from abonent.crm.service.knowledge import articles_shown
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.documents.printing import print_document, record_printed
from abonent.web.files import pdf_answer
from abonent.web.render import desk_of, signed_in

MOST_OFFICES = 4
"""More would not fit the page."""


async def print_memo(request: Request) -> Response:
    """Answer the memo as a PDF."""
    settings = desk_of(request).settings
    printed = await print_document(
        "memo", await _paper(settings.timezone), content=settings.content
    )
    by = signed_in(request).actor
    await record_printed("memo", by=by, subject="article:memo", hash=printed.hash)
    return pdf_answer("memo.pdf", printed.pdf)


async def _paper(zone: str) -> dict[str, Any]:
    # The name and phones of the company are on every receipt: whoever reads the memo may know them.
    company = (await legal_entities(by=SYSTEM))[0].requisites
    open_ones = [one for one in await offices(by=SYSTEM) if one.active][:MOST_OFFICES]
    parts = ("name", "address", "phone", "hours")
    return {
        "company": {"name": company.name, "phone": company.phone or None},
        "offices": [{part: getattr(one, part) or None for part in parts} for one in open_ones],
        "articles": [
            {
                "title": one.value.title,
                "question": one.value.question,
                "look": "; ".join(one.value.look) or None,
            }
            for one in (await articles_shown()).values()
            if one.added
        ],
        "printed": clock.calendar_day(zone),
    }
