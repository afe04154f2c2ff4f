"""The demo provider: made-up people, and months of true days run through the engine."""
