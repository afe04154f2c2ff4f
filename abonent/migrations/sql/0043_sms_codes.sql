-- Codes of a phone are counted over a day, not each for itself: who asks for a new one guesses no more.
ALTER TABLE crm_sms_code
    ADD COLUMN counted_since timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN codes smallint NOT NULL DEFAULT 1 CHECK (codes >= 0),
    ADD COLUMN wrong smallint NOT NULL DEFAULT 0 CHECK (wrong >= 0);
COMMENT ON COLUMN crm_sms_code.code_hash IS 'sha256 of the phone, the account and the code; empty once it is used';
COMMENT ON COLUMN crm_sms_code.codes IS 'how many were sent since counted_since';
COMMENT ON COLUMN crm_sms_code.wrong IS 'how many wrong ones were typed since counted_since';
