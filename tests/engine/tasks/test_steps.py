from __future__ import annotations

import pytest
from support.memory_task_engine import fails
from support.task_stage import Set, SourceFiles, stage_of

from gitops.drivers.base import DriverError, ErrorKind, StepMount
from gitops.engine.tasks.runner import run_task
from gitops.engine.tasks.stage import Allowed, Inputs, Limits
from gitops.engine.tasks.states import Result
from gitops.model.secret import Secret
from gitops.model.task_runs import RunStatus
from gitops.model.tasks import (
    BuildLine,
    BuildSecret,
    RunLine,
    Task,
    TaskNetwork,
    TaskStep,
    TaskVolume,
    VolumeMount,
)

CONTEXT = Inputs(context=SourceFiles(), registry="localhost:5000")


def run(made: Set, *steps: TaskStep) -> Result:
    """Run steps one after the other."""
    chained = [
        step._replace(after=(steps[place - 1].id,) if place else ())
        for place, step in enumerate(steps)
    ]
    return run_task(Task(tuple(chained)), made.stage)


def test_a_step_gets_workspace_home_and_name() -> None:
    """A container is named for its run, has the shared volumes, and its id as its host name."""
    made = stage_of()
    run(made, TaskStep("test", 1, RunLine("busybox", ("true",)), env={"A": "1"}))
    container = made.engine.made[0]
    assert (container.name, container.hostname) == ("gitops-r1-test", "test")
    assert container.working_directory == "/workspace"
    assert container.env == {"HOME": "/acb/home", "A": "1"}
    assert container.mounts == (
        StepMount("gitops-r1.workspace", "/workspace"),
        StepMount("gitops-r1.home", "/acb/home"),
    )
    assert (container.network, container.aliases) == ("", ())


def test_the_line_goes_before_the_step() -> None:
    """Options of the command line win over the step's, and `-e NAME` takes the step's value."""
    made = stage_of()
    line = RunLine(
        "busybox",
        env=(("A", "line"), ("B", None), ("HOME", "/root")),
        user="7",
        working_directory="/srv",
        entrypoint="",
    )
    step = TaskStep("a", 1, line, env={"A": "step", "B": "step"}, user="8", entrypoint="sh")
    run(made, step)
    container = made.engine.made[0]
    assert container.env == {"A": "line", "B": "step", "HOME": "/root"}
    assert (container.user, container.working_directory) == ("7", "/srv")
    assert container.entrypoint == ("",)


def test_the_context_is_put_into_the_workspace_once() -> None:
    """The first container that mounts the workspace gets the files; the next ones find them."""
    made = stage_of()
    run(made, TaskStep("a", 1, RunLine("busybox")), TaskStep("b", 2, RunLine("busybox")))
    assert made.engine.uploads == [("/", {"workspace/code.txt": b"code"})]


def test_volumes_of_a_task_hold_their_secret_files() -> None:
    """A declared volume is filled with its files before the first step that mounts it."""
    made = stage_of(inputs=Inputs())
    step = TaskStep("a", 1, RunLine("busybox"), mounts=(VolumeMount("keys", "/keys"),))
    volume = TaskVolume("keys", {"id": Secret("\xff\x00")})
    run_task(Task((step,), volumes=(volume,)), made.stage)
    assert made.engine.uploads == [("/keys", {"id": b"\xff\x00"})]
    assert made.engine.empty


def test_a_detached_step_is_reached_by_its_id_and_ends_with_the_run() -> None:
    """A detached step shares a network with the others under its id, and goes at the end."""
    made = stage_of()
    server = TaskStep("web", 1, RunLine("busybox"), detach=True)
    result = run(made, server, TaskStep("test", 2, RunLine("busybox")))
    assert result.status is RunStatus.SUCCEEDED
    assert [(one.network, one.aliases) for one in made.engine.made] == [
        ("gitops-r1.default", ("web",)),
        ("gitops-r1.default", ("test",)),
    ]
    assert made.engine.empty


def test_networks_of_a_task() -> None:
    """A declared network is made for the run; one with skipCreation is used, and stays."""
    made = stage_of()
    steps = (
        TaskStep("a", 1, RunLine("busybox"), network="own"),
        TaskStep("b", 2, RunLine("busybox", network="theirs"), after=("a",)),
    )
    networks = (TaskNetwork("own"), TaskNetwork("theirs", skip_creation=True))
    run_task(Task(steps, networks=networks), made.stage)
    assert [one.network for one in made.engine.made] == ["gitops-r1-own", "theirs"]
    assert made.engine.empty


