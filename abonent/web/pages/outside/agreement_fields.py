"""The fields of an agreement's dialogs: what is agreed, how its registry is written, which words tell."""

from __future__ import annotations

from abonent.billing.rules.outside.agreement import KIND_NAMES
from abonent.billing.rules.outside.registry import DAY_FORMATS
from abonent.kernel.i18n import N_
from abonent.web.fields import Field, Kind

_PROCESSORS = (("yookassa", "YooKassa"), ("stripe", "Stripe"))
_ENCODINGS = tuple((name, name) for name in ("cp1251", "utf-8", "cp866", "koi8-r"))
COLUMN_NAMES = {
    "day": N_("Day"),
    "time": N_("Time"),
    "number": N_("Number of the payment"),
    "account": N_("Account"),
    "payer": N_("Payer"),
    "purpose": N_("Purpose"),
    "amount": N_("Amount"),
}

TERMS = (
    Field(name="name", label=N_("Name"), half=True),
    Field(
        name="kind", label=N_("Kind"), kind=Kind.CHOICE, half=True,
        choices=[(kind.value, name) for kind, name in KIND_NAMES.items()],
    ),
    Field(name="legal_entity", label=N_("Company"), kind=Kind.CHOICE, half=True),
    Field(
        name="bank_account", label=N_("Bank account"), required=False, half=True,
        hint=N_("Into which the money comes."),
    ),
    Field(
        name="source", label=N_("Source in the books"), required=False, half=True, longest=64,
        hint=N_("What its payments are called; empty: the code."),
    ),
    Field(
        name="commission", label=N_("Commission, %"), kind=Kind.PERCENT, required=False, half=True
    ),
    Field(name="least", label=N_("Smallest payment"), kind=Kind.AMOUNT, required=False, half=True),
    Field(name="most", label=N_("Largest payment"), kind=Kind.AMOUNT, half=True),
    Field(
        name="networks", label=N_("Networks it may call from"), kind=Kind.AREA, required=False,
        longest=2000, hint=N_("One in a line, such as 79.142.16.0/20. Empty: from everywhere."),
    ),
    Field(
        name="processor", label=N_("Card processor"), kind=Kind.CHOICE, required=False, half=True,
        choices=_PROCESSORS,
    ),
    Field(
        name="address", label=N_("Where it answers"), required=False, half=True,
        hint=N_("For YooKassa: https://api.yookassa.ru/v3"),
    ),
    Field(name="active", label=N_("In force"), kind=Kind.TICK),
)  # fmt: skip
FORM = (
    Field(name="encoding", label=N_("Letters"), kind=Kind.CHOICE, half=True, choices=_ENCODINGS),
    Field(
        name="delimiter", label=N_("Between columns"), half=True, longest=2,
        hint=N_("One sign; a tab is \\t."),
    ),
    Field(
        name="day_format", label=N_("How days are written"), kind=Kind.CHOICE, half=True,
        choices=[(name, name) for name in DAY_FORMATS],
    ),
    Field(name="header_lines", label=N_("Lines of heading"), kind=Kind.NUMBER, half=True, most=20),
    *(
        Field(
            name=f"column_{name}", label=label, kind=Kind.NUMBER, required=False, half=True,
            least=-100, most=100, hint=N_("Number of the column; below 0: from the end."),
        )
        for name, label in COLUMN_NAMES.items()
    ),
    Field(
        name="totals", label=N_("How the line of totals begins"), required=False, half=True,
        longest=16, hint=N_("Empty: the file has none."),
    ),
    Field(
        name="totals_count", label=N_("Count in the totals"), kind=Kind.NUMBER, half=True,
        least=-100, most=100,
    ),
    Field(
        name="totals_amount", label=N_("Amount in the totals"), kind=Kind.NUMBER, half=True,
        least=-100, most=100,
    ),
)  # fmt: skip
FORM_FIELDS = (
    "encoding", "delimiter", "day_format", "header_lines", "totals", "totals_count",
    "totals_amount",
)  # fmt: skip
WORDS = (
    Field(
        name="account_words", label=N_("Words before an account number"), required=False,
        longest=1000, hint=N_("Through commas, as payers write them: л/с, лицевой счет."),
    ),
    Field(
        name="contract_words", label=N_("Words before a contract number"), required=False,
        longest=1000,
    ),
    Field(
        name="bare_digits", label=N_("Digits of a number without a word"), kind=Kind.NUMBER,
        most=16,
        hint=N_("A number by itself is looked up from so many digits on; 0: never."),
    ),
)  # fmt: skip
LOGIN = Field(name="login", label=N_("Login"), longest=100)
