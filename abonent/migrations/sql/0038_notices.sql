-- Messages that the program writes by itself after what happened to an account.

CREATE TABLE crm_notice_setting (
    template     text        PRIMARY KEY CHECK (template <> ''),
    active_since timestamptz,
    way          text        NOT NULL DEFAULT 'email' CHECK (way IN ('sms', 'email')),
    days         smallint    CHECK (days BETWEEN 1 AND 14)
);
COMMENT ON COLUMN crm_notice_setting.active_since IS 'NULL: switched off; what happened before it is not told';
COMMENT ON COLUMN crm_notice_setting.way IS 'what is taken first where the card has both a phone and an e-mail';
COMMENT ON COLUMN crm_notice_setting.days IS 'how many days ahead; NULL where something has just happened';
INSERT INTO crm_notice_setting (template, days)
VALUES ('paid', NULL), ('promise-on', NULL), ('suspend', NULL), ('pre-due', 3);

CREATE TABLE crm_notice (
    account_id bigint      NOT NULL REFERENCES billing_account,
    template   text        NOT NULL REFERENCES crm_notice_setting,
    about      text        NOT NULL CHECK (about <> ''),
    said       jsonb       NOT NULL DEFAULT '{}',
    at         timestamptz NOT NULL,
    done_at    timestamptz,
    message_id bigint,
    reason     text        NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, template, about)
);
COMMENT ON COLUMN crm_notice.about IS 'the entry, the promise or the day it tells of: told once';
COMMENT ON COLUMN crm_notice.said IS 'amounts in minor units and days as they were when it happened';
COMMENT ON COLUMN crm_notice.reason IS 'why nothing was written';
CREATE INDEX crm_notice_template ON crm_notice (template);
CREATE INDEX crm_notice_waiting ON crm_notice (at) WHERE done_at IS NULL;
CREATE INDEX crm_notice_done ON crm_notice (done_at) WHERE done_at IS NOT NULL;
