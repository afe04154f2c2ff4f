"""Proving the accounts of a span of ids: their sums, their stray rows, every day's coverage.

A span is a task, one line of text, so that helper processes may be given it.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

from abonent.billing.queries import proof as asked
from abonent.billing.queries.books import Loaded, installation, load_books
from abonent.billing.queries.entries import posting_of
from abonent.billing.rules.book import Posting
from abonent.billing.rules.proof import prove
from abonent.billing.rules.standing import account_state
from abonent.billing.service.differences import Proof
from abonent.kernel.snapshot import shared_snapshot

BATCH = 1000
"""Accounts in memory at a time, read in one state of the database."""

_END = 2**63 - 1


async def tasks() -> deque[str]:
    """The spans of a batch of accounts each that all ids, also those of no account, lie in."""
    async with shared_snapshot() as connection:
        rows = await connection.fetch(asked.BORDERS, BATCH)
    borders = [0, *(row["account_id"] for row in rows), _END]
    return deque(f"{after} {until}" for after, until in pairwise(borders))


async def prove_accounts(task: str) -> Proof:
    """Prove the accounts of a span, a batch at a time however many have come since it was drawn."""
    proof = Proof()
    after, until = map(int, task.split())
    while after < until:
        async with shared_snapshot() as connection, _uncollected():
            rows = await connection.fetch(asked.ACCOUNTS, after, until, BATCH)
            last = rows[-1]["account_id"] if len(rows) == BATCH else until
            await _batch(connection, proof, rows, span=(after, last))
        proof.accounts += len(rows)
        after = last
    return proof


@asynccontextmanager
async def _uncollected() -> AsyncIterator[None]:
    """Look for no garbage in cycles: a batch makes many objects that all live to its end.

    Looking again and again would take a third of the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


async def _batch(connection: Any, proof: Proof, rows: list[Any], *, span: tuple[int, int]) -> None:
    """Everything about the accounts of a span of ids, and about entries that belong to none."""
    numbers = {row["account_id"]: row["number"] for row in rows}
    here = await installation(connection)
    entries: dict[int, list[Posting]] = {account: [] for account in numbers}
    for row in await connection.fetch(asked.ENTRIES, *span):
        try:
            entry = posting_of(row, here.catalogue)
        except KeyError as unknown:
            number = numbers.get(row["account_id"])
            proof.add("PRICE", number, f"entry {row['no']}", "a known version", unknown.args[0])
            continue
        entries.setdefault(row["account_id"], []).append(entry)
    for row in rows:
        _sums(proof, row, entries[row["account_id"]])
    for account in entries.keys() - numbers:
        stray = len(entries[account])
        proof.add("ENTRIES_LOST", None, f"account id {account}", 0, stray)
    for row in await connection.fetch(asked.STRAY_ENTRIES, *span):
        number = numbers.get(row["account_id"])
        proof.add(row["check"], number, f"entry {row['no']}", row["expected"], row["found"])
    for row in await connection.fetch(asked.LOST_ACCOUNTS, *span):
        proof.add(row["check"], row["number"], "account", row["expected"], row["found"])
    kept = {row["account_id"]: row for row in rows}
    for loaded in await load_books(connection, numbers, entries=entries):
        account = loaded.book.account
        _coverage(proof, loaded, entries[account], kept[account])


def _sums(proof: Proof, row: Any, own: Sequence[Posting]) -> None:
    number, last = row["number"], row["last_no"]
    proof.entries += len(own)
    balance = sum([entry.amount for entry in own])
    if row["balance"] != balance:
        proof.add("BALANCE", number, "balance", balance, row["balance"])
    if [entry.no for entry in own] != list(range(1, last + 1)):
        found = f"{len(own)} entries, {own[0].no} to {own[-1].no}" if own else "no entries"
        proof.add("NUMBERING", number, "entries", f"1 to {last}", found)


def _coverage(proof: Proof, loaded: Loaded, entries: Sequence[Posting], kept: Any) -> None:
    """Prove an account's coverage by the rules."""
    found = prove(loaded.book, entries, due=loaded.due, held_since=kept["held_since"])
    for one in found:
        proof.add(one.check, loaded.number, one.subject, one.expected, one.found)
    state = account_state(loaded.book)
    if state != kept["state"]:
        proof.add("STATE", loaded.number, "state", state, kept["state"])
