"""Use cases of billing: each one transaction, each bringing its account to the open day first."""
