-- Who may enter: roles with their rights, users, sessions, API tokens and the throttle of guesses.

CREATE TABLE web_role (
    code   text PRIMARY KEY,
    name   text NOT NULL,
    rights text[] NOT NULL DEFAULT '{}'
);
COMMENT ON COLUMN web_role.name IS 'English message id; the shipped roles are translated';
COMMENT ON COLUMN web_role.rights IS 'area.object.action; a trailing * stands for everything below';

CREATE TABLE web_user (
    id            bigint PRIMARY KEY,
    login         text NOT NULL,
    name          text NOT NULL,
    password_hash text NOT NULL,
    role          text NOT NULL REFERENCES web_role (code),
    language      text NOT NULL DEFAULT 'ru',
    theme         text NOT NULL DEFAULT 'auto',
    single_keys   boolean NOT NULL DEFAULT true,
    active        boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL,
    CONSTRAINT web_user_login_normal CHECK (login = lower(login) AND login <> ''),
    CONSTRAINT web_user_theme_known CHECK (theme IN ('auto', 'light', 'dark')),
    CONSTRAINT web_user_language_known CHECK (language IN ('ru', 'en'))
);
CREATE UNIQUE INDEX web_user_login ON web_user (login);
CREATE INDEX web_user_role ON web_user (role);

-- The cookie holds a random secret; only its SHA-256 is kept here.
CREATE TABLE web_session (
    id           bigint PRIMARY KEY,
    secret_hash  bytea NOT NULL,
    user_id      bigint NOT NULL REFERENCES web_user (id) ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ip           text NOT NULL DEFAULT '',
    agent        text NOT NULL DEFAULT '',
    revoked_at   timestamptz
);
CREATE UNIQUE INDEX web_session_secret ON web_session (secret_hash);
CREATE INDEX web_session_user ON web_session (user_id);

CREATE TABLE web_token (
    id          bigint PRIMARY KEY,
    secret_hash bytea NOT NULL,
    name        text NOT NULL CHECK (name <> ''),
    rights      text[] NOT NULL,
    created_at  timestamptz NOT NULL,
    revoked_at  timestamptz
);
CREATE UNIQUE INDEX web_token_secret ON web_token (secret_hash);

-- Failed sign-ins by what they aimed at and where they came from. Keys are hashes: a mistyped
-- login may well be a password.
CREATE TABLE web_throttle (
    key           bytea PRIMARY KEY,
    failures      integer NOT NULL,
    first_at      timestamptz NOT NULL,
    blocked_until timestamptz
);
CREATE INDEX web_throttle_first ON web_throttle (first_at);

-- The cards a user opened last: what the search line offers before anything is typed.
CREATE TABLE web_recent (
    user_id    bigint NOT NULL REFERENCES web_user (id) ON DELETE CASCADE,
    account_id bigint NOT NULL,
    seen_at    timestamptz NOT NULL,
    PRIMARY KEY (user_id, account_id)
);

INSERT INTO web_role (code, name, rights) VALUES
    ('admin', 'Administrator', '{*}'),
    ('head', 'Head of department', '{desk.*,crm.*,billing.*,kernel.audit.view}'),
    ('office', 'Office clerk', '{desk.*,crm.subscriber.*,billing.account.*,billing.payment.take,billing.promise.give,billing.tariff.view,billing.tariff.change,billing.freeze.set,billing.service.edit,billing.day.view}'),
    ('cash', 'Cashier', '{desk.*,crm.subscriber.view,billing.account.view,billing.payment.take,billing.payment.reverse,billing.promise.give,billing.day.view}'),
    ('collect', 'Collector', '{desk.*,crm.subscriber.view,billing.account.view,billing.promise.give,billing.tariff.view,billing.day.view}'),
    ('retain', 'Retention specialist', '{desk.*,crm.subscriber.view,billing.account.view,billing.promise.give,billing.tariff.view,billing.tariff.change,billing.discount.grant,billing.freeze.set,billing.day.view}'),
    ('coord', 'Coordinator', '{desk.*,crm.subscriber.view,billing.account.view,billing.service.edit,billing.tariff.view,billing.day.view}'),
    ('hr', 'Staff officer', '{desk.*}'),
    ('tech', 'Technician', '{desk.*,crm.subscriber.view,billing.account.view,billing.day.view}');
