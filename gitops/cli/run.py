"""`gitops run`: run a task file, or one command, without any spec."""

from __future__ import annotations

from pathlib import Path

import click

from gitops.cli.quick_run import QuickRun, dry_run, quick_run
from gitops.cli.task_inputs import Wishes
from gitops.engine.tasks.stage import Limits


@click.command("run")
@click.argument("file", required=False, default="")
@click.argument("context", required=False, default="", metavar="[CONTEXT]")
@click.option("--cmd", "command", default="", help="Run this image with these arguments instead.")
@click.option(
    "--context", "files", default="", help="The files of the run: a folder, archive, URL, or `-`."
)
@click.option("--registry", default="", help="The server for names without one; {{.Run.Registry}}.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A value; repeatable.")
@click.option(
    "--set-secret",
    "secret_settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A value that is shown nowhere; repeatable.",
)
@click.option(
    "--values",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A YAML file of values; repeatable.",
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="ID=VALUE",
    help="A secret of the task: ID=VALUE, ID=@FILE or ID:env=NAME; repeatable.",
)
@click.option("--docker-socket", is_flag=True, help="Let the steps use the engine itself.")
@click.option("--dry-run", "dry", is_flag=True, help="Print the rendered steps; run none.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.0),
    default=Limits().timeout,
    show_default=True,
    help="Seconds for the whole run.",
)
@click.option("--project", default="", help="Whose run it is.  [default: this folder's name]")
def command(  # noqa: PLR0913 - one parameter for each option
    *,
    file: str,
    context: str,
    command: str,
    files: str,
    registry: str,
    settings: tuple[str, ...],
    secret_settings: tuple[str, ...],
    values: tuple[Path, ...],
    secrets: tuple[str, ...],
    timeout: float,
    project: str,
    docker_socket: bool,
    dry: bool,
) -> int:
    """Run the steps of a task FILE (`-`: standard input), or one --cmd.

    CONTEXT is the same as --context. Without one, no file is given to the steps.
    """
    places = [place for place in (*((file, context) if command else (context,)), files) if place]
    if len(places) > 1:
        raise click.UsageError(f"there is one context; {' and '.join(places)} are too many")
    if not (file or command):
        raise click.UsageError("name a task file, `-` for standard input, or give --cmd")
    if file == "-" and not command and places == ["-"]:
        raise click.UsageError("standard input is either the task or the context, not both")
    wish = QuickRun(
        file="" if command else file,
        command=command,
        context="".join(places).removeprefix("/dev/null"),
        registry=registry,
        wishes=Wishes(values, settings, secret_settings, secrets),
        socket=docker_socket,
        timeout=timeout,
        project=project,
    )
    return dry_run(wish) if dry else quick_run(wish)
