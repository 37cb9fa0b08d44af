"""What runs in a place: the content of a line, and what stays with the place when that changes.

A line is what the user wrote of production or of a slot. A place is where one is served from. They
belong together until a swap, an `activeSlot` or a rollback puts another content into a place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gitops.model.address import Address
from gitops.model.revisions import Content
from gitops.model.secret import SecretRef
from gitops.model.webapp import Runtime, Slot, WebApp
from gitops.plan.encoding import encode
from gitops.plan.fingerprint import text_hash

PRODUCTION = ""
"""The name of the line and the place that are no slot's."""


def places(app: WebApp) -> tuple[WebApp, ...]:
    """Return the app's places as apps of their own, production first: each has its own line."""
    return (app, *(_slot(app, slot) for slot in app.slots))


def slot_address(app: Address, slot: str) -> Address:
    """Return the address of a slot's place, which is an app's like any other."""
    return Address(app.kind, f"{app.name}-{slot}" if slot else app.name)


def _slot(app: WebApp, slot: Slot) -> WebApp:
    return app._replace(
        address=slot_address(app.address, slot.name),
        image=slot.image or app.image,
        runtime=app.runtime._replace(env={**app.runtime.env, **slot.env}),
        hosts=slot.hosts,
        replicas=slot.replicas,
        # A certificate file of production's is not for the slot's host; scaling is production's.
        autoscale=None,
        slots=(),
        traffic=(),
        active_slot="",
        slot=slot.name,
    )


def placed(content: Content, place: WebApp) -> Content:
    """Return `content` with the sticky settings of `place` in the stead of its own."""
    if not place.sticky:
        return content
    env = {name: value for name, value in content.runtime.env.items() if name not in place.sticky}
    env |= {name: value for name, value in place.runtime.env.items() if name in place.sticky}
    runtime = content.runtime._replace(env=dict(sorted(env.items())))
    return content._replace(runtime=runtime)


def spec_hash(place: WebApp, declared: str) -> str:
    """Return a hash over what the user wrote of a place that a revision would keep.

    A moved tag leaves it as it is; another tag, or another variable, does not.
    """
    return text_hash(f"{declared}\n{encode(place.runtime)}\n{place.active_slot}")[:16]


def secrets_of(runtime: Runtime) -> Mapping[str, SecretRef]:
    """Return the secrets that a content needs, by the name of their variable or file."""
    found = {name: value for name, value in runtime.env.items() if not isinstance(value, str)}
    found |= {f"envFile {number}": ref for number, ref in enumerate(runtime.env_files, 1)}
    for sidecar in runtime.sidecars:
        for name, value in sidecar.env.items():
            if not isinstance(value, str):
                found[f"{sidecar.name}/{name}"] = value
    return found


def app_secrets(app: WebApp) -> Iterator[SecretRef]:
    """Give every secret that an app, its slots and its front need."""
    for place in places(app):
        yield from secrets_of(place.runtime).values()
    yield from (password for _, password in app.front.users)
    tls = app.front.tls
    if tls is not None and tls.cert is not None and tls.key is not None:
        yield from (tls.cert, tls.key)
