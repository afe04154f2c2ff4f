"""Cash desks: offices, shifts, receipts, voids."""
