-- People and places. Everything personal lies here and can be erased; audit rows name only ids.

-- version: a change that was made from an older reading of the row is refused, never laid over it.
ALTER TABLE crm_subscriber
    ADD COLUMN kpp          text    NOT NULL DEFAULT '',
    ADD COLUMN ogrn         text    NOT NULL DEFAULT '',
    ADD COLUMN bank_account text    NOT NULL DEFAULT '',
    ADD COLUMN bank_bic     text    NOT NULL DEFAULT '',
    ADD COLUMN legal_address text   NOT NULL DEFAULT '',
    ADD COLUMN signatory    text    NOT NULL DEFAULT '',
    ADD COLUMN signs_by     text    NOT NULL DEFAULT '',
    ADD COLUMN born_on      date,
    ADD COLUMN version      integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN crm_subscriber.phone IS 'the main one of crm_contact, kept in step by the use cases';
COMMENT ON COLUMN crm_subscriber.signs_by IS 'what the signatory acts on: the charter, a power of attorney';

-- The identity document of a person: read only on its own demand, which is audited.
CREATE TABLE crm_identity (
    subscriber_id bigint  PRIMARY KEY REFERENCES crm_subscriber,
    kind          text    NOT NULL CHECK (kind IN ('passport', 'foreign', 'residence', 'other')),
    series        text    NOT NULL DEFAULT '',
    number        text    NOT NULL CHECK (number <> ''),
    issued_by     text    NOT NULL DEFAULT '',
    issued_on     date,
    issuer_code   text    NOT NULL DEFAULT '',
    registered_at text    NOT NULL DEFAULT '',
    version       integer NOT NULL DEFAULT 1
);

-- Ways to reach a subscriber. A phone is digits with its country; removed ones stay as history.
CREATE TABLE crm_contact (
    id            bigint      PRIMARY KEY,
    subscriber_id bigint      NOT NULL REFERENCES crm_subscriber,
    kind          text        NOT NULL CHECK (kind IN ('phone', 'email', 'messenger')),
    value         text        NOT NULL CHECK (value <> ''),
    label         text        NOT NULL DEFAULT '',
    main          boolean     NOT NULL DEFAULT false,
    confirmed_at  timestamptz,
    removed_at    timestamptz,
    version       integer     NOT NULL DEFAULT 1,
    CHECK (kind <> 'phone' OR value ~ '^[0-9]+$'),
    CHECK (NOT (main AND removed_at IS NOT NULL))
);
CREATE INDEX crm_contact_subscriber ON crm_contact (subscriber_id);
CREATE UNIQUE INDEX crm_contact_one_main ON crm_contact (subscriber_id, kind) WHERE main;
CREATE UNIQUE INDEX crm_contact_once ON crm_contact (subscriber_id, kind, value)
    WHERE removed_at IS NULL;
CREATE INDEX crm_contact_phone ON crm_contact USING gin (value gin_trgm_ops)
    WHERE kind = 'phone' AND removed_at IS NULL;

-- Ids lie below 2^62 until the year 2109.
INSERT INTO crm_contact (id, subscriber_id, kind, value, main)
SELECT id, id, 'phone', phone, true FROM crm_subscriber WHERE phone ~ '^[0-9]+$';
INSERT INTO crm_contact (id, subscriber_id, kind, value, main)
SELECT id + (1::bigint << 62), id, 'email', email, true FROM crm_subscriber WHERE email <> '';
DROP INDEX crm_subscriber_phone;

-- What a subscriber agreed to, each purpose apart (152-FZ); [since, till).
CREATE TABLE crm_consent (
    id            bigint      PRIMARY KEY,
    subscriber_id bigint      NOT NULL REFERENCES crm_subscriber,
    purpose       text        NOT NULL
                  CHECK (purpose IN ('contract', 'debt', 'advertising', 'recording', 'candidate')),
    channel       text        NOT NULL
                  CHECK (channel IN ('any', 'call', 'sms', 'email', 'messenger', 'post')),
    proof         text        NOT NULL CHECK (proof <> ''),
    since         timestamptz NOT NULL,
    till          timestamptz,
    withdrawn_at  timestamptz,
    withdrawal    text        NOT NULL DEFAULT '',
    version       integer     NOT NULL DEFAULT 1,
    CHECK (till >= since),
    CHECK (withdrawn_at IS NULL OR till IS NOT NULL)
);
COMMENT ON COLUMN crm_consent.proof IS 'where it can be seen: a signed paper, a recording, a tick on the portal';
CREATE INDEX crm_consent_subscriber ON crm_consent (subscriber_id, purpose);

