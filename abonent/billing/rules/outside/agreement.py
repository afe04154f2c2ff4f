"""An agreement on taking payments: who brings them, where from, within which bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, BinaryIO, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from abonent.billing.rules.outside.camt import read_camt
from abonent.billing.rules.outside.client_bank import UTF_16, read_client_bank
from abonent.billing.rules.outside.guards import read_network
from abonent.billing.rules.outside.incoming import Incoming, Piece
from abonent.billing.rules.outside.purpose import Recognition
from abonent.billing.rules.outside.registry import RegistryForm, read_registry
from abonent.kernel.i18n import N_

LARGEST = 10**12
DEFAULT_MOST = 10_000_000


class AgreementKind(StrEnum):
    """How the other side brings payments."""

    TERMINAL = "terminal"
    BANK_FILE = "bank_file"
    REGISTRY = "registry"
    CARD = "card"


KIND_NAMES = {
    AgreementKind.TERMINAL: N_("Terminals"),
    AgreementKind.BANK_FILE: N_("Bank statement"),
    AgreementKind.REGISTRY: N_("Registry of payments"),
    AgreementKind.CARD: N_("Cards on the Internet"),
}

Network = Annotated[str, AfterValidator(read_network)]
Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=200)]


class AgreementTerms(BaseModel):
    """What is agreed. Amounts in minor units; `commission` in hundredths of a percent.

    `source` is what its payments are called in the books; empty, it is the code. `address` is where
    a card processor is asked about a payment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    code: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
    name: Annotated[Line, Field(min_length=1)]
    kind: AgreementKind
    legal_entity: Annotated[str, Field(min_length=1, max_length=64)]
    bank_account: Annotated[str, Field(pattern=r"^([A-Z0-9]{5,34})?$")] = ""
    source: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{0,64}$")] = ""
    commission: Annotated[int, Field(ge=0, le=10_000)] = 0
    least: Annotated[int, Field(ge=1, le=LARGEST)] = 1
    most: Annotated[int, Field(ge=1, le=LARGEST)] = DEFAULT_MOST
    networks: Annotated[tuple[Network, ...], Field(max_length=100)] = ()
    processor: Literal["", "yookassa", "stripe"] = ""
    address: Annotated[str, Field(pattern=r"^(https?://[^\s]{1,200})?$")] = ""
    form: RegistryForm = RegistryForm()
    recognition: Recognition = Recognition()
    active: bool = True


@dataclass(frozen=True, slots=True)
class Agreement:
    """An agreement as it is kept; its secrets are not among it."""

    id: int
    legal_entity_id: int
    terms: AgreementTerms

    @property
    def code(self) -> str:
        """Its name in addresses and commands."""
        return self.terms.code

    @property
    def source(self) -> str:
        """The source its payments bear."""
        return self.terms.source


def pieces_of(terms: AgreementTerms, file: BinaryIO) -> Iterator[Piece]:
    """Read a file as the agreement says; a bank's file is told by its first sign.

    Of equal payments in one file each further one gets a number of its own: "104#2".
    """
    seen: Counter[str] = Counter()
    for piece in _read(terms, file):
        if not isinstance(piece, Incoming):
            yield piece
            continue
        seen[piece.external_id] += 1
        times = seen[piece.external_id]
        if times == 1:
            yield piece
        else:
            yield replace(piece, external_id=f"{piece.external_id}#{times}", ordinal=times)


def _read(terms: AgreementTerms, file: BinaryIO) -> Iterator[Piece]:
    if terms.kind is not AgreementKind.BANK_FILE:
        return read_registry(file, form=terms.form)
    head = file.read(64)
    file.seek(0)
    text = head.decode("utf-16" if head[:2] in UTF_16 else "utf-8-sig", "ignore")
    if text.lstrip().startswith("<"):
        return read_camt(file, bank_account=terms.bank_account)
    return read_client_bank(file, bank_account=terms.bank_account)
