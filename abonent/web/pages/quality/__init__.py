"""Pages of quality: judging a conversation, a card with its appeal, results."""
