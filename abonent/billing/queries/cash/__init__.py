"""Reads of offices, cash desks, shifts and receipts."""
