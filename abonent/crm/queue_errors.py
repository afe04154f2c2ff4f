"""What the walk-in queue refuses."""

from __future__ import annotations

from datetime import datetime

from abonent.kernel.errors import Conflict, Forbidden, NotFound, Refused
from abonent.kernel.i18n import N_


class NoQueueHere(NotFound):
    """The office has no queue, or there is no such office."""

    def __init__(self, value: object) -> None:
        super().__init__(
            "NOT_FOUND", N_("Office {value} has no queue."), field="office", value=value
        )


class WindowNotFound(NotFound):
    """There is no such window, or it is out of use."""

    def __init__(self, value: object) -> None:
        super().__init__(
            "NOT_FOUND", N_("There is no window {value}."), field="window", value=value
        )


class ServiceNotFound(NotFound):
    """There is no such service of the queue."""

    def __init__(self, value: object) -> None:
        super().__init__(
            "NOT_FOUND", N_("There is no service {value}."), field="service", value=value
        )


class TicketNotFound(NotFound):
    """There is no such ticket, or not for this actor."""

    def __init__(self, value: object) -> None:
        super().__init__(
            "NOT_FOUND", N_("There is no ticket {value}."), field="ticket", value=value
        )


class NotAtWindow(Conflict):
    """The ticket is at this window no more: it was finished or passed on meanwhile."""

    def __init__(self, ticket: object) -> None:
        super().__init__(
            "NOT_AT_WINDOW",
            N_("This ticket is not at your window any more."),
            field="ticket",
            value=ticket,
        )


class CodeUnknown(Refused):
    """Nobody booked today under the code, or has come already."""

    def __init__(self, value: object) -> None:
        super().__init__(
            "CODE_UNKNOWN",
            N_("No booking of today has this code. Check the digits or take a ticket."),
            field="code",
            value=value,
        )


class DeviceNotFound(NotFound):
    """The address of a terminal or display is unknown or was revoked."""

    def __init__(self) -> None:
        super().__init__(
            "NOT_FOUND",
            N_("This address is not in use any more. Ask for a new one at the office."),
            field="device",
        )


class WindowTaken(Conflict):
    """Somebody sits at the window."""

    def __init__(self, number: int, who: str) -> None:
        super().__init__(
            "WINDOW_TAKEN",
            N_("{who} sits at window {number}. Choose another one."),
            field="window",
            value=number,
            who=who,
            number=number,
        )


class SitsAlready(Conflict):
    """Who sits down sits at a window already."""

    def __init__(self, number: int) -> None:
        super().__init__(
            "SITS_ALREADY",
            N_("You sit at window {number} already: leave it first."),
            field="window",
            value=number,
            number=number,
        )


class SitsNowhere(Refused):
    """What was asked takes a window."""

    def __init__(self) -> None:
        super().__init__("NO_WINDOW", N_("Sit down at a window first."), field="window")


class WindowPaused(Refused):
    """A window on a break calls nobody."""

    def __init__(self) -> None:
        super().__init__("PAUSED", N_("You are on a break: end it first."), field="window")


class ClientAtWindow(Conflict):
    """The window has a client."""

    def __init__(self, number: str) -> None:
        super().__init__(
            "CLIENT_AT_WINDOW",
            N_("Ticket {number} is with you: finish or pass it on first."),
            field="ticket",
            value=number,
            number=number,
        )


class OtherOfficeQueue(Forbidden):
    """The window stands in an office where the actor does not work."""

    def __init__(self, office: str) -> None:
        super().__init__(
            "OTHER_OFFICE",
            N_("You work in another office: windows of “{office}” are not for you."),
            field="window",
            value=office,
            office=office,
        )


class NotOffered(Refused):
    """No window of the office takes the service."""

    def __init__(self, service: str) -> None:
        super().__init__(
            "NOT_OFFERED",
            N_("No window of this office takes “{name}”."),
            field="service",
            value=service,
            name=service,
        )


class OfficeClosed(Refused):
    """Tickets are given while the office is open."""

    def __init__(self) -> None:
        super().__init__(
            "CLOSED", N_("The office is closed now: no tickets are given."), field="office"
        )


class SlotTaken(Conflict):
    """The time was booked meanwhile, has passed, or is none of the office's."""

    def __init__(self, at: object) -> None:
        super().__init__(
            "SLOT_TAKEN", N_("This time is taken by now. Choose another one."), field="at", value=at
        )


class BookedAlready(Conflict):
    """An account has one booking at a time."""

    def __init__(self, at: datetime) -> None:
        super().__init__(
            "BOOKED_ALREADY",
            N_("You have a booking already: cancel it before you choose another time."),
            field="at",
            value=at.isoformat(),
        )


class TooManyTickets(Refused):
    """Somebody plays with a terminal."""

    def __init__(self) -> None:
        super().__init__(
            "TOO_MANY",
            N_("Too many tickets in a minute. Wait a little or turn to an employee."),
            field="service",
        )


class LetterTaken(Conflict):
    """Two services in use may not have one letter."""

    def __init__(self, letter: str) -> None:
        super().__init__(
            "LETTER_TAKEN",
            N_("Letter {letter} is taken by another service. Choose another one."),
            field="letter",
            value=letter,
            letter=letter,
        )


class NumberTaken(Conflict):
    """Two windows of an office may not have one number."""

    def __init__(self, number: int) -> None:
        super().__init__(
            "NUMBER_TAKEN",
            N_("There is a window {number} in this office already."),
            field="number",
            value=number,
            number=number,
        )
