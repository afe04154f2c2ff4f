"""A campaign that is stopped calls back what the gateway has not got yet; a pause does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from abonent.crm.queries.campaigns import waiting_to_go, what_became
from abonent.crm.queries.messages import reason_words
from abonent.crm.service.campaigns.moving import move_campaign
from abonent.crm.service.campaigns.sending import send_batch
from abonent.crm.service.delivering import message_handler
from abonent.crm.service.receipts import keep_part
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading, transaction
from abonent.kernel.i18n import speaking
from abonent.kernel.settings import Settings
from abonent.kernel.sms.files import FileGateway
from tests.crm.test_campaigns import FAST, launched, people
from tests.outside.sending import NOON, run_outbox

_STATES = """
SELECT state, reason, count(*) AS number FROM crm_message WHERE about LIKE 'campaign:%' GROUP BY 1, 2
"""


@pytest.mark.parametrize(
    ("move", "end"), [("pause", ("sent", "")), ("stop", ("refused", "CAMPAIGN_STOPPED"))]
)
async def test_what_is_written_and_not_gone(
    fresh_database: Settings, tmp_path: Path, move: str, end: tuple[str, str]
) -> None:
    async with transaction() as connection:
        await people(connection, 30)
    made = await launched(FAST, at=NOON)
    with clock.moved(NOON):
        await send_batch(made)
        written = await waiting_to_go(made)
        assert written > 10
        await move_campaign(made, move, by=SYSTEM, note="Не тем людям")
    await run_outbox(message_handler(fresh_database, FileGateway(tmp_path, aloud=False)))
    assert await waiting_to_go(made) == 0
    async with reading() as connection:
        rows = await connection.fetch(_STATES)
    assert {(row["state"], row["reason"]): row["number"] for row in rows} == {end: written}
    went = [name for name in os.listdir(tmp_path) if name.endswith(".txt")]  # noqa: PTH208
    assert len(went) == (written if move == "pause" else 0)
    became = await what_became(made)
    assert became.sent == (written if move == "pause" else 0)
    assert became.refused.get("CAMPAIGN_STOPPED", 0) == written - became.sent
    with speaking("en"):
        assert reason_words("CAMPAIGN_STOPPED") == "the campaign was stopped"


async def test_what_went_in_part_before_the_stop_goes_whole(
    fresh_database: Settings, tmp_path: Path
) -> None:
    """Half a message on somebody's telephone cannot be called back, and is not called refused."""
    async with transaction() as connection:
        await people(connection, 5)
    made = await launched(FAST, at=NOON)
    with clock.moved(NOON):
        await send_batch(made)
        async with transaction() as connection:
            begun = await connection.fetchrow("SELECT account_id, id FROM crm_message LIMIT 1")
        await keep_part((begun["account_id"], begun["id"]), 1, "smpp", "1")
        await move_campaign(made, "stop", by=SYSTEM, note="Не тем людям")
    await run_outbox(message_handler(fresh_database, FileGateway(tmp_path, aloud=False)))
    async with reading() as connection:
        ends = await connection.fetch("SELECT id, state FROM crm_message")
    assert {row["id"] for row in ends if row["state"] != "refused"} == {begun["id"]}
    assert next(row["state"] for row in ends if row["id"] == begun["id"]) == "sent"
