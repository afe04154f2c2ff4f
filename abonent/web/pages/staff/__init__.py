"""Pages about staff: people who sign in, and the roles they have."""
