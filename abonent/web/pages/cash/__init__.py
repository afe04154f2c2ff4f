"""The pages of a cash desk: the shift, its receipts, its reports."""
