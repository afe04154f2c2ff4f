"""Taking people in from files."""
