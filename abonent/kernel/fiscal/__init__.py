"""Fiscal receipts (54-FZ): what they say, and the cash registers that make them out."""
