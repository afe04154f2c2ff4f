"""What is read of payments from outside."""
