from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from builder_fixtures import HOST, build, docker, inspect, job
from source_fixtures import write
from support.eventual import eventually

from gitops.drivers.base import Ability, Builder, CacheUse, DriverError, ErrorKind
from gitops.drivers.builders.choice import choose_builder
from gitops.drivers.builders.demands import check
from gitops.drivers.builders.docker_config import Endpoint
from gitops.drivers.processes import this_host, this_process
from gitops.drivers.sources.folder import folder_context, read_folder
from gitops.model.image import ImageRef
from gitops.model.secret import Secret

IMAGE = ImageRef("nobody/nothing", "1")


@pytest.fixture(params=["buildkit", "engine"])
def builder(request: pytest.FixtureRequest) -> Builder:
    """Each builder in turn."""
    return choose_builder(Endpoint(HOST, {}, os.environ), request.param, str)


@pytest.fixture
def buildkit() -> Builder:
    """Give BuildKit."""
    return choose_builder(Endpoint(HOST, {}, os.environ), "buildkit", str)


@pytest.fixture
def image() -> Iterator[ImageRef]:
    """Give a name that nobody else uses; remove all images with it afterwards."""
    name = ImageRef(f"gitops-test-{uuid.uuid4().hex[:8]}", "1")
    yield name
    remove(name.repository)


def remove(text: str) -> None:
    """Remove the images whose name holds a text."""
    names = docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    subprocess.run(
        ["docker", "rmi", "-f", *(name for name in names if text in name)],
        capture_output=True,
        check=False,
    )


@pytest.fixture
def registry(image: ImageRef) -> Iterator[str]:
    """Give the address of an empty registry."""
    name = docker("run", "-d", "-p", "127.0.0.1::5000", "--label", image.repository, "registry:2")
    try:
        server = "localhost:" + docker("port", name, "5000").rpartition(":")[2]
        eventually(lambda: "listening on" in logs(name))
        yield server
        remove(server)
    finally:
        docker("rm", "-f", "-v", name)


