"""A Docker engine: one snapshot of it, changes to it, and the lease on it.

What is looked at goes over a plain socket, what is changed through the SDK.
"""
