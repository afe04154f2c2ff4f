"""The pages of scripts: played beside the card, measured, looked up, changed."""
