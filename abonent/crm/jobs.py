"""What the worker does where people and money meet: files that name contracts, companies' papers."""

from __future__ import annotations

import structlog

from abonent.billing.queries.outside.files import TAKE_JOB
from abonent.billing.service.outside.files import take_file
from abonent.crm.rules.surveys import ASKED_AT
from abonent.crm.service.campaigns.counting import JOB as COUNT_JOB
from abonent.crm.service.campaigns.counting import count_campaign
from abonent.crm.service.campaigns.effect import note_effects
from abonent.crm.service.campaigns.sending import send_campaigns
from abonent.crm.service.claims.answering import alarm_claims
from abonent.crm.service.companies import ROUND, issue_all_due
from abonent.crm.service.conversations import end_lost_recordings
from abonent.crm.service.conversations_kept import erase_what_is_over
from abonent.crm.service.lasting import look_ahead
from abonent.crm.service.mailbox import read_mailbox
from abonent.crm.service.morning import send_morning
from abonent.crm.service.notices import note_pre_due, send_notices
from abonent.crm.service.proposals import accounts_of_contracts
from abonent.crm.service.quality import draw_last_week
from abonent.crm.service.queue_tickets import end_tickets
from abonent.crm.service.requests.answering import close_requests
from abonent.crm.service.requests.warning import escalate_requests, warn_requests
from abonent.crm.service.scripts import close_left_runs
from abonent.crm.service.surveys import send_surveys
from abonent.crm.service.surveys_answering import end_surveys
from abonent.kernel.actor import SYSTEM
from abonent.kernel.jobs import JobContext, cron, job

_LONGEST = 3600
_TOLD_EVERY = 100

_log = structlog.get_logger(__name__)


@job(TAKE_JOB, seconds=_LONGEST)
async def take_outside_file(context: JobContext, *, file: int) -> None:
    """Take a file of an agreement; one broken off goes on where it was."""
    del context
    await take_file(file, contracts=accounts_of_contracts, by=SYSTEM)


@cron(ROUND, minute={5, 15, 25, 35, 45, 55}, seconds=_LONGEST)
async def issue_company_documents(context: JobContext) -> None:
    """Issue the documents of every company whose billing period has ended.

    It mostly finds nothing to do: a period ends with the closing of a day, and what a stopped
    worker left, or what waited for a detail, is made up for by the next round.
    """
    done = await issue_all_due(by=SYSTEM, language=context.settings.language, progress=_tell)
    if done.accounts:
        _log.info(
            "documents.issued",
            accounts=done.accounts,
            documents=done.documents,
            lacking=done.lacking,
            failed=done.failed,
        )


def _tell(place: int, accounts: int) -> None:
    if place % _TOLD_EVERY == 0:
        _log.info("documents.progress", done=place, accounts=accounts)


@cron("crm.warn_requests", minute=set(range(0, 60, 5)))
async def tell_of_requests(context: JobContext) -> None:
    """Mark the requests whose time is nearly up; the head hears of those nobody deals with."""
    del context
    if warned := await warn_requests():
        _log.info("requests.warned", requests=warned)
    if escalated := await escalate_requests():
        _log.info("requests.escalated", requests=escalated)


@cron("crm.close_requests", minute={20})
async def close_answered_requests(context: JobContext) -> None:
    """Close what was answered long enough ago and not taken up again."""
    del context
    if closed := await close_requests():
        _log.info("requests.closed", requests=closed)


@cron("crm.end_recordings", minute={7, 17, 27, 37, 47, 57})
async def end_recordings(context: JobContext) -> None:
    """Keep what browsers sent that were lost while they recorded."""
    if ended := await end_lost_recordings(settings=context.settings):
        _log.info("conversations.ended", conversations=ended)


@cron("crm.erase_conversations", hour={2}, minute={40})
async def erase_conversations(context: JobContext) -> None:
    """Delete the sounds whose term is over."""
    del context
    if erased := await erase_what_is_over(by=SYSTEM):
        _log.info("conversations.erased", conversations=erased)


