"""The loyalty survey on the desk: one survey, the figures, whom the program asks."""
