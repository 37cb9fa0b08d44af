"""Looks at what a scenario compares before and after: the gateway, the registry's access log."""

from __future__ import annotations

import io
import re
import tarfile
from typing import Any, NamedTuple

from support.scenario import World

CONFIG = "/usr/local/etc/haproxy/haproxy.cfg"


class GatewayLook(NamedTuple):
    """The gateway's container, its processes, and its configuration file."""

    container: str
    processes: frozenset[str]
    modified: int
    text: str


def look_at_gateway(world: World) -> GatewayLook:
    """Return the state of the gateway, for comparison."""
    container = gateway(world)
    top: Any = world.engine.top(container, "-eo pid,args")
    processes = frozenset(" ".join(row) for row in top["Processes"])
    stream, _ = world.engine.get_archive(container, CONFIG)
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        entry = archive.getmembers()[0]
        content = archive.extractfile(entry)
        text = content.read().decode() if content else ""
    return GatewayLook(container, processes, int(entry.mtime), text)


def write_gateway_file(world: World, text: str) -> None:
    """Overwrite the gateway's configuration file, as a person with an editor would."""
    folder, _, name = CONFIG.rpartition("/")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = len(text), 0o644, 1_700_000_000
        archive.addfile(entry, io.BytesIO(text.encode()))
    world.engine.put_archive(gateway(world), folder, buffer.getvalue())


def gateway(world: World) -> str:
    """Return the id of the gateway's container."""
    return str(world.container("Target", "local")["Id"])


def registry_requests(world: World) -> list[str]:
    """Return the method of each request that the registry has logged so far."""
    log = world.engine.logs(world.container("Registry", "local")["Id"]).decode()
    return re.findall(r'msg="response completed".*? http\.request\.method=([A-Z]+)', log)
