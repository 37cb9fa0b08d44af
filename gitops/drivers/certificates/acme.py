"""Certificates of an ACME authority (RFC 8555), proved by HTTP-01, with certbot's library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from acme import challenges, messages
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from gitops.drivers.base.certificates import Issued, Vault
from gitops.drivers.base.errors import DriverError, ErrorKind
from gitops.drivers.certificates import pem
from gitops.drivers.certificates.acme_account import Terms, Visit, visiting
from gitops.drivers.certificates.acme_words import explained, unproven
from gitops.model.certificates import acme_source

Answer = Callable[[Mapping[str, str]], None]


class Asked(NamedTuple):
    """A question of the authority, and what both it and whoever asks at the host are told."""

    challenge: messages.ChallengeBody
    response: challenges.HTTP01Response
    token: str
    text: str


def issue(
    hosts: Sequence[str], terms: Terms, vault: Vault, answer: Answer, patience: float
) -> Issued:
    """Return a certificate of the authority for `hosts`, got within `patience` seconds."""
    key = pem.new_key()
    request = _request(hosts, key)
    with visiting(terms, vault, patience) as visit:
        with explained(terms.directory):
            order = visit.acme.new_order(request)
        _prove(visit, order, answer)
        with explained(terms.directory):
            text = visit.acme.finalize_order(order, visit.deadline).fullchain_pem
    return _checked(text.encode(), key, hosts, terms.directory)


def _request(hosts: Sequence[str], key: pem.Key) -> bytes:
    """Return the signing request (RFC 2986) as PEM."""
    names = x509.SubjectAlternativeName(pem.alternative_names(hosts))
    builder = x509.CertificateSigningRequestBuilder(x509.Name([])).add_extension(
        names, critical=False
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _prove(visit: Visit, order: messages.OrderResource, answer: Answer) -> None:
    """Prove that the hosts of an order are ours, as far as the authority does not know it yet."""
    asked = list(_asked(visit, order))
    if not asked:
        return
    try:
        answer({each.token: each.text for each in asked})
        with explained(visit.directory):
            for each in asked:
                visit.acme.answer_challenge(each.challenge, each.response)
            seen = visit.acme.poll_authorizations(order, visit.deadline).authorizations
    finally:
        answer({})
    # The library takes one that failed without a word for a success.
    if failed := [each for each in seen if each.body.status != messages.STATUS_VALID]:
        raise unproven(visit.directory, failed)


def _asked(visit: Visit, order: messages.OrderResource) -> Iterator[Asked]:
    """Yield what the authority wants to see over HTTP, for each host that it does not know."""
    for authorization in order.authorizations:
        body = authorization.body
        if body.status == messages.STATUS_VALID:
            continue
        offered = [each for each in body.challenges if isinstance(each.chall, challenges.HTTP01)]
        if not offered:
            what = f"{visit.directory} wants no proof over HTTP for {body.identifier.value}"
            detail = "only that can be given here (HTTP-01); name each host, without a wildcard"
            raise DriverError(ErrorKind.INVALID, what, detail)
        response, text = offered[0].response_and_validation(visit.key)
        yield Asked(offered[0], response, offered[0].chall.encode("token"), text)


def _checked(text: bytes, key: pem.Key, hosts: Sequence[str], directory: str) -> Issued:
    """Return what the authority signed, once it is seen to be what was asked for."""
    try:
        chain = pem.read_chain(text)
    except ValueError as error:
        what = f"{directory} sent something that is no certificate"
        raise DriverError(ErrorKind.FAILED, what, text[:200].decode(errors="replace")) from error
    missing = {host.lower() for host in hosts} - set(pem.hosts_of(chain[0]))
    if missing or not pem.belongs(key, chain[0]):
        wrong = f"not for {', '.join(sorted(missing))}" if missing else "for another key"
        raise DriverError(ErrorKind.FAILED, f"{directory} signed another certificate", wrong)
    return pem.bundle(key, chain, acme_source(directory))