@cron("crm.draw_sample", hour={4}, minute={10})
async def draw_samples(context: JobContext) -> None:
    """Draw what is judged of the last week; each night, for what came late."""
    del context
    _log.info("quality.drawn", conversations=await draw_last_week(by=SYSTEM))


@cron("crm.end_tickets", minute={4, 14, 24, 34, 44, 54})
async def end_tickets_of_queue(context: JobContext) -> None:
    """End tickets of days that are over, and bookings whose time has gone by."""
    del context
    if ended := await end_tickets(by=SYSTEM):
        _log.info("queue.ended", tickets=ended)


@cron("crm.close_left_runs", minute={14, 44})
async def close_left_conversations(context: JobContext) -> None:
    """End conversations by scripts that were begun and forgotten."""
    del context
    if left := await close_left_runs():
        _log.info("scripts.left", conversations=left)


@cron("crm.alarm_claims", minute={25})
async def tell_of_claims(context: JobContext) -> None:
    """Tell the head of claims whose term nears its end."""
    del context
    if alarmed := await alarm_claims():
        _log.info("claims.alarmed", claims=alarmed)


@cron("crm.send_surveys", hour={ASKED_AT.hour}, minute={ASKED_AT.minute}, seconds=_LONGEST)
async def ask_subscribers(context: JobContext) -> None:
    """Ask whoever is due today how likely they are to recommend the provider."""
    del context
    done = await send_surveys()
    if done.sent or done.refused:
        _log.info("surveys.sent", sent=done.sent, refused=done.refused)


@cron("crm.end_surveys", minute={2, 12, 22, 32, 42, 52})
async def end_answered_surveys(context: JobContext) -> None:
    """Finish surveys whose low score was looked into, and those left after the score."""
    del context
    if ended := await end_surveys():
        _log.info("surveys.ended", surveys=ended)


@cron("crm.look_ahead", minute={4, 14, 24, 34, 44, 54}, seconds=_LONGEST)
async def look_whose_money_ends(context: JobContext) -> None:
    """Play the days ahead of every account, once a business day is open."""
    del context
    if found := await look_ahead():
        _log.info("lasting.played", accounts=found)


@cron("crm.note_pre_due", hour={9}, minute={15}, seconds=_LONGEST)
async def note_who_runs_out(context: JobContext) -> None:
    """Note whose money runs out in the next days, where they are to be told."""
    del context
    if noted := await note_pre_due():
        _log.info("notices.noted", accounts=noted)


@cron("crm.send_notices", seconds=_LONGEST)
async def write_notices(context: JobContext) -> None:
    """Write each minute what the program tells by itself."""
    del context
    done = await send_notices()
    if any(done.values()):
        _log.info("notices.written", **done)


@job(COUNT_JOB, seconds=_LONGEST)
async def count_people_of_campaign(context: JobContext, *, campaign: int) -> None:
    """Make the dry run of a campaign; one broken off is made again from the beginning."""
    del context
    await count_campaign(campaign)


@cron("crm.send_campaigns", seconds=_LONGEST)
async def write_campaigns(context: JobContext) -> None:
    """Send each minute what may go of the campaigns that go out."""
    del context
    if handled := await send_campaigns():
        _log.info("campaigns.sent", people=handled)


@cron("crm.note_effects", minute={13})
async def note_what_came_of_campaigns(context: JobContext) -> None:
    """Note each hour who reached the goal of a campaign."""
    del context
    if noted := await note_effects():
        _log.info("campaigns.noted", campaigns=noted)


@cron("crm.read_mailbox", seconds=300)
async def read_letters_that_came(context: JobContext) -> None:
    """Read the department's mailbox each minute, where there is one."""
    if context.settings.mailbox_url is None:
        return
    url = context.settings.mailbox_url.get_secret_value()
    taken = await read_mailbox(url, settings=context.settings)
    if taken:
        _log.info("mailbox.read", **taken)


@cron("crm.morning_report", minute={3, 33})
async def send_morning_report(context: JobContext) -> None:
    """Send the report of the morning when its hour has come; every other round finds it sent."""
    if await send_morning(context.settings):
        _log.info("morning.sent")
