"""Steps of builds, with an engine that knows them and without one."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event

import pytest
from builder_fixtures import HOST, build, job, wait_until_gone
from source_fixtures import write
from support.eventual import eventually

from gitops.drivers.base import DriverError
from gitops.drivers.builders.choice import choose_builder
from gitops.drivers.builders.docker_config import Endpoint
from gitops.drivers.builders.orphans import Orphan, end_orphans, orphaned_steps
from gitops.model.image import ImageRef

pytestmark = pytest.mark.scenario


@contextmanager
def orphan() -> Iterator[subprocess.Popen[bytes]]:
    """Give a process like a step of a build that no engine knows; it is killed."""
    roots = [Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").glob("pids")]
    group = roots[-1] / f"gitops-test-{uuid.uuid4().hex[:8]}" / "buildkit" / "step"
    group.mkdir(parents=True)
    script = f"echo 0 > {group}/cgroup.procs; exec unshare --pid --fork sleep 600"
    process = subprocess.Popen(["sh", "-c", script])
    try:
        yield process
    finally:
        for pid in (group / "cgroup.procs").read_text().split():
            os.kill(int(pid), 9)
        process.wait()
        eventually(lambda: not (group / "cgroup.procs").read_text(), what="its end")
        group.rmdir()
        group.parent.rmdir()
        group.parent.parent.rmdir()


def child_of(process: subprocess.Popen[bytes]) -> Orphan | None:
    """Return the orphan that a process has started."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    found = [one for one in orphaned_steps() if str(one.pid) in children]
    return found[0] if found else None


def pids_with(text: str) -> set[int]:
    """Return the processes that have a text in their command line."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if text in path.read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                found.add(int(path.parent.name))
    return found


def test_a_step_without_an_engine_ends_when_its_time_is_ours() -> None:
    """One that began at another time is left alone; its start is known to a second or so."""
    with orphan() as process:
        eventually(lambda: child_of(process) is not None, what="an orphan")
        found = child_of(process)
        assert found is not None
        assert found.name == "sleep"
        assert abs(found.began - time.time()) < 10
        assert end_orphans(lambda _began: False) == ()
        assert process.poll() is None
        told = end_orphans(lambda began: began == found.began)
        assert told == (f"process {found.pid} (sleep) of a build whose engine was stopped",)
        assert process.wait(5) != 0


def test_a_step_that_an_engine_knows_is_no_orphan(tmp_path: Path) -> None:
    """The step of a build that goes on is not found."""
    step = f"sleep 600.{uuid.uuid4().int % 10**9:09}"
    write(tmp_path, {"Dockerfile": f"FROM busybox\nRUN {step}\n"})
    image = job(ImageRef(f"gitops-test-{uuid.uuid4().hex[:8]}", "1"), no_cache=True)
    builder = choose_builder(Endpoint(HOST, {}, os.environ), "buildkit", str)
    cancel = Event()

    def canceled() -> None:
        with pytest.raises(DriverError, match="given up"):
            build(builder, tmp_path, image, cancel)

    with ThreadPoolExecutor() as pool:
        work = pool.submit(canceled)
        try:
            eventually(lambda: pids_with(step), what="the step runs")
            found = {one.pid for one in orphaned_steps()}
            assert found.isdisjoint(pids_with(step))
        finally:
            cancel.set()
        work.result(30)
    wait_until_gone(step)
