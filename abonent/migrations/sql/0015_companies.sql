-- Invoices, acts and reconciliation of companies. Figures and ids here; who the parties were when a
-- document was issued lies beside it in billing_document_party.

-- The last number of each run. The row's lock makes numbers gapless.
CREATE TABLE billing_document_count (
    legal_entity_id smallint    NOT NULL REFERENCES billing_legal_entity,
    kind            text        NOT NULL CHECK (kind IN ('invoice', 'act', 'correction', 'reconciliation')),
    year            smallint    NOT NULL,
    last            integer     NOT NULL CHECK (last > 0),
    PRIMARY KEY (legal_entity_id, kind, year)
);

CREATE TABLE billing_document (
    account_id      bigint      NOT NULL,
    id              bigint      NOT NULL,
    kind            text        NOT NULL CHECK (kind IN ('invoice', 'act', 'correction', 'reconciliation')),
    legal_entity_id smallint    NOT NULL REFERENCES billing_legal_entity,
    state           text        NOT NULL CHECK (state IN ('DRAFT', 'ISSUED', 'SENT', 'FAILED')),
    missing         text[]      NOT NULL DEFAULT '{}',
    day             date        NOT NULL,
    no              integer     CHECK (no > 0),
    period_from     date        NOT NULL,
    period_to       date        NOT NULL,
    amount          bigint      NOT NULL,
    tax             bigint      NOT NULL,
    opening         bigint,
    closing         bigint,
    due_on          date,
    corrects        bigint,
    replaced_by     bigint,
    reason          text        NOT NULL DEFAULT '',
    issued_by       text        NOT NULL DEFAULT '',
    issued_at       timestamptz,
    letters         smallint    NOT NULL DEFAULT 0 CHECK (letters >= 0),
    letter_waits    boolean     NOT NULL DEFAULT false,
    sent_at         timestamptz,
    error           text        NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, corrects) REFERENCES billing_document (account_id, id),
    FOREIGN KEY (account_id, replaced_by) REFERENCES billing_document (account_id, id)
        DEFERRABLE INITIALLY DEFERRED,
    CHECK (period_to > period_from),
    CHECK ((state = 'DRAFT') = (no IS NULL)),
    CHECK ((state = 'DRAFT') = (issued_at IS NULL)),
    CHECK (state = 'DRAFT' OR missing = '{}'),
    CHECK (state <> 'SENT' OR sent_at IS NOT NULL),
    CHECK (state <> 'FAILED' OR error <> ''),
    CHECK (kind <> 'correction' OR corrects IS NOT NULL)
);
COMMENT ON COLUMN billing_document.day IS 'the date it bears; its year counts its number';
COMMENT ON COLUMN billing_document.opening IS 'what was owed before the period; below zero: paid ahead';
COMMENT ON COLUMN billing_document.corrects IS 'of a correction: the act; of any other: the one it stands in for';
COMMENT ON COLUMN billing_document.missing IS 'of a draft: which details keep it from being issued';
CREATE INDEX billing_document_entity ON billing_document (legal_entity_id);
CREATE INDEX billing_document_corrects ON billing_document (account_id, corrects) WHERE corrects IS NOT NULL;
CREATE INDEX billing_document_replaced ON billing_document (account_id, replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX billing_document_day ON billing_document (day, id);
CREATE INDEX billing_document_id ON billing_document (id);
CREATE INDEX billing_document_draft ON billing_document (account_id) WHERE state = 'DRAFT';
CREATE UNIQUE INDEX billing_document_one ON billing_document (account_id, kind, period_from)
    WHERE kind IN ('invoice', 'act') AND replaced_by IS NULL;

-- Unique whatever the account: distributed by its own key, as numbers of accounts are.
CREATE TABLE billing_document_number (
    legal_entity_id smallint    NOT NULL REFERENCES billing_legal_entity,
    kind            text        NOT NULL,
    year            smallint    NOT NULL,
    no              integer     NOT NULL,
    account_id      bigint      NOT NULL,
    document_id     bigint      NOT NULL,
    PRIMARY KEY (legal_entity_id, kind, year, no),
    FOREIGN KEY (account_id, document_id) REFERENCES billing_document (account_id, id)
);
CREATE UNIQUE INDEX billing_document_number_document ON billing_document_number (account_id, document_id);

-- Each entry of a period stands in one line; a line of a reconciliation is one entry.
CREATE TABLE billing_document_line (
    account_id      bigint      NOT NULL,
    document_id     bigint      NOT NULL,
    no              integer     NOT NULL CHECK (no > 0),
    kind            text        NOT NULL,
    name            text        NOT NULL,
    service_no      integer,
    starts_on       date        NOT NULL,
    ends_on         date        NOT NULL,
    days            integer     NOT NULL DEFAULT 0,
    amount          bigint      NOT NULL,
    tax_code        text        NOT NULL DEFAULT 'none',
    tax_rate        integer     NOT NULL DEFAULT 0,
    tax             bigint      NOT NULL DEFAULT 0,
    entries         integer[]   NOT NULL DEFAULT '{}',
    PRIMARY KEY (account_id, document_id, no),
    FOREIGN KEY (account_id, document_id) REFERENCES billing_document (account_id, id)
);

-- The two parties as they stood on the day of issue: what is printed again says the same.
CREATE TABLE billing_document_party (
    account_id      bigint      NOT NULL,
    document_id     bigint      NOT NULL,
    seller          jsonb       NOT NULL,
    buyer           jsonb       NOT NULL,
    PRIMARY KEY (account_id, document_id),
    FOREIGN KEY (account_id, document_id) REFERENCES billing_document (account_id, id)
);

-- Periods that are done, with documents or without a charge: each follows the one before.
CREATE TABLE billing_document_period (
    account_id      bigint      NOT NULL,
    period_from     date        NOT NULL,
    period_to       date        NOT NULL,
    PRIMARY KEY (account_id, period_from),
    CHECK (period_to > period_from)
);

-- Where a company wants its papers; without a row they go to its main address when somebody sends them.
CREATE TABLE crm_document_contact (
    subscriber_id   bigint      PRIMARY KEY REFERENCES crm_subscriber,
    contact_id      bigint      NOT NULL REFERENCES crm_contact
);
CREATE INDEX crm_document_contact_contact ON crm_document_contact (contact_id);
CREATE INDEX crm_subscriber_company ON crm_subscriber (id) WHERE kind = 'company';

-- What is issued stands: only how it was sent and what stands in for it may follow.
CREATE FUNCTION billing_document_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := '{state,letters,letter_waits,sent_at,error,replaced_by}';
BEGIN
    IF OLD.state <> 'DRAFT' AND (TG_OP = 'DELETE' OR NEW.state = 'DRAFT'
            OR to_jsonb(NEW) - moving <> to_jsonb(OLD) - moving
            OR (OLD.replaced_by IS NOT NULL AND NEW.replaced_by IS DISTINCT FROM OLD.replaced_by)) THEN
        RAISE EXCEPTION 'an issued document is final: issue one that corrects it';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER billing_document_is_final BEFORE UPDATE OR DELETE ON billing_document
    FOR EACH ROW EXECUTE FUNCTION billing_document_is_final();

CREATE FUNCTION billing_document_part_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an issued document is final: issue one that corrects it';
END
$$;
CREATE TRIGGER billing_document_line_is_final BEFORE UPDATE OR DELETE ON billing_document_line
    FOR EACH ROW EXECUTE FUNCTION billing_document_part_is_final();
CREATE TRIGGER billing_document_number_is_final BEFORE UPDATE OR DELETE ON billing_document_number
    FOR EACH ROW EXECUTE FUNCTION billing_document_part_is_final();
CREATE TRIGGER billing_document_party_is_final BEFORE UPDATE ON billing_document_party
    FOR EACH ROW EXECUTE FUNCTION billing_document_part_is_final();

-- The day for whose period an entry is documented: what is charged after a period belongs to it.
CREATE VIEW billing_earned AS
SELECT e.account_id, e.no, e.day, e.kind, e.amount, e.tax, e.legal_entity_id,
    CASE WHEN e.kind IN ('charge', 'connection') AND t.mode = 'arrears' THEN e.day - 1 ELSE e.day END AS earned_on,
    e.kind IN ('charge', 'connection', 'fee', 'promise_fee', 'freeze_fee',
        'return', 'adjustment', 'correction', 'compensation') AS serves
FROM billing_entry e
LEFT JOIN billing_tariff_version v ON v.id = e.version_id
LEFT JOIN billing_tariff t ON t.id = coalesce(v.tariff_id, (e.detail ->> 'tariff')::integer);

UPDATE web_role SET rights = rights || '{billing.invoice.view,billing.invoice.issue}' WHERE code = 'office';
