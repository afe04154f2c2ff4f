"""What the subscriber department decides by, without asking anybody: pure functions and tables."""
