"""Help: the first hour of a newcomer is ticked by what was really done, on the demonstration alone."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from abonent.billing.service.cash.shifts import open_shift
from abonent.billing.service.cash.taking import take_at_desk, void_receipt
from abonent.kernel.actor import Actor
from abonent.kernel.content import load_content
from abonent.kernel.i18n import LANGUAGES
from abonent.kernel.ids import new_id
from abonent.web.deeds import SENTENCES
from abonent.web.lessons import Lesson
from abonent.web.rights import RIGHTS
from tests.billing.test_cash import make_desks
from tests.web.seed import small_provider

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
NUMBER = "20417"
_DEMO = "INSERT INTO audit (id, at, actor_kind, actor_id, action, subject) VALUES ($1, now(), 'import', 'demo', 'x', 'x')"
PAGES = ("/help", "/help/keys", "/help/first-hour")
_POSTED = re.compile(r"billing:[a-z_]+:posted")


def done(text: str) -> list[str]:
    """The titles of the steps that are ticked."""
    return re.findall(r'<li class="done">\s*<h3>([^<]+?) <', text)


async def test_steps_are_ticked_by_what_was_done_today(enter: Enter, db: Any) -> None:
    await small_provider(db)
    await db.execute(_DEMO, new_id())
    clerk = await enter("office")
    first = (await clerk.get("/help/first-hour")).text
    assert done(first) == []
    assert "Абонентский отдел" in first
    assert "Откройте смену" not in first
    note = await clerk.get(f"/accounts/{NUMBER}/notes/new")
    key = re.search(r'name="key" value="([^"]+)"', note.text)
    assert key is not None
    given = {"key": key[1], "step": "do", "text": "Просил перезвонить"}
    assert (await clerk.post(f"/accounts/{NUMBER}/notes/new", data=given)).status_code == 303
    entry = await db.fetchval(
        "SELECT min(no) FROM billing_entry JOIN billing_account USING (account_id) WHERE number = $1",
        NUMBER,
    )
    assert (await clerk.get(f"/accounts/{NUMBER}/entries/{entry}")).status_code == 200
    text = (await clerk.get("/help/first-hour")).text
    assert done(text) == ["Объясните остаток", "Оставьте заметку"]
    assert "Шагов: 2 из" in text.replace("\u00a0", " ")
    # What one has done is ticked for nobody else.
    assert done((await (await enter("office")).get("/help/first-hour")).text) == []


async def test_a_working_provider_is_read_about_and_not_practised_on(enter: Enter, db: Any) -> None:
    await small_provider(db)
    cashier = await enter("cash")
    answer = await cashier.get("/help/first-hour")
    assert "Это рабочая база" in answer.text
    assert "Откройте смену" in answer.text
    assert 'class="btn" href="/cash"' not in answer.text
    assert "<progress" not in answer.text
    assert "abonent_lesson" not in answer.headers.get("set-cookie", "")
    entry = await db.fetchval(
        "SELECT min(no) FROM billing_entry JOIN billing_account USING (account_id) WHERE number = $1",
        NUMBER,
    )
    await cashier.get(f"/accounts/{NUMBER}/entries/{entry}")
    assert await db.fetchval("SELECT count(*) FROM web_lesson") == 0


@pytest.mark.parametrize("role", ["cash", "office", "collect", "head", "hr", "tech"])
async def test_help_is_for_everyone(enter: Enter, db: Any, role: str) -> None:
    browser = await enter(role)
    for path in PAGES:
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        assert '/help/first-hour"' in answer.text
    asked: list[str] = []

    def note(record: Any) -> None:
        asked.append(record.query)

    db.add_query_logger(note)
    await browser.get("/help/first-hour")
    db.remove_query_logger(note)
    assert len(asked) <= 8


def test_lessons_are_the_same_in_every_language_and_name_what_exists() -> None:
    shapes = []
    for language in LANGUAGES:
        found = load_content("first_hour", Lesson, language=language)
        shapes.append(
            [
                (
                    slug,
                    one.value.roles,
                    [(s.code, s.link, s.right, s.check) for s in one.value.steps],
                )
                for slug, one in found.items()
            ]
        )
        for one in found.values():
            for step in one.value.steps:
                assert step.right in RIGHTS, step.right
                for action in step.check.audit:
                    assert action in SENTENCES or _POSTED.fullmatch(action), action
    assert all(shape == shapes[0] for shape in shapes)
    assert len(shapes[0]) == 5


async def test_a_cashier_is_ticked_by_the_receipts_given_out(enter: Enter, db: Any) -> None:
    await small_provider(db)
    await make_desks()
    await db.execute(_DEMO, new_id())
    cashier = await enter("cash", login="olga")
    user = await db.fetchval("SELECT id FROM web_user WHERE login = 'olga'")
    by = Actor("user", str(user), "Ольга", frozenset({"*"}))
    await open_shift("К1", by=by)
    paid = await take_at_desk(
        "20418", by=by, amount=10000, source="cash", external_id="lesson", given=None
    )
    assert done((await cashier.get("/help/first-hour")).text) == [
        "Откройте смену",
        "Примите наличные",
    ]
    assert paid.receipt is not None
    await void_receipt(paid.receipt.desk_id, paid.receipt.no, by=by, reason="Не тот абонент")
    ticked = done((await cashier.get("/help/first-hour")).text)
    assert ticked == ["Откройте смену", "Примите наличные", "Аннулируйте ошибочную квитанцию"]
