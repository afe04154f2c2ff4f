"""How an attempt to send ends when it does not end well: what is known of it decides what follows."""

from __future__ import annotations


class SendingError(Exception):
    """A message was not sent as it should; `code` is what the other side answered."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotSentError(SendingError):
    """Surely nothing went out: it may be tried again later."""


class RefusedError(SendingError):
    """The other side will never take it: a wrong number, a forbidden text."""


class UncertainError(SendingError):
    """It may have gone out, nobody can tell: sent again it might come twice, so it is reported."""
