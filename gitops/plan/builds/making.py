"""The steps by which an image comes to be, and by which the moving tags follow it."""

from __future__ import annotations

from collections.abc import Mapping

from gitops.model.actions import Build, Push, RunTask, Tag
from gitops.model.image import ImageRef
from gitops.model.observed import Observed
from gitops.model.outcomes import Absent, Found, Unreachable
from gitops.model.plan import History
from gitops.model.task_runs import Cause, CauseKind
from gitops.model.wanted import Blocked, WantedImage
from gitops.plan.builds.imageless import blocked_by, forerunners, plan_run
from gitops.plan.builds.reasons import causes_of_image, short, source_words
from gitops.plan.draft import Draft, Why

Made = Mapping[ImageRef, tuple[int, ...] | Blocked]
"""The steps after which the registry has an image, or why it will not have it."""


def plan_image(
    draft: Draft, image: WantedImage, observed: Observed, history: History, made: Made
) -> tuple[int, ...] | Blocked:
    """Add the steps for one image; return those after which the registry has it.

    Blocked means that the image is not there and will not be. `made` are those planned before: a
    tag on the tip of a branch is the same image twice.
    """
    if not image.pushes:
        return plan_run(draft, image, observed, history)
    again = image.by_hand or image.ref not in made
    ready = _ready(draft, image, observed, history) if again else made[image.ref]
    if isinstance(ready, Blocked):
        return draft.block(image.task, draft.lack(image.task, ready))
    draft.set_ready(image.task, ready)
    for tag in image.moving:
        _move(draft, image, tag, observed, ready)
    if draft.blocked(image.task):
        return ready
    if image.stale:
        draft.block(image.task, Blocked("SourceUnreachable", image.stale))
    elif not draft.touches(image.task):
        draft.sync(image.task, f"{image.ref}{_at(image)}")
    return ready


def _ready(
    draft: Draft, image: WantedImage, observed: Observed, history: History
) -> tuple[int, ...] | Blocked:
    """Add what brings the image into the registry, if it is not there."""
    known = observed.tags.get(str(image.ref), Absent())
    if isinstance(known, Unreachable):
        return Blocked("RegistryUnreachable", f"{known.what}: {known.why}")
    bad = history.quarantined.get(image.task, {}).get(image.attempt)
    if not image.by_hand:
        if isinstance(known, Found):
            return ()
        if bad is not None:
            return blocked_by(bad)
    made = _make(draft, image, history)
    return made if isinstance(made, Blocked) else (made,)


def _make(draft: Draft, image: WantedImage, history: History) -> int | Blocked:
    """Add what builds and pushes an image, once those that it builds on are there."""
    before = forerunners(draft, image)
    if isinstance(before, Blocked):
        return before
    causes = causes_of_image(image, history)
    image = image._replace(fresh=any(cause.kind is CauseKind.SCHEDULE for cause in causes))
    why = Why(_because(image, causes), wish=image.attempt)
    # What it builds on is looked up in the registry, and layers are kept there.
    asks = image.steps or image.after or image.keeps_layers
    registry = draft.ready(image.registry) if image.registry is not None else ()
    needed = (*before, *registry) if asks else before
    if image.steps:
        return draft.add(image.task, RunTask(image.target, image, causes), why, after=needed)
    built = draft.add(image.task, Build(image.target, image, causes), why, after=needed)
    return draft.add(
        image.task,
        Push(image.target, image.ref),
        "apps and other machines take it from the registry",
        after=(built, *registry),
    )


def _because(image: WantedImage, causes: tuple[Cause, ...]) -> str:
    if image.by_hand:
        return f"{causes[0]}: {source_words(image)}"
    if causes and causes[0].kind in (CauseKind.MISSING, CauseKind.RETRY):
        return f"{causes[0]} ({image.ref.tag} is not in the registry)"
    missing = f"no image for {source_words(image)} yet ({image.ref.tag} is not in the registry)"
    return f"{', '.join(map(str, causes))}: {missing}" if causes else missing


def _move(
    draft: Draft, image: WantedImage, tag: str, observed: Observed, ready: tuple[int, ...]
) -> None:
    # What is made anew has another digest than the one that is there now.
    have = observed.tags.get(str(image.ref)) if not image.by_hand else None
    points = observed.tags.get(str(ImageRef(image.ref.repository, tag)), Absent())
    if isinstance(points, Unreachable):
        unseen = f"{points.what}: {points.why}"
        draft.block(image.task, Blocked("RegistryUnreachable", unseen))
        return
    if isinstance(have, Found) and isinstance(points, Found):
        if have.value == points.value:
            return
        because = f"{tag} points to {short(points.value)}, wanted {short(have.value)}"
    elif isinstance(points, Found):
        because = f"{tag} points to {short(points.value)}, wanted the new image"
    else:
        because = f"the repository has no {tag}"
    draft.add(image.task, Tag(image.ref, tag), because, after=ready)


def _at(image: WantedImage) -> str:
    return f" of commit {image.commit[:8]}" if image.commit else ""
