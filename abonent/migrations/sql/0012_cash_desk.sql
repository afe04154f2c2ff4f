-- Requisites of the provider's companies, offices with their cash desks, shifts, receipts, and the
-- fiscal documents that the law wants of them.

ALTER TABLE billing_legal_entity
    ADD COLUMN full_name    text NOT NULL DEFAULT '',
    ADD COLUMN inn          text NOT NULL DEFAULT '' CHECK (inn ~ '^([0-9]{10}|[0-9]{12})?$'),
    ADD COLUMN kpp          text NOT NULL DEFAULT '' CHECK (kpp ~ '^([0-9]{4}[0-9A-Z]{2}[0-9]{3})?$'),
    ADD COLUMN ogrn         text NOT NULL DEFAULT '' CHECK (ogrn ~ '^([0-9]{13}|[0-9]{15})?$'),
    ADD COLUMN address      text NOT NULL DEFAULT '',
    ADD COLUMN phone        text NOT NULL DEFAULT '',
    ADD COLUMN email        text NOT NULL DEFAULT '',
    ADD COLUMN bank_name    text NOT NULL DEFAULT '',
    ADD COLUMN bic          text NOT NULL DEFAULT '' CHECK (bic ~ '^([0-9]{9})?$'),
    ADD COLUMN account      text NOT NULL DEFAULT '' CHECK (account ~ '^([0-9]{20})?$'),
    ADD COLUMN corr_account text NOT NULL DEFAULT '' CHECK (corr_account ~ '^([0-9]{20})?$'),
    ADD COLUMN tax_system   text NOT NULL DEFAULT 'osn'
        CHECK (tax_system IN ('osn', 'usn_income', 'usn_income_outcome', 'esn', 'patent')),
    ADD COLUMN head_name    text NOT NULL DEFAULT '',
    ADD COLUMN head_post    text NOT NULL DEFAULT '',
    ADD CONSTRAINT billing_legal_entity_accounts_have_a_bank
        CHECK (bic <> '' OR (account = '' AND corr_account = ''));
COMMENT ON COLUMN billing_legal_entity.name IS 'the short name, as it is printed';
COMMENT ON COLUMN billing_legal_entity.tax_system IS 'by its code on a fiscal receipt';

CREATE TABLE office (
    id          integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text        NOT NULL UNIQUE CHECK (code <> ''),
    name        text        NOT NULL CHECK (name <> ''),
    address     text        NOT NULL DEFAULT '',
    phone       text        NOT NULL DEFAULT '',
    hours       text        NOT NULL DEFAULT '',
    active      boolean     NOT NULL DEFAULT true
);

-- Its counters move under the row's lock, so that numbers have no gaps; a desk has one cashier at a
-- time, so nobody waits for it.
CREATE TABLE cash_desk (
    id           integer    GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    office_id    integer    NOT NULL REFERENCES office,
    code         text       NOT NULL UNIQUE CHECK (code <> ''),
    name         text       NOT NULL CHECK (name <> ''),
    active       boolean    NOT NULL DEFAULT true,
    last_shift   integer    NOT NULL DEFAULT 0 CHECK (last_shift >= 0),
    last_receipt integer    NOT NULL DEFAULT 0 CHECK (last_receipt >= 0),
    money        bigint     NOT NULL DEFAULT 0 CHECK (money >= 0)
);
CREATE INDEX cash_desk_office ON cash_desk (office_id);
COMMENT ON COLUMN cash_desk.money IS 'what the last closing left in the drawer';

