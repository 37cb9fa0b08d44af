"""A user's own certificate: whether it can be served."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography import x509

from gitops.drivers.base.certificates import Issued
from gitops.drivers.base.errors import DriverError, ErrorKind
from gitops.drivers.certificates import pem
from gitops.model.certificates import GIVEN


def check(cert: bytes, key: bytes, now: int) -> Issued:
    """Return certificate and key as they are served; INVALID, with what to do, when they cannot be.

    The caller knows the names of the files and puts them before the error.
    """
    try:
        chain, private = pem.read_chain(cert), pem.read_key(key)
    except ValueError as error:
        raise _invalid(str(error)) from error
    problem = _mismatch(chain, private) or _lapse(chain[0], now)
    if problem:
        raise _invalid(problem)
    return pem.bundle(private, chain, GIVEN)


def _invalid(problem: str) -> DriverError:
    return DriverError(ErrorKind.INVALID, "the certificate and its key cannot be served", problem)


def _mismatch(chain: Sequence[x509.Certificate], key: pem.Key) -> str:
    """Return why certificate and key do not go together, or an empty string."""
    if not pem.belongs(key, chain[0]):
        if any(pem.belongs(key, each) for each in chain):
            return "the file begins with another certificate; put the one of the key first"
        subject = chain[0].subject.rfc4514_string() or ", ".join(pem.hosts_of(chain[0]))
        return f"the key belongs to another certificate than this one ({subject}); give its own"
    if not pem.hosts_of(chain[0]):
        return "the certificate names no host (subjectAltName); get one that does: no client\
 accepts this one"
    return ""


def _lapse(leaf: x509.Certificate, now: int) -> str:
    """Return why the certificate does not hold at `now`, or an empty string."""
    moment = datetime.fromtimestamp(now, UTC)
    if leaf.not_valid_after_utc <= moment:
        return f"the certificate ran out on {leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC; renew it"
    if leaf.not_valid_before_utc > moment:
        begins = f"{leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        return f"the certificate holds only from {begins} on; check this machine's clock"
    return ""
