"""Every page of the portal opens for its owner, in both languages; made from the table of routes."""

from __future__ import annotations

import re

import pytest

from abonent.crm.service.claims.taking import NewClaim, take_claim
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.kernel.actor import SYSTEM
from abonent.web.access import PageRoute
from abonent.web.portal.routes import PORTAL_ROUTES
from tests.web.portal.conftest import NUMBER, Entered

OF_THEIR_OWN = {"token", "document", "intent", "contact", "answer", "rest"}
"""What is named in addresses that need something made first: their own tests open those."""
NOT_FROZEN = "/my/{number:str}/freezes/{no:int}/end"


def _paths() -> list[str]:
    return [
        route.path
        for route in PORTAL_ROUTES
        if isinstance(route, PageRoute)
        and "GET" in (route.methods or ())
        and not OF_THEIR_OWN & set(re.findall(r"\{(\w+)", route.path))
        and route.path != NOT_FROZEN
        and "." not in route.path  # files have tests of their own
    ]


def test_most_of_the_portal_is_walked() -> None:
    assert len(_paths()) > 20


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_every_page_opens(enter: Entered, language: str) -> None:
    mine = await enter()
    asked = NewRequest(channel="portal", text="Где мой платёж?", account=NUMBER)
    claimed = NewClaim(
        account=NUMBER, channel="portal", reply_by="portal", subject="quality",
        asked="Вернуть за три дня", text="Не было связи.",
    )  # fmt: skip
    known = {
        "number": NUMBER,
        "request": (await take_request(asked, by=SYSTEM)).number,
        "claim": await take_claim(claimed, by=SYSTEM),
        "no": 1,
        "slug": "refund",
    }
    await mine.post("/my/language", data={"language": language, "next": "/my"})
    statuses = {}
    for path in _paths():
        address = re.sub(r":\w+\}", "}", path).format(**known)
        answer = await mine.get(address)
        statuses[address] = answer.status_code
        if answer.status_code == 200 and "html" in answer.headers["content-type"]:
            assert f'<html lang="{language}"' in answer.text, address
    assert {address: code for address, code in statuses.items() if code not in {200, 303}} == {}
