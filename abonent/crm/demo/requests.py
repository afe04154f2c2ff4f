"""What subscribers of the demo turned to the office with in its last fortnight, and what came of it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from abonent.crm.demo.plan import Household
from abonent.crm.demo.staff import Staff
from abonent.crm.rules.mail import Attachment
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.requests.client import rate_request, say_more
from abonent.crm.service.requests.files import keep_attachments
from abonent.crm.service.requests.letters import ReceivedLetter, take_letter
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.service.requests.working import (
    note_request,
    pass_request,
    plan_next,
    take_to_work,
    wait_for,
)
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.settings import Settings

# A chat is not given away in the middle of the talk.
_OPEN_ONE = """
SELECT max(number) FROM crm_request WHERE open AND state = 'in_work' AND channel <> 'chat'
"""
DAYS = 14
"""So many days before the last one people turn to the office with something."""
_A_DAY = 4
_FIRST, _OPENS = 200, 7
"""Whose cards: those after the ones that other demonstrations use. Hours are of UTC."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody says, by which channel, how they want the answer, and what it is."""

    channel: str
    reply_by: str
    text: str
    answer: str


_ASKED = (
    Asked("call", "call", "Второй день нет интернета, роутер мигает красным.",
        "Перезагрузили порт, связь появилась, абонент проверил при нас."),
    Asked("email", "email", "Платил в субботу через банк, деньги не пришли. Чек приложу.",
        "Платёж нашёлся: в банке ошиблись цифрой счёта. Деньги зачислены, просим прощения за ожидание."),
    Asked("portal", "portal", "За что списали 30 рублей? Раньше такого не было.",
        "Это плата за обещанный платёж, взятый третьего числа. Расчёт стоит в строке истории."),
    Asked("visit", "none", "Хочу сменить тариф на подешевле.",
        "Показали расчёт, сменили тариф со следующего периода."),
    Asked("call", "call", "По вечерам низкая скорость, фильмы не идут.",
        "Проверили линию: роутер старый, упирается в 50 Мбит/с. Предложили замену, абонент думает."),
    Asked("sms", "sms", "Не показывает телевизор, пишет нет сигнала",
        "Обновили список каналов, перезагрузите, пожалуйста, приставку. Если не поможет, ответьте."),
    Asked("portal", "portal", "Переезжаем в соседний дом, можно ли забрать интернет с собой?",
        "Да: дом подключён. Заявление можно подать здесь же или в офисе, переезд занимает до пяти дней."),
    Asked("email", "email", "Пришлите, пожалуйста, чек об оплате за прошлый месяц.",
        "Чек отправлен на вашу почту отдельным письмом; он есть и в личном кабинете, в документах."),
    Asked("call", "call", "Мастер не пришёл, ждали с десяти до двенадцати.",
        "Извинились, назначили на завтра с девяти, координатор проверит выезд лично."),
    Asked("site", "call", "Подключён ли дом на Луговой, 5? Сколько стоит интернет с ТВ?",
        "Дом подключён, рассказали о двух тарифах, человек подумает до пятницы."),
)  # fmt: skip

_WRITTEN = {1: 1, 3: 5}
"""On the last days these are answered by e-mail and by SMS, so that messages are under way."""
_AGAIN = "Разобрались до конца: причина была в настройке порта, проверили вместе с абонентом."


async def turn_to_us(
    households: Sequence[Household], *, staff: Staff, seed: int, day: date, left: int
) -> None:
    """One day's requests; those of the last days, `left` before the end, are partly still open."""
    chance = Random(f"{seed} requests {day}")
    for number in range(_A_DAY):
        whose = households[(_FIRST + chance.randrange(400)) % len(households)]
        asked = chance.choice(_ASKED)
        if left < 2 and number in _WRITTEN:
            asked = _ASKED[_WRITTEN[number]]
        by = staff.cashier if number % 3 == 2 else staff.clerk
        morning = datetime.combine(day, time(_OPENS), UTC) + timedelta(minutes=90 * number)
        async with unit_of_work(by):
            await _one(whose, asked, chance, by=by, at=morning, latest=left < 2, number=number)


