-- Payments from outside: with whom there is an agreement, what they say came in, what nobody is named for.

CREATE TABLE billing_agreement (
    id              smallint    GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code            text        NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9_-]{0,31}$'),
    name            text        NOT NULL CHECK (name <> ''),
    kind            text        NOT NULL CHECK (kind IN ('terminal', 'bank_file', 'registry', 'card')),
    legal_entity_id smallint    NOT NULL REFERENCES billing_legal_entity,
    bank_account    text        NOT NULL DEFAULT '',
    source          text        NOT NULL UNIQUE CHECK (source ~ '^[^[:cntrl:]]{1,64}$'),
    commission      integer     NOT NULL DEFAULT 0 CHECK (commission BETWEEN 0 AND 10000),
    least           bigint      NOT NULL DEFAULT 1 CHECK (least > 0),
    most            bigint      NOT NULL CHECK (most >= least),
    networks        text[]      NOT NULL DEFAULT '{}',
    processor       text        NOT NULL DEFAULT '' CHECK (processor IN ('', 'yookassa', 'stripe')),
    address         text        NOT NULL DEFAULT '',
    form            jsonb       NOT NULL DEFAULT '{}',
    recognition     jsonb       NOT NULL DEFAULT '{}',
    active          boolean     NOT NULL DEFAULT true,
    CHECK ((kind = 'card') = (processor <> ''))
);
CREATE INDEX billing_agreement_entity ON billing_agreement (legal_entity_id);
COMMENT ON COLUMN billing_agreement.commission IS 'hundredths of a percent that the other side keeps';
COMMENT ON COLUMN billing_agreement.source IS 'the source that its payments bear in the books';
COMMENT ON COLUMN billing_agreement.address IS 'where a card processor answers questions about a payment';
COMMENT ON COLUMN billing_agreement.form IS 'how a registry is written; columns by number';
COMMENT ON COLUMN billing_agreement.recognition IS 'by which words an account is found in a purpose';

-- Passwords and keys lie apart, so that nothing that lists agreements can show them.
CREATE TABLE billing_agreement_secret (
    agreement_id    smallint    NOT NULL REFERENCES billing_agreement ON DELETE CASCADE,
    name            text        NOT NULL CHECK (name IN ('password', 'login', 'key')),
    salt            bytea,
    value           bytea       NOT NULL,
    PRIMARY KEY (agreement_id, name)
);
COMMENT ON TABLE billing_agreement_secret IS 'a password is kept as a digest; a key that we send or check with, as it is';

CREATE TABLE billing_outside_file (
    id              bigint      PRIMARY KEY,
    agreement_id    smallint    NOT NULL REFERENCES billing_agreement,
    name            text        NOT NULL,
    digest          bytea       NOT NULL,
    state           text        NOT NULL CHECK (state IN ('seen', 'waiting', 'taking', 'taken', 'refused', 'dropped')),
    received_at     timestamptz NOT NULL,
    received_by     text        NOT NULL,
    finished_at     timestamptz,
    summary         jsonb       NOT NULL DEFAULT '{}',
    done            integer     NOT NULL DEFAULT 0 CHECK (done >= 0),
    UNIQUE (agreement_id, digest)
);
COMMENT ON COLUMN billing_outside_file.done IS 'payments of it that are carried out: how far the taking is';

-- The bytes wait here for the worker and are erased once taken.
CREATE TABLE billing_outside_content (
    file_id         bigint      PRIMARY KEY REFERENCES billing_outside_file ON DELETE CASCADE,
    content         bytea       NOT NULL
);

-- What the other side says came in. Ids and codes only; keyed as the inbox is.
CREATE TABLE billing_outside_row (
    agreement_id    smallint    NOT NULL REFERENCES billing_agreement,
    external_id     text        NOT NULL,
    file_id         bigint      REFERENCES billing_outside_file,
    place           integer     NOT NULL,
    amount          bigint      NOT NULL CHECK (amount > 0),
    paid_on         date        NOT NULL,
    payer_key       bytea,
    PRIMARY KEY (agreement_id, external_id)
);
CREATE INDEX billing_outside_row_day ON billing_outside_row (agreement_id, paid_on);
CREATE INDEX billing_outside_row_file ON billing_outside_row (file_id, place);
CREATE INDEX billing_outside_row_payer ON billing_outside_row (payer_key) WHERE payer_key IS NOT NULL;
COMMENT ON COLUMN billing_outside_row.payer_key IS 'a digest of the payer''s bank account';

