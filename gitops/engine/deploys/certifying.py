"""Gets certificates, gives them to the gateway, and remembers what was got."""

from __future__ import annotations

from gitops.drivers.base import DriverError, ErrorKind, Issued, Vault
from gitops.engine.ports import Site
from gitops.engine.scene import Scene
from gitops.model.actions import ObtainCertificate
from gitops.model.address import Address
from gitops.model.certificates import covers
from gitops.model.image import parse_image
from gitops.model.notes import CERTIFICATE, Note
from gitops.model.observed import LABEL_PROJECT
from gitops.model.outcomes import Done, Outcome, Stalled
from gitops.model.resources import Target
from gitops.model.secret import SecretRef
from gitops.plan.encoding import encode
from gitops.plan.fronts import authority


def obtain(scene: Scene, site: Site, action: ObtainCertificate) -> Outcome:
    """Return when the gateway has the certificate; the next switch makes it the one served."""
    issued = _issue(scene, site, action)
    uncovered = [host for host in action.hosts if not covers(issued.certificate, host)]
    if uncovered:
        return Stalled(
            f"the certificate of {action.app} is not for {', '.join(uncovered)}",
            f"it is for {', '.join(issued.certificate.hosts)}: get one for all hosts of the app",
            quarantine=False,
        )
    certificate = issued.certificate._replace(hosts=action.hosts, source=action.source)
    gateway = scene.gateways[action.target]
    site.gateway().put_certificate(gateway, certificate.name, issued.pem)
    version = int(scene.world.clock() * 1000)
    note = Note(CERTIFICATE, action.app.name, version, encode(certificate))
    site.notes.write(scene.project, note)
    scene.board.obtained(action.app, certificate.name)
    return Done(certificate.name)


def _issue(scene: Scene, site: Site, action: ObtainCertificate) -> Issued:
    issuer = site.certificates()
    if action.cert is not None and action.key is not None:
        return issuer.given(_text(scene, action.cert), _text(scene, action.key))
    target = _target(scene, action.target)
    keys = vault(scene.project, site, target)
    if action.source.startswith("acme:"):
        gateway = scene.gateways[action.target]
        return issuer.acme(
            action.hosts,
            authority(target),
            keys,
            lambda answers: site.gateway().answer_challenges(gateway, answers),
        )
    return issuer.internal(action.hosts, keys)


def _target(scene: Scene, name: str) -> Target:
    found = scene.bundle.resources.get(Address("Target", name)) if scene.bundle else None
    if not isinstance(found, Target):
        raise TypeError(f"Target/{name} is not in the bundle")
    return found


def vault(project: str, site: Site, target: Target) -> Vault:
    """Return the place of a project's own keys: a volume that no container has mounted."""
    volume = f"{project}-authority"
    image = parse_image(target.gateway.image)
    labels = {LABEL_PROJECT: project}

    def read(name: str) -> bytes | None:
        return site.engine().read_volume(volume, image, name)

    def write(name: str, data: bytes) -> None:
        site.engine().create_volume(volume, labels)
        site.engine().write_volume(volume, image, {name: data})

    return Vault(read, write)


def _text(scene: Scene, reference: SecretRef) -> bytes:
    if reference not in scene.inputs.secrets:
        why = scene.inputs.secret_errors.get(reference, "it was not read")
        raise DriverError(ErrorKind.INVALID, f"{reference} cannot be used", why)
    return scene.inputs.secrets[reference].reveal().encode()
