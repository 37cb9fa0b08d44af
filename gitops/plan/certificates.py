"""Certificates: one for each app that asks for TLS, got anew before it runs out."""

from __future__ import annotations

from typing import NamedTuple

from gitops.model.actions import ObtainCertificate
from gitops.model.certificates import Certificate, due
from gitops.model.notes import CERTIFICATE, Note
from gitops.model.wanted import WantedApp
from gitops.plan.containers import certificates_volume
from gitops.plan.draft import Draft
from gitops.plan.encoding import UnreadableError, decode
from gitops.plan.place import Place

OBTAINED = "*"
"""Stands in a plan for the name of a certificate that is obtained by one of its steps."""


class Served(NamedTuple):
    """The certificate that an app's hosts are served with, and the steps that obtain it."""

    name: str = ""
    redirect: bool = False
    steps: tuple[int, ...] = ()


def certificate_of(note: Note | None) -> Certificate | None:
    """Return the certificate that an app was given, if that can be read."""
    if note is None:
        return None
    try:
        return decode(Certificate, note.text)
    except UnreadableError:
        return None


def plan_certificate(draft: Draft, app: WantedApp, place: Place) -> Served:
    """Add what gets an app's certificate, if it needs one that it does not have."""
    tls = app.spec.front.tls
    if tls is None:
        return Served()
    have = certificate_of(place.notes.get((CERTIFICATE, app.address.name)))
    why = _why(app, place, have)
    if not why and have is not None:
        return Served(have.name, tls.redirect)
    obtain = ObtainCertificate(
        app.target, app.address, app.hosts, app.certificate, tls.cert, tls.key
    )
    step = draft.add(app.address, obtain, why, after=place.gateway)
    return Served(OBTAINED, tls.redirect, (step,))


def _why(app: WantedApp, place: Place, have: Certificate | None) -> str:
    volume = certificates_volume(place.project, app.target)
    if have is None or volume not in place.volumes:
        return f"{', '.join(app.hosts)} has no certificate"
    if have.source != app.certificate:
        return f"its certificate is {_from(have.source)}, wanted {_from(app.certificate)}"
    if set(have.hosts) != set(app.hosts):
        return f"its certificate is for {', '.join(have.hosts)}"
    if not app.certificate.startswith("given:") and due(have, place.now):
        return "a third of its certificate's life is left"
    return ""


def _from(source: str) -> str:
    kind, _, rest = source.partition(":")
    words = {"internal": "of the project's own authority", "given": "the one that was given"}
    return words.get(kind, f"of {rest}") + (f" ({rest})" if kind == "given" and rest else "")
