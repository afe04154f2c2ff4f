"""Staff and roles at the desk: people, their sessions, rights in ticks, one row of the audit."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from abonent.kernel.actor import SYSTEM
from abonent.kernel.i18n import time_zone
from abonent.web import service
from abonent.web.queries import identify
from tests.web.seed import small_provider
from tests.web.seen import key_of, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
PASSWORD = "correct horse battery"


@pytest.fixture
async def admin(db: Any, enter: Enter) -> httpx.AsyncClient:
    return await enter("admin", "root")


async def _send(browser: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    """Open a dialog and carry it out with these fields beside those it came with."""
    opened = await browser.get(path)
    assert opened.status_code == 200, opened.text
    given = dict(
        re.findall(r'<input[^>]*type="hidden"[^>]*name="(\w+)" value="([^"]*)"', opened.text)
    )
    return await browser.post(path, data=given | {"key": key_of(opened.text), "step": "do"} | form)


async def test_a_person_is_added_found_and_opened(admin: httpx.AsyncClient, db: Any) -> None:
    answer = await _send(
        admin, "/staff/new", name="Вера Белова", login="Vera", role="cash", password=PASSWORD
    )
    assert answer.status_code == 303, plain(answer.text)
    page = plain((await admin.get(answer.headers["location"])).text)
    assert "Вера Белова" in page
    assert "Кассир" in page
    listed = plain((await admin.get("/staff?q=бело")).text)
    assert "Вера Белова" in listed
    assert (await service.sign_in("vera", password=PASSWORD)).secret


async def test_every_mistake_of_a_new_person_stands_beside_its_field(
    admin: httpx.AsyncClient,
) -> None:
    answer = await _send(admin, "/staff/new", name="", login="", role="king", password="")
    assert answer.status_code in {400, 422}
    for field in ("name", "login", "role", "password"):
        assert f'id="act-{field}-error"' in answer.text


async def test_a_login_that_is_taken_is_said_beside_it_and_what_was_typed_stays(
    admin: httpx.AsyncClient,
) -> None:
    answer = await _send(
        admin, "/staff/new", name="Второй", login="root", role="cash", password=PASSWORD
    )
    assert answer.status_code == 409
    assert 'id="act-login-error"' in answer.text
    assert 'value="Второй"' in answer.text


async def test_a_password_is_no_part_of_what_a_form_is_remembered_by(
    admin: httpx.AsyncClient, db: Any
) -> None:
    opened = await admin.get("/staff/new")
    form = {"key": key_of(opened.text), "step": "do", "name": "Вера", "login": "vera"}
    form |= {"role": "cash", "password": PASSWORD}
    first = await admin.post("/staff/new", data=form)
    again = await admin.post("/staff/new", data=form | {"password": "quite another phrase"})
    assert first.headers["location"] == again.headers["location"]


async def test_locking_ends_sessions_and_unlocking_lets_in_again(
    admin: httpx.AsyncClient, db: Any
) -> None:
    user = await service.add_user("vera", name="Вера", role="cash", password=PASSWORD)
    opened = await service.sign_in("vera", password=PASSWORD)
    answer = await _send(admin, f"/staff/{user}/lock", reason="Уволена")
    assert answer.status_code == 303
    assert await identify(opened.secret) is None
    reason = "SELECT after->>'reason' FROM audit WHERE action = 'web:user:deactivate'"
    assert await db.fetchval(reason) == "Уволена"
    await _send(admin, f"/staff/{user}/unlock")
    assert (await service.sign_in("vera", password=PASSWORD)).secret


async def test_an_administrator_sees_and_ends_sessions_of_others(
    admin: httpx.AsyncClient,
) -> None:
    user = await service.add_user("vera", name="Вера", role="cash", password=PASSWORD)
    first = await service.sign_in("vera", password=PASSWORD, ip="198.51.100.4")
    second = await service.sign_in("vera", password=PASSWORD, ip="198.51.100.5")
    page = (await admin.get(f"/staff/{user}")).text
    assert "198.51.100.4" in page
    who = await identify(first.secret)
    assert who is not None
    await admin.post(f"/staff/{user}/sessions/{who.session_id}/end")
    assert await identify(first.secret) is None
    assert await identify(second.secret) is not None
    await admin.post(f"/staff/{user}/sessions/end")
    assert await identify(second.secret) is None


async def test_a_user_ends_every_session_but_the_present_one(enter: Enter) -> None:
    browser = await enter("cash", "vera")
    other = await service.sign_in("vera", password=PASSWORD)
    await browser.post("/profile/sessions/end")
    assert await identify(other.secret) is None
    assert (await browser.get("/profile")).status_code == 200


async def test_changing_a_role_shows_whom_it_reaches_before_it_is_saved(
    admin: httpx.AsyncClient, db: Any
) -> None:
    await service.add_user("vera", name="Вера Белова", role="tech", password=PASSWORD)
    opened = await admin.get("/roles/tech/change")
    assert "Вера Белова" in opened.text
    version = re.search(r'name="version" value="(\d+)"', opened.text)
    assert version
    form = {"key": key_of(opened.text), "version": version[1], "name": "Монтажник"}
    form |= {"right.desk.open": "on", "right.billing.fee.charge": "on", "second_factor": "on"}
    shown = plain((await admin.post("/roles/tech/change", data=form | {"step": "preview"})).text)
    assert "Эта роль есть у 1 сотрудника: Вера Белова" in shown
    assert "получат Начислять" in shown
    assert "потеряют" in shown
    stored = "SELECT rights FROM web_role WHERE code = 'tech'"
    assert "billing.fee.charge" not in await db.fetchval(stored)
    answer = await admin.post("/roles/tech/change", data=form | {"step": "do"})
    assert answer.status_code == 303, plain(answer.text)
    assert await db.fetchval(stored) == ["billing.fee.charge", "desk.open"]


async def test_a_role_is_copied_and_deleted_and_its_people_get_another(
    admin: httpx.AsyncClient, db: Any
) -> None:
    opened = (await admin.get("/roles/new?from=cash")).text
    ticked = re.findall(r'name="(right\.[a-z_.*]+)" checked', opened)
    assert "right.billing.payment.take" in ticked
    form = dict.fromkeys(ticked, "on") | {"name": "Старший кассир"}
    answer = await _send(admin, "/roles/new?from=cash", **form)
    code = answer.headers["location"].split("?")[0].removeprefix("/roles/")
    user = await service.add_user("vera", name="Вера", role=code, password=PASSWORD)
    answer = await _send(admin, f"/roles/{code}/delete", move_to="cash")
    assert answer.status_code == 303
    assert await db.fetchval("SELECT role FROM web_user WHERE id = $1", user) == "cash"
    assert (await admin.get(f"/roles/{code}")).status_code == 404


async def test_a_row_of_the_audit_says_in_words_what_was_before_and_after(
    admin: httpx.AsyncClient, db: Any
) -> None:
    user = await service.add_user("vera", name="Вера", role="tech", password=PASSWORD)
    await _send(admin, f"/staff/{user}/change", name="Вера Белова", login="vera", role="cash")
    row = await db.fetchval("SELECT id FROM audit WHERE action = 'web:user:change'")
    page = plain((await admin.get(f"/audit/{row}")).text)
    assert "Изменены данные сотрудника" in page
    assert "203.0.113.7" in page
    assert "роль Мастер Кассир" in page
    assert "Вера Белова" in page
    listed = plain((await admin.get("/audit")).text)
    assert "роль: Мастер → Кассир" in listed
    assert "{" not in listed


async def test_personal_values_of_the_audit_want_their_right_and_go_when_erased(
    enter: Enter, db: Any, admin: httpx.AsyncClient
) -> None:
    await service.add_user("vera", name="Вера Неназванная", role="tech", password=PASSWORD)
    row = await db.fetchval(
        "SELECT id FROM audit WHERE action = 'web:user:add' ORDER BY id DESC LIMIT 1"
    )
    shift = await enter("shift")
    assert "Неназванная" in (await admin.get(f"/audit/{row}")).text
    assert "Неназванная" not in (await shift.get(f"/audit/{row}")).text
    await db.execute("DELETE FROM audit_personal WHERE audit_id = $1", row)
    assert "Неназванная" not in (await admin.get(f"/audit/{row}")).text


async def test_the_program_itself_stands_in_the_audit_by_a_word(
    admin: httpx.AsyncClient, db: Any
) -> None:
    await small_provider(db)
    listed = plain((await admin.get("/audit?who=")).text)
    assert "автомат" in listed
    assert "system" not in listed


async def test_who_signs_in_stands_in_the_audit_by_name(db: Any) -> None:
    user = await service.add_user("vera", name="Вера", role="tech", password=PASSWORD, by=SYSTEM)
    await service.sign_in("vera", password=PASSWORD)
    row = await db.fetchrow("SELECT * FROM audit WHERE action = 'web:user:sign_in'")
    assert (row["actor_kind"], row["actor_id"]) == ("user", str(user))
    assert row["session_id"] is not None


async def test_the_audit_is_narrowed_to_days_of_the_company(
    admin: httpx.AsyncClient, db: Any
) -> None:
    at = await db.fetchval("SELECT max(at) FROM audit")
    day = at.astimezone(time_zone()).date()
    for asked, seen in (
        (f"day.from={day}&day.to={day}", True),
        (f"day.from={day + timedelta(1)}", False),
        (f"day.to={day - timedelta(1)}", False),
        ("day.to=9999-12-31", True),
    ):
        answer = await admin.get(f"/audit?{asked}")
        assert answer.status_code == 200, asked
        assert bool(re.search(r"/audit/\d", answer.text)) is seen, asked
    assert (await admin.get("/audit?day.from=0001-01-01")).status_code == 200


async def test_guesses_at_ones_own_password_are_slowed_down(admin: httpx.AsyncClient) -> None:
    form = {"old": "wrong", "password": PASSWORD, "again": PASSWORD}
    for _guess in range(5):
        assert (await admin.post("/profile/password", data=form)).status_code == 422
    assert (await admin.post("/profile/password", data=form)).status_code == 429
