"""Files in volumes and in containers, on a real engine."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from engine_fixtures import Lab, lab
from test_engine_body_scenarios import said

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine import volumes
from gitops.drivers.engine.reader import DockerEngineReader
from gitops.model.files import files_volume, is_files_volume
from gitops.model.image import parse_image
from gitops.model.observed import LABEL_HAND
from gitops.model.webapp import Confinement, File

pytestmark = pytest.mark.scenario
__all__ = ["lab"]

BUSYBOX = parse_image("busybox:latest")
FILES = (File("/etc/app/a.conf", "a\n"), File("/run.sh", "#!/bin/sh\necho ran\n", 0o555))


def hands(lab: Lab) -> list[str]:
    """Return the containers that were left at the lab's volumes."""
    seen = DockerEngineReader(lab.http).snapshot(lab.name).containers
    return [one.name for one in seen if lab.name in one.name and "-hand-" in one.name]


def test_volume_is_written_and_read(lab: Lab) -> None:
    """Files of a volume are read as they were written, and no container is left."""
    volume = f"{lab.name}-data"
    data = bytes(range(256)) * 1000
    lab.engine.write_volume(volume, BUSYBOX, {"a/b": data, "c": b""})
    assert lab.engine.read_volume(volume, BUSYBOX, "a/b") == data
    assert lab.engine.read_volume(volume, BUSYBOX, "c") == b""
    assert lab.engine.read_volume(volume, BUSYBOX, "none") is None
    assert lab.engine.read_volume(volume, BUSYBOX, "a") is None
    assert hands(lab) == []


def test_missing_volume_is_not_made_by_reading(lab: Lab) -> None:
    """Reading a volume that is not there tells so, and makes none."""
    assert lab.engine.read_volume(f"{lab.name}-none", BUSYBOX, "a") is None
    assert lab.http.call("GET", f"/volumes/{lab.name}-none").status == 404


def test_volume_needs_an_image_that_is_there(lab: Lab) -> None:
    """A volume cannot be reached by an image that the engine has not; that is MISSING."""
    lab.engine.create_volume(f"{lab.name}-v", {})
    for work in (
        lambda: lab.engine.write_volume(f"{lab.name}-v", parse_image("127.0.0.1:1/no:1"), {}),
        lambda: lab.engine.read_volume(f"{lab.name}-v", parse_image("127.0.0.1:1/no:1"), "a"),
    ):
        with pytest.raises(DriverError, match=r"127\.0\.0\.1:1/no:1") as caught:
            work()
        assert caught.value.kind is ErrorKind.MISSING


def test_hand_that_was_left_lets_go(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A volume that the container of a process that died still holds can be removed."""
    volume = f"{lab.name}-v"
    monkeypatch.setattr(volumes, "STALE", -60.0)
    body = {
        "Image": "busybox:latest",
        "Cmd": ["-"],
        "Labels": {LABEL_HAND: volume},
        "HostConfig": {"Binds": [f"{volume}:/v"]},
    }
    made = lab.http.call("POST", f"/containers/create?name={volume}-hand-1", body)
    assert made.status == 201, made.message
    lab.engine.remove_volume(volume)
    assert hands(lab) == []
    assert lab.http.call("GET", f"/volumes/{volume}").status == 404


def test_volume_in_use_is_a_conflict(lab: Lab) -> None:
    """A volume that a container has is not removed."""
    name = lab.run(files=FILES)
    with pytest.raises(DriverError, match="in use") as caught:
        lab.engine.remove_volume(files_volume(lab.name, FILES))
    assert caught.value.kind is ErrorKind.CONFLICT
    assert said(lab, name, "cat /etc/app/a.conf") == "a"


def test_files_are_in_the_container(lab: Lab) -> None:
    """A container's files are at their paths, with their modes, and cannot be changed."""
    name = lab.run(files=FILES)
    assert said(lab, name, "cat /etc/app/a.conf; /run.sh") == "a\nran"
    assert said(lab, name, "stat -c %a /etc/app/a.conf /run.sh").split() == ["444", "555"]
    assert "Read-only" in said(lab, name, "echo x 2>&1 > /run.sh || true; touch /run.sh 2>&1; true")
    seen = DockerEngineReader(lab.http).snapshot(lab.name)
    assert seen.volumes == {files_volume(lab.name, FILES)}
    assert is_files_volume(lab.name, files_volume(lab.name, FILES))
    lab.engine.stop(name, 0)
    lab.engine.start(name)
    assert said(lab, name, "cat /etc/app/a.conf") == "a"


def test_files_have_the_time_of_their_writing(lab: Lab) -> None:
    """A file's time is that of its writing, by which web servers tell one version from another."""
    before = int(time.time())
    written = said(lab, lab.run(files=FILES), "stat -c %Y /etc/app/a.conf")
    assert before <= int(written) <= time.time()


def test_half_filled_volume_is_filled(lab: Lab) -> None:
    """A volume of files that a process which died left half filled is completed."""
    volume = files_volume(lab.name, FILES)
    lab.engine.write_volume(volume, BUSYBOX, {"0": b"hal"})
    assert said(lab, lab.run(files=FILES), "cat /etc/app/a.conf; /run.sh") == "a\nran"


def test_volume_of_running_files_is_left_alone(lab: Lab) -> None:
    """A second container with the same files mounts what is there, and writes nothing."""
    lab.run("first", files=FILES)
    lab.calls.clear()
    second = lab.run("second", files=FILES)
    assert not [path for method, path in lab.calls if method == "PUT"]
    assert said(lab, second, "/run.sh") == "ran"


def test_containers_made_together_share_files(lab: Lab) -> None:
    """Containers with the same files can be made and started at the same time."""
    with ThreadPoolExecutor() as pool:
        names = list(pool.map(lambda suffix: lab.run(suffix, files=FILES), "abcd"))
    assert [said(lab, name, "/run.sh") for name in names] == ["ran"] * 4


def test_user_cannot_read_what_is_not_meant_for_it(lab: Lab) -> None:
    """The mode of a file holds for the container's user."""
    name = lab.run(files=(File("/a", "a", 0o400),), confinement=Confinement(user="1000"))
    assert "Permission denied" in said(lab, name, "cat /a 2>&1 || true")
