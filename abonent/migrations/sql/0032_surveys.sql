-- The loyalty survey: whom it was sent to, what was answered, what came of it.

CREATE TABLE crm_survey_sent (
    account_id    bigint      NOT NULL REFERENCES billing_account,
    id            bigint      NOT NULL UNIQUE,
    subscriber_id bigint      NOT NULL REFERENCES crm_subscriber,
    kind          text        NOT NULL CHECK (kind <> ''),
    about         text        NOT NULL CHECK (about <> ''),
    content_hash  text        NOT NULL,
    token         text        NOT NULL UNIQUE,
    channel       text        NOT NULL CHECK (channel IN ('sms', 'email')),
    message_id    bigint,
    state         text        NOT NULL CHECK (state IN ('sent', 'unsent', 'answered', 'loop', 'closed')),
    reason        text        NOT NULL DEFAULT '',
    sent_at       timestamptz NOT NULL,
    steps         smallint    NOT NULL DEFAULT 0 CHECK (steps BETWEEN 0 AND 3),
    score         smallint    CHECK (score BETWEEN 0 AND 10),
    standing      text        CHECK (standing IN ('promoter', 'passive', 'detractor')),
    answered_at   timestamptz,
    request_id    bigint      REFERENCES crm_request,
    closed_at     timestamptz,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, kind, about),
    CHECK ((score IS NULL) = (answered_at IS NULL) AND (score IS NULL) = (standing IS NULL)),
    CHECK ((state IN ('sent', 'unsent')) = (score IS NULL)),
    CHECK (state <> 'loop' OR request_id IS NOT NULL),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);
COMMENT ON COLUMN crm_survey_sent.about IS 'the event it follows, such as request:123, or the month of the draw: asked of once';
COMMENT ON COLUMN crm_survey_sent.content_hash IS 'the exact questions, as content/<language>/surveys had them';
COMMENT ON COLUMN crm_survey_sent.token IS 'opens the subscriber''s own page of it, without a sign-in';
COMMENT ON COLUMN crm_survey_sent.reason IS 'the rule that forbade the message';
COMMENT ON COLUMN crm_survey_sent.steps IS 'the pages that were answered';
COMMENT ON COLUMN crm_survey_sent.request_id IS 'where a low score is looked into';
CREATE INDEX crm_survey_sent_subscriber ON crm_survey_sent (subscriber_id, sent_at);
CREATE INDEX crm_survey_sent_at ON crm_survey_sent (sent_at, id);
CREATE INDEX crm_survey_sent_answered ON crm_survey_sent (answered_at, id) WHERE answered_at IS NOT NULL;
CREATE INDEX crm_survey_sent_score ON crm_survey_sent (score, id) WHERE answered_at IS NOT NULL;
CREATE INDEX crm_survey_sent_open ON crm_survey_sent (state, answered_at) WHERE state IN ('answered', 'loop');
CREATE INDEX crm_survey_sent_request ON crm_survey_sent (request_id) WHERE request_id IS NOT NULL;

-- The answers: codes that were chosen, words that were said.
CREATE TABLE crm_survey_answer (
    account_id bigint  NOT NULL,
    survey_id  bigint  NOT NULL,
    question   text    NOT NULL,
    codes      text[]  NOT NULL DEFAULT '{}',
    text       text    NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, survey_id, question),
    FOREIGN KEY (account_id, survey_id) REFERENCES crm_survey_sent,
    CHECK (codes <> '{}' OR text <> '')
);

-- Whether the program asks, of what, how many; nothing is sent until somebody turns it on.
CREATE TABLE crm_survey_setting (
    one              boolean     PRIMARY KEY DEFAULT true CHECK (one),
    active_since     timestamptz,
    after_connection boolean     NOT NULL DEFAULT true,
    after_request    boolean     NOT NULL DEFAULT true,
    share            smallint    CHECK (share BETWEEN 0 AND 100),
    most_a_day       integer     NOT NULL DEFAULT 300 CHECK (most_a_day BETWEEN 1 AND 10000)
);
COMMENT ON COLUMN crm_survey_setting.active_since IS 'NULL: switched off; what happened before it is not asked of';
COMMENT ON COLUMN crm_survey_setting.share IS 'percent of all who are asked in a month without any event; NULL: as the questionnaire says';
INSERT INTO crm_survey_setting DEFAULT VALUES;

WITH wanted (code, rights) AS (VALUES
    ('head', '{crm.survey.view,crm.survey.edit}'::text[]),
    ('shift', '{crm.survey.view}')
)
UPDATE web_role r SET rights = r.rights || ARRAY(
    SELECT x FROM unnest(w.rights) x WHERE NOT (x = ANY (r.rights)))
FROM wanted w WHERE w.code = r.code;
