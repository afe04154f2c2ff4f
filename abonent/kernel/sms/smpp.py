"""SMPP 3.4: one session to the operator's centre, bound as transceiver and kept alive.

Each part is submitted and its answer awaited, so what is known of a part is exact: no session, so
nothing went; an answer, so it is taken or refused; a cut or a silence after it was written, so
nobody can tell. What the centre says by itself is acknowledged only after it is kept here.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from urllib.parse import unquote, urlsplit

import structlog

from abonent.kernel.sending import NotSentError, RefusedError, UncertainError
from abonent.kernel.sms import pdu
from abonent.kernel.sms.gateway import Accepted, Gateway, Hooks, Inbound, Receipt, Sms
from abonent.kernel.sms.pdu import ANSWER, HEADER, Command, Pdu

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 15.0
KEEP_SECONDS = 30.0
WINDOW = 5
"""Parts given away and not answered yet, at most: a cut leaves no more than these uncertain."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
_DEFAULT_PORT = 2775
_LATER = frozenset({0x08, 0x14, 0x58, 0x64, 0x61})
"""Answers that pass: system error, queue full, throttled, temporary application and schedule errors."""
_NAMES = {
    0x0A: "sender",
    0x0B: "number",
    0x0D: "bind",
    0x0E: "password",
    0x14: "full",
    0x58: "throttled",
}

_log = structlog.get_logger(__name__)


class _CutError(Exception):
    """The session ended."""


