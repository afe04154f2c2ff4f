"""An agreement on taking payments: what is agreed, how files are read, what its callers know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.entities import legal_entity
from abonent.billing.queries.outside.agreements import agreement_of, secrets_of
from abonent.billing.registers import entity_choices
from abonent.billing.rules.outside.agreement import KIND_NAMES, Agreement, AgreementTerms
from abonent.billing.service.outside.agreements import (
    change_agreement,
    make_agreement,
    set_key,
    set_password,
)
from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.money import plain_amount
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.outside.agreement_fields import (
    COLUMN_NAMES,
    FORM,
    FORM_FIELDS,
    LOGIN,
    TERMS,
    WORDS,
)
from abonent.web.render import page, signed_in

RIGHT = "billing.agreement.edit"
_ONE = "/outside/agreement/{agreement:str}"
_DONE = {
    "made": N_("The agreement is made."),
    "changed": N_("The change is kept."),
    "password": N_("The password is set. It is not shown again anywhere."),
    "key": N_("The key is set. It is not shown again anywhere."),
}
_WRONG = {
    "code": N_("Small Latin letters, digits, “-” and “_”, up to 32."),
    "bank_account": N_("Digits and capital Latin letters, 5 to 34."),
    "networks": N_("Networks such as 79.142.16.0/20, one in a line."),
    "address": N_("An address such as https://api.example/v3 is expected."),
    "delimiter": N_("One sign is expected; for a tab write \\t."),
}
_EXPECTED = N_("The value is not written as expected.")


async def show_agreement(request: Request) -> Response:
    """Show an agreement; of its secrets only whether they are set."""
    agreement = await agreement_of(request.path_params["agreement"])
    secrets = await secrets_of(agreement)
    by, company = signed_in(request).actor, agreement.terms.legal_entity
    if by.may("billing.account.view"):
        company = (await legal_entity(company, by=by)).requisites.name
    context = {
        "agreement": agreement,
        "company": company,
        "terms": agreement.terms,
        "commission": plain_percent(agreement.terms.commission),
        "kinds": KIND_NAMES,
        "columns": COLUMN_NAMES,
        "set": set(secrets),
        "login": secrets["login"].text if "login" in secrets else "",
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "outside/agreement.html", context)


async def _agreement(request: Request) -> Agreement:
    return await agreement_of(request.path_params["agreement"])


async def _choices() -> dict[str, Any]:
    return {"legal_entity": await entity_choices()}


async def _new_opened(request: Request) -> Opened:
    del request
    choices = await _choices()
    entity = choices["legal_entity"][0][0] if choices["legal_entity"] else ""
    given = {"kind": "bank_file", "legal_entity": entity, "most": "100000", "active": "on"}
    return Opened(back="/outside/agreements", given=given, choices=choices)


async def _terms_opened(request: Request) -> Opened:
    terms = (await _agreement(request)).terms
    given = {
        "name": terms.name,
        "kind": terms.kind.value,
        "legal_entity": terms.legal_entity,
        "bank_account": terms.bank_account,
        "source": terms.source,
        "commission": plain_percent(terms.commission),
        "least": plain_amount(terms.least),
        "most": plain_amount(terms.most),
        "networks": "\n".join(terms.networks),
        "processor": terms.processor,
        "address": terms.address,
        "active": "on" if terms.active else "",
    }
    return _opened(terms, given, await _choices())


async def _form_opened(request: Request) -> Opened:
    terms = (await _agreement(request)).terms
    form = terms.form
    given = {name: str(getattr(form, name)) for name in FORM_FIELDS}
    given["delimiter"] = form.delimiter.replace("\t", "\\t")
    given |= {f"column_{name}": str(getattr(form.columns, name)) for name in COLUMN_NAMES}
    return _opened(terms, given)


async def _words_opened(request: Request) -> Opened:
    terms = (await _agreement(request)).terms
    given = {
        "account_words": ", ".join(terms.recognition.account_words),
        "contract_words": ", ".join(terms.recognition.contract_words),
        "bare_digits": str(terms.recognition.bare_digits),
    }
    return _opened(terms, given)


async def _secret_opened(request: Request) -> Opened:
    agreement = await _agreement(request)
    secrets = await secrets_of(agreement)
    login = secrets["login"].text if "login" in secrets else ""
    return _opened(agreement.terms, {"login": login})


def _opened(
    terms: AgreementTerms, given: Mapping[str, str], choices: Mapping[str, Any] | None = None
) -> Opened:
    back = f"/outside/agreement/{terms.code}"
    return Opened(back=back, given=given, choices=choices or {}, about=terms.name)


def plain_percent(hundredths: int) -> str:
    """A percentage as one types it: 150 is "1,5"; nothing for none."""
    if not hundredths:
        return ""
    return f"{hundredths // 100},{hundredths % 100:02}".rstrip("0").rstrip(",")


def _stated(values: Values) -> dict[str, Any]:
    """The terms as a form gives them; what was left empty is as if not said."""
    stated = {name: value for name, value in values.items() if value is not None}
    stated["networks"] = stated.get("networks", "").split()
    return stated


def checked_terms(stated: Mapping[str, Any]) -> AgreementTerms:
    """Check terms by their model. Raises Malformed naming each field that is wrong."""
    try:
        return AgreementTerms.model_validate(stated)
    except ValidationError as error:
        wrong = {_field_of(part["loc"]): part for part in error.errors(include_url=False)}
        raise Malformed(
            *(FieldError(name, "", _WRONG.get(name, _EXPECTED)) for name in wrong)
        ) from None


def _field_of(place: tuple[int | str, ...]) -> str:
    """The form's field of a place in the terms."""
    names = [str(part) for part in place if isinstance(part, str)]
    if names[:2] == ["form", "columns"]:
        return f"column_{names[2]}"
    return names[1] if names[0] in {"form", "recognition"} and len(names) > 1 else names[0]


