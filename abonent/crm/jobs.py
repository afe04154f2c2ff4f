"""What the worker does where people and money meet: takes files whose payments name contracts."""

from __future__ import annotations

from abonent.billing.queries.outside.files import TAKE_JOB
from abonent.billing.service.outside.files import take_file
from abonent.crm.service.proposals import accounts_of_contracts
from abonent.kernel.actor import SYSTEM
from abonent.kernel.jobs import JobContext, job

_LONGEST = 3600


@job(TAKE_JOB, seconds=_LONGEST)
async def take_outside_file(context: JobContext, *, file: int) -> None:
    """Take a file of an agreement; one broken off goes on where it was."""
    del context
    await take_file(file, contracts=accounts_of_contracts, by=SYSTEM)
