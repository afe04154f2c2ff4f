-- The register of subscribers by account and by address, and few of many: a state, a company.
-- None of these values changes with a charge or a payment, so updates of a balance stay in place.
CREATE INDEX crm_account_sorted ON crm_account (number, account_id);
CREATE INDEX crm_account_sorted_address ON crm_account (address_order, account_id);
CREATE INDEX billing_account_state ON billing_account (state, account_id);
CREATE INDEX billing_account_entity ON billing_account (legal_entity_id, account_id);
