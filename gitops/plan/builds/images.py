"""Images: which are wanted, named by what they are made from before anything is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.image import ImageRef, parse_image, registry_of
from gitops.model.image_tags import meaning
from gitops.model.observed import Inputs
from gitops.model.outcomes import Absent, Found, Observation, Unreachable
from gitops.model.resources import BuildTask
from gitops.model.sources import Source
from gitops.model.task_inputs import BuildInputs
from gitops.model.wanted import Blocked, WantedImage
from gitops.plan.builds.bases import Ground, bases_named, bases_of, ground
from gitops.plan.builds.placeholders import fill, fill_tag
from gitops.plan.builds.schedules import last_due
from gitops.plan.fingerprint import image_fingerprint, task_config, task_terms, text_hash
from gitops.plan.repositories import place_of

TAG_PREFIX = "gitops-"
"""Tags that begin so are named by the inputs of the image."""

Images = Mapping[Address, WantedImage | Blocked]


_NOTHING = BuildInputs("", "", "")


class _Sight(NamedTuple):
    """What a task's images are worked out from; `made` are those that come before them."""

    bundle: Bundle
    inputs: Inputs
    ground: Ground
    target: str
    made: Images


def wanted_images(
    bundle: Bundle, inputs: Inputs, target: str
) -> dict[Address, WantedImage | Blocked]:
    """Return the image that each task should have made of its source as it is now.

    The order is that of the specs, except that each comes after those that it is built on. Those of
    tags and pull requests, which may be built on any of them, come last.
    """
    stand = ground(bundle, inputs)
    made: dict[Address, WantedImage | Blocked] = {}
    sight = _Sight(bundle, inputs, stand, target, made)
    for task in stand.order:
        made[task.address] = _main(sight, task)
    beside = [_beside(sight, task) for task in stand.order]
    return {**made, **{address: image for each in beside for address, image in each.items()}}


def _main(sight: _Sight, task: BuildTask) -> WantedImage | Blocked:
    seen = sight.inputs.sources.get(task.address)
    if isinstance(seen, Unreachable) or seen is None:
        why = f"{seen.what}: {seen.why}" if seen else "its source was not read"
        return Blocked("SourceUnreachable", why)
    if isinstance(seen, Absent):
        return Blocked("SourceMissing", seen.what, fatal=True)
    if task.address in sight.ground.circle:
        return Blocked("DependencyCycle", sight.ground.circle[task.address], fatal=True)
    return _image(sight, task, seen.value, "")


def _beside(sight: _Sight, task: BuildTask) -> dict[Address, WantedImage | Blocked]:
    """Return the images of a task's newest tag and of its pull requests."""
    seen = sight.inputs.sources.get(task.address)
    if not isinstance(seen, Found) or task.address in sight.ground.circle:
        return {}
    images: dict[Address, WantedImage | Blocked] = {}
    for source in seen.value.beside:
        name = f"pr-{source.pull}" if source.pull else source.tag
        address = Address(task.address.kind, f"{task.address.name}@{name}")
        taken = "" if source.pull else _taken(task, source, name)
        images[address] = (
            Blocked("TagTaken", taken, fatal=True) if taken else _image(sight, task, source, name)
        )
    return images


def _taken(task: BuildTask, source: Source, name: str) -> str:
    """Return why no image may have the name of a tag of git; empty when one may."""
    if task.repository is None:
        return ""
    tag = fill_tag(name, source)
    what = meaning(tag, caches=task.cache != "off" and task.steps is None)
    if not what and tag in task.tags:
        what = "is one of the task's own `tags`"
    return f"no image can have the name of the tag {name} of git: it {what}" if what else ""


def _image(sight: _Sight, task: BuildTask, source: Source, offshoot: str) -> WantedImage | Blocked:
    try:
        args = {name: fill(value, source) for name, value in task.args.items()}
        moving = _moving(task, source, offshoot)
    except ValueError as wrong:
        return Blocked("PlaceholderUnknown", str(wrong), fatal=True)
    name = f"{task.address.name}@{offshoot}" if offshoot else task.address.name
    address = Address(task.address.kind, name)
    before = sight.inputs.before.get(address, _NOTHING)
    inputs = _inputs(sight, task, source, args, before)
    if isinstance(inputs, Blocked):
        return inputs
    fingerprint = image_fingerprint(task, inputs, args, source.pull, beside=bool(offshoot))
    prefix = f"pr-{source.pull}-" if source.pull else TAG_PREFIX
    place = place_of(sight.bundle, task)
    return WantedImage(
        task=address,
        ref=ImageRef(place.repository, prefix + fingerprint[:24]),
        moving=moving,
        fingerprint=fingerprint,
        commit=source.commit,
        target=sight.target,
        args=args,
        labels=_labels(task, source),
        date=source.date,
        registry=place.registry,
        timeout=task.timeout,
        stale=source.stale,
        inputs=inputs,
        offshoot=offshoot,
        pull=source.pull,
        after=_needed(sight, task, inputs),
        steps=task.steps is not None,
        keeps_layers=task.steps is None and task.cache != "off" and not source.pull,
        terms=task_terms(task),
        lacks=_lacks(task, source, sight.inputs),
    )


