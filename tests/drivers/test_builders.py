from __future__ import annotations

import io
import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import BinaryIO

import pytest
from builder_fixtures import HOST, build, docker, inspect, job, wait_until_gone
from source_fixtures import write
from support.eventual import eventually

from gitops.drivers.base import Builder, BuildJob, DriverError, ErrorKind
from gitops.drivers.builders.choice import choose_builder
from gitops.drivers.builders.docker_config import Endpoint, docker_config
from gitops.drivers.builders.errors import build_error
from gitops.drivers.redact import Redactor
from gitops.drivers.sources.folder import folder_context, read_folder
from gitops.model.image import ImageRef
from gitops.model.secret import Secret


@pytest.fixture(params=["buildkit", "engine"])
def builder(request: pytest.FixtureRequest) -> Builder:
    """Each builder in turn."""
    endpoint = Endpoint(HOST, {}, os.environ)
    return choose_builder(endpoint, request.param, Redactor([Secret("hunter22")]))


@pytest.fixture
def image() -> Iterator[ImageRef]:
    """Give a name that nobody else uses; remove the image afterwards."""
    name = ImageRef(f"gitops-test-{uuid.uuid4().hex[:8]}", "1")
    yield name
    subprocess.run(["docker", "rmi", "-f", str(name)], capture_output=True, check=False)


def failure(builder: Builder, folder: Path, job: BuildJob, dockerfile: str) -> DriverError:
    write(folder, {"Dockerfile": dockerfile})
    with pytest.raises(DriverError) as caught:
        build(builder, folder, job)
    return caught.value


@pytest.mark.scenario
def test_a_build_makes_the_tagged_image(builder: Builder, image: ImageRef, tmp_path: Path) -> None:
    """Target, args and labels are honoured, the log is redacted, ignored files are not in it."""
    write(tmp_path, {
        "Dockerfile": "FROM busybox AS one\nARG A\nCOPY . /ctx\nRUN echo said $A; ls /ctx\n"
                      "FROM one AS two\nRUN false\n",
        ".dockerignore": "no\n", "no": "1", "yes": "1",
    })  # fmt: skip
    unique = uuid.uuid4().hex
    wanted = job(image, target="one", args={"A": f"{unique} hunter22"}, labels={"a.b": "c d"})
    log = "\n".join(build(builder, tmp_path, wanted))
    assert f"said {unique} ***" in log
    assert "hunter22" not in log
    assert json.loads(inspect(image, "{{json .Config.Labels}}"))["a.b"] == "c d"
    run = ["docker", "run", "--rm", str(image), "ls", "/ctx"]
    listed = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
    assert set(listed) == {"Dockerfile", "yes"}


@pytest.mark.scenario
def test_a_failing_step_is_shown_with_its_output(
    builder: Builder, image: ImageRef, tmp_path: Path
) -> None:
    """A step that fails is FAILED; the step, its output and its exit code are in the detail."""
    marker = uuid.uuid4().hex
    error = failure(builder, tmp_path, job(image), f"FROM busybox\nRUN echo {marker}; exit 7\n")
    assert error.kind is ErrorKind.FAILED
    assert f"RUN echo {marker}; exit 7" in error.detail
    assert f"\n{marker}" in error.detail
    assert "7" in error.detail.splitlines()[-1]


@pytest.mark.scenario
@pytest.mark.parametrize(
    ("dockerfile", "target", "kind"),
    [
        ("FROM busybox\nFOO bar\n", "", ErrorKind.INVALID),
        ("FROM busybox\n", "nothere", ErrorKind.INVALID),
        ("FROM busybox\nCOPY nothere /\n", "", ErrorKind.FAILED),
        ("FROM 127.0.0.1:1/nothere\n", "", ErrorKind.UNREACHABLE),
    ],
)
def test_the_kind_of_a_failure_tells_whose_fault_it_is(
    builder: Builder, image: ImageRef, tmp_path: Path, dockerfile: str, target: str, kind: ErrorKind
) -> None:
    """A bad Dockerfile is INVALID or FAILED; a registry that cannot be reached is UNREACHABLE."""
    error = failure(builder, tmp_path, job(image, target=target), dockerfile)
    assert error.kind is kind, error


@pytest.mark.scenario
def test_a_timeout_and_a_cancel_end_the_build(
    builder: Builder, image: ImageRef, tmp_path: Path
) -> None:
    """A build that is given up ends at once, on the engine too, and leaves no image."""
    marker = f"200.{uuid.uuid4().int % 10**8}"
    dockerfile = f"FROM busybox\nRUN sleep {marker}\n"
    assert failure(builder, tmp_path, job(image, timeout=1.5), dockerfile).kind is ErrorKind.TIMEOUT
    flag = Event()

    def raise_flag(line: str) -> None:
        if marker in line:
            flag.set()

    source = read_folder(str(tmp_path), "Dockerfile")
    with (
        folder_context(str(tmp_path), "Dockerfile", source) as context,
        pytest.raises(DriverError) as caught,
    ):
        builder.build(job(image), context, raise_flag, flag)
    assert caught.value.kind is ErrorKind.CANCELLED
    wait_until_gone(f"sleep {marker}")
    eventually(lambda: marker not in docker("ps", "-a", "--no-trunc", "--format", "{{.Command}}"))
    with pytest.raises(subprocess.CalledProcessError):
        inspect(image, "{{.Id}}")


