-- Addresses by how the street begins, in their order; some bases have it already.
CREATE INDEX IF NOT EXISTS crm_account_street
    ON crm_account (address_order text_pattern_ops, account_id);

-- A house is found among the houses, and only then its flats: there are a hundred times fewer.
CREATE INDEX billing_place_found ON billing_place
    USING gin (replace(lower(street || ' ' || house), 'ё', 'е') gin_trgm_ops);

-- Outer joins: what a search does not ask for is not read.
CREATE OR REPLACE VIEW crm_register AS
SELECT a.account_id, a.number, c.number AS contract, s.name, s.name_key, s.phone, a.address_key,
    p.street, p.house, a.flat, a.address_order, p.district, c.subscriber_id,
    replace(lower(p.street || ' ' || p.house), 'ё', 'е') AS house_key
FROM crm_account a
LEFT JOIN crm_contract c ON c.id = a.contract_id
LEFT JOIN crm_subscriber s ON s.id = c.subscriber_id
LEFT JOIN billing_place p ON p.id = a.place_id;
