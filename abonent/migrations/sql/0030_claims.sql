-- Claims: demands in writing that the law gives a term to, their decision, answer and compensation.
CREATE TABLE crm_claim (
    account_id    bigint      NOT NULL REFERENCES billing_account,
    id            bigint      NOT NULL,
    legal_entity_id smallint  NOT NULL REFERENCES billing_legal_entity,
    number        text        CHECK (number <> ''),
    subject       text        NOT NULL,
    demand        bigint      NOT NULL DEFAULT 0 CHECK (demand >= 0),
    asked         text        NOT NULL CHECK (asked <> ''),
    text          text        NOT NULL CHECK (text <> ''),
    channel       text        NOT NULL CHECK (channel IN ('visit', 'letter', 'email', 'portal')),
    request       bigint,
    reply_by      text        NOT NULL CHECK (reply_by IN ('paper', 'email', 'portal')),
    reply_to      text        NOT NULL DEFAULT '',
    state         text        NOT NULL CHECK (state IN ('received', 'registered', 'investigation',
        'decided', 'answered', 'executed', 'court', 'closed')),
    open          boolean     GENERATED ALWAYS AS (state IN ('received', 'registered',
        'investigation', 'decided')) STORED NOT NULL,
    received_on   date        NOT NULL,
    received_at   timestamptz NOT NULL,
    received_by   text        NOT NULL,
    register_by   date        NOT NULL,
    registered_at timestamptz,
    target_by     date,
    alarm_on      date        NOT NULL,
    answer_by     date,
    alarmed_at    timestamptz,
    owner         bigint,
    substitute    bigint,
    cause         text        NOT NULL DEFAULT '',
    decision      text        NOT NULL DEFAULT '' CHECK (decision IN ('', 'full', 'partial', 'deny')),
    grounds       text        NOT NULL DEFAULT '',
    decided_at    timestamptz,
    decided_by    text,
    remedy        text        NOT NULL DEFAULT '' CHECK (remedy IN ('', 'outage', 'unserved',
        'discount', 'bonus')),
    remedy_service integer,
    remedy_from   date,
    remedy_to     date,
    remedy_percent integer    CHECK (remedy_percent BETWEEN 1 AND 10000),
    compensation  bigint      NOT NULL DEFAULT 0 CHECK (compensation >= 0),
    reckoned      jsonb       NOT NULL DEFAULT '[]',
    answered_at   timestamptz,
    late          boolean     NOT NULL DEFAULT false,
    posted        bigint,
    entry_first   integer,
    entry_last    integer,
    executed_at   timestamptz,
    court         text        NOT NULL DEFAULT '',
    court_case    text        NOT NULL DEFAULT '',
    court_amount  bigint      CHECK (court_amount >= 0),
    court_on      date,
    version       integer     NOT NULL DEFAULT 1,
    PRIMARY KEY (account_id, id),
    CHECK ((state = 'received') <= (number IS NULL)),
    CHECK ((number IS NULL) = (registered_at IS NULL)),
    CHECK ((remedy = '') = (compensation = 0)),
    CHECK ((decision = 'deny') <= (remedy = '')),
    CHECK ((posted IS NULL) = (entry_first IS NULL)),
    CHECK ((state <> 'court') OR (court <> ''))
);
COMMENT ON COLUMN crm_claim.number IS 'given at registration, without gaps in a year of a legal entity';
COMMENT ON COLUMN crm_claim.received_on IS 'the day the paper came; terms of law begin here';
COMMENT ON COLUMN crm_claim.request IS 'the number of the request it came from';
COMMENT ON COLUMN crm_claim.reckoned IS 'the compensation day by day as it was decided';
COMMENT ON COLUMN crm_claim.answer_by IS 'the last day of the term of law';
COMMENT ON COLUMN crm_claim.posted IS 'what the ledger gave; its entries are entry_first to entry_last';
CREATE UNIQUE INDEX crm_claim_id ON crm_claim (id);
CREATE UNIQUE INDEX crm_claim_number ON crm_claim (legal_entity_id, number);
CREATE INDEX crm_claim_by_number ON crm_claim (number);
CREATE INDEX crm_claim_account ON crm_claim (account_id, received_on DESC, id DESC);
CREATE INDEX crm_claim_received ON crm_claim (received_on, id);
CREATE INDEX crm_claim_due ON crm_claim (coalesce(answer_by, register_by), id) WHERE open;
CREATE INDEX crm_claim_owner ON crm_claim (owner) WHERE open;
CREATE INDEX crm_claim_alarm ON crm_claim (alarm_on) WHERE open AND alarmed_at IS NULL;
CREATE INDEX crm_claim_answered ON crm_claim (answered_at) WHERE answered_at IS NOT NULL;

-- What was found out, noted and said while a claim was looked into.
CREATE TABLE crm_claim_note (
    account_id bigint      NOT NULL,
    claim_id   bigint      NOT NULL,
    id         bigint      NOT NULL,
    kind       text        NOT NULL CHECK (kind IN ('note', 'finding')),
    text       text        NOT NULL CHECK (text <> ''),
    at         timestamptz NOT NULL,
    by         text        NOT NULL,
    PRIMARY KEY (account_id, claim_id, id),
    FOREIGN KEY (account_id, claim_id) REFERENCES crm_claim
);
COMMENT ON COLUMN crm_claim_note.kind IS 'a finding goes into the answer, a note never does';

