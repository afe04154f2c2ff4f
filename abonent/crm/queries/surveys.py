"""Reads about surveys: whether and of what the program asks, the one that a link opens."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from abonent.crm.rules.surveys import SurveyState
from abonent.crm.surveys import KIND, Survey
from abonent.kernel import clock
from abonent.kernel.db import reading
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_

_SETTING = """
SELECT active_since, after_connection, after_request, share, most_a_day FROM crm_survey_setting
"""
_OPENED = """
SELECT q.account_id, q.id, q.kind, q.state, q.sent_at, q.steps, q.score, b.number
FROM crm_survey_sent q JOIN billing_account b ON b.account_id = q.account_id
WHERE q.token = $1
"""
_LOCKED = f"{_OPENED} FOR UPDATE OF q"
_ANSWERS = """
SELECT question, codes, text FROM crm_survey_answer WHERE account_id = $1 AND survey_id = $2
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """Whether the program asks (since when), after what, how many by chance and in a day.

    Without a `share` that of the questionnaire holds.
    """

    active_since: datetime | None
    after_connection: bool
    after_request: bool
    share: int | None
    most_a_day: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a question: the codes chosen, the words said."""

    codes: Sequence[str]
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A survey that was sent, with what was answered so far; `steps` pages are done."""

    account_id: int
    id: int
    number: str
    kind: str
    state: str
    sent_at: datetime
    steps: int
    score: int | None
    answers: Mapping[str, Answer]

    @property
    def ended(self) -> bool:
        """Tell whether nothing more is asked."""
        return self.state in {SurveyState.LOOP, SurveyState.CLOSED}

    def over(self, questions: Survey) -> bool:
        """Tell whether it is too late to begin."""
        until = self.sent_at + timedelta(days=questions.open_days)
        return self.score is None and clock.now() > until

    def before(self, step: int, questions: Survey) -> dict[str, Collection[str]]:
        """What was answered before a step, as branches read it."""
        known: dict[str, Collection[str]] = {
            code: tuple(answer.codes)
            for code, answer in self.answers.items()
            if any(one.code == code and one.step < step for one in questions.question)
        }
        return known | {KIND: (self.kind,)}


class NoSuchSurvey(NotFound):
    """No survey is opened by that link."""

    def __init__(self) -> None:
        super().__init__("NO_SUCH_SURVEY", N_("There is no such survey."))


async def survey_setting(connection: Any = None) -> Setting:
    """Whether and of what the program asks."""
    if connection is not None:
        return Setting(**dict(await connection.fetchrow(_SETTING)))
    async with reading() as own:
        return Setting(**dict(await own.fetchrow(_SETTING)))


async def survey_of_token(token: str) -> Asked:
    """The survey that a subscriber's own link opens. Raises NoSuchSurvey."""
    async with reading() as connection:
        return await asked_of(connection, token)


async def asked_of(connection: Any, token: str, *, lock: bool = False) -> Asked:
    """The same within the caller's work, locked where it is to be changed. Raises NoSuchSurvey."""
    row = await connection.fetchrow(_LOCKED if lock else _OPENED, token)
    if row is None or row["state"] == SurveyState.UNSENT:
        raise NoSuchSurvey
    return Asked(**dict(row), answers=await answers_of(connection, row["account_id"], row["id"]))


async def answers_of(connection: Any, account: int, survey: int) -> dict[str, Answer]:
    """What was answered, by question; who asks has found the survey."""
    rows = await connection.fetch(_ANSWERS, account, survey)
    return {row["question"]: Answer(row["codes"], row["text"]) for row in rows}
