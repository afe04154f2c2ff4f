"""Fills an empty database with the demo provider: its base, then its days one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice

from abonent.billing.errors import AlreadyExists
from abonent.billing.queries.day import day_state
from abonent.billing.rules.periods import clamped
from abonent.billing.service import days, tariffs
from abonent.billing.service.entities import name_legal_entity
from abonent.billing.service.imports.payments import PaymentRow, take_payments
from abonent.crm.demo import (
    acts,
    campaigns,
    cards,
    chats,
    claims,
    conversations,
    knowledge,
    messages,
    outside,
    requests,
    scripts,
    surveys,
    visits,
    yesterday,
)
from abonent.crm.demo.acts import DEMO
from abonent.crm.demo.offices import OFFICE, make_offices
from abonent.crm.demo.plan import (
    FIRST_NUMBER,
    Habit,
    Household,
    Payer,
    Payment,
    household,
    opening_balance,
    paid_until,
    payer_of,
    payments_of_month,
)
from abonent.crm.demo.staff import Hire, Staff, hire_nobody
from abonent.crm.demo.tariffs import BY_CODE, TARIFFS
from abonent.crm.service.imports.rows import SubscriberRow
from abonent.crm.service.imports.subscribers import take_subscribers
from abonent.crm.service.lasting import look_ahead
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.intake import Numbered
from abonent.kernel.settings import Settings

BATCH = 2000
BUSINESS = "business"
_OLDER_PRICE, _NEW_PRICE, _PRICED_AFTER = "opt50", 49000, 20
_KNOWN = 2000
_OFFICE_DAYS = 2
_AHEAD = 7
"""Payments come up to so many days before the period they are for."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What to make: so many subscribers, living through the months that end on `day`."""

    subscribers: int
    months: int
    seed: int
    day: date

    @property
    def first(self) -> date:
        """The first business day."""
        months = self.day.year * 12 + self.day.month - 1 - self.months
        return clamped(months // 12, months % 12 + 1, self.day.day)


@dataclass(slots=True)
class World:
    """The demo in the making: who pays, and what has been planned to come in."""

    demo: Demo
    settings: Settings
    payers: list[Payer] = field(default_factory=list)
    coming: dict[date, list[Payment]] = field(default_factory=dict)
    planned: date = date.min
    staff: Staff = field(default_factory=Staff)

    @property
    def known(self) -> list[Household]:
        """Those whom the office has to do with by hand: the first ones."""
        demo = self.demo
        return [
            household(index, seed=demo.seed, first=demo.first)
            for index in range(min(demo.subscribers, _KNOWN))
        ]


async def make_demo(
    demo: Demo, *, settings: Settings, progress: Progress, hire: Hire = hire_nobody
) -> None:
    """Make the demo in an empty database; raises AlreadyExists in any other.

    The same demo has the same people, money and days, whenever and wherever it is made. `hire` is
    called once there is an office, for those in whose names it works.
    """
    state = await day_state(by=DEMO)
    if state is not None:
        raise AlreadyExists("day", state.day)
    world = World(demo, settings)
    await days.begin(demo.first, by=DEMO, automatic=settings.day == "auto")
    world.staff = await hire(await _make_provider())
    await _take_base(world, progress)
    for tariff in TARIFFS:
        if tariff.archived:
            await tariffs.archive_tariff(tariff.code, by=DEMO)
    day, total = demo.first, (demo.day - demo.first).days
    while day < demo.day:
        await _live(world, day)
        progress("days lived", (day - demo.first).days + 1, total)
        day += timedelta(1)
    await _fill_desk(world)


async def _make_provider() -> int:
    await name_legal_entity("main", by=DEMO, name="ООО «Северная сеть»")
    await name_legal_entity(BUSINESS, by=DEMO, name="ООО «Северная сеть — Бизнес»")
    office = await make_offices()
    await visits.open_queues(OFFICE)
    await outside.make_agreements()
    for tariff in TARIFFS:
        await tariffs.create_tariff(
            by=DEMO,
            code=tariff.code,
            name=tariff.name,
            kind=tariff.kind,
            mode=tariff.mode,
            fee=tariff.fee,
            due_days=tariff.due_days,
            connection_fee=tariff.connection_fee,
            tax_code="vat",
            attributes=tariff.attributes,
        )
    return office


async def _take_base(world: World, progress: Progress) -> None:
    """Take the subscribers over as they stood on the first morning, by the ordinary import."""
    demo = world.demo
    households = (
        household(index, seed=demo.seed, first=demo.first) for index in range(demo.subscribers)
    )
    while batch := list(islice(households, BATCH)):
        for entity, company in ((None, False), (BUSINESS, True)):
            own = [one for one in batch if (one.person.kind == "company") is company]
            rows = [Numbered(one.index, _row(one, demo)) for one in own]
            await take_subscribers(rows, by=DEMO, legal_entity=entity)
        world.payers += [payer_of(one) for one in batch]
        progress("subscribers", len(world.payers), demo.subscribers)


def _row(one: Household, demo: Demo) -> SubscriberRow:
    who = one.person
    prepaid = any(BY_CODE[code].mode != "arrears" for code in one.services)
    stopped = one.habit is Habit.STOPPED
    return SubscriberRow.model_construct(
        account=one.number,
        contract=f"{one.since.year}/{one.number}",
        contract_date=one.since,
        kind=who.kind,
        name=who.name,
        tax_id=who.tax_id,
        phone=who.phone,
        email=who.email,
        district=who.district,
        street=who.street,
        house=who.house,
        flat=who.flat,
        billing_day=one.billing_day,
        tariffs="|".join(f"{code}#{at}" for at, code in enumerate(one.services, 1)),
        paid_until=paid_until(one, demo.first) if prepaid and not stopped else None,
        suspended_since=demo.first - timedelta(5) if stopped else None,
        opening_balance=opening_balance(one, seed=demo.seed),
    )


async def _live(world: World, day: date) -> None:
    """One business day: money comes in, people come and go and ask for things, the day is closed."""
    demo = world.demo
    _plan_payments(world, day)
    made = await acts.connect_new(demo.seed, day, count=demo.subscribers, first=len(world.payers))
    world.payers += [payer_of(one) for one in made]
    first_payments = [Payment(one.index, one.fee + 60000, one.source) for one in made]
    await _take_payments([*world.coming.pop(day, ()), *first_payments], day)
    for one in made:
        await acts.start_services(one)
    await acts.ask_promises(world.payers, day)
    await acts.change_things(world.payers, demo.seed, day)
    if (day - demo.first).days == _PRICED_AFTER:
        start = day + timedelta(15)
        await tariffs.add_version(_OLDER_PRICE, by=DEMO, fee=_NEW_PRICE, start=start, moves=True)
    if (demo.day - day).days <= _OFFICE_DAYS:
        await _work_in_office(world, day)
    left = (demo.day - day).days
    if left <= requests.DAYS:
        await requests.turn_to_us(
            world.known, staff=world.staff, seed=demo.seed, day=day, left=left
        )
    if left <= claims.DAYS:
        await claims.claim_things(
            world.known, staff=world.staff, seed=demo.seed, day=day, until=demo.day
        )
    if left <= surveys.DAYS:
        await surveys.ask_and_answer(
            world.known, joined=made, staff=world.staff, seed=demo.seed, day=day, left=left
        )
    if left <= scripts.DAYS:
        await scripts.talk_by_scripts(world.known, staff=world.staff, seed=demo.seed, day=day)
    if left <= conversations.DAYS:
        await conversations.talk(
            world.known, staff=world.staff, seed=demo.seed, day=day, settings=world.settings
        )
    if left <= campaigns.DAYS:
        await campaigns.write_to_many(
            by=world.staff.head, day=day, left=left, settings=world.settings
        )
    await days.close_days(by=DEMO, through=day, settings=world.settings)
    if left <= messages.DAYS:
        await messages.write(by=world.staff.head, day=day, left=left)


async def _work_in_office(world: World, day: date) -> None:
    """What people of the office did on one of the latest days."""
    demo, staff, known = world.demo, world.staff, world.known
    await yesterday.work_a_shift(known, staff=staff, seed=demo.seed, day=day)
    if (demo.day - day).days > 1:
        return
    with clock.moved(yesterday.on_morning(day)):
        await outside.take_statement(known, by=staff.head, seed=demo.seed, day=day)
        await yesterday.hand_over(known, by=staff.clerk, seed=demo.seed)
        await cards.write_cards(known, by=staff.clerk, seed=demo.seed, day=day)
        await scripts.draft_a_version(by=staff.head)
        await knowledge.use_knowledge(staff)
    await visits.come_to_office(known, staff=staff, office=OFFICE, seed=demo.seed, day=day)


async def _fill_desk(world: World) -> None:
    """What stands open on the last morning: promises, freezes, papers of companies."""
    demo, staff, known = world.demo, world.staff, world.known
    await cards.name_companies(known, by=staff.clerk, day=demo.day)
    # What is of today is nobody's of the staff: their first hour begins empty.
    await yesterday.issue_papers(known, by=SYSTEM)
    await yesterday.ask_today(known, by=DEMO, seed=demo.seed, day=demo.day)
    whose = known[len(known) // 2]
    await requests.write_with_a_receipt(whose, settings=world.settings, day=demo.day)
    await chats.chat(known, by=staff.clerk, day=demo.day)
    await visits.book_visits(known, office=OFFICE)
    await look_ahead()


def _plan_payments(world: World, day: date) -> None:
    """Plan what comes in for the periods of the months ahead, once for each month."""
    ahead = day + timedelta(_AHEAD)
    while world.planned < ahead.replace(day=1):
        month = day.replace(day=1) if world.planned == date.min else _next_month(world.planned)
        planned = payments_of_month(world.payers, month, seed=world.demo.seed)
        for on, payment in planned:
            if on >= day:
                world.coming.setdefault(on, []).append(payment)
        world.planned = month


def _next_month(month: date) -> date:
    return (month + timedelta(32)).replace(day=1)


async def _take_payments(payments: list[Payment], day: date) -> None:
    await take_payments(list(_rows(payments, day)), by=DEMO)


def _rows(payments: list[Payment], day: date) -> Iterator[Numbered[PaymentRow]]:
    for number, payment in enumerate(payments):
        row = PaymentRow.model_construct(
            account=str(FIRST_NUMBER + payment.subscriber),
            amount=payment.amount,
            date=day,
            source=payment.source,
            external_id=f"{day:%y%m%d}-{payment.subscriber}-{number}",
        )
        yield Numbered(number, row)
