-- Files that `abonent import` took in. Files of agreements have a table of their own: they are looked through first.
CREATE TABLE billing_taken_file (
    id          bigint      PRIMARY KEY,
    kind        text        NOT NULL CHECK (kind IN ('tariffs', 'subscribers', 'debts', 'payments')),
    name        text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
    digest      bytea       NOT NULL,
    state       text        NOT NULL CHECK (state IN ('taking', 'taken', 'known', 'refused', 'broken')),
    error       text        NOT NULL DEFAULT '',
    taken       bigint      NOT NULL DEFAULT 0 CHECK (taken >= 0),
    unchanged   bigint      NOT NULL DEFAULT 0 CHECK (unchanged >= 0),
    rejected    bigint      NOT NULL DEFAULT 0 CHECK (rejected >= 0),
    begun_by    text        NOT NULL,
    machine_user text       NOT NULL DEFAULT '',
    begun_at    timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    ended_at    timestamptz
);
COMMENT ON COLUMN billing_taken_file.digest IS 'SHA-256 of the file''s bytes';
COMMENT ON COLUMN billing_taken_file.machine_user IS 'who ran the command, as the machine knows them';
COMMENT ON COLUMN billing_taken_file.seen_at IS 'the last batch: one that is being taken and is long silent was broken off';

-- What is wrong with rows. Values may be personal: they are erased after a while.
CREATE TABLE billing_file_trouble (
    import_id   bigint      NOT NULL REFERENCES billing_taken_file ON DELETE CASCADE,
    no          integer     NOT NULL CHECK (no > 0),
    line        bigint      NOT NULL,
    field       text        NOT NULL,
    value       text        NOT NULL,
    message     text        NOT NULL,
    params      jsonb       NOT NULL DEFAULT '{}',
    PRIMARY KEY (import_id, no)
);
COMMENT ON COLUMN billing_file_trouble.message IS 'English message id; its parameters beside it';

-- One register over both.
CREATE VIEW billing_file_register AS
SELECT i.id, i.kind, NULL::text AS agreement, NULL::text AS agreement_code, i.name, i.digest,
    i.begun_at AS at, i.ended_at, i.begun_by AS by, i.machine_user,
    CASE WHEN i.state = 'taking' AND i.seen_at < now() - interval '10 minutes' THEN 'broken'
        ELSE i.state END AS state,
    i.taken + i.unchanged + i.rejected AS lines, i.taken, i.unchanged, i.rejected, NULL::bigint AS amount,
    '/imports/' || i.id AS page
FROM billing_taken_file i
UNION ALL
SELECT f.id, 'bank', a.name, a.code, f.name, f.digest, f.received_at, f.finished_at, f.received_by, '',
    f.state, (f.summary->'incoming'->>'count')::bigint, (f.summary->'matched'->>'count')::bigint,
    (f.summary->'known'->>'count')::bigint,
    (SELECT coalesce(sum((u.value->>'count')::bigint), 0)::bigint
        FROM jsonb_each(f.summary->'unmatched') u),
    (f.summary->'incoming'->>'amount')::bigint,
    '/outside/files/' || f.id
FROM billing_outside_file f JOIN billing_agreement a ON a.id = f.agreement_id
WHERE f.state <> 'dropped';

UPDATE register_view SET register = 'imports' WHERE register = 'outside_files';

-- Subscribers see the documents of their own accounts.
UPDATE web_role SET rights = rights || '{billing.invoice.view}' WHERE code = 'sub';

-- What a newcomer looked at on the demonstration, where looking leaves no other trace.
CREATE TABLE web_lesson (
    user_id     bigint      NOT NULL REFERENCES web_user ON DELETE CASCADE,
    step        text        NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (user_id, step)
);
