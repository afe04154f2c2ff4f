-- What moves were made in the workflows of the departments: who, when, from where to where, why.
CREATE TABLE workflow_move (
    workflow text NOT NULL,
    subject bigint NOT NULL,
    id bigint NOT NULL,
    account_id bigint,
    name text NOT NULL,
    was text NOT NULL,
    became text NOT NULL,
    reason text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    at timestamptz NOT NULL,
    by text NOT NULL,
    PRIMARY KEY (workflow, subject, id)
);
CREATE INDEX workflow_move_account ON workflow_move (account_id) WHERE account_id IS NOT NULL;
