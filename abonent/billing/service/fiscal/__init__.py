"""Fiscal receipts of payments: owed with the payment, made out after it."""
