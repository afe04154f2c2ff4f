-- Until which day money lasts, of accounts where that is near: played once for each business day.

CREATE TABLE crm_lasting (
    account_id bigint  PRIMARY KEY,
    until      date    NOT NULL,
    balance    bigint  NOT NULL,
    promise    integer NOT NULL
);
COMMENT ON TABLE crm_lasting IS 'true of an account as long as no money or promise came since';
COMMENT ON COLUMN crm_lasting.until IS 'the last day that money lasts through';
COMMENT ON COLUMN crm_lasting.balance IS 'the account''s balance when it was played; more means money came';
COMMENT ON COLUMN crm_lasting.promise IS 'the number of the account''s last promise at that moment';
CREATE INDEX crm_lasting_until ON crm_lasting (until, account_id);

CREATE TABLE crm_lasting_day (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    day date
);
COMMENT ON COLUMN crm_lasting_day.day IS 'the business day for which it was played; NULL: for none yet';
INSERT INTO crm_lasting_day DEFAULT VALUES;
