"""Apps and their slots: which content belongs where, by the spec and by the holds on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.image import ImageRef
from gitops.model.notes import HISTORY, SCALE, STOP
from gitops.model.observed import Inputs
from gitops.model.resources import BuildTask, Target
from gitops.model.revisions import Content, Hold
from gitops.model.secret import SecretRef
from gitops.model.wanted import Blocked, WantedApp, WantedImage, WantedSidecar
from gitops.model.webapp import NamedImage, RepositoryImage, WebApp
from gitops.plan.builds.images import task_of
from gitops.plan.containers import app_container, sidecar_container, volume_names
from gitops.plan.deploys.content import (
    PRODUCTION,
    placed,
    places,
    secrets_of,
    slot_address,
    spec_hash,
)
from gitops.plan.deploys.holds import Notes, hold_of, in_force
from gitops.plan.deploys.revisions import revisions
from gitops.plan.fronts import certificate_source, rules_of
from gitops.plan.repositories import repository_name

Images = Mapping[Address, WantedImage | Blocked]


class _Line(NamedTuple):
    """What the user wrote of one line: its content, and what makes or hides its image."""

    name: str
    content: Content
    task: Address | None
    obstacle: Blocked | None


class _Sight(NamedTuple):
    """What an app is worked out from."""

    bundle: Bundle
    app: WebApp
    inputs: Inputs
    images: Images
    notes: Notes


def wanted_apps(
    bundle: Bundle, app: WebApp, inputs: Inputs, images: Images, notes: Notes
) -> tuple[tuple[WantedApp, Blocked | None], ...]:
    """Return the app and its slots, each with why it cannot be brought about now, if so."""
    sight = _Sight(bundle, app, inputs, images, notes)
    spots = places(app)
    lines = {place.slot: _line(sight, place) for place in spots}
    return tuple(_place(sight, place, lines) for place in spots)


def _place(
    sight: _Sight, place: WebApp, lines: Mapping[str, _Line]
) -> tuple[WantedApp, Blocked | None]:
    """Return what is wanted in one place: a hold comes before the spec, and a slot that promotes
    itself before production's own.
    """
    name = place.address.name
    found = hold_of(sight.notes, name)
    # The hash of a spec costs more than all else here, and few places are held.
    spec = spec_hash(place, lines[place.slot].content.declared) if found is not None else ""
    hold = in_force(sight.notes, place, spec)
    if hold is not None and hold.content is not None:
        line = _Line(_line_of(hold, place), hold.content, None, None)
    else:
        line = _promoted(sight, place) or lines[_active(sight.app, place)]
    stopped = hold_of(sight.notes, name, STOP)
    if stopped is not None and stopped.content is not None:
        # It may stop though its next image cannot be made.
        line = _Line(line.name, stopped.content, None, None)
    replicas, scaled = _replicas(sight, place)
    wanted = dressed(sight.bundle.project, place, placed(line.content, place))
    wanted = wanted._replace(
        task=line.task,
        replicas=replicas,
        scaled=scaled,
        line=line.name,
        held=stopped or hold,
        lifted=found is not None and hold is None,
        rules=rules_of(place, sight.inputs.secrets),
        certificate=_certificate(sight, place),
    )
    return wanted, _missing(sight, wanted) or line.obstacle


def dressed(project: str, place: WebApp, content: Content) -> WantedApp:
    """Return the wish for `content` in a place, with the containers that it is made of."""
    pairs = zip(content.runtime.sidecars, content.sidecars, strict=True)
    return WantedApp(
        address=place.address,
        target=place.target.name,
        image=content.image,
        task=None,
        container=app_container(project, place, content),
        spec=place,
        content=content,
        replicas=place.replicas,
        sidecars=tuple(
            WantedSidecar(sidecar.name, sidecar_container(project, place, sidecar, image))
            for sidecar, image in pairs
        ),
        volumes=volume_names(project, place, content.runtime),
    )


def own_spec(bundle: Bundle, place: WebApp) -> str:
    """Return the hash of what the user wrote of a place: a hold ends when it changes."""
    return spec_hash(place, str(_image_name(bundle, place.image)))


def _line(sight: _Sight, place: WebApp) -> _Line:
    name = _image_name(sight.bundle, place.image)
    task = task_of(sight.images, name)
    made = sight.images.get(task) if task else _unknown_maker(sight, name)
    image = made.ref if isinstance(made, WantedImage) else name
    content = Content(
        image=image,
        declared=str(name),
        runtime=place.runtime,
        sidecars=tuple(
            _image_name(sight.bundle, sidecar.image) for sidecar in place.runtime.sidecars
        ),
        commit=made.commit if isinstance(made, WantedImage) else "",
    )
    return _Line(place.slot, content, task, made if isinstance(made, Blocked) else None)


def _line_of(hold: Hold, place: WebApp) -> str:
    """Return whose content a held place runs: after a swap, the other one's, until the next."""
    if hold.kind != "swap" or not hold.slot:
        return place.slot
    return hold.slot if place.slot == PRODUCTION else PRODUCTION


