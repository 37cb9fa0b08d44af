"""The stages of a Dockerfile, and what each one takes from other stages and from images.

Which name means a stage: https://docs.docker.com/build/building/multi-stage/ and BuildKit's
https://github.com/moby/buildkit/blob/master/frontend/dockerfile/dockerfile2llb/convert.go
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gitops.model.dockerfile.lines import Dockerfile, Instruction, Word, read
from gitops.model.dockerfile.variables import Unresolved, Values, expand

NOTHING = "scratch"
PLATFORM = frozenset(
    f"{of}{what}" for of in ("BUILD", "TARGET") for what in ("PLATFORM", "OS", "ARCH", "VARIANT")
)
"""ARGs that BuildKit sets before the first FROM."""
WORDS_WITHOUT_NAME = 1
WORDS_WITH_NAME = 3
_MOUNT_FROM = re.compile(r"(?:^--mount=[\"']?|,[\"']?)from=([^,\"'\s]*)", re.IGNORECASE)


class Use(NamedTuple):
    """A place where a stage takes something: from `image`, from stage number `stage`, or `why` not.

    `word` is what is written there. `handed` is in an ONBUILD: it holds for the stages built on
    this one.
    """

    line: int
    word: Word
    image: str = ""
    stage: int | None = None
    why: str = ""
    handed: bool = False


class Stage(NamedTuple):
    """One FROM and what follows it; `name` in lower case, empty when it has none."""

    name: str
    base: Use
    uses: tuple[Use, ...]


_GIVEN = re.compile(r"^--mount=(?:.*,)?[\"']?type=(?:secret|ssh)\b", re.IGNORECASE)


def secret_stages(dockerfile: str) -> frozenset[str]:
    """Return the names of stages that mount a secret or an SSH agent, or take from such a one."""
    file = read(dockerfile)
    stages = stages_of(file, {})
    starts = [one.line for one in file.instructions if one.keyword == "FROM"]
    touched = {
        sum(start <= one.line for start in starts) - 1
        for one in file.instructions
        for flag in (one.inner() if one.keyword == "ONBUILD" else one).flags
        if _GIVEN.match(flag.text)
    }
    for number, stage in enumerate(stages):
        taken = {use.stage for use in (stage.base, *stage.uses)}
        if touched & taken:
            touched.add(number)
    return frozenset(stages[number].name for number in touched if number >= 0)


class _Draft(NamedTuple):
    name: str
    base: Use
    instructions: list[Instruction]


def stage_names(dockerfile: str) -> tuple[str, ...]:
    """Return the names that `FROM … AS name` gives, in lower case and in their order."""
    names = (stage.name for stage in stages_of(read(dockerfile), {}))
    return tuple(dict.fromkeys(name for name in names if name))


def stages_of(file: Dockerfile, args: Mapping[str, str]) -> tuple[Stage, ...]:
    """Return the stages in their order; `args` are the build's, by name."""
    values: dict[str, str | Unresolved] = {
        name: Unresolved(f"{name} is set by the builder, and is not known here")
        for name in PLATFORM
    }
    values |= {name: args[name] for name in PLATFORM & args.keys()}
    drafts: list[_Draft] = []
    numbers: dict[str, int] = {}
    for instruction in file.instructions:
        if instruction.keyword == "FROM":
            drafts.append(_from(instruction, numbers, values, file.escape))
            if drafts[-1].name:
                numbers[drafts[-1].name] = len(drafts) - 1
        elif drafts:
            drafts[-1].instructions.append(instruction)
        elif instruction.keyword == "ARG":
            _declare(instruction, values, args, file.escape)
    return tuple(
        Stage(draft.name, draft.base, tuple(_uses(draft.instructions, numbers, len(drafts))))
        for draft in drafts
    )


def _declare(
    instruction: Instruction,
    values: dict[str, str | Unresolved],
    args: Mapping[str, str],
    escape: str,
) -> None:
    """Take the ARGs of one instruction into `values`; what the build gives is above the default."""
    for found in _words(instruction.rest.text):
        name, equals, default = found.partition("=")
        if name in args:
            values[name] = args[name]
        elif equals:
            try:
                values[name] = expand(default, values, escape)
            except Unresolved as error:
                values[name] = error
        elif name not in PLATFORM:
            values.pop(name, None)


def _words(text: str) -> list[str]:
    """Split at white space outside of quotes."""
    return re.findall(r"(?:\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"|\S)+", text)


def _from(
    instruction: Instruction,
    numbers: Mapping[str, int],
    values: Values,
    escape: str,
) -> _Draft:
    words = instruction.words()
    named = len(words) == WORDS_WITH_NAME and words[1].text.upper() == "AS"
    name = words[2].text.lower() if named else ""
    if len(words) != WORDS_WITHOUT_NAME and not named:
        why = "FROM takes an image, and may name the stage: FROM image AS name"
        return _Draft(name, Use(instruction.line, instruction.rest, why=why), [])
    use = Use(instruction.line, words[0])
    try:
        image = expand(words[0].text, values, escape)
    except Unresolved as error:
        return _Draft(name, use._replace(why=str(error)), [])
    return _Draft(name, _taken(use, image, numbers), [])


def _taken(use: Use, name: str, numbers: Mapping[str, int]) -> Use:
    """Say what `name` is: a stage's, or an image's."""
    if name.lower() in numbers:
        return use._replace(stage=numbers[name.lower()])
    if not _is_image(name):
        return use._replace(why=f"{name!r} is not the name of an image")
    return use._replace(image=name)


def _is_image(name: str) -> bool:
    """Say whether `name` has the shape of a reference.

    Grammar: https://github.com/distribution/reference/blob/main/reference.go
    """
    return bool(_REFERENCE.fullmatch(name))


_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_REFERENCE = re.compile(
    rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?",
    re.ASCII,
)


def _uses(
    instructions: Iterable[Instruction], numbers: Mapping[str, int], count: int
) -> Iterator[Use]:
    for outer in instructions:
        handed = outer.keyword == "ONBUILD"
        instruction = outer.inner() if handed else outer
        for word in _sources(instruction):
            use = Use(outer.line, word, handed=handed)
            name = word.text
            # A mount knows stages by their names alone: for BuildKit, its 0 is an image.
            number = instruction.keyword == "COPY" and name.isdecimal()
            if "$" in name:
                why = "no variable can stand here; name a stage whose FROM has it"
                yield use._replace(why=why)
            elif number and int(name[:9]) < count:
                yield use._replace(stage=int(name))
            elif number:
                yield use._replace(why=f"there is no stage {name}, they are counted from 0")
            else:
                yield _taken(use, name, numbers)


def _sources(instruction: Instruction) -> Iterator[Word]:
    """Yield the names after `--from=` of a COPY and after `from=` of a RUN's mounts."""
    for flag in instruction.flags:
        if instruction.keyword == "COPY" and flag.text.startswith("--from="):
            start = len("--from=")
            quoted = flag.text[start : start + 1] in ("'", '"') and len(flag.text) > start + 1
            yield flag.part(start + quoted, len(flag.text) - quoted)
        elif instruction.keyword == "RUN" and flag.text.startswith("--mount="):
            for found in _MOUNT_FROM.finditer(flag.text):
                if found[1]:
                    yield flag.part(*found.span(1))
