-- Payments come in the order of their business days: one page of this index covers many of them.
CREATE INDEX billing_inbox_day ON billing_inbox USING brin (day);

-- What waits for a person is few; what was settled stays.
CREATE INDEX billing_parked_waiting ON billing_parked_payment (id) WHERE settled_at IS NULL;
