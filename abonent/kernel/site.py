"""Where subscribers reach the provider: links in messages need whole addresses."""

from __future__ import annotations

from abonent.kernel.settings import Settings


class _Site:
    """Holds the address subscribers see; set when the database is opened."""

    address: str = ""
    language: str = "ru"


def use_site(settings: Settings) -> None:
    """Set the language subscribers are written to in, and the address that links begin with.

    That is ABONENT_PUBLIC_URL, else where the program listens.
    """
    _Site.language = settings.language
    _Site.address = settings.public_url or f"http://{settings.host}:{settings.port}"


def whole_link(path: str) -> str:
    """Make a path of the product a whole address; what is one already stays."""
    return path if "://" in path else _Site.address + path


def site_language() -> str:
    """The language of subscribers: whoever of the staff writes to them, it is the provider's."""
    return _Site.language
