"""Memory, in SQLite: runs with their steps and logs, events, and quarantines.

In come model values, out come model records. It is memory and not truth: deleting the file loses
history and quarantines, and nothing else. Reading never makes the file, so that a run with nothing
to do leaves no trace. Nothing here decides, and no secret may be handed in.
"""
