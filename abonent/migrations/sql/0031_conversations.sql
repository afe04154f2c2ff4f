-- How sure one is of who asks, recorded conversations, cards of quality.
-- Employees are "user:5" as in the audit: the desk's users lie above this room.

CREATE TABLE crm_conversation_rule (
    id               smallint PRIMARY KEY CHECK (id = 1),
    identity_mode    text     NOT NULL DEFAULT 'remind'
                     CHECK (identity_mode IN ('remind', 'require', 'off')),
    identity_minutes integer  NOT NULL DEFAULT 30 CHECK (identity_minutes BETWEEN 5 AND 480),
    keep_days        integer  NOT NULL DEFAULT 180 CHECK (keep_days BETWEEN 1 AND 3660)
);
COMMENT ON COLUMN crm_conversation_rule.keep_days IS
    'what is tied to a debt or a claim is kept as long as the rule of law ru.230.records says';
INSERT INTO crm_conversation_rule (id) VALUES (1);

-- Somebody made sure of who asks; it holds until `until`, or until another card is gone to.
CREATE TABLE crm_identity_check (
    account_id bigint      NOT NULL REFERENCES billing_account,
    id         bigint      NOT NULL,
    actor      text        NOT NULL CHECK (actor <> ''),
    level      smallint    NOT NULL CHECK (level BETWEEN 1 AND 2),
    way        text        NOT NULL CHECK (way <> ''),
    at         timestamptz NOT NULL,
    until      timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    CHECK (until >= at)
);
CREATE INDEX crm_identity_check_actor ON crm_identity_check (actor, until);

-- What was done for somebody of whom one was less sure than the action asks for.
CREATE TABLE crm_identity_lapse (
    account_id bigint      NOT NULL REFERENCES billing_account,
    id         bigint      NOT NULL,
    at         timestamptz NOT NULL,
    actor      text        NOT NULL CHECK (actor <> ''),
    action     text        NOT NULL CHECK (action <> ''),
    needed     smallint    NOT NULL CHECK (needed BETWEEN 1 AND 2),
    had        smallint    NOT NULL CHECK (had BETWEEN 0 AND 1),
    PRIMARY KEY (account_id, id),
    CHECK (had < needed)
);
CREATE UNIQUE INDEX crm_identity_lapse_order ON crm_identity_lapse (at, id);
CREATE INDEX crm_identity_lapse_actor ON crm_identity_lapse (actor, at);

-- A recorded call or visit. One whose caller is not known has no account yet.
CREATE TABLE crm_conversation (
    id          bigint      PRIMARY KEY,
    account_id  bigint      REFERENCES billing_account,
    kind        text        NOT NULL CHECK (kind IN ('call', 'visit')),
    direction   text        NOT NULL DEFAULT 'in' CHECK (direction IN ('in', 'out')),
    source      text        NOT NULL CHECK (source IN ('desk', 'exchange', 'file')),
    external_id text        CHECK (external_id <> ''),
    actor       text        NOT NULL DEFAULT '',
    phone       text        NOT NULL DEFAULT '' CHECK (phone ~ '^[0-9]*$'),
    state       text        NOT NULL CHECK (state IN ('recording', 'awaited', 'kept', 'erased')),
    notice_at   timestamptz,
    began_at    timestamptz NOT NULL,
    ended_at    timestamptz,
    seconds     integer     NOT NULL DEFAULT 0 CHECK (seconds >= 0),
    broken      boolean     NOT NULL DEFAULT false,
    media       text        NOT NULL DEFAULT '',
    size        bigint      NOT NULL DEFAULT 0 CHECK (size >= 0),
    stored_as   text,
    tie         text        NOT NULL DEFAULT '' CHECK (tie IN ('', 'debt', 'claim', 'complaint')),
    about       text        NOT NULL DEFAULT '',
    keep_until  date,
    example     text        NOT NULL DEFAULT '' CHECK (example IN ('', 'good', 'bad')),
    example_of  text        NOT NULL DEFAULT '',
    CHECK (ended_at >= began_at),
    CHECK ((state = 'kept') = (stored_as IS NOT NULL)),
    CHECK (state <> 'kept' OR (keep_until IS NOT NULL AND ended_at IS NOT NULL)),
    CHECK (source <> 'desk' OR notice_at IS NOT NULL)
);
COMMENT ON COLUMN crm_conversation.notice_at IS
    'when the subscriber was told of the recording; an exchange plays its own notice';
COMMENT ON COLUMN crm_conversation.about IS 'what it belongs to, such as request:12 or claim:7';
CREATE UNIQUE INDEX crm_conversation_external ON crm_conversation (external_id)
    WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX crm_conversation_order ON crm_conversation (began_at, id);
CREATE INDEX crm_conversation_account ON crm_conversation (account_id, began_at DESC);
CREATE INDEX crm_conversation_actor ON crm_conversation (actor, began_at);
CREATE INDEX crm_conversation_open ON crm_conversation (began_at) WHERE state = 'recording';
CREATE INDEX crm_conversation_ends ON crm_conversation (keep_until) WHERE state = 'kept';
CREATE INDEX crm_conversation_examples ON crm_conversation (began_at) WHERE example <> '';

