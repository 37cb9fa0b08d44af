"""Apps: keep what is right, start what stopped, replace what differs, and lose nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gitops.model.actions import EraseNote, KeepRevision, RemoveContainer, SwitchRoutes
from gitops.model.notes import HISTORY, HOLD
from gitops.model.observed import LABEL_REPLICA, LABEL_SIDECAR
from gitops.model.plan import History
from gitops.model.revisions import Revision
from gitops.model.secret import Secrets
from gitops.model.wanted import WantedApp
from gitops.plan.certificates import renew, served
from gitops.plan.deploys.causes import describe_app
from gitops.plan.deploys.content import secrets_of
from gitops.plan.deploys.hooks import after_deploy
from gitops.plan.deploys.place import Place
from gitops.plan.deploys.resort import hold_app, resort, stay
from gitops.plan.deploys.revisions import appended, newest
from gitops.plan.deploys.rollout import Rollout
from gitops.plan.draft import Chain, Draft
from gitops.plan.fingerprint import secret_version


class Order(NamedTuple):
    """One app to be planned: what is wanted, where it stands, and what its steps come after."""

    app: WantedApp
    place: Place
    after: tuple[int, ...]


class _Case(NamedTuple):
    """An order at work."""

    order: Order
    rollout: Rollout


def plan_apps(draft: Draft, orders: Sequence[Order], history: History, secrets: Secrets) -> None:
    """Add the steps for one app, or for two that change contents at the same moment.

    Their images are there, or will be after the steps that their orders come after.
    """
    found = [(order, resort(draft, order.app, order.place, history)) for order in orders]
    stuck = [order for order, app in found if app is not order.app]
    joint = len(orders) > 1 and not stuck
    if stuck and not joint:
        found = [
            (order, app if app is not order.app else stay(draft, *order[:2], history, stuck[0].app))
            for order, app in found
        ]
    ways = [order._replace(app=app) for order, app in found if app is not None]
    for order, app in found:
        if app is None:
            _hold(draft, order)
    cases = [_begin(draft, way, joint=joint) for way in ways]
    ready = tuple(step for case in cases for step in case.rollout.prepare())
    switched = _switch(draft, cases, ready)
    for case in cases:
        _end(draft, case, switched, secrets)


def _hold(draft: Draft, order: Order) -> None:
    hold_app(draft, order.app, order.place, order.after)


def _begin(draft: Draft, order: Order, *, joint: bool) -> _Case:
    app, place, after = order
    app = app._replace(rules=served(app, place))
    rollout = Rollout(draft, app, place, after, joint=joint)
    return _Case(order._replace(app=app), rollout)


def _switch(draft: Draft, cases: Sequence[_Case], ready: tuple[int, ...]) -> tuple[int, ...]:
    """Add the one switch of all routes that change; return what comes before the rest."""
    routes = {
        case.order.app.address: route
        for case in cases
        if case.rollout.changes() and (route := case.rollout.route()) is not None
    }
    if not routes:
        return ready
    changing = [case for case in cases if case.order.app.address in routes]
    first = changing[0].order
    because = "; ".join(dict.fromkeys(case.rollout.why_switch() for case in changing))
    # With no undo: a switch that failed may have been taken, and what is routed must not go.
    switch = SwitchRoutes(first.app.target, tuple(routes.values()))
    return (draft.add(first.app.address, switch, because, after=ready),)


def _end(draft: Draft, case: _Case, switched: tuple[int, ...], secrets: Secrets) -> None:
    """Add what comes when the app is as wanted: its record first, then the end of the old."""
    app, place = case.order.app, case.order.place
    chain = Chain(draft, app.address, switched)
    config = app.container.config
    if app.replicas and newest(place.notes.get((HISTORY, app.address.name))) != config:
        after_deploy(chain, app)
        chain.then(_keep(app, place, secrets), "it is what a rollback returns to")
    if app.lifted:
        erase = EraseNote(app.target, HOLD, app.address.name)
        chain.then(erase, "the spec changed since")
    renew(Chain(draft, app.address, switched), app, place, case.rollout.route())
    case.rollout.finish(switched)
    _sweep(draft, app, place, switched)
    if draft.touches(app.address):
        draft.set_ready(app.address, switched)
    elif not draft.blocked(app.address):
        draft.sync(app.address, describe_app(app, place))


def _sweep(draft: Draft, app: WantedApp, place: Place, after: tuple[int, ...]) -> None:
    """Remove what belongs to no replica: a hook's container that was left, a sidecar alone."""
    names = {one.name for one in place.mine}
    chain = Chain(draft, app.address, after)
    # The newest first: those of a replica share the network of the oldest.
    for one in sorted(place.all, key=lambda one: -one.created):
        if LABEL_SIDECAR in one.labels and one.labels.get(LABEL_REPLICA) not in names:
            action = RemoveContainer(app.target, one.name)
            chain.then(action, "the replica that it belonged to is gone")


def _keep(app: WantedApp, place: Place, secrets: Secrets) -> KeepRevision:
    note = place.notes.get((HISTORY, app.address.name))
    versions = {
        name: secret_version(app.container, name, ref, secrets)
        for name, ref in secrets_of(app.content.runtime).items()
        if ref in secrets
    }
    wish = app.container.config
    revision = Revision(0, wish, app.image.digest, 0.0, app.content, versions)
    first, *older = appended(note, revision, app.deploy.keep)
    version = note.version + 1 if note is not None else 1
    return KeepRevision(app.target, app.address, first, tuple(older), version)
