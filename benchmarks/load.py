"""Requests as fast as they are answered, by `wrk`: 32 connections that are kept, one thread."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

from workspace import Workspace

CONNECTIONS = 32
SCRIPT = Path(__file__).with_name("wrk.lua")
MISSING = "Left out: `wrk` was not found, nor could it be installed (Debian, Ubuntu: package wrk)."


class Load(NamedTuple):
    """What came of it: answers a second, and the time of 99 of 100 of them in milliseconds."""

    rate: float
    p99: float


def found() -> bool:
    """Say whether this machine has the client."""
    return shutil.which("wrk") is not None


def ask(space: Workspace, url: str, host: str, seconds: int) -> Load:
    """Ask for so long, in the name of `host`; raise when one request was not answered well."""
    how = ["--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s"]
    asked = ["--script", str(SCRIPT), "--header", f"Host: {host}", url]
    # wrk says much in its own words; the script's line is the last.
    told = json.loads(space.run(["wrk", *how, *asked]).splitlines()[-1])
    if told["failed"] or not told["answers"]:
        raise RuntimeError(f"{url} as {host}: {told['failed']} requests failed of {told}")
    return Load(told["answers"] / told["seconds"], told["p99"])
