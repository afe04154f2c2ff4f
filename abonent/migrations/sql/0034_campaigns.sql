-- Campaigns: one message to a segment of subscribers, what became of it and what came of it.

CREATE TABLE crm_campaign (
    id             bigint      PRIMARY KEY,
    name           text        NOT NULL CHECK (name <> ''),
    state          text        NOT NULL CHECK (state IN ('draft', 'counted', 'running', 'paused', 'ended', 'stopped')),
    channel        text        NOT NULL CHECK (channel IN ('sms', 'email')),
    template       text        NOT NULL DEFAULT '',
    purpose        text        NOT NULL CHECK (purpose IN ('service', 'debt', 'ad')),
    subject        text        NOT NULL DEFAULT '',
    text           text        NOT NULL DEFAULT '',
    segment        text        NOT NULL,
    districts      text[],
    starts_at      timestamptz,
    ends_at        timestamptz,
    hourly         integer     NOT NULL CHECK (hourly BETWEEN 1 AND 1000000),
    daily          integer     CHECK (daily > 0),
    part_price     bigint      CHECK (part_price >= 0),
    control        smallint    NOT NULL CHECK (control BETWEEN 0 AND 50),
    goal           text        NOT NULL CHECK (goal IN ('paid', 'debt_gone', 'returned', 'tariff', 'request')),
    goal_days      smallint    NOT NULL CHECK (goal_days BETWEEN 1 AND 90),
    version        integer     NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    created_by     text        NOT NULL,
    counting_since timestamptz,
    counted_done   integer     NOT NULL DEFAULT 0,
    counted_total  integer,
    counted_at     timestamptz,
    counted        jsonb,
    launched_at    timestamptz,
    ended_at       timestamptz,
    handled        integer     NOT NULL DEFAULT 0,
    noted_at       timestamptz,
    CHECK ((template = '') <> (text = '')),
    CHECK (ends_at > starts_at),
    CHECK (state NOT IN ('running', 'paused', 'ended') OR launched_at IS NOT NULL AND part_price IS NOT NULL),
    CHECK ((state IN ('ended', 'stopped')) = (ended_at IS NOT NULL))
);
COMMENT ON COLUMN crm_campaign.segment IS 'the state of the register of subscribers, as its address has it';
COMMENT ON COLUMN crm_campaign.districts IS 'the districts that whoever drafted it is confined to; NULL: all';
COMMENT ON COLUMN crm_campaign.part_price IS 'fixed at the launch; before it the price of the day holds';
COMMENT ON COLUMN crm_campaign.counted IS 'the dry run: how many match, are refused by which rule, are left, what it costs';
COMMENT ON COLUMN crm_campaign.handled IS 'of its people, how many were decided on';
CREATE INDEX crm_campaign_created ON crm_campaign (created_at, id);
CREATE INDEX crm_campaign_running ON crm_campaign (id) WHERE state = 'running';

-- Whom a campaign is for: counted before it is launched, each person once whatever the accounts.
CREATE TABLE crm_campaign_person (
    campaign_id   bigint      NOT NULL REFERENCES crm_campaign,
    who           text        NOT NULL,
    account_id    bigint      NOT NULL REFERENCES billing_account,
    state         text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'refused', 'control')),
    reason        text        NOT NULL DEFAULT '',
    message_id    bigint,
    handled_at    timestamptz,
    handled_on    date,
    balance       bigint,
    account_state text,
    reached_on    date,
    amount        bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (campaign_id, who),
    CHECK ((state = 'waiting') = (handled_at IS NULL)),
    CHECK ((state = 'sent') = (message_id IS NOT NULL)),
    CHECK ((state = 'refused') = (reason <> ''))
);
COMMENT ON COLUMN crm_campaign_person.who IS 's and the subscriber, a and the account where nobody is known';
COMMENT ON COLUMN crm_campaign_person.balance IS 'of the account when it was decided on; account_state too';
COMMENT ON COLUMN crm_campaign_person.reached_on IS 'the day the goal was reached, seen by the program';
CREATE INDEX crm_campaign_person_waiting ON crm_campaign_person (campaign_id, account_id) WHERE state = 'waiting';
CREATE INDEX crm_campaign_person_sent ON crm_campaign_person (campaign_id, handled_at) WHERE state = 'sent';
CREATE INDEX crm_campaign_person_account ON crm_campaign_person (account_id);

WITH wanted (code, rights) AS (VALUES
    ('head', '{crm.campaign.view,crm.campaign.edit,crm.campaign.launch}'::text[]),
    ('retain', '{crm.campaign.view,crm.campaign.edit}'),
    ('collect', '{crm.campaign.view,crm.campaign.edit}')
)
UPDATE web_role r SET rights = r.rights || ARRAY(
    SELECT x FROM unnest(w.rights) x WHERE NOT (x = ANY (r.rights)))
FROM wanted w WHERE w.code = r.code;
