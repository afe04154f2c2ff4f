"""What a cash desk refuses."""

from __future__ import annotations

from datetime import datetime

from abonent.kernel.errors import Conflict, Forbidden, NotFound, Refused
from abonent.kernel.i18n import N_


class DeskNotFound(NotFound):
    """No cash desk has this code, or it is out of use."""

    def __init__(self, value: object) -> None:
        super().__init__(
            "NOT_FOUND", N_("There is no cash desk {value}."), field="desk", value=value
        )


class OfficeNotFound(NotFound):
    """No office has this code."""

    def __init__(self, value: object) -> None:
        super().__init__(
            "NOT_FOUND", N_("There is no office {value}."), field="office", value=value
        )


class ShiftNotFound(NotFound):
    """There is no such shift, or not for this actor."""

    def __init__(self, value: object) -> None:
        super().__init__(
            "NOT_FOUND", N_("There is no cash shift {value}."), field="shift", value=value
        )


class ReceiptNotFound(NotFound):
    """A desk has given no receipt with this number."""

    def __init__(self, value: object) -> None:
        super().__init__(
            "NOT_FOUND", N_("There is no receipt {value}."), field="receipt", value=value
        )


class NoOpenShift(Refused):
    """Cash is taken into the drawer of an open shift; this actor has none."""

    def __init__(self) -> None:
        super().__init__(
            "NO_OPEN_SHIFT",
            N_("Cash goes into the drawer of an open shift: open one first."),
            field="source",
        )


class NoDrawer(Refused):
    """Cash is paid back out of the drawer of an open shift; this actor has none."""

    def __init__(self) -> None:
        super().__init__(
            "NO_OPEN_SHIFT",
            N_("Cash is paid out of the drawer of an open shift: open one first."),
            field="method",
        )


class TakenAtDesk(Refused):
    """Cash that a desk took goes back out of a drawer, by voiding its receipt."""

    def __init__(self, receipt: str) -> None:
        super().__init__(
            "TAKEN_AT_DESK",
            N_(
                "This cash was taken at a desk: void receipt {value} there, so that the money leaves"
                " its drawer. For that a shift of your own must be open."
            ),
            field="payment",
            value=receipt,
        )


class OfAnotherShift(Forbidden):
    """What another shift took is voided by who supervises shifts."""

    def __init__(self, receipt: str) -> None:
        super().__init__(
            "FORBIDDEN",
            N_(
                "Receipt {value} is not of your open shift: its cashier voids it while the shift is"
                " open, after that a supervisor."
            ),
            field="payment",
            value=receipt,
            right="billing.payment.reverse_closed",
        )


class OtherOffice(Refused):
    """A shift is opened at a desk of one's own office."""

    def __init__(self, desk: str) -> None:
        super().__init__(
            "OTHER_OFFICE",
            N_("{value} is in another office: yours is set among the staff."),
            field="desk",
            value=desk,
        )


class DeskTaken(Conflict):
    """Somebody works at this desk: it has one drawer and one answers for it."""

    def __init__(self, desk: str, cashier: str, since: datetime) -> None:
        super().__init__(
            "DESK_TAKEN",
            N_("{cashier} has a shift at {value} since {since}: it must be closed first."),
            field="desk",
            value=desk,
            cashier=cashier,
            since=since,
        )


class ShiftOpenElsewhere(Conflict):
    """A cashier has one drawer at a time."""

    def __init__(self, desk: str) -> None:
        super().__init__(
            "SHIFT_OPEN",
            N_("You have an open shift at {value}: close it first."),
            field="desk",
            value=desk,
        )


class WrongShiftState(Conflict):
    """The shift is not in the state this needs: it was counted or closed meanwhile."""

    def __init__(self, state: str) -> None:
        message = {
            "OPEN": N_("The drawer is not counted yet: count it first."),
            "COUNTED": N_("The drawer has been counted: go on with the shift, or close it."),
            "CLOSED": N_("The shift is closed."),
        }[state]
        super().__init__("SHIFT_STATE", message, field="shift", value=state)


class DifferenceUnexplained(Refused):
    """The drawer does not hold what it should: a word is needed before it is closed."""

    def __init__(self, difference: int) -> None:
        super().__init__(
            "DIFFERENCE_UNEXPLAINED",
            N_("The difference is {value:money}: say how it came about."),
            field="explanation",
            value=difference,
        )


class NotInDrawer(Refused):
    """More is to leave the drawer than lies in it."""

    def __init__(self, amount: int, there: int, field: str = "amount") -> None:
        super().__init__(
            "NOT_IN_DRAWER",
            N_("{value:money} cannot be taken out: {there:money} should be in the drawer."),
            field=field,
            value=amount,
            there=there,
        )


class TooLittleGiven(Refused):
    """The banknote is smaller than the payment."""

    def __init__(self, given: int, amount: int) -> None:
        super().__init__(
            "TOO_LITTLE_GIVEN",
            N_("{value:money} is given, {amount:money} is to be paid."),
            field="given",
            value=given,
            amount=amount,
        )


class AlreadyVoided(Conflict):
    """The receipt was voided before."""

    def __init__(self, receipt: str) -> None:
        super().__init__(
            "ALREADY_VOIDED",
            N_("Receipt {value} is already voided."),
            field="receipt",
            value=receipt,
        )