async def _make(request: Request, values: Values) -> str:
    agreement = await make_agreement(checked_terms(_stated(values)), by=signed_in(request).actor)
    return f"/outside/agreement/{agreement.code}?done=made"


def _changing(
    stated: Callable[[Values], dict[str, Any]],
) -> Callable[[Request, Values], Awaitable[str]]:
    """A change of some of the terms; the others stay."""

    async def change(request: Request, values: Values) -> str:
        terms = (await _agreement(request)).terms
        new = checked_terms({**terms.model_dump(), **stated(values)})
        await change_agreement(new, by=signed_in(request).actor)
        return f"/outside/agreement/{terms.code}?done=changed"

    return change


def _stated_terms(values: Values) -> dict[str, Any]:
    return {"commission": 0} | _stated(values)


def _stated_form(values: Values) -> dict[str, Any]:
    form = {name: values[name] for name in FORM_FIELDS}
    form["delimiter"] = form["delimiter"].replace("\\t", "\t")
    columns = {name: values[f"column_{name}"] or 0 for name in COLUMN_NAMES}
    return {"form": {**form, "columns": columns}}


def _stated_words(values: Values) -> dict[str, Any]:
    def words(name: str) -> list[str]:
        return [word.strip() for word in values[name].split(",") if word.strip()]

    return {
        "recognition": {
            "account_words": words("account_words"),
            "contract_words": words("contract_words"),
            "bare_digits": values["bare_digits"],
        }
    }


async def _set_password(request: Request, values: Values) -> str:
    code = request.path_params["agreement"]
    login, password = values["login"], values["password"]
    await set_password(code, login=login, password=password, by=signed_in(request).actor)
    return f"/outside/agreement/{code}?done=password"


async def _set_key(request: Request, values: Values) -> str:
    code = request.path_params["agreement"]
    login, key = values["login"], values["key_text"]
    await set_key(code, key=key, login=login, by=signed_in(request).actor)
    return f"/outside/agreement/{code}?done=key"


DIALOGS = (
    Dialog(
        path="/outside/agreements/new", right=RIGHT, title=N_("New agreement"), commit=N_("Make"),
        fields=(Field(name="code", label=N_("Code"), longest=32, half=True), *TERMS),
        opened=_new_opened, do=_make,
    ),
    Dialog(
        path=f"{_ONE}/terms", right=RIGHT, title=N_("What is agreed"), commit=N_("Keep"),
        fields=TERMS, opened=_terms_opened, do=_changing(_stated_terms),
    ),
    Dialog(
        path=f"{_ONE}/form", right=RIGHT, title=N_("How its registry is written"),
        commit=N_("Keep"), fields=FORM, opened=_form_opened, do=_changing(_stated_form),
    ),
    Dialog(
        path=f"{_ONE}/words", right=RIGHT, title=N_("How an account is recognised"),
        commit=N_("Keep"), fields=WORDS, opened=_words_opened, do=_changing(_stated_words),
    ),
    Dialog(
        path=f"{_ONE}/password", right=RIGHT, title=N_("Password of the terminal system"),
        commit=N_("Set the password"), opened=_secret_opened, do=_set_password,
        fields=(
            LOGIN,
            Field(
                name="password", label=N_("Password"), kind=Kind.PASSWORD,
                hint=N_("At least 12 characters. Only its digest is kept."),
                attributes={"autocomplete": "new-password"},
            ),
        ),
    ),
    Dialog(
        path=f"{_ONE}/key", right=RIGHT, title=N_("Key of the card processor"),
        commit=N_("Set the key"), opened=_secret_opened, do=_set_key,
        fields=(
            Field(name="login", label=N_("Shop number"), longest=100, required=False),
            Field(
                name="key_text", label=N_("Secret key"), kind=Kind.PASSWORD,
                attributes={"autocomplete": "new-password"},
            ),
        ),
        names={"key": "key_text"},
    ),
)  # fmt: skip
