"""Campaigns of messages: drafted from the register of subscribers, counted, launched, looked at."""
