"""Dialogs of services: adding and ending one, discounts, suspension by hand."""

from __future__ import annotations

from datetime import date, timedelta

from starlette.requests import Request

from abonent.billing.queries.books import Loaded
from abonent.billing.rules.book import Mode
from abonent.billing.rules.periods import DAY
from abonent.billing.service.previews import services_sold
from abonent.billing.service.services import (
    add_service,
    end_service,
    grant_discount,
    suspend_service,
)
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_, _
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.money.trying import (
    BELOW,
    done,
    number_of,
    opened,
    previewed,
    service_choices,
    view,
)
from abonent.web.render import signed_in, written_money

_ACCOUNT = "/accounts/{number:str}"
_YEAR = timedelta(365)
_REASON = Field(name="reason", label=N_("Reason"), longest=200)
_SERVICE = Field(name="service", label=N_("Service"), kind=Kind.CHOICE)


async def _adding(request: Request) -> Opened:
    loaded, sold = await services_sold(number_of(request), by=signed_in(request).actor)
    tariffs = [
        (c.code, _("{name}, {fee} a month", name=c.name, fee=written_money(c.fee))) for c in sold
    ]
    return opened(request, given={"from": loaded.open_day.isoformat()}, choices={"tariff": tariffs})


async def _add(request: Request, values: Values) -> Loaded:
    by = signed_in(request).actor
    loaded, _service = await add_service(
        number_of(request), by=by, tariff=values["tariff"], start=values["from"]
    )
    return loaded


ADD_SERVICE = Dialog(
    path=f"{_ACCOUNT}/services/add",
    right="billing.service.edit",
    identity="service-add",
    title=N_("Add a service"),
    commit=N_("Add"),
    fields=(
        Field(name="tariff", label=N_("Tariff"), kind=Kind.CHOICE),
        Field(name="from", label=N_("First day"), kind=Kind.DAY),
    ),
    opened=_adding,
    preview=previewed(_add),
    do=done(_add, "service-add"),
    below=BELOW,
    names={"start": "from"},
)


async def _ending(request: Request) -> Opened:
    account = await view(request)
    tomorrow = (account.day + DAY).isoformat()
    choices = service_choices(account)
    given = {"service": choices[0][0] if choices else "", "on": tomorrow}
    return opened(request, given=given, choices={"service": choices})


async def _end(request: Request, values: Values) -> Loaded:
    by, no = signed_in(request).actor, int(values["service"])
    loaded, _on = await end_service(number_of(request), no, by=by, on=values["on"])
    return loaded


END_SERVICE = Dialog(
    path=f"{_ACCOUNT}/services/end",
    right="billing.service.edit",
    identity="service-add",
    title=N_("End a service"),
    commit=N_("End it"),
    fields=(
        _SERVICE,
        Field(
            name="on",
            label=N_("First day without it"),
            kind=Kind.DAY,
            hint=N_("Unused days go back to the balance."),
        ),
    ),
    opened=_ending,
    preview=previewed(_end),
    do=done(_end, "service-end"),
    below=BELOW,
)


async def _granting(request: Request) -> Opened:
    account = await view(request)
    choices = service_choices(account)
    given = {
        "service": choices[0][0] if choices else "",
        "as": "percent",
        "from": account.day.isoformat(),
        "to": (account.day + timedelta(30)).isoformat(),
    }
    return opened(request, given=given, choices={"service": choices})


def _off(values: Values) -> tuple[int, int]:
    """What is taken off: hundredths of a percent, or minor units a month."""
    if values["as"] == "percent":
        if values["percent"] is None:
            raise Malformed.of("percent", "", N_("Give the percentage."))
        return values["percent"], 0
    if values["amount"] is None:
        raise Malformed.of("amount", "", N_("Give an amount."))
    return 0, values["amount"]


def _span(values: Values) -> tuple[date, date]:
    """The days of the form as [from, to)."""
    start, last = values["from"], values["to"]
    if last < start:
        raise Malformed.of("to", last, N_("The last day lies before the first."))
    if last - start > 20 * _YEAR:
        raise Malformed.of("to", last, N_("So long a time is a slip of the hand."))
    return start, last + DAY


async def _grant(request: Request, values: Values) -> Loaded:
    percent, amount = _off(values)
    start, end = _span(values)
    loaded, _made = await grant_discount(
        number_of(request),
        int(values["service"]),
        by=signed_in(request).actor,
        start=start,
        end=end,
        reason=values["reason"],
        percent=percent,
        amount=amount,
    )
    return loaded


DISCOUNT = Dialog(
    path=f"{_ACCOUNT}/discount",
    right="billing.discount.grant",
    title=N_("Discount"),
    commit=N_("Grant"),
    fields=(
        _SERVICE,
        Field(
            name="as",
            label=N_("How much"),
            kind=Kind.SEGMENTS,
            choices=(("percent", N_("percent")), ("amount", N_("amount a month"))),
        ),
        Field(
            name="percent",
            label=N_("Percent"),
            kind=Kind.PERCENT,
            required=False,
            half=True,
        ),
        Field(
            name="amount",
            label=N_("Off each month"),
            kind=Kind.AMOUNT,
            required=False,
            half=True,
        ),
        Field(name="from", label=N_("First day"), kind=Kind.DAY, half=True),
        Field(name="to", label=N_("Last day"), kind=Kind.DAY, half=True),
        _REASON,
    ),
    opened=_granting,
    preview=previewed(_grant),
    do=done(_grant, "discount"),
    below=BELOW,
    names={"start": "from", "end": "to"},
)


async def _suspending(request: Request) -> Opened:
    account = await view(request)
    postpaid = {str(s.no) for s in account.services if s.mode is Mode.ARREARS}
    choices = [choice for choice in service_choices(account) if choice[0] in postpaid]
    given = {"service": choices[0][0] if choices else "", "what": "off"}
    return opened(request, given=given, choices={"service": choices})


async def _suspend(request: Request, values: Values) -> Loaded:
    return await suspend_service(
        number_of(request),
        int(values["service"]),
        by=signed_in(request).actor,
        suspended=values["what"] == "off",
        reason=values["reason"],
    )


SUSPENSION = Dialog(
    path=f"{_ACCOUNT}/suspension",
    right="billing.service.edit",
    title=N_("Suspend a postpaid service"),
    commit=N_("Carry out"),
    fields=(
        _SERVICE,
        Field(
            name="what",
            label=N_("What to do"),
            kind=Kind.SEGMENTS,
            choices=(("off", N_("suspend from tomorrow")), ("on", N_("serve again"))),
        ),
        _REASON,
    ),
    opened=_suspending,
    preview=previewed(_suspend),
    do=done(_suspend, "suspension"),
    below=BELOW,
)

SERVICE_DIALOGS = (ADD_SERVICE, END_SERVICE, DISCOUNT, SUSPENSION)
