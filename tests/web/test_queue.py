"""The walk-in queue on its pages: the window, the terminal, the display, settings and the day."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from abonent.crm.queries.queue import hall_of
from abonent.crm.service.queue_setup import add_device, device_by, revoke_device
from abonent.crm.service.queue_tickets import book_ticket, take_ticket
from abonent.crm.service.queue_windows import call_next, sit_down
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from tests.crm.queue_office import MINUTE, TEN, clerk, make_queue, service_id, subscriber, window_id
from tests.web.seed import small_provider

Enter = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def office(db: Any) -> int:
    await small_provider(db)
    return await make_queue(name="Офис на Ленина")


def _key(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]


async def _do(browser: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    page = (await browser.get(path)).text
    return await browser.post(path, data={"key": _key(page), "step": "do", **fields})


async def test_a_clerk_serves_clients_one_after_another(enter: Enter, office: int) -> None:
    browser = await enter("office")
    pay = await service_id("А")
    done = await _do(browser, "/window/sit", window=str(await window_id(office, 1)))
    assert done.headers["location"] == "/window?done=sat"
    given = await _do(browser, "/window/give", service=f"{office}:{pay}", typed="20417")
    assert given.status_code == 303
    await take_ticket(office, pay, by=clerk(1))
    await browser.post("/window/next")
    page = (await browser.get("/window")).text
    assert "Кто ждёт здесь" in (await browser.get("/window/live")).text
    assert "А001" in page
    assert "Орлова Ирина Олеговна" in page
    assert 'href="/accounts/20417"' in page
    ticket = re.search(r"/window/tickets/(\d+)/start", page)
    assert ticket
    assert (await browser.post(ticket[0])).status_code == 303
    await browser.post("/window/next")  # finishes the first and calls the second
    page = (await browser.get("/window")).text
    assert "А002" in page
    again = await browser.post(ticket[0])
    assert again.status_code == 409
    assert "уже не у вашего окна" in again.text


async def test_nothing_is_called_on_a_break_and_nobody_is_said_to_wait(
    enter: Enter, office: int
) -> None:
    browser = await enter("office")
    await _do(browser, "/window/sit", window=str(await window_id(office, 1)))
    assert (await browser.post("/window/next")).headers["location"] == "/window?done=empty"
    await browser.post("/window/pause")
    refused = await browser.post("/window/next")
    assert refused.status_code == 422
    await browser.post("/window/resume")
    await browser.post("/window/leave")
    assert (await browser.post("/window/next")).status_code == 422


async def test_a_visit_is_finished_passed_on_and_named(enter: Enter, office: int) -> None:
    browser = await enter("office")
    pay, contract = await service_id("А"), await service_id("Б")
    await _do(browser, "/window/sit", window=str(await window_id(office, 1)))
    first = await take_ticket(office, pay, by=clerk(1))
    await browser.post("/window/next")
    own = f"/window/tickets/{first.id}"
    wrong = await _do(browser, f"{own}/account", account="77777")
    assert "77777" in wrong.text
    assert (await _do(browser, f"{own}/account", account="20418")).status_code == 303
    assert "Семёнов" in (await browser.get("/window")).text
    await _do(browser, f"{own}/pass", service=str(contract))
    await browser.post("/window/next")
    await browser.post(f"{own}/start")
    page = (await browser.get("/window")).text
    assert "Договор и тариф" in page
    done = await _do(browser, f"{own}/finish", outcome="request")
    assert done.headers["location"] == "/window?done=done"


async def test_a_clerk_of_another_office_is_offered_only_the_own_windows(
    enter: Enter, office: int
) -> None:
    other = await make_queue("mira", windows=1, name="Офис на Мира")
    browser = await enter("office", office=other)
    page = (await browser.get("/window/sit")).text
    assert "Офис на Мира" in page
    assert "Офис на Ленина" not in page
    lines = (await browser.get("/window")).text
    assert "Офис на Ленина" in lines  # how busy the others are is seen by all


# the hall


async def _device(office: int, kind: str) -> str:
    return await add_device(office, by=SYSTEM, kind=kind, name="Зал")


async def test_the_terminal_gives_a_ticket_and_never_says_whose_it_is(
    guest: httpx.AsyncClient, office: int
) -> None:
    home, pay = f"/hall/{await _device(office, 'terminal')}", await service_id("А")
    with clock.moved(TEN):
        assert "Оплата и начисления" in (await guest.get(home)).text
        asked = (await guest.get(f"{home}/take/{pay}")).text
        sent = {"key": _key(asked), "typed": "20417"}
        slips = [await guest.post(f"{home}/take/{pay}", data=sent) for _time in range(2)]
        assert slips[0].headers["location"] == slips[1].headers["location"]  # touched twice
        page = (await guest.get(slips[0].headers["location"])).text
    assert "А001" in page
    for personal in ("20417", "Орлова", "Мира", "345"):
        assert personal not in page
    unknown = {"key": "another", "typed": "99999"}
    with clock.moved(TEN):
        other = await guest.post(f"{home}/take/{pay}", data=unknown)
        assert other.status_code == slips[0].status_code
        assert "А002" in (await guest.get(other.headers["location"])).text


async def test_who_booked_says_the_code_and_a_wrong_one_is_refused(
    guest: httpx.AsyncClient, office: int
) -> None:
    home, pay = f"/hall/{await _device(office, 'terminal')}", await service_id("А")
    with clock.moved(TEN):
        booked = await book_ticket(
            "20417", by=subscriber("20417"), office="lenina", service=pay, at=TEN + 30 * MINUTE
        )
        wrong = f"{(int(booked.code) + 1) % 10000:04}"
        refused = await guest.post(f"{home}/code", data={"code": wrong})
        assert refused.status_code == 422
        assert 'role="alert"' in refused.text
        came = await guest.post(f"{home}/code", data={"code": booked.code})
        page = (await guest.get(came.headers["location"])).text
    assert "А001" in page
    assert "10:30" in page  # by the clocks of Moscow
    assert "20417" not in page


async def test_the_terminal_speaks_what_is_chosen_up_to_the_ticket_and_then_the_offices_own(
    guest: httpx.AsyncClient, office: int
) -> None:
    home, pay = f"/hall/{await _device(office, 'terminal')}", await service_id("А")
    with clock.moved(TEN):
        guest.cookies.set("abonent_language", "en")  # left by somebody on this browser
        first = (await guest.get(home)).text
        assert '<html lang="ru"' in first
        switch = re.search(r'href="([^"]+)" lang="en"', first)
        assert switch
        chosen = (await guest.get(switch[1])).text
        assert "What have you come for?" in chosen
        assert f'href="{home}" lang="ru"' in chosen
        taking = re.search(rf'href="({home}/take/{pay}[^"]*)"', chosen)
        assert taking
        asked = (await guest.get(taking[1])).text
        action = re.search(r'action="([^"]+)"', asked)
        assert action
        slip = await guest.post(action[1], data={"key": _key(asked), "typed": ""})
        page = (await guest.get(slip.headers["location"])).text
    assert '<html lang="en"' in page
    assert "Take the ticket" in page
    assert f'data-return="{home}"' in page
    assert f'href="{home}" autofocus' in page


async def test_the_display_speaks_the_offices_language_alone(
    guest: httpx.AsyncClient, office: int
) -> None:
    board = f"/board/{await _device(office, 'display')}"
    guest.cookies.set("abonent_language", "en")
    for path in (board, f"{board}?lang=en"):
        assert '<html lang="ru"' in (await guest.get(path)).text


async def test_a_revoked_or_foreign_address_opens_nothing(
    guest: httpx.AsyncClient, office: int
) -> None:
    token, board = await _device(office, "terminal"), await _device(office, "display")
    for path in (f"/hall/{board}", f"/board/{token}", "/hall/nothing", "/board/nothing/stream"):
        assert (await guest.get(path)).status_code == 404, path
    pay = await service_id("А")
    with clock.moved(TEN + timedelta(hours=12)):
        closed = await guest.post(f"/hall/{token}/take/{pay}", data={"key": "1"})
    assert closed.status_code == 422
    await revoke_device((await device_by(token, "terminal")).id, by=SYSTEM)
    assert (await guest.get(f"/hall/{token}")).status_code == 404


async def test_a_terminal_shows_tickets_of_its_own_office_alone(
    guest: httpx.AsyncClient, office: int
) -> None:
    other = await make_queue("mira", windows=1)
    theirs = await take_ticket(other, await service_id("А"), by=clerk(1))
    home = f"/hall/{await _device(office, 'terminal')}"
    assert (await guest.get(f"{home}/tickets/{theirs.id}")).status_code == 404


async def test_the_terminal_sends_to_an_office_where_one_waits_much_less(
    guest: httpx.AsyncClient, office: int
) -> None:
    other = await make_queue("mira", windows=1, name="Офис на Мира")
    pay = await service_id("А")
    await sit_down(await window_id(office, 1), by=clerk(1))
    await sit_down(await window_id(other, 1), by=clerk(2))
    home = f"/hall/{await _device(office, 'terminal')}"
    assert "Офис на Мира" not in (await guest.get(home)).text
    for _ticket in range(4):
        await take_ticket(office, pay, by=clerk(1))
    assert (await hall_of(office)).minutes_of(pay) == 24
    assert "Офис на Мира" in (await guest.get(home)).text


async def test_the_display_shows_numbers_and_windows_and_nothing_else(
    guest: httpx.AsyncClient, office: int
) -> None:
    board = f"/board/{await _device(office, 'display')}"
    assert "calls-none" in (await guest.get(board)).text
    await sit_down(await window_id(office, 2), by=clerk(1))
    await take_ticket(office, await service_id("А"), by=clerk(1), typed="20417")
    await call_next(by=clerk(1))
    page = (await guest.get(board)).text
    assert re.search(r'class="called fresh"><th scope="row">А001</th><td>.*2</td>', page)
    for personal in ("20417", "Орлова", "Оператор"):
        assert personal not in page


# settings and the day


async def test_a_queue_is_set_up_from_nothing_on_its_pages(enter: Enter, db: Any) -> None:
    await small_provider(db)
    browser = await enter("admin")
    assert "/provider" in (await browser.get("/queue/settings")).text
    await _do(browser, "/provider/offices/new", code="mira", name="Офис на Мира", active="on")
    numbers = {"target_minutes": "15", "hard_minutes": "30", "slot_minutes": "15"}
    numbers |= {"ahead_days": "5", "active": "on"}
    wrong = await _do(
        browser, "/queue/settings/offices/new", office="mira", day0="9-8", day1="куча", **numbers
    )
    assert wrong.status_code == 400
    assert "act-day0-error" in wrong.text
    assert "act-day1-error" in wrong.text
    made = await _do(
        browser, "/queue/settings/offices/new", office="mira", day0="9-18", day5="10:00–15:30",
        **numbers,
    )  # fmt: skip
    assert made.status_code == 303
    hall = await hall_of("mira")
    window = f"/queue/settings/offices/{hall.office.id}/windows/new"
    none = await _do(browser, window, number="1", active="on")
    assert "act-services-error" in none.text
    pay = await service_id("А")
    await _do(browser, window, number="1", active="on", **{f"service.{pay}": "on"})
    changed = await _do(
        browser, f"/queue/settings/services/{pay}", name="Касса", letter="К", minutes="4",
        position="1", active="on", bookable="",
    )  # fmt: skip
    assert changed.status_code == 303
    (service,) = (await hall_of("mira")).services
    assert (service.name, service.letter, service.bookable) == ("Касса", "К", False)
    office = await browser.get(f"/queue/settings/offices/{hall.office.id}")
    assert 'value="10:00-15:30"' in office.text


async def test_an_address_is_shown_once_and_revoked(enter: Enter, office: int) -> None:
    browser = await enter("head")
    path = f"/queue/settings/offices/{office}/devices"
    refused = await browser.post(path, data={"kind": "terminal", "name": " "})
    assert refused.status_code == 400
    made = await browser.post(path, data={"kind": "terminal", "name": "У входа"})
    found = re.search(r"/hall/([\w-]{32})", made.text)
    assert found
    device = await device_by(found[1], "terminal")
    listed = (await browser.get(path)).text
    assert found[1] not in listed
    assert "У входа" in listed
    await _do(browser, f"{path}/{device.id}/revoke")
    assert "У входа" not in (await browser.get(path)).text


async def test_the_day_and_its_checklists_are_seen_by_the_head(enter: Enter, office: int) -> None:
    head = await enter("head")
    await take_ticket(office, await service_id("А"), by=clerk(1))
    page = (await head.get("/queue/day")).text
    assert "Открытие смены" in page
    assert (await head.get("/queue/day?day=вчера")).status_code == 404
    assert (await head.get("/queue/day?day=2020-01-01")).status_code == 200
    lists = (await head.get("/queue/checklists")).text
    items = re.findall(r'name="(item\.[a-z]+)"', lists.split("office-closing")[0])
    path = f"/queue/checklists/{office}/office-opening"
    part = await head.post(path, data={items[0]: "on"})
    assert part.headers["location"].endswith("done=part")
    whole = await head.post(path, data=dict.fromkeys(items, "on"))
    assert whole.headers["location"].endswith("done=all")
    for asked, found in (("", True), ("?state=arrived", True), ("?state=booked", False)):
        assert ("А001" in (await head.get(f"/queue/tickets{asked}")).text) is found


async def test_the_start_page_tells_who_waits_too_long(enter: Enter, office: int) -> None:
    head = await enter("head")
    await take_ticket(office, await service_id("А"), by=clerk(1))
    page = (await head.get("/")).text
    assert 'href="/queue/day"' in page


async def test_a_terminal_lets_nobody_try_every_code(guest: httpx.AsyncClient, office: int) -> None:
    home = f"/hall/{await _device(office, 'terminal')}"
    with clock.moved(TEN):
        statuses = [
            (await guest.post(f"{home}/code", data={"code": f"{n:04}"})).status_code
            for n in range(35)
        ]
    assert statuses[0] == 422
    assert statuses[-1] == 429


@pytest.mark.parametrize("service", ["abc", "9" * 23, "a'b"])
async def test_a_service_that_there_is_not_finds_no_tickets(
    enter: Enter, office: int, service: str
) -> None:
    head = await enter("head")
    assert (await head.get("/queue/tickets", params={"service": service})).status_code == 200
