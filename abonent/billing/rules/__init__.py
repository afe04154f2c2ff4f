"""The tariff-and-balance engine: pure rules over one account's book.

Dataclasses in, postings and the next state out. Nothing here waits, reads a clock or
knows a database; the open business day always arrives as an argument.
"""
