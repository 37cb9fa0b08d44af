"""Finds the app or slot that a person names, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.decide import Decision
from gitops.model.address import Address
from gitops.model.image import ImageRef
from gitops.model.outcomes import Found, Unreachable
from gitops.model.plan import History
from gitops.model.revisions import Content
from gitops.model.wanted import WantedApp
from gitops.plan.deploys.apps import own_spec
from gitops.plan.deploys.content import slot_address
from gitops.plan.deploys.wishes import RefusedError, Spot
from gitops.plan.draft import Draft
from gitops.plan.grounds import Ground, Question, place_of, survey


def app_of(decision: Decision, address: Address) -> WantedApp:
    """Return the app or slot of an address; raise `RefusedError` that lists those there are."""
    apps = {app.address: app for app in decision.wanted.apps}
    if address not in apps:
        known = ", ".join(map(str, sorted(apps))) or "none"
        raise RefusedError(f"there is no app or slot {address} in these specs; there are: {known}")
    return apps[address]


def grounds_of(decision: Decision, history: History) -> Mapping[str, Ground]:
    """Return the engines that could be looked at, sorted."""
    question = question_of(decision, history)
    return survey(Draft(decision.bundle.project), question)


def question_of(decision: Decision, history: History) -> Question:
    """Return what a decision answered."""
    return Question(decision.wanted, decision.observed, history, decision.inputs)


def spot_of(decision: Decision, history: History, address: Address) -> Spot:
    """Return the place of an address; raise UNREACHABLE when its engine does not answer."""
    app = app_of(decision, address)
    seen = decision.observed.engines.get(app.target)
    if not isinstance(seen, Found):
        what, why = seen if isinstance(seen, Unreachable) else (f"target {app.target}", "no engine")
        raise DriverError(ErrorKind.UNREACHABLE, what, why)
    place = place_of(decision.bundle.project, grounds_of(decision, history)[app.target], app)
    return Spot(
        app,
        own_spec(decision.bundle, app.spec),
        place.notes,
        place.live.config if place.live is not None else "",
        history.quarantined.get(address, {}),
    )


def family_of(decision: Decision, history: History, address: Address) -> tuple[Spot, ...]:
    """Return production and its slots, production first, of the app that an address belongs to."""
    app = app_of(decision, address)
    slot = app.spec.slot
    production = Address(address.kind, address.name.removesuffix(f"-{slot}")) if slot else address
    names = [one.name for one in app_of(decision, production).spec.slots]
    every = (production, *(slot_address(production, name) for name in names))
    return tuple(spot_of(decision, history, one) for one in every)


def slot_of(decision: Decision, history: History, address: Address, slot: str) -> Spot:
    """Return the place of an app's slot; raise `RefusedError` that lists those there are."""
    app = app_of(decision, address)
    known = [one.name for one in app.spec.slots]
    if slot not in known:
        told = f"there are: {', '.join(known)}" if known else "it has no `slots`"
        raise RefusedError(f"{address} has no slot {slot}; {told}")
    return spot_of(decision, history, slot_address(address, slot))


def exact_content(decision: Decision, app: WantedApp) -> Content:
    """Return an app's content with the digest that its image's tag has now, if it is followed."""
    seen = decision.observed.tags.get(str(app.image))
    image: ImageRef = app.image
    if app.task is None and not image.digest and isinstance(seen, Found):
        image = image.with_digest(seen.value)
    return app.content._replace(image=image)
