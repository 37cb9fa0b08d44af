"""The `gitops` command: finds the command that was asked for, and turns errors into exit codes."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from importlib import import_module

import click

from gitops import __version__
from gitops.cli import exits
from gitops.cli.streams import drop_output, make_ready

COMMANDS = {
    "authority": "Print the certificate of the project's own authority, to be trusted.",
    "build": "Build an image of any context and push it, without a spec.",
    "cancel": "End runs of tasks that wait or work.",
    "completion": "Print the completion script of a shell.",
    "doctor": "Say what is missing on this machine, and how to mend it.",
    "down": "Remove what the project owns; volumes only with --volumes.",
    "events": "List what happened to resources.",
    "exec": "Run a command in a container of an app.",
    "history": "List the revisions of an app that a rollback can return to.",
    "logs": "Print the log of an app, a build or a run.",
    "plan": "Show what would be done, and why; change nothing.",
    "reconcile": "Make the world match the specs, once.",
    "rerun": "Do a run of a task again, with the same inputs.",
    "restart": "Restart an app's replicas, one after the other.",
    "resume": "Let an app follow its spec again after a rollback or swap.",
    "rollback": "Return an app to an earlier revision, and keep it there.",
    "run": "Run a task file, one command, or a task of the specs.",
    "runs": "List runs, or show one.",
    "schema": "Print the JSON Schema of a kind.",
    "start": "Let a stopped app run again.",
    "status": "Show how each resource is, and why it is not ready.",
    "stop": "Stop an app until it is started.",
    "swap": "Let an app and one of its slots change contents.",
    "top": "Show what apps use, and how their requests fare.",
    "validate": "Check specs without looking at anything else.",
    "watch": "Follow specs, folders and git; reconcile on every change.",
    "why": "Say why a resource is not ready, and what to do.",
}
"""Each is the function `command` of the module of its name."""


class LazyGroup(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name."""
        if cmd_name not in COMMANDS:
            near = [name for name in COMMANDS if name.startswith(cmd_name[:2])]
            near.sort(key=lambda name: len(set(name) ^ set(cmd_name)))
            hint = f" Did you mean {near[0]}?" if near else ""
            ctx.fail(f"No such command {cmd_name!r}.{hint}")
        command = import_module(f"gitops.cli.{cmd_name}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"gitops.cli.{cmd_name}.command is not a command")
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a reader of our output that has seen enough is no failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Click would exit with 1.
            drop_output()
            return exits.OK

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the list without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gitops")
def cli() -> None:
    """Make a Docker engine match YAML specs of registries, repositories, builds and web apps.

    Without -f, a command reads registry.yaml in the current folder.
    """


def main() -> None:
    """Run the command line and exit with a code of docs/exit-codes.md."""
    # Short runs make much and drop little: collecting costs a tenth of the time and frees nothing.
    gc.disable()
    make_ready()
    ended: list[int] = []
    # What is registered first is called last: when threads have ended, and files are gone.
    atexit.register(_leave, ended)
    code = run(sys.argv[1:])
    ended.append(code)
    sys.exit(code)


def _leave(ended: list[int]) -> None:
    """End the process as it is: to take the program apart takes 15 ms, and changes nothing.

    A fault of the program has left no code, and ends as Python ends it.
    """
    if ended:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:
            return  # the reader has gone, which Python tells in its own way
        os._exit(ended[0])


def run(arguments: list[str]) -> int:
    """Run one command line; return its exit code."""
    try:
        code = cli.main(arguments, prog_name="gitops", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return exits.USAGE
    except click.ClickException as error:
        error.show()
        return exits.FAILED
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return exits.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a fault of the program flies on
        return _explain(error)
    return code if isinstance(code, int) else exits.OK


def _explain(error: Exception) -> int:
    """Show an error that a command expects to be shown; let a fault of the program fly."""
    from gitops.cli.failures import explained  # noqa: PLC0415 - only when something failed

    told = explained(error)
    if told is None:
        raise error
    click.echo(f"error: {told.message}", err=True)
    return told.code
