"""What stands beside requests and messages: tickets, claims, scripts played, conversations."""

from __future__ import annotations

OFFICES = """
WITH made AS (
    INSERT INTO office (code, name) SELECT 'bench' || n, 'Офис ' || n FROM generate_series(1, 3) n
    RETURNING id
), queues AS (
    INSERT INTO crm_queue_office (office_id) SELECT id FROM made RETURNING office_id
), hours AS (
    INSERT INTO crm_queue_hours (office_id, weekday, opens, closes)
    SELECT q.office_id, d, '09:00', '18:00' FROM queues q, generate_series(0, 6) d
), windows AS (
    INSERT INTO crm_queue_window (office_id, number)
    SELECT q.office_id, n FROM queues q, generate_series(1, 4) n RETURNING id
)
INSERT INTO crm_queue_window_service SELECT w.id, s.id FROM windows w, crm_queue_service s
"""
TICKETS = """
WITH offices AS (
    SELECT array_agg(office_id ORDER BY office_id) AS ids FROM crm_queue_office
), places AS (
    SELECT office_id, array_agg(id ORDER BY id) AS ids FROM crm_queue_window GROUP BY office_id
), base AS (
    SELECT n, pg_temp.came(n, $1, 31) AS at, o.ids[1 + n % cardinality(o.ids)] AS office,
        1 + pg_temp.chance(n, 32, 4) AS service, pg_temp.chance(n, 33, 100) AS luck,
        pg_temp.chance(n, 34, 2400) * interval '1 second' AS waits,
        (120 + pg_temp.chance(n, 35, 900)) * interval '1 second' AS takes
    FROM generate_series(1, $1::bigint) n, offices o
), known AS (
    SELECT b.*, luck >= 4 AS came, CASE WHEN luck < 4 THEN 'cancelled' WHEN luck < 10 THEN 'no_show'
        ELSE 'done' END AS state FROM base b
)
INSERT INTO crm_queue_ticket (id, office_id, service_id, day, number, state, account_id, code,
    booked_for, created_at, arrived_at, waiting_since, first_called_at, called_at, calls, window_id,
    served_by, started_at, ended_at, outcome)
SELECT pg_temp.id_at(at, n), k.office, service, (at AT TIME ZONE 'UTC')::date,
    CASE WHEN came THEN 'А' || n ELSE '' END, state,
    CASE WHEN luck % 3 > 0 THEN pg_temp.account(n, 36, $2, $3) END, '', NULL, at,
    CASE WHEN came THEN at END, CASE WHEN came THEN at END, CASE WHEN came THEN at + waits END,
    CASE WHEN came THEN at + waits END, came::int, CASE WHEN came THEN p.ids[1 + n % 4] END,
    CASE WHEN state = 'done' THEN 'user:' || u.id ELSE '' END,
    CASE WHEN state = 'done' THEN at + waits END, at + waits + takes,
    CASE WHEN state = 'done' THEN 'served' ELSE '' END
FROM known k JOIN places p ON p.office_id = k.office,
    (SELECT min(id) AS id FROM web_user WHERE role = 'office') u
"""
CLAIMS = """
WITH base AS (
    SELECT n, pg_temp.came(n, $1, 41) AS at, pg_temp.account(n, 42, $2, $3) AS account,
        pg_temp.chance(n, 43, 100) AS luck FROM generate_series(1, $1::bigint) n
), aged AS (
    SELECT b.*, (at AT TIME ZONE 'UTC')::date AS day, at > now() - interval '25 days' AS fresh FROM base b
)
INSERT INTO crm_claim (account_id, id, legal_entity_id, number, subject, demand, asked, text, channel,
    reply_by, state, received_on, received_at, received_by, register_by, registered_at, target_by,
    alarm_on, answer_by, owner, cause, decision, grounds, decided_at, decided_by, answered_at, late,
    executed_at)
SELECT account, pg_temp.id_at(at, n), 1, to_char(at, 'YYYY') || '-' || n,
    (ARRAY['charge', 'speed', 'quality', 'payment', 'refund'])[1 + luck % 5], luck * 1000,
    'Вернуть деньги', 'Прошу разобраться и вернуть деньги.',
    (ARRAY['visit', 'letter', 'email', 'portal'])[1 + luck % 4],
    (ARRAY['paper', 'email', 'portal'])[1 + luck % 3],
    CASE WHEN fresh THEN (ARRAY['registered', 'investigation'])[1 + luck % 2] ELSE 'closed' END,
    day, at, 'user:' || u.id, day + 1, at, day + 14, day + 20, day + 30, u.id, '',
    CASE WHEN fresh THEN '' ELSE 'deny' END, CASE WHEN fresh THEN '' ELSE 'Нарушений не нашли' END,
    CASE WHEN NOT fresh THEN at + interval '9 days' END, CASE WHEN NOT fresh THEN 'user:' || u.id END,
    CASE WHEN NOT fresh THEN at + interval '10 days' END, NOT fresh AND luck < 3, NULL
FROM aged, (SELECT min(id) AS id FROM web_user WHERE role = 'office') u
"""
RUNS = """
WITH people AS (SELECT array_agg(id ORDER BY id) AS ids FROM web_user)
INSERT INTO crm_script_run (id, slug, hash, account_id, played_by, began_at, ended_at, no, stages,
    outcome, kind)
SELECT pg_temp.id_at(at, n), ($4::text[])[t], ($5::text[])[t],
    CASE WHEN luck % 4 > 0 THEN pg_temp.account(n, 52, $2, $3) END,
    'user:' || p.ids[1 + n % cardinality(p.ids)], at, at + interval '6 minutes', 5,
    (ARRAY[1, 3, 7, 15, 31, 63, 127])[1 + luck % 7], ($6::text[])[t],
    (ARRAY['good', 'neutral', 'bad'])[1 + luck % 3]
FROM people p, generate_series(1, $1::bigint) n, LATERAL (SELECT pg_temp.came(n, $1, 51) AS at,
    pg_temp.chance(n, 53, 1000) AS luck, 1 + pg_temp.chance(n, 54, cardinality($4::text[])) AS t) b
"""
"""$1 runs, $2 the first account's id, $3 accounts, $4 to $6 scripts, their hashes, an outcome of each."""
STEPS = """
WITH texts AS (
    SELECT t.hash, s.step->>'code' AS step, s.no, s.step #> '{answer,0}' IS NOT NULL AS asks
    FROM crm_script_text t, jsonb_array_elements(t.content->'step') WITH ORDINALITY AS s (step, no)
    WHERE s.no <= 5
)
INSERT INTO crm_script_step (run_id, no, step, shown_at, answer, answered_at)
SELECT r.id, t.no, t.step, r.began_at + t.no * interval '30 seconds', CASE WHEN t.asks THEN 0 END,
    CASE WHEN t.asks THEN r.began_at + t.no * interval '50 seconds' END
FROM crm_script_run r JOIN texts t ON t.hash = r.hash
"""
OBJECTIONS = """
INSERT INTO crm_script_objection (run_id, no, objection, shown_at, went_on)
SELECT id, 3, pg_temp.one_of($1, id), began_at + interval '1 minute', id % 2 = 0
FROM crm_script_run WHERE id % 3 = 0
"""
CONVERSATIONS = """
WITH people AS (SELECT array_agg(id ORDER BY id) AS ids FROM web_user)
INSERT INTO crm_conversation (id, account_id, kind, source, external_id, actor, phone, state, began_at,
    ended_at, seconds, media, size, stored_as, tie, keep_until, example, example_of)
SELECT pg_temp.id_at(at, n), CASE WHEN luck < 950 THEN pg_temp.account(n, 62, $2, $3) END, 'call',
    'exchange', 'call-' || n, 'user:' || p.ids[1 + n % cardinality(p.ids)],
    '79' || lpad((n * 7919 % 1000000000)::text, 9, '0'), state, at, at + luck * interval '1 second', luck,
    'audio/mpeg', luck * 4000, CASE WHEN state = 'kept' THEN 'call/' || n END,
    CASE WHEN luck % 50 = 0 THEN 'debt' WHEN luck % 70 = 0 THEN 'complaint' ELSE '' END,
    (at + interval '180 days')::date, CASE WHEN luck = 7 THEN 'good' WHEN luck = 8 THEN 'bad' ELSE '' END, ''
FROM people p, generate_series(1, $1::bigint) n, LATERAL (SELECT pg_temp.came(n, $1, 61) AS at,
    pg_temp.chance(n, 63, 1000) AS luck) b,
    LATERAL (SELECT CASE WHEN at > now() - interval '180 days' THEN 'kept' ELSE 'erased' END AS state) s
"""
CARDS = """
INSERT INTO crm_quality_card (id, conversation_id, account_id, actor, judged_by, judged_at, form, score,
    critical, state)
SELECT c.id + 1, c.id, c.account_id, c.actor, 'user:' || u.id, c.began_at + interval '3 days', 'bench',
    40 + c.seconds % 60, '{}', 'given'
FROM crm_conversation c, (SELECT id FROM web_user WHERE login = 'bench') u WHERE c.seconds % 20 = 0
"""
GRADES = """
INSERT INTO crm_quality_grade (card_id, line, share)
SELECT q.id, line, (q.id + length(line)) % 101 FROM crm_quality_card q, unnest($1::text[]) line
"""
SAMPLE = """
INSERT INTO crm_quality_sample (week, actor, conversation_id, why, drawn_at)
SELECT date_trunc('week', c.began_at)::date, c.actor, c.id, 'random', c.began_at
FROM crm_conversation c WHERE c.seconds % 20 IN (0, 1)
"""
