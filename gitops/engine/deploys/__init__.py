"""Containers of apps: created, proved at the gate, switched to; and why one did not come so far."""
