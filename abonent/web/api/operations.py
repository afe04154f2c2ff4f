"""One call of the API: who asks, what is given, doing it once per key, and the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import asyncpg
import orjson
import structlog
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from abonent.billing.queries.reach import check_reach
from abonent.kernel.actor import Actor
from abonent.kernel.db import DatabaseUnreachableError, unit_of_work
from abonent.kernel.errors import Conflict, DomainError, Forbidden, Malformed, NotFound, Refused
from abonent.kernel.i18n import LANGUAGES, N_, _, current_language, speaking
from abonent.kernel.idempotency import remember, remembered
from abonent.kernel.settings import Settings
from abonent.web.api.fields import Input
from abonent.web.api.inputs import Nothing
from abonent.web.api.problems import answer_problem, invalid, problem, problem_of
from abonent.web.errors import NotSignedIn
from abonent.web.render import desk_of
from abonent.web.service import authenticate_token

PREFIX = "/api/v1"
ANYONE = "any-token"
"""In place of a right: every valid token may."""

ACCOUNT = "/accounts/{number}"
SERVICE = "/accounts/{number}/services/{service}"

READS = (400, 401, 403, 404, 409)
ACTS = (400, 401, 403, 404, 409, 422)
"""The statuses a call may refuse with; 409 also says that no business day was set."""

_log = structlog.get_logger("abonent.api")
_UNREACHABLE = (asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, OSError)
_PASSING = frozenset({"BUSY", "KEY_REUSED", "KEY_UNFINISHED"})
"""Conflicts that say nothing about the call itself: they are not remembered for its key."""

Given = TypeVar("Given", bound=Input)


@dataclass(frozen=True, slots=True)
class Asked(Generic[Given]):
    """What a call is about: who asks, the path's parts, the validated input."""

    by: Actor
    path: Mapping[str, str]
    given: Given
    settings: Settings
    key: str | None
    fingerprint: bytes

    @property
    def number(self) -> str:
        """The account's number in the path."""
        return self.path["number"]

    def ordinal(self, name: str) -> int:
        """A number of the account's own in the path; raises NotFound for what is none."""
        text = self.path[name]
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise NotFound("NOT_FOUND", N_("There is no {field} {value}."), field=name, value=text)
        return int(text)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A call of the API: where, under which right, what it takes, does and answers."""

    method: str
    path: str
    name: str
    summary: str
    right: str
    do: Callable[[Any], Awaitable[Any]]
    answer: Any
    given: type[Input] = Nothing
    refusals: tuple[int, ...] = (400, 401, 403)
    own_key: bool = False
    """True where the call itself remembers what it did under a key."""
    refused: Callable[[Any, DomainError], Awaitable[None]] | None = None
    """What is to be kept of a call that was refused: it stands though the call left nothing."""


class ApiRoute(Route):
    """The route of an operation; `right` is what its caller must hold."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.right = operation.right
        self._adapter = TypeAdapter(operation.answer)
        super().__init__(
            PREFIX + operation.path,
            self._serve,
            methods=[operation.method],
            name=f"api:{operation.name}",
        )

    async def _serve(self, request: Request) -> Response:
        with speaking(asked_language(request)):
            return await guarded(request, self._answer)

    async def _answer(self, request: Request) -> Response:
        operation = self.operation
        by = await caller(request)
        if operation.right != ANYONE:
            by.require(operation.right)
        check_path(request.path_params)
        if operation.path.startswith(ACCOUNT):
            await check_reach(request.path_params["number"], by=by)
        key = request.headers.get("idempotency-key") if operation.method == "POST" else None
        try:
            raw = await _raw(request, operation)
            given = operation.given.model_validate(raw)
        except ValidationError as error:
            return answer_problem(invalid(error))
        settings = desk_of(request).settings
        asked = Asked(by, request.path_params, given, settings, key, fingerprint(request, raw))
        if key is None or operation.own_key:
            status, body = 200, await self._done(asked)
        else:
            status, body = await self._once(asked, key)
        return answer_problem(body) if status >= 400 else json_response(body)

    async def _done(self, asked: Asked[Any]) -> Any:
        try:
            return self._plain(await self.operation.do(asked))
        except DomainError as error:
            await self._keep_refused(asked, error)
            raise

    async def _keep_refused(self, asked: Asked[Any], error: DomainError) -> None:
        if self.operation.refused:
            await self.operation.refused(asked, error)

    async def _once(self, asked: Asked[Any], key: str) -> tuple[int, Any]:
        """Do it in one transaction with remembering the answer, or answer what was remembered."""
        scope = scope_of(asked.by)
        async with unit_of_work(asked.by) as work:
            known = await remembered(
                work.connection, key=key, scope=scope, request=asked.fingerprint
            )
            if known:
                return known.status, known.body
            status, body = await self._attempt(asked)
            await remember(work.connection, key=key, scope=scope, status=status, body=body)
        return status, body

    async def _attempt(self, asked: Asked[Any]) -> tuple[int, Any]:
        """The answer or the refusal: a rule's no is a result as well, and leaves nothing else."""
        try:
            async with unit_of_work(asked.by):
                return 200, self._plain(await self.operation.do(asked))
        except (Refused, NotFound, Conflict) as error:
            if error.code in _PASSING:
                raise
            await self._keep_refused(asked, error)
            return problem_of(error)

    def _plain(self, answer: Any) -> Any:
        return self._adapter.dump_python(answer, mode="json", by_alias=True)