class Broken:
    """A context that turns out to be another one while it is sent."""

    dockerfile = "Dockerfile"

    def write_to(self, stream: BinaryIO) -> None:
        """Send a piece, then give up."""
        whole = io.BytesIO(b"\0" * 512)
        stream.write(whole.getvalue())
        stream.flush()
        raise DriverError(ErrorKind.CONFLICT, "it changed")


@pytest.mark.scenario
def test_a_context_that_changes_while_it_is_sent_is_not_built(
    builder: Builder, image: ImageRef
) -> None:
    """The error of the context is the build's error, and nothing is built from half of it."""
    with pytest.raises(DriverError) as caught:
        builder.build(job(image), Broken(), lambda _: None, Event())
    assert caught.value.kind is ErrorKind.CONFLICT


@pytest.mark.scenario
def test_a_cli_without_buildkit_does_not_hide_one_with_it(tmp_path: Path) -> None:
    """Every docker on the PATH is asked; without any, the engine builds and the loss is told."""
    fake = tmp_path / "docker"
    fake.write_text('#!/bin/sh\n[ "$1" = version ] && echo "28.2.2|20.10.24" && exit 0\nexit 1\n')
    fake.chmod(0o755)
    alone = Endpoint(HOST, {}, {**os.environ, "PATH": str(tmp_path)})
    chosen = choose_builder(alone, "auto", str)
    assert "cache mounts" in chosen.warning
    with pytest.raises(DriverError, match="install the buildx plugin"):
        choose_builder(alone, "buildkit", str)
    both = alone._replace(environ={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert not choose_builder(both, "auto", str).warning
    assert "BuildKit" in choose_builder(both, "auto", str).name


def test_a_cli_with_buildx_is_preferred(tmp_path: Path) -> None:
    """A CLI whose buildx answers is used with it, whatever its own version."""
    fake = tmp_path / "docker"
    fake.write_text(
        '#!/bin/sh\n[ "$1" = version ] && echo "28.2.2|28.2.2" && exit 0\n'
        'echo "github.com/docker/buildx v0.24.0 abc"\n'
    )
    fake.chmod(0o755)
    chosen = choose_builder(Endpoint("", {}, {"PATH": f"{tmp_path}:/bin:/usr/bin"}), "auto", str)
    assert chosen.name == "BuildKit (docker buildx 0.24.0)"


def test_registry_passwords_are_in_a_private_file_beside_the_users_own(tmp_path: Path) -> None:
    """Our credentials join the user's configuration, their registry's helper is not asked."""
    home = tmp_path / ".docker"
    (home / "cli-plugins").mkdir(parents=True)
    own = {"auths": {"a": {"auth": "eA=="}}, "credsStore": "desktop", "currentContext": "x",
           "credHelpers": {"r:5000": "pass", "gcr.io": "gcloud"}}  # fmt: skip
    (home / "config.json").write_text(json.dumps(own))
    endpoint = Endpoint("", {"r:5000": ("ci", Secret("pw"))}, {"HOME": str(tmp_path)})
    with docker_config(endpoint) as folder:
        assert (folder / "config.json").stat().st_mode & 0o777 == 0o600
        content = json.loads((folder / "config.json").read_text())
        assert (folder / "cli-plugins").resolve() == home / "cli-plugins"
    assert not folder.exists()
    assert content["auths"] == {"a": {"auth": "eA=="}, "r:5000": {"auth": "Y2k6cHc="}}
    assert content["credHelpers"] == {"r:5000": "", "gcr.io": "gcloud"}
    assert "currentContext" not in content


STEP = "executor failed running [/bin/sh -c make]: exit code: 2"


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (STEP, ErrorKind.FAILED),
        ("failed to solve: write /x: no space left on device", ErrorKind.DISK_FULL),
        ("dockerfile parse error on line 3: unknown instruction: RNU", ErrorKind.INVALID),
        ('failed to solve: target stage "x" could not be found', ErrorKind.INVALID),
        ("Cannot connect to the Docker daemon at unix:///x. Is it running?", ErrorKind.UNREACHABLE),
        ("failed to solve: nope: pull access denied, or it does not exist", ErrorKind.UNREACHABLE),
        ("toomanyrequests: You have reached your pull rate limit", ErrorKind.UNREACHABLE),
    ],
)  # fmt: skip
def test_the_builders_last_words_decide(last: str, kind: ErrorKind) -> None:
    """Only the verdict is judged: a step may print `connection refused` and still be at fault."""
    lines = ["#5 0.1 dial tcp: connection refused", "dockerfile parse error", f"error: {last}"]
    assert build_error("x", lines).kind is kind


def test_a_step_that_fills_the_disk_is_not_at_fault() -> None:
    """A failed step whose last output is about a full disk is DISK_FULL."""
    assert build_error("x", ["cp: no space left on device", STEP]).kind is ErrorKind.DISK_FULL
    loud = ["dd: error writing '/x': No space left on device", STEP]
    assert build_error("x", loud).kind is ErrorKind.DISK_FULL
