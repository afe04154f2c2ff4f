"""Parses the command line, runs the command, and turns what went wrong into a sentence and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from abonent.cli.commands import Command, available_commands, find_command
from abonent.kernel.embedded.errors import ServerStartError
from abonent.kernel.errors import DatabaseUnreachableError, DomainError, Malformed
from abonent.kernel.logging import configure_logging
from abonent.kernel.settings import Settings, SettingsError, load_settings

REFUSED = 1
MISUSED = 2
INTERRUPTED = 130
CUT_SHORT = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (0 done, 1 refused, 2 misused, 130 interrupted)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = find_command(given[0]) if given else None
    if command is None:
        # Prints the overview, the version or the mistake, and leaves.
        _overview().parse_args(given or ["--help"])
        return MISUSED
    parser = ArgumentParser(prog=f"abonent {command.name}", description=command.summary)
    module = command.load()
    module.configure(parser)
    parsed = parser.parse_args(given[1:])
    try:
        settings = load_settings()
    except SettingsError as error:
        return _say(str(error), MISUSED)
    configure_logging(_heard(settings, command))
    # A polite end by the system takes the same way out as Ctrl+C: everything opened is closed.
    # A shell starts background jobs with SIGINT ignored, which a child inherits: hence both.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    try:
        return module.run(parsed, settings)
    except DomainError as error:
        return _say(_explained(error, settings), REFUSED)
    except (ServerStartError, SettingsError) as error:
        return _say(str(error), REFUSED)
    except DatabaseUnreachableError as error:
        return _say(f"the database does not answer: {error}", REFUSED)
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # The reader has seen enough (`| head`); what Python still holds must not be complained about.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CUT_SHORT


def _heard(settings: Settings, command: Command) -> Settings:
    """A command that ends says what it did by itself: its log is for trouble, unless asked for more."""
    asked = command.lasting or "log_level" in settings.model_fields_set
    return settings if asked else settings.having(log_level="WARNING")


def _overview() -> ArgumentParser:
    lines = ["commands:", *_listed("operator"), "", "for developers:", *_listed("developer")]
    parser = ArgumentParser(
        prog="abonent",
        description="The subscriber department of an internet provider.",
        epilog="\n".join([*lines, "", "abonent COMMAND --help tells more."]),
        formatter_class=RawDescriptionHelpFormatter,
        usage="abonent COMMAND ...",
    )
    parser.add_argument("--version", action="version", version=f"abonent {_version()}")
    names = [command.name for command in available_commands() if command.audience != "nobody"]
    parser.add_argument("command", choices=names, metavar="COMMAND", help="what to do")
    return parser


def _listed(audience: str) -> list[str]:
    return [
        f"  {command.name:<10}{command.summary}"
        for command in available_commands()
        if command.audience == audience
    ]


def _version() -> str:
    try:
        return version("abonent")
    except PackageNotFoundError:
        return "(not installed)"


def _explained(error: DomainError, settings: Settings) -> str:
    text = error.text(settings.language)
    if isinstance(error, Malformed):
        details = [f"{part.field}: {part.text(settings.language)}" for part in error.errors]
        return "\n".join([text, *details])
    return f"{text} ({error.code})"


def _say(text: str, code: int) -> int:
    sys.stderr.write(f"abonent: {text}\n")
    return code
