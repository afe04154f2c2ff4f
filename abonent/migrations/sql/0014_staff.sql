-- Rights as data: roles that are changed at the desk, offices and districts of people, the second
-- factor of signing in, and the session in which a row of the audit came about.

ALTER TABLE web_role
    ADD COLUMN shipped       boolean NOT NULL DEFAULT false,
    ADD COLUMN second_factor boolean NOT NULL DEFAULT false,
    ADD COLUMN version       integer NOT NULL DEFAULT 1,
    ADD CONSTRAINT web_role_code_given CHECK (code <> ''),
    ADD CONSTRAINT web_role_name_given CHECK (name <> '');
COMMENT ON COLUMN web_role.shipped IS 'came with the product: its name is a message id';
COMMENT ON COLUMN web_role.second_factor IS 'who has the role signs in with a code as well';
UPDATE web_role SET shipped = true;
CREATE UNIQUE INDEX web_role_name ON web_role (lower(name));

ALTER TABLE web_user
    ADD COLUMN office_id integer REFERENCES office,
    ADD COLUMN districts text[],
    ADD COLUMN version   integer NOT NULL DEFAULT 1,
    ADD CONSTRAINT web_user_name_given CHECK (name <> ''),
    ADD CONSTRAINT web_user_some_districts CHECK (cardinality(districts) > 0);
COMMENT ON COLUMN web_user.districts IS 'those whose accounts exist for the user; NULL: all';
CREATE INDEX web_user_office ON web_user (office_id);

ALTER TABLE web_token
    ADD COLUMN districts text[],
    ADD CONSTRAINT web_token_some_districts CHECK (cardinality(districts) > 0);

ALTER TABLE web_session
    ADD COLUMN stage text NOT NULL DEFAULT 'open' CHECK (stage IN ('open', 'code', 'setup'));
COMMENT ON COLUMN web_session.stage IS
    'code and setup: the password was right, the second factor is still to come';

-- The secret is kept as it is: a code cannot be checked against a digest of it.
CREATE TABLE web_second_factor (
    user_id      bigint      PRIMARY KEY REFERENCES web_user (id) ON DELETE CASCADE,
    secret       text        NOT NULL,
    last_step    bigint      NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL,
    confirmed_at timestamptz
);
COMMENT ON COLUMN web_second_factor.last_step IS 'the half-minute whose code was used last: none is taken twice';

CREATE TABLE web_recovery_code (
    user_id   bigint NOT NULL REFERENCES web_user (id) ON DELETE CASCADE,
    code_hash bytea  NOT NULL,
    used_at   timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

ALTER TABLE audit ADD COLUMN session_id bigint;
COMMENT ON COLUMN audit.session_id IS 'the web_session of the user, where there was one';

-- What each shipped role does in a day, and no more. Rights that an installation added stay.
INSERT INTO web_role (code, name, rights, shipped) VALUES
    ('agent', 'Sales agent', '{}', true),
    ('shift', 'Shift supervisor', '{}', true),
    ('trainer', 'Trainer', '{}', true)
ON CONFLICT (code) DO UPDATE SET shipped = true;

WITH wanted (code, rights) AS (VALUES
    ('admin', '{*}'::text[]),
    ('head', '{desk.*,crm.*,billing.*,kernel.audit.view,web.view.share,web.user.view,web.user.edit}'),
    ('office', '{desk.*,crm.subscriber.view,crm.subscriber.edit,crm.contact.view,crm.document.view,crm.note.write,crm.contract.edit,crm.owner.change,crm.equipment.edit,crm.scan.add,crm.place.edit,billing.account.view,billing.account.edit,billing.payment.view,billing.payment.take,billing.payment.settle,billing.outside.take,billing.promise.give,billing.tariff.view,billing.tariff.change,billing.freeze.set,billing.service.edit,billing.day.view}'),
    ('cash', '{desk.*,crm.subscriber.view,crm.note.write,billing.account.view,billing.payment.view,billing.payment.take,billing.payment.reverse,billing.shift.work,billing.promise.give,billing.day.view,billing.fiscal.view}'),
    ('shift', '{desk.*,crm.subscriber.view,crm.contact.view,crm.note.write,billing.account.view,billing.payment.view,billing.payment.take,billing.payment.reverse,billing.payment.reverse_closed,billing.payment.settle,billing.outside.take,billing.shift.work,billing.shift.view,billing.shift.supervise,billing.desk.edit,billing.fiscal.view,billing.fiscal.retry,billing.refund.give,billing.promise.give,billing.promise.override,billing.freeze.set,billing.tariff.view,billing.tariff.change,billing.day.view,billing.report.view,kernel.audit.view,web.view.share,web.user.view}'),
    ('agent', '{desk.*,crm.subscriber.view,crm.subscriber.edit,crm.contact.view,crm.document.view,crm.note.write,crm.contract.edit,billing.account.view,billing.account.edit,billing.service.edit,billing.tariff.view}'),
    ('collect', '{desk.*,crm.subscriber.view,crm.contact.view,crm.document.view,crm.note.write,billing.account.view,billing.payment.view,billing.promise.give,billing.tariff.view,billing.day.view}'),
    ('retain', '{desk.*,crm.subscriber.view,crm.contact.view,crm.document.view,crm.note.write,billing.account.view,billing.promise.give,billing.tariff.view,billing.tariff.change,billing.discount.grant,billing.bonus.give,billing.freeze.set,billing.day.view}'),
    ('coord', '{desk.*,crm.subscriber.view,crm.contact.view,crm.document.view,crm.note.write,crm.equipment.edit,crm.scan.add,crm.place.edit,billing.account.view,billing.service.edit,billing.tariff.view,billing.compensate,billing.day.view}'),
    ('tech', '{desk.*,crm.subscriber.view,crm.contact.view,crm.note.write,crm.equipment.edit,crm.scan.add,billing.account.view,billing.day.view}'),
    ('hr', '{desk.*,web.user.view}'),
    ('trainer', '{desk.*,web.user.view}')
)
UPDATE web_role r SET rights = ARRAY(
    SELECT DISTINCT held FROM unnest(r.rights || w.rights) AS held
    -- Spelled out above: the desk ticks single rights and whole areas.
    WHERE held NOT IN ('crm.subscriber.*', 'billing.account.*') ORDER BY held
) FROM wanted w WHERE w.code = r.code;

-- With the district last, so that a search can keep to those of who searches.
CREATE OR REPLACE VIEW crm_register AS
SELECT a.account_id, a.number, c.number AS contract, s.name, s.name_key, s.phone, a.address_key,
    p.street, p.house, a.flat, a.address_order, p.district
FROM crm_account a
JOIN crm_contract c ON c.id = a.contract_id
JOIN crm_subscriber s ON s.id = c.subscriber_id
JOIN billing_place p ON p.id = a.place_id;
