-- A letter that could not be taken stays in the mailbox: who looks for it there needs to know whose it
-- is and of when, and why it was put aside.
ALTER TABLE crm_mail_taken
    ADD COLUMN sender  text NOT NULL DEFAULT '',
    ADD COLUMN subject text NOT NULL DEFAULT '',
    ADD COLUMN sent_at timestamptz,
    ADD COLUMN error   text NOT NULL DEFAULT '',
    ADD CONSTRAINT crm_mail_taken_heading CHECK (kind = 'failed' OR sender || subject || error = '');
CREATE INDEX crm_mail_failed ON crm_mail_taken (at, message_id) WHERE kind = 'failed';
