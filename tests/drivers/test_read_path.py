"""The read path, whose imports every run pays for."""

from __future__ import annotations

import subprocess
import sys

READ_PATH = """
import sys
import gitops.drivers.engine.connection
import gitops.drivers.engine.reader
import gitops.drivers.gateway.reader
import gitops.drivers.gateway.writer
import gitops.drivers.engine.lease
import gitops.drivers.registry.oci
import gitops.drivers.processes
import gitops.drivers.secret_reader
print(*sys.modules)
"""


def test_read_path_imports_nothing_heavy() -> None:
    """Looking at engine, gateway, lease and registry imports no library beyond the standard one."""
    found = subprocess.run(
        [sys.executable, "-c", READ_PATH], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"docker", "requests", "httpx", "jinja2", "asyncio", "urllib3", "concurrent.futures"}
    assert heavy.isdisjoint(found)
    assert "gitops.drivers.registry.oci" in found
