-- What one comes to an office for; a service is offered where a window serves it.
CREATE TABLE crm_queue_service (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    letter text NOT NULL CHECK (letter ~ '^[А-ЯЁA-Z]$'),
    name text NOT NULL CHECK (name <> ''),
    hint text NOT NULL DEFAULT '',
    minutes smallint NOT NULL CHECK (minutes BETWEEN 1 AND 240),
    bookable boolean NOT NULL DEFAULT true,
    position smallint NOT NULL DEFAULT 0,
    active boolean NOT NULL DEFAULT true
);
CREATE UNIQUE INDEX crm_queue_service_letter ON crm_queue_service (letter) WHERE active;
COMMENT ON COLUMN crm_queue_service.hint IS 'what to bring, told before a ticket is taken';
COMMENT ON COLUMN crm_queue_service.minutes IS 'how long one client takes as a rule';
INSERT INTO crm_queue_service (letter, name, hint, minutes, position) VALUES
    ('А', 'Оплата и начисления', '', 6, 1),
    ('Б', 'Договор и тариф', 'Возьмите паспорт', 12, 2),
    ('В', 'Оборудование и связь', 'Оборудование принесите с блоком питания', 10, 3),
    ('Г', 'Другой вопрос', '', 8, 4);

-- Offices that have a queue. Its row is locked by who books, so that slots are not given twice.
CREATE TABLE crm_queue_office (
    office_id integer PRIMARY KEY REFERENCES office,
    target_minutes smallint NOT NULL DEFAULT 15 CHECK (target_minutes BETWEEN 1 AND 240),
    hard_minutes smallint NOT NULL DEFAULT 30 CHECK (hard_minutes BETWEEN 1 AND 480),
    slot_minutes smallint NOT NULL DEFAULT 15 CHECK (slot_minutes IN (5, 10, 15, 20, 30, 60)),
    ahead_days smallint NOT NULL DEFAULT 7 CHECK (ahead_days BETWEEN 0 AND 60),
    active boolean NOT NULL DEFAULT true,
    CHECK (target_minutes <= hard_minutes)
);
COMMENT ON COLUMN crm_queue_office.ahead_days IS 'how many days ahead one may book; 0: no booking';

CREATE TABLE crm_queue_hours (
    office_id integer NOT NULL REFERENCES crm_queue_office,
    weekday smallint NOT NULL CHECK (weekday BETWEEN 0 AND 6),
    opens time NOT NULL,
    closes time NOT NULL,
    PRIMARY KEY (office_id, weekday, opens),
    CHECK (opens < closes)
);

CREATE TABLE crm_queue_window (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    office_id integer NOT NULL REFERENCES crm_queue_office,
    number smallint NOT NULL CHECK (number BETWEEN 1 AND 99),
    active boolean NOT NULL DEFAULT true,
    user_id bigint,
    user_name text,
    sat_at timestamptz,
    paused_at timestamptz,
    UNIQUE (office_id, number),
    CHECK ((user_id IS NULL) = (sat_at IS NULL)),
    CHECK ((user_id IS NULL) = (user_name IS NULL)),
    CHECK (paused_at IS NULL OR user_id IS NOT NULL)
);
CREATE UNIQUE INDEX crm_queue_window_user ON crm_queue_window (user_id) WHERE user_id IS NOT NULL;
COMMENT ON COLUMN crm_queue_window.user_id IS 'who sits there now; a person sits at one window';

CREATE TABLE crm_queue_window_service (
    window_id integer NOT NULL REFERENCES crm_queue_window,
    service_id integer NOT NULL REFERENCES crm_queue_service,
    PRIMARY KEY (window_id, service_id)
);
CREATE INDEX crm_queue_window_service_service ON crm_queue_window_service (service_id);

-- The last number of a service and day; its row is locked until the ticket stands: no gaps.
CREATE TABLE crm_queue_counter (
    office_id integer NOT NULL REFERENCES crm_queue_office,
    day date NOT NULL,
    letter text NOT NULL,
    last integer NOT NULL CHECK (last > 0),
    PRIMARY KEY (office_id, day, letter)
);

