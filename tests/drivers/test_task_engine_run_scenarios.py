"""Containers of steps on a real engine: their output, their ends, and how they are called off."""

from __future__ import annotations

import hashlib
import json
import re
import time
from pathlib import Path
from threading import Event, Thread, Timer
from typing import Any, cast
from urllib.parse import quote

import pytest
from engine_fixtures import ADDRESS, discard, discard_code, eventually
from support.engine_proxy import EngineProxy
from support.scenario import free_port
from task_engine_fixtures import Shop, open_shop, shop

from gitops.drivers.base import UNNAMED, DriverError, ErrorKind, marker_of
from gitops.engine.tasks.sweeping import remove_image

pytestmark = pytest.mark.scenario
__all__ = ["shop"]
BIG = 100 << 20
FLOOD = f"yes 0123456789012345678901234567890123456789012345678901234567890123456 | head -c {BIG}"


def inspect(shop: Shop, container: str) -> dict[str, Any]:
    return cast("dict[str, Any]", shop.http.call("GET", f"/containers/{container}/json").json())


def test_hundred_megabytes_come_whole(shop: Shop) -> None:
    """100 MB at full speed arrive complete and in order, in blocks of whole lines."""
    wanted, got, sizes, ends = hashlib.sha256(), hashlib.sha256(), [], []

    def sink(text: str) -> None:
        got.update(text.encode())
        sizes.append(len(text))
        ends.append(text[-1])

    line = b"0123456789012345678901234567890123456789012345678901234567890123456\n"
    whole, rest = divmod(BIG, len(line))
    for _ in range(whole // 1000):
        wanted.update(line * 1000)
    wanted.update(line * (whole % 1000) + line[:rest] + b"\n")
    end = shop.run(shop.step("sh", "-c", FLOOD), sink)
    assert end.exit_code == 0
    assert got.hexdigest() == wanted.hexdigest()
    assert max(sizes) < 1 << 20
    assert set(ends) == {"\n"}


def test_both_streams_come_and_the_last_line_gets_an_end(shop: Shop) -> None:
    """Output and errors are given, each line whole; a last line without an end gets one."""
    text = shop.said("sh", "-c", "printf 'a\\377\\n'; echo err >&2; printf 'no end'")
    assert sorted(text.splitlines(keepends=True)) == ["a\ufffd\n", "err\n", "no end\n"]


def test_exit_code_is_told(shop: Shop) -> None:
    """The exit code is the container's."""
    assert shop.run(shop.step("sh", "-c", "exit 7"), print).exit_code == 7


def test_program_that_is_not_there_is_exit_code_127(shop: Shop) -> None:
    """A program that cannot be found ends as with `docker run`, and the engine's words are kept."""
    end = shop.run(shop.step("no-such-program"), print)
    assert (end.exit_code, "no-such-program" in end.error) == (127, True)


def test_memory_kill_is_told(shop: Shop) -> None:
    """A container that was killed for its memory says so."""
    hungry = "x=a; while true; do x=$x$x; done"
    # The engine (20.10) misses one such kill in twenty on a busy machine.
    for _ in range(4):
        end = shop.run(shop.step("sh", "-c", hungry, memory=16 << 20), print)
        assert end.exit_code == 137
        if end.out_of_memory:
            return
    raise AssertionError("no kill was told")


def test_use_of_memory_and_processor_is_told(shop: Shop) -> None:
    """The most memory and the processor time of a container that ran for a while are told."""
    work = (
        "x=$(head -c 8000000 /dev/zero | tr '\\0' x); i=0; while [ $i -lt 200000 ]; do i=$((i+1));"
    )
    end = shop.run(shop.step("sh", "-c", f"{work} done; sleep 1.6"), print)
    assert end.peak_memory > 8_000_000
    assert end.cpu > 0.05


def test_output_is_nowhere_twice(shop: Shop) -> None:
    """The engine keeps no log of its own of what goes to the run's log."""
    made = shop.engine.create(shop.step("echo", "x"))
    assert inspect(shop, made)["HostConfig"]["LogConfig"]["Type"] == "none"
    assert inspect(shop, made)["LogPath"] == ""


def test_cancel_kills_at_once(shop: Shop) -> None:
    """A container that ignores every request to end is dead when the run of it returns."""
    made = shop.engine.create(shop.step("sh", "-c", "trap '' TERM INT; echo on; sleep 60"))
    cancel, heard = Event(), []

    def sink(text: str) -> None:
        heard.append(text)
        cancel.set()

    began = time.monotonic()
    end = shop.engine.run(made, sink, cancel)
    assert time.monotonic() - began < 5
    assert end.given_up
    assert heard == ["on\n"]
    assert inspect(shop, made)["State"]["Running"] is False


def test_cancel_in_a_flood_is_noticed(shop: Shop) -> None:
    """Output that comes without end does not keep a cancel from being seen."""
    made = shop.engine.create(shop.step("yes"))
    cancel = Event()
    Timer(0.3, cancel.set).start()
    end = shop.engine.run(made, lambda _text: None, cancel)
    assert end.given_up
    assert end.peak_memory > 0
    assert end.cpu > 0


def test_engine_that_goes_away_is_no_success(shop: Shop, tmp_path: Path) -> None:
    """When the connections to the engine break, the end is UNREACHABLE, never an exit code."""
    proxy = EngineProxy(tmp_path, ADDRESS.removeprefix("unix://"))
    heard = Event()
    with open_shop(proxy.address) as far:
        made = far.engine.create(shop.step("sh", "-c", "echo on; sleep 30"))
        Thread(target=lambda: (heard.wait(10), proxy.cut())).start()
        with pytest.raises(DriverError) as caught:
            far.engine.run(made, lambda _text: heard.set(), Event())
    assert caught.value.kind is ErrorKind.UNREACHABLE


def test_container_that_is_stopped_by_hand_is_no_success(shop: Shop) -> None:
    """A container that somebody asks to end, and that ends well, has not done its work."""
    made = shop.engine.create(shop.step("sh", "-c", "trap 'exit 0' TERM; echo on; sleep 20 & wait"))

    def sink(_text: str) -> None:
        shop.http.call("POST", f"/containers/{made}/stop")

    with pytest.raises(DriverError, match="did not end by itself"):
        shop.engine.run(made, sink, Event())


def test_detached_output_is_whole_when_it_is_removed(shop: Shop) -> None:
    """A detached container runs on beside; what it said by its removal is all there."""
    heard: list[str] = []
    codes: list[int] = []
    made = shop.engine.create(shop.step("sh", "-c", "echo one; echo two; printf three; sleep 60"))
    shop.engine.detach(made, heard.append, codes.append)
    eventually(lambda: "two" in "".join(heard))
    shop.engine.remove(made)
    assert "".join(heard) == "one\ntwo\nthree\n"
    assert codes == []
    shop.engine.remove(made)
    assert shop.left() == []


def test_detached_that_ends_by_itself_is_told(shop: Shop) -> None:
    """A detached container that dies is not passed over: its exit code is told."""
    codes: list[int] = []
    made = shop.engine.create(shop.step("sh", "-c", "exit 3"))
    shop.engine.detach(made, discard, codes.append)
    eventually(lambda: codes == [3])
    shop.engine.remove(made)
    assert codes == [3]


def test_a_taken_port_names_who_has_it(shop: Shop) -> None:
    """A step whose port is taken says by which container; ids in messages are short."""
    port = free_port()
    first = shop.engine.create(shop.step("sleep", "60")._replace(ports=(f"{port}:80",)))
    shop.engine.detach(first, discard, discard_code)
    second = shop.engine.create(shop.step("true", suffix="-b")._replace(ports=(f"{port}:80",)))
    with pytest.raises(DriverError) as caught:
        shop.engine.run(second, discard, Event())
    assert caught.value.kind is ErrorKind.CONFLICT
    assert f"is taken by container {shop.name}" in str(caught.value)
    assert not re.search("[0-9a-f]{13}", str(caught.value))


def test_detached_that_cannot_start_is_told(shop: Shop) -> None:
    """A detached container whose program is not there is an error at once."""
    made = shop.engine.create(shop.step("no-such-program"))
    with pytest.raises(DriverError, match="no-such-program"):
        shop.engine.detach(made, print, discard_code)


def test_detached_is_reached_by_its_name(shop: Shop) -> None:
    """A container on a network of the run is found by its alias."""
    shop.engine.create_network(shop.name, "bridge", shop.mark)
    server = shop.step(
        "sh", "-c", "echo hello > /index.html; exec httpd -f -p 8000 -h /", suffix="-server"
    )
    made = shop.engine.create(server._replace(network=shop.name, aliases=("web",)))
    shop.engine.detach(made, print, discard_code)
    fetch = "until wget -qO- http://web:8000/ 2>/dev/null; do usleep 50000; done"
    assert shop.said("sh", "-c", fetch, network=shop.name) == "hello\n"


def test_what_a_step_says_of_its_container_holds(shop: Shop) -> None:
    """Environment, user, folder, names, addresses, tmpfs and limits are those of the step."""
    text = shop.said(
        "-c",
        "exec 2>&1; echo $A; id -u; pwd; hostname; grep two /etc/hosts; cat /etc/resolv.conf;"
        " touch /new; touch /t/x && echo kept; cat /sys/fs/cgroup/pids/pids.max;"
        " df -k /dev/shm | tail -n1",
        entrypoint=("sh",),
        env={"A": "b c"},
        user="1000",
        working_directory="/tmp",  # noqa: S108 - in a container
        hostname="me",
        hosts=("two:10.0.0.2",),
        dns=("10.9.9.9",),
        tmpfs=("/t:mode=1777",),
        read_only=True,
        init=True,
        pids=77,
        shm_size=8 << 20,
        cpus=0.5,
        memory=64 << 20,
        dropped=("ALL",),
        capabilities=("NET_RAW",),
        ports=("127.0.0.1::80",),
        expose=("81",),
        labels={"a": "b"},
    )
    said = text.splitlines()
    assert said[:4] == ["b c", "1000", "/tmp", "me"]  # noqa: S108 - in a container
    assert "10.0.0.2\ttwo" in said
    assert "nameserver 10.9.9.9" in said
    assert any("Read-only file system" in line for line in said)
    assert "kept" in said
    assert "77" in said
    assert any("8192" in line for line in said)


def test_name_that_is_taken_is_a_conflict(shop: Shop) -> None:
    """Two containers of one name cannot be."""
    shop.engine.create(shop.step("true"))
    with pytest.raises(DriverError) as caught:
        shop.engine.create(shop.step("true"))
    assert caught.value.kind is ErrorKind.CONFLICT


def test_leftovers_carry_their_mark(shop: Shop) -> None:
    """All that a run made is found by its mark, containers first, and none of it by a project."""
    shop.engine.create_network(shop.name, "bridge", shop.mark, ipv6=True)
    shop.engine.create_volume(shop.name, shop.mark)
    shop.engine.create(shop.step("true"))
    assert shop.left() == [
        ("container", shop.name),
        ("network", shop.name),
        ("volume", shop.name),
    ]
    label = quote(json.dumps({"label": ["gitops.project=project"]}))
    found = shop.http.call("GET", f"/containers/json?all=1&filters={label}").json()
    assert not any(shop.name in str(one) for one in cast("list[object]", found))
    for _ in range(2):
        shop.engine.remove(shop.name)
        shop.engine.remove_network(shop.name)
        shop.engine.remove_volume(shop.name)
    assert shop.left() == []


def test_an_image_without_a_name_is_found_by_its_marker(shop: Shop) -> None:
    """An image that a run builds for itself is known by a volume: images take long to list."""
    image = f"{UNNAMED}/{shop.name}:my.step"
    shop.engine.create_volume(marker_of(image), shop.mark)
    assert shop.left() == [("image", image)]
    shop.engine.tag("busybox:latest", image)
    remove_image(shop.engine, image)
    assert not shop.engine.has(image)
    assert shop.left() == []
