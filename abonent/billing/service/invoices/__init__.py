"""Documents of companies: invoices, acts, corrections, reconciliations; made, sent, printed."""
