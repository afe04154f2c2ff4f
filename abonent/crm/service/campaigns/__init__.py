"""Campaigns: drafting, the dry run, launching, sending, what came of them."""
