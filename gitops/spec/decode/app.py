"""Web apps: an image, running and reachable."""

from __future__ import annotations

from gitops.model.address import Address
from gitops.model.metadata import Metadata
from gitops.model.webapp import WebApp
from gitops.spec.decode.container import decode_image
from gitops.spec.decode.front import decode_front, decode_hosts
from gitops.spec.decode.release import (
    PLAIN,
    Numbers,
    decode_autoscale,
    decode_deploy,
    decode_windows,
)
from gitops.spec.decode.runtime import decode_runtime
from gitops.spec.decode.slots import (
    Stage,
    decode_active,
    decode_slots,
    decode_sticky,
    decode_traffic,
)
from gitops.spec.scope import EMPTY, Scope, Spec

DEFAULT_TARGET = Address("Target", "")
"""Stands for the target of an app that names none, until all targets are known."""

_SEVERAL = frozenset(
    ("replicas", "autoscale", "slots", "sticky", "traffic", "activeSlot", "windows")
)


def decode_app(address: Address, metadata: Metadata, spec: Spec, scope: Scope) -> WebApp:
    """Return the web app of a valid document; a target that is left out is `DEFAULT_TARGET`."""
    target = spec.get("target")
    app = WebApp(
        address,
        metadata,
        decode_image(spec["image"]),
        decode_runtime(address.name, spec, scope),
        decode_hosts(address.name, spec),
        decode_deploy(spec["deploy"], scope) if "deploy" in spec else PLAIN,
        tuple([Address(*name.split("/")) for name in spec.get("dependsOn", ())]),
        Address("Target", target) if target else DEFAULT_TARGET,
        decode_front(spec, scope),
    )
    return app if _SEVERAL.isdisjoint(spec) else _several(app, spec, scope)


def _several(app: WebApp, spec: Spec, scope: Scope) -> WebApp:
    """Return the app with its replicas, slots and windows."""
    autoscale = decode_autoscale(spec["autoscale"], scope) if "autoscale" in spec else None
    replicas = autoscale.min if autoscale else int(spec.get("replicas", 1))
    stage = Stage(app.address.name, app.hosts, app.runtime.env, replicas)
    slots = decode_slots(spec.get("slots", ()), stage, scope)
    Numbers(replicas, autoscale, slots).check(app.runtime, scope)
    return app._replace(
        replicas=replicas,
        autoscale=autoscale,
        slots=slots,
        sticky=decode_sticky(spec.get("sticky", ()), stage, slots, scope),
        traffic=decode_traffic(spec.get("traffic", EMPTY), slots, scope),
        active_slot=decode_active(spec.get("activeSlot", ""), slots, scope),
        windows=decode_windows(spec.get("windows", ()), scope),
    )
