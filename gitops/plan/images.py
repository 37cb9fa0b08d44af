"""Images: which are wanted, which have to be built, and where the moving tags should point."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from gitops.model.actions import Build, Push, Tag
from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.image import ImageRef
from gitops.model.observed import Inputs, Observed
from gitops.model.outcomes import Absent, Found, Unreachable
from gitops.model.plan import History
from gitops.model.resources import BuildTask, Registry, Repository
from gitops.model.sources import Source
from gitops.model.wanted import Blocked, WantedImage
from gitops.plan.draft import Draft, Why
from gitops.plan.fingerprint import image_fingerprint
from gitops.plan.placeholders import fill, fill_tag

TAG_PREFIX = "gitops-"
"""Tags that begin so are named by the inputs of the image."""


def wanted_image(
    bundle: Bundle, task: BuildTask, inputs: Inputs, target: str
) -> WantedImage | Blocked:
    """Return the image that `task` should have made of its source as it is now."""
    seen = inputs.sources.get(task.address)
    if isinstance(seen, Unreachable) or seen is None:
        why = f"{seen.what}: {seen.why}" if seen else "its source was not read"
        return Blocked("SourceUnreachable", why)
    if isinstance(seen, Absent):
        return Blocked("SourceMissing", seen.what, fatal=True)
    repository = bundle.resources[task.repository]
    if not isinstance(repository, Repository):
        return Blocked("ReferenceInvalid", f"{task.repository} is not a repository", fatal=True)
    source = seen.value
    try:
        args = {name: fill(value, source) for name, value in task.args.items()}
        tags = tuple(fill_tag(tag, source) for tag in task.tags)
    except ValueError as wrong:
        return Blocked("PlaceholderUnknown", str(wrong), fatal=True)
    fingerprint = image_fingerprint(task, source, args)
    moving = (*(("latest",) if task.latest else ()), *tags)
    return WantedImage(
        task=task.address,
        ref=ImageRef(repository_name(bundle, repository), TAG_PREFIX + fingerprint[:24]),
        moving=tuple(dict.fromkeys(moving)),
        fingerprint=fingerprint,
        commit=source.commit,
        target=target,
        args=args,
        labels=_labels(task, source),
        date=source.date,
        registry=repository.registry,
        timeout=task.timeout,
        stale=source.stale,
    )


def repository_name(bundle: Bundle, repository: Repository) -> str:
    """Return the full name of a repository, with its registry's server."""
    registry = bundle.resources[repository.registry]
    if not isinstance(registry, Registry):
        raise TypeError(f"{repository.registry} is not a registry")
    return f"{registry.server}/{repository.path}"


def _labels(task: BuildTask, source: Source) -> Mapping[str, str]:
    # https://specs.opencontainers.org/image-spec/annotations/ names these three.
    labels = {}
    if source.commit:
        labels["org.opencontainers.image.revision"] = source.commit
    if source.url:
        labels["org.opencontainers.image.source"] = source.url
    if source.date:
        created = datetime.fromtimestamp(source.date, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        labels["org.opencontainers.image.created"] = created
    return {**labels, **task.labels}


def plan_image(
    draft: Draft, image: WantedImage, observed: Observed, history: History
) -> tuple[int, ...] | Blocked:
    """Add the steps for one image; return those after which the registry has it.

    Blocked means that the image is not there and will not be.
    """
    known = observed.tags.get(str(image.ref), Absent())
    if isinstance(known, Unreachable):
        return draft.block(image.task, Blocked("RegistryUnreachable", f"{known.what}: {known.why}"))
    if isinstance(known, Absent):
        bad = history.quarantined.get(image.task, {}).get(image.fingerprint)
        if bad is not None:
            return draft.block(image.task, Blocked("BuildFailed", bad, fatal=True))
        ready: tuple[int, ...] = (_build(draft, image),)
    else:
        ready = ()
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


def _build(draft: Draft, image: WantedImage) -> int:
    because = f"no image for {_source_words(image)} yet ({image.ref.tag} is not in the registry)"
    built = draft.add(image.task, Build(image.target, image), Why(because, wish=image.fingerprint))
    return draft.add(
        image.task,
        Push(image.target, image.ref),
        "apps and other machines take it from the registry",
        after=(built, *draft.ready(image.registry)),
    )


def _move(
    draft: Draft, image: WantedImage, tag: str, observed: Observed, ready: tuple[int, ...]
) -> None:
    have = observed.tags.get(str(image.ref))
    points = observed.tags.get(str(ImageRef(image.ref.repository, tag)), Absent())
    if isinstance(points, Unreachable):
        why = f"{points.what}: {points.why}"
        draft.block(image.task, Blocked("RegistryUnreachable", why))
        return
    if isinstance(have, Found) and isinstance(points, Found):
        if have.value == points.value:
            return
        because = f"{tag} points to {_short(points.value)}, wanted {_short(have.value)}"
    elif isinstance(points, Found):
        because = f"{tag} points to {_short(points.value)}, wanted the new image"
    else:
        because = f"the repository has no {tag}"
    draft.add(image.task, Tag(image.ref, tag), because, after=ready)


def _source_words(image: WantedImage) -> str:
    return f"commit {image.commit[:8]}" if image.commit else "the folder as it is"


def _at(image: WantedImage) -> str:
    return f" of commit {image.commit[:8]}" if image.commit else ""


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:8]


def task_of(images: Mapping[Address, WantedImage | Blocked], name: ImageRef) -> Address | None:
    """Return the task that makes `name` (a repository and a tag), if one does."""
    for address, image in images.items():
        if (
            isinstance(image, WantedImage)
            and image.ref.repository == name.repository
            and name.tag in image.moving
        ):
            return address
    return None
