"""Pages, sign-in and static files: the edge where people and programs reach the departments.

Owns routes, templates, sessions and the mapping of domain errors to HTTP. It never computes money
and never writes a department's tables: it calls their use cases.
"""
