"""Images: which are wanted, named by what they are made from before anything is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.image import ImageRef
from gitops.model.observed import Inputs
from gitops.model.outcomes import Absent, Found, Unreachable
from gitops.model.resources import BuildTask, Repository
from gitops.model.sources import Source
from gitops.model.task_inputs import BuildInputs
from gitops.model.wanted import Blocked, WantedImage
from gitops.plan.builds.bases import Ground, bases_of, ground
from gitops.plan.builds.placeholders import fill, fill_tag
from gitops.plan.builds.schedules import last_due
from gitops.plan.fingerprint import image_fingerprint, task_config, task_terms, text_hash
from gitops.plan.repositories import repository_name

TAG_PREFIX = "gitops-"
"""Tags that begin so are named by the inputs of the image."""

Images = Mapping[Address, WantedImage | Blocked]


class _Sight(NamedTuple):
    """What a task's images are worked out from; `made` are those that come before them."""

    bundle: Bundle
    inputs: Inputs
    ground: Ground
    target: str
    made: Images


class _Place(NamedTuple):
    """Where an image goes: the full name of its repository, and the registry's address."""

    repository: str
    registry: Address | None


def wanted_images(
    bundle: Bundle, inputs: Inputs, target: str
) -> dict[Address, WantedImage | Blocked]:
    """Return the image that each task should have made of its source as it is now.

    Those of tags and pull requests come after their task's own. The order is that of the specs,
    except that each comes after those that it is built on.
    """
    stand = ground(bundle, inputs)
    made: dict[Address, WantedImage | Blocked] = {}
    for task in stand.order:
        made |= _images_of(_Sight(bundle, inputs, stand, target, made), task)
    return made


def _images_of(sight: _Sight, task: BuildTask) -> dict[Address, WantedImage | Blocked]:
    seen = sight.inputs.sources.get(task.address)
    if isinstance(seen, Unreachable) or seen is None:
        why = f"{seen.what}: {seen.why}" if seen else "its source was not read"
        return {task.address: Blocked("SourceUnreachable", why)}
    if isinstance(seen, Absent):
        return {task.address: Blocked("SourceMissing", seen.what, fatal=True)}
    if task.address in sight.ground.circle:
        why = "it builds on an image that is built on it"
        return {task.address: Blocked("DependencyCycle", why, fatal=True)}
    images = {task.address: _image(sight, task, seen.value, "")}
    for source in seen.value.beside:
        name = f"pr-{source.pull}" if source.pull else source.tag
        address = Address(task.address.kind, f"{task.address.name}@{name}")
        images[address] = _image(sight, task, source, name)
    return images


def _image(sight: _Sight, task: BuildTask, source: Source, offshoot: str) -> WantedImage | Blocked:
    try:
        args = {name: fill(value, source) for name, value in task.args.items()}
        moving = _moving(task, source, offshoot)
    except ValueError as wrong:
        return Blocked("PlaceholderUnknown", str(wrong), fatal=True)
    name = f"{task.address.name}@{offshoot}" if offshoot else task.address.name
    address = Address(task.address.kind, name)
    inputs = _inputs(sight, task, source, args, sight.inputs.bases_before.get(address, {}))
    if isinstance(inputs, Blocked):
        return inputs
    fingerprint = image_fingerprint(task, inputs, args, source.pull, beside=bool(offshoot))
    prefix = f"pr-{source.pull}-" if source.pull else TAG_PREFIX
    place = _place(sight.bundle, task)
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


def _place(bundle: Bundle, task: BuildTask) -> _Place:
    """Return where the image goes; a task without one works with the only registry, if it is."""
    if task.repository is None:
        registries = bundle.registries
        return _Place("", registries[0].address if len(registries) == 1 else None)
    repository = bundle.resources[task.repository]
    if not isinstance(repository, Repository):
        raise TypeError(f"{task.repository} is not a repository")
    return _Place(repository_name(bundle, task.repository), repository.registry)


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
    before: Mapping[str, str],
) -> BuildInputs | Blocked:
    """Return what an image is made from; what cannot be known means no build.

    `before` are the digests that it was built on last.
    """
    bases: dict[str, str] = {}
    after: dict[str, str] = {}
    for name in bases_of(task, source):
        maker = sight.ground.makers.get(name)
        seen = sight.inputs.bases.get(name)
        if maker is not None and maker != task.address:
            made = sight.made[maker]
            if isinstance(made, Blocked):
                return _waiting(maker, made)
            bases[name] = made.ref.tag
        elif maker is None and isinstance(seen, Found):
            bases[name] = seen.value
        elif maker is None and seen is not None and name in before:
            bases[name] = before[name]
    for address in task.triggers.after:
        made = sight.made[address]
        if isinstance(made, Blocked):
            return _waiting(address, made)
        after[str(address)] = made.fingerprint
    text = task.steps.text if task.steps is not None else ""
    return BuildInputs(
        tree=source.followed or source.tree,
        recipe=text_hash(text) if text else source.dockerfile,
        config=task_config(task, args),
        commit=source.commit,
        bases=bases,
        scheduled=last_due(task.triggers.schedules, sight.inputs.now),
        after=after,
    )


def _waiting(address: Address, blocked: Blocked) -> Blocked:
    return Blocked("DependencyNotReady", f"{address}: {blocked.message}")


def _needed(sight: _Sight, task: BuildTask, inputs: BuildInputs) -> tuple[Address, ...]:
    """Return the tasks whose images have to be there before this one is made."""
    makers = {sight.ground.makers[name] for name in inputs.bases if name in sight.ground.makers}
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
