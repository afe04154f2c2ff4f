"""Pages on which the provider sets what it sells and allows."""
