"""What an app ran, and what it is held at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gitops.model.image import ImageRef
from gitops.model.webapp import Runtime


class Content(NamedTuple):
    """What can run in any place of an app: an image and how it runs.

    `image` is exact: pinned, or named by its inputs. `declared` is the name that the user wrote,
    `sidecars` are the images of `runtime.sidecars` in their order, `commit` is what was built.
    """

    image: ImageRef
    declared: str
    runtime: Runtime
    sidecars: tuple[ImageRef, ...] = ()
    commit: str = ""


class Revision(NamedTuple):
    """A content that served: `number` counts up, `config` is its containers' hash, `digest` what
    the image's name led to, `since` seconds since 1970; `secrets` are the versions of the secret
    values that it had, by the name of their variable or file.
    """

    number: int
    config: str
    digest: str
    since: float
    content: Content
    secrets: Mapping[str, str]


class Hold(NamedTuple):
    """A wish of a person that sticks: reconcile keeps to it until `resume`, or a changed spec.

    `kind` is `rollback`, `swap` or `stop`; `content` is what runs (none: what the spec says, or
    with `stop` nothing), `revision` the number it has in the app's history. `spec` is the hash of
    the spec at that time. `since` is seconds since 1970.
    """

    kind: str
    by: str
    reason: str
    since: float
    spec: str
    revision: int = 0
    content: Content | None = None
    slot: str = ""
    """With which slot the place was swapped."""