@pytest.mark.parametrize("volume", ["/var/run/docker.sock:/var/run/docker.sock", "/etc:/x:ro"])
def test_paths_of_the_machine_have_to_be_allowed(volume: str) -> None:
    """A step mounts a path of the engine's machine only if the run was given the socket."""
    made = stage_of()
    step = TaskStep("a", 1, RunLine("busybox", volumes=(volume,)))
    result = run(made, step)
    assert result.status is RunStatus.FAILED
    assert "--docker-socket" in result.message
    made = stage_of()
    made = made._replace(stage=made.stage._replace(allowed=Allowed(socket=True)))
    assert run(made, step).status is RunStatus.SUCCEEDED
    assert StepMount("/var/run/docker.sock", "/var/run/docker.sock", bind=True) in (
        made.engine.made[0].mounts
    )


@pytest.mark.parametrize(
    "line",
    [
        RunLine("busybox", privileged=True),
        RunLine("busybox", network="host"),
        RunLine("busybox", network="bridge"),
        RunLine("busybox", network="container:other"),
        RunLine("busybox", capabilities=("SYS_ADMIN",)),
    ],
)
def test_work_of_strangers_stays_inside(line: RunLine) -> None:
    """An isolated run has a network of its own, no privileges, and no other network."""
    made = stage_of()
    made = made._replace(stage=made.stage._replace(allowed=Allowed(apart="r/x:pr-7")))
    assert run(made, TaskStep("a", 1, line)).status is RunStatus.FAILED
    assert not made.engine.began
    assert run(made, TaskStep("a", 1, RunLine("busybox"))).status is RunStatus.SUCCEEDED
    assert made.engine.made[-1].network == "gitops-r1.default"


def test_limits_of_the_run_cap_each_step() -> None:
    """A step gets the smaller of its own limit and the run's."""
    made = stage_of()
    made = made._replace(stage=made.stage._replace(limits=Limits(cpus=2.0, memory=100, pids=9)))
    run(
        made,
        TaskStep("a", 1, RunLine("busybox", memory=50), cpus=4.0),
        TaskStep("b", 2, RunLine("busybox", memory=200)),
    )
    assert [(one.cpus, one.memory, one.pids) for one in made.engine.made] == [
        (2.0, 50, 9),
        (2.0, 100, 9),
    ]


def test_a_kept_container_stays_until_the_end() -> None:
    """With keep a container is there while later steps run, and gone after the run."""
    made = stage_of()
    steps = (
        TaskStep("a", 1, RunLine("busybox"), keep=True),
        TaskStep("b", 2, RunLine("busybox")),
    )
    seen: list[bool] = []
    made.engine.acts["b"] = [
        lambda *_: (seen.append("gitops-r1-a" in made.engine.containers), fails(0)(*_))[1]  # type: ignore[func-returns-value]
    ]
    run(made, *steps)
    assert seen == [True]
    assert made.engine.empty


def test_an_image_is_asked_for_again() -> None:
    """An image that cannot be had is asked for as often as cmdDownloadRetries says."""
    made = stage_of()
    lost = DriverError(ErrorKind.UNREACHABLE, "the registry is gone")
    made.engine.broken["provide"] = [lost, lost]
    step = TaskStep("a", 1, RunLine("busybox"), download_retries=2, pull=True)
    assert run(made, step).status is RunStatus.SUCCEEDED
    assert made.engine.pulled == ["busybox fresh"]


def test_a_build_reads_the_source_until_a_command_has_begun() -> None:
    """Builds before any cmd step read the context where it is, later ones the workspace."""
    made = stage_of(inputs=CONTEXT)
    build = TaskStep("b", 1, BuildLine("web", file="D", tags=("shop:1", "shop:2")))
    run(made, build, TaskStep("c", 2, RunLine("busybox")), build._replace(id="later"))
    assert made.builder.contexts == ["source:web:D", "volume:web:D"]
    job = made.builder.jobs[0]
    names = ("shop:2", "gitops-run/r1:b")
    assert (str(job.image), job.tags, job.mark) == ("shop:1", names, "r1|host|1:2")


