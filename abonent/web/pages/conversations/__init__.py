"""Pages of recorded conversations: recording, listening, attaching, keeping."""
