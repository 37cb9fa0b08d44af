"""`gitops run`: run a task file, one command, or a task of the specs."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import update_wrapper
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import click

from gitops.cli.options import SpecOptions
from gitops.cli.tasks.inputs import Wishes
from gitops.cli.tasks.quick_run import QuickRun, dry_run, quick_run
from gitops.engine.tasks.stage import Limits
from gitops.spec.units import SMALLEST_MEMORY, size

F = TypeVar("F", bound=Callable[..., Any])

_TASK = "buildtask/"


class OfSpecs(NamedTuple):
    """The options that are for a task of the specs alone."""

    files: tuple[Path, ...]
    values: tuple[Path, ...]
    settings: tuple[str, ...]
    args: tuple[str, ...]
    target: str


class Given(NamedTuple):
    """Limits as they were given; none is what is usual."""

    timeout: float | None
    cpus: float | None
    memory: str | None
    disk: str | None


class OfFiles(NamedTuple):
    """What is for a task file or a command alone."""

    command: str
    places: tuple[str, ...]
    registry: str
    socket: bool
    limits: Given


def _given_options(function: F) -> F:
    """Add the options that give values and secrets; the function gets them as `wishes`."""

    def collected(
        values: tuple[Path, ...],
        settings: tuple[str, ...],
        secret_settings: tuple[str, ...],
        secrets: tuple[str, ...],
        **rest: object,
    ) -> object:
        return function(wishes=Wishes(values, settings, secret_settings, secrets), **rest)

    options = (
        click.option(
            "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A value; repeatable."
        ),
        click.option(
            "--set-secret",
            "secret_settings",
            multiple=True,
            metavar="NAME=VALUE",
            help="A value that is shown nowhere; repeatable.",
        ),
        click.option(
            "--values",
            type=click.Path(path_type=Path),
            multiple=True,
            help="A YAML file of values; repeatable.",
        ),
        click.option(
            "--secret",
            "secrets",
            multiple=True,
            metavar="ID=VALUE",
            help="A secret of the task: ID=VALUE, ID=@FILE or ID:env=NAME; repeatable.",
        ),
    )
    return _with(options, update_wrapper(collected, function))


def _spec_options(function: F) -> F:
    """Add the options for a task of the specs; the function gets them as `of_specs`."""

    def collected(
        *,
        specs: tuple[Path, ...],
        spec_values: tuple[Path, ...],
        spec_set: tuple[str, ...],
        args: tuple[str, ...],
        target: str,
        **rest: object,
    ) -> object:
        return function(of_specs=OfSpecs(specs, spec_values, spec_set, args, target), **rest)

    options = (
        click.option(
            "-f",
            "--file",
            "specs",
            type=click.Path(path_type=Path),
            multiple=True,
            help="BuildTask: a spec file or folder; repeatable.  [default: registry.yaml]",
        ),
        click.option(
            "--spec-values",
            type=click.Path(path_type=Path),
            multiple=True,
            help="BuildTask: values for *.yaml.j2 specs; repeatable.",
        ),
        click.option(
            "--spec-set",
            multiple=True,
            metavar="KEY=VALUE",
            help="BuildTask: one value for *.yaml.j2 specs; repeatable.",
        ),
        click.option(
            "--arg",
            "args",
            multiple=True,
            metavar="NAME=VALUE",
            help="BuildTask with a Dockerfile: a build argument; repeatable.",
        ),
        click.option(
            "--target", default="", help="BuildTask with a Dockerfile: the stage to build."
        ),
    )
    return _with(options, update_wrapper(collected, function))


def _limit_options(function: F) -> F:
    """Add the limits of the run; the function gets them as `limits`."""

    def collected(
        *,
        timeout: float | None,
        cpus: float | None,
        memory: str | None,
        disk: str | None,
        **rest: object,
    ) -> object:
        return function(limits=Given(timeout, cpus, memory, disk), **rest)

    usual = f"{Limits().timeout:g}, or that of the BuildTask"
    options = (
        click.option(
            "--timeout",
            type=click.FloatRange(min=0.0),
            help=f"Seconds for the whole run.  [default: {usual}]",
        ),
        click.option("--cpus", type=click.FloatRange(min=0.01), help="Cores for each step."),
        click.option("--memory", metavar="SIZE", help="Memory for each step, as in 512Mi."),
        click.option(
            "--disk",
            metavar="SIZE",
            help="What the run may take on the engine's disk, as in 10Gi.",
        ),
    )
    return _with(options, update_wrapper(collected, function))


def _with(options: tuple[Callable[[F], F], ...], collected: object) -> F:
    decorated = cast("F", collected)
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


@click.command("run")
@click.argument("file", required=False, default="")
@click.argument("context", required=False, default="", metavar="[CONTEXT]")
@click.option("--cmd", "command", default="", help="Run this image with these arguments instead.")
@click.option(
    "--context", "files", default="", help="The files of the run: a folder, archive, URL, or `-`."
)
@click.option("--registry", default="", help="The server for names without one; {{.Run.Registry}}.")
@_given_options
@click.option("--docker-socket", is_flag=True, help="Let the steps use the engine itself.")
@click.option("--dry-run", "dry", is_flag=True, help="Print the rendered steps; run none.")
@_limit_options
@click.option("--project", default="", help="Whose run it is.  [default: this folder's name]")
@_spec_options
def command(  # noqa: PLR0913 - one parameter for each option
    *,
    file: str,
    context: str,
    command: str,
    files: str,
    registry: str,
    wishes: Wishes,
    limits: Given,
    project: str,
    docker_socket: bool,
    dry: bool,
    of_specs: OfSpecs,
) -> int:
    """Run the steps of a task FILE (`-`: standard input), one --cmd, or a BuildTask/NAME.

    CONTEXT is the same as --context. Without one, no file is given to the steps. A task of the
    specs runs with its own source, whether it has to or not.
    """
    here = (*((file, context) if command else (context,)), files)
    of_files = OfFiles(command, tuple(filter(None, here)), registry, docker_socket, limits)
    if file.lower().startswith(_TASK):
        _only_for_files(file, of_files)
        from gitops.cli.tasks.run_task import TaskWish, run_task  # noqa: PLC0415 - 250 ms, see `of_specs`

        options = SpecOptions(of_specs.files, project, of_specs.values, of_specs.settings)
        task = TaskWish(options, file, wishes, of_specs.args, of_specs.target, limits.timeout)
        return run_task(task, dry=dry)
    _check(file, of_files, of_specs)
    wish = QuickRun(
        file="" if command else file,
        command=command,
        context="".join(of_files.places).removeprefix("/dev/null"),
        registry=registry,
        wishes=wishes,
        socket=docker_socket,
        limits=_limits(limits),
        project=project,
    )
    return dry_run(wish) if dry else quick_run(wish)


def _limits(given: Given) -> Limits:
    usual = Limits()
    return Limits(
        usual.timeout if given.timeout is None else given.timeout,
        given.cpus or usual.cpus,
        _memory(given.memory),
        disk=_size("--disk", given.disk),
    )


def _memory(text: str | None) -> int:
    found = _size("--memory", text)
    if 0 < found < SMALLEST_MEMORY:
        raise click.UsageError(f"--memory {text} is too little: the engine takes 6Mi or more")
    return found


def _size(option: str, text: str | None) -> int:
    """Return the bytes of a size; 0 for none."""
    if text is None:
        return 0
    if not re.fullmatch(r"[1-9][0-9]{0,11}[KMGT]i", text):
        raise click.UsageError(f"{option} is followed by a size as in 512Mi or 10Gi, not {text!r}")
    return size(text)


def _check(file: str, given: OfFiles, of_specs: OfSpecs) -> None:
    """Refuse what makes no sense for a task file or a command."""
    places = given.places
    if any(of_specs):
        raise click.UsageError(
            "-f, --spec-values, --spec-set, --arg and --target are for a BuildTask of the specs: "
            "write gitops run BuildTask/NAME"
        )
    if len(places) > 1:
        raise click.UsageError(f"there is one context; {' and '.join(places)} are too many")
    if not (file or given.command):
        raise click.UsageError("name a task file, `-` for standard input, or give --cmd")
    if file == "-" and not given.command and places == ("-",):
        raise click.UsageError("standard input is either the task or the context, not both")


def _only_for_files(task: str, given: OfFiles) -> None:
    """Refuse what the spec of a BuildTask says by itself."""
    said = {
        "--cmd": (given.command, "its steps are those of its spec"),
        "--context": (given.places, "its source is that of its spec"),
        "--registry": (given.registry, "it pushes where its spec says"),
        "--docker-socket": (given.socket, "its spec says dockerSocket: true"),
        "--cpus": (given.limits.cpus, "its spec says resources.cpus"),
        "--memory": (given.limits.memory, "its spec says resources.memory"),
        "--disk": (given.limits.disk, "its spec says resources.disk"),
    }
    for option, (found, why) in said.items():
        if found:
            raise click.UsageError(f"{option} is not for {task}: {why}")
