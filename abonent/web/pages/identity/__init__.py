"""Pages about who asks: making sure of it, and the rule that says how strictly."""
