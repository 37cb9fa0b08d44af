"""What an app falls back to when what is wanted cannot be, must not be now, or went wrong."""

from __future__ import annotations

from collections.abc import Mapping

from gitops.model.actions import WaitHealthy
from gitops.model.notes import HISTORY
from gitops.model.observed import (
    LABEL_CONFIG,
    LABEL_IMAGE,
    LABEL_LINE,
    LABEL_PROJECT,
    LABEL_REVISION,
)
from gitops.model.observed import ObservedContainer as Container
from gitops.model.plan import MENDING_LIMIT, MENDING_WINDOW, History
from gitops.model.revisions import Revision
from gitops.model.wanted import Blocked, WantedApp
from gitops.plan.deploys.apps import dressed
from gitops.plan.deploys.place import LOST, Place, server_of, whole
from gitops.plan.deploys.replica import retire, start_again
from gitops.plan.deploys.revisions import newest, revisions
from gitops.plan.deploys.sorting import sort_out
from gitops.plan.deploys.windows import closed
from gitops.plan.draft import Chain, Draft, Why


def resort(draft: Draft, app: WantedApp, place: Place, history: History) -> WantedApp | None:
    """Return what is to be brought about: the wish, or the last good revision in its stead.

    None leaves all as it is. Why it is not the wish is said in the draft.
    """
    wish = app.container.config
    found = sort_out(app, place)
    there = not (found.missing or found.pending)
    if _restless(app, place):
        draft.block(app.address, _unstable(place))
        return None
    known = there or newest(place.notes.get((HISTORY, app.address.name))) == wish
    bad = history.quarantined.get(app.address, {})
    if not known and wish in bad:
        draft.block(app.address, Blocked("DeployFailed", bad[wish], fatal=True))
        return None if app.deploy.on_failure == "pause" else _last_good(app, place, bad)
    # Windows are for what comes by itself: a person's wish is for now.
    shut = "" if known or app.held is not None else closed(app.spec.windows, place.now)
    if shut:
        draft.block(app.address, Blocked("OutsideWindow", shut))
        return _last_good(app, place, bad)
    return app


def stay(
    draft: Draft, app: WantedApp, place: Place, history: History, twin: WantedApp
) -> WantedApp | None:
    """Return what a place goes on with whose twin cannot change: half a swap is none."""
    wait_for(draft, app, twin)
    return _last_good(app, place, history.quarantined.get(app.address, {}))


def wait_for(draft: Draft, app: WantedApp, twin: WantedApp) -> None:
    """Say that a place waits for the one that it changes contents with."""
    why = draft.blocked(twin.address)
    if why is not None and draft.blocked(app.address) is None:
        message = f"it changes contents with {twin.address}: {why.message}"
        draft.block(app.address, why._replace(message=message))


def _restless(app: WantedApp, place: Place) -> bool:
    """Say whether what served before had to be put right too often to be put right again."""
    if place.mended < MENDING_LIMIT:
        return False
    found = sort_out(app, place)
    config = app.container.config
    served = newest(place.notes.get((HISTORY, app.address.name))) == config or any(
        one.config == config and one.name in place.routed for one in place.mine
    )
    # One that has just come up again, by the engine's own restart, has not shown that it stays up.
    shaky = any(one.fresh for one in place.mine)
    return served and bool(found.missing or found.pending or place.sick or shaky)


def _unstable(place: Place) -> Blocked:
    last = next(iter(place.sick.values()), "a container does not go on running")
    why = (
        f"replaced or started again {place.mended} times in {MENDING_WINDOW:g} s, and left alone"
        f" until that is over: {last}"
    )
    return Blocked("Unstable", why)


def _last_good(app: WantedApp, place: Place, bad: Mapping[str, str]) -> WantedApp | None:
    """Return the app at the revision that it goes back to; none when there is none."""
    kept = revisions(place.notes.get((HISTORY, app.address.name)))
    for revision in kept:
        if revision.config != app.container.config and revision.config not in bad:
            old = at_revision(app, revision, place.line(app.spec.slot))
            return None if _restless(old, place) else old
    return None


def at_revision(app: WantedApp, revision: Revision, line: str | None) -> WantedApp:
    """Return the app with the content of a revision, and the hash that its containers have.

    `line` is whose content serves now; none when nothing does.
    """
    project = app.container.labels[LABEL_PROJECT]
    old = dressed(project, app.spec, revision.content)
    old = old._replace(
        replicas=app.replicas,
        line=app.line if line is None else line,
        held=app.held,
        lifted=app.lifted,
        rules=app.rules,
        certificate=app.certificate,
    )
    return sealed(old, revision.config)


def sealed(app: WantedApp, config: str) -> WantedApp:
    """Return the app with its container's config hash and the labels that go with it."""
    labels = {
        **app.container.labels,
        LABEL_CONFIG: config,
        LABEL_IMAGE: app.image.pinned,
        **({LABEL_REVISION: app.revision} if app.revision else {}),
        **({LABEL_LINE: app.line} if app.line != app.spec.slot else {}),
    }
    container = app.container._replace(image=app.image, config=config, labels=labels)
    return app._replace(container=container)


def hold_app(draft: Draft, app: WantedApp, place: Place, after: tuple[int, ...]) -> None:
    """Keep what is live alive, for an app about whose wanted state nothing can be done now.

    What never got requests goes: it is what a failed deployment left.
    """
    serving = [one for one in place.mine if one.name in place.routed]
    if not serving and place.live is not None:
        serving = [place.live]
    if place.mended < MENDING_LIMIT:
        for one in serving:
            if not whole(place, one) and one.state not in LOST:
                _revive(draft, app, place, one, after)
    blocked = draft.blocked(app.address)
    failed = blocked is not None and blocked.reason == "DeployFailed"
    if failed and app.deploy.on_failure != "pause":
        retire(draft, app, place, [one for one in place.mine if one not in serving], ())


def _revive(
    draft: Draft, app: WantedApp, place: Place, one: Container, after: tuple[int, ...]
) -> None:
    chain = Chain(draft, app.address, (*after, *place.gateway))
    start_again(chain, app, place, one, Why("it serves until the wanted one can", mends=True))
    server = server_of(one)
    gate = WaitHealthy(app.target, server, app.address, app.health)
    chain.then(gate, "it was started again")
