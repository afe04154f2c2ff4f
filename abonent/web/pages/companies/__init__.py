"""Pages of companies' documents: one on the screen, those of an account, issuing and sending."""
