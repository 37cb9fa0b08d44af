"""What makes another image and another container, and what does not."""

from __future__ import annotations

import pytest
from support.planning import wish_of

from gitops.model.wanted import WantedApp, WantedImage
from gitops.plan.fingerprint import config_hash
from gitops.plan.wanted import work_out

SPECS = """
kind: Registry
metadata: {name: local}
spec: {server: "localhost:5000", managed: {}}
---
kind: Repository
metadata: {name: shop}
spec: {registry: local}
---
kind: BuildTask
metadata: {name: shop}
spec: {repository: shop, source: {path: app}TASK}
---
kind: WebApp
metadata: {name: shop}
spec: {image: {repository: shop}APP}
"""
SOURCE = {"tree": "t1", "commit": "c1", "branch": "main"}
PLAIN = {"PW": "one"}


def image(task: str = "", source: dict[str, str] = SOURCE) -> WantedImage:
    """Return the image of a task with these additions to its spec."""
    wish = wish_of(SPECS.replace("TASK", task).replace("APP", ""), {"shop": source})
    return work_out(wish.bundle, wish.inputs, {}).images[0]


def config(app: str = "", secrets: dict[str, str] = PLAIN, task: str = "") -> str:
    """Return the configuration hash of an app with these additions to its spec."""
    specs = SPECS.replace("TASK", task).replace("APP", app)
    wish = wish_of(specs, {"shop": SOURCE}, secrets)
    found: WantedApp = work_out(wish.bundle, wish.inputs, {}).apps[0]
    return config_hash(found.container, found.image.pinned, found.port, wish.inputs.secrets)


@pytest.mark.parametrize(
    "task",
    [
        ", dockerfile: other/Dockerfile",
        ", target: runtime",
        ", args: {A: x}",
        ", args: {A: y}",
        ", args: {B: x}",
        ', args: {A: "{{ commit }}"}',
        ", labels: {team: web}",
    ],
)
def test_what_can_change_the_content_makes_another_image(task: str) -> None:
    """Dockerfile, target, args and labels are part of an image's fingerprint."""
    assert image(task).fingerprint != image().fingerprint


@pytest.mark.parametrize(
    "task",
    [
        ', tags: ["{{ branch }}", v1]',
        ", latest: false",
        ", timeout: 5m",
        ', dockerfile: "./Dockerfile"',
    ],
)
def test_what_cannot_change_the_content_makes_no_other_image(task: str) -> None:
    """Tags, latest, times and another spelling of a path are no part of the fingerprint."""
    assert image(task).fingerprint == image().fingerprint


def test_the_fingerprint_follows_the_files_and_not_the_commit() -> None:
    """Another tree or Dockerfile is another image; another commit, branch or date is not."""
    first = image().fingerprint
    assert image(source={**SOURCE, "tree": "t2"}).fingerprint != first
    assert image(source={**SOURCE, "dockerfile": "d2"}).fingerprint != first
    assert image(source={"tree": "t1", "commit": "c2", "branch": "next"}).fingerprint == first


def test_a_commit_in_an_arg_makes_every_commit_a_new_image() -> None:
    """A placeholder counts by what it stands for."""
    arg = ', args: {VERSION: "{{ short_commit }}"}'
    other = image(arg, {**SOURCE, "commit": "c2"})
    assert other.fingerprint != image(arg).fingerprint
    assert other.args == {"VERSION": "c2"}


def test_the_tag_is_made_of_the_fingerprint() -> None:
    """The tag that an image is pushed under begins with 24 of the 64 digits."""
    found = image()
    assert found.ref.tag == f"gitops-{found.fingerprint[:24]}"
    assert len(found.fingerprint) == 64


@pytest.mark.parametrize(
    "app",
    [
        ", command: [serve]",
        ", port: 8000",
        ", env: {A: x}",
        ", env: {A: y}",
        ", env: {A: {env: PW}}",
        ", volumes: [{name: data, mount: /data}]",
        ", volumes: [{name: data, mount: /data, readOnly: true}]",
        ", resources: {cpus: 0.5}",
        ", resources: {memory: 64Mi}",
    ],
)
def test_what_the_container_is_made_of_makes_another_one(app: str) -> None:
    """Command, port, environment, volumes and limits are part of the configuration."""
    assert config(app) != config()


def test_another_image_makes_another_container() -> None:
    """The configuration covers the name that the image has by its inputs."""
    assert config(task=', args: {A: "1"}') != config()
    assert config(task=", timeout: 5m") == config()


@pytest.mark.parametrize(
    "app",
    [
        ", host: shop.example.com",
        ", health: {path: /healthz, deadline: 1m}",
        ", deploy: {order: stopFirst, drain: 1s, stop: 1s}",
    ],
)
def test_what_is_outside_of_the_container_makes_no_other_one(app: str) -> None:
    """Host names, health and the order of deployment replace no container."""
    assert config(app) == config()


def test_the_order_of_variables_does_not_matter() -> None:
    """Variables in another order are the same environment."""
    assert config(", env: {A: x, B: y}") == config(", env: {B: y, A: x}")


def test_a_secret_counts_by_its_value_without_showing_it() -> None:
    """Another secret value makes another container; the value can be found nowhere in the wish."""
    app = ", env: {A: {env: PW}}"
    assert config(app) != config(app, {"PW": "two"})
    assert config(app) == config(app, {"PW": "one"})
    wish = wish_of(
        SPECS.replace("TASK", "").replace("APP", app), {"shop": SOURCE}, {"PW": "hunter2"}
    )
    assert "hunter2" not in repr(work_out(wish.bundle, wish.inputs, {}))


def test_a_secret_and_a_plain_value_are_not_confused() -> None:
    """A plain value that reads like a secret's reference is another configuration."""
    assert config(", env: {A: {env: PW}}") != config(', env: {A: "environment variable PW"}')
