"""The engine's reader and writer on a real engine."""

from __future__ import annotations

import socket
import uuid
from pathlib import Path

import pytest
from engine_fixtures import ADDRESS, Lab, discard, eventually, inspect, lab
from support.scenario import free_port

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.connection import connect_engine
from gitops.drivers.engine.lines import lines as cut
from gitops.drivers.engine.reader import DockerEngineReader
from gitops.model.image import ImageRef, parse_image
from gitops.model.secret import EnvSecret, Secret
from gitops.model.wanted import PublishedPort
from gitops.model.webapp import Mount, Resources

pytestmark = pytest.mark.scenario
__all__ = ["lab"]


def test_snapshot_sees_what_was_made(lab: Lab) -> None:
    """A snapshot holds a created container, its labels, the network and the volume."""
    lab.engine.create_volume(f"{lab.name}-data", {"gitops.project": lab.name})
    lab.engine.create_container(lab.container("web"), {})
    seen = DockerEngineReader(lab.http).snapshot(lab.name)
    made = next(each for each in seen.containers if each.name == f"{lab.name}-web")
    assert (made.state, made.running) == ("created", False)
    assert str(made.owner) == f"WebApp/{lab.name}-web"
    assert seen.networks[lab.name] == {"gitops.project": lab.name}
    assert seen.volumes == {f"{lab.name}-data"}


def test_snapshot_takes_three_reads(lab: Lab) -> None:
    """A snapshot makes three calls, all of them reads, whatever is there."""
    lab.calls.clear()
    DockerEngineReader(lab.http).snapshot(lab.name)
    assert [method for method, _ in lab.calls] == ["GET"] * 3


def test_dead_socket_is_unreachable(tmp_path: Path) -> None:
    """An engine whose socket is missing is unreachable, and the error says how to start it."""
    reader = DockerEngineReader(connect_engine(f"unix://{tmp_path}/none.sock", {}))
    with pytest.raises(DriverError, match="cannot be reached") as caught:
        reader.snapshot("shop")
    assert caught.value.kind is ErrorKind.UNREACHABLE
    assert "systemctl start docker" in caught.value.detail


def test_address_of_no_engine_is_refused() -> None:
    """An address that is no engine's is refused with the forms that are taken."""
    with pytest.raises(DriverError, match=r"ftp://x.*unix:///path"):
        connect_engine("ftp://x", {})


def test_container_is_created_as_wanted(lab: Lab) -> None:
    """A container gets its limits, mounts, log rotation, restart policy, environment and alias."""
    secret = EnvSecret("PASSWORD")
    wanted = lab.container(
        env=(("LEVEL", "info"), ("PASSWORD", secret)),
        mounts=(
            Mount("/data", volume=f"{lab.name}-v"),
            Mount("/host", path="/usr", read_only=True),
        ),
        resources=Resources(cpus=0.5, memory=64 * 1024 * 1024),
        aliases=("other",),
        ports=(PublishedPort("127.0.0.1", free_port(), 80),),
    )
    lab.engine.create_container(wanted, {secret: Secret("pa55word")})
    made = inspect(lab, wanted.name)
    host = made["HostConfig"]
    assert {"LEVEL=info", "PASSWORD=pa55word"} <= set(made["Config"]["Env"])  # type: ignore[call-overload]
    assert (host["NanoCpus"], host["Memory"]) == (500_000_000, 67_108_864)
    assert host["RestartPolicy"]["Name"] == "unless-stopped"  # type: ignore[index]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["LogConfig"]["Config"] == {"max-file": "3", "max-size": "10m"}  # type: ignore[index]
    mounts = {each["Destination"]: each["RW"] for each in made["Mounts"]}  # type: ignore[index]
    assert mounts == {"/data": True, "/host": False}
    network = made["NetworkSettings"]["Networks"][lab.name]  # type: ignore[index]
    assert "other" in network["Aliases"]


def test_taken_name_is_a_conflict(lab: Lab) -> None:
    """A name that another container has is a conflict that names it."""
    lab.engine.create_container(lab.container(), {})
    with pytest.raises(DriverError, match=lab.name) as caught:
        lab.engine.create_container(lab.container(), {})
    assert caught.value.kind is ErrorKind.CONFLICT


def test_missing_image_is_missing(lab: Lab) -> None:
    """A container of an image that the engine has not is MISSING."""
    wanted = lab.container(image=parse_image("127.0.0.1:1/none:1"))
    with pytest.raises(DriverError, match=r"127\.0\.0\.1:1/none:1") as caught:
        lab.engine.create_container(wanted, {})
    assert caught.value.kind is ErrorKind.MISSING


def test_secret_without_value_is_refused(lab: Lab) -> None:
    """A container whose secret has no value is not created."""
    wanted = lab.container(env=(("PASSWORD", EnvSecret("PASSWORD")),))
    with pytest.raises(DriverError, match="environment variable PASSWORD") as caught:
        lab.engine.create_container(wanted, {})
    assert caught.value.kind is ErrorKind.INVALID


def test_taken_port_names_its_holder(lab: Lab) -> None:
    """A published port that a container has is a conflict that names that container."""
    port = (PublishedPort("127.0.0.1", free_port(), 80),)
    first = lab.run("first", ports=port)
    with pytest.raises(DriverError, match=first) as caught:
        lab.run("second", ports=port)
    assert caught.value.kind is ErrorKind.CONFLICT
    assert str(port[0].host) in caught.value.what


