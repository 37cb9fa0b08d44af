"""Certificates: one for each app that asks for TLS, got anew before it runs out."""

from __future__ import annotations

from gitops.model.actions import ObtainCertificate, SwitchRoutes
from gitops.model.certificates import Certificate, due
from gitops.model.notes import CERTIFICATE, Note
from gitops.model.routes import Route, Rules
from gitops.model.wanted import WantedApp
from gitops.plan.containers import certificates_volume
from gitops.plan.deploys.place import Place
from gitops.plan.draft import Chain
from gitops.plan.encoding import UnreadableError, decode

OBTAINED = "*"
"""Stands in a plan for the name of a certificate that is obtained by one of its steps."""


def certificate_of(note: Note | None) -> Certificate | None:
    """Return the certificate that an app was given, if that can be read."""
    if note is None:
        return None
    try:
        return decode(Certificate, note.text)
    except UnreadableError:
        return None


def served(app: WantedApp, place: Place) -> Rules:
    """Return the app's rules with the certificate that it has now, whoever's and however old.

    Nothing of a deployment waits for a certificate; without one there is HTTP, and no redirect.
    Where the note of it was lost, the route still says which one it is.
    """
    tls = app.spec.front.tls
    have = certificate_of(place.notes.get((CERTIFICATE, app.address.name)))
    routed = place.route.rules.certificate if place.route is not None else ""
    name = have.name if have is not None else routed
    if (
        tls is None
        or not name
        or certificates_volume(place.project, app.target) not in place.volumes
    ):
        return app.rules
    return app.rules._replace(certificate=name, redirect=tls.redirect)


def renew(chain: Chain, app: WantedApp, place: Place, route: Route | None) -> None:
    """Add what gets the certificate that an app needs and does not have, and what serves it."""
    tls = app.spec.front.tls
    have = certificate_of(place.notes.get((CERTIFICATE, app.address.name)))
    why = _why(app, place, have) if tls is not None else ""
    if tls is None or route is None or not why:
        return
    obtain = ObtainCertificate(
        app.target, app.address, app.hosts, app.certificate, tls.cert, tls.key
    )
    chain.join(place.gateway)
    chain.then(obtain, why)
    rules = route.rules._replace(certificate=OBTAINED, redirect=tls.redirect)
    switch = SwitchRoutes(app.target, (route._replace(rules=rules),))
    chain.then(switch, "its new certificate is there")


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
