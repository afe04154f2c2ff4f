-- What the provider sets for itself: tariffs, promise offers, policy, days off; closed months of
-- tariffs; rules of law as data.

ALTER TABLE billing_tariff
    ADD COLUMN analogue_id integer REFERENCES billing_tariff,
    ADD CONSTRAINT billing_tariff_named CHECK (code <> '' AND name <> ''),
    ADD CONSTRAINT billing_tariff_least_months CHECK (least_months BETWEEN 0 AND 120),
    ADD CONSTRAINT billing_tariff_some_districts CHECK (cardinality(districts) > 0),
    ADD CONSTRAINT billing_tariff_other_analogue CHECK (analogue_id <> id);
CREATE INDEX billing_tariff_analogue ON billing_tariff (analogue_id);
COMMENT ON COLUMN billing_tariff.analogue_id IS
    'the open tariff it is compared with; NULL: the nearest of its kind';

ALTER TABLE billing_offer
    ADD CONSTRAINT billing_offer_named CHECK (code <> '' AND name <> ''),
    ADD CONSTRAINT billing_offer_days CHECK (
        days_per_year BETWEEN 0 AND 366 AND most_days BETWEEN 1 AND 366),
    ADD CONSTRAINT billing_offer_money CHECK (
        amount > 0 AND ceiling > 0 AND fee >= 0 AND highest_debt >= 0),
    ADD CONSTRAINT billing_offer_waits CHECK (
        once_per_days BETWEEN 0 AND 3660 AND least_tenure_days BETWEEN 0 AND 36600
        AND ban_days BETWEEN 0 AND 3660),
    ADD CONSTRAINT billing_offer_some_tariffs CHECK (cardinality(tariffs) > 0),
    ADD CONSTRAINT billing_offer_some_channels CHECK (cardinality(channels) > 0);

ALTER TABLE billing_policy
    ADD COLUMN archive_share  integer NOT NULL DEFAULT 1500 CHECK (archive_share BETWEEN 1 AND 10000),
    ADD COLUMN arpu_gap       integer NOT NULL DEFAULT 2000 CHECK (arpu_gap BETWEEN 1 AND 10000),
    ADD CONSTRAINT billing_policy_limits CHECK (
        grace_days BETWEEN 0 AND 60 AND notice_days BETWEEN 0 AND 366
        AND freeze_least_days BETWEEN 0 AND 366 AND freeze_year_days BETWEEN 0 AND 366
        AND freeze_free_days BETWEEN 0 AND 366 AND freeze_day_fee >= 0);
COMMENT ON COLUMN billing_policy.archive_share IS
    'hundredths of a percent of the base at which an archive tariff is flagged';
COMMENT ON COLUMN billing_policy.arpu_gap IS
    'hundredths of a percent under the open analogue at which the revenue per subscriber is flagged';

ALTER TABLE billing_calendar ADD COLUMN note text NOT NULL DEFAULT '';

-- A closed month of a tariff, computed once. `tariff_id` 0 are charges and corrections that belong
-- to no tariff: with them the month's sums are those of the turnover sheet.
CREATE TABLE billing_tariff_month (
    month        date     NOT NULL,
    tariff_id    integer  NOT NULL CHECK (tariff_id >= 0),
    archived     boolean  NOT NULL,
    began        integer  NOT NULL CHECK (began >= 0),
    ended        integer  NOT NULL CHECK (ended >= 0),
    came         integer  NOT NULL CHECK (came >= 0),
    gone         integer  NOT NULL CHECK (gone >= 0),
    moved_in     integer  NOT NULL CHECK (moved_in >= 0),
    moved_out    integer  NOT NULL CHECK (moved_out >= 0),
    promo        integer  NOT NULL CHECK (promo BETWEEN 0 AND ended),
    debtors      integer  NOT NULL CHECK (debtors BETWEEN 0 AND ended),
    price_sum    bigint   NOT NULL CHECK (price_sum >= 0),
    charged      bigint   NOT NULL,
    corrected    bigint   NOT NULL,
    PRIMARY KEY (month, tariff_id),
    CHECK (ended = began + came - gone + moved_in - moved_out)
);
COMMENT ON COLUMN billing_tariff_month.began IS 'living services as the month began';
COMMENT ON COLUMN billing_tariff_month.price_sum IS 'the monthly prices of the services at its end, before discounts';
COMMENT ON COLUMN billing_tariff_month.corrected IS 'given back and recalculated, signed as the debt';

CREATE TABLE billing_tariff_move (
    month        date     NOT NULL,
    from_id      integer  NOT NULL REFERENCES billing_tariff,
    to_id        integer  NOT NULL REFERENCES billing_tariff,
    services     integer  NOT NULL CHECK (services > 0),
    PRIMARY KEY (month, from_id, to_id),
    CHECK (from_id <> to_id)
);
CREATE INDEX billing_tariff_move_from ON billing_tariff_move (from_id);
CREATE INDEX billing_tariff_move_to ON billing_tariff_move (to_id);

