"""A process of its own that delivers messages until it is killed: deliver_all.py DATABASE SMSC."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from abonent import reactions
from abonent.crm.service.delivering import message_handler
from abonent.crm.service.messages import KIND
from abonent.crm.service.receipts import HOOKS
from abonent.kernel import clock
from abonent.kernel.db import open_database
from abonent.kernel.outbox import deliver_due
from abonent.kernel.settings import Settings
from abonent.kernel.sms.smpp import SmppGateway

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.outside.sending import NOON


async def deliver(database: str, centre: str) -> None:
    """Deliver what waits."""
    reactions.install()
    settings = Settings(home=Path.home(), database_url=database, sms_rate=10_000)
    async with open_database(settings):
        gateway = SmppGateway(centre, "ISP")
        listening = asyncio.create_task(gateway.listen(HOOKS))
        with clock.moved(NOON + timedelta(minutes=1)):
            while await deliver_due({KIND: message_handler(settings, gateway)}):
                pass
        listening.cancel()


if __name__ == "__main__":
    asyncio.run(deliver(*sys.argv[1:]))
