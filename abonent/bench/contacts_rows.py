"""Requests, messages and what stands beside them, for measuring: made by the server itself.

Two years of a department's work. Each statement takes what it names; `pg_temp.chance(n, salt, most)`
is the same number for the same row in every run, `pg_temp.id_at` the id that a row of that time has.
"""

from __future__ import annotations

TOOLS = """
CREATE FUNCTION pg_temp.chance(n bigint, salt bigint, most bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT (hashint8extended(n, salt) & 2147483647) % most $$;
CREATE FUNCTION pg_temp.seldom(n bigint, salt bigint, most int) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
    SELECT least(most, 1 + floor(-ln((1 + pg_temp.chance(n, salt, 1000000)) / 1000001.0) * most / 8)::int) $$;
CREATE FUNCTION pg_temp.id_at(at timestamptz, n bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT ((extract(epoch FROM at) * 1000)::bigint << 20) | (n & 1048575) $$;
CREATE FUNCTION pg_temp.one_of(list text[], at bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT list[1 + at % cardinality(list)] $$;
CREATE FUNCTION pg_temp.came(n bigint, rows bigint, salt bigint) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT least(now() - interval '1 minute', date_trunc('day', now()) - interval '729 days'
        + (n * 730 / (rows + 1)) * interval '1 day' + interval '5 hours'
        + (pg_temp.chance(n, salt, 46800)) * interval '1 second') $$;
CREATE FUNCTION pg_temp.account(n bigint, salt bigint, first bigint, accounts bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT first + (accounts * power(pg_temp.chance(n, salt, 1000000) / 1000000.0, 2))::bigint $$;
"""
"""`seldom` gives the first of so many often and the last hardly ever. Days of equal weight, hours of
work; a fifth of the accounts turns to us as often as all others."""

STAFF = """
INSERT INTO web_user (id, login, name, password_hash, role, created_at, districts)
SELECT u.id + n, 'bench' || n, ($2::text[])[1 + n % cardinality($2::text[])] || ' ' || n,
    u.password_hash, (ARRAY['office', 'office', 'cash', 'coord', 'collect', 'retain', 'shift'])[1 + n % 7],
    u.created_at, CASE WHEN n % 10 = 7 THEN ARRAY['Район 1', 'Район 2'] END
FROM web_user u, generate_series(1, $1::int) n WHERE u.login = 'bench'
"""
ARTICLES = """
WITH people AS (SELECT id FROM web_user), read AS (
    INSERT INTO crm_article_reading (slug, hash, user_id, read_at)
    SELECT a.slug, a.hash, p.id, now() - interval '9 days' FROM crm_article a, people p)
INSERT INTO crm_article_vote (slug, hash, user_id, useful, voted_at)
SELECT a.slug, a.hash, p.id, hashtext(a.slug || p.id) % 5 <> 0, now() - interval '8 days'
FROM crm_article a, people p
"""

