"""The office's pages of payments from outside."""
