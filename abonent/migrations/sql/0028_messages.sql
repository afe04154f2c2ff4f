-- Messages to subscribers and what became of them; what may be said to whom, when and how often.

-- Account 0: the message is for somebody who has no account.
CREATE TABLE crm_message (
    account_id    bigint      NOT NULL CHECK (account_id >= 0),
    id            bigint      NOT NULL,
    subscriber_id bigint      REFERENCES crm_subscriber,
    channel       text        NOT NULL CHECK (channel IN ('sms', 'email', 'portal')),
    template      text        NOT NULL DEFAULT '',
    text_hash     text        NOT NULL,
    purpose       text        NOT NULL CHECK (purpose IN ('service', 'debt', 'ad')),
    state         text        NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'delivered',
        'undelivered', 'expired', 'rejected', 'unknown', 'refused')),
    reason        text        NOT NULL DEFAULT '',
    hours         text        NOT NULL CHECK (hours IN ('any', 'day', 'debt')),
    parts         smallint    NOT NULL CHECK (parts BETWEEN 0 AND 255),
    about         text        NOT NULL DEFAULT '',
    by            text        NOT NULL,
    queued_at     timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    sent_at       timestamptz,
    ended_at      timestamptz,
    PRIMARY KEY (account_id, id)
);
COMMENT ON COLUMN crm_message.text_hash IS 'sha256 of what was said, its first 16 digits: proves it after the text is erased';
COMMENT ON COLUMN crm_message.reason IS 'the rule that refused it, or what the gateway or the mail server answered';
COMMENT ON COLUMN crm_message.due_at IS 'not before: messages of the day that came at night wait for the morning';
-- The register finds its page by the order alone and reads the rest by this.
CREATE INDEX crm_message_id ON crm_message (id);
CREATE INDEX crm_message_queued ON crm_message (queued_at, id);
CREATE INDEX crm_message_subscriber ON crm_message (subscriber_id, queued_at) WHERE subscriber_id IS NOT NULL;
CREATE INDEX crm_message_account ON crm_message (account_id, queued_at, id);
CREATE INDEX crm_message_troubled ON crm_message (state, queued_at, id) WHERE state NOT IN ('sent', 'delivered');
CREATE INDEX crm_message_by_template ON crm_message (template, queued_at, id);
CREATE INDEX crm_message_about ON crm_message (about) WHERE about <> '';

-- To whom and what: personal, can be erased while the row beside it stays.
CREATE TABLE crm_message_text (
    account_id bigint NOT NULL,
    message_id bigint NOT NULL,
    address    text   NOT NULL,
    subject    text   NOT NULL DEFAULT '',
    text       text   NOT NULL,
    reply_to_id text  NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, message_id)
);

-- What the gateway calls each part of a message; receipts come by these names.
CREATE TABLE crm_message_part (
    account_id  bigint      NOT NULL,
    message_id  bigint      NOT NULL,
    part        smallint    NOT NULL CHECK (part > 0),
    gateway     text        NOT NULL,
    provider_id text        NOT NULL CHECK (provider_id <> ''),
    state       text        NOT NULL CHECK (state IN ('sent', 'delivered', 'undelivered', 'expired', 'rejected')),
    code        text        NOT NULL DEFAULT '',
    at          timestamptz NOT NULL,
    PRIMARY KEY (account_id, message_id, part)
);
CREATE INDEX crm_message_part_provider ON crm_message_part (provider_id, gateway);

-- Receipts that came before the gateway's own answer did: they wait for the part they speak of.
CREATE TABLE crm_message_receipt (
    gateway     text        NOT NULL,
    provider_id text        NOT NULL,
    state       text        NOT NULL,
    code        text        NOT NULL DEFAULT '',
    at          timestamptz NOT NULL,
    PRIMARY KEY (gateway, provider_id)
);
CREATE INDEX crm_message_receipt_at ON crm_message_receipt (at);

