"""`gitops build`: build an image of any context and push it, without any spec."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from gitops.cli.tasks.inputs import Wishes
from gitops.cli.tasks.quick_run import QuickRun, quick_run
from gitops.drivers.contexts.places import Kind, place_of
from gitops.engine.tasks.names import has_registry
from gitops.engine.tasks.stage import Limits
from gitops.model.task_runs import RunType


class _Line(NamedTuple):
    """The options of the build; the command's parameters of the same names."""

    tag: tuple[str, ...]
    file: str
    build_arg: tuple[str, ...]
    label: tuple[str, ...]
    ssh: tuple[str, ...]
    target: str
    platform: tuple[str, ...]
    no_cache: bool
    pull: bool


@click.command("build")
@click.argument("context", default=".")
@click.option("--tag", "-t", multiple=True, metavar="NAME:TAG", help="The image; repeatable.")
@click.option("--file", "-f", default="", help="The Dockerfile, in the context or here.")
@click.option("--registry", default="", help="The server for names without one.")
@click.option("--build-arg", multiple=True, metavar="NAME[=VALUE]", help="A build arg; repeatable.")
@click.option(
    "--secret",
    multiple=True,
    metavar="id=ID,env=NAME|src=FILE",
    help="A secret for `RUN --mount=type=secret`; repeatable.",
)
@click.option("--ssh", multiple=True, metavar="default", help="Lend your SSH agent to the build.")
@click.option("--target", default="", help="The stage to build.")
@click.option(
    "--platform", multiple=True, metavar="OS/ARCH", help="A platform to build for; repeatable."
)
@click.option("--label", multiple=True, metavar="NAME=VALUE", help="A label; repeatable.")
@click.option("--no-push", is_flag=True, help="Leave the image on the engine.")
@click.option("--no-cache", is_flag=True, help="Build every step anew.")
@click.option("--pull", is_flag=True, help="Look for newer base images.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.0),
    default=Limits().timeout,
    show_default=True,
    help="Seconds for build and push.",
)
@click.option("--project", default="", help="Whose run it is.  [default: this folder's name]")
def command(
    *,
    context: str,
    registry: str,
    secret: tuple[str, ...],
    no_push: bool,
    timeout: float,
    project: str,
    **options: tuple[str, ...] | str | bool,
) -> int:
    """Build the CONTEXT: a folder, a tar archive, a git or http(s) URL, or `-` (standard input).

    With -t the image is pushed. What the run is may be part of a name: -t app:{{.Run.ID}}.
    """
    line = _Line(**options)  # type: ignore[arg-type] # click's types are those of the options
    inside, outside = _dockerfile(context, line.file)
    line = line._replace(file=inside)
    tags = () if no_push else line.tag
    if not line.tag:
        click.echo("note: without -t nothing is pushed, and no image is kept", err=True)
    secrets = dict(_secret(text) for text in secret)
    return quick_run(
        QuickRun(
            file="",
            command="",
            context=context,
            registry=registry,
            wishes=Wishes((), (), (), tuple(secrets.values())),
            socket=False,
            limits=Limits(timeout=timeout),
            project=project,
            text=_text(line, tuple(secrets), tags, timeout),
            type=RunType.QUICK_BUILD,
            unnamed=tuple(tag for tag in tags if not has_registry(tag)),
            dockerfile=outside,
        )
    )


def _dockerfile(context: str, file: str) -> tuple[str, str]:
    """Return a Dockerfile's path in the context, or else its absolute path elsewhere.

    In a folder, a path is looked for from its top, then, as `docker build` does, from here. In
    what is read from elsewhere a path can only be one inside of it.
    """
    top = Path(context)
    if not file or not top.is_dir() or place_of(context).kind is not Kind.FOLDER:
        return file, ""
    if (top / file).is_file() or not Path(file).is_file():
        inside = os.path.normpath(top / file)  # not `resolve`: links are refused, not followed
    else:
        inside = os.path.abspath(file)  # noqa: PTH100 - the same
    path = os.path.relpath(inside, top)
    beyond = Path(path).parts[0] == os.pardir
    return ("", os.path.abspath(inside)) if beyond else (path, "")  # noqa: PTH100 - the same


def _text(line: _Line, secrets: tuple[str, ...], pushed: tuple[str, ...], timeout: float) -> str:
    """Return the task: JSON's strings are YAML's. Azure's v1.0.0 has no aliases: `$` is `$`."""
    words = [*_words(line), *(word for name in secrets for word in ("--secret", f"id={name}")), "."]
    limit = {"timeout": int(timeout)} if timeout else {}
    steps: list[dict[str, object]] = [{"id": "build", "build": shlex.join(words), **limit}]
    if pushed:
        steps.append({"id": "push", "push": list(pushed), **limit})
    return json.dumps({"version": "v1.0.0", "steps": steps}, indent=1, ensure_ascii=False) + "\n"


def _words(line: _Line) -> Iterator[str]:
    several = {
        "--build-arg": line.build_arg,
        "--label": line.label,
        "--ssh": line.ssh,
        "--platform": line.platform,
        "--file": (line.file,) if line.file else (),
        "--target": (line.target,) if line.target else (),
    }
    for tag in line.tag:
        yield from ("--tag", tag)
    for name, values in several.items():
        for value in values:
            # Names of images alone are templates.
            yield from (name, value.replace("{{", '{{"{{"}}'))
    yield from ["--no-cache"] if line.no_cache else []
    yield from ["--pull"] if line.pull else []


def _secret(text: str) -> tuple[str, str]:
    """Return the id of a build secret, and the secret as `gitops run --secret` writes it."""
    found = dict(part.partition("=")[::2] for part in text.split(","))
    name = found.pop("id", "")
    kind = found.pop("type", "file")
    source = {"src": "file", "source": "file", "env": "env"}
    if not name or len(found) != 1 or not set(found) <= set(source) or kind not in ("file", "env"):
        # The text may hold a secret that was meant to be a file's name.
        raise click.UsageError("--secret is followed by id=ID,env=NAME or id=ID,src=FILE")
    ((key, value),) = found.items()
    return name, f"{name}:{source[key]}={value}"
