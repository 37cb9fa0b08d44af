"""Files and images of steps on a real engine."""

from __future__ import annotations

import hashlib
import os
import socket
import tarfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import BinaryIO

import pytest
from engine_fixtures import ADDRESS, discard, discard_code, eventually
from registry_servers import Reply, serving
from support.engine_proxy import EngineProxy
from support.scenario import free_port
from task_engine_fixtures import Shop, open_engine, open_shop, shop

from gitops.drivers.base import DriverError, ErrorKind, StepImage, StepMount
from gitops.drivers.builders.docker_config import Endpoint
from gitops.drivers.registry.oci import OciRegistry
from gitops.drivers.tasks.engine import DockerTaskEngine
from gitops.model.image import parse_image
from gitops.model.outcomes import Found
from gitops.model.secret import Secret

pytestmark = pytest.mark.scenario
__all__ = ["shop"]
SIZE = 50 << 20
MEMORY = 8 << 20
"""Bytes that a transfer of any size may take."""


class Pattern:
    """A file of `SIZE` bytes that is nowhere."""

    def __init__(self) -> None:
        self.sum = hashlib.sha256()
        self._left = SIZE

    def read(self, size: int) -> bytes:
        """Give the next bytes."""
        data = os.urandom(min(size, self._left))
        self._left -= len(data)
        self.sum.update(data)
        return data


@pytest.fixture
def placed(shop: Shop) -> str:
    """Return a container with a volume at /workspace that was never started."""
    shop.engine.create_volume(shop.name, shop.mark)
    mounts = (StepMount(shop.name, "/workspace"),)
    return shop.engine.create(shop.step("true", mounts=mounts))


def write_big(pattern: Pattern, stream: BinaryIO) -> None:
    with tarfile.open(fileobj=stream, mode="w|") as packed:
        told = tarfile.TarInfo("big")
        told.size = SIZE
        packed.addfile(told, pattern)  # type: ignore[arg-type]