def _lacks(task: BuildTask, source: Source, inputs: Inputs) -> Mapping[str, str]:
    """Return why secrets of the task cannot be read; a pull request gets none and needs none."""
    if source.pull or not task.secrets:
        return {}
    errors = inputs.secret_errors
    return {name: errors[ref] for name, ref in task.secrets.items() if ref in errors}


def _moving(task: BuildTask, source: Source, offshoot: str) -> tuple[str, ...]:
    """Return the tags that follow an image; one of a pull request has a single tag of its own."""
    if task.repository is None:
        return ()
    if source.pull:
        return (offshoot,)
    if offshoot:
        return (fill_tag(offshoot, source),)
    latest = ("latest",) if task.latest else ()
    return tuple(dict.fromkeys((*latest, *(fill_tag(tag, source) for tag in task.tags))))


def _inputs(
    sight: _Sight,
    task: BuildTask,
    source: Source,
    args: Mapping[str, str],
    before: BuildInputs,
) -> BuildInputs | Blocked:
    """Return what an image is made from; what cannot be known means no build.

    `before` is what it was made from last. A trigger that was switched off keeps what it said then:
    to forget it would lead back to an older image.
    """
    bases = _bases(sight, task, source, before.bases)
    if isinstance(bases, Blocked):
        return bases
    after: dict[str, str] = {}
    for address in task.triggers.after:
        made = sight.made[address]
        if isinstance(made, Blocked):
            return made.holds_up(address)
        after[str(address)] = made.fingerprint
    text = task.steps.text if task.steps is not None else ""
    return BuildInputs(
        tree=source.followed or source.tree,
        recipe=text_hash(text) if text else source.dockerfile,
        config=task_config(task, args),
        commit=source.commit,
        bases=bases,
        scheduled={
            **before.scheduled,
            **last_due(task.triggers.schedules, sight.inputs.now),
        },
        after=after,
    )


def _bases(
    sight: _Sight, task: BuildTask, source: Source, before: Mapping[str, str]
) -> dict[str, str] | Blocked:
    """Return what each base image is now; of one that cannot be seen, what it was."""
    found: dict[str, str] = {}
    for name in bases_of(task, source):
        base = _base(sight, task, name, before.get(name, ""))
        if isinstance(base, Blocked):
            return base
        if base:
            found[name] = base
    if not task.triggers.base_image:
        found |= {name: before[name] for name in bases_named(task, source) if name in before}
    return found


def _base(sight: _Sight, task: BuildTask, name: str, before: str) -> str | Blocked:
    """Return what a base image is now, or was; empty for one that takes no part."""
    maker = sight.ground.maker(name)
    if maker == task.address:
        return ""
    if maker is not None:
        made = sight.made[maker]
        return made.holds_up(maker) if isinstance(made, Blocked) else made.ref.tag
    seen = sight.inputs.bases.get(name)
    if isinstance(seen, Found):
        digest: str = seen.value
        return digest
    if seen is None:
        return ""
    if before or not _is_own(sight.bundle, name):
        return before
    # What a step may make is not waited for.
    awaited = isinstance(seen, Unreachable) or task.steps is None
    return _unseen(name, seen) if awaited else ""


def _is_own(bundle: Bundle, name: str) -> bool:
    """Say whether an image is in a registry of the specs, which has to answer for it."""
    servers = {registry.server for registry in bundle.registries}
    return registry_of(parse_image(name).repository)[0] in servers


def _unseen(name: str, seen: Observation[str]) -> Blocked:
    """Return that a base image is not known, and was not known before: no build is right."""
    if isinstance(seen, Unreachable):
        return Blocked("BaseUnreachable", f"the base image {name} cannot be seen: {seen.why}")
    return Blocked("BaseMissing", f"the registry has no base image {name}")


def _needed(sight: _Sight, task: BuildTask, inputs: BuildInputs) -> tuple[Address, ...]:
    """Return the tasks whose images have to be there before this one is made."""
    makers = {maker for name in inputs.bases if (maker := sight.ground.maker(name)) is not None}
    return tuple(sorted({*makers, *task.triggers.after} - {task.address}))


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


def task_of(images: Images, name: ImageRef) -> Address | None:
    """Return the task that makes `name` (a repository and a tag), if one does."""
    return next(_makers(images, name), None)


def _makers(images: Images, name: ImageRef) -> Iterator[Address]:
    for address, image in images.items():
        if (
            isinstance(image, WantedImage)
            and image.ref.repository == name.repository
            and name.tag in image.moving
        ):
            yield address
