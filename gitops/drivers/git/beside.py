"""What a task follows beside its branch: the newest tag, and pull requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.git.look import Look, Resolved
from gitops.drivers.git.refs import Listing, Pull
from gitops.drivers.git.wanted import GitWanted
from gitops.model.sources import Source
from gitops.model.versions import newest_tag


def listing_for(group: Sequence[GitWanted]) -> Listing:
    """Return the narrowest list of refs that serves all tasks of one repository."""
    if any(wanted.triggers.pulls.enabled for wanted in group):
        return Listing.WITH_PULLS
    if all(any(wanted.source.ref) for wanted in group):
        return Listing.NAMED
    return Listing.WITH_DEFAULT


def source_of(look: Look, wanted: GitWanted) -> Source:
    """Return what a task follows; only what goes wrong with its own ref is raised."""
    main = look.source(wanted, look.resolve(wanted.source.ref))
    found: list[Source] = []
    errors: list[str] = []

    def attempt(name: str, step: Callable[[], Sequence[Source]]) -> None:
        try:
            found.extend(step())
        except DriverError as error:
            errors.append(f"{name}: {error}")

    if wanted.triggers.tags:
        attempt(f"tags {wanted.triggers.tags}", partial(_tagged, look, wanted))
    for pull, error in _pulls(look, wanted, main.commit, errors):
        if error is not None:
            errors.append(f"pull request {pull.number}: {error}")
        else:
            attempt(f"pull request {pull.number}", partial(_pull, look, wanted, pull))
    return main._replace(beside=tuple(found), beside_errors=tuple(errors))


def _tagged(look: Look, wanted: GitWanted) -> list[Source]:
    tags = look.refs().tags
    try:
        tag = newest_tag(tags, wanted.triggers.tags)
    except ValueError as error:
        raise DriverError(ErrorKind.INVALID, str(error)) from error
    return [look.source(wanted, Resolved(tags[tag], tag=tag))] if tag else []


def _pulls(
    look: Look, wanted: GitWanted, known: str, errors: list[str]
) -> list[tuple[Pull, DriverError | None]]:
    if not wanted.triggers.pulls.enabled:
        return []
    try:
        pulls = look.refs().newest_pulls(wanted.triggers.pulls.limit, known)
    except DriverError as error:
        errors.append(f"pull requests: {error}")
        return []
    failed = look.have_pulls(pulls)
    return [(pull, failed.get(pull.number)) for pull in pulls]


def _pull(look: Look, wanted: GitWanted, pull: Pull) -> list[Source]:
    return [look.source(wanted, Resolved(pull.commit, pull=pull))]
