"""What can go wrong in a use case, said in words; the edge maps families to statuses."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date
from typing import Any, Self

from abonent.kernel.i18n import N_, gettext


class DomainError(Exception):
    """Something the user can understand: a code for programs, a message for people.

    `message` is an English message id with {placeholders} filled from `params`, `field`, `value`
    and `allowed_from` (the first date when the same call would be allowed, where there is one).
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str | None = None,
        value: Any = None,
        allowed_from: date | None = None,
        **params: Any,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.field = field
        self.value = value
        self.allowed_from = allowed_from
        self.params: dict[str, Any] = params

    def text(self, language: str | None = None) -> str:
        """Say it in a language (default: the current one)."""
        known = {"field": self.field, "value": self.value, "allowed_from": self.allowed_from}
        return gettext(self.message, language, **known, **self.params)

    def __str__(self) -> str:
        return f"{self.code}: {self.text('en')}"


class NotFound(DomainError):
    """The thing asked for does not exist, or not for this actor."""


class Conflict(DomainError):
    """Somebody or something was there first."""


class Refused(DomainError):
    """A rule of the business says no; `code` names the rule."""


class Forbidden(DomainError):
    """The actor lacks the right."""


@dataclasses.dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field of the input."""

    field: str
    value: Any
    message: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def text(self, language: str | None = None) -> str:
        """Say it in a language (default: the current one)."""
        return gettext(self.message, language, **self.params)


class Malformed(DomainError):
    """The input is not what was asked for; `errors` names every field that is wrong."""

    def __init__(self, *errors: FieldError) -> None:
        first = errors[0] if errors else None
        super().__init__(
            "MALFORMED",
            N_("The input has mistakes."),
            field=first.field if first else None,
            value=first.value if first else None,
        )
        self.errors: tuple[FieldError, ...] = errors

    @classmethod
    def of(cls, field: str, value: Any, message: str, **params: Any) -> Self:
        """Make the error for a single field."""
        return cls(FieldError(field, value, message, params))


class DatabaseUnreachableError(Exception):
    """The database did not answer; the text names its address without the password."""