-- Who comes to an office. It may be somebody without an account: keys do not begin with one.
CREATE TABLE crm_queue_ticket (
    id bigint PRIMARY KEY,
    office_id integer NOT NULL REFERENCES crm_queue_office,
    service_id integer NOT NULL REFERENCES crm_queue_service,
    day date NOT NULL,
    number text NOT NULL DEFAULT '',
    state text NOT NULL CHECK (state IN
        ('booked', 'arrived', 'called', 'serving', 'done', 'no_show', 'cancelled')),
    account_id bigint REFERENCES billing_account,
    code text NOT NULL DEFAULT '',
    booked_for timestamptz,
    created_at timestamptz NOT NULL,
    arrived_at timestamptz,
    waiting_since timestamptz,
    first_called_at timestamptz,
    called_at timestamptz,
    calls smallint NOT NULL DEFAULT 0,
    window_id integer REFERENCES crm_queue_window,
    served_by text NOT NULL DEFAULT '',
    started_at timestamptz,
    ended_at timestamptz,
    outcome text NOT NULL DEFAULT '',
    CHECK ((arrived_at IS NULL) = (number = '')),
    CHECK ((arrived_at IS NULL) = (waiting_since IS NULL)),
    CHECK (state NOT IN ('called', 'serving') OR (window_id IS NOT NULL AND called_at IS NOT NULL)),
    CHECK (state <> 'booked' OR (booked_for IS NOT NULL AND code <> '')),
    CHECK (state NOT IN ('arrived', 'called', 'serving', 'done') OR arrived_at IS NOT NULL),
    CHECK ((state IN ('done', 'no_show', 'cancelled')) = (ended_at IS NOT NULL)),
    CHECK ((state = 'done') = (outcome <> ''))
);
COMMENT ON COLUMN crm_queue_ticket.code IS 'what who booked says on coming';
COMMENT ON COLUMN crm_queue_ticket.waiting_since IS 'kept when it goes on to another service';
CREATE UNIQUE INDEX crm_queue_ticket_number ON crm_queue_ticket (office_id, day, number)
    WHERE number <> '';
CREATE UNIQUE INDEX crm_queue_ticket_at_window ON crm_queue_ticket (window_id)
    WHERE state IN ('called', 'serving');
CREATE UNIQUE INDEX crm_queue_ticket_one_booking ON crm_queue_ticket (account_id)
    WHERE state = 'booked';
CREATE UNIQUE INDEX crm_queue_ticket_code ON crm_queue_ticket (office_id, day, code)
    WHERE state = 'booked';
CREATE INDEX crm_queue_ticket_open ON crm_queue_ticket (office_id, state, day)
    WHERE state IN ('booked', 'arrived', 'called', 'serving');
CREATE INDEX crm_queue_ticket_day ON crm_queue_ticket (day, office_id);
CREATE INDEX crm_queue_ticket_slot ON crm_queue_ticket (office_id, booked_for);
CREATE INDEX crm_queue_ticket_service ON crm_queue_ticket (service_id, day);
CREATE INDEX crm_queue_ticket_window ON crm_queue_ticket (window_id, called_at);
CREATE INDEX crm_queue_ticket_account ON crm_queue_ticket (account_id, created_at DESC);
CREATE INDEX crm_queue_ticket_state ON crm_queue_ticket (state, created_at, id);
CREATE INDEX crm_queue_ticket_created ON crm_queue_ticket (created_at, id);

-- Terminals that give tickets and displays of a hall; each has an address that can be revoked.
CREATE TABLE crm_queue_device (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    office_id integer NOT NULL REFERENCES crm_queue_office,
    kind text NOT NULL CHECK (kind IN ('terminal', 'display')),
    name text NOT NULL CHECK (name <> ''),
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX crm_queue_device_office ON crm_queue_device (office_id);

-- What was ticked of the lists by which an office opens and closes.
CREATE TABLE crm_queue_checked (
    office_id integer NOT NULL REFERENCES crm_queue_office,
    day date NOT NULL,
    list text NOT NULL,
    item text NOT NULL,
    hash text NOT NULL,
    at timestamptz NOT NULL,
    by text NOT NULL,
    PRIMARY KEY (office_id, day, list, item)
);
COMMENT ON COLUMN crm_queue_checked.hash IS 'the exact text of the list that was ticked';

WITH wanted (code, rights) AS (VALUES
    ('head', '{crm.queue.take,crm.queue.work,crm.queue.view,crm.queue.edit}'::text[]),
    ('shift', '{crm.queue.take,crm.queue.work,crm.queue.view}'),
    ('office', '{crm.queue.take,crm.queue.work,crm.queue.view}'),
    ('cash', '{crm.queue.take,crm.queue.work}'),
    ('coord', '{crm.queue.work}'),
    ('retain', '{crm.queue.work}'),
    ('collect', '{crm.queue.work}'),
    ('sub', '{crm.queue.book}')
)
UPDATE web_role r SET rights = r.rights || ARRAY(
    SELECT x FROM unnest(w.rights) x WHERE NOT (x = ANY (r.rights)))
FROM wanted w WHERE w.code = r.code;
