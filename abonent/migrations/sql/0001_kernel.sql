-- Audit rows hold ids and codes only. What is personal lies beside them in audit_personal and can
-- be erased on a subscriber's demand without touching the record that something was done.
CREATE TABLE audit (
    id          bigint      PRIMARY KEY,
    at          timestamptz NOT NULL,
    actor_kind  text        NOT NULL,
    actor_id    text        NOT NULL,
    action      text        NOT NULL,
    subject     text        NOT NULL,
    account_id  bigint,
    before      jsonb,
    after       jsonb
);
CREATE INDEX audit_account ON audit (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX audit_subject ON audit (subject, id);
CREATE INDEX audit_actor ON audit (actor_id, id);
CREATE INDEX audit_at ON audit USING brin (at);

CREATE TABLE audit_personal (
    audit_id    bigint      PRIMARY KEY,
    personal    jsonb       NOT NULL
);

-- What must happen outside after a commit. The row is the truth; queues only carry its id.
CREATE TABLE outbox (
    id          bigint      PRIMARY KEY,
    kind        text        NOT NULL,
    payload     jsonb       NOT NULL,
    key         text        UNIQUE,
    state       text        NOT NULL DEFAULT 'WAITING' CHECK (state IN ('WAITING', 'DONE', 'FAILED')),
    created_at  timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    attempts    integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    last_error  text,
    done_at     timestamptz,
    CHECK ((state = 'DONE') = (done_at IS NOT NULL))
);
CREATE INDEX outbox_waiting ON outbox (due_at, id) WHERE state = 'WAITING';
CREATE INDEX outbox_failed ON outbox (id) WHERE state = 'FAILED';

CREATE TABLE job_run (
    id          bigint      PRIMARY KEY,
    job         text        NOT NULL,
    key         text        NOT NULL,
    state       text        NOT NULL DEFAULT 'PLANNED'
                            CHECK (state IN ('PLANNED', 'RUNNING', 'OK', 'FAILED')),
    arguments   jsonb       NOT NULL DEFAULT '{}',
    attempts    integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    created_at  timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    started_at  timestamptz,
    finished_at timestamptz,
    error       text,
    UNIQUE (job, key)
);
CREATE INDEX job_run_open ON job_run (due_at, id) WHERE state IN ('PLANNED', 'RUNNING');

-- Scope is who asks: two callers may use the same key without meeting.
CREATE TABLE idempotency_key (
    key          varchar(200) NOT NULL,
    scope        text        NOT NULL,
    request_hash bytea       NOT NULL,
    status       integer,
    body         jsonb,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (key, scope)
);
CREATE INDEX idempotency_key_age ON idempotency_key USING brin (created_at);
