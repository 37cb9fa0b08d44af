from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from builder_fixtures import docker, wait_until_gone
from source_fixtures import write
from support.eventual import eventually

BUILD = """
import os, sys
from pathlib import Path
from builder_fixtures import HOST, build, job
from gitops.drivers.builders.choice import choose_builder
from gitops.drivers.builders.docker_config import Endpoint
from gitops.model.image import ImageRef

builder = choose_builder(Endpoint(HOST, {}, os.environ), sys.argv[1], str)
build(builder, Path(sys.argv[2]), job(ImageRef(sys.argv[3], "1"), no_cache=True))
"""


def runs(text: str) -> bool:
    """Say whether a process of this machine has a text in its command line."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text in path.read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                return True
        except OSError:  # it has just ended
            continue
    return False


@pytest.mark.scenario
@pytest.mark.parametrize("builder", ["buildkit", "engine"])
def test_a_build_dies_with_the_program_that_was_killed(builder: str, tmp_path: Path) -> None:
    """After kill -9 in a step that says nothing, no step, container, client or image is left."""
    step = f"sleep 600.{uuid.uuid4().int % 10**9:09}"
    write(tmp_path, {"Dockerfile": f"FROM busybox\nRUN {step}\n"})
    name = f"gitops-test-{uuid.uuid4().hex[:8]}"
    command = [sys.executable, "-c", BUILD, builder, str(tmp_path), name]
    places = os.pathsep.join(sys.path)
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": places}) as process:
        try:
            eventually(lambda: runs(step), what="the step runs")
        finally:
            process.kill()
    wait_until_gone(step)
    eventually(lambda: not runs(name), what="the client is gone")

    def listed() -> str:
        return docker("ps", "--all", "--no-trunc", "--format", "{{.Command}}")

    eventually(lambda: step not in listed(), what="the container is gone")
    assert docker("images", "--quiet", name) == ""
