-- People and contracts. Money tables hold no personal text; these do, and can be erased.
CREATE TABLE crm_subscriber (
    id          bigint      PRIMARY KEY,
    kind        text        NOT NULL CHECK (kind IN ('person', 'company')),
    name        text        NOT NULL,
    name_key    text        NOT NULL,
    tax_id      text        NOT NULL DEFAULT '',
    phone       text        NOT NULL DEFAULT '',
    email       text        NOT NULL DEFAULT ''
);
COMMENT ON COLUMN crm_subscriber.name_key IS 'lower case, ё as е: what people are sorted and found by';
CREATE INDEX crm_subscriber_name ON crm_subscriber USING gin (name_key gin_trgm_ops);
CREATE INDEX crm_subscriber_order ON crm_subscriber (name_key text_pattern_ops, id);
CREATE INDEX crm_subscriber_phone ON crm_subscriber USING gin (phone gin_trgm_ops);

CREATE TABLE crm_contract (
    id            bigint    PRIMARY KEY,
    number        text      NOT NULL,
    signed_on     date      NOT NULL,
    subscriber_id bigint    NOT NULL REFERENCES crm_subscriber
);
CREATE INDEX crm_contract_subscriber ON crm_contract (subscriber_id);
CREATE INDEX crm_contract_number ON crm_contract (number text_pattern_ops);

-- The account's face: whose it is and which flat it serves.
CREATE TABLE crm_account (
    account_id  bigint      PRIMARY KEY,
    number      text        NOT NULL,
    contract_id bigint      NOT NULL REFERENCES crm_contract,
    place_id    integer     NOT NULL REFERENCES billing_place,
    flat        text        NOT NULL DEFAULT '',
    address_key text        NOT NULL DEFAULT ''
);
CREATE INDEX crm_account_contract ON crm_account (contract_id);
CREATE INDEX crm_account_place ON crm_account (place_id);
CREATE INDEX crm_account_number ON crm_account (number text_pattern_ops);
CREATE INDEX crm_account_address ON crm_account USING gin (address_key gin_trgm_ops);

-- One line per account, as the register shows it and the search line finds it.
CREATE VIEW crm_register AS
SELECT a.account_id, a.number, c.number AS contract, s.name, s.name_key, s.phone, a.address_key,
    p.street, p.house, a.flat
FROM crm_account a
JOIN crm_contract c ON c.id = a.contract_id
JOIN crm_subscriber s ON s.id = c.subscriber_id
JOIN billing_place p ON p.id = a.place_id;
