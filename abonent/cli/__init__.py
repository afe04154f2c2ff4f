"""The `abonent` command: one module per command, loaded only when it is called.

A command module has `configure(parser)`, which declares its arguments, and `run(arguments, settings)`,
which does the work and returns the exit code. It calls services and queries and prints; no rule of the
business lives here.
"""