ALTER TABLE crm_contract
    ADD COLUMN kind            text     NOT NULL DEFAULT 'contract',
    ADD COLUMN legal_entity_id smallint NOT NULL DEFAULT 1 REFERENCES billing_legal_entity,
    ADD COLUMN state           text     NOT NULL DEFAULT 'active'
        CHECK (state IN ('draft', 'active', 'notice', 'terminated', 'archive')),
    ADD COLUMN ends_on         date,
    ADD COLUMN border          text     NOT NULL DEFAULT 'flat'
        CHECK (border IN ('flat', 'floor', 'building', 'other')),
    ADD COLUMN border_text     text     NOT NULL DEFAULT '',
    ADD COLUMN version         integer  NOT NULL DEFAULT 1,
    ADD CONSTRAINT crm_contract_ends CHECK (state IN ('draft', 'active', 'archive') OR ends_on IS NOT NULL);
COMMENT ON COLUMN crm_contract.border IS 'where the provider''s responsibility ends';
CREATE INDEX crm_contract_entity ON crm_contract (legal_entity_id);
CREATE INDEX crm_contract_open ON crm_contract (state, id) WHERE state IN ('draft', 'notice');

UPDATE crm_contract c SET legal_entity_id = b.legal_entity_id
FROM crm_account a JOIN billing_account b USING (account_id)
WHERE a.contract_id = c.id AND b.legal_entity_id <> 1;

-- How numbers are made, and the last one taken of each run of them. The row's lock makes them gapless.
CREATE TABLE crm_number_plan (
    legal_entity_id smallint NOT NULL REFERENCES billing_legal_entity,
    kind            text     NOT NULL CHECK (kind IN ('contract', 'owner_act')),
    pattern         text     NOT NULL CHECK (pattern LIKE '%{n%'),
    version         integer  NOT NULL DEFAULT 1,
    PRIMARY KEY (legal_entity_id, kind)
);
CREATE TABLE crm_number_taken (
    legal_entity_id smallint NOT NULL REFERENCES billing_legal_entity,
    kind            text     NOT NULL,
    run             text     NOT NULL,
    last            integer  NOT NULL CHECK (last >= 0),
    PRIMARY KEY (legal_entity_id, kind, run)
);
COMMENT ON COLUMN crm_number_taken.run IS 'the number without its counter, such as 2026-: a new year counts anew';

-- The account went to another owner; it keeps its number and history.
CREATE TABLE crm_owner_change (
    account_id    bigint      NOT NULL,
    no            integer     NOT NULL,
    day           date        NOT NULL,
    at            timestamptz NOT NULL,
    from_contract bigint      NOT NULL REFERENCES crm_contract,
    to_contract   bigint      NOT NULL REFERENCES crm_contract,
    balance       bigint      NOT NULL,
    debt_taken    boolean     NOT NULL,
    act           text        NOT NULL,
    PRIMARY KEY (account_id, no),
    CHECK (balance >= 0 OR debt_taken)
);
CREATE INDEX crm_owner_change_from ON crm_owner_change (from_contract);
CREATE INDEX crm_owner_change_to ON crm_owner_change (to_contract);

-- A building as the office knows it; billing_place is the same one as money sees it.
CREATE TABLE crm_building (
    place_id  integer  PRIMARY KEY REFERENCES billing_place,
    kind      text     NOT NULL DEFAULT 'flats' CHECK (kind IN ('flats', 'house', 'office', 'other')),
    floors    smallint CHECK (floors BETWEEN 1 AND 200),
    manager   text     NOT NULL DEFAULT '',
    comment   text     NOT NULL DEFAULT '',
    version   integer  NOT NULL DEFAULT 1
);
COMMENT ON COLUMN crm_building.manager IS 'who lets technicians in: the managing company and its phone';
CREATE TABLE crm_entrance (
    place_id   integer  NOT NULL REFERENCES billing_place,
    no         smallint NOT NULL CHECK (no BETWEEN 1 AND 200),
    first_flat integer  CHECK (first_flat > 0),
    last_flat  integer,
    door_code  text     NOT NULL DEFAULT '',
    comment    text     NOT NULL DEFAULT '',
    version    integer  NOT NULL DEFAULT 1,
    PRIMARY KEY (place_id, no),
    CHECK (last_flat >= first_flat)
);

