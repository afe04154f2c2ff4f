-- A claim on wrong charges names several of them, fees and charges of services alike.
ALTER TABLE crm_claim DROP CONSTRAINT crm_claim_remedy_check;
ALTER TABLE crm_claim ADD COLUMN remedy_charges integer[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN crm_claim.remedy_charges IS 'the entries of the charges that are given back';
UPDATE crm_claim SET remedy = 'charges', remedy_charges = ARRAY[remedy_fee] WHERE remedy = 'fee';
ALTER TABLE crm_claim ADD CONSTRAINT crm_claim_remedy_check
    CHECK (remedy IN ('', 'outage', 'unserved', 'tariff', 'discount', 'charges', 'bonus'));

DROP VIEW crm_claim_seen;
ALTER TABLE crm_claim DROP COLUMN remedy_fee;
CREATE VIEW crm_claim_seen AS
SELECT k.id, k.account_id, k.legal_entity_id, k.number, k.subject, k.demand, k.asked, k.text,
    k.channel, k.request, k.reply_by, k.reply_to, k.state, k.open, k.received_on, k.received_at,
    k.register_by, k.registered_at, k.target_by, k.alarm_on, k.answer_by, k.alarmed_at, k.owner,
    k.substitute, k.cause, k.decision, k.grounds, k.decided_at, k.remedy, k.remedy_service,
    k.remedy_from, k.remedy_to, k.remedy_percent, k.remedy_tariff, k.remedy_charges, k.compensation,
    k.reckoned, k.answered_at, k.late, k.posted, k.entry_first, k.entry_last, k.executed_at,
    k.court, k.court_case, k.court_amount, k.court_on, k.version, b.number AS account, p.district,
    s.name AS subscriber, actor_name('user:' || k.owner) AS owner_name,
    actor_name('user:' || k.substitute) AS substitute_name,
    actor_name(k.received_by) AS taker_name, actor_name(k.decided_by) AS decider_name
FROM crm_claim k
JOIN billing_account b ON b.account_id = k.account_id
JOIN billing_place p ON p.id = b.place_id
LEFT JOIN crm_account f ON f.account_id = k.account_id
LEFT JOIN crm_contract c ON c.id = f.contract_id
LEFT JOIN crm_subscriber s ON s.id = c.subscriber_id;
