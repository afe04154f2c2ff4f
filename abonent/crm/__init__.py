"""People: subscribers, their contracts, and whose an account is.

It never moves money: balances, charges and tariffs are asked of billing.
"""