CREATE TABLE crm_claim_file (
    account_id bigint      NOT NULL,
    claim_id   bigint      NOT NULL,
    id         bigint      NOT NULL,
    name       text        NOT NULL CHECK (name <> ''),
    media      text        NOT NULL,
    size       integer     NOT NULL CHECK (size > 0),
    stored_as  text        NOT NULL,
    at         timestamptz NOT NULL,
    by         text        NOT NULL,
    PRIMARY KEY (account_id, claim_id, id),
    FOREIGN KEY (account_id, claim_id) REFERENCES crm_claim,
    UNIQUE (account_id, claim_id, stored_as)
);

-- Answers as they went out; one that was decided anew has several.
CREATE TABLE crm_claim_answer (
    account_id bigint      NOT NULL,
    claim_id   bigint      NOT NULL,
    id         bigint      NOT NULL,
    way        text        NOT NULL CHECK (way IN ('paper', 'email', 'portal')),
    sent_to    text        NOT NULL DEFAULT '',
    text       text        NOT NULL CHECK (text <> ''),
    paper      jsonb       NOT NULL,
    message_id bigint,
    at         timestamptz NOT NULL,
    by         text        NOT NULL,
    PRIMARY KEY (account_id, claim_id, id),
    FOREIGN KEY (account_id, claim_id) REFERENCES crm_claim
);
COMMENT ON COLUMN crm_claim_answer.paper IS 'the data of the printed answer: it is printed again as it went';

-- What the company itself has set about claims: one row.
CREATE TABLE crm_claim_policy (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    own_limit  bigint  NOT NULL DEFAULT 100000 CHECK (own_limit >= 0),
    head_email text    NOT NULL DEFAULT ''
);
COMMENT ON COLUMN crm_claim_policy.own_limit IS 'compensation up to here needs nobody''s approval';
INSERT INTO crm_claim_policy DEFAULT VALUES;

-- A claim as pages show it, with the names of those it concerns.
CREATE VIEW crm_claim_seen AS
SELECT k.id, k.account_id, k.legal_entity_id, k.number, k.subject, k.demand, k.asked, k.text,
    k.channel, k.request, k.reply_by, k.reply_to, k.state, k.open, k.received_on, k.received_at,
    k.register_by, k.registered_at, k.target_by, k.alarm_on, k.answer_by, k.alarmed_at, k.owner,
    k.substitute, k.cause, k.decision, k.grounds, k.decided_at, k.remedy, k.remedy_service,
    k.remedy_from, k.remedy_to, k.remedy_percent, k.compensation, k.reckoned, k.answered_at, k.late,
    k.posted, k.entry_first, k.entry_last, k.executed_at, k.court, k.court_case, k.court_amount,
    k.court_on, k.version, b.number AS account, p.district, s.name AS subscriber,
    actor_name('user:' || k.owner) AS owner_name,
    actor_name('user:' || k.substitute) AS substitute_name,
    actor_name(k.received_by) AS taker_name, actor_name(k.decided_by) AS decider_name
FROM crm_claim k
JOIN billing_account b ON b.account_id = k.account_id
JOIN billing_place p ON p.id = b.place_id
LEFT JOIN crm_account f ON f.account_id = k.account_id
LEFT JOIN crm_contract c ON c.id = f.contract_id
LEFT JOIN crm_subscriber s ON s.id = c.subscriber_id;

INSERT INTO legal_rule (key, valid_from, jurisdiction, value, unit, source, checked_by, checked_at)
VALUES
    ('ru.claim.target', '2000-01-01', 'ru', '10', 'working_days', 'Внутренняя цель компании', 'source', '2026-11-01T00:00:00Z'),
    ('ru.claim.alarm', '2000-01-01', 'ru', '20', 'days', 'Внутренняя норма компании: тревога до истечения срока ответа', 'source', '2026-11-01T00:00:00Z');

WITH wanted (code, rights) AS (VALUES
    ('head', '{crm.claim.view,crm.claim.take,crm.claim.work,crm.claim.decide,crm.claim.approve,crm.claim.report}'::text[]),
    ('shift', '{crm.claim.view,crm.claim.take,crm.claim.work,crm.claim.decide,crm.claim.report}'),
    ('office', '{crm.claim.view,crm.claim.take,crm.claim.work,crm.claim.decide}'),
    ('cash', '{crm.claim.view,crm.claim.take}'),
    ('retain', '{crm.claim.view,crm.claim.take,crm.claim.work}'),
    ('collect', '{crm.claim.view}'),
    ('sub', '{crm.claim.take}')
)
UPDATE web_role r SET rights = r.rights || ARRAY(
    SELECT x FROM unnest(w.rights) x WHERE NOT (x = ANY (r.rights)))
FROM wanted w WHERE w.code = r.code;
