-- Rows taken from files: the same row again changes nothing, the same key with other content is told.
CREATE TABLE billing_import (
    kind        text        NOT NULL,
    key         text        NOT NULL,
    digest      bytea       NOT NULL,
    PRIMARY KEY (kind, key)
);
COMMENT ON TABLE billing_import IS 'fingerprints only: what a row said stays where it was taken to';
