-- Whether the first word of a chat came in time is settled when it is said, by the hours of that day.
ALTER TABLE crm_request ADD COLUMN first_soon boolean;
UPDATE crm_request SET first_soon = first_said_at <= received_at + interval '1 minute'
WHERE first_said_at IS NOT NULL;
ALTER TABLE crm_request ADD CONSTRAINT crm_request_first_word
    CHECK ((first_soon IS NULL) = (first_said_at IS NULL));
COMMENT ON COLUMN crm_request.first_soon IS 'the first word of a chat came within a minute of working time';
