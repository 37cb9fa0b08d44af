"""What a step's container is created from, and its output is made of."""

from __future__ import annotations

from typing import Any, cast

import pytest

from gitops.drivers.base import DriverError, ErrorKind, RunMark, StepContainer, StepMount
from gitops.drivers.tasks.attach import LONGEST, Frames
from gitops.drivers.tasks.body import step_body
from gitops.drivers.tasks.marks import labels_of, mark_of
from gitops.drivers.tasks.port_words import exposed, published

MARK = RunMark("r1", "shop", "host:boot", "12:34")
PLAIN = StepContainer("c", "busybox", MARK)


def host(container: StepContainer) -> dict[str, Any]:
    return cast("dict[str, Any]", step_body(container)["HostConfig"])


def test_plain_container_leaves_all_to_its_image() -> None:
    """What a step does not say is the image's own: it is not in the body at all."""
    body = step_body(PLAIN)
    for name in ("Cmd", "Entrypoint", "User", "WorkingDir", "Hostname", "NetworkingConfig"):
        assert name not in body
    assert host(PLAIN)["LogConfig"] == {"Type": "none", "Config": {}}
    assert host(PLAIN)["NetworkMode"] == "default"


def test_entrypoint_may_be_taken_away() -> None:
    """An empty entrypoint is one that is not there, not the image's."""
    assert step_body(PLAIN._replace(entrypoint=()))["Entrypoint"] == [""]
    assert step_body(PLAIN._replace(entrypoint=("sh", "-c")))["Entrypoint"] == ["sh", "-c"]


def test_labels_carry_the_mark_and_give_it_back() -> None:
    """The mark is in the labels beside the step's own, and can be read from them."""
    labels = labels_of(MARK, {"tier": "test"})
    assert labels["tier"] == "test"
    assert labels["gitops.run"] == "r1"
    assert mark_of(labels) == MARK


def test_labels_of_ours_cannot_be_given() -> None:
    """A step cannot pass its container off as an app of a project."""
    with pytest.raises(DriverError, match=r"gitops\.project") as caught:
        labels_of(MARK, {"gitops.project": "shop"})
    assert caught.value.kind is ErrorKind.INVALID


def test_mounts_are_volumes_unless_bound() -> None:
    """A volume is never filled from the image; only a mount that says so reaches the machine."""
    volume = StepMount("work", "/workspace")
    bound = StepMount("/run/x", "/x", read_only=True, bind=True)
    first, second = host(PLAIN._replace(mounts=(volume, bound)))["Mounts"]
    assert (first["Type"], first["VolumeOptions"]) == ("volume", {"NoCopy": True})
    assert (second["Type"], second["Source"], second["ReadOnly"]) == ("bind", "/run/x", True)


def test_memory_limit_holds_for_swap_as_well() -> None:
    """A limit of memory is one of memory and swap together."""
    found = host(PLAIN._replace(memory=64 << 20, cpus=1.5, pids=100, shm_size=1 << 20))
    assert (found["Memory"], found["MemorySwap"]) == (64 << 20, 64 << 20)
    assert (found["NanoCpus"], found["PidsLimit"], found["ShmSize"]) == (
        1_500_000_000,
        100,
        1 << 20,
    )


@pytest.mark.parametrize("network", ["", "bridge", "host", "none", "container:x"])
def test_names_need_a_network_of_ones_own(network: str) -> None:
    """The engine refuses names on its own networks, so none are asked for there."""
    assert "NetworkingConfig" not in step_body(PLAIN._replace(network=network, aliases=("db",)))
    own = step_body(PLAIN._replace(network="own", aliases=("db",)))
    assert own["NetworkingConfig"] == {"EndpointsConfig": {"own": {"Aliases": ["db"]}}}


@pytest.mark.parametrize(
    ("word", "bindings"),
    [
        ("80", {"80/tcp": [("", "")]}),
        ("8080:80", {"80/tcp": [("", "8080")]}),
        ("127.0.0.1:53:53/udp", {"53/udp": [("127.0.0.1", "53")]}),
        ("127.0.0.1::80", {"80/tcp": [("127.0.0.1", "")]}),
        ("[::1]:8080:80", {"80/tcp": [("::1", "8080")]}),
        ("8000-8001:80-81", {"80/tcp": [("", "8000")], "81/tcp": [("", "8001")]}),
    ],
)
def test_ports_are_those_of_docker_run(
    word: str, bindings: dict[str, list[tuple[str, str]]]
) -> None:
    """Ports are written as for `docker run --publish`."""
    told = {
        key: [(each["HostIp"], each["HostPort"]) for each in value]
        for key, value in published([word]).items()
    }
    assert told == bindings


@pytest.mark.parametrize("word", ["", "x:80", "80:", "0", "65536", "80/icmp", "1-2:80", "9-8"])
def test_port_that_cannot_be_is_named(word: str) -> None:
    """A port that cannot be is an error that quotes it."""
    with pytest.raises(DriverError, match="cannot be") as caught:
        published([word])
    assert repr(word) in str(caught.value)


def test_exposed_ports_may_be_ranges() -> None:
    """Ports are exposed as by `docker run --expose`."""
    assert exposed(["80", "53/udp", "90-91"]) == ["80/tcp", "53/udp", "90/tcp", "91/tcp"]


def frame(stream: int, data: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 64])
def test_output_is_whole_however_it_is_cut(size: int) -> None:
    """Frames and characters may come in any pieces: each line is given once, whole, in its turn."""
    first, second = "né two\nla".encode()[:2], "né two\nla".encode()[2:]
    sent = frame(1, b"o" + first) + frame(2, b"err\n") + frame(1, second)
    sent += frame(2, b"or") + frame(1, b"st")
    frames = Frames()
    blocks = [frames.feed(sent[at : at + size]) for at in range(0, len(sent), size)]
    assert all(not block or block.endswith(b"\n") for block in blocks)
    assert (b"".join(blocks) + frames.end()).decode() == "err\noné two\nlast\nor\n"


def test_long_line_is_passed_on_in_pieces() -> None:
    """A line without an end does not fill the memory: it goes on in pieces, no character broken."""
    text = "é" * LONGEST
    frames = Frames()
    given = frames.feed(frame(1, b"x" + text.encode())) + frames.end()
    pieces = given.decode().splitlines()
    assert "".join(pieces) == "x" + text
    assert len(pieces) == 3
    assert max(len(piece.encode()) for piece in pieces) <= LONGEST
