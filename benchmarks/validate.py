"""`validate` of many documents: the time for each over start-up, and the memory at its peak."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import specs
from figures import Row, Section, seconds
from turns import in_turns
from workspace import Workspace

SIZES = (1_000, 10_000)
PER_FILE = 100
LIMIT = 0.25
"""Milliseconds for each document over start-up."""
NOISE = 1.25
"""How much dearer a document may be among ten times as many for the cost to count as linear."""


def measure(space: Workspace) -> Section:
    """Return the figures of both sizes; start-up is `validate` of one document."""
    peaks: dict[int, int] = {}
    sides = {}
    for size in (1, *SIZES):
        command = [space.gitops, "validate", "--file", str(_folder(space, size))]
        sides[str(size)] = lambda _, command=command, size=size: _run(space, command, peaks, size)
    found = in_turns(sides)
    start = found["1"]
    each = {size: (found[str(size)] - start) / size * 1000 for size in SIZES}
    rows = [
        Row(
            f"{size:,} documents",
            f"{seconds(found[str(size)])}, peak {peaks[size] / 1024:.0f} MiB",
            f"one document {seconds(start)}",
            f"{each[size]:.3f} ms a document",
            f"at most {LIMIT} ms" if size == SIZES[-1] else "",
            each[size] <= LIMIT if size == SIZES[-1] else None,
        )
        for size in SIZES
    ]
    ratio = each[SIZES[1]] / each[SIZES[0]]
    rows.append(
        Row("cost of a document, 10,000 to 1,000", "", "", f"{ratio:.2f}", "linear", ratio <= NOISE)
    )
    note = f"Files of {PER_FILE} documents: a repository, a build task, a web app, and again."
    return Section("Validate", rows, [note])


def _folder(space: Workspace, size: int) -> Path:
    documents = [
        specs.document("Registry", "local", "{server: 'localhost:5000', managed: {}}"),
        *(_document(number) for number in range(size - 1)),
    ]
    for begin in range(0, size, PER_FILE):
        text = "---\n".join(documents[begin : begin + PER_FILE])
        space.write(f"validate-{size}/{begin:05}.yaml", text)
    return space.folder / f"validate-{size}"


def _document(number: int) -> str:
    name = f"app{number // 3}"
    # The last of them may lack its app, never what it refers to.
    if number % 3 == 0:
        return specs.document("Repository", name, f"\n  registry: local\n  path: shop/{name}")
    if number % 3 == 1:
        return specs.document(
            "BuildTask",
            name,
            f"\n  repository: {name}\n  source:\n    git:\n"
            f"      url: https://example.com/{name}.git\n      ref: {{branch: main}}\n"
            '      path: web\n  args:\n    PYTHON: "3.13"\n  tags: ["{{ short_commit }}"]',
        )
    return specs.document(
        "WebApp", name, f"\n  image:\n    repository: {name}\n  env:\n    LOG_LEVEL: info"
    )


def _run(space: Workspace, command: list[str], peaks: dict[int, int], size: int) -> float:
    began = time.perf_counter()
    process = subprocess.Popen(command, env=space.env, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    taken = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    peaks[size] = max(peaks.get(size, 0), usage.ru_maxrss)
    return taken
