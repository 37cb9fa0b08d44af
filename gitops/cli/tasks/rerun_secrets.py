"""The secrets of a run that is done again: read where they came from, or asked for anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import click

from gitops.cli.tasks.inputs import Wishes
from gitops.model.task_runs import TaskRun


class Anew(NamedTuple):
    """The options by which secrets are given anew."""

    secrets: tuple[str, ...]
    values: tuple[str, ...]


def given_again(
    record: TaskRun, anew: Anew, references: Mapping[str, str], hidden: tuple[str, ...]
) -> Wishes:
    """Return the options that give a run its secrets again: what is given anew wins.

    `references` say where each secret came from, `hidden` are the values that were secret. Raises
    `click.UsageError` for one that is kept nowhere, and was not given.
    """
    given = {text.partition("=")[0].partition(":")[0] for text in anew.secrets}
    known = []
    for name, reference in references.items():
        if name in given:
            continue
        if not reference:
            raise click.UsageError(
                f"the secret {name!r} of {record.id} was typed, and its value is kept nowhere: "
                f"give it with --secret {name}=VALUE, {name}=@FILE or {name}:env=NAME"
            )
        kind, _, place = reference.partition(":")
        known.append(f"{name}:{kind}={place}")
    _check_values(record, anew, hidden)
    return Wishes((), (), anew.values, (*known, *anew.secrets))


def _check_values(record: TaskRun, anew: Anew, hidden: tuple[str, ...]) -> None:
    given = {text.partition("=")[0] for text in anew.values}
    for name in hidden:
        if name not in given:
            raise click.UsageError(
                f"the value {name} of {record.id} was secret, and is kept nowhere: "
                f"give it with --set-secret {name}=VALUE"
            )
