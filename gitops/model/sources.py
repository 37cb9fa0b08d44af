"""What a build task builds from: a folder beside the spec, or a commit of a git repository."""

from __future__ import annotations

from typing import NamedTuple

from gitops.model.dockerfile import BaseImages


class Source(NamedTuple):
    """One task's source as it was read: where it is and what is in it.

    `tree` is a hash over (mode, path, blob hash) of every file of the context after
    `.dockerignore`, equal for a folder and for a commit with the same files. `dockerfile` is the
    blob hash of the Dockerfile, which may lie in the ignored part. `date` is seconds since 1970
    (the commit's), 0 where there is no commit.
    """

    tree: str
    dockerfile: str
    location: str
    commit: str = ""
    branch: str = ""
    tag: str = ""
    date: int = 0
    url: str = ""
    stale: str = ""
    """Why the remote could not be asked, when this is the last commit that was seen of it."""
    followed: str = ""
    """The same hash as `tree` over the files that the task's triggers follow; it is `tree` where
    they follow everything. The Dockerfile is among them only if the patterns say so."""
    pull: str = ""
    """The number of the pull request that it is the head of."""
    beside: tuple[Source, ...] = ()
    """What the task follows beside this: the newest tag, and pull requests, newest first."""
    beside_errors: tuple[str, ...] = ()
    """One sentence for each tag or pull request that was left out because it cannot be read."""
    recipe: str = ""
    """The text of the Dockerfile, or of the task file."""
    built_on: BaseImages = BaseImages()
    """What the build steps of a multi-step task build on, as far as their Dockerfiles are here."""

    @property
    def short_commit(self) -> str:
        """The first 8 digits of the commit, or an empty string."""
        return self.commit[:8]
