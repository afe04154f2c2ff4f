"""Chats of the demo: one that was ended, one being talked in, one that waits."""

from __future__ import annotations

from collections.abc import Sequence

from abonent.crm.demo.plan import Household
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.requests.chatting import say_in_chat
from abonent.crm.service.requests.client import CLIENT, rate_request, say_more
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.kernel.actor import Actor


async def chat(households: Sequence[Household], *, by: Actor) -> None:
    """Write into the chat and answer, as people do."""
    own = next(one for one in households if one.person.kind == "person")
    ended = await _begun("Как посмотреть, по какое число оплачено?", account=own.number)
    await say_in_chat(ended, by=by, text="Здравствуйте! Смотрю ваш счёт.")
    await say_more(ended, text="Спасибо, жду", by=CLIENT, channel="chat")
    await answer_request(ended, by=by, text="В личном кабинете, на главной странице под суммой.")
    await rate_request(ended, rating=5)
    talked = await _begun("Вечером падает скорость, что делать?", who="Екатерина")
    await say_in_chat(talked, by=by, text="Здравствуйте! По Wi-Fi или по кабелю?")
    await say_more(talked, text="По Wi-Fi, в дальней комнате", by=CLIENT, channel="chat")
    await _begun("Подключаете ли вы дом на Луговой, 5?", who="Иван", reply_to="+7 900 111-22-33")


async def _begun(text: str, *, account: str = "", who: str = "", reply_to: str = "") -> int:
    way = "call" if reply_to else "none"
    new = NewRequest(
        channel="chat", text=text, account=account, who=who, reply_by=way, reply_to=reply_to
    )
    return (await take_request(new, by=CLIENT)).number
