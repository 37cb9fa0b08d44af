"""Task files that fit: what each property becomes."""

from __future__ import annotations

import pytest
from support.task_reading import read

from gitops.model.secret import Secret
from gitops.model.tasks import (
    RunLine,
    SecretNeed,
    Task,
    TaskNetwork,
    TaskStep,
    TaskVolume,
    VolumeMount,
)
from gitops.spec.tasks import ordered

EVERYTHING = """version: V1.0.0
volumes: [{name: keys, secret: {a.pem: aGk=}}]
networks: [{name: back, driver: overlay, ipv6: true, skipCreation: yes, isDefault: "on"}]
secrets:
  - {id: npm, keyvault: "https://v/npm", clientID: 00000000-1111-2222-3333-abcdef012345}
steps:
  - id: first
    cmd: busybox
    entryPoint: /bin/sh
    user: 1000
    isolation: default
    workingDirectory: sub/folder
    network: host
    ports: ["8080:80", 53/udp]
    expose: [80, 81/tcp]
    detach: True
    keep: true
    privileged: true
    pull: true
    ignoreErrors: true
    startDelay: "3"
    timeout: 30
    retries: 2
    retryDelay: 5
    retryOnErrors: [timed out]
    repeat: 4
    cpus: "1.5"
    cmdDownloadRetries: 6
    cmdDownloadRetryDelay: 7
    volumeMounts: [{name: keys, mountPath: /run/keys/}]
    env: [A=1, B=x=y, "C="]
"""


def test_defaults() -> None:
    """A step that says nothing has Azure's defaults, and the network that all steps share."""
    task = read("steps:\n- cmd: busybox\n")
    network = "acb_default_network"
    assert task == Task(
        (TaskStep("acb_step_0", 2, RunLine("busybox"), network=network),),
        "v1.0.0",
        (TaskNetwork(network, default=True),),
    )
    step = task.steps[0]
    assert (step.timeout, step.retries, step.retry_delay, step.repeat) == (600.0, 0, 0.0, 0)
    assert (step.working_directory, step.kind) == ("/workspace", "cmd")


def test_every_property_of_a_cmd_step() -> None:
    """Each property of a cmd step is kept; numbers may be written as text."""
    task = read(EVERYTHING)
    assert task.networks == (
        TaskNetwork("back", "overlay", ipv6=True, skip_creation=True, default=True),
    )
    assert task.volumes == (TaskVolume("keys", {"a.pem": Secret("hi")}),)
    client = "00000000-1111-2222-3333-abcdef012345"
    assert task.secrets == (SecretNeed("npm", "https://v/npm", client, 5),)
    assert task.steps == (
        TaskStep(
            "first",
            7,
            RunLine("busybox"),
            env={"A": "1", "B": "x=y", "C": ""},
            entrypoint="/bin/sh",
            user="1000",
            working_directory="/workspace/sub/folder",
            network="host",
            ports=("8080:80", "53/udp"),
            expose=("80", "81/tcp"),
            mounts=(VolumeMount("keys", "/run/keys"),),
            detach=True,
            keep=True,
            privileged=True,
            pull=True,
            ignore_errors=True,
            cpus=1.5,
            start_delay=3.0,
            timeout=30.0,
            retries=2,
            retry_delay=5.0,
            retry_on=("timed out",),
            repeat=4,
            download_retries=6,
            download_retry_delay=7.0,
        ),
    )


def test_the_task_gives_its_steps_their_defaults() -> None:
    """`stepTimeout`, `workingDirectory` and `env` of a task hold for each step without its own."""
    task = read(
        """stepTimeout: 900
workingDirectory: /data
env: [A=task, B=task]
steps:
  - cmd: busybox
  - {cmd: busybox, timeout: 5, workingDirectory: in, env: [A=step]}
  - {cmd: busybox, disableWorkingDirectoryOverride: true}
  - {push: [app], timeout: 7}
"""
    )
    assert [step.timeout for step in task.steps] == [900, 5, 900, 7]
    places = [step.working_directory for step in task.steps]
    assert places == ["/data", "/workspace/in", "", "/data"]
    assert task.steps[1].env == {"A": "step", "B": "task"}


@pytest.mark.parametrize(
    ("item", "env"),
    [
        ("A=1,B=2", {"A": "1", "B": "2"}),
        ("A=1,2", {"A": "1,2"}),
        ("A=1,=2", {"A": "1,=2"}),
        ("A=", {"A": ""}),
    ],
)
def test_commas_in_the_env_of_a_task(item: str, env: dict[str, str]) -> None:
    """An item of a task's env that is several settings is split at its commas, as in Azure."""
    task = read(f'env: ["{item}"]\nsteps: [{{cmd: busybox}}, {{cmd: busybox, env: ["Z=1,Y=2"]}}]\n')
    assert task.steps[0].env == env
    assert task.steps[1].env["Z"] == "1,Y=2"


def test_networks_without_a_default() -> None:
    """With networks of its own and no default, a step that names none is in none of them."""
    task = read("networks: [{name: a}, {name: b}]\nsteps: [{cmd: busybox}, {cmd: x, network: b}]\n")
    assert [step.network for step in task.steps] == ["", "b"]


def test_the_last_default_network_counts() -> None:
    """Of several default networks the last one is it."""
    task = read(
        "networks: [{name: a, isDefault: true}, {name: b, isDefault: true}]\n"
        "steps: [{cmd: busybox}]\n"
    )
    assert task.steps[0].network == "b"
    assert [network.default for network in task.networks] == [False, True]


def test_order_of_steps() -> None:
    """A step without `when` waits for the one before, `["-"]` for none, ids for those steps."""
    task = read(
        """steps:
  - {id: a, cmd: busybox}
  - {id: b, cmd: busybox}
  - {id: c, cmd: busybox, when: ["-"]}
  - {id: d, cmd: busybox, when: [c, a, c]}
  - {id: e, cmd: busybox, when: []}
  - {id: f, cmd: busybox, when: [g]}
  - {id: g, cmd: busybox, when: ["-"]}
"""
    )
    waits = {step.id: step.after for step in task.steps}
    assert waits == {
        "a": (), "b": ("a",), "c": (), "d": ("c", "a"), "e": ("d",), "f": ("g",), "g": (),
    }  # fmt: skip
    assert ordered(task) == (("a", "c", "g"), ("b", "d", "f"), ("e",))
