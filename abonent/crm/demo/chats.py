"""Chats of the demo: those of its last working days, ended, and two that the clerk has answered last.

Nobody waits for a word when it is made: who looks at it hours later would be told of hours of waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from abonent.crm.demo.plan import Household
from abonent.crm.queries.hours import working_hours
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.requests.chatting import say_in_chat
from abonent.crm.service.requests.client import CLIENT, rate_request, say_more
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import time_zone


@dataclass(frozen=True, slots=True)
class Talk:
    """A chat of so many working days ago, at an hour by local clocks; `seconds` until the first word."""

    ago: int
    at: time
    who: str
    text: str
    seconds: int
    answer: str
    rating: int | None = None


_ENDED = (
    Talk(3, time(11, 12), "Ольга", "Есть ли скидка, если заплатить за год?", 25,
        "Да, при оплате за год вперёд двенадцатый месяц бесплатно.", 5),
    Talk(2, time(10, 40), "Дмитрий", "Роутер не видит сеть после грозы", 130,
        "Записали вас на проверку роутера в офисе, диагностика бесплатная.", 3),
    Talk(2, time(16, 5), "Марина", "Можно ли перенести день списания?", 40,
        "Можно один раз в год, в личном кабинете или в офисе с паспортом."),
    Talk(1, time(15, 20), "Сергей", "Сколько стоит второй телевизор?", 18,
        "Вторая приставка стоит 90 рублей в месяц, подключим удалённо.", 4),
)  # fmt: skip


async def chat(households: Sequence[Household], *, by: Actor, day: date) -> None:
    """Write into the chat and answer, as people do, until the morning of `day`."""
    for one in _ENDED:
        await _ended(one, by=by, day=await _working_day(day, one.ago))
    own = next(one for one in households if one.person.kind == "person")
    ended = await _begun("Как посмотреть, по какое число оплачено?", account=own.number)
    await say_in_chat(ended, by=by, text="Здравствуйте! Смотрю ваш счёт.")
    await say_more(ended, text="Спасибо, жду", by=CLIENT, channel="chat")
    await answer_request(ended, by=by, text="В личном кабинете, на главной странице под суммой.")
    await rate_request(ended, rating=5)
    talked = await _begun("Вечером падает скорость, что делать?", who="Екатерина")
    await say_in_chat(talked, by=by, text="Здравствуйте! По Wi-Fi или по кабелю?")
    await say_more(talked, text="По Wi-Fi, в дальней комнате", by=CLIENT, channel="chat")
    await say_in_chat(talked, by=by, text="Проверьте, пожалуйста, скорость рядом с роутером.")
    asked = await _begun(
        "Подключаете ли вы дом на Луговой, 5?", who="Иван", reply_to="+7 900 111-22-33"
    )
    await say_in_chat(asked, by=by, text="Здравствуйте! Да. Какой у вас подъезд?")


async def _ended(one: Talk, *, by: Actor, day: date) -> None:
    begun = datetime.combine(day, one.at, time_zone())
    with clock.moved(begun):
        number = await _begun(one.text, who=one.who)
    with clock.moved(begun + timedelta(seconds=one.seconds)):
        await say_in_chat(number, by=by, text="Здравствуйте! Минуту, уточню.")
    with clock.moved(begun + timedelta(seconds=one.seconds, minutes=4)):
        await answer_request(number, by=by, text=one.answer)
        if one.rating is not None:
            await rate_request(number, rating=one.rating)


async def _working_day(day: date, ago: int) -> date:
    """The day on which the department worked, so many such days before."""
    hours = await working_hours()
    while ago:
        day -= timedelta(1)
        ago -= bool(hours.of(day))
    return day


async def _begun(text: str, *, account: str = "", who: str = "", reply_to: str = "") -> int:
    way = "call" if reply_to else "none"
    new = NewRequest(
        channel="chat", text=text, account=account, who=who, reply_by=way, reply_to=reply_to
    )
    return (await take_request(new, by=CLIENT)).number
