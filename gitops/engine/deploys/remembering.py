"""Keeps the record of a revision that serves, with what only its deployment could tell."""

from __future__ import annotations

from gitops.engine.ports import Site
from gitops.engine.scene import Scene
from gitops.model.actions import KeepRevision
from gitops.model.outcomes import Done, Found, Outcome
from gitops.plan.deploys.revisions import history_note


def keep_revision(scene: Scene, site: Site, action: KeepRevision) -> Outcome:
    """Write the app's history, its newest revision with the digest that its image has."""
    revision = action.revision
    image = revision.content.image
    digest = revision.digest or image.digest or scene.board.digest(image)
    if not digest:
        seen = scene.world.registries.digest(image)
        digest = seen.value if isinstance(seen, Found) else ""
    now = scene.world.clock()
    kept = (revision._replace(digest=digest, since=now), *action.older)
    note = history_note(action.app.name, kept)._replace(version=action.version)
    site.notes.write(scene.project, note)
    return Done(f"revision {revision.number}")