def test_port_of_a_process_says_so(lab: Lab) -> None:
    """A published port that a process of the machine has is a conflict that says how to find it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DriverError, match=f"port {port} .*a process") as caught:
            lab.run(ports=(PublishedPort("127.0.0.1", port, 80),))
    assert caught.value.kind is ErrorKind.CONFLICT


def test_ends_are_idempotent(lab: Lab) -> None:
    """Starting, stopping and removing twice is fine, of what is gone as well."""
    name = lab.run(command=("sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.1; done"))
    lab.engine.start(name)
    lab.engine.stop(name, 5)
    lab.engine.stop(name, 5)
    assert lab.engine.state(name)[:2] == ("exited", 3)
    lab.engine.remove(name)
    for again in (lab.engine.remove, lab.engine.remove_volume, lab.engine.remove_network):
        again(f"{name}-gone")
    lab.engine.remove(name)
    lab.engine.stop(name, 1)
    with pytest.raises(DriverError, match="could not be looked at") as caught:
        lab.engine.state(name)
    assert caught.value.kind is ErrorKind.MISSING


def test_files_commands_and_logs(lab: Lab) -> None:
    """Files reach a container before it starts, commands run in it, its log can be read."""
    wanted = lab.container(command=("sh", "-c", "cat /new/folder/a; exec sleep 600"))
    lab.engine.create_container(wanted, {})
    lab.engine.write_files(wanted.name, {"/new/folder/a": b"written\n"})
    lab.engine.start(wanted.name)
    eventually(lambda: lab.engine.logs(wanted.name, 5) == ("written",))
    assert lab.engine.execute(wanted.name, ("sh", "-c", "stat -c %a /new/folder/a; exit 7")) == (
        7,
        "644\n",
    )
    assert lab.engine.processes(wanted.name) == 1
    lab.engine.signal(wanted.name, "SIGKILL")
    eventually(
        lambda: (
            lab.engine.state(wanted.name).state != "running"
            or lab.engine.state(wanted.name).restarts > 0
        )
    )


def test_log_is_followed(lab: Lab) -> None:
    """Following a log gives both streams' lines, later ones as they come, and ends with it."""
    script = r"""
        printf 'caf\303\251 \377\r\n'; echo wrong >&2
        while ! [ -e /go ]; do sleep 0.05; done
        echo late; exec sleep 600
    """
    name = lab.run(command=("sh", "-c", script))
    lines = lab.engine.follow(name, 10)
    assert {next(lines), next(lines)} == {"caf\u00e9 \ufffd", "wrong"}
    lab.engine.execute(name, ("touch", "/go"))
    assert next(lines) == "late"
    lab.engine.stop(name, 0)
    assert list(lines) == []


def test_stream_is_cut_into_lines() -> None:
    """Chunks of a log end anywhere: in a line, in a character, and without a line end."""
    chunks = [b"on", b"e\r\ncaf\xc3", b"\xa9\n\n\xff", b"last"]
    assert list(cut(chunks)) == ["one", "caf\u00e9", "", "\ufffdlast"]


def test_followed_log_can_be_left(lab: Lab) -> None:
    """Following begins with as many lines as asked for, and ends when the iterator is closed."""
    name = lab.run(command=("sh", "-c", "echo one; echo two; exec sleep 600"))
    eventually(lambda: len(lab.engine.logs(name, 5)) == 2)
    lines = lab.engine.follow(name, 1)
    assert next(lines) == "two"
    lines.close()  # type: ignore[attr-defined] # it is a generator
    with pytest.raises(DriverError, match="could not be read"):
        next(iter(lab.engine.follow(f"{name}-gone", 1)))


def test_present_image_is_not_pulled(lab: Lab) -> None:
    """Pulling an image that the engine has asks no registry."""
    said: list[str] = []
    lab.calls.clear()
    lab.engine.pull(parse_image("busybox"), said.append)
    assert all(method == "GET" for method, _ in lab.calls)
    assert said == ["busybox:latest is on the engine already"]


def test_pull_from_dead_registry_is_unreachable(lab: Lab) -> None:
    """Pulling from a registry that is not there is UNREACHABLE, so it is tried again."""
    with pytest.raises(DriverError, match="could not be pulled") as caught:
        lab.engine.pull(ImageRef(f"127.0.0.1:1/{uuid.uuid4().hex}", "1"), discard)
    assert caught.value.kind is ErrorKind.UNREACHABLE


def test_secret_stays_out_of_errors(lab: Lab) -> None:
    """A secret's value that the engine quotes in an error is not in ours."""
    secret = EnvSecret("NAME")
    wanted = lab.container(image=parse_image("127.0.0.1:1/hunter2"), env=(("A", secret),))
    with pytest.raises(DriverError, match=r"127.0.0.1:1/\*\*\*") as caught:
        lab.engine.create_container(wanted, {secret: Secret("hunter2")})
    assert "hunter2" not in str(caught.value)


def test_address_default_is_reachable(lab: Lab) -> None:
    """The engine of these tests answers at the address that they use."""
    assert lab.http.call("GET", "/_ping").body == b"OK", ADDRESS
