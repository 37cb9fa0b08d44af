"""Carries out tasks: steps in their order, in containers that share a workspace.

In comes a `Task` that was read and checked; out go a record, a log, and images. It never decides
whether a task is to run.
"""
