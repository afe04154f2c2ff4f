-- Invoices, acts and reconciliation of companies.
SELECT 1;
