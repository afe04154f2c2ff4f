"""Requests: taken in from every channel, worked on, answered, rated."""