def test_a_build_takes_args_and_secrets() -> None:
    """An arg without a value is the step's variable; secrets come from env, files and the run."""
    made = stage_of(inputs=CONTEXT._replace(secrets={"given": Secret("g")}))
    line = BuildLine(
        ".",
        args=(("A", "1"), ("B", None), ("C", None)),
        secrets=(BuildSecret("e", env="B"), BuildSecret("f", path="x"), BuildSecret("given")),
    )
    run(made, TaskStep("b", 1, line, env={"B": "two"}))
    job = made.builder.jobs[0]
    assert job.args == {"A": "1", "B": "two"}
    revealed = {name: secret.reveal() for name, secret in job.secrets.items()}
    assert revealed == {"e": "two", "f": "source of x", "given": "g"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (BuildLine(".", secrets=(BuildSecret("npm"),)), "--secret npm=VALUE"),
        (BuildLine(".", secrets=(BuildSecret("npm", env="NPM"),)), "the variable NPM"),
    ],
)
def test_a_missing_build_secret_is_named(line: BuildLine, said: str) -> None:
    """A secret of a build that nobody gave is an error that says how to give it."""
    made = stage_of(inputs=CONTEXT)
    result = run(made, TaskStep("b", 1, line))
    assert result.status is RunStatus.FAILED
    assert said in result.message
    assert "'npm'" in result.message


def test_a_build_without_files_says_what_to_do() -> None:
    """A build in a run without a context names the option that gives one."""
    result = run(stage_of(inputs=Inputs()), TaskStep("b", 1, BuildLine(".")))
    assert result.status is RunStatus.FAILED
    assert "--context" in result.message


def test_push_records_digests() -> None:
    """A pushed image is remembered with the digest that its registry gave."""
    made = stage_of(inputs=CONTEXT)
    result = run(
        made,
        TaskStep("b", 1, BuildLine(".", tags=("shop:1",))),
        TaskStep("p", 2, ("shop:1",)),
    )
    assert result.status is RunStatus.SUCCEEDED
    assert made.engine.pushes == ["localhost:5000/shop:1"]
    assert [str(image) for image in made.book.images] == [
        f"localhost:5000/shop:1@sha256:{'a' * 64}"
    ]


def test_push_tries_again_what_can_pass() -> None:
    """A registry that is gone for a moment is asked again; one that refuses is not."""
    made = stage_of(inputs=CONTEXT)
    made.engine.images["localhost:5000/shop:1"] = "id-0"
    made.engine.broken["push"] = [DriverError(ErrorKind.UNREACHABLE, "gone")]
    step = TaskStep("p", 2, ("localhost:5000/shop:1",))
    assert run(made, step).status is RunStatus.SUCCEEDED
    assert len(made.engine.pushes) == 2
    made = stage_of(inputs=CONTEXT)
    made.engine.images["localhost:5000/shop:1"] = "id-0"
    made.engine.broken["push"] = [DriverError(ErrorKind.DENIED, "no")]
    assert run(made, step).status is RunStatus.FAILED
    assert len(made.engine.pushes) == 1


@pytest.mark.parametrize(
    ("inputs", "said"),
    [(CONTEXT, "has built other:1"), (CONTEXT._replace(registry=""), "--registry SERVER")],
)
def test_what_cannot_be_pushed_is_explained(inputs: Inputs, said: str) -> None:
    """A push of an image that is not there says what was built; one without a registry how."""
    made = stage_of(inputs=inputs)
    build = TaskStep("b", 1, BuildLine(".", tags=("other:1",)))
    result = run(made, build, TaskStep("p", 2, ("shop:1",)))
    assert result.status is RunStatus.FAILED
    assert said in result.message


def test_a_push_has_to_be_allowed() -> None:
    """An image whose name the run may not push is refused before anything is sent."""
    made = stage_of(inputs=CONTEXT)
    made.engine.images["localhost:5000/shop:latest"] = "id-0"
    allowed = Allowed(push=lambda image: image.endswith(":pr-7"))
    made = made._replace(stage=made.stage._replace(allowed=allowed))
    result = run(made, TaskStep("p", 1, ("shop:latest",)))
    assert result.message == "step p may not push localhost:5000/shop:latest in this run"
    assert not made.engine.pushes
