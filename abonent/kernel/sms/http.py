"""Gateways over HTTP: Kannel's sendsms and providers in the manner of SMSC.ru.

Connecting failed: surely nothing went. An answer that never came: it may have. Where the provider
can be asked for a message of ours by our own number, `find` clears that up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit

import httpx

from abonent.kernel.sending import NotSentError, RefusedError, UncertainError
from abonent.kernel.sms.gateway import Accepted, Gateway, Hooks, Sms

SECONDS = 20.0
HOOKS = "/hooks/sms"
"""Where the web takes receipts and what people write: /hooks/sms/<key>/<gateway>/<what>."""
_NUMBER_BITS = 31
_SMSC_WRONG = {6, 7, 8}
"""Answers of SMSC.ru that no second attempt changes: forbidden, a wrong number, not reachable."""
_NOT_FOUND = 3


def _address(url: str) -> str:
    """An address without the scheme's prefix and without the credentials in it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    netloc = f"{host}:{parts.port}" if parts.port else host
    return urlunsplit((parts.scheme.rpartition("+")[2], netloc, parts.path, "", ""))


class _Asking:
    """Asks one provider; keeps its connections."""

    def __init__(self, url: str, sender: str, hooks: str) -> None:
        parts = urlsplit(url)
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.address, self.sender, self.hooks = _address(url), sender, hooks
        self._client: httpx.AsyncClient | None = None
        self._opening: asyncio.Lock | None = None

    async def ask(self, path: str, **arguments: Any) -> httpx.Response:
        """Ask. Raises NotSentError where nothing can have been heard, UncertainError otherwise."""
        client = await self._opened()
        try:
            return await client.request(url=self.address + path, **arguments)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSentError(f"unreachable: {type(error).__name__}") from error
        except httpx.HTTPError as error:
            raise UncertainError(f"no answer: {type(error).__name__}") from error

    async def _opened(self) -> httpx.AsyncClient:
        if self._opening is None:
            self._opening = asyncio.Lock()
        async with self._opening:
            if self._client is None:
                # Reads the machine's certificates.
                self._client = await asyncio.to_thread(httpx.AsyncClient, timeout=SECONDS)
            return self._client

    async def close(self) -> None:
        """Close the connections that were kept."""
        if self._client is not None:
            await self._client.aclose()


async def _wait_for_ever() -> None:
    await asyncio.get_running_loop().create_future()


class KannelGateway(Gateway):
    """Kannel's smsbox: GET sendsms; receipts come over the address that each message names."""

    name = "kannel"

    def __init__(self, url: str, sender: str, hooks: str) -> None:
        self._asking = _Asking(url, sender, hooks)

    async def send(self, message: Sms, accepted: Accepted) -> None:
        """Send in one call: Kannel cuts long texts itself; our own id comes back with receipts."""
        ref = str(message.ref)
        query = urlencode({"id": ref}) + "&state=%d&answer=%A"
        asking = self._asking
        given = {
            "username": asking.user,
            "password": asking.password,
            "to": f"+{message.to}",
            "from": asking.sender,
            "text": message.text,
            "charset": "UTF-8",
            "coding": "2",
            "dlr-mask": "31",
            "dlr-url": f"{asking.hooks}/kannel/receipt?{query}",
        }
        answer = await asking.ask("", method="GET", params=given)
        said = answer.text.strip()[:200]
        if answer.status_code == httpx.codes.ACCEPTED:
            await accepted(1, ref)
        elif answer.status_code == httpx.codes.BAD_REQUEST:
            raise RefusedError(f"{answer.status_code} {said}")
        else:
            raise NotSentError(f"{answer.status_code} {said}")

    async def find(self, message: Sms) -> str | None:
        """Kannel does not tell."""
        del message
        return None

    async def listen(self, hooks: Hooks) -> None:
        """Everything comes over HTTP; what was kept open is closed when the program stops."""
        del hooks
        try:
            await _wait_for_ever()
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the connections that were kept."""
        await self._asking.close()


class SmscGateway(Gateway):
    """A provider in the manner of SMSC.ru: JSON answers, messages found by our own number."""

    name = "smsc"

    def __init__(self, url: str, sender: str, hooks: str) -> None:
        self._asking = _Asking(url, sender, hooks)

    async def send(self, message: Sms, accepted: Accepted) -> None:
        """Send in one call, under a number of ours, so that its fate can be asked for later."""
        given = {"phones": message.to, "mes": message.text, "op": "1"}
        given |= {"id": str(_number(message)), "sender": self._asking.sender}
        told = await self._told("send.php", given, uncertain=True)
        code = told.get("error_code")
        if code is None and "id" in told:
            await accepted(1, str(told["id"]))
        elif code in _SMSC_WRONG:
            raise RefusedError(f"{code} {told.get('error', '')}")
        elif code is None:
            raise UncertainError("an answer without an id")
        else:
            raise NotSentError(f"{code} {told.get('error', '')}")

    async def find(self, message: Sms) -> str | None:
        """Ask for the state of our number: whoever has none of it never took it."""
        given = {"phone": message.to, "id": str(_number(message))}
        try:
            told = await self._told("status.php", given, uncertain=False)
        except (NotSentError, UncertainError):
            return None
        if told.get("error_code") == _NOT_FOUND:
            return ""
        return given["id"] if "status" in told else None

    async def listen(self, hooks: Hooks) -> None:
        """Everything comes over HTTP; what was kept open is closed when the program stops."""
        del hooks
        try:
            await _wait_for_ever()
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the connections that were kept."""
        await self._asking.close()

    async def _told(
        self, path: str, given: Mapping[str, str], *, uncertain: bool
    ) -> dict[str, Any]:
        own = {"login": self._asking.user, "psw": self._asking.password}
        form = {**own, **given, "charset": "utf-8", "fmt": "3"}
        answer = await self._asking.ask(path, method="POST", data=form)
        try:
            told = answer.json()
        except ValueError:
            told = None
        if isinstance(told, dict) and answer.is_success:
            return told
        if uncertain and answer.is_server_error:
            raise UncertainError(f"HTTP {answer.status_code}")
        raise NotSentError(f"HTTP {answer.status_code}")


def _number(message: Sms) -> int:
    """Our id as such providers take it: a positive number of 31 bits, the same at every attempt."""
    return message.ref % (1 << _NUMBER_BITS) or 1