-- Rules of law as data: an edition of a rule holds from its day until the next one. What nobody has
-- checked is not relied on where a mistake would break the law.
CREATE TABLE legal_rule (
    key          text        NOT NULL CHECK (key <> ''),
    valid_from   date        NOT NULL,
    jurisdiction text        NOT NULL CHECK (jurisdiction <> ''),
    value        text        NOT NULL CHECK (value <> ''),
    unit         text        NOT NULL DEFAULT '',
    source       text        NOT NULL CHECK (source <> ''),
    checked_by   text        CHECK (checked_by <> ''),
    checked_at   timestamptz,
    note         text        NOT NULL DEFAULT '',
    PRIMARY KEY (key, valid_from),
    CHECK ((checked_by IS NULL) = (checked_at IS NULL))
);
COMMENT ON COLUMN legal_rule.checked_by IS
    'who compared it with the text of the law; "source": shipped as a published source has it';

-- Where the text of the law itself could not be read, the rule comes unchecked.
WITH shipped (key, jurisdiction, value, unit, valid_from, source, checked) AS (VALUES
    ('ru.rules.edition', 'ru', '2606; 2607', 'act', '2022-03-01'::date, 'Постановления Правительства 2606 и 2607 от 31.12.2021', true),
    ('ru.rules.edition.tv', 'ru', '785', 'act', '2007-01-01', 'Постановление Правительства 785', false),
    ('ru.suspend', 'ru', 'notice', '', '2000-01-01', '126-ФЗ, статья 44', true),
    ('ru.terminate', 'ru', '6', 'months', '2000-01-01', '126-ФЗ, статья 44', true),
    ('ru.claim.register', 'ru', '1', 'working_days', '2000-01-01', '126-ФЗ, статья 55 (42-ФЗ 2016 года)', true),
    ('ru.claim.answer', 'ru', '30', 'days', '2000-01-01', '126-ФЗ, статья 55 (42-ФЗ 2016 года)', true),
    ('ru.claim.file', 'ru', '6', 'months', '2000-01-01', 'Правила услуг подвижной связи 328', true),
    ('ru.claim.file.internet', 'ru', '6', 'months', '2000-01-01', 'Правила услуг подвижной связи 328, по аналогии', false),
    ('ru.tariff.notice', 'ru', '10', 'days', '2000-01-01', 'Прежние правила услуг связи', false),
    ('ru.advance.refund', 'ru', 'due', '', '2022-03-01', 'Правила 2607, пункт 51', true),
    ('ru.advance.refund.days', 'ru', '10', 'days', '2022-03-01', 'Правила 2607, пункт 51', false),
    ('ru.repair', 'ru', 'announce', '', '2000-01-01', 'Правила услуг связи', true),
    ('ru.feasibility', 'ru', '30', 'days', '2000-01-01', 'Правила услуг связи', false),
    ('ru.leave', 'ru', 'any_time', '', '2000-01-01', 'Закон о защите прав потребителей, статья 32', true),
    ('ru.230.calls.day', 'ru', '1', 'times', '2017-01-01', '230-ФЗ, статья 7', true),
    ('ru.230.calls.week', 'ru', '2', 'times', '2017-01-01', '230-ФЗ, статья 7', true),
    ('ru.230.calls.month', 'ru', '8', 'times', '2017-01-01', '230-ФЗ, статья 7', true),
    ('ru.230.meetings.week', 'ru', '1', 'times', '2017-01-01', '230-ФЗ, статья 7', true),
    ('ru.230.messages.day', 'ru', '2', 'times', '2017-01-01', '230-ФЗ, статья 7', true),
    ('ru.230.messages.week', 'ru', '4', 'times', '2017-01-01', '230-ФЗ, статья 7', true),
    ('ru.230.messages.month', 'ru', '16', 'times', '2017-01-01', '230-ФЗ, статья 7', true),
    ('ru.230.hours.working', 'ru', '08:00-22:00', 'hours', '2017-01-01', '230-ФЗ, статья 7', true),
    ('ru.230.hours.rest', 'ru', '09:00-20:00', 'hours', '2017-01-01', '230-ФЗ, статья 7', true),
    ('ru.230.stop', 'ru', 'bankruptcy; incapacity; in_patient; disability_1; minor', '', '2017-01-01', '230-ФЗ, статья 7', true),
    ('ru.230.text', 'ru', 'creditor; phone; sum', '', '2018-11-12', '416-ФЗ 2018 года', true),
    ('ru.230.refusal', 'ru', '4', 'months', '2017-01-01', '230-ФЗ, статья 8', false),
    ('ru.230.scope', 'ru', 'persons', '', '2017-01-01', '230-ФЗ, статья 1', true),
    ('ru.230.records', 'ru', '3', 'years', '2017-01-01', '230-ФЗ, статья 17', true),
    ('ru.152.consent', 'ru', 'separate', '', '2025-09-01', '152-ФЗ, статья 9', true),
    ('ru.152.answer', 'ru', '10', 'working_days', '2022-09-01', '152-ФЗ, статья 20', true),
    ('ru.152.answer.longer', 'ru', '5', 'working_days', '2022-09-01', '152-ФЗ, статья 20', true),
    ('ru.152.stop', 'ru', '30', 'days', '2006-07-27', '152-ФЗ, статья 21', false),
    ('ru.38.art18', 'ru', 'consent', '', '2006-07-01', '38-ФЗ, статья 18', true),
    ('ru.38.art18.fine', 'ru', '300000-1000000', 'money', '2024-01-01', 'КоАП, статья 14.3', true),
    ('ru.label', 'ru', '32', 'characters', '2025-09-01', '41-ФЗ 2025 года', true),
    ('ru.limitation', 'ru', '3', 'years', '2000-01-01', 'ГК, статьи 196 и 203', false),
    ('ru.limitation.restart', 'ru', 'claim; deferral; reconciliation', '', '2015-09-29', 'Пленум ВС 43, пункт 20', true),
    ('ru.limitation.partial', 'ru', 'no_restart', '', '2015-09-29', 'Пленум ВС 43, пункт 20', false),
    ('ru.court.duty', 'ru', '4000', 'money', '2024-09-09', 'НК, статья 333.19', true),
    ('ru.court.duty.to', 'ru', '100000', 'money', '2024-09-09', 'НК, статья 333.19', true),
    ('ru.court.least', 'ru', '3', 'duties', '2024-09-09', 'Расчёт: долг против пошлины', true),
    ('ru.court.order.duty', 'ru', '50', 'percent', '2024-09-09', 'НК, статья 333.19', false),
    ('ru.court.order.to', 'ru', '500000', 'money', '2016-06-01', 'ГПК, статья 121', false),
    ('ru.54.receipt', 'ru', '1', 'working_days', '2018-07-03', '54-ФЗ, статья 1.2', true),
    ('ru.54.offset', 'ru', '10', 'days', '2018-07-03', '54-ФЗ, статья 1.2', false),
    ('ru.allocation', 'ru', 'payer; unsecured; earliest', '', '2015-06-01', 'ГК, статья 319.1', true),
    ('kz.restore', 'kz', '3', 'hours', '2000-01-01', 'Правила услуг телефонной связи', true),
    ('kz.restore.failure', 'kz', '24', 'hours', '2000-01-01', 'Правила услуг телефонной связи', true),
    ('kz.tariff.notice', 'kz', '30', 'days', '2000-01-01', 'Правила услуг телефонной связи', true),
    ('eu.cut_off', 'eu', 'warning; proportionate', '', '2020-12-21', 'Directive (EU) 2018/1972', true),
    ('eu.contract.longest', 'eu', '24', 'months', '2020-12-21', 'Directive (EU) 2018/1972, Article 105', true),
    ('eu.be.reminder.first', 'be', '0', 'money', '2000-01-01', 'BIPT: unpaid bill', true),
    ('eu.be.reminder.next', 'be', '10', 'money', '2000-01-01', 'BIPT: unpaid bill', true),
    ('eu.be.floor', 'be', '256', 'kbit', '2000-01-01', 'BIPT: unpaid bill', true),
    ('eu.be.reconnection', 'be', '30', 'money', '2000-01-01', 'BIPT: unpaid bill', true),
    ('eu.gdpr.reply', 'eu', '1', 'months', '2018-05-25', 'GDPR, Article 12', false),
    ('eu.marketing', 'eu', 'opt_in', '', '2002-07-31', 'Directive 2002/58/EC', false),
    ('us.regf.calls', 'us', '7', 'times', '2021-11-30', 'Regulation F, 1006.14', true),
    ('us.regf.after_talk', 'us', '7', 'days', '2021-11-30', 'Regulation F, 1006.14', true),
    ('us.hours', 'us', '08:00-21:00', 'hours', '2021-11-30', 'Regulation F, 1006.6', true),
    ('us.tcpa', 'us', 'consent', '', '1991-12-20', 'TCPA', false)
)
INSERT INTO legal_rule (key, valid_from, jurisdiction, value, unit, source, checked_by, checked_at)
SELECT key, valid_from, jurisdiction, value, unit, source,
    CASE WHEN checked THEN 'source' END, CASE WHEN checked THEN '2026-11-01T00:00:00Z'::timestamptz END
FROM shipped;

UPDATE web_role SET rights = rights || '{kernel.legal.view,kernel.legal.check}' WHERE code = 'head';
UPDATE web_role SET rights = rights || '{kernel.legal.view}' WHERE code IN ('office', 'retain', 'collect');