def check_path(path: Mapping[str, str]) -> None:
    """Nothing is called by a name that the database cannot hold; raises NotFound."""
    for field, value in path.items():
        if "\x00" in value:
            raise NotFound(
                "NOT_FOUND", N_("There is no {field} {value}."), field=field, value=value
            )


def scope_of(by: Actor) -> str:
    """Whose keys they are: two callers may use the same key without meeting."""
    return f"{by.kind}:{by.id}"


def fingerprint(request: Request, raw: Any) -> bytes:
    """What makes a call what it is: method, path, and the body whatever its spacing."""
    body = orjson.dumps(raw, option=orjson.OPT_SORT_KEYS)
    return f"{request.method} {request.url.path}\n".encode() + body


def json_response(body: Any) -> Response:
    """A response with a JSON body; sorted, so that a remembered answer is the same to the byte."""
    text = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return Response(text, media_type="application/json")


async def guarded(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Answer, and turn whatever goes wrong into a problem document."""
    try:
        return await answer(request)
    except DomainError as error:
        return answer_problem(problem_of(error)[1])
    except HTTPException as error:
        code = "TOO_LARGE" if error.status_code == 413 else "HTTP_ERROR"
        return answer_problem(problem(error.status_code, code, str(error.detail)))
    except (DatabaseUnreachableError, *_UNREACHABLE) as error:
        await asyncio.to_thread(_log.error, "unreachable", exc_info=error)
        return answer_problem(problem(503, "UNREACHABLE", _("Try again in a minute.")))
    except Exception as error:  # noqa: BLE001  the edge: nothing may leave as a traceback
        number = request.scope.get("state", {}).get("number", "")
        await asyncio.to_thread(_log.error, "failure", number=number, exc_info=error)
        return answer_problem(problem(500, "FAILED", _("Nothing was half-done."), number=number))


async def caller(request: Request) -> Actor:
    """Whose token the call carries; raises NotSignedIn."""
    scheme, _blank, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenNeeded
    try:
        return await authenticate_token(token.strip())
    except NotSignedIn:
        raise TokenNeeded from None


class TokenNeeded(NotSignedIn):
    """A call without a token in force."""

    def __init__(self) -> None:
        Forbidden.__init__(
            self, "UNAUTHORIZED", N_("Send a token in force: Authorization: Bearer TOKEN.")
        )


def asked_language(request: Request) -> str:
    """The first language of Accept-Language that the product speaks."""
    for part in request.headers.get("accept-language", "").split(","):
        language = part.split(";")[0].strip().lower().split("-")[0]
        if language in LANGUAGES:
            return language
    return current_language()


async def _raw(request: Request, operation: Operation) -> Any:
    """The input as plain values: the body of a POST (empty counts as {}), the query of a GET."""
    if operation.method != "POST":
        return dict(request.query_params)
    body = await request.body()
    if not body.strip():
        return {}
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        message = N_("The body is not JSON: {problem}.")
        raise Malformed.of("body", None, message, problem=str(error)) from None
