from __future__ import annotations

import json
import logging

import pytest
import structlog

from abonent.kernel.logging import configure_logging, redact
from abonent.kernel.settings import Settings


@pytest.fixture(autouse=True)
def restored():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_json_lines_carry_level_time_and_context(capsys):
    configure_logging(Settings(log_format="json"))
    with structlog.contextvars.bound_contextvars(request="r1"):
        structlog.get_logger("abonent.test").info("payment.taken", amount=5)
        logging.getLogger("library").warning("old %s", "style", extra={"password": "geheim"})
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["event"], first["amount"], first["request"]) == ("payment.taken", 5, "r1")
    assert (first["level"], first["logger"]) == ("info", "abonent.test")
    assert first["timestamp"].endswith("+00:00")
    assert (second["event"], second["password"]) == ("old style", "***")


def test_console_lines_are_for_people(capsys):
    configure_logging(Settings(log_format="console"))
    structlog.get_logger("abonent.test").info("приход", token="geheim")
    line = capsys.readouterr().err
    assert "приход" in line
    assert "geheim" not in line


def test_an_exceptions_text_is_redacted_too(capsys):
    configure_logging(Settings(log_format="json"))
    error = ValueError("postgresql://u:geheim@host/db")
    structlog.get_logger("abonent.test").error("broken", exc_info=error)
    output = capsys.readouterr().err
    assert "postgresql://u:***@host/db" in output
    assert "geheim" not in output


@pytest.mark.parametrize(
    "event",
    [
        {"password": "geheim"},
        {"headers": {"Authorization": "Bearer geheim", "Set-Cookie": "geheim"}},
        {"url": "redis://:geheim@host:6379/0"},
        {"header": "sent Bearer geheim now"},
        {"many": [{"api_key": "geheim"}, "amqp://u:geheim@h"]},
        {"idempotency_token": "geheim", "client_secret": "geheim"},
    ],
)
def test_secrets_are_hidden_wherever_they_lie(event):
    assert "geheim" not in str(redact(None, "info", {"event": "x", **event}))


def test_ordinary_values_stay_as_they_are():
    event = {"event": "day.closed", "accounts": 5, "url": "http://host/path", "none": None}
    assert redact(None, "info", dict(event)) == event
