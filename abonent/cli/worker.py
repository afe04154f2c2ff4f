"""`abonent worker`: the job runner."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from abonent.cli.connection import connect
from abonent.kernel.embedded.lifeline import stop_with_parent
from abonent.kernel.settings import Settings
from abonent.worker import make_worker


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--supervised", action="store_true", help="stop when the parent process ends"
    )


def run(arguments: Namespace, settings: Settings) -> int:
    """Run jobs until told to stop."""
    if arguments.supervised:
        stop_with_parent()
    with connect(settings, queue=True) as connected:
        make_worker(connected).run()
    return 0
