-- What a subscriber asked for by SMS and has not confirmed yet: money moves only by a code.
CREATE TABLE crm_sms_code (
    phone text PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES billing_account,
    offer text NOT NULL,
    code_hash bytea NOT NULL,
    tries smallint NOT NULL DEFAULT 0 CHECK (tries >= 0),
    expires_at timestamptz NOT NULL
);
COMMENT ON COLUMN crm_sms_code.code_hash IS 'sha256 of the phone, the account and the code';
CREATE INDEX crm_sms_code_account ON crm_sms_code (account_id);
