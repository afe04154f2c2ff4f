"""What use cases of the card share: whose an account is, and that nobody changed it meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from abonent.billing.queries.books import account_id
from abonent.crm.errors import ChangedMeanwhile, NobodyNamed, NotOnCard

_HOLDER = """
SELECT a.account_id, a.number, a.contract_id, c.subscriber_id, c.legal_entity_id, s.kind
FROM crm_account a
JOIN crm_contract c ON c.id = a.contract_id
JOIN crm_subscriber s ON s.id = c.subscriber_id
WHERE a.account_id = $1
"""
_LAST_TOUCH = (
    "SELECT actor_kind, actor_id, at FROM audit WHERE subject = $1 ORDER BY id DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Holder:
    """An account with its contract and subscriber, by their ids."""

    account_id: int
    number: str
    contract_id: int
    subscriber_id: int
    legal_entity_id: int
    kind: str


async def holder_of(connection: Any, number: str) -> Holder:
    """Whose the account is. Raises AccountNotFound, NobodyNamed."""
    row = await connection.fetchrow(_HOLDER, await account_id(connection, number))
    if row is None:
        raise NobodyNamed(number)
    return Holder(**row)


async def locked(
    connection: Any,
    statement: str,
    keys: tuple[Any, ...],
    *,
    subject: str,
    seen: int | None,
    hidden: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Lock and read a row of the card, which must have the version that was `seen`.

    `subject` is its name in the audit; what is `hidden` does not go into the refusal. Raises
    NotOnCard where there is none, ChangedMeanwhile where a colleague was faster. `seen` is None
    where no reading came before.
    """
    found = await connection.fetchrow(statement, *keys)
    what, _, made = subject.partition(":")
    if found is None:
        raise NotOnCard(what, int(made))
    row = dict(found)
    if seen is not None and row["version"] != seen:
        touch = await connection.fetchrow(_LAST_TOUCH, subject)
        raise ChangedMeanwhile(
            actor=f"{touch['actor_kind']}:{touch['actor_id']}" if touch else "",
            at=touch["at"] if touch else None,
            version=row["version"],
            theirs={name: value for name, value in row.items() if name not in hidden},
        )
    return row


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Names of what is not the same any more, for the audit: values stay out of it."""
    return sorted(name for name, value in after.items() if before.get(name) != value)
