-- What clients sent with their letters.
CREATE TABLE crm_request_file (
    request_id bigint      NOT NULL REFERENCES crm_request,
    id         bigint      NOT NULL,
    name       text        NOT NULL CHECK (name <> ''),
    media      text        NOT NULL,
    size       integer     NOT NULL CHECK (size > 0),
    stored_as  text        NOT NULL UNIQUE,
    at         timestamptz NOT NULL,
    by         text        NOT NULL,
    PRIMARY KEY (request_id, id)
);
