"""Bank statements of ISO 20022: camt.053 of every version, entry by entry.

A document type declaration is refused: statements have none, and with it go entities and whatever
else a file could make the reader fetch or unfold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers import expat

from abonent.billing.rules.outside.camt_entries import entry_pieces, money_of, text_at
from abonent.billing.rules.outside.camt_tree import Node
from abonent.billing.rules.outside.incoming import (
    Incoming,
    Other,
    OtherKind,
    Piece,
    Trouble,
    Wrong,
)

NAME = "camt.053"
_CHUNK = 1 << 16
_DEEPEST = 64
_MOST_NODES = 200_000
"""Elements within one entry or the head of a statement: a batch of thousands has some dozens each."""


class _NotAStatementError(Exception):
    """The XML is not a statement, or not one that is read."""


@dataclass(slots=True)
class _Statement:
    """What was read of one statement: its head, and what its entries come to."""

    head: Node
    checked: bool = False
    credits: int = 0
    debits: int = 0
    unread: bool = False


class _Reader:
    """Builds small trees from the parser's events: one per entry, one of each statement's head."""

    def __init__(self, bank_account: str) -> None:
        self._bank_account = bank_account
        self._path: list[str] = []
        self._open: list[Node] = []
        self._nodes = 0
        self._statement: _Statement | None = None
        self.ready: list[Piece] = []
        self.statements = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype

    def _refuse_doctype(self, *_: object) -> None:
        raise _NotAStatementError("DOCTYPE")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, tag = name.rpartition(" ")
        if not self._path and (tag != "Document" or ":camt.053." not in namespace):
            raise _NotAStatementError(name)
        self._path.append(tag)
        if len(self._path) > _DEEPEST:
            raise _NotAStatementError(f"<{tag}> × {_DEEPEST}")
        if tag == "Stmt" and self._statement is None:
            self.statements += 1
            self._statement = _Statement(Node("Stmt", self.parser.CurrentLineNumber))
            self._open, self._nodes = [self._statement.head], 0
        elif self._statement is not None:
            self._nodes += 1
            if self._nodes > _MOST_NODES:
                raise _NotAStatementError(f"<{tag}> × {_MOST_NODES}")
            node = Node(tag, self.parser.CurrentLineNumber, attributes)
            if tag == "Ntry" and len(self._open) == 1:
                self._begin_entries()
            else:
                self._open[-1].children.append(node)
            self._open.append(node)

    def _end(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        self._path.pop()
        statement = self._statement
        if statement is None:
            return
        done = self._open.pop()
        if tag == "Ntry" and len(self._open) == 1:
            self._nodes = 0
            self._take_entry(statement, done)
        elif not self._open:
            self._begin_entries()
            self.ready += _checked(statement)
            self._statement = None

    def _text(self, text: str) -> None:
        if self._statement is not None and self._open:
            self._open[-1].parts.append(text)

    def _begin_entries(self) -> None:
        """Check whose statement it is, when its head is complete."""
        statement = self._statement
        if statement is None or statement.checked:
            return
        statement.checked = True
        head = statement.head
        told = text_at(head, "Acct/Id/IBAN") or text_at(head, "Acct/Id/Othr/Id")
        if told != self._bank_account:
            params = {"value": told or "—", "expected": self._bank_account}
            self.ready.append(Trouble(head.line, Wrong.ANOTHER_BANK_ACCOUNT, params))

    def _take_entry(self, statement: _Statement, entry: Node) -> None:
        for piece in entry_pieces(entry):
            if isinstance(piece, Incoming) or (
                isinstance(piece, Other) and piece.kind is OtherKind.GIVEN_BACK_TO_US
            ):
                statement.credits += piece.amount
            elif isinstance(piece, Other):
                statement.debits += piece.amount
            elif piece.wrong is Wrong.BATCH_WITHOUT_PARTS:
                statement.credits += int(piece.params["amount"])
            elif piece.wrong is not Wrong.NOT_BOOKED:
                statement.unread = True
            self.ready.append(piece)


def read_camt(file: BinaryIO, *, bank_account: str) -> Iterator[Piece]:
    """Read a statement piece by piece, whatever its version and namespace prefix."""
    reader = _Reader(bank_account)
    try:
        while chunk := file.read(_CHUNK):
            reader.parser.Parse(chunk, False)
            yield from reader.ready
            reader.ready = []
        reader.parser.Parse(b"", True)
        yield from reader.ready
    except _NotAStatementError as error:
        yield from reader.ready
        yield _refused(reader, str(error))
    except (expat.ExpatError, ValueError, LookupError) as error:
        yield from reader.ready
        yield _refused(reader, str(error))
    else:
        if not reader.statements:
            yield _refused(reader, "Stmt")


def _refused(reader: _Reader, problem: str) -> Trouble:
    line = reader.parser.CurrentLineNumber
    return Trouble(line, Wrong.NOT_THIS_FORMAT, {"format": NAME, "problem": problem})


def _checked(statement: _Statement) -> Iterator[Trouble]:
    """Opening balance + credits − debits = closing balance, where both are told."""
    balances = {
        text_at(balance, "Tp/CdOrPrtry/Cd"): money_of(balance)
        for balance in statement.head.all("Bal")
    }
    opening = balances.get("OPBD", balances.get("PRCD"))
    closing = balances.get("CLBD")
    if opening is None or closing is None or statement.unread:
        return
    if opening + statement.credits - statement.debits != closing:
        params = {
            "opening": opening,
            "came": statement.credits,
            "went": statement.debits,
            "closing": closing,
        }
        yield Trouble(statement.head.line, Wrong.BALANCES_DIFFER, params)
