from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from abonent.kernel import clock, metrics
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import FieldError, Forbidden, Malformed, Refused
from abonent.kernel.i18n import (
    N_,
    _,
    current_language,
    gettext,
    ngettext,
    speaking,
    use_time_zone,
)
from abonent.kernel.ids import new_id, new_ids


def test_the_calendar_day_is_the_companys_not_greenwichs():
    with clock.moved(datetime(2026, 1, 31, 22, 0, tzinfo=UTC)):
        assert clock.calendar_day("Europe/Moscow") == date(2026, 2, 1)
        assert clock.calendar_day("UTC") == date(2026, 1, 31)


def test_a_moved_clock_comes_back():
    before = clock.now()
    with (
        clock.moved(datetime(2000, 1, 1, tzinfo=UTC)),
        clock.moved(datetime(2030, 1, 1, tzinfo=UTC)),
    ):
        assert clock.now().year == 2030
    assert clock.now() >= before
    with pytest.raises(ValueError), clock.moved(datetime(2000, 1, 1)):  # noqa: DTZ001  naive on purpose
        pass


def test_ids_grow_and_fit_63_bits():
    ids = [new_id() for _number in range(1000)]
    assert ids == sorted(set(ids))
    assert ids[-1] < 2**63


def test_reserved_ids_follow_each_other_and_belong_to_one_caller():
    taken: list[range] = []

    def reserve() -> None:
        taken.extend(new_ids(3000) for _number in range(20))

    threads = [threading.Thread(target=reserve) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.sort(key=lambda part: part.start)
    assert all(first.stop <= second.start for first, second in pairwise(taken))
    assert list(new_ids(0)) == []


def test_a_right_covers_what_lies_below_it():
    cashier = Actor("user", "1", "Anna", frozenset({"billing.payment.*", "crm.person.read"}))
    assert cashier.may("billing.payment.take")
    assert cashier.may("crm.person.read")
    assert not cashier.may("billing.tariff.change")
    assert not cashier.may("crm.person")
    assert SYSTEM.may("anything.at.all")
    with pytest.raises(Forbidden) as caught:
        cashier.require("crm.person.write")
    assert caught.value.params == {"right": "crm.person.write"}


def test_an_error_says_itself_in_the_readers_language():
    error = Refused(
        "TOO_EARLY",
        "Allowed from {allowed_from}; {missing:money} is missing on {field}.{other}",
        allowed_from=date(2026, 3, 1),
        field="amount",
        missing=12345,
    )
    assert error.text("en") == "Allowed from 1 Mar 2026; ₽123.45 is missing on amount.{other}"
    assert error.text("ru").startswith("Allowed from 01.03.2026; 123,45")
    assert str(error).startswith("TOO_EARLY: ")


def test_malformed_input_names_every_wrong_field():
    error = Malformed(
        FieldError("a", "x", "Bad."), FieldError("b", 5, "At most {most}.", {"most": 3})
    )
    assert [(each.field, each.text("en")) for each in error.errors] == [
        ("a", "Bad."),
        ("b", "At most 3."),
    ]
    assert (error.code, error.field) == ("MALFORMED", "a")
    assert error.text("ru") == "Во введённых данных есть ошибки."


def test_the_current_language_is_the_tasks_own():
    assert current_language() == "ru"
    with speaking("en"):
        assert _("The input has mistakes.") == "The input has mistakes."
    assert _("The input has mistakes.") != "The input has mistakes."
    with pytest.raises(ValueError), speaking("de"):
        pass


def test_numbers_choose_the_plural():
    assert ngettext("{number} day", "{number} days", 1, "en") == "1 day"
    assert ngettext("{number} day", "{number} days", 5, "en") == "5 days"
    assert gettext("An unknown {thing}", "ru", thing=None) == "An unknown "


def test_instants_are_told_by_the_companys_clock():
    use_time_zone(clock.zone("Europe/Moscow"))
    late = datetime(2026, 1, 31, 22, 5, tzinfo=UTC)
    assert gettext("At {at}", "ru", at=late) == "At 01.02.2026 01:05"
    assert gettext("At {at}", "en", at=late) == "At 1 Feb 2026, 01:05"


def test_a_metric_is_made_once():
    first = metrics.counter("abonent_test_things", N_("Things."), ("kind",))
    metrics.counter("abonent_test_things", "Things.", ("kind",)).labels("a").inc()
    first.labels("a").inc()
    page, content_type = metrics.exposition()
    assert b'abonent_test_things_total{kind="a"} 2.0' in page
    assert content_type.startswith("text/plain")
