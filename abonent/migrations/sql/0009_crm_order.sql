-- Addresses in the order people read them: flat 9 before flat 10. Every number takes six digits.
ALTER TABLE crm_account ADD COLUMN address_order text GENERATED ALWAYS AS (
    regexp_replace(
        regexp_replace(address_key, '([0-9]+)', '00000\1', 'g'), '[0-9]*([0-9]{6})', '\1', 'g'
    )
) STORED;

CREATE OR REPLACE VIEW crm_register AS
SELECT a.account_id, a.number, c.number AS contract, s.name, s.name_key, s.phone, a.address_key,
    p.street, p.house, a.flat, a.address_order
FROM crm_account a
JOIN crm_contract c ON c.id = a.contract_id
JOIN crm_subscriber s ON s.id = c.subscriber_id
JOIN billing_place p ON p.id = a.place_id;
