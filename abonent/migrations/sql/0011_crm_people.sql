-- Contacts, consents, contracts, buildings, equipment, notes and scans.
SELECT 1;