CREATE TABLE cash_shift (
    id           bigint      PRIMARY KEY,
    desk_id      integer     NOT NULL REFERENCES cash_desk,
    no           integer     NOT NULL CHECK (no > 0),
    cashier      text        NOT NULL CHECK (cashier <> ''),
    cashier_name text        NOT NULL,
    state        text        NOT NULL CHECK (state IN ('OPEN', 'COUNTED', 'CLOSED')),
    day          date        NOT NULL,
    opened_at    timestamptz NOT NULL,
    float_money  bigint      NOT NULL CHECK (float_money >= 0),
    counted      jsonb,
    counted_sum  bigint      CHECK (counted_sum >= 0),
    counted_at   timestamptz,
    expected     bigint,
    explanation  text        NOT NULL DEFAULT '',
    left_money   bigint      CHECK (left_money >= 0),
    closed_at    timestamptz,
    UNIQUE (desk_id, no),
    CHECK ((state = 'OPEN') = (counted_at IS NULL)),
    CHECK ((counted_at IS NULL) = (counted_sum IS NULL) AND (counted_at IS NULL) = (expected IS NULL)),
    CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL)),
    CHECK ((state = 'CLOSED') = (left_money IS NOT NULL)),
    CHECK (state <> 'CLOSED' OR counted_sum = expected OR explanation <> '')
);
CREATE UNIQUE INDEX cash_shift_one_at_a_desk ON cash_shift (desk_id) WHERE state <> 'CLOSED';
CREATE UNIQUE INDEX cash_shift_one_of_a_cashier ON cash_shift (cashier) WHERE state <> 'CLOSED';
CREATE INDEX cash_shift_day ON cash_shift (day, desk_id);
COMMENT ON COLUMN cash_shift.counted IS 'pieces by the value of a note or coin in minor units';
COMMENT ON COLUMN cash_shift.day IS 'the business day on which it was opened';

-- Cash handed in to the bank or the head cashier, and change put in.
CREATE TABLE cash_move (
    shift_id    bigint      NOT NULL REFERENCES cash_shift,
    no          integer     NOT NULL CHECK (no > 0),
    kind        text        NOT NULL CHECK (kind IN ('in', 'out')),
    amount      bigint      NOT NULL CHECK (amount > 0),
    reason      text        NOT NULL CHECK (reason <> ''),
    actor       text        NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (shift_id, no)
);

-- A receipt of a desk: numbered without gaps within it. Final, like the entry it stands for.
CREATE TABLE cash_receipt (
    desk_id     integer     NOT NULL REFERENCES cash_desk,
    no          integer     NOT NULL CHECK (no > 0),
    shift_id    bigint      REFERENCES cash_shift,
    kind        text        NOT NULL CHECK (kind IN ('payment', 'void')),
    source      text        NOT NULL CHECK (source <> ''),
    account_id  bigint      NOT NULL,
    account     text        NOT NULL,
    entry_no    integer     NOT NULL,
    amount      bigint      NOT NULL CHECK (amount > 0),
    given       bigint      CHECK (given >= amount),
    balance     bigint      NOT NULL,
    through     date,
    corrects_desk integer,
    corrects    integer,
    reason      text        NOT NULL DEFAULT '',
    cashier     text        NOT NULL,
    day         date        NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (desk_id, no),
    UNIQUE (corrects_desk, corrects),
    FOREIGN KEY (corrects_desk, corrects) REFERENCES cash_receipt (desk_id, no),
    CHECK ((kind = 'void') = (corrects IS NOT NULL)),
    CHECK ((corrects IS NULL) = (corrects_desk IS NULL)),
    CHECK (kind = 'payment' OR reason <> ''),
    CHECK (kind = 'void' OR shift_id IS NOT NULL)
);
CREATE INDEX cash_receipt_shift ON cash_receipt (shift_id);
CREATE UNIQUE INDEX cash_receipt_entry ON cash_receipt (account_id, entry_no);
CREATE INDEX cash_receipt_day ON cash_receipt (day, desk_id);
COMMENT ON COLUMN cash_receipt.balance IS 'of the account after it';
COMMENT ON COLUMN cash_receipt.through IS 'how long the money lasts after it';
COMMENT ON COLUMN cash_receipt.shift_id IS 'of a void: the shift whose drawer gave the money back, if any did';

CREATE FUNCTION cash_receipt_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'receipts are append-only: void one by another';
END
$$;
CREATE TRIGGER cash_receipt_is_final BEFORE UPDATE OR DELETE ON cash_receipt
    FOR EACH ROW EXECUTE FUNCTION cash_receipt_is_final();

-- The notes and coins a drawer is counted by, largest first; a coin may have a note's value.
CREATE TABLE cash_denomination (
    currency    text        NOT NULL,
    value       bigint      NOT NULL CHECK (value > 0),
    coin        boolean     NOT NULL,
    PRIMARY KEY (currency, value)
);
INSERT INTO cash_denomination (currency, value, coin) VALUES
    ('RUB', 500000, false), ('RUB', 200000, false), ('RUB', 100000, false), ('RUB', 50000, false),
    ('RUB', 20000, false), ('RUB', 10000, false), ('RUB', 5000, false), ('RUB', 1000, false),
    ('RUB', 500, true), ('RUB', 200, true), ('RUB', 100, true), ('RUB', 50, true), ('RUB', 10, true);

