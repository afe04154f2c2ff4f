"""What the card refuses, with the field, its value and what would be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from abonent.kernel.errors import Conflict, NotFound, Refused
from abonent.kernel.i18n import N_


class NobodyNamed(NotFound):
    """The account has no subscriber and no contract."""

    def __init__(self, number: str) -> None:
        super().__init__(
            "NOBODY_NAMED", N_("Nobody is named for account {value}."), field="number", value=number
        )


class NotOnCard(NotFound):
    """The card holds no such contact, consent, note, device or scan: it may have been removed."""

    def __init__(self, what: str, made: int) -> None:
        super().__init__(
            "NOT_FOUND",
            N_("It is not on this card any more: a colleague may have removed it."),
            field=what,
            value=made,
        )


class ChangedMeanwhile(Conflict):
    """A colleague changed the record after it was opened here; `theirs` holds its values now."""

    def __init__(
        self, *, actor: str, at: datetime | None, version: int, theirs: Mapping[str, Any]
    ) -> None:
        super().__init__(
            "CHANGED_MEANWHILE",
            N_("A colleague has changed this meanwhile. Compare, then save again."),
            actor=actor,
            at=at,
            version=version,
            theirs=theirs,
        )


class AlreadyThere(Conflict):
    """The subscriber has this contact, or the account this scan, already."""

    def __init__(self, field: str, value: str, message: str) -> None:
        super().__init__("ALREADY_THERE", message, field=field, value=value)


class SerialGivenOut(Conflict):
    """The device with this serial number is given out to another account."""

    def __init__(self, serial: str, number: str) -> None:
        super().__init__(
            "SERIAL_GIVEN_OUT",
            N_(
                "Serial number {value} is given out on account {account}: take it back there first."
            ),
            field="serial",
            value=serial,
            account=number,
        )


class ContractStands(Refused):
    """A contract does not go from this state to that one."""

    def __init__(self, state: str, to: str) -> None:
        super().__init__(
            "CONTRACT_STATE",
            N_("The contract cannot go from this state to that one."),
            field="state",
            value=to,
            state=state,
        )


class ContractNumberTaken(Conflict):
    """Another contract has this number."""

    def __init__(self, number: str) -> None:
        super().__init__(
            "NUMBER_TAKEN",
            N_("Contract number {value} is taken by another subscriber."),
            field="contract",
            value=number,
        )


class OwnerOwes(Refused):
    """The account has a debt that nobody has taken over."""

    def __init__(self, debt: int) -> None:
        super().__init__(
            "OWNER_OWES",
            N_(
                "The account owes {debt:money}. Take the payment first, or tick that the new"
                " owner takes the debt over."
            ),
            field="debt",
            debt=debt,
        )


class NotGivenBack(Refused):
    """Equipment that does not go over is still given out."""

    def __init__(self, devices: Sequence[str]) -> None:
        super().__init__(
            "NOT_GIVEN_BACK",
            N_("Not given back yet: {devices}. Take it back first, or let it go over."),
            field="equipment",
            devices=", ".join(devices),
        )


class SameOwner(Refused):
    """The new owner is the one the account has."""

    def __init__(self) -> None:
        super().__init__("SAME_OWNER", N_("The account belongs to this subscriber already."))


class RequestNotFound(NotFound):
    """There is no request of that number, or not for this actor."""

    def __init__(self, number: int) -> None:
        message = N_("There is no request number {value}.")
        super().__init__("NO_SUCH_REQUEST", message, field="number", value=number)
