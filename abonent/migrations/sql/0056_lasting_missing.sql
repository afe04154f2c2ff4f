-- A campaign tells how much is charged when money ends. The days ahead are played anew for it.
TRUNCATE crm_lasting;
ALTER TABLE crm_lasting ADD COLUMN missing bigint NOT NULL;
COMMENT ON COLUMN crm_lasting.missing IS 'what is missing after that day, in minor units';
UPDATE crm_lasting_day SET day = NULL;