REQUESTS = """
WITH staff AS (
    SELECT role, array_agg(id ORDER BY id) AS ids FROM web_user GROUP BY role
), base AS (
    SELECT n, pg_temp.came(n, $1, 1) AS at, pg_temp.chance(n, 2, 100) AS luck,
        pg_temp.seldom(n, 3, cardinality($4::text[])) AS t, pg_temp.chance(n, 4, 100) AS way,
        pg_temp.chance(n, 5, 1000) AS mood,
        CASE WHEN pg_temp.chance(n, 6, 100) < 94 THEN pg_temp.account(n, 7, $2, $3) END AS account
    FROM generate_series(1, $1::bigint) n
), aged AS (
    SELECT b.*, pg_temp.id_at(at, n) AS id, ($5::text[])[t] AS team, ($6::int[])[t] AS priority,
        CASE WHEN now() - at < interval '60 days' AND luck < 24 OR now() - at < interval '1 day'
            THEN (ARRAY['new', 'classified', 'in_work', 'in_work', 'in_work', 'wait_client',
                'wait_tech', 'reopened'])[1 + mood % 8]
            WHEN luck >= 98 THEN 'dropped' WHEN luck >= 96 AND n > 1 THEN 'joined'
            WHEN now() - at < interval '14 days' THEN CASE WHEN mood < 300 THEN 'rated' ELSE 'resolved' END
            ELSE 'closed' END AS state,
        (2 + pg_temp.chance(n, 8, 40)) * interval '1 hour' AS norm
    FROM base b
), worked AS (
    SELECT a.*, state IN ('resolved', 'rated', 'closed') AS done,
        state NOT IN ('closed', 'joined', 'dropped', 'resolved', 'rated') AS to_do,
        norm * (1 + pg_temp.chance(n, 9, 110)) / 100 AS took
    FROM aged a
)
INSERT INTO crm_request (id, number, token, account_id, channel, topic, priority, title, text, who,
    reply_by, reply_to, state, team, owner, contact_person, joined_to, received_at, received_by,
    norm_amount, norm_unit, due_at, warn_at, warned_at, next_action, next_action_at, answered_at, late,
    contacts, reopened, rating, rated_at)
SELECT w.id, w.n, md5(w.n::text), w.account,
    CASE WHEN way < 55 THEN 'call' WHEN way < 70 THEN 'visit' WHEN way < 80 THEN 'portal'
        WHEN way < 91 THEN 'email' WHEN way < 96 THEN 'sms' WHEN way < 98 THEN 'chat' ELSE 'site' END,
    ($4::text[])[t], w.priority, ($7::text[])[t],
    pg_temp.one_of($8, pg_temp.chance(w.n, 11, 1000)) || ' ' || pg_temp.one_of($9, pg_temp.chance(w.n, 12, 1000))
        || ' ' || pg_temp.one_of($10, pg_temp.chance(w.n, 13, 1000)),
    CASE WHEN w.account IS NULL THEN 'Прохожий ' || w.n ELSE '' END,
    CASE WHEN way < 70 THEN 'call' WHEN way < 80 THEN 'portal' WHEN way < 91 THEN 'email' ELSE 'sms' END,
    CASE WHEN way BETWEEN 80 AND 90 THEN 'client' || w.n % 90000 || '@example.org'
        ELSE '79' || lpad((w.n * 7919 % 1000000000)::text, 9, '0') END,
    w.state, w.team,
    CASE WHEN w.state NOT IN ('new', 'classified') THEN p.who END, p.who,
    CASE WHEN w.state = 'joined' THEN lag(w.id) OVER (ORDER BY w.n) END,
    w.at, 'user:' || p.who, 240, 'working_minutes',
    CASE WHEN w.state <> 'wait_client' THEN w.at + w.norm END,
    CASE WHEN w.state <> 'wait_client' THEN w.at + w.norm * 0.8 END,
    CASE WHEN w.at + w.norm * 0.8 < now() - interval '5 minutes' THEN w.at + w.norm * 0.8 END,
    CASE WHEN w.to_do AND w.luck % 2 = 0 THEN 'Перезвонить' ELSE '' END,
    CASE WHEN w.to_do AND w.luck % 2 = 0 THEN w.at + interval '1 day' END,
    CASE WHEN w.done THEN least(w.at + w.took, now()) END, w.done AND w.took > w.norm,
    1 + (w.mood % 9 = 0)::int, (w.mood % 31 = 0)::int,
    CASE WHEN w.done AND w.mood < 300 THEN 1 + (ARRAY[4, 4, 4, 3, 3, 2, 1, 0])[1 + w.mood % 8] END,
    CASE WHEN w.done AND w.mood < 300 THEN w.at + w.took + interval '2 hours' END
FROM worked w JOIN staff s ON s.role = CASE WHEN w.team IN ('tech', 'head') THEN 'office' ELSE w.team END,
    LATERAL (SELECT s.ids[CASE WHEN now() - w.at > interval '1 year' THEN 1 + w.n % cardinality(s.ids)
        ELSE greatest(2, 1 + w.n % cardinality(s.ids)) END] AS who) p
"""
"""The first of each team left a year ago.

$1 requests, $2 the first account's id, $3 accounts, $4 to $7 topics, teams, priorities, titles,
$8 to $10 sentences."""
REQUEST_LINES = """
INSERT INTO crm_request_line (request_id, id, kind, channel, text, at, by)
SELECT r.id, r.id + 1 + k, CASE k WHEN 0 THEN 'answer' WHEN 1 THEN 'note' ELSE 'asked' END, r.channel,
    'Проверили и ответили: ' || r.text, coalesce(r.answered_at, r.received_at), r.received_by
FROM crm_request r, generate_series(0, 2) k
WHERE k = 0 AND r.answered_at IS NOT NULL OR k = 1 AND r.number % 2 = 0 OR k = 2 AND r.contacts > 1
"""
REQUEST_MOVES = """
INSERT INTO workflow_move (workflow, subject, id, account_id, name, was, became, at, by)
SELECT 'request', r.id, r.id + k, r.account_id, (ARRAY['classify', 'take', 'answer'])[k],
    (ARRAY['new', 'classified', 'in_work'])[k], (ARRAY['classified', 'in_work', 'resolved'])[k],
    r.received_at, r.received_by
FROM crm_request r, generate_series(1, 3) k WHERE k < 3 OR r.answered_at IS NOT NULL
"""
REQUEST_LETTERS = """
INSERT INTO crm_request_letter (message_id, request_id, at)
SELECT 'letter-' || number || '@example.org', id, received_at FROM crm_request WHERE channel = 'email'
"""
REQUEST_NUMBER = "SELECT setval('crm_request_number', $1)"

