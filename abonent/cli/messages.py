"""`abonent messages`: the translation catalogues brought up to date with code and templates."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from abonent.kernel.catalogue import extract, untranslated, update_catalogues
from abonent.kernel.i18n import LANGUAGES
from abonent.kernel.settings import Settings


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail when a translation is missing"
    )


def run(arguments: Namespace, settings: Settings) -> int:
    """Update or check the catalogues and list what wants a translation."""
    del settings
    if arguments.check:
        found = extract()
        missing = {language: untranslated(language, found) for language in LANGUAGES}
    else:
        missing = update_catalogues()
    for language, texts in missing.items():
        print(f"{language}: {len(texts)} without a translation")
        for text in texts:
            print(f"  {text!r}")
    return 1 if arguments.check and any(missing.values()) else 0
