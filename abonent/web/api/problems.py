"""Problem documents (RFC 9457): what went wrong, for programs and for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from pydantic import ValidationError
from starlette.responses import Response

from abonent.kernel.errors import DomainError, FieldError, Malformed, NotFound
from abonent.kernel.i18n import N_, _, gettext
from abonent.web.errors import status_of

MEDIA_TYPE = "application/problem+json"
LONGEST_ECHO = 500

TITLES = {
    400: N_("The input has mistakes"),
    401: N_("A valid token is needed"),
    403: N_("The token does not include this right"),
    404: N_("There is no such thing"),
    405: N_("This address does not take such a request"),
    409: N_("Somebody was there first"),
    413: N_("What was sent is too large"),
    422: N_("A rule does not allow this"),
    429: N_("Too many attempts"),
    500: N_("The program failed"),
    503: N_("The database does not answer"),
}
_TITLES_BY_CODE = {
    "NO_DAY": N_("The business day has not begun"),
    "BUSY": N_("Somebody works with this at the moment"),
    "KEY_REUSED": N_("The idempotency key belongs to another request"),
    "KEY_UNFINISHED": N_("The first call with this key is not done"),
}
"""Where a code says more than its family does."""
_SAID: dict[str, str] = {
    "missing": N_("This field is required."),
    "extra_forbidden": N_("There is no such field."),
    "int_type": N_("A whole number is expected."),
    "int_from_float": N_("A whole number is expected."),
    "int_parsing": N_("A whole number is expected."),
    "bool_type": N_("true or false is expected."),
    "string_type": N_("A text is expected."),
    "list_type": N_("A list is expected."),
    "dict_type": N_("An object is expected."),
    "model_type": N_("An object is expected."),
    "model_attributes_type": N_("An object is expected."),
    "greater_than": N_("It must be greater than {gt}."),
    "greater_than_equal": N_("It must be {ge} or more."),
    "less_than": N_("It must be less than {lt}."),
    "less_than_equal": N_("It must be {le} or less."),
    "string_too_short": N_("It must not be empty."),
    "string_too_long": N_("At most {max_length} characters."),
    "too_long": N_("At most {max_length} items."),
    "string_pattern_mismatch": N_("These characters are not allowed here, or it is too long."),
    "literal_error": N_("It must be one of: {expected}."),
}
_OTHERWISE = N_("The value is not right.")
_OWN = frozenset({"type", "title", "status", "detail", "code", "errors", "allowed_from"})


def problem(status: int, code: str, detail: str, **members: Any) -> dict[str, Any]:
    """A problem document; `members` are a rule's own figures."""
    own = {name: _told(value) for name, value in members.items() if name not in _OWN}
    told: dict[str, Any] = {
        "type": f"urn:abonent:problem:{code.lower().replace('_', '-')}",
        "title": _(_TITLES_BY_CODE.get(code) or TITLES.get(status, TITLES[500])),
        "status": status,
        "detail": detail,
        "code": code,
    }
    for name in ("errors", "allowed_from"):
        if members.get(name) is not None:
            told[name] = members[name]
    return {**own, **told}


def problem_of(error: DomainError) -> tuple[int, dict[str, Any]]:
    """The status and problem document of a domain error, in the current language."""
    status = status_of(error)
    code = "NOT_FOUND" if isinstance(error, NotFound) else error.code
    members: dict[str, Any] = dict(error.params)
    if error.field is not None and not isinstance(error, Malformed):
        members |= {"field": error.field, "value": error.value}
    if isinstance(error, Malformed):
        members["errors"] = [_field(e) for e in error.errors]
    if error.allowed_from is not None:
        members["allowed_from"] = error.allowed_from.isoformat()
    return status, problem(status, code, error.text(), **members)


def invalid(error: ValidationError) -> dict[str, Any]:
    """The problem document of what a model found wrong, one error per field."""
    found: dict[str, dict[str, Any]] = {}
    for line in _lines(error):
        found.setdefault(line["field"], line)
    errors = list(found.values())
    return problem(400, "MALFORMED", _("The input has mistakes."), errors=errors)


def _lines(error: ValidationError) -> Iterator[dict[str, Any]]:
    for line in error.errors(include_url=False):
        context = line.get("ctx", {})
        params = context.get("params", {})
        field = ".".join(str(part) for part in _path(line["loc"]))
        if "field" in params:
            field = f"{field}.{params['field']}" if field else params["field"]
        value = None if line["type"] == "missing" or "field" in params else line["input"]
        yield {
            "field": field or "body",
            "value": _told(value),
            "message": _message(line["type"], context),
        }


def _path(location: tuple[int | str, ...]) -> Iterator[int | str]:
    """The path to a field, without the names pydantic gives to the branches of a union."""
    for part in location:
        if isinstance(part, int) or (part.islower() and "[" not in part and part not in _BRANCHES):
            yield part


_BRANCHES = frozenset({"str", "int", "bool", "date", "constrained-str", "constrained-int"})


def _message(kind: str, context: Mapping[str, Any]) -> str:
    if kind == "said":
        return gettext(context["msgid"], **context["params"])
    return gettext(_SAID.get(kind, _OTHERWISE), **context)


def _field(error: FieldError) -> dict[str, Any]:
    return {"field": error.field, "value": _told(error.value), "message": error.text()}


def _told(value: Any) -> Any:
    """A value as JSON tells it; what JSON has no word for, or what is very long, as short text."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return str(value)[:LONGEST_ECHO]
    if len(text) > LONGEST_ECHO:
        return f"{text[:LONGEST_ECHO].decode(errors='ignore')}..."
    return orjson.loads(text)


def answer_problem(document: Mapping[str, Any]) -> Response:
    """The response that carries a problem document."""
    text = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    response = Response(text, document["status"], media_type=MEDIA_TYPE)
    if document["status"] == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
