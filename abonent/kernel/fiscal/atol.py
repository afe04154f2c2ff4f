"""A cloud cash register that speaks the protocol of ATOL Online, v4 and v5.

The token is kept until it is refused. A receipt sent twice under one external id is made out once:
the service answers the second with the name of the first.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote, urlsplit

import httpx
import orjson

from abonent.kernel.fiscal.receipts import FiscalReceipt, Report, document_of
from abonent.kernel.outbox import UndeliverableError

SECONDS = 20
_REFUSED_TOKEN: Final = {10, 11, 12, 13}
"""Codes of a token that is missing, unknown or too old."""

_MARKS = (
    "fn_number", "fiscal_document_number", "fiscal_document_attribute", "fiscal_receipt_number",
    "shift_number", "receipt_datetime", "ecr_registration_number", "ofd_receipt_url",
)  # fmt: skip


class RegisterUnavailableError(RuntimeError):
    """The service did not answer as it should: it is asked again later."""


class AtolOnline:
    """One account of the service, from an address such as https://login:password@host/…/v4/GROUP."""

    def __init__(self, url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        parts = urlsplit(url.rstrip("/"))
        base, self.group = parts.path.rsplit("/", 1)
        self.version = base.rsplit("/", 1)[1]
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
        self.base = f"{parts.scheme}://{host}{port}{base}"
        self._login = {
            "login": unquote(parts.username or ""),
            "pass": unquote(parts.password or ""),
        }
        self._transport = transport
        self._token = ""

    async def send(self, receipt: FiscalReceipt) -> str:
        """Register a receipt and answer its uuid."""
        content = orjson.dumps(document_of(receipt, self.version))
        status, answer = await self._call("POST", f"/{self.group}/{receipt.kind}", content)
        if uuid := answer.get("uuid"):
            return str(uuid)
        if 400 <= status < 500:
            raise UndeliverableError(_words(status, answer))
        raise RegisterUnavailableError(_words(status, answer))

    async def report(self, uuid: str) -> Report:
        """Ask what became of a receipt."""
        status, answer = await self._call("GET", f"/{self.group}/report/{uuid}")
        state, payload = answer.get("status"), answer.get("payload") or {}
        if state == "done":
            return Report(marks={name: payload[name] for name in _MARKS if name in payload})
        if state == "fail":
            return Report(error=_words(status, answer))
        if state == "wait":
            return Report()
        raise RegisterUnavailableError(_words(status, answer))

    async def _call(
        self, method: str, path: str, content: bytes | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Call with the token; one that is refused is asked for anew, once."""
        async with httpx.AsyncClient(timeout=SECONDS, transport=self._transport) as client:
            for last in (False, True):
                if not self._token:
                    self._token = await self._ask_token(client)
                headers = {"Token": self._token, "Content-Type": "application/json; charset=utf-8"}
                answer = await client.request(
                    method, self.base + path, content=content, headers=headers
                )
                body = _json(answer)
                code = (body.get("error") or {}).get("code")
                if last or not (answer.status_code == 401 or code in _REFUSED_TOKEN):
                    return answer.status_code, body
                self._token = ""
        raise AssertionError("the second turn answers")

    async def _ask_token(self, client: httpx.AsyncClient) -> str:
        answer = await client.post(self.base + "/getToken", json=self._login)
        token = _json(answer).get("token")
        if not token:
            raise RegisterUnavailableError(f"no token: {_words(answer.status_code, _json(answer))}")
        return str(token)


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        raise RegisterUnavailableError(f"HTTP {answer.status_code}, no JSON") from None
    return found if isinstance(found, dict) else {}


def _words(status: int, answer: dict[str, Any]) -> str:
    error = answer.get("error") or {}
    return f"HTTP {status}: {error.get('code', '?')} {error.get('text', '')}".strip()
