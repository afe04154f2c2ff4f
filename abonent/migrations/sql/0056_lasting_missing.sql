-- A campaign tells how much to pay before money ends. The days ahead are played anew for it.
TRUNCATE crm_lasting;
ALTER TABLE crm_lasting ADD COLUMN amount bigint NOT NULL;
COMMENT ON COLUMN crm_lasting.amount IS 'what to pay for the services to go on, in minor units';
UPDATE crm_lasting_day SET day = NULL;
