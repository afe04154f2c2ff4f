"""Every kopeck explains itself: an entry in words and numbers, Russian or English (ENGINE 1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from abonent.billing.rules.book import Kind, Posting, Tariff
from abonent.billing.rules.calculation import (
    Part,
    Prices,
    Run,
    frozen_day_fee,
    inputs_of,
    last_day,
    part_of,
    recomputed,
    runs_of,
    tariff_of,
    version_number,
)
from abonent.billing.rules.circumstances import Circumstances, posted_by
from abonent.billing.rules.periods import tax_in
from abonent.kernel.i18n import N_, gettext, ngettext
from abonent.kernel.money import half_up

KIND_NAMES: dict[Kind, str] = {
    Kind.CHARGE: N_("Charge"),
    Kind.CONNECTION: N_("Connection fee"),
    Kind.FEE: N_("One-off fee"),
    Kind.PROMISE_FEE: N_("Fee for a promised payment"),
    Kind.FREEZE_FEE: N_("Fee for a freeze"),
    Kind.PAYMENT: N_("Payment"),
    Kind.REVERSAL: N_("Reversal of a payment"),
    Kind.RETURN: N_("Return for unused days"),
    Kind.ADJUSTMENT: N_("Adjustment to a new price"),
    Kind.CORRECTION: N_("Recalculation"),
    Kind.COMPENSATION: N_("Compensation of an outage"),
    Kind.REFUND: N_("Refund"),
    Kind.BONUS: N_("Bonus"),
    Kind.WRITE_OFF: N_("Write-off"),
    Kind.OPENING: N_("Opening balance"),
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """How an entry came about: one paragraph, its figures, its steps, and its amount made anew.

    `total` is signed as the entry is and equals its amount when the books are right; `posted` says
    who posted it, and is the last step.
    """

    text: str
    inputs: dict[str, Any]
    steps: list[str]
    total: int
    posted: str

    @property
    def more(self) -> list[str]:
        """The steps that the paragraph has not said already."""
        return [step for step in self.steps if step not in self.text]


def kind_name(kind: Kind, language: str | None = None) -> str:
    """The name of a kind of entry."""
    return gettext(KIND_NAMES[kind], language)


def explain(
    posting: Posting,
    *,
    catalogue: Prices,
    language: str,
    account_number: str | None = None,
    actor: str | None = None,
    actor_name: str | None = None,
) -> Explanation:
    """Explain an entry; `actor` is its "kind:id", `actor_name` what people call that one.

    `account_number` completes the numbers of other entries. 46000 a month from 14 to 30 September:
    "460,00 ₽ × (30/30 − 13/30) = 260,67 ₽. ..."
    """
    told = _Telling(posting, catalogue, language, account_number)
    posted = posted_by(posting, actor, actor_name, language)
    steps = list(dict.fromkeys([*told.lines(), *told.around(), posted]))
    text = " ".join(dict.fromkeys([told.headline(), *told.short()]))
    return Explanation(text, inputs_of(posting, catalogue), steps, recomputed(posting), posted)


class _Telling:
    """One entry being told in one language."""

    def __init__(
        self, posting: Posting, prices: Prices, language: str, account_number: str | None
    ) -> None:
        self.posting = posting
        self.language = language
        self.number = account_number
        self.tariff: Tariff | None = tariff_of(posting, prices)
        self.parts = [part_of(line) for line in posting.slices]
        self.runs: list[Run] = runs_of(posting.amounts) if posting.amounts else []
        self.total = recomputed(posting)
        self.circumstances = Circumstances(posting, language, self.entry)

    def say(self, msgid: str, **params: Any) -> str:
        return gettext(msgid, self.language, **params)

    def entry(self, no: int) -> str:
        return f"{self.number}-{no}" if self.number else f"№ {no}"

    # the first sentence: a formula where there is one

    def headline(self) -> str:
        posting = self.posting
        if len(self.parts) == 1:
            return self._formula(self.parts[0])
        if self.parts:
            return self._sum([part.amount for part in self.parts], -self.total)
        if self.runs:
            return self._days_headline()
        per_day = frozen_day_fee(posting)
        if posting.kind is Kind.FREEZE_FEE and per_day:
            formula = N_("{fee:money} × {days} = {amount:money}.")
            return self.say(formula, fee=per_day[1], days=per_day[0], amount=-self.total)
        name = kind_name(posting.kind, self.language)
        shown = -self.total if posting.kind is not Kind.OPENING and self.total < 0 else self.total
        return self.say(N_("{name}: {amount:money}."), name=name, amount=shown)

    def _formula(self, part: Part) -> str:
        length, upto = part.slice.period.days, part.before + part.days
        known = {"fee": part.fee, "amount": part.amount, "days": length}
        if part.before == 0 and upto == length:
            return self.say(N_("{fee:money} for the whole period."), **known)
        if part.before == 0:
            return self.say(N_("{fee:money} × {to}/{days} = {amount:money}."), to=upto, **known)
        return self.say(
            N_("{fee:money} × ({to}/{days} − {before}/{days}) = {amount:money}."),
            to=upto,
            before=part.before,
            **known,
        )

    def _sum(self, amounts: list[int], total: int) -> str:
        terms = " + ".join(self.say("{amount:money}", amount=amount) for amount in amounts)
        return self.say(N_("{terms} = {amount:money}."), terms=terms, amount=total)

    def _days_headline(self) -> str:
        days = sum(run.days for run in self.runs)
        span = {"first": self.runs[0].first, "last": self.runs[-1].last}
        sign = -1 if self.total < 0 else 1
        known = {**span, "amount": sign * self.total}
        if days == 1:
            one_day = N_("{amount:money} back for one day, {first}.")
            more = N_("{amount:money} more for one day, {first}.")
            return self.say(more if self.total < 0 else one_day, **known)
        if self.total < 0:
            one = N_("{amount:money} more for {number} day from {first} to {last}.")
            many = N_("{amount:money} more for {number} days from {first} to {last}.")
        else:
            one = N_("{amount:money} back for {number} day from {first} to {last}.")
            many = N_("{amount:money} back for {number} days from {first} to {last}.")
        return ngettext(one, many, days, self.language, **known)

    # what the paragraph says after the formula

    def short(self) -> Iterator[str]:
        posting = self.posting
        if self._kind_untold():
            yield kind_name(posting.kind, self.language) + "."
        for part in self.parts:
            yield from filter(None, (self._version(part), self._discount(part)))
        if len(self.parts) == 1:
            yield self._days(self.parts[0])
        if self.tariff and not self.parts:
            yield self.say(N_("Tariff “{name}”."), name=self.tariff.name)
        yield from self.circumstances.sentences()
        if posting.tax_rate:
            yield self._tax()

    def _kind_untold(self) -> bool:
        """Tell whether the first sentence was figures alone that a charge would have as well."""
        kind = self.posting.kind
        if self.parts or kind is Kind.RETURN:
            return False
        return bool(self.runs) or kind is Kind.FREEZE_FEE

    def _version(self, part: Part) -> str:
        name = self.tariff.name if self.tariff else ""
        numbered = version_number(self.tariff, part.slice.version)
        if not numbered:
            return self.say(N_("Tariff “{name}”."), name=name) if name else ""
        known = {"name": name, "version": numbered[0], "since": numbered[1]}
        if numbered[1] <= date(2000, 1, 1):
            return self.say(N_("Tariff “{name}”, version {version}."), **known)
        return self.say(N_("Tariff “{name}”, version {version} of {since}."), **known)

    def _days(self, part: Part) -> str:
        line = part.slice
        known = {"days": line.period.days, "first": line.start, "last": last_day(line.end)}
        if part.days == 1:
            return self.say(N_("One day of {days}: {first}."), **known)
        return ngettext(
            N_("{number} day of {days}: from {first} to {last}."),
            N_("{number} days of {days}: from {first} to {last}."),
            part.days,
            self.language,
            **known,
        )

    def _discount(self, part: Part) -> str:
        line = part.slice
        if not line.percent and not line.off:
            return ""
        known = {"base": line.base, "percent": self._percent(line.percent), "off": line.off}
        if not line.off:
            formula = N_("Fee {base:money} less {percent} % = {fee:money}.")
        elif not line.percent:
            formula = N_("Fee {base:money} less {off:money} = {fee:money}.")
        else:
            formula = N_("Fee {base:money} less {percent} %, less {off:money} = {fee:money}.")
        return self.say(formula, fee=part.fee, **known)

    def _percent(self, hundredths: int) -> str:
        whole, rest = divmod(hundredths, 100)
        point = "," if self.language == "ru" else "."
        return f"{whole}{point}{rest:02}".rstrip("0") if rest else str(whole)

    def _tax(self) -> str:
        rate = self.posting.tax_rate
        tax = half_up(self.total * rate, 10_000 + rate)
        known = {"rate": self._percent(rate), "tax": abs(tax), "code": self.posting.tax_code}
        if self.posting.tax_code == "vat":
            return self.say(N_("Includes VAT, {rate} %: {tax:money}."), **known)
        return self.say(N_("Includes tax “{code}”, {rate} %: {tax:money}."), **known)

    # the steps: how it is reckoned, line by line

    def lines(self) -> Iterator[str]:
        for part in self.parts:
            yield from filter(None, (self._version(part), self._discount(part)))
            if len(self.parts) == 1:
                yield self._days(part)
                yield self._share(part)
            else:
                yield f"{self._days(part)} {self._share(part)}"
        for run in self.runs:
            yield self._run(run)
        if len(self.parts) > 1:
            yield self._sum([part.amount for part in self.parts], -self.total)
        if len(self.runs) > 1:
            yield self._sum([run.days * run.amount for run in self.runs], self.total)
        if not self.parts and not self.runs:
            yield self.headline()

    def _share(self, part: Part) -> str:
        length, upto = part.slice.period.days, part.before + part.days
        known = {
            "fee": part.fee,
            "days": length,
            "to": upto,
            "upto": half_up(part.fee * upto, length),
            "before": part.before,
            "earlier": half_up(part.fee * part.before, length),
            "amount": part.amount,
        }
        if part.before == 0:
            return self._formula(part)
        formula = N_(
            "{fee:money} × {to}/{days} = {upto:money}; less {fee:money} × {before}/{days} = "
            "{earlier:money}; remain {amount:money}."
        )
        return self.say(formula, **known)

    def _run(self, run: Run) -> str:
        known = {"first": run.first, "last": run.last, "amount": run.amount, "days": run.days}
        if run.days == 1:
            return self.say(N_("{first}: {amount:money}."), **known)
        formula = N_("{first} to {last}: {amount:money} × {days} = {sum:money}.")
        return self.say(formula, sum=run.amount * run.days, **known)

    def around(self) -> Iterator[str]:
        posting = self.posting
        yield from self.circumstances.sentences()
        if posting.tax_code is not None and posting.tax_rate:
            formula = N_("Tax inside: {amount:money} × {rate} / (100 + {rate}) = {tax:money}.")
            tax = tax_in(posting.amount, posting.tax_rate)
            rate = self._percent(posting.tax_rate)
            yield self.say(formula, amount=abs(self.total), rate=rate, tax=abs(tax))
