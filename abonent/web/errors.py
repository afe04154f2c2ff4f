"""What sign-in refuses, and which HTTP status each family of errors has."""

from __future__ import annotations

from datetime import datetime

from abonent.kernel.errors import Conflict, DomainError, Forbidden, Malformed, NotFound, Refused
from abonent.kernel.i18n import N_, gettext
from abonent.web.rights import name_of_right


class NotSignedIn(Forbidden):
    """Nobody is signed in where somebody must be."""

    def __init__(self) -> None:
        super().__init__("NOT_SIGNED_IN", N_("Sign in to go on."))


class WrongPassword(Refused):
    """The login and password do not belong together; which of them is wrong is not said."""

    def __init__(self) -> None:
        super().__init__("WRONG_PASSWORD", N_("The login or the password is wrong."))


class WrongCode(Refused):
    """The code is wrong, too old, or was used before; which of them is not said."""

    def __init__(self) -> None:
        super().__init__(
            "WRONG_CODE",
            N_("The code is wrong or was used already. Type the one the app shows now."),
            field="code",
        )


class TooManyAttempts(Refused):
    """Too many failures; the time of the next try is said."""

    def __init__(self, until: datetime, minutes: int) -> None:
        super().__init__(
            "TOO_MANY_ATTEMPTS",
            N_("Too many attempts. Try again in {minutes} min."),
            minutes=minutes,
        )
        self.until = until


class LoginTaken(Conflict):
    """Another user has this login."""

    def __init__(self, login: str) -> None:
        super().__init__(
            "LOGIN_TAKEN", N_("The login {value} is taken."), field="login", value=login
        )


class UnknownRole(NotFound):
    """There is no such role."""

    def __init__(self, role: str) -> None:
        super().__init__("UNKNOWN_ROLE", N_("There is no role {value}."), field="role", value=role)


class NoSuchUser(NotFound):
    """There is no such user."""

    def __init__(self, user_id: int) -> None:
        super().__init__("USER_NOT_FOUND", N_("There is no such user."), value=user_id)


class LastAdministrator(Refused):
    """Nobody would be left who may do everything."""

    def __init__(self) -> None:
        message = N_("Somebody has to stay who may do everything: this is the last one.")
        super().__init__("LAST_ADMINISTRATOR", message)


class RightNotHeld(Refused):
    """The actor would give a right, or touch who has one, that the actor does not hold."""

    def __init__(self, right: str) -> None:
        message = N_("It takes a right that you do not have yourself: {name}.")
        super().__init__("RIGHT_NOT_HELD", message, field="rights", right=right)

    def text(self, language: str | None = None) -> str:
        """Say it in a language, with the right in words."""
        return gettext(self.message, language, name=name_of_right(self.params["right"], language))


# The most particular family first: a NotSignedIn is a Forbidden too.
_STATUSES: tuple[tuple[type[DomainError], int], ...] = (
    (NotSignedIn, 401),
    (TooManyAttempts, 429),
    (Malformed, 400),
    (NotFound, 404),
    (Conflict, 409),
    (Refused, 422),
    (Forbidden, 403),
)


def status_of(error: DomainError) -> int:
    """Return the HTTP status of a domain error: 400, 401, 403, 404, 409, 422 or 429."""
    return next((status for family, status in _STATUSES if isinstance(error, family)), 500)
