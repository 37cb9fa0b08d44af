"""A task's run that somebody asks for by hand: what is made then, and under which name."""

from __future__ import annotations

import json

from gitops.model.image import ImageRef
from gitops.model.task_snapshots import ByHand
from gitops.model.wanted import WantedImage
from gitops.plan.fingerprint import text_hash

_DIGITS = 24
"""Of a fingerprint, those that stand in the tag."""


def asked(image: WantedImage, by: str, given: ByHand, *, altered: bool) -> WantedImage:
    """Return an image as it is made now because `by` asks for it, whether it is there or not.

    What was made with something else than the spec says (`altered`) is not what the spec wants: no
    tag follows it, and what was given is part of its name.
    """
    if not altered:
        return image._replace(by_hand=by)
    lacks = {name: why for name, why in image.lacks.items() if name not in given.secrets}
    fingerprint = image.fingerprint
    if given != ByHand():
        more = [fingerprint, given.values, sorted(given.secrets), given.hidden]
        fingerprint = text_hash(json.dumps(more))
    tag = f"{image.ref.tag[:-_DIGITS]}{fingerprint[:_DIGITS]}"
    return image._replace(
        ref=ImageRef(image.ref.repository, tag),
        moving=(),
        fingerprint=fingerprint,
        by_hand=by,
        lacks=lacks,
        altered=True,
    )
