-- Billing. Every table of an account's money carries account_id in its keys, so that the tables can
-- be distributed by it; numbers and external ids are unique in tables of their own.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- The installation: one row. The open business day is stored, never read from a clock.
CREATE TABLE billing_installation (
    id          smallint    PRIMARY KEY CHECK (id = 1),
    day         date        NOT NULL,
    first_day   date        NOT NULL,
    closing     text        NOT NULL CHECK (closing IN ('auto', 'manual')),
    catalogue   bigint      NOT NULL,
    moved_at    timestamptz NOT NULL
);

COMMENT ON COLUMN billing_installation.catalogue IS 'changes with every change of tariffs, taxes or policy';

CREATE TABLE billing_legal_entity (
    id          smallint    PRIMARY KEY,
    code        text        NOT NULL UNIQUE,
    name        text        NOT NULL
);

-- Where a service stands, as far as money cares: a building in a district.
CREATE TABLE billing_place (
    id          integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district    text        NOT NULL DEFAULT '',
    street      text        NOT NULL DEFAULT '',
    house       text        NOT NULL DEFAULT '',
    UNIQUE (district, street, house)
);

CREATE TABLE billing_tax_rate (
    code        text        NOT NULL,
    since       date        NOT NULL,
    rate        integer     NOT NULL CHECK (rate BETWEEN 0 AND 10000),
    PRIMARY KEY (code, since)
);

CREATE TABLE billing_tariff (
    id             integer  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code           text     NOT NULL UNIQUE,
    name           text     NOT NULL,
    kind           text     NOT NULL,
    mode           text     NOT NULL CHECK (mode IN ('advance', 'daily', 'arrears')),
    due_days       integer  NOT NULL DEFAULT 0 CHECK (due_days BETWEEN 0 AND 3650),
    connection_fee bigint   NOT NULL DEFAULT 0 CHECK (connection_fee >= 0),
    tax_code       text     NOT NULL DEFAULT 'none',
    least_months   integer  NOT NULL DEFAULT 0,
    archived_on    date,
    districts      text[],
    attributes     jsonb    NOT NULL DEFAULT '{}'
);

CREATE TABLE billing_tariff_version (
    id          integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tariff_id   integer     NOT NULL REFERENCES billing_tariff,
    valid_from  date        NOT NULL,
    fee         bigint      NOT NULL CHECK (fee >= 0),
    moves       boolean     NOT NULL DEFAULT true,
    UNIQUE (tariff_id, valid_from)
);

CREATE TABLE billing_offer (
    code              text    PRIMARY KEY,
    name              text    NOT NULL,
    days              integer NOT NULL CHECK (days BETWEEN 1 AND 366),
    days_per_year     integer NOT NULL DEFAULT 0,
    most_days         integer NOT NULL,
    amount            bigint,
    ceiling           bigint  NOT NULL,
    fee               bigint  NOT NULL DEFAULT 0,
    once_per_days     integer NOT NULL DEFAULT 0,
    least_tenure_days integer NOT NULL DEFAULT 0,
    highest_debt      bigint,
    ban_days          integer NOT NULL DEFAULT 0,
    tariffs           text[],
    channels          text[],
    active            boolean NOT NULL DEFAULT true
);

-- What the engine may do by itself and how long people may pause: one row.
CREATE TABLE billing_policy (
    id                  smallint PRIMARY KEY CHECK (id = 1),
    grace_days          integer  NOT NULL DEFAULT 0,
    quiet_days          boolean  NOT NULL DEFAULT false,
    notice_days         integer  NOT NULL DEFAULT 10,
    freeze_least_days   integer  NOT NULL DEFAULT 7,
    freeze_year_days    integer  NOT NULL DEFAULT 180,
    freeze_free_days    integer  NOT NULL DEFAULT 30,
    freeze_day_fee      bigint   NOT NULL DEFAULT 0
);

