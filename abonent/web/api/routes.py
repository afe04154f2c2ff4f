"""Every call of the API with the right its caller must hold."""

from __future__ import annotations

from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route

from abonent import __version__
from abonent.kernel.i18n import _, speaking
from abonent.web.access import PUBLIC
from abonent.web.api import (
    accounts,
    conversations,
    corrections,
    days,
    money,
    promises,
    reports,
    services,
    tariffs,
)
from abonent.web.api.openapi import describe
from abonent.web.api.operations import (
    PREFIX,
    ApiRoute,
    Operation,
    asked_language,
    json_response,
)
from abonent.web.api.problems import answer_problem, problem

OPERATIONS: tuple[Operation, ...] = (
    *days.OPERATIONS,
    *tariffs.OPERATIONS,
    *accounts.OPERATIONS,
    *services.OPERATIONS,
    *money.OPERATIONS,
    *promises.OPERATIONS,
    *corrections.OPERATIONS,
    *conversations.OPERATIONS,
    *reports.OPERATIONS,
)
"""What the description and the refusals' tests walk through."""


async def _nowhere(request: Request) -> Response:
    """Answer for an address that is no call, or a call by another method."""
    with speaking(asked_language(request)):
        methods = sorted(
            route.operation.method
            for route in _CALLS
            if route.matches({**request.scope, "path_params": {}})[0] is Match.PARTIAL
        )
        if not methods:
            return answer_problem(problem(404, "NOT_FOUND", _("There is no such call.")))
        detail = _("Here only: {methods}.", methods=", ".join(methods))
        response = answer_problem(problem(405, "METHOD_NOT_ALLOWED", detail))
        response.headers["Allow"] = ", ".join(methods)
        return response


class _Nowhere(Route):
    """Catches what no call answers, so that it is told as a problem document."""

    def __init__(self) -> None:
        self.right = PUBLIC
        methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
        super().__init__(f"{PREFIX}/{{rest:path}}", _nowhere, methods=methods, name="api:nowhere")


async def _show_description(request: Request) -> Response:
    """Answer the description of the API; it holds no secrets and asks for no token."""
    del request
    return json_response(_description())


@cache
def _description() -> dict[str, Any]:
    return describe(OPERATIONS, version=__version__)


class _Description(Route):
    """GET /openapi.json."""

    def __init__(self) -> None:
        self.right = PUBLIC
        super().__init__(f"{PREFIX}/openapi.json", _show_description, name="api:openapi")


_CALLS: tuple[ApiRoute, ...] = tuple(ApiRoute(operation) for operation in OPERATIONS)

API_ROUTES: tuple[BaseRoute, ...] = (
    *_CALLS,
    conversations.SoundRoute(),
    _Description(),
    _Nowhere(),
)
