"""What billing refuses, with the rule's code, the field, its value and what would be right."""

from __future__ import annotations

from datetime import date, datetime

from abonent.kernel.errors import Conflict, NotFound, Refused
from abonent.kernel.i18n import N_


class AccountNotFound(NotFound):
    """No account has this number."""

    def __init__(self, number: str) -> None:
        super().__init__(
            "NOT_FOUND", N_("There is no account {value}."), field="number", value=number
        )


class NotOnAccount(NotFound):
    """The account has no such service, entry, freeze or promise."""

    def __init__(self, field: str, value: object) -> None:
        super().__init__(
            "NOT_FOUND", N_("The account has no {field} {value}."), field=field, value=value
        )


class LegalEntityNotFound(NotFound):
    """No legal entity of the provider has this code."""

    def __init__(self, code: str) -> None:
        super().__init__(
            "NOT_FOUND",
            N_("There is no legal entity {value}."),
            field="legal_entity",
            value=code,
        )


class TariffNotFound(NotFound):
    """No tariff has this code."""

    def __init__(self, code: str) -> None:
        super().__init__("NOT_FOUND", N_("There is no tariff {value}."), field="tariff", value=code)


class OfferNotFound(NotFound):
    """No offer of a promised payment has this code."""

    def __init__(self, code: str) -> None:
        super().__init__("NOT_FOUND", N_("There is no offer {value}."), field="offer", value=code)


class TariffNotSold(Refused):
    """The tariff is in the archive or not sold at the service's place."""

    def __init__(self, code: str) -> None:
        super().__init__(
            "TARIFF_NOT_SOLD", N_("Tariff {value} is not sold here."), field="tariff", value=code
        )


class TooEarly(Refused):
    """A date lies before the first one the rules allow."""

    def __init__(self, field: str, value: date, allowed: date) -> None:
        super().__init__(
            "TOO_EARLY_DATE",
            N_("{value} is too early; the first possible date is {allowed_from}."),
            field=field,
            value=value,
            allowed_from=allowed,
        )


class TooLate(Refused):
    """The thing has already ended."""

    def __init__(self, field: str, value: date, ended: date) -> None:
        super().__init__(
            "ALREADY_ENDED",
            N_("On {value} it is too late, it ended on {ended}."),
            field=field,
            value=value,
            ended=ended,
        )


class NotPeriodStart(Refused):
    """A billing day can change only where a period starts."""

    def __init__(self, value: date, allowed: date) -> None:
        super().__init__(
            "NOT_PERIOD_START",
            N_("No billing period starts on {value}; the next one starts on {allowed_from}."),
            field="from",
            value=value,
            allowed_from=allowed,
        )


class FreezeOverlaps(Refused):
    """The account is already frozen on some of these days."""

    def __init__(self, start: date, end: date, other_start: date, other_end: date) -> None:
        super().__init__(
            "FREEZE_OVERLAPS",
            N_("{start} to {end} overlaps the freeze from {other_start} to {other_end}."),
            field="from",
            value=start,
            start=start,
            end=end,
            other_start=other_start,
            other_end=other_end,
        )


class FreezeLimit(Refused):
    """The policy's limit of frozen days (per freeze or per year) does not allow it."""

    def __init__(self, days: int, shortest: int, left: int) -> None:
        super().__init__(
            "FREEZE_LIMIT",
            N_("A freeze lasts from {shortest} days; {left} are left this year, {value} asked."),
            field="to",
            value=days,
            shortest=shortest,
            left=left,
        )


class NotEnoughFunds(Refused):
    """Funds do not cover what is to be charged; `missing` in minor units."""

    def __init__(self, missing: int, field: str = "amount") -> None:
        super().__init__(
            "NOT_ENOUGH_FUNDS",
            N_("Funds do not suffice: {value:money} is missing."),
            field=field,
            value=missing,
            missing=missing,
        )


class NotRefundable(Refused):
    """More is asked back than the subscriber's own unspent money."""

    def __init__(self, amount: int, available: int) -> None:
        super().__init__(
            "NOT_REFUNDABLE",
            N_("{value:money} cannot be refunded: {available:money} is available."),
            field="amount",
            value=amount,
            available=available,
        )


class NotPostpaid(Refused):
    """Only a postpaid service is suspended by hand; a prepaid one follows its money."""

    def __init__(self, service: int) -> None:
        super().__init__(
            "NOT_POSTPAID",
            N_("Service {value} is prepaid: it is suspended by funds, not by hand."),
            field="service",
            value=service,
        )


class PromiseRefused(Refused):
    """A promised payment is denied; `code` names the rule (ENGINE 5)."""

    def __init__(
        self, code: str, message: str, allowed_from: date | None = None, **params: object
    ) -> None:
        super().__init__(code, message, field="offer", allowed_from=allowed_from, **params)


class ChargeGivenBack(Refused):
    """A charge holds nothing any more, or there is none of that number."""

    def __init__(self, charge: int) -> None:
        super().__init__(
            "CHARGE_GIVEN_BACK",
            N_("Charge {value} holds nothing that could go back."),
            field="charges",
            value=charge,
        )


class AlreadyReversed(Refused):
    """The payment was reversed before."""

    def __init__(self, payment: str) -> None:
        super().__init__(
            "ALREADY_REVERSED",
            N_("Payment {value} is already reversed."),
            field="payment",
            value=payment,
        )


class PaymentDiffers(Conflict):
    """The same source and external id came before with another account or amount."""

    def __init__(self, external_id: str, amount: int) -> None:
        super().__init__(
            "CONFLICT",
            N_(
                "Payment {value} of this source is known with other content ({known_amount:money})."
            ),
            field="external_id",
            value=external_id,
            known_amount=amount,
        )


class AlreadyExists(Conflict):
    """A code or number is taken."""

    def __init__(self, field: str, value: object) -> None:
        super().__init__(
            "CONFLICT", N_("{field} {value} exists already."), field=field, value=value
        )


class BadDay(Refused):
    """A business day outside what may be opened or closed."""

    def __init__(self, field: str, value: date, open_day: date) -> None:
        super().__init__(
            "DAY_NOT_OPEN",
            N_("{value} cannot be used, the open day is {open_day}."),
            field=field,
            value=value,
            open_day=open_day,
        )


class NoticeTooShort(Refused):
    """A price that moves existing services must be announced before (10 days by default)."""

    def __init__(self, value: date, allowed: date) -> None:
        super().__init__(
            "NOTICE_TOO_SHORT",
            N_("A new price needs notice; the first possible date is {allowed_from}."),
            field="from",
            value=value,
            allowed_from=allowed,
        )


class NotBegun(Conflict):
    """The installation has no business day: nothing can be posted or read yet."""

    def __init__(self) -> None:
        super().__init__(
            "NO_DAY", N_("There is no business day yet: run `abonent init --day DATE`.")
        )


class ClosingUnderWay(Conflict):
    """Somebody asked to close days and not all of them are closed yet."""

    def __init__(self, through: date, asked_at: datetime) -> None:
        super().__init__(
            "CLOSING_UNDER_WAY",
            N_("The days up to {value} are being closed already, as asked at {asked_at}."),
            field="through",
            value=through,
            asked_at=asked_at,
        )
