"""Networks, passwords, signatures; secrets that print as nothing; the answers of the protocol."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from abonent.billing.queries.outside.agreements import agreement_of, secrets_of
from abonent.billing.rules.outside.agreement import AgreementKind, AgreementTerms
from abonent.billing.rules.outside.guards import basic_credentials, comes_from
from abonent.billing.rules.outside.osmp import Result, answer_xml
from abonent.billing.service.outside.agreements import (
    change_agreement,
    make_agreement,
    set_key,
    set_password,
)
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import Conflict, Forbidden, Malformed, NotFound

TERMS = AgreementTerms(code="a", name="А", kind=AgreementKind.TERMINAL, legal_entity="main")


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("79.142.16.1", True), ("79.142.32.1", False), ("::ffff:79.142.16.1", True),
        ("2a02:5180::5", True), ("2a03::1", False), ("", False), ("unix", False),
    ],
)  # fmt: skip
def test_an_address_lies_in_a_network(address: str, *, inside: bool) -> None:
    assert comes_from(address, ("79.142.16.0/20", "2a02:5180::/32")) is inside
    assert comes_from(address, ()) is True


def test_basic_credentials_are_read_or_are_none() -> None:
    good = b64encode("логин:па:роль".encode()).decode()
    assert basic_credentials(f"basic {good}") == ("логин", "па:роль")
    for header in ("", "Bearer x", "Basic", "Basic ***", f"Basic {b64encode(b'x').decode()}"):
        assert basic_credentials(header) is None


def test_an_answer_is_xml_whatever_was_asked() -> None:
    body = answer_xml(Result.OTHER, txn_id="<a>&\x00", comment="\ud800]]>")
    assert b"<osmp_txn_id>&lt;a&gt;&amp;</osmp_txn_id>" in body


async def test_secrets_are_nowhere_to_be_read(db: Any) -> None:
    agreement = await make_agreement(TERMS, by=SYSTEM)
    await set_password("a", login="terminal", password="correct horse battery", by=SYSTEM)
    await set_key("a", key="live_secret", by=SYSTEM)
    secrets = await secrets_of(agreement)
    audited = await db.fetch("SELECT before, after FROM audit")
    told = f"{agreement} {secrets} {audited}"
    assert "live_secret" not in told
    assert "horse" not in told
    kept = await db.fetch("SELECT value FROM billing_agreement_secret")
    assert not any(b"horse" in row["value"] for row in kept)
    assert secrets["key"].text == "live_secret"


async def test_agreements_are_told_apart_by_code_and_source(db: Any) -> None:
    await make_agreement(TERMS, by=SYSTEM)
    with pytest.raises(Conflict) as known:
        await make_agreement(TERMS, by=SYSTEM)
    assert known.value.field == "code"
    other = TERMS.model_copy(update={"code": "b", "source": "a"})
    with pytest.raises(Conflict) as known:
        await make_agreement(other, by=SYSTEM)
    assert known.value.field == "source"
    with pytest.raises(NotFound):
        await make_agreement(TERMS.model_copy(update={"code": "c", "legal_entity": "x"}), by=SYSTEM)
    await change_agreement(TERMS.model_copy(update={"name": "Б"}), by=SYSTEM)
    assert (await agreement_of("a")).terms.name == "Б"


async def test_what_an_agreement_lacks_is_told_at_once(db: Any) -> None:
    wrong = AgreementTerms(
        code="b", name="Б", kind=AgreementKind.BANK_FILE, legal_entity="main", least=5, most=4
    )
    with pytest.raises(Malformed) as told:
        await make_agreement(wrong, by=SYSTEM)
    assert {error.field for error in told.value.errors} == {"bank_account", "most"}
    clerk = Actor("user", "1", "Клерк", frozenset({"billing.payment.settle"}))
    with pytest.raises(Forbidden):
        await make_agreement(TERMS, by=clerk)
    await make_agreement(TERMS, by=SYSTEM)
    with pytest.raises(Malformed):
        await set_password("a", login="x", password="short", by=SYSTEM)
