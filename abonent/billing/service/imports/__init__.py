"""Taking files in: tariffs, the money of accounts, open debts, payments.

Every function takes rows already checked one by one, commits what it can, and says of each other
row why not. Taking the same rows again changes nothing.
"""
