"""Volumes that hold files of containers: made with a container, and gone with its revision."""

from __future__ import annotations

from collections.abc import Iterable

from gitops.model.files import files_volume, is_files_volume
from gitops.model.notes import HISTORY
from gitops.model.observed import EngineSnapshot
from gitops.model.wanted import Wanted
from gitops.plan.deploys.revisions import revisions


def needless(wanted: Wanted, engine: EngineSnapshot) -> Iterable[str]:
    """Return the volumes whose files no app has, and no revision that it could return to.

    A container that still runs with such files is one that an earlier revision left: the record of
    that goes only after it.
    """
    there = files_volumes(wanted.project, engine)
    if not there:
        return ()
    contents = [app.container.files for app in wanted.apps]
    for note in engine.notes:
        if note.topic == HISTORY:
            contents += [kept.content.runtime.files for kept in revisions(note)]
    needed = {files_volume(wanted.project, files) for files in contents if files}
    return [volume for volume in there if volume not in needed]


def files_volumes(project: str, engine: EngineSnapshot) -> list[str]:
    """Return the volumes of a project that hold files of containers."""
    return sorted(volume for volume in engine.volumes if is_files_volume(project, volume))