-- Printed documents: which text was printed of what. The data it was made from is not kept here.
CREATE TABLE printed_document (
    id           bigint      PRIMARY KEY,
    slug         text        NOT NULL,
    language     text        NOT NULL,
    hash         text        NOT NULL,
    subject      text        NOT NULL,
    account_id   bigint,
    actor        text        NOT NULL,
    at           timestamptz NOT NULL
);
CREATE INDEX printed_document_subject ON printed_document (subject, id);
CREATE INDEX printed_document_account ON printed_document (account_id, id) WHERE account_id IS NOT NULL;

-- Which payments the provider gives a fiscal receipt for (54-FZ): banks and agents give their own.
CREATE TABLE fiscal_source (
    source       text        PRIMARY KEY,
    payment_type smallint    NOT NULL CHECK (payment_type IN (0, 1, 2, 3, 4))
);
COMMENT ON COLUMN fiscal_source.payment_type IS 'tag 1031 and following: 0 cash, 1 electronic, 2 advance';
INSERT INTO fiscal_source VALUES ('cash', 0), ('card', 1);

-- How tax codes are named on a fiscal receipt; rates and formats change, so they are data.
CREATE TABLE fiscal_tax (
    tax_code     text        NOT NULL,
    since        date        NOT NULL,
    charge       text        NOT NULL,
    advance      text        NOT NULL,
    PRIMARY KEY (tax_code, since)
);
COMMENT ON TABLE fiscal_tax IS 'an advance is taxed by the calculated rate: 22/122';
INSERT INTO fiscal_tax VALUES
    ('none', '2000-01-01', 'none', 'none'),
    ('vat', '2019-01-01', 'vat20', 'vat120'), ('vat', '2026-01-01', 'vat22', 'vat122'),
    ('vat5', '2025-01-01', 'vat5', 'vat105'), ('vat7', '2025-01-01', 'vat7', 'vat107');
ALTER TABLE billing_legal_entity ADD COLUMN tax_code text NOT NULL DEFAULT 'vat';
COMMENT ON COLUMN billing_legal_entity.tax_code IS 'the tax inside an advance, on its fiscal receipt';

CREATE TABLE fiscal_document (
    external_id     text        PRIMARY KEY,
    kind            text        NOT NULL CHECK (kind IN ('sell', 'sell_refund')),
    account_id      bigint      NOT NULL,
    account         text        NOT NULL,
    entry_no        integer     NOT NULL,
    legal_entity_id smallint    NOT NULL REFERENCES billing_legal_entity,
    source          text        NOT NULL,
    amount          bigint      NOT NULL CHECK (amount > 0),
    method          text        NOT NULL,
    vat             text        NOT NULL,
    payment_type    smallint    NOT NULL,
    state           text        NOT NULL DEFAULT 'WAITING'
                                CHECK (state IN ('WAITING', 'SENT', 'DONE', 'FAILED')),
    tries           smallint    NOT NULL DEFAULT 1 CHECK (tries > 0),
    uuid            text,
    marks           jsonb,
    error           text,
    created_at      timestamptz NOT NULL,
    sent_at         timestamptz,
    done_at         timestamptz,
    CHECK (state NOT IN ('SENT', 'DONE') OR uuid IS NOT NULL),
    CHECK ((state = 'DONE') = (done_at IS NOT NULL AND marks IS NOT NULL)),
    CHECK (state <> 'FAILED' OR error IS NOT NULL)
);
CREATE UNIQUE INDEX fiscal_document_entry ON fiscal_document (account_id, entry_no);
CREATE INDEX fiscal_document_legal_entity ON fiscal_document (legal_entity_id);
CREATE UNIQUE INDEX fiscal_document_uuid ON fiscal_document (uuid) WHERE uuid IS NOT NULL;
CREATE INDEX fiscal_document_open ON fiscal_document (created_at) WHERE state IN ('WAITING', 'SENT');
CREATE INDEX fiscal_document_failed ON fiscal_document (created_at) WHERE state = 'FAILED';
CREATE INDEX fiscal_document_latest ON fiscal_document (created_at, external_id);

UPDATE web_role SET rights = rights || '{billing.shift.work}' WHERE code = 'cash';
