"""What went wrong with an ACME authority, in words: its problem documents (RFC 8555, 6.7)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from acme import errors, messages
from josepy.errors import Error as JoseError

from gitops.drivers.base.errors import DriverError, ErrorKind

_PASSING = ("badNonce", "serverInternal")
"""Problems that are the authority's own, and pass."""

_ASKING = (
    "The authority asks http://HOST/.well-known/acme-challenge/ from outside: the name has to lead"
    " to this machine, and its port 80 to the gateway's HTTP port"
)


@contextmanager
def explained(directory: str) -> Iterator[None]:
    """Turn what the library raises into `DriverError`: UNREACHABLE, DENIED or TIMEOUT."""
    try:
        yield
    except errors.ValidationError as error:
        raise unproven(directory, error.failed_authzrs) from error
    except errors.IssuanceError as error:
        raise _refused(directory, error.error) from error
    except messages.Error as error:
        raise _refused(directory, error) from error
    except errors.TimeoutError as error:
        what = f"{directory} did not finish in time"
        detail = "it is slow, or cannot reach the hosts; the order is made again with the next try"
        raise DriverError(ErrorKind.TIMEOUT, what, detail) from error
    except OSError as error:
        raise DriverError(
            ErrorKind.UNREACHABLE, f"{directory} cannot be reached", _cause(error)
        ) from error
    except (errors.Error, JoseError, KeyError, ValueError) as error:
        raise _foreign(directory, _line(error)) from error


def unproven(directory: str, failed: Sequence[messages.AuthorizationResource]) -> DriverError:
    """Return the error for hosts of which the authority has not seen that they are ours."""
    lines = []
    for each in failed:
        problems = [each.error for each in each.body.challenges if each.error is not None]
        told = (
            "; ".join(map(_words, problems)) or f"it is {each.body.status.name}, and says no more"
        )
        lines.append(f"{each.body.identifier.value}: {told}")
    what = f"{directory} did not find the hosts to be ours"
    return DriverError(ErrorKind.DENIED, what, "\n".join([*lines, _ASKING]))


def _refused(directory: str, problem: messages.Error) -> DriverError:
    """Return the error for a problem document, with a line for each part of it."""
    if not messages.is_acme_error(problem):
        return _foreign(directory, _words(problem))
    kind = ErrorKind.UNREACHABLE if problem.code in _PASSING else ErrorKind.DENIED
    lines = [_words(problem)]
    for part in problem.subproblems or ():
        host = f"{part.identifier.value}: " if part.identifier else ""
        lines.append(f"{host}{_words(part)}")
    return DriverError(kind, f"{directory} refused the certificate", "\n".join(lines))


def _foreign(directory: str, found: str) -> DriverError:
    """Return the error for an answer that is none of the protocol's."""
    what = f"{directory} does not answer as an ACME authority"
    return DriverError(ErrorKind.UNREACHABLE, what, found)


def _words(problem: messages.Error) -> str:
    said = problem.detail or problem.title or problem.description or "it says no more"
    return f"{said} ({problem.typ})"


def _cause(error: BaseException) -> str:
    """Return the reason at the bottom of a failed request, which the libraries wrap thrice."""
    cause: BaseException = error
    while (below := cause.__cause__ or cause.__context__) is not None:
        cause = below
    if isinstance(cause, ssl.SSLCertVerificationError):
        hint = "an authority with a root of its own needs its certificate as gateway.acme.root"
        return f"its certificate is not trusted: {cause.verify_message}; {hint}"
    return _line(cause)


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0][:300]