-- Days off that a calendar cannot compute: decreed each year, and working Saturdays.
CREATE TABLE billing_calendar (
    day         date        PRIMARY KEY,
    working     boolean     NOT NULL
);

CREATE TABLE billing_account (
    account_id      bigint   PRIMARY KEY,
    number          text     NOT NULL,
    legal_entity_id smallint NOT NULL REFERENCES billing_legal_entity,
    place_id        integer  NOT NULL REFERENCES billing_place,
    billing_day     smallint NOT NULL CHECK (billing_day BETWEEN 1 AND 31),
    opened_on       date     NOT NULL,
    since           date     NOT NULL,
    credit_limit    bigint   NOT NULL DEFAULT 0 CHECK (credit_limit >= 0),
    balance         bigint   NOT NULL DEFAULT 0,
    day             date     NOT NULL,
    held_since      date,
    last_no         integer  NOT NULL DEFAULT 0,
    last_promise    integer  NOT NULL DEFAULT 0,
    bonus_left      bigint   NOT NULL DEFAULT 0 CHECK (bonus_left >= 0),
    bonus_used      bigint   NOT NULL DEFAULT 0 CHECK (bonus_used >= 0),
    state           text     NOT NULL DEFAULT 'idle'
                    CHECK (state IN ('idle', 'served', 'partly', 'suspended', 'frozen', 'ended')),
    plain           boolean  NOT NULL DEFAULT false
) WITH (fillfactor = 60);
COMMENT ON COLUMN billing_account.day IS 'the day up to which the account has been brought';
COMMENT ON COLUMN billing_account.held_since IS 'posting day of the oldest charge that still matters';
COMMENT ON COLUMN billing_account.plain IS 'one advance service on a one-price tariff and nothing else';

-- Global lookup, distributed by its own key.
CREATE TABLE billing_account_number (
    number      text        PRIMARY KEY,
    account_id  bigint      NOT NULL
);

-- The next day on which anything must happen to an account. Narrow on purpose.
CREATE TABLE billing_account_due (
    account_id  bigint      PRIMARY KEY,
    day         date        NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX billing_account_due_day ON billing_account_due (day, account_id);

CREATE TABLE billing_billing_day (
    account_id  bigint      NOT NULL,
    since       date        NOT NULL,
    day         smallint    NOT NULL CHECK (day BETWEEN 1 AND 31),
    PRIMARY KEY (account_id, since)
);

CREATE TABLE billing_service (
    account_id     bigint   NOT NULL,
    no             integer  NOT NULL,
    tariff_id      integer  NOT NULL REFERENCES billing_tariff,
    priority       integer  NOT NULL DEFAULT 1,
    starts_on      date     NOT NULL,
    ends_on        date     NOT NULL DEFAULT '9999-12-31',
    served         boolean  NOT NULL DEFAULT false,
    settled_to     date     NOT NULL,
    billed_to      date     NOT NULL,
    connection_fee bigint   NOT NULL DEFAULT 0 CHECK (connection_fee >= 0),
    place_id       integer  NOT NULL REFERENCES billing_place,
    PRIMARY KEY (account_id, no)
) WITH (fillfactor = 80);
CREATE INDEX billing_service_by_tariff ON billing_service (tariff_id, account_id);
COMMENT ON COLUMN billing_service.tariff_id IS 'the tariff at the start; later ones in billing_service_tariff';

CREATE TABLE billing_service_tariff (
    account_id  bigint      NOT NULL,
    service_no  integer     NOT NULL,
    since       date        NOT NULL,
    tariff_id   integer     NOT NULL REFERENCES billing_tariff,
    PRIMARY KEY (account_id, service_no, since)
);
CREATE INDEX billing_service_tariff_by_tariff ON billing_service_tariff (tariff_id, account_id);

-- Where a service stood when; the latest row is the present place.
CREATE TABLE billing_service_place (
    account_id  bigint      NOT NULL,
    service_no  integer     NOT NULL,
    since       date        NOT NULL,
    place_id    integer     NOT NULL REFERENCES billing_place,
    PRIMARY KEY (account_id, service_no, since)
);

CREATE TABLE billing_discount (
    account_id  bigint      NOT NULL,
    no          integer     NOT NULL,
    service_no  integer     NOT NULL,
    starts_on   date        NOT NULL,
    ends_on     date        NOT NULL,
    percent     integer     NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 10000),
    amount      bigint      NOT NULL DEFAULT 0 CHECK (amount >= 0),
    reason      text        NOT NULL,
    recorded_on date        NOT NULL,
    PRIMARY KEY (account_id, no),
    CHECK (ends_on > starts_on)
);

