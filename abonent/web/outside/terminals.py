"""The terminal protocol over HTTP: GET or POST, XML in answer, every refusal a code of the protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import asyncpg
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.errors import AccountNotFound
from abonent.billing.rules.outside.agreement import Agreement, AgreementKind
from abonent.billing.rules.outside.osmp import Asked, AskedWrong, Result, answer_xml, read_asked
from abonent.billing.service.outside.terminals import check_account, pay_from_terminal
from abonent.kernel.db import DatabaseUnreachableError
from abonent.kernel.errors import DomainError
from abonent.kernel.money import plain_amount
from abonent.web.forms import form_of
from abonent.web.outside.guard import admitted

SECONDS = 50
"""The other side waits 60: an answer of ours that says "again" is better than none."""

_log = structlog.get_logger("abonent.web.outside")
_AGAIN = (
    TimeoutError,
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    DatabaseUnreachableError,
)


async def answer_terminal(request: Request) -> Response:
    """Answer one question of a terminal system: check or pay."""
    if request.method == "HEAD":
        raise HTTPException(405)
    agreement, _ = await admitted(request, AgreementKind.TERMINAL)
    values: Mapping[str, str] = dict(request.query_params)
    if request.method == "POST":
        values = {**values, **await form_of(request)}
    try:
        async with asyncio.timeout(SECONDS):
            body = await _answered(agreement, values)
    except _AGAIN as error:
        _log.warning("terminal.again", agreement=agreement.code, error=type(error).__name__)
        body = _refusal(values, Result.TEMPORARY, "try again")
    return Response(
        body, media_type="text/xml; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


async def _answered(agreement: Agreement, values: Mapping[str, str]) -> bytes:
    try:
        asked = read_asked(values)
        return await (_check if asked.command == "check" else _pay)(agreement, asked)
    except AskedWrong as wrong:
        if wrong.result is Result.OTHER:
            _log.error("terminal.refused", agreement=agreement.code, why=wrong.comment)
        return _refusal(values, wrong.result, wrong.comment)
    except AccountNotFound:
        return _refusal(values, Result.ACCOUNT_NOT_FOUND, "account not found")
    except DomainError as error:
        # Somebody has the account locked, or the day is being opened: it passes.
        _log.warning("terminal.again", agreement=agreement.code, error=error.code)
        return _refusal(values, Result.TEMPORARY, "try again")


async def _check(agreement: Agreement, asked: Asked) -> bytes:
    balance = await check_account(agreement, asked)
    fields = {"balance": plain_amount(balance)}
    return answer_xml(Result.OK, txn_id=asked.txn_id, fields=fields)


async def _pay(agreement: Agreement, asked: Asked) -> bytes:
    paid = await pay_from_terminal(agreement, asked)
    return answer_xml(
        Result.OK, txn_id=asked.txn_id, comment="OK", prv_txn=paid.prv_txn, amount=paid.amount
    )


def _refusal(values: Mapping[str, str], result: Result, comment: str) -> bytes:
    return answer_xml(result, txn_id=values.get("txn_id", "")[:64], comment=comment)
