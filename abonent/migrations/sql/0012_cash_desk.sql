-- Offices, cash desks, shifts, receipts and fiscal documents.
SELECT 1;
