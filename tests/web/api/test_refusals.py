"""What the API refuses, call by call: who asks, what is given, what the rules allow."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from httpx import Response

from abonent.kernel.db import reading
from abonent.web.api.inputs import Nothing
from abonent.web.api.operations import ANYONE, Operation
from abonent.web.api.routes import OPERATIONS
from tests.web.api.conftest import Caller, MakeCaller

DAYS = {"from": "2026-06-11", "to": "2026-06-21"}
BODIES: dict[str, dict[str, Any]] = {
    "close_day": {},
    "create_tariff": {
        "code": "x",
        "name": "X",
        "kind": "internet",
        "mode": "advance",
        "fee": 100,
    },
    "add_version": {"fee": 100, "from": "2026-08-01", "existing": "move"},
    "open_account": {"number": "2", "billing_day": 1},
    "add_service": {"tariff": "t"},
    "change_tariff": {"tariff": "t", "on": "asap"},
    "end_service": {},
    "grant_discount": {"percent": 10, **DAYS, "reason": "r"},
    "suspend_service": {"on": True, "reason": "r"},
    "take_payment": {"amount": 100, "source": "cash", "external_id": "e"},
    "reverse_payment": {"reason": "r"},
    "give_promise": {"amount": 100, "days": 3},
    "freeze_account": DAYS,
    "end_freeze": {},
    "set_credit": {"limit": 100, "reason": "r"},
    "charge_fee": {"amount": 100, "kind": "visit", "reason": "r"},
    "refund": {"amount": 100, "method": "cash"},
    "change_billing_day": {"day": 5, "from": "2026-07-01"},
    "recalculate": {"service": 1, "from": "2026-06-01", "to": "2026-06-02", "reason": "r"},
    "register_conversation": {
        "call_id": "c",
        "phone": "+7 495 000-00-00",
        "began_at": "2026-06-01T10:00:00+03:00",
    },
    "compensate": {
        "incident": "i",
        "from": "2026-06-01T00:00:00+03:00",
        "to": "2026-06-01T05:00:00+03:00",
        "accounts": ["1"],
        "reason": "r",
    },
}
QUERIES = {"show_turnover": {"from": "2026-06-01", "to": "2026-07-01"}}
EVERY = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
ACTING = pytest.mark.parametrize(
    "operation", [o for o in OPERATIONS if o.method == "POST"], ids=lambda o: o.name
)


async def called(api: Caller, operation: Operation, number: str = "1", **headers: str) -> Response:
    path = operation.path.format(number=number, service=1, freeze=1, payment="1-1", code="t")
    body = BODIES.get(operation.name) if operation.method == "POST" else None
    return await api.client.request(
        operation.method,
        path.lstrip("/"),
        json=body,
        params=QUERIES.get(operation.name),
        headers=headers,
    )


def is_problem(answer: Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert (told["status"], told["code"]) == (status, code)
    assert told["type"].startswith("urn:abonent:problem:")
    assert told["title"]
    assert told["detail"]
    return told


@pytest.fixture
async def begun(api: Caller) -> Caller:
    await api.begin(date(2026, 6, 1))
    await api.tariff("t", "advance", 60000)
    await api.account("1")
    return api


@EVERY
async def test_nobody_calls_without_a_token(api: Caller, operation: Operation) -> None:
    for header in ("", "Bearer", "Bearer abn_guess", "Basic dTpw"):
        answer = await called(api, operation, Authorization=header)
        is_problem(answer, 401, "UNAUTHORIZED")
        assert answer.headers["www-authenticate"] == "Bearer"


@EVERY
async def test_a_token_without_the_right_is_refused_before_anything_is_read(
    db: Any, caller: MakeCaller, operation: Operation
) -> None:
    if operation.right == ANYONE:
        return
    poor = await caller("desk.open")
    is_problem(await called(poor, operation), 403, "FORBIDDEN")


@EVERY
async def test_the_right_of_a_call_is_the_right_of_its_use_case(
    begun: Caller, caller: MakeCaller, operation: Operation
) -> None:
    named = await caller("desk.open" if operation.right == ANYONE else operation.right)
    answer = await called(named, operation)
    own = {"give_promise": 403}
    assert answer.status_code in {200, 404, 422, own.get(operation.name, 200)}, answer.text


@pytest.mark.parametrize(
    "operation", [o for o in OPERATIONS if "{number}" in o.path], ids=lambda o: o.name
)
async def test_an_unknown_account_is_not_found(begun: Caller, operation: Operation) -> None:
    for number in ("404", "%00", "x" * 300, "-"):
        is_problem(await called(begun, operation, number=number), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    "operation",
    [
        o
        for o in OPERATIONS
        if o.right != ANYONE and o.name not in {"close_day", "register_conversation"}
    ],
    ids=lambda o: o.name,
)
async def test_before_the_first_day_every_call_says_so(api: Caller, operation: Operation) -> None:
    answer = await called(api, operation)
    assert answer.status_code in {404, 409}, answer.text


@ACTING
async def test_unknown_fields_are_named(begun: Caller, operation: Operation) -> None:
    path = operation.path.format(number="1", service=1, freeze=1, payment="1-1", code="t")
    body: dict[str, Any] = {**BODIES[operation.name], "colour": "red"}
    told = is_problem(await begun.try_post(path.lstrip("/"), body), 400, "MALFORMED")
    assert told["errors"] == [
        {"field": "colour", "value": "red", "message": "There is no such field."}
    ]


@ACTING
async def test_missing_fields_are_named_all_at_once(begun: Caller, operation: Operation) -> None:
    needed = {
        field.alias or name
        for name, field in operation.given.model_fields.items()
        if field.is_required()
    }
    if not needed:
        return
    path = operation.path.format(number="1", service=1, freeze=1, payment="1-1", code="t")
    told = is_problem(await begun.try_post(path.lstrip("/"), {}), 400, "MALFORMED")
    assert {error["field"] for error in told["errors"]} == needed
    assert {error["message"] for error in told["errors"]} == {"This field is required."}


@ACTING
@pytest.mark.parametrize("text", ["{", "[]", "null", '"a"', "1", "\xff", "[" * 5000])
async def test_a_body_that_is_no_object_is_malformed(
    begun: Caller, operation: Operation, text: str
) -> None:
    path = operation.path.format(number="1", service=1, freeze=1, payment="1-1", code="t")
    answer = await begun.client.post(path.lstrip("/"), content=text.encode("latin-1"))
    assert is_problem(answer, 400, "MALFORMED")["errors"][0]["field"] == "body"


@pytest.mark.parametrize("amount", [0, -1, 1.0, 1.5, "100", True, None, 10**12 + 1, 10**30, [1]])
@pytest.mark.parametrize("path", ["payments", "fees", "refunds", "promises"])
async def test_money_is_a_whole_number_above_zero(begun: Caller, path: str, amount: Any) -> None:
    more: dict[str, dict[str, Any]] = {
        "payments": {"source": "cash", "external_id": "a"},
        "fees": {"kind": "visit", "reason": "r"},
        "refunds": {"method": "cash"},
        "promises": {"days": 5},
    }
    answer = await begun.try_post(f"accounts/1/{path}", more[path] | {"amount": amount})
    told = is_problem(answer, 400, "MALFORMED")
    assert told["errors"][0]["field"] == "amount"
    assert told["errors"][0]["message"]


@pytest.mark.parametrize(
    "day", ["2026-02-30", "01.06.2026", "2026-6-1", "2026-06-01T00:00:00", 20260601, "9999-12-31"]
)
async def test_a_date_is_written_year_month_day(begun: Caller, day: Any) -> None:
    answer = await begun.try_post("accounts/1/services", {"tariff": "t", "from": day})
    told = is_problem(answer, 400, "MALFORMED")
    assert told["errors"][0]["field"] == "from"
    assert told["errors"][0]["value"] == day


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("accounts/1/freezes", {"from": "2026-06-21", "to": "2026-06-21"}, "to"),
        ("accounts/1/promises", {"amount": 100}, "days"),
        ("accounts/1/promises", {"days": 3}, "amount"),
        ("accounts/1/promises", {"offer": "standard", "amount": 1, "days": 3}, "offer"),
        ("accounts/1/services/1/discounts", {**DAYS, "reason": "r"}, "percent"),
        (
            "accounts/1/services/1/discounts",
            {**DAYS, "reason": "r", "percent": 1, "amount": 1},
            "percent",
        ),
        ("accounts/1/services/1/discounts", {**DAYS, "reason": "r", "percent": 101}, "percent"),
        ("accounts/1/services/1/discounts", {**DAYS, "reason": "r", "percent": 1.234}, "percent"),
        ("accounts/1/payments", BODIES["take_payment"] | {"settles": ["2-1"]}, "settles.0"),
        ("accounts/1/payments", BODIES["take_payment"] | {"external_id": "a\x00b"}, "external_id"),
        ("accounts", {"number": "a/b", "billing_day": 1}, "number"),
        ("accounts", {"number": "3", "billing_day": 32}, "billing_day"),
        ("accounts", {"number": "3", "billing_day": 1, "legal_entity": "other"}, "legal_entity"),
        ("tariffs", BODIES["create_tariff"] | {"tax_code": "gst"}, "tax_code"),
        ("tariffs", BODIES["create_tariff"] | {"mode": "weekly"}, "mode"),
        ("compensations", BODIES["compensate"] | {"from": "2026-06-01T00:00:00"}, "from"),
        ("compensations", BODIES["compensate"] | {"accounts": []}, "accounts"),
        ("accounts/1/services/1/tariff", {"tariff": "t", "on": "soon"}, "on"),
        (
            "accounts",
            {"number": "3", "billing_day": 1, "subscriber": {"name": "A", "kind": "cat"}},
            "subscriber.kind",
        ),
    ],
)
async def test_the_wrong_field_is_named(
    begun: Caller, path: str, body: dict[str, Any], field: str
) -> None:
    told = is_problem(await begun.try_post(path, body), 400, "MALFORMED")
    assert [error["field"] for error in told["errors"]] == [field]


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("accounts/1/entries", {"from": "yesterday"}, "from"),
        ("accounts/1/entries", {"limit": "0"}, "limit"),
        ("accounts/1/entries", {"limit": "many"}, "limit"),
        ("accounts/1/entries", {"cursor": "99999999999"}, "cursor"),
        ("accounts/1/entries", {"page": "2"}, "page"),
        ("accounts/1/ageing", {"on": ""}, "on"),
        ("turnover", {"from": "2026-06-01"}, "to"),
        ("turnover", {"from": "2026-06-01", "to": "2026-06-01"}, "to"),
        ("turnover", {"from": "2026-06-01", "to": "2026-07-01", "by": "planet"}, "by"),
        ("turnover", {"from": "2026-06-01", "to": "2026-07-01", "place": "9999999999"}, "place"),
        ("turnover", {"from": "2026-06-01", "to": "2026-07-01", "place": "nowhere"}, "place"),
    ],
)
async def test_the_wrong_part_of_a_query_is_named(
    begun: Caller, path: str, query: dict[str, str], field: str
) -> None:
    told = is_problem(await begun.client.get(path, params=query), 400, "MALFORMED")
    assert [error["field"] for error in told["errors"]] == [field]


async def test_what_exists_already_conflicts(begun: Caller) -> None:
    assert (await begun.refused(409, "accounts", number="1", billing_day=1))["field"] == "number"
    assert await begun.refused(409, "tariffs", **BODIES["create_tariff"] | {"code": "t"})
    await begun.pay(100, external_id="same")
    for other in ({"amount": 101}, {"amount": 100, "number": "2"}):
        await begun.account("2") if "number" in other else None
        number = other.pop("number", "1")
        body = {"source": "cash", "external_id": "same"} | other
        told = await begun.refused(409, f"accounts/{number}/payments", **body)
        assert told["code"] == "CONFLICT"
    async with reading() as connection:
        parked = await connection.fetch(
            "SELECT account, amount FROM billing_parked_payment ORDER BY id"
        )
    assert [tuple(row) for row in parked] == [("1", 101), ("2", 100)]


@pytest.mark.parametrize(
    ("path", "body", "code", "allowed_from"),
    [
        ("accounts/1/services", {"tariff": "t", "from": "2026-05-31"}, "TOO_EARLY_DATE", "06-01"),
        ("accounts/1/freezes", {"from": "2026-06-01", "to": "2026-06-20"}, "TOO_EARLY_DATE", "06-02"),
        ("accounts/1/freezes", {"from": "2026-06-02", "to": "2026-06-03"}, "FREEZE_LIMIT", None),
        ("accounts/1/refunds", {"amount": 1, "method": "cash"}, "NOT_REFUNDABLE", None),
        ("accounts/1/promises", {}, "NOT_NEEDED", None),
        ("accounts/1/billing-day", {"day": 5, "from": "2026-06-09"}, "NOT_PERIOD_START", "07-01"),
        ("tariffs/t/versions", BODIES["add_version"] | {"from": "2026-06-02"}, "NOTICE_TOO_SHORT", "06-11"),
        ("day/close", {"through": "2026-05-31"}, "DAY_NOT_OPEN", None),
        ("day/close", {"through": "2199-01-01"}, "TOO_MANY_DAYS", None),
    ],
)  # fmt: skip
async def test_a_rule_that_refuses_is_named_with_the_day_it_will_allow(
    begun: Caller, path: str, body: dict[str, Any], code: str, allowed_from: str | None
) -> None:
    told = is_problem(await begun.try_post(path, body), 422, code)
    assert told.get("allowed_from") == (allowed_from and f"2026-{allowed_from}")


async def test_missing_money_is_told_with_the_refusal(begun: Caller) -> None:
    told = await begun.refused(422, "accounts/1/fees", amount=700, kind="visit", reason="a visit")
    assert (told["code"], told["missing"]) == ("NOT_ENOUGH_FUNDS", 700)
    told = await begun.refused(404, "accounts/1/services/9/end")
    assert told["code"] == "NOT_FOUND"
    await begun.service("t")
    told = await begun.refused(422, "accounts/1/services/1/suspension", on=True, reason="r")
    assert told["code"] == "NOT_POSTPAID"


async def test_a_promise_set_by_staff_needs_a_right_of_its_own(
    begun: Caller, caller: MakeCaller
) -> None:
    clerk = await caller("billing.promise.give", "billing.account.view")
    await clerk.refused(403, "accounts/1/promises", amount=100, days=3)
    await clerk.refused(403, "accounts/1/promises", override=True)
    assert (await clerk.get("me"))["rights"] == ["billing.account.view", "billing.promise.give"]


async def test_confirming_a_correction_needs_a_right_of_its_own(
    begun: Caller, caller: MakeCaller
) -> None:
    await begun.service("t")
    await begun.open_on(date(2026, 6, 3))
    reader = await caller("billing.account.view")
    body = BODIES["recalculate"]
    assert (await reader.try_post("accounts/1/corrections", body)).status_code == 200
    await reader.refused(403, "accounts/1/corrections", **body | {"confirm": True})
    await reader.refused(403, "compensations", **BODIES["compensate"] | {"confirm": True})


async def test_refusals_speak_the_language_asked_for(begun: Caller) -> None:
    said = []
    for language in ("ru-RU,ru;q=0.9,en;q=0.5", "fr, en;q=0.7"):
        answer = await begun.try_post(
            "accounts/1/payments", {"amount": 1.5}, **{"Accept-Language": language}
        )
        said.append(answer.json()["errors"][0]["message"])
    assert said == ["Ожидается целое число.", "A whole number is expected."]


async def test_an_address_that_is_no_call_is_a_problem_too(begun: Caller) -> None:
    is_problem(await begun.client.get("nothing/here"), 404, "NOT_FOUND")
    answer = await begun.client.delete("accounts/1")
    is_problem(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET"


async def test_a_body_beyond_the_limit_is_refused_unread(begun: Caller) -> None:
    answer = await begun.client.post("accounts", content=b" " * 1_100_000)
    is_problem(answer, 413, "TOO_LARGE")


def test_every_call_that_acts_is_tried_here() -> None:
    assert {o.name for o in OPERATIONS if o.method == "POST"} == set(BODIES)
    assert all(o.given is not Nothing for o in OPERATIONS if o.method == "POST")