ALTER TABLE crm_account
    ADD COLUMN entrance smallint CHECK (entrance BETWEEN 1 AND 200),
    ADD COLUMN floor    smallint CHECK (floor BETWEEN -5 AND 200),
    ADD COLUMN version  integer  NOT NULL DEFAULT 1;

CREATE TABLE crm_equipment (
    account_id  bigint  NOT NULL,
    id          bigint  NOT NULL,
    kind        text    NOT NULL
                CHECK (kind IN ('router', 'set_top', 'ont', 'phone', 'camera', 'card', 'other')),
    model       text    NOT NULL DEFAULT '',
    serial      text    NOT NULL DEFAULT '',
    serial_key  text    GENERATED ALWAYS AS (upper(regexp_replace(serial, '[^0-9A-Za-zА-Яа-яЁё]', '', 'g'))) STORED,
    mac         text    NOT NULL DEFAULT '' CHECK (mac ~ '^([0-9a-f]{2}(:[0-9a-f]{2}){5})?$'),
    owner       text    NOT NULL CHECK (owner IN ('rent', 'loan', 'instalments', 'subscriber')),
    given_on    date    NOT NULL,
    returned_on date,
    state       text    NOT NULL DEFAULT 'working'
                CHECK (state IN ('working', 'faulty', 'lost', 'returned')),
    deposit     bigint  NOT NULL DEFAULT 0 CHECK (deposit >= 0),
    comment     text    NOT NULL DEFAULT '',
    version     integer NOT NULL DEFAULT 1,
    PRIMARY KEY (account_id, id),
    CHECK (returned_on >= given_on),
    CHECK ((state = 'returned') = (returned_on IS NOT NULL))
);
CREATE UNIQUE INDEX crm_equipment_serial ON crm_equipment (serial_key)
    WHERE serial_key <> '' AND returned_on IS NULL;
CREATE INDEX crm_equipment_mac ON crm_equipment (mac) WHERE mac <> '';

-- Pictures of papers. The row stays when the file is deleted; files are found by their sha256.
CREATE TABLE crm_scan (
    account_id  bigint      NOT NULL,
    id          bigint      NOT NULL,
    kind        text        NOT NULL
                CHECK (kind IN ('passport', 'contract', 'act', 'attorney', 'other')),
    name        text        NOT NULL,
    media       text        NOT NULL,
    size        integer     NOT NULL CHECK (size > 0),
    sha256      text        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    stored_as   text        NOT NULL,
    dated_on    date,
    added_at    timestamptz NOT NULL,
    added_by    text        NOT NULL,
    removed_at  timestamptz,
    removed_by  text        NOT NULL DEFAULT '',
    removal     text        NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, id),
    CHECK (removed_at IS NULL OR removal <> '')
);

CREATE UNIQUE INDEX crm_scan_file ON crm_scan (stored_as) WHERE removed_at IS NULL;

CREATE TABLE crm_note (
    account_id bigint      NOT NULL,
    id         bigint      NOT NULL,
    text       text        NOT NULL CHECK (text <> ''),
    pinned     boolean     NOT NULL DEFAULT false,
    added_at   timestamptz NOT NULL,
    added_by   text        NOT NULL,
    removed_at timestamptz,
    version    integer     NOT NULL DEFAULT 1,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX crm_note_pinned ON crm_note (account_id) WHERE pinned AND removed_at IS NULL;

UPDATE web_role SET rights = rights || '{crm.contact.view,crm.document.view,crm.note.write,crm.contract.edit,crm.owner.change,crm.equipment.edit,crm.scan.add,crm.place.edit}'
WHERE code = 'office';
UPDATE web_role SET rights = rights || '{crm.note.write}' WHERE code = 'cash';
UPDATE web_role SET rights = rights || '{crm.contact.view,crm.document.view,crm.note.write}'
WHERE code IN ('collect', 'retain');
UPDATE web_role SET rights = rights || '{crm.contact.view,crm.document.view,crm.note.write,crm.equipment.edit,crm.scan.add,crm.place.edit}'
WHERE code = 'coord';
UPDATE web_role SET rights = rights || '{crm.contact.view,crm.note.write,crm.equipment.edit,crm.scan.add}'
WHERE code = 'tech';