class SmppGateway(Gateway):
    """The operator's centre over SMPP; the session is made when first needed and after every cut."""

    name = "smpp"
    by_parts = True

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        secure = parts.scheme == "smpps"
        self._host, self._port = parts.hostname or "localhost", parts.port or _DEFAULT_PORT
        self._tls = ssl.create_default_context() if secure else None
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender = sender
        self._session: _Session | None = None
        self._binding: asyncio.Lock | None = None
        self._hooks: Hooks | None = None

    async def send(self, message: Sms, accepted: Accepted) -> None:
        """Submit each part that is not through yet, one after the other."""
        session = await self._bound()
        for number, part in enumerate(pdu.parts_of_text(message.text, message.ref), 1):
            if number > message.sent_parts:
                body = pdu.submit(self._sender, message.to, part)
                await accepted(number, await self._submit(session, body))

    async def find(self, message: Sms) -> str | None:
        """A centre does not find messages by our names."""
        del message
        return None

    async def listen(self, hooks: Hooks) -> None:
        """Keep a session bound, whether or not anything is to be sent; end it when cancelled."""
        self._hooks = hooks
        pause = FIRST_PAUSE
        try:
            while True:
                try:
                    session = await self._bound()
                    pause = FIRST_PAUSE
                    await session.over()
                except NotSentError as error:
                    _log.warning("smpp.waits", error=error.code, seconds=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        finally:
            if self._session is not None:
                await self._session.unbind()

    async def _submit(self, session: _Session, body: bytes) -> str:
        answer = await session.submit(body)
        if answer.status == 0:
            return pdu.message_id(answer.body)
        code = f"0x{answer.status:02X} {_NAMES.get(answer.status, '')}".strip()
        raise (NotSentError if answer.status in _LATER else RefusedError)(code)

    async def _bound(self) -> _Session:
        if self._binding is None:
            self._binding = asyncio.Lock()
        async with self._binding:
            if self._session is None or self._session.cut:
                self._session = await self._bind()
            return self._session

    async def _bind(self) -> _Session:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                streams = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        except (OSError, TimeoutError) as error:
            raise NotSentError(f"unreachable: {type(error).__name__}") from error
        session = _Session(*streams, self._heard)
        try:
            answer = await session.ask(Command.BIND, pdu.bind(self._user, self._password))
        except UncertainError as error:
            await session.end()
            raise NotSentError(f"no bind: {error.code}") from error
        if answer.status:
            await session.end()
            raise NotSentError(f"0x{answer.status:02X} bind refused")
        _log.info("smpp.bound", host=self._host, port=self._port)
        return session

    async def _heard(self, told: pdu.Deliver) -> None:
        hooks = self._hooks
        if hooks is None:
            raise _CutError("nobody listens here: let another session hear it")
        if told.is_receipt:
            await hooks.receipt(Receipt(self.name, told.receipted_id, told.state, told.code))
        else:
            await hooks.inbound(Inbound(self.name, told.source, told.text, told.destination))


class _Session:
    """One connection: asks are answered by sequence number, what comes by itself is heard."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        heard: Callable[[pdu.Deliver], Awaitable[None]],
    ) -> None:
        self._reader, self._writer, self._heard = reader, writer, heard
        self._sequence = count(1)
        self._window = asyncio.Semaphore(WINDOW)
        self._asked: dict[int, asyncio.Future[Pdu]] = {}
        self.cut = False
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._keep())]

    async def ask(self, command: Command, body: bytes = b"") -> Pdu:
        """Write a request and await its answer.

        Raises NotSentError where the session is gone already, UncertainError for a cut or a silence.
        """
        if self.cut:
            raise NotSentError("no session")
        number = next(self._sequence)
        answer = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            self._writer.write(Pdu(command, 0, number, body).pack())
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._writer.drain()
                told: Pdu = await answer
        except TimeoutError as error:
            raise UncertainError("silence") from error
        except (OSError, _CutError) as error:
            raise UncertainError("cut") from error
        finally:
            self._asked.pop(number, None)
        return told

    async def submit(self, body: bytes) -> Pdu:
        """Give a part away as soon as there is room for it. Raises what `ask` does."""
        async with self._window:
            return await self.ask(Command.SUBMIT, body)

    async def over(self) -> None:
        """Wait until the session ends."""
        await asyncio.wait(self._tasks[:1])

    async def unbind(self) -> None:
        """Take leave, then end."""
        with suppress(NotSentError, UncertainError):
            async with asyncio.timeout(1):
                await self.ask(Command.UNBIND)
        await self.end()

    async def end(self) -> None:
        """End the session; whoever waits for an answer learns that there will be none."""
        self._lose()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self) -> None:
        try:
            while True:
                await self._take(await self._next())
        except (OSError, asyncio.IncompleteReadError, _CutError) as error:
            _log.warning("smpp.cut", error=repr(error))
        finally:
            self._lose()

    async def _next(self) -> Pdu:
        head = HEADER.unpack(await self._reader.readexactly(HEADER.size))
        if not HEADER.size <= head[0] <= pdu.LONGEST_PDU:
            raise _CutError("not the protocol")
        body = await self._reader.readexactly(head[0] - HEADER.size)
        return Pdu(head[1], head[2], head[3], body)

    async def _take(self, told: Pdu) -> None:
        if told.command & ANSWER:
            waiting = self._asked.get(told.sequence)
            if waiting is not None and not waiting.done():
                waiting.set_result(told)
            return
        if told.command == Command.DELIVER:
            status = await self._hear(told)
            self._answer(told, status, b"\0")
        elif told.command in {Command.ENQUIRE, Command.UNBIND}:
            self._answer(told, 0)
            if told.command == Command.UNBIND:
                raise _CutError("the centre takes leave")
        else:
            self._writer.write(Pdu(Command.NACK, 0x03, told.sequence).pack())

    async def _hear(self, told: Pdu) -> int:
        """Keep what the centre tells; a failure here must not end the session but come again."""
        try:
            await self._heard(pdu.deliver(told.body))
        except ValueError as error:
            _log.warning("smpp.unread", error=str(error))
        except _CutError:
            return 0x64
        except Exception:  # noqa: BLE001  whatever it is, the centre keeps it and tells it again
            _log.exception("smpp.not_kept")
            return 0x64
        return 0

    def _answer(self, told: Pdu, status: int, body: bytes = b"") -> None:
        self._writer.write(Pdu(told.command | ANSWER, status, told.sequence, body).pack())

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            try:
                await self.ask(Command.ENQUIRE)
            except (NotSentError, UncertainError):
                self._lose()
                return

    def _lose(self) -> None:
        if self.cut:
            return
        self.cut = True
        self._writer.close()
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_exception(_CutError("cut"))