def logs(container: str) -> str:
    """Return what a container has said, on both streams."""
    done = subprocess.run(["docker", "logs", container], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


@pytest.mark.scenario
def test_every_option_reaches_the_builder(
    builder: Builder, image: ImageRef, tmp_path: Path
) -> None:
    """More tags, hosts, the network, shared memory and no cache are honoured by both builders."""
    write(tmp_path, {
        "Dockerfile": "FROM busybox\n"
                      f"RUN : {image.repository}; "  # what is not like it is not shared with it
                      "grep '10.1.2.3.*made.up' /etc/hosts; df -k /dev/shm | tail -1; "
                      "test $(ls /sys/class/net) = lo && cat /proc/sys/kernel/random/uuid > /id\n"
    })  # fmt: skip
    other = f"{image.repository}:other"
    wanted = job(
        image, tags=(other,), hosts=("made.up:10.1.2.3",), network="none", shm_size=32 << 20
    )
    first = "\n".join(build(builder, tmp_path, wanted._replace(no_cache=True)))
    assert "made.up" in first
    made = inspect(image, "{{.Id}}")
    assert inspect(other, "{{.Id}}") == made
    assert ("32768" in first) or (Ability.LIMITS not in builder.abilities)
    build(builder, tmp_path, wanted)
    assert inspect(image, "{{.Id}}") == made
    build(builder, tmp_path, wanted._replace(no_cache=True))
    assert inspect(image, "{{.Id}}") != made


@pytest.mark.scenario
def test_limits_hold_or_are_warned_about(builder: Builder, image: ImageRef, tmp_path: Path) -> None:
    """A memory limit and cores hold in the engine's builder; BuildKit warns that they do not."""
    write(tmp_path, {
        "Dockerfile": "FROM busybox\n"
                      "RUN cat /sys/fs/cgroup/memory/memory.limit_in_bytes "
                      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us\n"
    })  # fmt: skip
    lines = build(builder, tmp_path, job(image, memory=64 << 20, cpus=0.5, no_cache=True))
    if Ability.LIMITS in builder.abilities:
        assert {str(64 << 20), "50000"} <= {line.strip() for line in lines}
    else:
        assert any(line.startswith("warning:") and "cpus 0.5" in line for line in lines)


@pytest.mark.scenario
def test_a_secret_is_in_a_file_of_the_step_only(
    buildkit: Builder, image: ImageRef, tmp_path: Path
) -> None:
    """BuildKit gives a step its secrets; log, image and arguments of programs do not hold them."""
    value = f"s{uuid.uuid4().hex}"
    write(tmp_path, {
        "Dockerfile": "FROM busybox\nRUN --mount=type=secret,id=tok "
                      f": {image.repository}; cat /run/secrets/tok; "
                      "sha256sum /run/secrets/tok > /sum\n"
    })  # fmt: skip
    seen: list[str] = []
    source = read_folder(str(tmp_path), "Dockerfile")
    lines: list[str] = []

    def output(line: str) -> None:
        lines.append(line)
        seen.extend(arguments())

    with folder_context(str(tmp_path), "Dockerfile", source) as context:
        wanted = job(image, secrets={"tok": Secret(value)}, no_cache=True)
        buildkit.build(wanted, context, output, Event())
    assert "***" in "\n".join(lines)
    assert value not in "\n".join([*lines, *seen])
    assert any("id=tok,src=" in line for line in seen)
    places = {word.partition("src=")[2] for line in seen for word in line.split() if "src=" in word}
    assert not any(Path(place).exists() for place in places)
    assert "/sum" in docker("run", "--rm", str(image), "ls", "/sum")


def arguments() -> list[str]:
    """Return the command lines of all processes."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found


@pytest.mark.scenario
def test_every_program_of_a_build_carries_its_run(
    buildkit: Builder, image: ImageRef, tmp_path: Path
) -> None:
    """Programs carry the run, the machine and our process in GITOPS_RUN, given whole or not."""
    write(tmp_path, {"Dockerfile": f"FROM busybox\nRUN echo {uuid.uuid4().hex}\n"})
    run = f"r{uuid.uuid4().hex[:11]}"
    whole = f"{run}|{this_host()}|{this_process()}"
    source = read_folder(str(tmp_path), "Dockerfile")
    for mark in (run, f"{run}|elsewhere|1:2"):
        found: set[str] = set()
        with folder_context(str(tmp_path), "Dockerfile", source) as context:
            buildkit.build(
                job(image, mark=mark, no_cache=True),
                context,
                lambda _, found=found: found.update(marks(run)),  # type: ignore[misc]
                Event(),
            )
        assert found == {f"GITOPS_RUN={mark if '|' in mark else whole}"}


def marks(run: str) -> set[str]:
    """Return the marks of a run in the environments of this machine's processes."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            lines = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        found |= {line for line in lines if line.startswith(f"GITOPS_RUN={run}")}
    return found


@pytest.mark.scenario
def test_layers_come_from_a_registry(
    builder: Builder, image: ImageRef, registry: str, tmp_path: Path
) -> None:
    """A cache that is not there yet is no error; a machine without any layer takes those it has."""
    write(tmp_path, {
        "Dockerfile": "FROM busybox AS tools\nRUN cat /proc/sys/kernel/random/uuid > /tool\n"
                      "FROM busybox\nCOPY --from=tools /tool /tool\nRUN date +%N > /made\n",
    })  # fmt: skip
    kept = f"{registry}/{image.repository}:cache"
    wanted = job(image, cache=CacheUse((kept,), kept, "max"))
    log = build(builder, tmp_path, wanted)
    assert f"layers are kept in {kept}" in log
    assert f"layers are kept in {kept}-tools" in log
    made = docker("run", "--rm", str(image), "cat", "/tool", "/made")
    remove(image.repository)
    again = build(builder, tmp_path, wanted._replace(cache=CacheUse((kept,))))
    assert docker("run", "--rm", str(image), "cat", "/tool", "/made") == made
    # BuildKit keeps layers of its own as well, which the engine's builder lost with the image.
    imported = any(f"importing cache manifest from {kept}-tools" in line for line in again)
    assert imported or Ability.LIMITS in builder.abilities


@pytest.mark.scenario
def test_a_cache_out_of_reach_is_no_error(
    builder: Builder, image: ImageRef, tmp_path: Path
) -> None:
    """With the cache's registry down the image is built all the same, and a line says so."""
    write(tmp_path, {"Dockerfile": "FROM busybox\nRUN true\n"})
    kept = f"127.0.0.1:1/{image.repository}:cache"
    log = build(builder, tmp_path, job(image, cache=CacheUse((kept,), kept)))
    assert any(line.startswith(f"warning: the build cache {kept} is not written") for line in log)
    assert inspect(image, "{{.Id}}")


@pytest.mark.scenario
def test_the_engines_own_platform_needs_no_ability(
    builder: Builder, image: ImageRef, tmp_path: Path
) -> None:
    """An image for the platform that the engine has is built by both builders."""
    write(tmp_path, {"Dockerfile": "FROM busybox\nRUN true\n"})
    own = docker("version", "--format", "{{.Server.Os}}/{{.Server.Arch}}")
    build(builder, tmp_path, job(image, platforms=(own,)))
    assert inspect(image, "{{.Os}}/{{.Architecture}}") == own


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"secrets": {"tok": Secret("x")}}, r"takes secrets \(tok\).*buildx"),
        ({"ssh": ("default",)}, "forwards ssh.*buildx"),
        ({"platforms": ("linux/arm64",)}, "for linux/arm64, and the engine is linux/amd64.*buildx"),
        ({"platforms": ("linux/arm64", "linux/amd64")}, "several platforms.*docker-container"),
    ],
)
def test_what_a_builder_cannot_do_is_refused_with_what_to_install(
    changes: dict[str, object], told: str
) -> None:
    """Secrets, ssh and strange platforms are INVALID where the builder cannot, with the remedy."""
    wanted = job(IMAGE, **changes)
    with pytest.raises(DriverError, match=f"(?s){told}") as caught:
        check(wanted, "this builder", frozenset(), "linux/amd64")
    assert caught.value.kind is ErrorKind.INVALID
    check(wanted, "that builder", frozenset(Ability), "linux/amd64")


def test_the_id_of_a_secret_cannot_smuggle_options() -> None:
    """A comma in the id of a secret would be another option of the CLI: it is refused."""
    wanted = job(IMAGE, secrets={"a,src=/etc/shadow": Secret("x")})
    with pytest.raises(DriverError, match="is not the id of a build secret"):
        check(wanted, "that builder", frozenset(Ability), "linux/amd64")
