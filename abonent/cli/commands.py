"""The table of commands and how one is loaded."""

from __future__ import annotations

import importlib
import importlib.util
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import Literal, Protocol, cast

from abonent.kernel.settings import Settings


class CommandModule(Protocol):
    """What a module in this package offers."""

    def configure(self, parser: ArgumentParser) -> None:
        """Declare the command's arguments."""

    def run(self, arguments: Namespace, settings: Settings) -> int:
        """Do the work; the result is the exit code."""


@dataclass(frozen=True)
class Command:
    """A command's name, its module in this package, and its line in the overview.

    `audience` says who the overview shows it to: "nobody" for what abonent itself starts. A `lasting`
    command runs until it is stopped, and its log tells what goes on.
    """

    name: str
    module: str
    summary: str
    audience: Literal["operator", "developer", "nobody"] = "operator"
    lasting: bool = False

    def load(self) -> CommandModule:
        """Import the module."""
        return cast("CommandModule", importlib.import_module(f"abonent.cli.{self.module}"))


COMMANDS = (
    Command("run", "run", "start everything: database, queue, web and worker", lasting=True),
    Command("serve", "serve", "start the web server alone", lasting=True),
    Command("worker", "worker", "start the job runner alone", lasting=True),
    Command("migrate", "migrate", "bring the database up to this version"),
    Command("init", "init", "set the first business day of an empty installation"),
    Command("day", "day", "show the business day, or close days"),
    Command("import", "importing", "take in tariffs, subscribers, debts or payments from a file"),
    Command("report", "report", "print the turnover sheet or the ageing of debts"),
    Command("explain", "explain", "say in words and numbers how an entry came about"),
    Command("verify", "verify", "check the books: every balance against its entries"),
    Command("user", "user", "add and manage people who sign in"),
    Command("token", "token", "make and revoke tokens of the JSON API"),
    Command("demo", "demo", "fill an empty database with a demo provider"),
    Command("backup", "backup", "write the whole database to a file"),
    Command("restore", "restore", "read such a file into an empty database and verify it"),
    Command("bench", "bench", "measure the engine on this machine"),
    Command("crew", "crew", "lend a hand to a run; started by abonent itself", "nobody"),
    Command("messages", "messages", "bring the translation catalogues up to date", "developer"),
)


def available_commands() -> tuple[Command, ...]:
    """The commands of this installation, in the order of the overview."""
    return tuple(
        command
        for command in COMMANDS
        if importlib.util.find_spec(f"abonent.cli.{command.module}") is not None
    )


def find_command(name: str) -> Command | None:
    """The command of that name."""
    return next((command for command in available_commands() if command.name == name), None)
