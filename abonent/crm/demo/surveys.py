"""The loyalty survey in the demo's last months: whom it was sent to, who answered what, who was called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from abonent.crm.demo import requests
from abonent.crm.demo.plan import Household
from abonent.crm.demo.staff import Staff
from abonent.crm.queries.requests import requests_of
from abonent.crm.queries.surveys import survey_of_token, survey_setting
from abonent.crm.rules.requests import RequestState
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.requests.working import take_to_work
from abonent.crm.service.surveys import give_survey, set_surveys
from abonent.crm.service.surveys_answering import answer_survey, end_surveys
from abonent.crm.surveys import KIND, Survey, Type, survey
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.site import site_language

DAYS = 80
"""So many days before the last one subscribers are asked."""
_A_DAY, _MOST_A_DAY = 4, 20
_TURNED_TO_US = slice(200, 600)
"""Among whom those are who turned to the office: see requests."""
_LOW = "low-score"
_JOINED_AFTER, _TRIED = 3, 40
_SENT_AT, _CALLED_AFTER = 8, (5, 12, 22, 30, 55)
"""The hour (of UTC) at which surveys are sent, the hours after which a low score is called."""
_CROWDED = 8
"""In so many of the most crowded buildings all are asked and most answer: they have an index."""
_RESPONSE, _RESPONSE_THERE = 0.3, 0.92
_SCORES = (10, 9, 8, 7, 6, 5, 3, 1)
_WEIGHTS = (27, 24, 14, 12, 8, 6, 5, 4)
_SAID = {
    "why-promoter": (
        "Мастер всё показал и объяснил", "Не ломается", "Отвечают быстро, без очередей",
        "Цена не растёт каждый год",
    ),
    "why-passive": (
        "Вечером скорость падает", "Хотелось бы больше каналов", "Долго ждал мастера",
    ),
    "why-detractor": (
        "Каждый вечер обрывы, звонил трижды", "Подняли цену и не предупредили",
        "Мастер опоздал на два часа", "Не понимаю, за что списали деньги",
    ),
}  # fmt: skip
_WANTED = {
    "detractor": ("stability", "stability", "speed", "price", "support", "technician"),
    "passive": ("speed", "wifi", "tv", "price"),
    "promoter": ("nothing", "nothing", "wifi", "portal", "tv"),
}
_FOUND = (
    "Позвонили, извинились. Порт в подъезде меняли два дня, теперь связь стабильна, проверили вместе.",
    "Позвонили, объяснили списание по дням; абонент согласен, просил присылать расчёт заранее.",
    "Позвонили, извинились за опоздание. Координатору передано, визит повторят без платы.",
)


async def ask_and_answer(
    households: Sequence[Household],
    *,
    joined: Sequence[Household],
    staff: Staff,
    seed: int,
    day: date,
    left: int,
) -> None:
    """One day: some are asked and answer, low scores are called but for the latest.

    `joined` are those connected on that day: they are asked three days later.
    """
    chance = Random(f"{seed} surveys {day}")
    morning = datetime.combine(day, time(_SENT_AT), UTC)
    if (await survey_setting()).active_since is None:
        await _switch_on(staff.head, morning)
    crowded = _crowded(households)
    asking = _Asking((await survey(site_language())).value, staff, chance)
    for number in range(_A_DAY):
        whose = chance.choice(households) if number else crowded[left % len(crowded)]
        about = ("relational", f"{day:%Y-%m}")
        response = _RESPONSE if number else _RESPONSE_THERE
        await asking.ask(whose, about, response, at=morning, left=left)
    for whose in joined if left > _JOINED_AFTER else ():
        at, then = morning + timedelta(_JOINED_AFTER), left - _JOINED_AFTER
        await asking.ask(whose, ("connection", "account"), _RESPONSE, at=at, left=then)
    if left < requests.DAYS:
        await asking.ask_after_requests(households[_TURNED_TO_US], at=morning, left=left)
    with clock.moved(morning + timedelta(hours=12)):
        await end_surveys()


@dataclass(frozen=True, slots=True)
class _Asking:
    """What asking takes: the questions, who works, and the day's chance."""

    questions: Survey
    staff: Staff
    chance: Random

    async def ask(
        self, whose: Household, of: tuple[str, str], response: float, *, at: datetime, left: int
    ) -> None:
        """Ask somebody of a kind about an event; the share `response` answers, a low score is called."""
        channel = "email" if whose.person.email else "sms"
        with clock.moved(at):
            token = await give_survey(
                whose.number, by=self.staff.head, kind=of[0], about=of[1], channel=channel
            )
        if token and self.chance.random() < response:
            hours = self.chance.choice((0.2, 1, 4, 9))
            await _answer(token, self.questions, self.chance, at=at + timedelta(hours=hours))
            await _call(whose, self.staff.clerk, self.chance, at=at, left=left)

    async def ask_after_requests(
        self, households: Sequence[Household], *, at: datetime, left: int
    ) -> None:
        """Ask some of those whose request was answered before."""
        for whose in self.chance.sample(households, min(_TRIED, len(households))):
            for one in await requests_of(whose.number, by=self.staff.head):
                known = one.answered_at is not None and one.answered_at < at
                if known and one.state == RequestState.RESOLVED and one.topic != _LOW:
                    about = ("request", f"request:{one.id}")
                    await self.ask(whose, about, _RESPONSE, at=at, left=left)