def _active(app: WebApp, place: WebApp) -> str:
    """Return which line belongs in a place: `activeSlot` and production change places."""
    if not app.active_slot:
        return place.slot
    if place.slot == PRODUCTION:
        return app.active_slot
    return PRODUCTION if place.slot == app.active_slot else place.slot


def _promoted(sight: _Sight, place: WebApp) -> _Line | None:
    """Return the content that an `autoSwap` slot has proved, for production to run."""
    if place.slot != PRODUCTION:
        return None
    for slot in place.slots:
        if slot.auto_swap:
            address = slot_address(place.address, slot.name)
            kept = revisions(sight.notes.get((HISTORY, address.name)))
            if kept:
                return _Line(slot.name, kept[0].content, None, None)
    return None


def _replicas(sight: _Sight, place: WebApp) -> tuple[int, str]:
    """Return how many replicas belong in a place, and why if autoscaling chose that many."""
    if hold_of(sight.notes, place.address.name, STOP) is not None:
        return 0, ""
    scale = place.autoscale
    if scale is None:
        return place.replicas, ""
    note = sight.notes.get((SCALE, place.address.name))
    chosen, _, why = note.text.partition(" ") if note is not None else ("", "", "")
    number = min(max(int(chosen) if chosen.isdigit() else scale.min, scale.min), scale.max)
    return number, why if chosen == str(number) else ""


def _certificate(sight: _Sight, place: WebApp) -> str:
    target = sight.bundle.resources.get(place.target)
    if not isinstance(target, Target):
        return ""
    return certificate_source(place, target, sight.inputs.secrets)


def _missing(sight: _Sight, app: WantedApp) -> Blocked | None:
    """Return which secrets could not be read, if any: nothing is replaced without them."""
    front = app.spec.front
    own = (front.tls.cert, front.tls.key) if front.tls else ()
    needed: list[SecretRef | None] = [
        *secrets_of(app.content.runtime).values(),
        *(password for _, password in front.users),
        *own,
    ]
    errors = sight.inputs.secret_errors
    missing = [errors[ref] for ref in needed if ref is not None and ref in errors]
    if not missing:
        return None
    return Blocked("SecretMissing", "; ".join(dict.fromkeys(missing)), fatal=True)


def _unknown_maker(sight: _Sight, name: ImageRef) -> Blocked | None:
    """Return why the task that makes the image of that name cannot say which one that is, if so.

    Taking the digest that the tag has now would be a guess, and would replace a container that a
    later look finds right.
    """
    for address, image in sight.images.items():
        task = sight.bundle.resources.get(address)
        if not isinstance(image, Blocked) or not isinstance(task, BuildTask):
            continue
        if task.repository is None:
            continue
        moving = (*(("latest",) if task.latest else ()), *task.tags)
        if repository_name(sight.bundle, task.repository) == name.repository and name.tag in moving:
            return Blocked("ImageUnknown", f"{task.address}: {image.message}")
    return None


def _image_name(bundle: Bundle, image: RepositoryImage | NamedImage) -> ImageRef:
    if isinstance(image, NamedImage):
        return ImageRef(image.name, image.tag, image.digest)
    return ImageRef(repository_name(bundle, image.repository), image.tag)
