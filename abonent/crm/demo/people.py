"""Made-up people, companies and addresses; the same number and seed always give the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_SURNAMES = (
    "Абрамов Агафонов Аксёнов Баранов Белов Беляев Богданов Борисов Быков Васильев Виноградов"
    " Власов Воробьёв Воронин Гаврилов Герасимов Голубев Громов Гусев Давыдов Данилов Дмитриев"
    " Дорофеев Егоров Ермаков Ефимов Жуков Зайцев Захаров Зимин Зуев Игнатьев Ильин Исаев Калинин"
    " Карпов Киселёв Ковалёв Козлов Колесников Комаров Корнилов Крылов Кузнецов Лапин Ларин Лебедев"
    " Логинов Макаров Максимов Мартынов Медведев Мельников Миронов Моисеев Назаров Некрасов Никитин"
    " Новиков Орлов Осипов Панов Петухов Поляков Пономарёв Родионов Романов Рябов Савельев Самойлов"
    " Семёнов Сергеев Сидоров Соболев Соловьёв Сорокин Суворов Тарасов Терентьев Тимофеев Тихонов"
    " Ушаков Фадеев Филатов Фомин Фролов Харитонов Цветков Чернов Шестаков Широков Щербаков Яковлев"
)
_MEN = (
    "Александр Алексей Анатолий Андрей Антон Артём Борис Вадим Валерий Виктор Виталий Владимир"
    " Вячеслав Георгий Геннадий Григорий Денис Дмитрий Евгений Егор Иван Игорь Илья Кирилл"
    " Константин Леонид Максим Михаил Никита Николай Олег Павел Пётр Роман Семён Сергей Степан"
    " Тимур Фёдор Юрий"
)
_WOMEN = (
    "Алина Алла Анастасия Анна Валентина Вера Вероника Виктория Галина Дарья Евгения Екатерина"
    " Елена Жанна Зинаида Зоя Инна Ирина Ксения Лариса Лидия Любовь Людмила Маргарита Марина Мария"
    " Надежда Наталья Нина Оксана Ольга Полина Раиса Светлана София Тамара Татьяна Ульяна Юлия Яна"
)
_FATHERS = (
    "Александров Алексеев Анатольев Андреев Антонов Борисов Вадимов Валерьев Викторов Витальев"
    " Владимиров Вячеславов Геннадьев Георгиев Дмитриев Евгеньев Иванов Игорев Кириллов"
    " Константинов Леонидов Максимов Михайлов Николаев Олегов Павлов Петров Романов Семёнов"
    " Сергеев Степанов Фёдоров Юрьев"
)
_FIRMS = (
    "Аптека Берёзка|Автосервис Колёса|Булочная Колос|Ветклиника Лапа|Гостиница Уют|Детский клуб Юла"
    "|Кофейня Зерно|Магазин Ромашка|Мастерская Винт|Мебель Плюс|Парикмахерская Локон|Пекарня Каравай"
    "|Прачечная Пена|Стоматология Улыбка|Студия Свет|Типография Лист|Турбюро Маршрут|Фитнес Ритм"
    "|Химчистка Снежок|Цветы Фиалка|Юридическое бюро Довод"
)

DISTRICTS: dict[str, tuple[str, ...]] = {
    "Центральный": ("Ленина", "Мира", "Советская", "Садовая", "Гоголя", "Пушкина"),
    "Заречный": ("Набережная", "Речная", "Лодочная", "Мостовая", "Причальная"),
    "Северный": ("Полярная", "Лесная", "Кедровая", "Таёжная", "Снежная", "Озёрная"),
    "Заводской": ("Литейная", "Машиностроителей", "Кузнечная", "Фабричная", "Трудовая"),
    "Солнечный": ("Рассветная", "Весенняя", "Цветочная", "Радужная", "Полевая"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up subscriber: who, where, and how to reach them."""

    kind: str
    name: str
    tax_id: str
    phone: str
    email: str
    district: str
    street: str
    house: str
    flat: str


def person(number: int, chance: Random, *, company: bool) -> Person:
    """Make a person or company; phones are of the range no operator gives out."""
    district = chance.choice(tuple(DISTRICTS))
    street = chance.choice(DISTRICTS[district])
    house = str(chance.randint(1, 24)) + chance.choice(("", "", "", "", "а", "б", "/2"))
    phone = f"+7 900 {number // 10000 % 1000:03d}-{number // 100 % 100:02d}-{number % 100:02d}"
    name, tax_id = _firm(number, chance) if company else (_full_name(chance), "")
    email = f"abonent{number}@example.com" if chance.random() < 0.6 else ""
    flat = "" if company else str(chance.randint(1, 144))
    kind = "company" if company else "person"
    return Person(kind, name, tax_id, phone, email, district, street, house, flat)


def _full_name(chance: Random) -> str:
    surname, father = chance.choice(_SURNAMES.split()), chance.choice(_FATHERS.split())
    if chance.random() < 0.5:
        return f"{surname} {chance.choice(_MEN.split())} {father}ич"
    return f"{surname}а {chance.choice(_WOMEN.split())} {father}на"


def _firm(number: int, chance: Random) -> tuple[str, str]:
    form = chance.choice(("ООО", "ООО", "ООО", "АО"))
    return f"{form} «{chance.choice(_FIRMS.split('|'))}»", _tax_id(number)


def _tax_id(number: int) -> str:
    """An INN whose check digit fits; region 00 is given to nobody."""
    digits = f"00{number % 10**7:07d}"
    weights = (2, 4, 10, 3, 5, 9, 4, 6, 8)
    checked = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    return f"{digits}{checked % 11 % 10}"