MESSAGES = """
WITH base AS (
    SELECT n, pg_temp.came(n, $1, 21) AS at, pg_temp.account(n, 22, $2, $3) AS account,
        1 + pg_temp.chance(n, 23, cardinality($4::text[])) AS t, pg_temp.chance(n, 24, 1000) AS luck,
        pg_temp.chance(n, 25, 100) AS way
    FROM generate_series(1, $1::bigint) n
), aged AS (
    SELECT b.*, pg_temp.id_at(at, n) AS id,
        CASE WHEN way < 78 THEN 'sms' WHEN way < 95 THEN 'email' ELSE 'portal' END AS channel,
        CASE WHEN at > now() - interval '2 hours' THEN 'queued' WHEN luck < 860 THEN 'delivered'
            WHEN luck < 910 THEN 'sent' WHEN luck < 935 THEN 'undelivered' WHEN luck < 945 THEN 'expired'
            WHEN luck < 958 THEN 'rejected' WHEN luck < 960 THEN 'unknown' ELSE 'refused' END AS state
    FROM base b
)
INSERT INTO crm_message (account_id, id, subscriber_id, channel, template, text_hash, purpose, state,
    reason, hours, parts, about, by, queued_at, due_at, sent_at, ended_at)
SELECT account, id, account, channel, CASE WHEN luck % 20 = 0 THEN '' ELSE ($4::text[])[t] END,
    left(md5(n::text), 16), ($5::text[])[t], state,
    CASE state WHEN 'refused' THEN 'CAP' WHEN 'rejected' THEN '550 no such user' ELSE '' END, 'day',
    CASE WHEN channel = 'sms' THEN 1 + luck % 2 ELSE 0 END, '', 'system:system', at, at,
    CASE WHEN state NOT IN ('queued', 'refused') THEN at + interval '3 seconds' END,
    CASE WHEN state NOT IN ('queued', 'sent') THEN at + interval '20 seconds' END
FROM aged
"""
"""$1 messages, $2 the first account's id, $3 accounts, $4 and $5 templates and their purposes."""
MESSAGE_TEXTS = """
INSERT INTO crm_message_text (account_id, message_id, address, subject, text)
SELECT m.account_id, m.id,
    CASE WHEN m.channel = 'email' THEN 'client' || m.account_id % 90000 || '@example.org'
        ELSE '79' || lpad((m.account_id % 1000000000)::text, 9, '0') END,
    CASE WHEN m.channel = 'email' THEN 'Ваш лицевой счёт' ELSE '' END,
    pg_temp.one_of($1, m.id >> 20) || ' ' || pg_temp.one_of($2, m.id) FROM crm_message m
"""
MESSAGE_PARTS = """
INSERT INTO crm_message_part (account_id, message_id, part, gateway, provider_id, state, at)
SELECT m.account_id, m.id, p, 'bench', m.id || '-' || p, m.state, m.ended_at
FROM crm_message m, generate_series(1, m.parts) p
WHERE m.channel = 'sms' AND m.state IN ('delivered', 'undelivered', 'expired')
"""
MESSAGE_ATTEMPTS = """
INSERT INTO crm_contact_attempt (who, id, at, way, purpose, template, account_id)
SELECT 's' || subscriber_id, id, queued_at, 'message', purpose, template, account_id
FROM crm_message WHERE state <> 'refused' AND subscriber_id IS NOT NULL
"""
MESSAGE_OUTBOX = """
INSERT INTO outbox (id, kind, payload, state, created_at, due_at, done_at)
SELECT id, 'message', jsonb_build_object('account', account_id, 'message', id),
    CASE WHEN state = 'queued' THEN 'WAITING' ELSE 'DONE' END, queued_at, queued_at,
    CASE WHEN state <> 'queued' THEN queued_at END
FROM crm_message WHERE queued_at > now() - interval '30 days' AND channel <> 'portal'
"""

ASKED = """
INSERT INTO crm_survey_sent (account_id, id, subscriber_id, kind, about, content_hash, token, channel,
    state, sent_at, score, standing, answered_at)
SELECT DISTINCT ON (r.account_id) r.account_id, r.id, r.account_id, 'request', 'request:' || r.id, 'bench',
    'survey' || r.id, 'sms', CASE WHEN r.number % 5 = 0 THEN 'answered' ELSE 'sent' END,
    r.received_at + interval '3 days', CASE WHEN r.number % 5 = 0 THEN 9 END,
    CASE WHEN r.number % 5 = 0 THEN 'promoter' END,
    CASE WHEN r.number % 5 = 0 THEN r.received_at + interval '4 days' END
FROM crm_request r WHERE r.account_id IS NOT NULL AND r.number % 4 = 0
ORDER BY r.account_id, r.received_at DESC
"""
SURVEYS_ON = "UPDATE crm_survey_setting SET active_since = now() - interval '1 year'"
