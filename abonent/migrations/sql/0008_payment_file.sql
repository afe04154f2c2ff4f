-- Files of payments of which every row was taken: the same file again is answered without reading its rows.
CREATE TABLE billing_payment_file (
    digest      bytea       PRIMARY KEY,
    rows        integer     NOT NULL CHECK (rows >= 0),
    taken_at    timestamptz NOT NULL
);
COMMENT ON COLUMN billing_payment_file.digest IS 'of the bytes and of how its columns were read';
