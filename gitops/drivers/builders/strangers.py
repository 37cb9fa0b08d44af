"""Builds for strangers: what is checked is what is built.

The context is written once, to a file of ours; a step of the same run could give another Dockerfile
to a second reading.
"""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, BinaryIO, NamedTuple, cast

from gitops.drivers.base import HIDDEN_DOCKERFILE, BuildContext, BuildJob, DriverError, ErrorKind
from gitops.model.dockerfile.strangers import LONGEST, objections


class _Written(NamedTuple):
    """A context in a file."""

    dockerfile: str
    file: IO[bytes]

    def write_to(self, stream: BinaryIO) -> None:
        """Write the tar as it was written before."""
        self.file.seek(0)
        shutil.copyfileobj(self.file, stream, 1 << 20)


@contextmanager
def checked(context: BuildContext, job: BuildJob) -> Iterator[BuildContext]:
    """Give the context of a stranger's build; DENIED for a Dockerfile that may not be built.

    Any other build gets its context as it is.
    """
    if not job.apart:
        yield context
        return
    with TemporaryFile() as file:
        context.write_to(cast("BinaryIO", file))
        found = list(objections(_dockerfile(file, context.dockerfile), job.args))
        if found:
            named = "" if context.dockerfile == HIDDEN_DOCKERFILE else f" {context.dockerfile}"
            what = f"the Dockerfile{named} may not be built for a stranger"
            raise DriverError(ErrorKind.DENIED, what, "; ".join(found[:5]))
        yield _Written(context.dockerfile, file)


def _dockerfile(file: IO[bytes], name: str) -> str:
    """Return the Dockerfile's text, or as much of it as tells that it is too long."""
    file.seek(0)
    with tarfile.open(fileobj=file, mode="r:") as tar:
        # The last one of a name is the one that is unpacked.
        for member in reversed(tar.getmembers()):
            content = tar.extractfile(member) if member.name == name else None
            if content is not None:
                return content.read(LONGEST * 4 + 1).decode(errors="replace")
    return ""