-- What a browser has sent so far; gone as soon as the whole is in the storage.
CREATE TABLE crm_conversation_part (
    conversation_id bigint      NOT NULL REFERENCES crm_conversation,
    no              integer     NOT NULL CHECK (no >= 0),
    content         bytea       NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, no)
);

CREATE TABLE crm_listening (
    conversation_id bigint      NOT NULL REFERENCES crm_conversation,
    id              bigint      NOT NULL,
    actor           text        NOT NULL CHECK (actor <> ''),
    at              timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, id)
);

-- Conversations to be judged: of each employee, of each week.
CREATE TABLE crm_quality_sample (
    week            date        NOT NULL CHECK (extract(isodow FROM week) = 1),
    actor           text        NOT NULL CHECK (actor <> ''),
    conversation_id bigint      NOT NULL REFERENCES crm_conversation,
    why             text        NOT NULL CHECK (why IN ('random', 'complaint')),
    drawn_at        timestamptz NOT NULL,
    PRIMARY KEY (week, actor, conversation_id)
);
CREATE UNIQUE INDEX crm_quality_sample_once ON crm_quality_sample (conversation_id);

CREATE TABLE crm_quality_card (
    id              bigint      PRIMARY KEY,
    conversation_id bigint      NOT NULL REFERENCES crm_conversation,
    account_id      bigint      REFERENCES billing_account,
    actor           text        NOT NULL CHECK (actor <> ''),
    judged_by       text        NOT NULL CHECK (judged_by <> ''),
    judged_at       timestamptz NOT NULL,
    form            text        NOT NULL CHECK (form <> ''),
    score           smallint    NOT NULL CHECK (score BETWEEN 0 AND 100),
    critical        text[]      NOT NULL DEFAULT '{}',
    note            text        NOT NULL DEFAULT '',
    state           text        NOT NULL
                    CHECK (state IN ('given', 'agreed', 'appealed', 'upheld', 'changed')),
    version         integer     NOT NULL DEFAULT 1
);
COMMENT ON COLUMN crm_quality_card.actor IS 'whose work was judged';
COMMENT ON COLUMN crm_quality_card.form IS 'the hash of the very text of the card it was judged by';
COMMENT ON COLUMN crm_quality_card.critical IS 'critical lines not met: each makes the whole 0';
CREATE UNIQUE INDEX crm_quality_card_conversation ON crm_quality_card (conversation_id);
CREATE UNIQUE INDEX crm_quality_card_order ON crm_quality_card (judged_at, id);
CREATE INDEX crm_quality_card_actor ON crm_quality_card (actor, judged_at);
CREATE INDEX crm_quality_card_account ON crm_quality_card (account_id);
CREATE INDEX crm_quality_card_appealed ON crm_quality_card (judged_at) WHERE state = 'appealed';

CREATE TABLE crm_quality_grade (
    card_id  bigint   NOT NULL REFERENCES crm_quality_card,
    line     text     NOT NULL CHECK (line <> ''),
    share    smallint NOT NULL CHECK (share BETWEEN 0 AND 100),
    note     text     NOT NULL DEFAULT '',
    PRIMARY KEY (card_id, line)
);
COMMENT ON COLUMN crm_quality_grade.share IS 'how much of it was met, in percent';

-- A conversation as pages show it, with its account's number and its points.
CREATE VIEW crm_conversation_line AS
SELECT c.id, c.account_id, b.number, c.kind, c.direction, c.source, c.actor,
    actor_name(c.actor) AS who, c.phone, c.state, c.notice_at, c.began_at, c.ended_at, c.seconds,
    c.broken, c.media, c.size, c.stored_as, c.tie, c.about, c.keep_until, c.example, c.example_of,
    q.id AS card, q.score
FROM crm_conversation c LEFT JOIN billing_account b ON b.account_id = c.account_id
LEFT JOIN crm_quality_card q ON q.conversation_id = c.id;

WITH wanted (code, rights) AS (VALUES
    ('head', '{crm.identity.confirm,crm.identity.view,crm.identity.edit,crm.conversation.record,crm.conversation.view,crm.conversation.listen,crm.conversation.attach,crm.conversation.edit,crm.quality.view,crm.quality.judge,crm.quality.decide}'::text[]),
    ('shift', '{crm.identity.confirm,crm.identity.view,crm.conversation.record,crm.conversation.view,crm.conversation.listen,crm.conversation.attach,crm.conversation.edit,crm.quality.view,crm.quality.judge}'),
    ('office', '{crm.identity.confirm,crm.conversation.record,crm.conversation.view}'),
    ('cash', '{crm.identity.confirm,crm.conversation.record,crm.conversation.view}'),
    ('coord', '{crm.identity.confirm,crm.conversation.record,crm.conversation.view}'),
    ('retain', '{crm.identity.confirm,crm.conversation.record,crm.conversation.view}'),
    ('collect', '{crm.identity.confirm,crm.conversation.record,crm.conversation.view}'),
    ('agent', '{crm.identity.confirm}'),
    ('tech', '{crm.identity.confirm}'),
    ('trainer', '{crm.quality.view,crm.conversation.listen,crm.conversation.view}')
)
UPDATE web_role r SET rights = r.rights || ARRAY(
    SELECT x FROM unnest(w.rights) x WHERE NOT (x = ANY (r.rights)))
FROM wanted w WHERE w.code = r.code;