def test_big_files_go_both_ways_in_little_memory(shop: Shop, placed: str) -> None:
    """50 MB go into a volume and come back unchanged, without ever being in memory."""
    pattern, back = Pattern(), hashlib.sha256()
    tracemalloc.start()
    try:
        shop.engine.upload(placed, "/workspace", lambda stream: write_big(pattern, stream))
        with (
            shop.engine.download(placed, "/workspace/big") as stream,
            tarfile.open(fileobj=stream, mode="r|") as packed,
        ):
            content = packed.extractfile(next(iter(packed)))
            assert content is not None
            while piece := content.read(1 << 16):
                back.update(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert back.hexdigest() == pattern.sum.hexdigest()
    assert peak < MEMORY


def test_volume_holds_only_what_was_put_there(shop: Shop) -> None:
    """What an image has at a mount's path does not get into the volume."""
    shop.engine.create_volume(shop.name, shop.mark)
    mounts = (StepMount(shop.name, "/bin/.."), StepMount(shop.name, "/etc"))[1:]
    assert shop.said("ls", "/etc", mounts=mounts).split() == ["hostname", "hosts", "resolv.conf"]


def test_writer_that_fails_is_heard(shop: Shop, placed: str) -> None:
    """What the writer of a tar raises is raised."""

    def write(stream: BinaryIO) -> None:
        stream.write(bytes(100_000))
        raise DriverError(ErrorKind.MISSING, "the source is gone")

    with pytest.raises(DriverError, match="the source is gone"):
        shop.engine.upload(placed, "/workspace", write)


def test_folder_that_is_not_there_is_missing(shop: Shop, placed: str) -> None:
    """Neither an upload to nor a download from what is not there succeeds."""
    with pytest.raises(DriverError) as caught:
        shop.engine.upload(placed, "/nowhere", lambda stream: write_big(Pattern(), stream))
    assert caught.value.kind is ErrorKind.MISSING
    with pytest.raises(DriverError) as caught, shop.engine.download(placed, "/nowhere"):
        pass
    assert caught.value.kind is ErrorKind.MISSING


def test_download_that_breaks_is_an_error(shop: Shop, placed: str, tmp_path: Path) -> None:
    """A tar that ends too early is an error for its reader, not a short folder."""
    shop.engine.upload(placed, "/workspace", lambda stream: write_big(Pattern(), stream))
    proxy = EngineProxy(tmp_path, ADDRESS)
    with open_shop(proxy.address) as far, far.engine.download(placed, "/workspace") as stream:
        stream.read(1 << 20)
        proxy.cut()
        with pytest.raises(DriverError) as caught:
            _read_on(stream)
    assert caught.value.kind is ErrorKind.UNREACHABLE


def _read_on(stream: BinaryIO) -> None:
    while stream.read(1 << 20):
        pass


def test_image_that_is_there_is_not_pulled(shop: Shop) -> None:
    """A local image is enough: no registry is asked, and nothing is said."""
    heard: list[str] = []
    shop.engine.provide(StepImage("busybox:latest"), heard.append, Event())
    assert heard == []
    assert shop.engine.has("busybox:latest")
    assert not shop.engine.has(f"busybox:{shop.name}")


def test_image_that_nobody_has_cannot_make_a_container(shop: Shop) -> None:
    """A container of an image that the engine has not is MISSING, and names the image."""
    with pytest.raises(DriverError, match=f"image {shop.name}:1 is not on the engine") as caught:
        shop.engine.create(shop.step("true", image=f"{shop.name}:1"))
    assert caught.value.kind is ErrorKind.MISSING


@pytest.fixture
def registry(shop: Shop) -> Iterator[str]:
    """Give `host:port` of a real registry; images that were named for it are removed."""
    host = f"localhost:{(port := free_port())}"
    server = shop.step(suffix="-registry", image="registry:2", ports=(f"127.0.0.1:{port}:5000",))
    shop.engine.detach(shop.engine.create(server), discard, discard_code)
    client = OciRegistry({})
    eventually(lambda: isinstance(client.ping(host), Found))
    client.close()
    yield host
    for name in ("web:1", "web:2"):
        shop.http.call("DELETE", f"/images/{host}/{name}")


def test_push_and_pull(shop: Shop, registry: str) -> None:
    """A push returns the registry's digest; the image can be pulled again, by tag and by digest."""
    image, said = f"{registry}/web:1", list[str]()
    shop.engine.tag("busybox:latest", image)
    digest = shop.engine.push(image, said.append, Event())
    client = OciRegistry({})
    assert client.digest(parse_image(image)) == Found(digest)
    client.close()
    assert not any("[====" in line for line in said)
    shop.http.call("DELETE", f"/images/{image}")
    assert not shop.engine.has(image)
    shop.engine.provide(StepImage(image), said.append, Event())
    assert shop.engine.has(image)
    shop.engine.provide(StepImage(f"{registry}/web@{digest}", fresh=True), discard, Event())
    assert shop.engine.has(f"{registry}/web@{digest}")


def test_failures_of_pulls_are_told_apart(shop: Shop, registry: str) -> None:
    """An image that is not there, a registry that is away, and a wrong login differ in kind."""
    with pytest.raises(DriverError) as caught:
        shop.engine.provide(StepImage(f"{registry}/web:none"), discard, Event())
    assert caught.value.kind is ErrorKind.MISSING
    with pytest.raises(DriverError) as caught:
        shop.engine.provide(StepImage(f"localhost:{free_port()}/web:1"), discard, Event())
    assert caught.value.kind is ErrorKind.UNREACHABLE
    with (
        serving(lambda _: Reply(401, {"WWW-Authenticate": 'Basic realm="x"'})) as (host, _),
        pytest.raises(DriverError) as caught,
    ):
        shop.engine.provide(StepImage(f"{host}/web:1"), discard, Event())
    assert caught.value.kind is ErrorKind.DENIED


def test_image_without_a_name_cannot_be_named(shop: Shop) -> None:
    """Giving a name to an image that is not there is MISSING; so is pushing one."""
    with pytest.raises(DriverError) as caught:
        shop.engine.tag(f"{shop.name}:1", f"{shop.name}:2")
    assert caught.value.kind is ErrorKind.MISSING
    with pytest.raises(DriverError) as caught:
        shop.engine.push(f"localhost:1/{shop.name}:1", discard, Event())
    assert caught.value.kind is ErrorKind.MISSING


def test_login_goes_to_its_registry(shop: Shop) -> None:
    """Credentials given for a registry reach it; a pull that is called off ends at once."""
    cancel, asked = Event(), list[str]()

    def answer(request: object) -> Reply:
        header = getattr(request, "headers", {}).get("Authorization", "")
        asked.append(header)
        if header:
            cancel.set()
            return Reply(500)
        return Reply(401, {"WWW-Authenticate": 'Basic realm="x"'})

    with serving(answer) as (host, _):
        engine, http = open_engine(ADDRESS, {host: ("ann", Secret("pw"))})
        with pytest.raises(DriverError) as caught:
            engine.provide(StepImage(f"{host}/{shop.name}:1"), discard, cancel)
        http.close()
    assert caught.value.kind in (ErrorKind.CANCELLED, ErrorKind.FAILED)
    assert "Basic YW5uOnB3" in asked


def test_pull_that_is_called_off_ends_at_once(shop: Shop) -> None:
    """A registry that never answers keeps nobody who has called the pull off."""
    cancel = Event()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"

        def accepted() -> None:
            connection, _ = silent.accept()
            cancel.set()
            with connection:
                connection.recv(1 << 16)

        waiting = Thread(target=accepted)
        waiting.start()
        with pytest.raises(DriverError) as caught:
            shop.engine.provide(StepImage(f"{host}/{shop.name}:1"), discard, cancel)
        waiting.join(10)
    assert caught.value.kind is ErrorKind.CANCELLED
    assert not waiting.is_alive()


def test_engine_behind_ssh_is_reached_by_the_machines_ssh(shop: Shop, tmp_path: Path) -> None:
    """Over `ssh://` the output comes as whole as from here; host and user are options of `ssh`."""
    script = tmp_path / "ssh"
    told = tmp_path / "told"
    script.write_text(
        f'#!/bin/sh\necho "$@" >> {told}\nexec env DOCKER_HOST={ADDRESS} docker system dial-stdio\n'
    )
    script.chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    far = DockerTaskEngine(shop.http, Endpoint("ssh://ann@far:23", {}, environ))
    made = shop.engine.create(shop.step("sh", "-c", "seq 100000"))
    heard: list[str] = []
    assert far.run(made, heard.append, Event()).exit_code == 0
    assert "".join(heard).split() == [str(number) for number in range(1, 100001)]
    assert set(told.read_text().splitlines()) == {"-l ann -p 23 -- far docker system dial-stdio"}
