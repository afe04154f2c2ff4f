"""The engine: accounts, tariffs, services, the operating day, entries, promises, turnover.

It knows money and days. It never knows a person, a page or an address beyond the name of
the place a service stands in.
"""
