"""What the portal refuses; which part of a sign-in was wrong is never said."""

from __future__ import annotations

from abonent.kernel.errors import Conflict, Refused
from abonent.kernel.i18n import N_


class WrongCode(Refused):
    """The code is not the one that was sent, if one was sent."""

    def __init__(self) -> None:
        super().__init__(
            "WRONG_CODE",
            N_("The code does not fit. Compare it with the message once more."),
            field="code",
        )


class CodeOver(Refused):
    """The code is too old, was used, or was guessed at too often."""

    def __init__(self) -> None:
        super().__init__(
            "CODE_OVER", N_("This code does not hold any more. Ask for a new one."), field="code"
        )


class WrongNumberOrPassword(Refused):
    """Number and password do not belong together."""

    def __init__(self) -> None:
        super().__init__(
            "WRONG_PASSWORD", N_("The number or the password is wrong."), field="password"
        )


class OnlyWayIn(Conflict):
    """Without this contact no code could be sent any more."""

    def __init__(self) -> None:
        super().__init__(
            "ONLY_WAY_IN",
            N_(
                "Codes for signing in come to this contact only. Add and confirm another one first."
            ),
            field="contact",
        )


class NotConfirmedYet(Refused):
    """The contact may be anybody's until a code has come to it."""

    def __init__(self) -> None:
        super().__init__(
            "NOT_CONFIRMED", N_("Confirm this contact by a code first."), field="contact"
        )


class NotWithdrawnHere(Refused):
    """The consent belongs to the contract, or the law asks for a paper."""

    def __init__(self) -> None:
        super().__init__(
            "NOT_WITHDRAWN_HERE",
            N_("This consent is withdrawn in the office or by letter."),
            field="consent",
        )
