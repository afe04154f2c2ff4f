-- When the subscriber department works, by weekday (Monday is 0): norms are counted in these hours.
CREATE TABLE crm_working_hours (
    weekday smallint NOT NULL CHECK (weekday BETWEEN 0 AND 6),
    opens time NOT NULL,
    closes time NOT NULL,
    PRIMARY KEY (weekday, opens),
    CHECK (opens < closes)
);
INSERT INTO crm_working_hours (weekday, opens, closes)
SELECT day, '09:00', '18:00' FROM generate_series(0, 4) AS day;

CREATE SEQUENCE crm_request_number;

-- What subscribers and others turn to the department with, by whatever channel. It may come from
-- somebody who has no account: the one table of the card whose keys do not begin with an account.
CREATE TABLE crm_request (
    id bigint PRIMARY KEY,
    number bigint NOT NULL UNIQUE DEFAULT nextval('crm_request_number'),
    token text NOT NULL UNIQUE,
    account_id bigint REFERENCES billing_account,
    channel text NOT NULL CHECK (channel IN ('call', 'visit', 'portal', 'site', 'email', 'sms', 'chat')),
    topic text NOT NULL,
    priority smallint NOT NULL CHECK (priority BETWEEN 1 AND 4),
    title text NOT NULL CHECK (title <> ''),
    text text NOT NULL,
    who text NOT NULL DEFAULT '',
    reply_by text NOT NULL CHECK (reply_by IN ('call', 'sms', 'email', 'portal', 'visit', 'none')),
    reply_to text NOT NULL DEFAULT '',
    state text NOT NULL CHECK (state IN ('new', 'classified', 'in_work', 'wait_client', 'wait_tech',
        'reopened', 'resolved', 'rated', 'closed', 'joined', 'dropped')),
    open boolean GENERATED ALWAYS AS (state IN ('new', 'classified', 'in_work', 'wait_client',
        'wait_tech', 'reopened')) STORED NOT NULL,
    team text NOT NULL,
    owner bigint,
    contact_person bigint,
    joined_to bigint REFERENCES crm_request,
    link_kind text NOT NULL DEFAULT '' CHECK (link_kind IN ('', 'outage', 'order', 'claim')),
    link_number text NOT NULL DEFAULT '',
    received_at timestamptz NOT NULL,
    received_by text NOT NULL,
    norm_amount integer NOT NULL CHECK (norm_amount > 0),
    norm_unit text NOT NULL CHECK (norm_unit IN
        ('minutes', 'working_minutes', 'working_days', 'working_days_end', 'days_end')),
    due_at timestamptz,
    warn_at timestamptz,
    warned_at timestamptz,
    next_action text NOT NULL DEFAULT '',
    next_action_at timestamptz,
    answered_at timestamptz,
    late boolean NOT NULL DEFAULT false,
    contacts integer NOT NULL DEFAULT 1 CHECK (contacts > 0),
    reopened integer NOT NULL DEFAULT 0 CHECK (reopened >= 0),
    rating smallint CHECK (rating BETWEEN 1 AND 5),
    rating_note text NOT NULL DEFAULT '',
    rated_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    CHECK (joined_to <> id),
    CHECK (state <> 'joined' OR joined_to IS NOT NULL),
    CHECK ((link_kind = '') = (link_number = ''))
);
COMMENT ON COLUMN crm_request.token IS 'opens the client''s own page of it, without a sign-in';
COMMENT ON COLUMN crm_request.due_at IS 'NULL while the clock stands still';
COMMENT ON COLUMN crm_request.owner IS 'the user who works on it; NULL: the whole team may take it';
COMMENT ON COLUMN crm_request.contact_person IS 'the user whom the client knows; stays when the task moves';
COMMENT ON COLUMN crm_request.late IS 'it was answered after its norm';
CREATE INDEX crm_request_account ON crm_request (account_id, received_at DESC);
CREATE INDEX crm_request_received ON crm_request (received_at, id);
CREATE INDEX crm_request_due ON crm_request (coalesce(due_at, 'infinity'), id) WHERE open;
CREATE INDEX crm_request_owner ON crm_request (owner) WHERE open;
CREATE INDEX crm_request_owned ON crm_request (owner, received_at);
CREATE INDEX crm_request_topic ON crm_request (topic, received_at);
CREATE INDEX crm_request_state ON crm_request (state, received_at) WHERE state <> 'closed';
CREATE INDEX crm_request_from ON crm_request (reply_to) WHERE open AND reply_to <> '';
CREATE INDEX crm_request_joined ON crm_request (joined_to) WHERE joined_to IS NOT NULL;
CREATE INDEX crm_request_warn ON crm_request (warn_at) WHERE open AND warned_at IS NULL;
CREATE INDEX crm_request_answered ON crm_request (answered_at) WHERE state IN ('resolved', 'rated');
CREATE INDEX crm_contact_email ON crm_contact (lower(value)) WHERE kind = 'email' AND removed_at IS NULL;
CREATE INDEX crm_request_bad ON crm_request (rated_at) WHERE rating <= 2;
CREATE INDEX crm_request_words ON crm_request USING gin (to_tsvector('russian', title || ' ' || text));

