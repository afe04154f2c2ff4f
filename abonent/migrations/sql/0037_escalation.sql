-- When the head of the team was told of a request whose term nears its end and that nobody deals with.
ALTER TABLE crm_request ADD COLUMN escalated_at timestamptz;
CREATE INDEX crm_request_escalate ON crm_request (due_at)
    WHERE open AND warned_at IS NOT NULL AND escalated_at IS NULL;
CREATE INDEX crm_request_escalated ON crm_request (escalated_at) WHERE open AND escalated_at IS NOT NULL;

-- Whom a matter is told to that nobody deals with: the shift supervisors who are there, else the
-- heads who are, else every head.
CREATE FUNCTION staff_told(at timestamptz) RETURNS TABLE (user_id bigint) LANGUAGE sql STABLE AS $$
    WITH there AS (
        SELECT u.id, CASE WHEN u.role = 'head' AND w.user_id IS NOT NULL THEN 3
            WHEN u.role = 'head' THEN 2 WHEN w.user_id IS NULL THEN 1 END AS turn
        FROM web_user u LEFT JOIN staff_away(at) w ON w.user_id = u.id
        WHERE u.active AND u.role IN ('shift', 'head')
    )
    SELECT t.id FROM there t WHERE t.turn = (SELECT min(turn) FROM there)
$$;

-- The head was told of a request, and still no person has done anything on it.
CREATE FUNCTION request_unheeded(request bigint, escalated_at timestamptz)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT escalated_at IS NOT NULL AND NOT EXISTS (SELECT FROM audit a
        WHERE a.subject = 'request:' || request AND a.at >= escalated_at
            AND a.actor_kind NOT IN ('system', 'subscriber'))
$$;
