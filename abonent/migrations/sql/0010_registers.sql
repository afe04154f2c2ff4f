-- Saved views of registers, and what is done for a user in the background: files and bulk changes.
CREATE TABLE register_view (
    id          bigint      PRIMARY KEY,
    register    text        NOT NULL,
    name        text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
    state       text        NOT NULL CHECK (char_length(state) <= 4000),
    user_id     bigint      NOT NULL REFERENCES web_user ON DELETE CASCADE,
    shared      boolean     NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL
);
COMMENT ON COLUMN register_view.state IS 'the query of the register''s address';
CREATE UNIQUE INDEX register_view_name ON register_view (user_id, register, name);
CREATE INDEX register_view_shared ON register_view (register) WHERE shared;

CREATE TABLE register_task (
    id          bigint      PRIMARY KEY,
    user_id     bigint      NOT NULL REFERENCES web_user ON DELETE CASCADE,
    kind        text        NOT NULL CHECK (kind IN ('export', 'bulk')),
    register    text        NOT NULL,
    asked       text        NOT NULL,
    what        text        NOT NULL,
    language    text        NOT NULL,
    given       jsonb       NOT NULL DEFAULT '{}',
    keys        jsonb,
    state       text        NOT NULL DEFAULT 'WAITING'
                            CHECK (state IN ('WAITING', 'RUNNING', 'DONE', 'FAILED', 'STOPPED')),
    done        bigint      NOT NULL DEFAULT 0,
    total       bigint,
    refused     jsonb       NOT NULL DEFAULT '[]',
    file        text,
    size        bigint,
    error       text,
    created_at  timestamptz NOT NULL,
    finished_at timestamptz
);
COMMENT ON COLUMN register_task.what IS 'xlsx or csv for a file, the code of the action for a bulk change';
COMMENT ON COLUMN register_task.asked IS 'the query of the register''s address';
COMMENT ON COLUMN register_task.refused IS 'rows that a bulk change did not touch, each with its reason';
CREATE INDEX register_task_user ON register_task (user_id, id);
CREATE INDEX register_task_old ON register_task (finished_at) WHERE finished_at IS NOT NULL;

-- Who an actor of an entry or an audit row is, as people call them.
CREATE FUNCTION actor_name(actor text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE split_part(actor, ':', 1)
        WHEN 'user' THEN (SELECT name FROM web_user WHERE id = split_part(actor, ':', 2)::bigint)
        WHEN 'token' THEN (SELECT name FROM web_token WHERE id = split_part(actor, ':', 2)::bigint)
    END
$$;

-- Money that came in, the latest first; charges are not in it, so a run writes nothing here.
CREATE INDEX billing_entry_money ON billing_entry (created_at, account_id, no)
    WHERE kind IN ('payment', 'reversal', 'refund', 'return');

-- Everybody in the order of names, as the register of subscribers shows them.
CREATE INDEX crm_subscriber_sorted ON crm_subscriber (name_key, id);

UPDATE web_role SET rights = rights || '{web.view.share}' WHERE code = 'head';
UPDATE web_role SET rights = rights || '{billing.payment.view}' WHERE code IN ('office', 'cash');
