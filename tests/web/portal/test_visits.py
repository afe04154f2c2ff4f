"""Booking a visit on the portal: three steps there, one back, and nobody else's booking."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from abonent.crm.queries.queue import booking_of
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from tests.crm.queue_office import TEN, make_queue, service_id
from tests.web.portal.conftest import NUMBER, OTHER
from tests.web.portal.test_acts import fields_of

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
BASE = f"/my/{NUMBER}"


@pytest.fixture
async def office(db: Any, provider: None) -> int:
    return await make_queue(windows=1, name="Офис на Ленина")


def _times(page: str) -> list[str]:
    return re.findall(r'name="at" value="([^"]+)"', page)


async def test_a_visit_is_booked_in_three_steps_and_cancelled(enter: Enter, office: int) -> None:
    client, pay = await enter(), await service_id("А")
    with clock.moved(TEN):
        assert f'href="{BASE}/visit"' in (await client.get(BASE)).text
        page = (await client.get(f"{BASE}/visit")).text
        assert f"office=lenina&amp;service={pay}" in page
        page = (await client.get(f"{BASE}/visit?office=lenina&service={pay}")).text
        form, times = fields_of(page, f"{BASE}/visit"), _times(page)
        assert len(times) > 60
        for _time in range(2):  # touched twice
            sent = await client.post(f"{BASE}/visit", data={**form, "at": times[3]})
            assert sent.headers["location"] == f"{BASE}/visit?done=booked"
        booked = await booking_of(NUMBER, by=SYSTEM)
        assert booked is not None
        page = (await client.get(f"{BASE}/visit?done=booked")).text
        assert booked.code in page
        assert "ул. Ленина, 4" in page
        assert booked.code in (await client.get(BASE)).text
        other = await enter(OTHER)
        theirs = (await other.get(f"/my/{OTHER}/visit?office=lenina&service={pay}")).text
        assert times[3] not in _times(theirs)
        assert booked.code not in theirs
        fields = {"key": "x", "ticket": str(booked.id)}
        stolen = await other.post(f"/my/{OTHER}/visit/cancel", data=fields)
        assert stolen.status_code == 404
        gone = await client.post(
            f"{BASE}/visit/cancel", data=fields_of(page, f"{BASE}/visit/cancel")
        )
        assert gone.headers["location"] == f"{BASE}/visit?done=cancelled"
    assert await booking_of(NUMBER, by=SYSTEM) is None


async def test_a_time_taken_meanwhile_is_refused_and_others_are_offered(
    enter: Enter, office: int
) -> None:
    first, second, pay = await enter(), await enter(OTHER), await service_id("А")
    with clock.moved(TEN):
        path = f"{BASE}/visit?office=lenina&service={pay}"
        page = (await first.get(path)).text
        at, form = _times(page)[0], fields_of(page, f"{BASE}/visit")
        assert (await second.post(f"/my/{OTHER}/visit", data={**form, "at": at})).status_code == 303
        refused = await first.post(f"{BASE}/visit", data={**form, "key": "2", "at": at})
        assert refused.status_code == 409
        assert "уже занято" in refused.text
        assert len(_times(refused.text)) > 60
        for turn, at in enumerate(
            ("завтра", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00")
        ):
            typed = {**form, "key": f"wrong{turn}", "at": at}
            assert (await first.post(f"{BASE}/visit", data=typed)).status_code == 400


async def test_where_no_office_has_a_queue_nothing_is_offered(
    enter: Enter, provider: None, db: Any
) -> None:
    client = await enter()
    assert f'href="{BASE}/visit"' not in (await client.get(BASE)).text
    assert "Записи в офисы нет" in (await client.get(f"{BASE}/visit")).text
    for asked in ("?office=lenina&service=1", "?office=7&service=x", "?service=999999999999"):
        assert (await client.get(f"{BASE}/visit{asked}")).status_code == 200
    for ticket in ("", "x", "9" * 30):
        sent = await client.post(
            f"{BASE}/visit/cancel", data={"key": f"k{ticket}", "ticket": ticket}
        )
        assert sent.status_code == 404
