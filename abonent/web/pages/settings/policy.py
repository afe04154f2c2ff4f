"""The policy and the tax rates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.policies import (
    PolicySettings,
    accounts_by_state,
    charges_spanning,
    policy_settings,
    tax_rates,
)
from abonent.billing.service.policies import add_tax_rate, set_policy
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.money import plain_amount
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import page, signed_in

_BACK = "/policy"
_RIGHT = "billing.policy.edit"
_TAX = re.compile(r"[a-z0-9_]{1,20}")
_RATE = re.compile(r"(\d{1,2})(?:[.,](\d{1,2}))?")
_DONE = {"policy": N_("The policy is kept"), "rate": N_("The rate is recorded")}


async def show_policy(request: Request) -> Response:
    """Show what the engine does by itself, the limits of freezes, and the tax rates."""
    by = signed_in(request).actor
    context = {
        "policy": await policy_settings(by=by),
        "rates": await tax_rates(by=by),
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "settings/policy.html", context)


async def _opened(request: Request) -> Opened:
    by = signed_in(request).actor
    policy = asdict(await policy_settings(by=by))
    given = {name: str(value) for name, value in policy.items()}
    given["quiet_days"] = "on" if policy["quiet_days"] else ""
    given["freeze_day_fee"] = plain_amount(policy["freeze_day_fee"])
    for name in ("archive_share", "arpu_gap"):
        given[name] = f"{policy[name] // 100}.{policy[name] % 100:02}"
    states = await accounts_by_state(by=by)
    context = {
        "served": states.get("served", 0) + states.get("partly", 0),
        "frozen": states.get("frozen", 0),
    }
    return Opened(back=_BACK, given=given, context=context)


async def _set(request: Request, values: Values) -> str:
    settings = dict(values) | {"freeze_day_fee": values["freeze_day_fee"] or 0}
    await set_policy(PolicySettings(**settings), by=signed_in(request).actor)
    return f"{_BACK}?done=policy"


def _days(name: str, label: str, most: int, hint: str = "") -> Field:
    return Field(name=name, label=label, kind=Kind.NUMBER, most=most, half=True, hint=hint)


POLICY = Dialog(
    path="/policy/change",
    right=_RIGHT,
    title=N_("Policy"),
    commit=N_("Keep"),
    fields=(
        _days(
            "grace_days", N_("Days of grace"), 60, N_("Lent by the program when money runs out.")
        ),
        _days(
            "notice_days",
            N_("Notice of a new price, days"),
            366,
            N_("By the law at least ten."),
        ),
        Field(
            name="quiet_days",
            label=N_("Nobody is cut off on a day off or the day before"),
            kind=Kind.TICK,
        ),
        _days("freeze_least_days", N_("Shortest freeze, days"), 366),
        _days("freeze_year_days", N_("Freezes a year at most, days"), 366),
        _days("freeze_free_days", N_("Free days of freeze a year"), 366),
        Field(
            name="freeze_day_fee",
            label=N_("Then for a day"),
            kind=Kind.AMOUNT,
            least=0,
            required=False,
            half=True,
        ),
        Field(
            name="archive_share",
            label=N_("Flag an archive tariff above, % of the base"),
            kind=Kind.PERCENT,
            half=True,
        ),
        Field(
            name="arpu_gap",
            label=N_("Flag revenue per subscriber below the analogue by, %"),
            kind=Kind.PERCENT,
            half=True,
        ),
    ),
    opened=_opened,
    do=_set,
    below="settings/policy_reach.html",
)


async def _rate_opened(request: Request) -> Opened:
    codes = dict.fromkeys(rate.code for rate in await tax_rates(by=signed_in(request).actor))
    return Opened(back=_BACK, context={"codes": list(codes)})


def _read_rate(values: Values) -> int:
    """The rate in hundredths of a percent; 0 is one too."""
    if not _TAX.fullmatch(values["code"]):
        wrong = N_("“{given}”: a tax code has small Latin letters, digits and “_”, such as vat.")
        raise Malformed.of("code", values["code"], wrong, given=values["code"])
    found = _RATE.fullmatch(values["rate"].removesuffix("%").strip())
    if found is None:
        wrong = N_("“{given}” is not a rate from 0 to 99.99, such as 22 or 7,5.")
        raise Malformed.of("rate", values["rate"], wrong, given=values["rate"])
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


async def _preview_rate(request: Request, values: Values) -> Mapping[str, Any]:
    if values["rate"]:
        _read_rate(values)
    by = signed_in(request).actor
    rates = [rate for rate in await tax_rates(by=by) if rate.code == values["code"]]
    spanning = await charges_spanning(values["code"], values["since"], by=by)
    return {"tariffs": rates[0].tariffs if rates else 0, "known": bool(rates), "spanning": spanning}


async def _add_rate(request: Request, values: Values) -> str:
    rate = _read_rate(values)
    by = signed_in(request).actor
    await add_tax_rate(values["code"], by=by, since=values["since"], rate=rate)
    return f"{_BACK}?done=rate"


RATE = Dialog(
    path="/policy/rate",
    right=_RIGHT,
    title=N_("New tax rate"),
    commit=N_("Record the rate"),
    fields=(
        Field(
            name="code",
            label=N_("Tax code"),
            longest=20,
            half=True,
            attributes={"list": "tax-codes", "autocomplete": "off"},
        ),
        Field(name="rate", label=N_("Rate, %"), longest=8, half=True),
        Field(name="since", label=N_("From"), kind=Kind.DAY),
    ),
    opened=_rate_opened,
    preview=_preview_rate,
    do=_add_rate,
    below="settings/rate.html",
)
