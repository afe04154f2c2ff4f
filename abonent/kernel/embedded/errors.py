"""What can go wrong with the embedded servers, told in a sentence the operator can act on."""

from __future__ import annotations


class ServerStartError(Exception):
    """An embedded server cannot start; the message says why and what to do."""


class HomeInUseError(ServerStartError):
    """Another supervisor already works on this home folder."""
