"""The images that a build starts from: told from the text alone, and written with their digests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from gitops.model.dockerfile.lines import Word, read
from gitops.model.dockerfile.stages import NOTHING, Stage, Use, stages_of
from gitops.model.image import parse_image


class Unknown(NamedTuple):
    """A place in a Dockerfile whose image cannot be told: `text` as written, and `why` not."""

    line: int
    text: str
    why: str


class BaseImages(NamedTuple):
    """Names of images as the Dockerfile has them, variables replaced; none is in both groups.

    `runtime` are what the image itself is built on, `build` what is only used on the way.
    """

    runtime: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    unknown: tuple[Unknown, ...] = ()


def base_images(dockerfile: str, args: Mapping[str, str], target: str = "") -> BaseImages:
    """Return the images that `target` needs, by default the last stage; stages it does not reach
    are not built, and do not count. Never raises.

    `args` are the build's, among them TARGETARCH and the like where a FROM has them.
    """
    stages = stages_of(read(dockerfile), args)
    if not stages:
        return BaseImages(unknown=(Unknown(1, "", "there is no FROM"),))
    last = _target(stages, target)
    if last is None:
        why = "no stage has this name: it is the target of the build"
        return BaseImages(unknown=(Unknown(1, target, why),))
    chain = _chain(stages, last)
    needed = [use for number in _reached(stages, last) for use in _needs(stages, number)]
    runtime = _images([stages[chain[-1]].base])
    unknown = {Unknown(use.line, use.word.text.strip(), use.why): None for use in needed if use.why}
    build = tuple(image for image in _images(needed) if image not in runtime)
    return BaseImages(runtime, build, tuple(unknown))


def _target(stages: Sequence[Stage], target: str) -> int | None:
    """Return the number of the stage that is asked for by name or number."""
    if not target:
        return len(stages) - 1
    named = [number for number, stage in enumerate(stages) if stage.name == target.lower()]
    if named:
        return named[-1]
    number = int(target) if target.isascii() and target.isdecimal() and len(target) < 9 else -1  # noqa: PLR2004
    return number if 0 <= number < len(stages) else None


def _chain(stages: Sequence[Stage], number: int) -> list[int]:
    """Return the stage, the one that it is built on, and so on; a base always stands before."""
    chain = [number]
    while (base := stages[chain[-1]].base.stage) is not None:
        chain.append(base)
    return chain


def _reached(stages: Sequence[Stage], number: int) -> list[int]:
    """Return the stages that stage `number` needs, itself among them, in the file's order."""
    reached: set[int] = set()
    open_ = [number]
    while open_:
        at = open_.pop()
        if at not in reached:
            reached.add(at)
            open_.extend(use.stage for use in _needs(stages, at) if use.stage is not None)
    return sorted(reached)


def _needs(stages: Sequence[Stage], number: int) -> Iterator[Use]:
    stage = stages[number]
    yield stage.base
    if stage.base.stage is not None:
        yield from (use for use in stages[stage.base.stage].uses if use.handed)
    yield from (use for use in stage.uses if not use.handed)


def _images(uses: Sequence[Use]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(use.image for use in uses if use.image not in ("", NOTHING)))


def pinned(dockerfile: str, args: Mapping[str, str], digests: Mapping[str, str]) -> str:
    """Return the same text with every image of `digests` written as `name:tag@sha256:…`.

    `digests` are by the names that `base_images` gives. All else stays as it is, in every stage,
    line by line; an image that has a digest keeps it, and so does what an ONBUILD names: that goes
    into the image, for others to build on.
    """
    edits: dict[int, str] = {}
    for stage in stages_of(read(dockerfile), args):
        for use in (stage.base, *(use for use in stage.uses if not use.handed)):
            digest = digests.get(use.image, "") if use.image not in ("", NOTHING) else ""
            image = parse_image(use.image)
            if digest and not image.digest:
                edits |= _edit(use.word, str(image.with_digest(digest)))
    if not edits:
        return dockerfile
    return "".join(edits.get(offset, char) for offset, char in enumerate(dockerfile))


def _edit(word: Word, text: str) -> dict[int, str]:
    """Put `text` where `word` begins and take its characters away.

    They may stand on several lines: what lies between, a line's continuation, stays.
    """
    return dict.fromkeys(word.spots, "") | {word.spots[0]: text}
