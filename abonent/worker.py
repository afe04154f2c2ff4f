"""The worker: delivers the outbox and runs jobs. The only module that knows arq.

The tables are the truth. The relay looks into them once a second: it delivers outbox rows itself
and puts the ids of due job runs into the queue, where any worker may take them. So a queue that was
lost loses nothing, and two workers never do the same row.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from importlib import import_module
from typing import Any

import arq
import orjson
import structlog
from arq.connections import ArqRedis, RedisSettings
from arq.cron import CronJob
from arq.cron import cron as arq_cron
from redis.exceptions import RedisError

from abonent import reactions
from abonent.billing.service.fiscal.making import fiscal_handler
from abonent.billing.service.fiscal.owing import KIND as FISCAL
from abonent.billing.service.invoices.sending import KIND as DOCUMENT
from abonent.billing.service.invoices.sending import document_handler
from abonent.crm.queries.reaching import receipt_contact
from abonent.crm.service.conversations_kept import DELETE as SOUND_DELETE
from abonent.crm.service.conversations_kept import conversation_handler
from abonent.crm.service.delivering import message_handler
from abonent.crm.service.messages import KIND as MESSAGE
from abonent.crm.service.receipts import HOOKS
from abonent.crm.service.scans import DELETE as SCAN_DELETE
from abonent.crm.service.scans import scan_handler
from abonent.kernel import clock, housekeeping
from abonent.kernel.db import DatabaseUnreachableError, open_database, room_modules
from abonent.kernel.fiscal.choosing import cash_register
from abonent.kernel.jobs import Job, declared_jobs, due_runs, plan_job, run_job
from abonent.kernel.logging import configure_logging
from abonent.kernel.mail import KIND as MAIL
from abonent.kernel.mail import mail_handler
from abonent.kernel.metrics import gauge
from abonent.kernel.outbox import Handler, Handlers, deliver_due, waiting
from abonent.kernel.settings import Settings
from abonent.kernel.sms import KIND as SMS
from abonent.kernel.sms import sms_handler
from abonent.kernel.sms.choosing import sms_gateway

QUEUE = "abonent:jobs"


def _fiscal_handler(settings: Settings) -> Handler:
    register = cash_register(settings)
    return fiscal_handler(settings, register=register, contact_of=receipt_contact)


DELIVERIES: dict[str, Callable[[Settings], Handler]] = {
    DOCUMENT: document_handler,
    FISCAL: _fiscal_handler,
    MAIL: mail_handler,
    SCAN_DELETE: scan_handler,
    SOUND_DELETE: conversation_handler,
}
"""Kind of outbox row to the maker of its handler; what goes over the SMS gateway comes beside it."""

LOOK_SECONDS = 1.0
LONGEST_PAUSE = 30.0
JOBS_AT_ONCE = 10
QUEUED_AGAIN_MILLISECONDS = 300_000

_log = structlog.get_logger(__name__)
_waiting = gauge("abonent_outbox_waiting", "Outbox rows not yet delivered.")
_late = gauge("abonent_outbox_late_seconds", "How late the oldest outbox row is.")


class Worker:
    """One worker process; `run` blocks until SIGINT or SIGTERM."""

    def __init__(self, settings: Settings) -> None:
        if settings.redis_url is None:
            raise ValueError("no queue address: the embedded server is started by its own module")
        self.settings = settings
        self.stopping = asyncio.Event()
        self._queue = replace(
            RedisSettings.from_dsn(settings.redis_url), conn_retries=0, conn_timeout=5
        )
        self._gateway = sms_gateway(settings)
        self._handlers: Handlers = {
            **{kind: make(settings) for kind, make in DELIVERIES.items()},
            MESSAGE: message_handler(settings, self._gateway),
            SMS: sms_handler(self._gateway),
        }

    def run(self) -> None:
        """Work until told to stop; what is under way is given back and goes on elsewhere."""
        configure_logging(self.settings)
        asyncio.run(self._until_signal())

    async def work(self) -> None:
        """Work in an open database until `stopping` is set."""
        parts = [
            asyncio.create_task(self._again_and_again(self._deliver)),
            asyncio.create_task(self._again_and_again(self._requeue)),
            asyncio.create_task(self._again_and_again(self._run_jobs)),
            asyncio.create_task(self._again_and_again(self._listen)),
        ]
        await self.stopping.wait()
        for part in parts:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)

    async def _until_signal(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stopping.set)
        async with open_database(self.settings):
            _log.info("worker.started", jobs=sorted(declared_jobs()))
            await self.work()
        _log.info("worker.stopped")

    async def _again_and_again(self, part: Callable[[], Awaitable[None]]) -> None:
        """Run a part for ever; when a server is away, wait for it, ever longer."""
        pause = LOOK_SECONDS
        while True:
            started = clock.monotonic()
            try:
                await part()
                pause = LOOK_SECONDS
            except (OSError, RedisError, DatabaseUnreachableError) as error:
                if clock.monotonic() - started > LONGEST_PAUSE:
                    pause = LOOK_SECONDS
                _log.warning("worker.waits", part=part.__name__, error=str(error), seconds=pause)
                await self._pause(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            except Exception:  # noqa: BLE001  a mistake in one part must not stop the others
                _log.exception("worker.part_failed", part=part.__name__)
                await self._pause(LONGEST_PAUSE)

    async def _deliver(self) -> None:
        if not await deliver_due(self._handlers):
            count, late = await waiting()
            _waiting.set(count)
            _late.set(late)
            await self._pause(LOOK_SECONDS)

    async def _listen(self) -> None:
        await self._gateway.listen(HOOKS)

    async def _requeue(self) -> None:
        async with _queue(self._queue) as pool:
            while True:
                # The id keeps a waiting run from being queued again each second; the period in it
                # frees a run whose worker died before starting it. A run queued twice is run once.
                period = clock.milliseconds() // QUEUED_AGAIN_MILLISECONDS
                for run_id, attempts in await due_runs():
                    await pool.enqueue_job("run", run_id, _job_id=f"{run_id}:{attempts}:{period}")
                await self._pause(LOOK_SECONDS)

    async def _run_jobs(self) -> None:
        async def run(ctx: dict[Any, Any], *arguments: Any, **_named: Any) -> None:
            del ctx
            await run_job(int(arguments[0]), self.settings)

        async with _queue(self._queue) as pool:
            runner = arq.Worker(
                functions=[arq.func(run, name="run", timeout=86_400, max_tries=1)],
                cron_jobs=[
                    _cron(declared) for declared in declared_jobs().values() if declared.schedule
                ],
                redis_pool=pool,
                queue_name=QUEUE,
                handle_signals=False,
                retry_jobs=False,
                max_jobs=JOBS_AT_ONCE,
                keep_result=0,
                job_serializer=orjson.dumps,
                job_deserializer=orjson.loads,
                timezone=clock.zone(self.settings.timezone),  # type: ignore[arg-type]  # any tzinfo
                log_results=False,
            )
            try:
                await runner.main()
            finally:
                runner.handle_sig(signal.SIGUSR1)  # what a signal would do: cancel what runs
                await asyncio.gather(*runner.tasks.values(), return_exceptions=True)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stopping.wait()


def make_worker(settings: Settings) -> Worker:
    """Make a worker with every room's jobs declared and the reactions installed."""
    reactions.install()
    import_module(housekeeping.__name__)
    for module in room_modules("jobs"):
        import_module(module)
    return Worker(settings)


@asynccontextmanager
async def _queue(settings: RedisSettings) -> AsyncIterator[ArqRedis]:
    pool = await arq.create_pool(
        settings,
        default_queue_name=QUEUE,
        job_serializer=orjson.dumps,
        job_deserializer=orjson.loads,
    )
    try:
        yield pool
    finally:
        with suppress(OSError, RedisError):
            await pool.aclose(close_connection_pool=True)


def _cron(declared: Job) -> CronJob:
    async def plan(ctx: dict[Any, Any], *_arguments: Any, **_named: Any) -> None:
        del ctx
        # The minute is the key: however many workers fire, it is planned once.
        minute = clock.now().replace(second=0, microsecond=0)
        await plan_job(declared.name, key=minute.isoformat())

    schedule = declared.schedule
    assert schedule is not None  # noqa: S101  asked by the caller
    return arq_cron(
        plan,
        name=f"cron:{declared.name}",
        minute=_set(schedule.minute),
        hour=_set(schedule.hour),
        day=_set(schedule.day),
        weekday=_set(schedule.weekday),
    )


def _set(values: frozenset[int] | None) -> set[int] | None:
    return None if values is None else set(values)
