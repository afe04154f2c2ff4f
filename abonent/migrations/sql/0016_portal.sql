-- The subscriber's portal: who may enter, codes, sessions, and payments begun there.

-- What a subscriber set for a contract: a password besides the codes, a language.
CREATE TABLE portal_access (
    contract_id   bigint      PRIMARY KEY REFERENCES crm_contract ON DELETE CASCADE,
    password_hash text        CHECK (password_hash <> ''),
    password_at   timestamptz,
    language      text        CHECK (language IN ('ru', 'en')),
    CHECK ((password_hash IS NULL) = (password_at IS NULL))
);

-- A code of six digits. Its digest is made with a secret that only the browser which asked holds: the
-- row tells the code to nobody. One asked for with an unknown number has a row too and never fits.
CREATE TABLE portal_code (
    id           bigint      PRIMARY KEY,
    asked_hash   bytea       NOT NULL UNIQUE,
    digest       bytea       NOT NULL,
    purpose      text        NOT NULL CHECK (purpose IN ('sign_in', 'contact')),
    throttle     bytea       NOT NULL,
    contract_id  bigint      REFERENCES crm_contract ON DELETE CASCADE,
    contact_id   bigint      REFERENCES crm_contact ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    tries        smallint    NOT NULL DEFAULT 0 CHECK (tries >= 0),
    used_at      timestamptz,
    CHECK (purpose = 'sign_in' OR contact_id IS NOT NULL)
);
COMMENT ON COLUMN portal_code.throttle IS 'the key under which wrong guesses are counted';
CREATE INDEX portal_code_contract ON portal_code (contract_id);
CREATE INDEX portal_code_contact ON portal_code (contact_id);
CREATE INDEX portal_code_old ON portal_code (expires_at);

-- The cookie holds a random secret; only its SHA-256 is kept here.
CREATE TABLE portal_session (
    id           bigint      PRIMARY KEY,
    secret_hash  bytea       NOT NULL UNIQUE,
    contract_id  bigint      NOT NULL REFERENCES crm_contract ON DELETE CASCADE,
    by_code      boolean     NOT NULL,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ip           text        NOT NULL DEFAULT '',
    agent        text        NOT NULL DEFAULT '',
    revoked_at   timestamptz
);
COMMENT ON COLUMN portal_session.by_code IS 'opened by a code: a password may be set without the old one';
CREATE INDEX portal_session_contract ON portal_session (contract_id);
CREATE INDEX portal_session_old ON portal_session (expires_at);

-- A payment by card begun on the portal. It is paid when the books hold payment `payment` of the
-- agreement's source; this row never says so itself.
CREATE TABLE portal_intent (
    account_id   bigint      NOT NULL,
    id           bigint      NOT NULL,
    agreement_id smallint    NOT NULL REFERENCES billing_agreement,
    amount       bigint      NOT NULL CHECK (amount > 0),
    state        text        NOT NULL DEFAULT 'begun' CHECK (state IN ('begun', 'silent', 'open', 'refused')),
    payment      text,
    address      text,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    CHECK ((state = 'open') = (payment IS NOT NULL AND address IS NOT NULL))
);
COMMENT ON COLUMN portal_intent.state IS 'silent: the processor did not answer, whether it began is not known';
CREATE INDEX portal_intent_agreement ON portal_intent (agreement_id);

-- The subscriber's own rights, always bounded by the accounts of the contract. No user of the desk has it.
INSERT INTO web_role (code, name, shipped, rights) VALUES ('sub', 'Subscriber', true,
    '{billing.account.view,billing.promise.give,billing.tariff.view,billing.tariff.change,billing.freeze.set,crm.subscriber.view,crm.subscriber.edit}');
ALTER TABLE web_user ADD CONSTRAINT web_user_no_subscriber CHECK (role <> 'sub');
