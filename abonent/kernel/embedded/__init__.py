"""The servers that come with the program: PostgreSQL and Valkey as child processes, and their supervisor.

Owns the installation's home folder, the choice and copies of server binaries, start, stop and repair of
the servers. Never looks into the databases; operators with servers of their own do without all of it.
"""