async def _one(
    whose: Household,
    asked: Asked,
    chance: Random,
    *,
    by: Actor,
    at: datetime,
    latest: bool,
    number: int,
) -> None:
    stranger = asked.channel == "site"
    new = NewRequest(
        channel=asked.channel,
        text=asked.text,
        account="" if stranger else whose.number,
        who=whose.person.name if stranger else "",
        reply_by=asked.reply_by,
        reply_to=whose.person.phone if stranger else "",
    )
    with clock.moved(at):
        taken = (await take_request(new, by=by)).number
    if latest and number % 2 == 0:
        await _leave(taken, chance, by=by, at=at + timedelta(minutes=40))
        return
    hours = chance.choice((0.2, 1, 2, 3, 5, 26))
    with clock.moved(at + timedelta(hours=hours)):
        # What was said by SMS and e-mail long ago is written down, not sent again.
        reached = {"email": whose.person.email, "sms": whose.person.phone}
        sent = latest and reached.get(asked.reply_by)
        way = asked.reply_by if sent else _told(asked.reply_by)
        await answer_request(taken, by=by, text=asked.answer, reply_by=way)
    with clock.moved(at + timedelta(hours=hours + 4)):
        if chance.random() < 0.12:
            await say_more(taken, text="Снова то же самое.", by=SYSTEM, channel=asked.channel)
            await answer_request(taken, by=by, text=_AGAIN, reply_by=_told(asked.reply_by))
        elif chance.random() < 0.5:
            await rate_request(taken, rating=chance.choice((3, 4, 4, 5, 5, 5, 2)))


def _told(way: str) -> str:
    return way if way in {"call", "portal", "visit", "none"} else "call"


async def _leave(number: int, chance: Random, *, by: Actor, at: datetime) -> None:
    """Leave a request where requests stand in the morning: new, taken, waiting, passed on."""
    with clock.moved(at):
        stands = chance.randrange(5)
        if stands == 0:
            return
        await take_to_work(number, by=by)
        if stands == 1:
            await wait_for(number, by=by, whom="client", reason="word")
        elif stands == 2:
            await wait_for(number, by=by, whom="tech", reason="check")
        elif stands == 3:
            await pass_request(number, by=by, team="coord", owner=None, note="Нужен выезд мастера.")
        else:
            await note_request(number, by=by, text="Дозвонились, но говорить не мог.")
            await plan_next(number, by=by, text="перезвонить", at=at + timedelta(hours=3))


async def leave_with(owner: int, *, team: str, by: Actor) -> None:
    """Give the latest open request to one of its team, who works on it."""
    async with unit_of_work(by) as work:
        number = await work.connection.fetchval(_OPEN_ONE)
    if number is not None:
        await pass_request(
            number, by=by, team=team, owner=owner, note="Нужен выезд на этой неделе."
        )


async def write_with_a_receipt(whose: Household, *, settings: Settings, day: date) -> None:
    """A letter of the evening before with the picture of a receipt and a file of a kind not kept."""
    brought = (Attachment("чек.png", _picture()), Attachment("выписка.xls", b"xls"))
    letter = ReceivedLetter(
        message_id=f"{day:%y%m%d}@mail.example",
        from_address=whose.person.email or "someone@mail.example",
        from_name=whose.person.name,
        subject="Оплата не дошла",
        text="Платил в субботу через банк, деньги не пришли. Чек приложил.",
        brought=await keep_attachments(brought, settings=settings),
    )
    with clock.moved(datetime.combine(day - timedelta(1), time(17), UTC)):
        await take_letter(letter)


def _picture(width: int = 240, height: int = 120) -> bytes:
    """A white picture with grey lines, as a receipt looks from afar (PNG)."""
    rows = b"".join(
        b"\0" + (b"\x88" if line % 12 > 8 else b"\xff") * width for line in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    told = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(told)
