"""Tasks that make no image and only run: a note with the engine tells what they have run with."""

from __future__ import annotations

from gitops.model.actions import RunTask, WriteNote
from gitops.model.notes import RUN, Note
from gitops.model.observed import Observed
from gitops.model.outcomes import Found
from gitops.model.plan import History
from gitops.model.records import CANCELED
from gitops.model.wanted import Blocked, WantedImage
from gitops.plan.builds.reasons import causes_of_image, source_words
from gitops.plan.draft import Draft, Why


def plan_run(
    draft: Draft, image: WantedImage, observed: Observed, history: History
) -> tuple[int, ...] | Blocked:
    """Add the run of a task, unless its last run that went well was with these inputs.

    Returns the steps after which it has run; Blocked means that it has not, and will not.
    """
    note = _last(observed, image)
    ready = _ready(draft, image, note, history)
    if isinstance(ready, Blocked):
        return draft.block(image.task, draft.lack(image.task, ready))
    draft.set_ready(image.task, ready)
    if image.stale:
        draft.block(image.task, Blocked("SourceUnreachable", image.stale))
    elif not draft.touches(image.task):
        draft.sync(image.task, f"it has run with {source_words(image)}")
    return ready


def _ready(
    draft: Draft, image: WantedImage, note: Note | None, history: History
) -> tuple[int, ...] | Blocked:
    bad = history.quarantined.get(image.task, {}).get(image.attempt)
    if not image.by_hand:
        if note is not None and note.text == image.fingerprint:
            return ()
        if bad is not None:
            return blocked_by(bad)
    before = forerunners(draft, image)
    if isinstance(before, Blocked):
        return before
    registry = draft.ready(image.registry) if image.registry is not None else ()
    causes = causes_of_image(image, history)
    told, words = ", ".join(map(str, causes)), source_words(image)
    because = f"{told}: {words}" if told else f"it has not run with {words} yet"
    why = Why(because, wish=image.attempt)
    action = RunTask(image.target, image, causes)
    ran = draft.add(image.task, action, why, after=(*before, *registry))
    if not image.altered and (note is None or note.text != image.fingerprint):
        # Written when the run has gone well: what is broken off between the two runs once more.
        kept = Note(RUN, image.task.name, note.version + 1 if note else 1, image.fingerprint)
        because = "it does not run again with these inputs"
        draft.add(image.task, WriteNote(image.target, kept), because, after=(ran,))
    return (ran,)


def blocked_by(bad: str) -> Blocked:
    """Return why inputs are not tried again: they failed, or their run was called off."""
    reason = "BuildCanceled" if bad.startswith(CANCELED) else "BuildFailed"
    return Blocked(reason, bad.removeprefix(CANCELED), fatal=True)


def _last(observed: Observed, image: WantedImage) -> Note | None:
    """Return what is noted of the last run."""
    seen = observed.engines.get(image.target)
    if not isinstance(seen, Found):
        return None
    wanted = (RUN, image.task.name)
    return next((one for one in seen.value.notes if (one.topic, one.name) == wanted), None)


def forerunners(draft: Draft, image: WantedImage) -> tuple[int, ...] | Blocked:
    """Return the steps of the tasks that come before this one, or what of it will not be there."""
    if image.lacks:
        return Blocked("SecretMissing", "; ".join(dict.fromkeys(image.lacks.values())), fatal=True)
    before: list[int] = []
    for address in image.after:
        obstacle = draft.lacking(address)
        if obstacle is not None:
            return obstacle.holds_up(address)
        before.extend(draft.ready(address))
    return tuple(before)
