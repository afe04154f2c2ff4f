-- Scripts that nobody begins any more; what was played by them stays as it was.
CREATE TABLE crm_script_withdrawn (
    slug text        PRIMARY KEY CHECK (slug <> ''),
    why  text        NOT NULL CHECK (why <> ''),
    at   timestamptz NOT NULL,
    by   text        NOT NULL CHECK (by <> '')
);
