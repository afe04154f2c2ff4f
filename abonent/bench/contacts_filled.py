"""Filling a base with two years of requests, messages and what stands beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from abonent.bench import contacts_beside as beside
from abonent.bench import contacts_rows as rows
from abonent.bench.base import build
from abonent.bench.people import SURNAMES, people
from abonent.crm.quality_form import quality_form
from abonent.crm.queries.scripts import objections_book, playable_scripts
from abonent.crm.queries.templates import templates_in_force
from abonent.crm.service.knowledge import articles_shown
from abonent.crm.service.scripts import KEEP_TEXT
from abonent.crm.topics import classifier
from abonent.kernel import clock
from abonent.kernel.db import Connection, open_database, reading
from abonent.kernel.jsontext import to_json
from abonent.kernel.settings import Settings
from abonent.web.service import add_user

STAFF, PASSWORD = 60, "correct horse battery"

BEGUN = (
    "Здравствуйте, пропал интернет вечером.", "Не работает роутер после грозы.",
    "Списали дважды за один месяц.", "Хочу перейти на другой тариф.", "Прошу выставить счёт.",
    "Телевидение показывает квадратами.", "Переезжаем в другую квартиру.", "Низкая скорость по вечерам.",
    "Оплатил вчера, баланс прежний.", "Нужна справка о платежах.", "Мастер не пришёл в назначенное время.",
    "Прошу приостановить договор на отпуск.", "Не приходит код для входа в кабинет.",
)  # fmt: skip
TOLD = (
    "Роутер перезагружали, лампочка горит красным.", "Живём на пятом этаже, у соседей всё работает.",
    "Чек сохранился, могу прислать.", "Звонил в среду, обещали перезвонить.", "Кабель цел, проверяли сами.",
    "Тариф указан в договоре.", "Скорость замеряли проводом.", "Ошибка повторяется каждый день.",
    "Приставка старая, брали в рассрочку.", "Пишу второй раз.", "Квитанция пришла с задолженностью.",
)  # fmt: skip
WISHED = (
    "Перезвоните после шести.", "Жду ответа письмом.", "Сделайте перерасчёт, пожалуйста.",
    "Когда ждать мастера?", "Заранее спасибо.", "Прошу разобраться.", "Подскажите, что делать дальше.",
)  # fmt: skip
"""What people write; put together they make a thousand different requests."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many accounts, requests and messages the base has, and of what stands beside them."""

    accounts: int
    requests: int
    messages: int
    tickets: int = 547_500
    claims: int = 10_000
    runs: int = 200_000
    conversations: int = 200_000


async def fill(settings: Settings, sizes: Sizes) -> None:
    """Fill an empty database: accounts and their people, then two years of turning to each other."""
    await build(settings, sizes.accounts)
    async with open_database(settings):
        await add_user("bench", name="Bench", role="head", password=PASSWORD)
        await articles_shown()
        async with reading() as connection:
            await people(connection)
            await connection.execute(rows.TOOLS)
            await connection.execute(rows.STAFF, STAFF, list(SURNAMES))
            first = await connection.fetchval("SELECT min(account_id) FROM billing_account")
            known = (first, sizes.accounts - 1)
            await _requests(connection, sizes.requests, known)
            await _messages(connection, sizes.messages, known)
            await _beside(connection, sizes, known)
            await _scripts(connection, sizes.runs, known)
            await connection.execute("VACUUM (ANALYZE)")


async def _requests(connection: Connection, count: int, known: tuple[int, int]) -> None:
    topics = (await classifier()).topic
    about = [[one.code for one in topics], [one.team for one in topics]]
    said = [list(BEGUN), list(TOLD), list(WISHED)]
    priorities, names = [one.priority for one in topics], [one.name for one in topics]
    await connection.execute(rows.REQUESTS, count, *known, *about, priorities, names, *said)
    await connection.execute(rows.REQUEST_NUMBER, count)
    for statement in (rows.REQUEST_LINES, rows.REQUEST_MOVES, rows.REQUEST_LETTERS):
        await connection.execute(statement)
    for statement in (rows.ASKED, rows.SURVEYS_ON):
        await connection.execute(statement)


async def _messages(connection: Connection, count: int, known: tuple[int, int]) -> None:
    templates = await templates_in_force("ru")
    purposes = [str(one.kind) for one in templates.values()]
    await connection.execute(rows.MESSAGES, count, *known, list(templates), purposes)
    await connection.execute(rows.MESSAGE_TEXTS, list(BEGUN), list(TOLD))
    for statement in (rows.MESSAGE_PARTS, rows.MESSAGE_ATTEMPTS, rows.MESSAGE_OUTBOX):
        await connection.execute(statement)


async def _beside(connection: Connection, sizes: Sizes, known: tuple[int, int]) -> None:
    lines = [one.code for one in (await quality_form()).value.lines]
    filled: tuple[tuple[Any, ...], ...] = (
        (beside.OFFICES,),
        (beside.TICKETS, sizes.tickets, *known),
        (beside.CLAIMS, sizes.claims, *known),
        (beside.CONVERSATIONS, sizes.conversations, *known),
        (beside.CARDS,),
        (beside.GRADES, lines),
        (beside.SAMPLE,),
        (rows.ARTICLES,),
    )
    for statement, *values in filled:
        await connection.execute(statement, *values)


async def _scripts(connection: Connection, count: int, known: tuple[int, int]) -> None:
    played = list((await playable_scripts()).values())
    kept_at = clock.now()
    for one in played:
        content = to_json(one.script.model_dump(mode="json"))
        await connection.execute(KEEP_TEXT, one.hash, one.slug, content, kept_at)
    texts = [[one.slug for one in played], [one.hash for one in played]]
    ends = [next(iter(one.script.outcomes)) for one in played]
    await connection.execute(beside.RUNS, count, *known, *texts, ends)
    await connection.execute(beside.STEPS)
    await connection.execute(beside.OBJECTIONS, list(await objections_book()))
