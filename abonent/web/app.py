"""The web application: routes, layers and what is opened at its start."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module

from servestatic import ServeStaticASGI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute

from abonent import reactions
from abonent.kernel.db import open_database, room_modules
from abonent.kernel.errors import DomainError
from abonent.kernel.logging import configure_logging
from abonent.kernel.settings import Settings
from abonent.web.api.routes import API_ROUTES
from abonent.web.assets import PREFIX, Assets, build_assets
from abonent.web.failures import domain_error, http_error
from abonent.web.middleware.bodies import BodyLimit
from abonent.web.middleware.headers import SecurityHeaders
from abonent.web.middleware.identity import IdentityOfRequest
from abonent.web.middleware.observe import CatchFailures, Observe
from abonent.web.middleware.origin import CrossOriginProtection
from abonent.web.render import Desk, make_environment
from abonent.web.routes import ROUTES

# A form of a page is far below, and so is a call; files are taken in by `abonent import`.
BODY_LIMIT = 1_000_000
# Under these names only this machine itself asks: probes, and whoever sits at it.
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def create_app(
    settings: Settings, *, routes: Sequence[BaseRoute] = (), own_database: bool = True
) -> Starlette:
    """Return the application for these settings.

    ``routes`` are served beside the product's own. With ``own_database=False`` the caller has
    opened the database already.
    """
    reactions.install()
    # Pages plan jobs by name: the jobs must be known here, though the worker does them.
    for module in room_modules("jobs"):
        import_module(module)
    assets = build_assets(settings.home)
    app = Starlette(
        routes=[*ROUTES, *routes, *API_ROUTES],
        middleware=_layers(settings, assets),
        exception_handlers={DomainError: domain_error, HTTPException: http_error},
        lifespan=_lifespan if own_database else None,
    )
    app.state.desk = Desk(settings, assets, make_environment(settings, assets))
    return app


def _layers(settings: Settings, assets: Assets) -> list[Middleware]:
    """Return the layers, the outermost first."""
    hosts = [*settings.allowed_hosts, *_LOOPBACK]
    named = Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    return [
        Middleware(Observe, every=settings.log_format == "json"),
        *([named] if settings.allowed_hosts else []),
        Middleware(SecurityHeaders),
        Middleware(
            ServeStaticASGI, root=str(assets.folder), prefix=PREFIX, allow_all_origins=False
        ),
        Middleware(GZipMiddleware, minimum_size=1000, compresslevel=6),
        Middleware(CatchFailures),
        Middleware(IdentityOfRequest, language=settings.language),
        Middleware(CrossOriginProtection),
        Middleware(BodyLimit, most=BODY_LIMIT),
    ]


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    settings: Settings = app.state.desk.settings
    configure_logging(settings)
    async with open_database(settings):
        # What was loaded stays for good: looking through it for garbage would hold up whoever asks
        # then by a tenth of a second, every some hundred pages.
        gc.collect()
        gc.freeze()
        yield
