-- Conversations in the chat are requests; they are answered word by word, and the window may be closed.
ALTER TABLE crm_request
    ADD COLUMN first_said_at timestamptz,
    ADD COLUMN window_seen_at timestamptz;
COMMENT ON COLUMN crm_request.first_said_at IS 'when the client of a chat was first answered';
COMMENT ON COLUMN crm_request.window_seen_at IS 'when the client''s window last asked for news, kept once a minute';
CREATE INDEX crm_request_chats ON crm_request (received_at) WHERE open AND channel = 'chat';
