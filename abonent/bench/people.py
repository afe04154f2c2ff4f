"""Names, phones and addresses for the accounts of a measurement's base, made by the server itself."""

from __future__ import annotations

from abonent.kernel.db import Connection

SURNAMES = (
    "Иванов", "Смирнов", "Кузнецов", "Попов", "Васильев", "Петров", "Соколов", "Михайлов",
    "Новиков", "Фёдоров", "Морозов", "Волков", "Алексеев", "Лебедев", "Семёнов", "Егоров",
    "Павлов", "Козлов", "Степанов", "Николаев", "Орлов", "Андреев", "Макаров", "Никитин",
    "Захаров", "Зайцев", "Соловьёв", "Борисов", "Яковлев", "Григорьев", "Романов", "Воробьёв",
)  # fmt: skip
NAMES = (
    "Александр", "Сергей", "Дмитрий", "Андрей", "Алексей", "Максим", "Евгений", "Иван", "Михаил",
    "Артём", "Роман", "Кирилл", "Олег", "Павел", "Пётр", "Семён",
)  # fmt: skip
FATHERS = (
    "Иванович", "Петрович", "Сергеевич", "Андреевич", "Олегович", "Ильич", "Павлович", "Юрьевич",
)  # fmt: skip

_SUBSCRIBERS = """
INSERT INTO crm_subscriber (id, kind, name, name_key, phone)
SELECT a.account_id, 'person', n.name, replace(lower(n.name), 'ё', 'е'), n.phone
FROM billing_account a, LATERAL (
    SELECT ($1::text[])[1 + h % cardinality($1::text[])] || ' '
        || ($2::text[])[1 + h / 37 % cardinality($2::text[])] || ' '
        || ($3::text[])[1 + h / 997 % cardinality($3::text[])] AS name,
        '79' || lpad((h % 1000000000)::text, 9, '0') AS phone
    FROM (SELECT hashtext(a.number) & 2147483647 AS h) o
) n
"""
_CONTACTS = """
INSERT INTO crm_contact (id, subscriber_id, kind, value, main)
SELECT id, id, 'phone', phone, true FROM crm_subscriber
"""
_CONTRACTS = """
INSERT INTO crm_contract (id, number, signed_on, subscriber_id)
SELECT account_id, 'Д-' || number, date '2020-01-01' + (account_id % 2000)::int, account_id
FROM billing_account
"""
_FACES = """
INSERT INTO crm_account (account_id, number, contract_id, place_id, flat, address_key)
SELECT a.account_id, a.number, a.account_id, a.place_id, f.flat,
    replace(lower(p.street || ' ' || p.house || ' ' || f.flat), 'ё', 'е')
FROM billing_account a JOIN billing_place p ON p.id = a.place_id,
    LATERAL (SELECT (1 + a.account_id % 144)::text AS flat) f
"""
_PAYMENTS = """
INSERT INTO billing_entry (account_id, day, no, kind, contra, amount, source, legal_entity_id,
    place_id, actor, created_at)
SELECT account_id, day, 2, 'payment', 'cash', 100, 'cash', legal_entity_id, place_id,
    'system:system', now() - (account_id % 86400) * interval '1 second'
FROM billing_account WHERE account_id % 3 = 0
"""
_BALANCES = """
UPDATE billing_account SET balance = balance + 100, last_no = 2 WHERE account_id % 3 = 0
"""


async def people(connection: Connection) -> None:
    """Give every account of the base a person, a contract, a phone and a flat; a third has paid."""
    names = [list(SURNAMES), list(NAMES), list(FATHERS)]
    await connection.execute(_SUBSCRIBERS, *names)
    for statement in (_CONTACTS, _CONTRACTS, _FACES, _PAYMENTS, _BALANCES):
        await connection.execute(statement)
    await connection.execute("VACUUM (ANALYZE)")
