"""What a proof can find: the checks in words, differences, and what was checked."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field

from abonent.kernel.i18n import N_, gettext
from abonent.kernel.jsontext import from_json, to_json

MOST = 10_000
"""Differences kept for the report; all are counted."""

CHECKS = {
    "BALANCE": N_("The cached balance is not the sum of the entries."),
    "NUMBERING": N_("Entry numbers have gaps or repeat."),
    "ENTRIES_LOST": N_("There are entries of an account that does not exist."),
    "NUMBER": N_("The account cannot be found by its number."),
    "CALCULATION": N_("The entry's calculation does not come to its amount."),
    "PRICE": N_("The fee is not that of the tariff's version."),
    "TAX": N_("The tax does not follow from amount and rate."),
    "THROUGH": N_("The days of a daily entry do not fit its posting day."),
    "DAY": N_("The day lies ahead of the open one."),
    "CORRECTS": N_("The entry corrects nothing."),
    "CORRECTION": N_("More was given back than the charge held."),
    "REVERSAL": N_("The reversal does not mirror its payment."),
    "RETURN": N_("A return is not what the charge held."),
    "CHARGED_TWICE": N_("A day is charged twice."),
    "CHARGED_UNSERVED": N_("A day is charged that was not served."),
    "SERVED": N_("The service's state does not follow from its charges."),
    "SETTLED_TO": N_("Days of a daily service would be skipped or charged twice."),
    "BILLED_TO": N_("Days of a postpaid service would be charged twice."),
    "SERVICE": N_("An entry names a service the account does not have."),
    "STATE": N_("The account's state does not follow from its services."),
    "BONUS": N_("The bonus does not follow from the entries."),
    "HELD_SINCE": N_("A charge that still holds days would be overlooked."),
    "DUE_DAY": N_("The account would not be opened when something happens to it."),
    "PAYMENT": N_("The inbox and the payment's entry disagree."),
    "RUN": N_("A run of a day is not finished."),
    "MONTH": N_("The month's roll-up is not what its entries say."),
    "SHEET": N_("The turnover sheet does not close, or its levels differ."),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Something wrong: which account (None for the whole base), about what, both values."""

    check: str
    account: str | None
    subject: str
    expected: str
    found: str

    def text(self, language: str | None = None) -> str:
        """Say what is wrong in a language (default: the current one)."""
        return gettext(CHECKS[self.check], language)


@dataclass(slots=True)
class Proof:
    """What was checked and what differs; `differences` keeps the first MOST, `count` all."""

    accounts: int = 0
    entries: int = 0
    seconds: float = 0.0
    count: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """True when nothing differs."""
        return self.count == 0

    def add(
        self, check: str, account: str | None, subject: str, expected: object, found: object
    ) -> None:
        """Record a difference."""
        self.count += 1
        if len(self.differences) < MOST:
            one = Difference(check, account, subject, str(expected), str(found))
            self.differences.append(one)

    def join(self, part: Proof) -> None:
        """Add what the proof of a part came to."""
        self.accounts += part.accounts
        self.entries += part.entries
        self.count += part.count
        self.differences += part.differences[: MOST - len(self.differences)]

    def packed(self) -> str:
        """The proof of a part as one line of text, for the process that asked for it."""
        found = [astuple(one) for one in self.differences]
        return to_json([self.accounts, self.entries, self.count, found])

    @classmethod
    def unpacked(cls, text: str | bytes) -> Proof:
        """The proof of a part from its line of text."""
        accounts, entries, count, found = from_json(text)
        differences = [Difference(*one) for one in found]
        return cls(accounts, entries, count=count, differences=differences)
