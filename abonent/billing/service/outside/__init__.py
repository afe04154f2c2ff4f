"""Taking payments that banks, terminals and card processors bring."""
