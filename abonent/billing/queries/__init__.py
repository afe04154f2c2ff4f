"""Reads of billing: the catalogue, books of accounts, entries, the day, turnover."""