-- What is personal in it, erased when a person asks: the money stays.
CREATE TABLE billing_outside_payer (
    agreement_id    smallint    NOT NULL REFERENCES billing_agreement,
    external_id     text        NOT NULL,
    payer           text        NOT NULL DEFAULT '',
    payer_account   text        NOT NULL DEFAULT '',
    payer_tax_id    text        NOT NULL DEFAULT '',
    purpose         text        NOT NULL DEFAULT '',
    PRIMARY KEY (agreement_id, external_id)
);

-- Whose account a payer's bank account paid for before, as a person decided.
CREATE TABLE billing_payer_rule (
    payer_key       bytea       PRIMARY KEY,
    account_id      bigint      NOT NULL,
    made_at         timestamptz NOT NULL,
    made_by         text        NOT NULL
);
CREATE INDEX billing_payer_rule_account ON billing_payer_rule (account_id);

-- The terminal's own number of each payment, and the number we answered with.
CREATE TABLE billing_terminal_payment (
    agreement_id    smallint    NOT NULL REFERENCES billing_agreement,
    txn_id          text        NOT NULL,
    prv_txn         bigint      NOT NULL,
    txn_at          timestamp   NOT NULL,
    PRIMARY KEY (agreement_id, txn_id)
);
COMMENT ON COLUMN billing_terminal_payment.txn_at IS 'as the other side wrote it, in its own time';

-- What waits for a person. Reasons other than 'differs' come with agreements.
ALTER TABLE billing_parked_payment
    ADD COLUMN agreement_id smallint REFERENCES billing_agreement,
    ADD COLUMN paid_on      date,
    ADD COLUMN outcome      text CHECK (outcome IN ('taken', 'returned', 'closed')),
    ADD COLUMN settled_by   text,
    ADD COLUMN taken_on     text,
    ADD COLUMN aside_at     timestamptz;
UPDATE billing_parked_payment SET outcome = 'closed', settled_by = '' WHERE settled_at IS NOT NULL;
ALTER TABLE billing_parked_payment
    ADD CHECK ((settled_at IS NULL) = (outcome IS NULL)),
    ADD CHECK (reason IN ('differs', 'twice', 'nobody', 'no_account', 'several', 'ended', 'company',
        'other_entity', 'taken_back', 'part_refunded'));
CREATE INDEX billing_parked_key ON billing_parked_payment (source, external_id);
CREATE INDEX billing_parked_agreement ON billing_parked_payment (agreement_id) WHERE agreement_id IS NOT NULL;
CREATE UNIQUE INDEX billing_parked_once ON billing_parked_payment (source, external_id, account, amount, reason);
COMMENT ON COLUMN billing_parked_payment.account IS 'what was named as the account; nothing where nothing was';
COMMENT ON COLUMN billing_parked_payment.taken_on IS 'the account it was taken to in the end';

-- Payments come in the order of days: a summary per block of them suffices to find a day's.

-- Each payment they name, with what became of it: taken, waiting, returned, closed; left where nothing did.
CREATE VIEW billing_outside_theirs AS
SELECT g.id AS agreement_id, r.paid_on AS day, r.external_id, r.amount, r.file_id, r.place,
    k.amount AS our_amount, a.number, p.id AS parked_id,
    CASE WHEN k.amount IS NOT NULL THEN 'taken' WHEN p.id IS NULL THEN 'left'
        WHEN p.outcome IS NULL THEN 'waiting' ELSE p.outcome END AS state
FROM billing_agreement g JOIN billing_outside_row r ON r.agreement_id = g.id
LEFT JOIN billing_inbox k ON k.source = g.source AND k.external_id = r.external_id
LEFT JOIN billing_account a ON a.account_id = k.account_id
LEFT JOIN LATERAL (
    SELECT id, outcome FROM billing_parked_payment q
    WHERE q.source = g.source AND q.external_id = r.external_id AND q.amount = r.amount
    ORDER BY q.id DESC LIMIT 1
) p ON true;

-- Each payment of ours by an agreement; alone where they do not name it.
CREATE VIEW billing_outside_ours AS
SELECT g.id AS agreement_id, k.day, k.paid_on, k.external_id, k.amount, a.number,
    r.external_id IS NULL AS alone
FROM billing_agreement g JOIN billing_inbox k ON k.source = g.source
JOIN billing_account a ON a.account_id = k.account_id
LEFT JOIN billing_outside_row r ON r.agreement_id = g.id AND r.external_id = k.external_id;

UPDATE web_role SET rights = rights || '{billing.payment.settle,billing.outside.take}'
WHERE code = 'office';
CREATE INDEX billing_inbox_days ON billing_inbox USING brin (day, paid_on) WITH (pages_per_range = 32, autosummarize = on);