-- Requests that say so, in no order, at most so many. How many there are is not known before, and what
-- is guessed may lead to reading every one of them: only the index of words may be asked.
CREATE FUNCTION crm_requests_saying(asked tsquery, most integer) RETURNS SETOF bigint
LANGUAGE sql STABLE SET enable_seqscan = off SET enable_indexscan = off AS $$
    SELECT id FROM crm_request WHERE to_tsvector('russian', title || ' ' || text) @@ asked LIMIT most
$$;

-- What was said on a request after it came: by the client, to the client, among colleagues.
CREATE TABLE crm_request_line (
    request_id bigint NOT NULL REFERENCES crm_request,
    id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('asked', 'answer', 'note', 'passed')),
    channel text NOT NULL DEFAULT '',
    whom text NOT NULL DEFAULT '',
    text text NOT NULL,
    at timestamptz NOT NULL,
    by text NOT NULL,
    message_id bigint,
    PRIMARY KEY (request_id, id)
);
COMMENT ON COLUMN crm_request_line.whom IS 'who it was passed to: user:ID or team:CODE';
COMMENT ON COLUMN crm_request_line.message_id IS 'the message by which an answer went out';

-- Letters that became requests, by their Message-ID: each is taken once.
CREATE TABLE crm_request_letter (
    message_id text PRIMARY KEY,
    request_id bigint NOT NULL REFERENCES crm_request,
    at timestamptz NOT NULL
);
CREATE INDEX crm_request_letter_request ON crm_request_letter (request_id);

-- A request as pages show it, with the names of those it concerns.
CREATE VIEW crm_request_seen AS
SELECT r.id, r.account_id, r.number, r.token, r.channel, r.topic, r.priority, r.title, r.text, r.who,
    r.reply_by, r.reply_to, r.state, r.open, r.team, r.owner, r.contact_person, r.link_kind,
    r.link_number, r.received_at, r.received_by, r.norm_amount, r.norm_unit, r.due_at, r.warn_at,
    r.next_action, r.next_action_at, r.answered_at, r.late, r.contacts, r.reopened, r.rating,
    r.rating_note, r.version, b.number AS account, p.district, s.name AS subscriber,
    actor_name('user:' || r.owner) AS owner_name,
    actor_name('user:' || r.contact_person) AS contact_name,
    actor_name(r.received_by) AS taker_name, j.number AS joined_to
FROM crm_request r
LEFT JOIN billing_account b ON b.account_id = r.account_id
LEFT JOIN billing_place p ON p.id = b.place_id
LEFT JOIN crm_account f ON f.account_id = r.account_id
LEFT JOIN crm_contract c ON c.id = f.contract_id
LEFT JOIN crm_subscriber s ON s.id = c.subscriber_id
LEFT JOIN crm_request j ON j.id = r.joined_to;

-- Who of a role is at work now: seen at the desk within half an hour, and free to see the district.
CREATE FUNCTION staff_at_work(team text, district text, at timestamptz)
RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    SELECT u.id FROM web_user u
    WHERE u.role = team AND u.active AND (district IS NULL OR u.districts IS NULL
            OR district = ANY (u.districts))
        AND EXISTS (SELECT FROM web_session s WHERE s.user_id = u.id AND s.stage = 'open'
            AND s.revoked_at IS NULL AND s.last_seen_at > at - interval '30 minutes')
$$;

-- The people of a role, by name.
CREATE FUNCTION staff_of(team text) RETURNS TABLE (id bigint, name text) LANGUAGE sql STABLE AS $$
    SELECT u.id, u.name FROM web_user u WHERE u.role = team AND u.active ORDER BY u.name
$$;

CREATE FUNCTION staff_role(user_id bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT role FROM web_user WHERE id = user_id
$$;

WITH wanted (code, rights) AS (VALUES
    ('head', '{crm.request.view,crm.request.take,crm.request.work,crm.request.report,crm.hours.edit,crm.morning.view}'::text[]),
    ('office', '{crm.request.view,crm.request.take,crm.request.work}'),
    ('cash', '{crm.request.view,crm.request.take,crm.request.work}'),
    ('coord', '{crm.request.view,crm.request.take,crm.request.work}'),
    ('retain', '{crm.request.view,crm.request.take,crm.request.work}'),
    ('collect', '{crm.request.view,crm.request.take,crm.request.work}'),
    ('shift', '{crm.request.view,crm.request.take,crm.request.work,crm.request.report}'),
    ('sub', '{crm.request.take}')
)
UPDATE web_role r SET rights = r.rights || ARRAY(
    SELECT x FROM unnest(w.rights) x WHERE NOT (x = ANY (r.rights)))
FROM wanted w WHERE w.code = r.code;

-- The automaton's report of the morning: who gets it, at which hour, on which day it went last.
CREATE TABLE crm_morning (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    receivers text[] NOT NULL DEFAULT '{}',
    hour smallint NOT NULL DEFAULT 8 CHECK (hour BETWEEN 0 AND 23),
    sent_on date
);
INSERT INTO crm_morning DEFAULT VALUES;
