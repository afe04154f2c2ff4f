"""What the worker does where people and money meet: files that name contracts, companies' papers."""

from __future__ import annotations

import structlog

from abonent.billing.queries.outside.files import TAKE_JOB
from abonent.billing.service.outside.files import take_file
from abonent.crm.service.companies import ROUND, issue_all_due
from abonent.crm.service.proposals import accounts_of_contracts
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
