"""What the demo provider sells: every charge mode and kind of service, with an archive."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class DemoTariff:
    """A tariff of the demo; the fee in minor units of two digits."""

    code: str
    name: str
    kind: str
    mode: str
    fee: int
    connection_fee: int = 0
    due_days: int = 0
    speed: int = 0
    archived: bool = False
    company: bool = False

    @property
    def attributes(self) -> dict[str, object]:
        """What is said of it beside its price."""
        speed = {"speed": self.speed} if self.speed else {}
        return speed | ({"audience": "company"} if self.company else {})


TARIFFS = (
    DemoTariff("opt50", "Оптима 50", "internet", "advance", 46000, 30000, speed=50),
    DemoTariff("opt100", "Оптима 100", "internet", "advance", 56000, 30000, speed=100),
    DemoTariff("max300", "Максима 300", "internet", "advance", 79000, 30000, speed=300),
    DemoTariff("giga", "Гигабит", "internet", "advance", 115000, 50000, speed=1000),
    DemoTariff("day100", "Посуточный 100", "internet", "daily", 60000, speed=100),
    DemoTariff("day300", "Посуточный 300", "internet", "daily", 84000, speed=300),
    DemoTariff("duo", "Дуэт: интернет и ТВ", "bundle", "advance", 89000, 30000, speed=200),
    DemoTariff("tv", "ТВ Базовый", "tv", "arrears", 32000, due_days=20),
    DemoTariff("kino", "Кино и спорт", "tv", "advance", 29900),
    DemoTariff("phone", "Домашний телефон", "phone", "arrears", 25000, due_days=20),
    DemoTariff("router", "Аренда роутера", "equipment", "advance", 9900),
    DemoTariff("box", "Аренда приставки", "equipment", "daily", 12000),
    DemoTariff(
        "biz50",
        "Бизнес 50",
        "internet",
        "arrears",
        350000,
        200000,
        due_days=15,
        speed=50,
        company=True,
    ),
    DemoTariff(
        "biz200",
        "Бизнес 200",
        "internet",
        "arrears",
        690000,
        200000,
        due_days=15,
        speed=200,
        company=True,
    ),
    DemoTariff("home10", "Домашний 10 (архив)", "internet", "advance", 35000, archived=True),
    DemoTariff("night", "Ночной (архив)", "internet", "daily", 39000, archived=True),
)
BY_CODE = {tariff.code: tariff for tariff in TARIFFS}
UPGRADES = {"opt50": "opt100", "opt100": "max300", "max300": "giga", "home10": "opt50"}

_MAIN = ("opt50", "opt100", "max300", "giga", "day100", "day300", "duo", "home10", "night", "tv")
_MAIN_WEIGHTS = (18, 30, 14, 3, 10, 4, 10, 5, 2, 4)
_EXTRAS = {"tv": 0.16, "kino": 0.06, "phone": 0.05, "router": 0.14, "box": 0.05}


def choose(chance: Random, *, company: bool) -> list[str]:
    """The tariffs a household or a company has, the chief one first."""
    if company:
        chosen = [chance.choice(("biz50", "biz200"))]
        return [*chosen, "phone"] if chance.random() < 0.3 else chosen
    chosen = chance.choices(_MAIN, _MAIN_WEIGHTS)
    chosen += [
        extra for extra, share in _EXTRAS.items() if chance.random() < share and extra not in chosen
    ]
    return chosen
