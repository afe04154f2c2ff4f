"""`abonent serve`: the web server, in as many processes as the settings say."""

from __future__ import annotations

import logging
import os
import socket
import sys
from argparse import ArgumentParser, Namespace
from ipaddress import ip_address

import uvicorn
from starlette.applications import Starlette

from abonent.cli.connection import connect
from abonent.kernel.embedded.errors import ServerStartError
from abonent.kernel.embedded.lifeline import stop_with_parent
from abonent.kernel.settings import PREFIX, Settings, load_settings
from abonent.web.app import create_app

_GRACE_SECONDS = 5
_ANY_HOST = (
    "Warning: any Host header is answered. Set ABONENT_HOSTS to the names under which people reach "
    "the desk, such as desk.isp.example."
)


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--supervised", action="store_true", help="stop when the parent process ends"
    )


def run(arguments: Namespace, settings: Settings) -> int:
    """Serve until told to stop."""
    if arguments.supervised:
        stop_with_parent()
    check_port_free(settings)
    with connect(settings) as connected:
        # The server's own processes read the settings anew.
        os.environ[f"{PREFIX}DATABASE_URL"] = connected.database_url or ""
        _keep_quiet()
        if not settings.allowed_hosts and not is_loopback(settings.host):
            print(_ANY_HOST, file=sys.stderr)
        uvicorn.run(
            "abonent.cli.serve:application",
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=settings.processes,
            log_config=None,
            log_level="info",
            access_log=False,
            server_header=False,
            # Anybody can write X-Forwarded-For: only a proxy of our own is believed.
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies or None,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    return 0


def _keep_quiet() -> None:
    logging.getLogger("uvicorn.error").addFilter(_worth_telling)


def _worth_telling(record: logging.LogRecord) -> bool:
    """Warnings and worse, and that a server process died and is replaced."""
    return record.levelno >= logging.WARNING or "died" in record.getMessage()


def application() -> Starlette:
    """The application as each server process makes it."""
    _keep_quiet()
    return create_app(load_settings())


def is_loopback(host: str) -> bool:
    """Tell whether a program on another machine cannot reach this address."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_port_free(settings: Settings) -> None:
    """Refuse to start on a port that another program listens on."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ServerStartError(
                f"The address {settings.host}:{settings.port} cannot be used "
                f"({error.strerror}). Set ABONENT_PORT or ABONENT_HOST to another."
            ) from None
