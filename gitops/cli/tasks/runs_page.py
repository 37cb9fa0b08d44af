"""A run of a task as a row, as a page, and as data."""

from __future__ import annotations

import json

import click

from gitops.cli.pages.moments import moment, span
from gitops.cli.tasks.seen_runs import steps_as_seen
from gitops.model.task_runs import OutputImage, StepStatus, TaskRun, TaskStepRun
from gitops.store.store import Store

_MIB = 1024 * 1024
_WHOLE = ("KIND", "STATUS", "EXIT", "TRIES", "BEGAN", "TOOK", "MEMORY", "CPU")
_STEPS = ("STEP", *_WHOLE)


def causes_of(run: TaskRun) -> str:
    """Return why it started, in a line."""
    return ", ".join(str(cause) for cause in run.causes)


def run_document(run: TaskRun) -> dict[str, object]:
    """Return a run as data. Memory is bytes, CPU and duration are seconds; null is not known."""
    return {
        "kind": "task",
        "id": run.id,
        "project": run.project,
        "task": run.task,
        "type": str(run.type),
        "status": str(run.status),
        "causes": [{"kind": str(cause.kind), "text": cause.text} for cause in run.causes],
        "message": run.message,
        "commit": run.commit,
        "branch": run.branch,
        "url": run.url,
        "fingerprint": run.fingerprint,
        "platform": run.platform,
        "owner": run.owner,
        "created": moment(run.created),
        "started": moment(run.started),
        "ended": moment(run.ended),
        "duration": _seconds(run.started, run.ended),
        "peakMemory": run.peak_memory or None,
        "cpu": run.cpu or None,
        "canceledBy": run.canceled_by,
    }


def full_document(store: Store, run: TaskRun) -> dict[str, object]:
    """Return a run with its steps, its images, and what it takes to do it again."""
    snapshot = store.task_runs.snapshot(run.id)
    return {
        **run_document(run),
        "steps": [_step_document(step) for step in steps_as_seen(store, run)],
        "images": [image._asdict() for image in store.task_runs.images(run.id)],
        "bases": dict(store.task_runs.bases(run.id)),
        "snapshot": json.loads(snapshot) if snapshot else None,
    }


def print_page(store: Store, run: TaskRun, *, color: bool) -> None:
    """Print all that is known of a run."""
    for name, value in _fields(run):
        if value:
            click.echo(f"{name:12} {value}")
    steps = steps_as_seen(store, run)
    if steps:
        from gitops.cli.pages.tables import print_table  # noqa: PLC0415 - rich: 70 ms, only for a table

        click.echo()
        rows = [_step_cells(run, step) for step in steps]
        print_table(_STEPS, rows, color=color, whole=_WHOLE)
        for step in steps:
            if step.message:
                click.echo(f"{step.id}: {step.message}")
    _print_images(store.task_runs.images(run.id))


def _print_images(images: tuple[OutputImage, ...]) -> None:
    if images:
        click.echo("\nimages")
    for image in images:
        click.echo(f"  {image}")


def _fields(run: TaskRun) -> tuple[tuple[str, str], ...]:
    return (
        ("run", run.id),
        ("task", f"BuildTask/{run.task}" if run.task else ""),
        ("project", run.project),
        ("type", str(run.type)),
        ("status", str(run.status)),
        ("message", run.message),
        *(("cause", str(cause)) for cause in run.causes),
        ("commit", run.commit),
        ("branch", run.branch),
        ("url", run.url),
        ("fingerprint", run.fingerprint),
        ("platform", run.platform),
        ("asked by", run.owner),
        ("canceled by", run.canceled_by),
        ("asked", moment(run.created)),
        ("started", moment(run.started)),
        ("ended", moment(run.ended)),
        ("duration", span(run.started, run.ended)),
        ("peak memory", _memory(run.peak_memory)),
        ("CPU", f"{run.cpu:.1f}s" if run.cpu else ""),
    )


def _step_cells(run: TaskRun, step: TaskStepRun) -> tuple[str, ...]:
    offset = _seconds(run.started, step.started)
    return (
        step.id,
        step.kind,
        "waits" if step.status is StepStatus.SKIPPED and not run.status.ended else str(step.status),
        "-" if step.exit_code is None else str(step.exit_code),
        str(step.attempts or "-"),
        "-" if offset is None else f"+{offset:.1f}s",
        span(step.started, step.ended) or "-",
        _memory(step.peak_memory) or "-",
        f"{step.cpu:.1f}s" if step.cpu else "-",
    )


def _step_document(step: TaskStepRun) -> dict[str, object]:
    return {
        "number": step.number,
        "id": step.id,
        "kind": step.kind,
        "status": str(step.status),
        "exitCode": step.exit_code,
        "attempts": step.attempts,
        "message": step.message,
        "started": moment(step.started),
        "ended": moment(step.ended),
        "duration": _seconds(step.started, step.ended),
        "peakMemory": step.peak_memory or None,
        "cpu": step.cpu or None,
    }


def _memory(count: int) -> str:
    return f"{count / _MIB:.1f} MiB" if count else ""


def _seconds(since: float | None, until: float | None) -> float | None:
    return None if since is None or until is None else round(until - since, 3)
