"""Exit codes, as docs/exit-codes.md lists them."""

from __future__ import annotations

OK = 0
"""Everything is as wanted, or what was asked was done."""

FAILED = 1
"""Something is wrong: a spec, a step, or something that could not be reached."""

CHANGES = 2
"""`plan --detailed-exitcode`: the plan has steps (as Terraform's)."""

USAGE = 64
"""The command line is wrong (EX_USAGE of sysexits.h)."""

BUSY = 75
"""Somebody else holds the lease and `--no-wait` was given (EX_TEMPFAIL of sysexits.h)."""

INTERRUPTED = 130
"""Ctrl-C (128 + SIGINT)."""
