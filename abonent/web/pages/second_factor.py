"""One's own second factor: setting it up, fresh recovery codes, turning it off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import N_, _
from abonent.kernel.sealing import Unsealable
from abonent.web import service
from abonent.web.access import SIGNED_IN
from abonent.web.codes import in_fours, picture_of
from abonent.web.dialogs import Dialog, Opened
from abonent.web.errors import TooManyAttempts, WrongCode, WrongPassword, status_of
from abonent.web.fields import Field, Kind, Values
from abonent.web.forms import form_of
from abonent.web.render import identity_of, page, signed_in

PROFILE = "/profile"
NOT_YOURS = N_("This is not your present password.")
REFUSALS = (WrongCode, WrongPassword, TooManyAttempts, Malformed, Unsealable)
"""What comes back into the form."""


def address_of_caller(request: Request) -> str:
    """Return the address that a request came from, as guesses are counted by it."""
    return request.client.host if request.client else ""


def setup_context(setup: service.Setup) -> dict[str, Any]:
    """Return what a template needs to show a secret: the picture, and the text to type."""
    return {"picture": picture_of(setup.address), "secret": in_fours(setup.secret)}


def recovery_page(request: Request, codes: Sequence[str], *, onward: str) -> Response:
    """Show recovery codes, this once, and where to go on."""
    frame = "desk.html" if identity_of(request) else "entry.html"
    context = {"codes": codes, "onward": onward, "frame": frame}
    return page(request, "staff/recovery.html", context)


async def show_setup(request: Request) -> Response:
    """Show the secret to take into the phone."""
    return await _setup(request)


async def _setup(request: Request, error: DomainError | None = None) -> Response:
    identity = signed_in(request)
    setup = await service.start_setup(identity.user_id, by=identity.actor)
    if setup is None:
        return RedirectResponse(PROFILE, 303)
    context = setup_context(setup) | {"errors": _errors(error)}
    return page(request, "staff/factor_on.html", context, status=status_of(error) if error else 200)


def _errors(error: DomainError | None) -> Mapping[str, str]:
    if error is None:
        return {}
    field = "code" if isinstance(error, WrongCode) else "password"
    return {field: _(NOT_YOURS) if isinstance(error, WrongPassword) else said(error)}


def said(error: DomainError) -> str:
    """Return a refusal in one sentence."""
    return error.errors[0].text() if isinstance(error, Malformed) else error.text()


async def set_up(request: Request) -> Response:
    """Turn the second factor on, and show the recovery codes."""
    form, identity = await form_of(request), signed_in(request)
    try:
        codes = await service.turn_on_second_factor(
            identity.user_id,
            form.get("code", ""),
            password=form.get("password", ""),
            ip=address_of_caller(request),
            by=identity.actor,
        )
    except REFUSALS as error:
        return await _setup(request, error)
    return recovery_page(request, codes, onward=f"{PROFILE}?done=factor")


async def show_renewing(request: Request) -> Response:
    """Ask for the password before fresh codes are shown."""
    return page(request, "staff/recovery_renew.html", {"errors": {}})


async def renew(request: Request) -> Response:
    """Make fresh recovery codes and show them."""
    form, identity = await form_of(request), signed_in(request)
    if not identity.second_factor:
        return RedirectResponse(PROFILE, 303)
    try:
        codes = await service.renew_recovery_codes(
            identity.user_id,
            password=form.get("password", ""),
            ip=address_of_caller(request),
            by=identity.actor,
        )
    except REFUSALS as error:
        context = {"errors": _errors(error)}
        return page(request, "staff/recovery_renew.html", context, status=status_of(error))
    return recovery_page(request, codes, onward=PROFILE)


async def _off_opened(request: Request) -> Opened:
    return Opened(back=PROFILE, can=signed_in(request).second_factor)


async def _off(request: Request, values: Values) -> str:
    identity = signed_in(request)
    try:
        await service.turn_off_second_factor(
            identity.user_id,
            password=values["password"],
            ip=address_of_caller(request),
            by=identity.actor,
        )
    except WrongPassword:
        raise Malformed.of("password", "", NOT_YOURS) from None
    return f"{PROFILE}?done=factor-off"


OFF = Dialog(
    path="/profile/second-factor/off",
    right=SIGNED_IN,
    title=N_("Turn the second factor off"),
    commit=N_("Turn it off"),
    fields=(
        Field(
            name="password",
            label=N_("Present password"),
            kind=Kind.PASSWORD,
            attributes={"autocomplete": "current-password"},
        ),
    ),
    opened=_off_opened,
    do=_off,
)
