"""What every department shares and none owns.

Money, clock, ids, settings, translation, the database session, events, outbox, jobs, audit, content.
The kernel knows nothing of any department and never imports one.
"""
