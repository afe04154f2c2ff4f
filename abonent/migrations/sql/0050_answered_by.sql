-- Who answered, so that the figures of employees are those of their own answers.
ALTER TABLE crm_request ADD COLUMN answered_by bigint;
UPDATE crm_request r SET answered_by = (
    SELECT substr(l.by, 6)::bigint FROM crm_request_line l
    WHERE l.request_id = r.id AND l.kind = 'answer' AND l.by LIKE 'user:%' ORDER BY l.id DESC LIMIT 1)
WHERE r.answered_at IS NOT NULL;
COMMENT ON COLUMN crm_request.answered_by IS 'the user who answered; NULL: nobody yet, or no user did';