-- What people wrote to the provider's number. The gateway's name for it makes each one come once.
CREATE TABLE crm_message_inbound (
    id          bigint      PRIMARY KEY,
    gateway     text        NOT NULL,
    provider_id text        NOT NULL DEFAULT '',
    sender      text        NOT NULL,
    recipient   text        NOT NULL DEFAULT '',
    text        text        NOT NULL,
    received_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX crm_message_inbound_once ON crm_message_inbound (gateway, provider_id) WHERE provider_id <> '';
CREATE INDEX crm_message_inbound_sender ON crm_message_inbound (sender, received_at);

-- When the next message may be given to a gateway: one pace for all processes together.
CREATE TABLE crm_gateway_pace (
    gateway text        PRIMARY KEY,
    next_at timestamptz NOT NULL
);

-- Letters read from the mailbox, by their Message-ID: each is taken once.
CREATE TABLE crm_mail_taken (
    message_id text        PRIMARY KEY CHECK (message_id <> ''),
    kind       text        NOT NULL CHECK (kind IN ('bounce', 'automatic', 'letter', 'failed')),
    at         timestamptz NOT NULL
);
CREATE TABLE crm_mailbox (
    name        text   PRIMARY KEY,
    uidvalidity bigint NOT NULL,
    last_uid    bigint NOT NULL
);

-- Who was turned to, when and what for: what the counters of the law are counted from, over all
-- accounts of a person. `who` is "s" and the subscriber, or "x" and a digest of the address.
CREATE TABLE crm_contact_attempt (
    who        text        NOT NULL,
    id         bigint      NOT NULL,
    at         timestamptz NOT NULL,
    way        text        NOT NULL CHECK (way IN ('call', 'message', 'meeting')),
    purpose    text        NOT NULL CHECK (purpose IN ('service', 'debt', 'ad')),
    template   text        NOT NULL DEFAULT '',
    capped     boolean     NOT NULL DEFAULT true,
    account_id bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (who, id)
);
COMMENT ON COLUMN crm_contact_attempt.capped IS 'false: an answer that was asked for, which no cap of a day holds back';
CREATE INDEX crm_contact_attempt_at ON crm_contact_attempt (who, at);

-- Why a person is not turned to; the words of 230-FZ, and what the person has asked for.
CREATE TABLE crm_contact_hold (
    id            bigint      PRIMARY KEY,
    subscriber_id bigint      NOT NULL REFERENCES crm_subscriber,
    kind          text        NOT NULL CHECK (kind IN ('bankruptcy', 'incapacity', 'in_patient',
        'disability_1', 'minor', 'refusal', 'representative', 'silence')),
    proof         text        NOT NULL CHECK (proof <> ''),
    since         timestamptz NOT NULL,
    till          timestamptz,
    added_by      text        NOT NULL,
    CHECK (till >= since)
);
COMMENT ON COLUMN crm_contact_hold.kind IS 'silence holds back every message, the others those about debts';
CREATE INDEX crm_contact_hold_subscriber ON crm_contact_hold (subscriber_id);

-- The provider's own measure: the hours of messages that are not urgent, how many of them a person
-- gets in a day, what one part of an SMS costs.
CREATE TABLE crm_contact_policy (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    opens      time    NOT NULL DEFAULT '09:00',
    closes     time    NOT NULL DEFAULT '21:00',
    cap        integer NOT NULL DEFAULT 5 CHECK (cap BETWEEN 1 AND 100),
    part_price bigint  NOT NULL DEFAULT 300 CHECK (part_price >= 0),
    version    integer NOT NULL DEFAULT 1,
    CHECK (opens < closes)
);
INSERT INTO crm_contact_policy DEFAULT VALUES;

-- The installation's own words for a template; the newest version holds, an empty text gives the
-- product's words back.
CREATE TABLE crm_message_wording (
    code       text        NOT NULL,
    language   text        NOT NULL,
    version    integer     NOT NULL CHECK (version > 0),
    text       text        NOT NULL,
    subject    text        NOT NULL DEFAULT '',
    body       text        NOT NULL DEFAULT '',
    changed_at timestamptz NOT NULL,
    changed_by text        NOT NULL,
    PRIMARY KEY (code, language, version)
);

WITH wanted (code, rights) AS (VALUES
    ('head', '{crm.message.view,crm.message.write,crm.message.template,crm.message.hold}'::text[]),
    ('office', '{crm.message.view,crm.message.write,crm.message.hold}'),
    ('retain', '{crm.message.view,crm.message.write}'),
    ('collect', '{crm.message.view,crm.message.write,crm.message.hold}'),
    ('coord', '{crm.message.view,crm.message.write}'),
    ('shift', '{crm.message.view,crm.message.write}')
)
UPDATE web_role r SET rights = r.rights || ARRAY(
    SELECT x FROM unnest(w.rights) x WHERE NOT (x = ANY (r.rights)))
FROM wanted w WHERE w.code = r.code;
