-- The notice of the recording as a sound: played before a conversation is recorded. One is in use;
-- those that were stay, so that it is known which words a subscriber heard.
CREATE TABLE crm_recording_notice (
    id           bigint      PRIMARY KEY,
    name         text        NOT NULL CHECK (name <> ''),
    sha256       text        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    media        text        NOT NULL,
    size         integer     NOT NULL CHECK (size > 0),
    stored_as    text        NOT NULL UNIQUE,
    set_at       timestamptz NOT NULL,
    set_by       text        NOT NULL,
    taken_off_at timestamptz
);
CREATE UNIQUE INDEX crm_recording_notice_one ON crm_recording_notice ((true)) WHERE taken_off_at IS NULL;

ALTER TABLE crm_conversation ADD COLUMN notice_id bigint REFERENCES crm_recording_notice;
COMMENT ON COLUMN crm_conversation.notice_id IS 'the notice that was played; NULL: an employee said it';
CREATE INDEX crm_conversation_notice ON crm_conversation (notice_id) WHERE notice_id IS NOT NULL;
