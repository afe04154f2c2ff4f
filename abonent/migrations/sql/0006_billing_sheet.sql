-- A closed month per place and line: the sum of billing_month over accounts, small enough that the
-- sheet of a million accounts by legal entity, district or building is read at once.
CREATE TABLE billing_month_place (
    month           date     NOT NULL,
    legal_entity_id smallint NOT NULL,
    place_id        integer  NOT NULL,
    section         text     NOT NULL CHECK (section IN ('opening', 'charge', 'payment', 'correction')),
    line            text     NOT NULL,
    amount          bigint   NOT NULL,
    PRIMARY KEY (month, legal_entity_id, place_id, section, line)
);
COMMENT ON TABLE billing_month_place IS 'a report, written with the roll-up; the proof compares it';
