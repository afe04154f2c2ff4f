"""Pages of messages: writing from the card, what became of them, templates."""
