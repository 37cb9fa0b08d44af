"""What the figures were measured on, without saying which machine it was."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import docker


def described(compose: str) -> str:
    """Return a list in Markdown: processor, memory, kernel, engine, Python, compose."""
    client = docker.from_env()
    try:
        version, info = client.version(), client.info()
    finally:
        client.close()
    lines = (
        f"processor: {_field('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores",
        f"memory: {int(_field('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.0f} GiB",
        f"kernel: {platform.system()} {platform.release().split('-')[0]}",
        f"engine: Docker {version['Version']}, storage driver {info['Driver']}",
        f"Python: {platform.python_implementation()} {platform.python_version()}",
        f"compose: {compose}",
        f"load average when the run ended: {os.getloadavg()[0]:.1f}",
    )
    return "\n".join(f"- {line}" for line in lines)


def _field(file: str, name: str) -> str:
    for line in Path(file).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"