COMMENT ON COLUMN billing_discount.recorded_on IS 'days before it keep the fee they had';

-- Days a postpaid service is suspended by hand, and days compensated for an outage.
CREATE TABLE billing_pause (
    account_id  bigint      NOT NULL,
    service_no  integer     NOT NULL,
    starts_on   date        NOT NULL,
    ends_on     date        NOT NULL DEFAULT '9999-12-31',
    reason      text        NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, service_no, starts_on),
    CHECK (ends_on > starts_on)
);

CREATE TABLE billing_compensated (
    account_id  bigint      NOT NULL,
    service_no  integer     NOT NULL,
    day         date        NOT NULL,
    incident    text        NOT NULL,
    PRIMARY KEY (account_id, service_no, day)
);

CREATE TABLE billing_freeze (
    account_id  bigint      NOT NULL,
    no          integer     NOT NULL,
    starts_on   date        NOT NULL,
    ends_on     date        NOT NULL,
    reason      text        NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, no),
    CHECK (ends_on >= starts_on)
);

CREATE TABLE billing_promise (
    account_id  bigint      NOT NULL,
    no          integer     NOT NULL,
    offer       text,
    amount      bigint      NOT NULL CHECK (amount > 0),
    fee         bigint      NOT NULL DEFAULT 0 CHECK (fee >= 0),
    granted_on  date        NOT NULL,
    ends_on     date        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('active', 'kept', 'broken', 'replaced')),
    automatic   boolean     NOT NULL DEFAULT false,
    channel     text        NOT NULL DEFAULT 'office',
    PRIMARY KEY (account_id, no),
    CHECK (ends_on > granted_on)
);
CREATE INDEX billing_promise_active ON billing_promise (ends_on, account_id) WHERE state = 'active';
CREATE UNIQUE INDEX billing_promise_one ON billing_promise (account_id, automatic) WHERE state = 'active';

-- One row is one transfer: the account on one side, `contra` on the other. Append only.
CREATE TABLE billing_entry (
    account_id      bigint      NOT NULL,
    day             date        NOT NULL,
    no              integer     NOT NULL,
    kind            text        NOT NULL,
    contra          text        NOT NULL,
    amount          bigint      NOT NULL,
    service_no      integer,
    version_id      integer,
    period_from     date,
    period_to       date,
    through         date,
    billing_from    date,
    billing_to      date,
    fee             bigint,
    tax_code        text,
    tax_rate        integer     NOT NULL DEFAULT 0,
    tax             bigint      NOT NULL DEFAULT 0,
    corrects        integer,
    due_on          date,
    settles         integer[],
    legal_entity_id smallint    NOT NULL,
    place_id        integer     NOT NULL,
    source          text,
    actor           text        NOT NULL,
    created_at      timestamptz NOT NULL,
    detail          jsonb,
    PRIMARY KEY (account_id, day, no)
) PARTITION BY RANGE (day);
COMMENT ON TABLE billing_entry IS
    'amount is signed as the balance moves; a plain charge is explained by its columns alone';
COMMENT ON COLUMN billing_entry.through IS 'the last day an entry of a daily tariff covers';
COMMENT ON COLUMN billing_entry.detail IS 'slices of a calculation, amounts per day, notes';

