"""The pages of declared registers: rows, views, files made of them, changes of many rows at once."""
