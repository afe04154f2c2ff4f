"""The pages of the walk-in queue: one's window, the day, settings, terminal and display."""