-- Entries are never edited or removed: a correction is a new entry.
CREATE FUNCTION billing_entry_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries are append-only: post a correction';
END
$$;
CREATE TRIGGER billing_entry_is_final BEFORE UPDATE OR DELETE ON billing_entry
    FOR EACH ROW EXECUTE FUNCTION billing_entry_is_final();

-- A partition per business month, made before its first day opens.
CREATE FUNCTION billing_make_month(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first date := date_trunc('month', month);
    name text := 'billing_entry_' || to_char(first, 'YYYYMM');
BEGIN
    IF to_regclass(name) IS NULL THEN
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF billing_entry FOR VALUES FROM (%L) TO (%L)',
            name, first, (first + interval '1 month')::date
        );
    END IF;
END
$$;

-- Payment intake: unique by source and external id, whatever the account.
CREATE TABLE billing_inbox (
    source      text        NOT NULL,
    external_id text        NOT NULL,
    account_id  bigint      NOT NULL,
    amount      bigint      NOT NULL CHECK (amount > 0),
    day         date        NOT NULL,
    entry_no    integer     NOT NULL,
    paid_on     date,
    PRIMARY KEY (source, external_id)
);

-- The same key with other content is never guessed: it waits for a person.
CREATE TABLE billing_parked_payment (
    id          bigint      PRIMARY KEY,
    source      text        NOT NULL,
    external_id text        NOT NULL,
    account     text        NOT NULL,
    amount      bigint      NOT NULL,
    reason      text        NOT NULL,
    received_at timestamptz NOT NULL,
    settled_at  timestamptz
);

-- The run of a day: its batches are marked in the transaction that posts them.
CREATE TABLE billing_run (
    day         date        PRIMARY KEY,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    accounts    bigint      NOT NULL DEFAULT 0,
    charges     bigint      NOT NULL DEFAULT 0,
    amount      bigint      NOT NULL DEFAULT 0
);

CREATE TABLE billing_batch (
    day         date        NOT NULL REFERENCES billing_run,
    no          integer     NOT NULL,
    first       bigint      NOT NULL,
    last        bigint      NOT NULL,
    size        integer     NOT NULL,
    done        boolean     NOT NULL DEFAULT false,
    accounts    integer     NOT NULL DEFAULT 0,
    charges     integer     NOT NULL DEFAULT 0,
    amount      bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (day, no)
);

-- A closed month rolled up per account and line; rebuilt and compared by the proof.
CREATE TABLE billing_month (
    month           date     NOT NULL,
    account_id      bigint   NOT NULL,
    legal_entity_id smallint NOT NULL,
    place_id        integer  NOT NULL,
    section         text     NOT NULL CHECK (section IN ('opening', 'charge', 'payment', 'correction')),
    line            text     NOT NULL,
    amount          bigint   NOT NULL,
    PRIMARY KEY (month, account_id, legal_entity_id, place_id, section, line)
);

INSERT INTO billing_legal_entity VALUES (1, 'main', 'Провайдер');
INSERT INTO billing_place (district, street, house) VALUES ('', '', '');
INSERT INTO billing_policy (id) VALUES (1);
-- Russian VAT: 20 % from 2019 (303-FZ), 22 % from 2026 (425-FZ).
INSERT INTO billing_tax_rate VALUES
    ('none', '2000-01-01', 0),
    ('vat', '2004-01-01', 1800), ('vat', '2019-01-01', 2000), ('vat', '2026-01-01', 2200),
    ('vat5', '2025-01-01', 500), ('vat7', '2025-01-01', 700);
INSERT INTO billing_offer (code, name, days, days_per_year, most_days, ceiling, once_per_days, least_tenure_days, ban_days)
VALUES ('standard', 'Обещанный платёж', 5, 1, 10, 100000, 30, 60, 90);
