"""Units of the Engine API (https://docs.docker.com/reference/api/engine/)."""

from __future__ import annotations

NANO = 1_000_000_000
"""Parts of a second, and of a processor, in which times and limits are told."""
