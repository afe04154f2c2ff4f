"""Claims of the demo's last two months: most are answered, some wait, one went to court."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from abonent.billing.queries.accounts import look
from abonent.billing.queries.charged import charges_left
from abonent.crm.claim_errors import NothingToGiveBack
from abonent.crm.demo.plan import Household
from abonent.crm.demo.staff import Staff
from abonent.crm.demo.yesterday import on_morning
from abonent.crm.queries.claims import whole_claim
from abonent.crm.service.claims.answering import answer_claim, composed
from abonent.crm.service.claims.deciding import decide_claim, execute_claim
from abonent.crm.service.claims.remedies import Remedy
from abonent.crm.service.claims.taking import NewClaim, take_claim
from abonent.crm.service.claims.working import close_claim, investigate_claim, note_claim
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import unit_of_work
from abonent.kernel.site import site_language

DAYS = 60
"""So many days before the last one claims come."""
_EVERY = 3
_FIRST = 20
_WEEKEND = 5
_PART = 2500
"""The discount that is given in part, in hundredths of a percent."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is claimed, what turns out, and what comes of it: days back, a discount, a bonus, none."""

    subject: str
    asked: str
    text: str
    found: str
    cause: str
    grounds: str
    remedy: str
    demand: int = 0


_CLAIMED = (
    Claimed(
        "quality", "Перерасчёт за дни без связи",
        "Три дня не было интернета, звонил дважды, мастер пришёл только на четвёртый.",
        "Обрыв магистрального кабеля, три дня простоя подтверждены журналом сети.",
        "network", "Услуга не оказывалась не по вине абонента.", "outage", 8000,
    ),
    Claimed(
        "speed", "Снизить плату за плохую скорость",
        "По вечерам скорость в разы ниже обещанной, видео не идёт.",
        "Порт дома был перегружен, расширен на следующий день после жалобы.",
        "house", "Скорость была ниже по вечерам, услуга оказывалась.", "discount", 20000,
    ),
    Claimed(
        "visit", "Компенсация за несостоявшийся визит",
        "Отпросился с работы, мастер не пришёл и не позвонил.",
        "Заявка потерялась при смене бригады.",
        "not_done", "Визит назначили заново, за ожидание начислили бонус.", "bonus", 100000,
    ),
    Claimed(
        "charge", "Вернуть плату за обещанный платёж",
        "Списали 30 рублей, о плате никто не предупреждал.",
        "Плата указана в условиях, согласие дано в личном кабинете.",
        "subscriber", "Списание соответствует условиям, с которыми абонент согласился.", "", 3000,
    ),
    Claimed(
        "imposed", "Отключить ТВ и вернуть деньги",
        "Телевидение не заказывал, оно появилось в счёте само.",
        "Записи согласия нет, услугу подключил сотрудник.",
        "told_wrong", "Подтверждения заказа нет, деньги возвращаем.", "charges", 64000,
    ),
)  # fmt: skip


async def claim_things(
    known: Sequence[Household], *, staff: Staff, seed: int, day: date, until: date
) -> None:
    """The claim of a day, on every third one, with all that came of it before the day `until`."""
    chance = Random(f"{seed} claims {day}")
    if day.toordinal() % _EVERY or day.weekday() >= _WEEKEND or not known:
        return
    whose = known[(_FIRST + chance.randrange(400)) % len(known)]
    claimed = chance.choice(_CLAIMED)
    async with unit_of_work(SYSTEM):
        await _one(whose, claimed, staff=staff, chance=chance, days=(day, until))


async def _one(
    whose: Household, claimed: Claimed, *, staff: Staff, chance: Random, days: tuple[date, date]
) -> None:
    day, until = days
    morning, end = on_morning(day), on_morning(until)
    way = chance.choice(("visit", "visit", "letter", "portal"))
    with clock.moved(morning):
        claim = await take_claim(
            NewClaim(
                account=whose.number,
                subject=claimed.subject,
                asked=claimed.asked,
                text=claimed.text,
                channel=way,
                demand=claimed.demand,
                reply_by="paper" if way in {"visit", "letter"} else "portal",
                told=False,
            ),
            by=staff.clerk,
        )
    worked = morning + timedelta(days=chance.choice((1, 2, 3)))
    if worked > end:
        return
    with clock.moved(worked):
        await investigate_claim(claim, by=staff.clerk)
        await note_claim(claim, by=staff.clerk, text=claimed.found, kind="finding")
        if chance.random() < 0.15 or not await _decide(
            claim, claimed, whose.number, staff=staff, day=day
        ):
            return
    answered = morning + timedelta(days=chance.choice((4, 6, 8, 9, 12, 32)))
    if answered <= end:
        await _end(claim, claimed, staff=staff, at=answered)


async def _remedy(claimed: Claimed, number: str, day: date) -> Remedy:
    """What goes back; of a service that was not ordered, its charges or a bonus where it has none."""
    first, last = day - timedelta(4), day - timedelta(2)
    kind = claimed.remedy
    if kind == "charges":
        left = await charges_left(await look(number), since=day - timedelta(DAYS))
        tv = [one.charge.no for one in left if one.charge.tariff and one.charge.tariff.kind == "tv"]
        if tv:
            return Remedy(kind=kind, charges=tuple(tv))
        kind = "bonus"
    return Remedy(
        kind=kind,
        service=1 if kind == "discount" else None,
        first=first if kind in {"outage", "discount"} else None,
        last=last if kind in {"outage", "discount"} else None,
        percent=_PART if kind == "discount" else None,
        amount=claimed.demand // 2 if kind == "bonus" else None,
    )


async def _decide(claim: int, claimed: Claimed, number: str, *, staff: Staff, day: date) -> bool:
    """Decide it by what was found; where the days held no charge, it stays to be looked into."""
    remedy = await _remedy(claimed, number, day)
    decision = {"outage": "full", "charges": "full", "": "deny"}.get(remedy.kind, "partial")
    try:
        await decide_claim(
            claim,
            by=staff.head,
            decision=decision,
            grounds=claimed.grounds,
            cause=claimed.cause,
            remedy=remedy,
        )
    except NothingToGiveBack:
        return False
    return True


async def _end(claim: int, claimed: Claimed, *, staff: Staff, at: datetime) -> None:
    with clock.moved(at):
        whole = await whole_claim(claim, by=staff.head)
        text = composed(whole, language=site_language())
        await answer_claim(claim, by=staff.clerk, text=text, language=site_language())
        if claimed.remedy:
            await execute_claim(claim, by=staff.head)
        await close_claim(claim, by=staff.clerk)
