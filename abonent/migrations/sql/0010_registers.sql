-- Saved views of registers and files being made.
SELECT 1;