async def _switch_on(head: Actor, at: datetime) -> None:
    with clock.moved(at):
        await set_surveys(
            by=head, active=True, after_connection=True, after_request=True, share=None,
            most_a_day=_MOST_A_DAY,
        )  # fmt: skip


def _crowded(households: Sequence[Household]) -> list[Household]:
    """Those who live where most do: only there enough answer for a building to have an index."""
    homes = {one.index: (one.person.street, one.person.house) for one in households}
    most = {home for home, _number in Counter(homes.values()).most_common(_CROWDED)}
    return [one for one in households if homes[one.index] in most]


async def _answer(token: str, questions: Survey, chance: Random, *, at: datetime) -> None:
    """Go through the steps as people do; one in ten stops after the score."""
    score = chance.choices(_SCORES, _WEIGHTS)[0]
    with clock.moved(at):
        one = await survey_of_token(token)
        known: dict[str, Sequence[str]] = {KIND: (one.kind,), questions.score: (str(score),)}
        ended = await answer_survey(token, 1, known)
        for step in (2, 3):
            if ended or (score > questions.detractors_to and chance.random() < 0.1):
                return
            given = _said(questions, step, known, chance)
            ended = await answer_survey(token, step, given)
            known |= given


def _said(
    questions: Survey, step: int, known: Mapping[str, Sequence[str]], chance: Random
) -> dict[str, Sequence[str]]:
    """What somebody with that score says on a step; words are passed over now and then."""
    score = int(known[questions.score][0])
    standing = "promoter" if score >= questions.promoters_from else "passive"
    if score <= questions.detractors_to:
        standing = "detractor"
    given: dict[str, Sequence[str]] = {}
    for one in questions.asked(step, known):
        if one.type is Type.TEXT and chance.random() < 0.7:
            given[one.code] = [chance.choice(_SAID.get(one.code, ("Всё хорошо",)))]
        elif one.reasons:
            wanted = chance.choices(_WANTED[standing], k=chance.randint(1, 2))
            given[one.code] = [code for code in dict.fromkeys(wanted) if code in one.codes]
        elif one.type is Type.ONE:
            best = one.codes[0] if standing != "detractor" else chance.choice(one.codes)
            given[one.code] = [best]
    return given


async def _call(whose: Household, by: Actor, chance: Random, *, at: datetime, left: int) -> None:
    """The shift supervisor's call; of the last days some still wait for it."""
    hours = chance.choice(_CALLED_AFTER)
    if left * 24 < _SENT_AT + 9 + hours:
        return
    with clock.moved(at + timedelta(hours=9 + hours)):
        for one in await requests_of(whose.number, by=by):
            if one.topic == _LOW and one.open:
                await take_to_work(one.number, by=by)
                text = chance.choice(_FOUND)
                await answer_request(one.number, by=by, text=text, reply_by="none")
