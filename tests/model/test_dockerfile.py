"""Base images told from a Dockerfile's text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops.model.dockerfile import BaseImages, base_images, pinned, secret_stages
from gitops.model.image import parse_image

D = "sha256:" + "d" * 64

ONE = "FROM a:1 AS base\nFROM base AS mid\nFROM b:1 AS other\nFROM MID\n"
COPIES = "FROM a AS x\nFROM b AS y\nFROM c\nCOPY --from=0 /1 /1\nCOPY --from=img:2 --chown=1 / /\n"
HEREDOC = "FROM a\nRUN <<EOF cat <<-'TWO' && echo \"<<NO\"\nFROM no\nEOF\nFROM no\n\tTWO\nFROM b\n"


@pytest.mark.parametrize(
    ("text", "args", "target", "runtime", "build"),
    [
        ("FROM busybox", {}, "", "busybox", ""),
        ("\ufefffrom  busybox:1.36\r\nRUN true\r\n", {}, "", "busybox:1.36", ""),
        (
            "# syntax=docker/dockerfile:1\nFROM --platform=$BUILDPLATFORM a:1 AS x",
            {},
            "",
            "a:1",
            "",
        ),
        ("FROM scratch\nCOPY --from=tools:1 /t /t", {}, "", "", "tools:1"),
        (ONE, {}, "", "a:1", ""),
        (ONE, {}, "OTHER", "b:1", ""),
        (ONE, {}, "2", "b:1", ""),
        (COPIES, {}, "", "c", "a img:2"),
        (COPIES, {}, "y", "b", ""),
        ("FROM a AS x\nFROM a\nCOPY --from=x / /\nCOPY --from=a / /", {}, "", "a", ""),
        ("FROM a\nCOPY --from=later / /\nFROM b AS later", {}, "0", "a", "b"),
        ("FROM later\nFROM b AS later", {}, "0", "later", ""),
        ("ARG V=22\nFROM node:$V", {}, "", "node:22", ""),
        ("ARG V=22\nFROM node:${V}-slim", {"V": "23"}, "", "node:23-slim", ""),
        ("ARG V\nFROM node:${V:-20}", {}, "", "node:20", ""),
        ("FROM node:${V:-20}", {"V": "21"}, "", "node:20", ""),
        ("ARG V=\nFROM node:${V:-20}", {}, "", "node:20", ""),
        ("ARG V=\nFROM node${V-:20}", {}, "", "node", ""),
        ("ARG S=1\nFROM node${S:+-slim}", {}, "", "node-slim", ""),
        ("FROM node${S:+-$T}", {}, "", "node", ""),
        ("ARG V=${W:-${X:-3}} Y='q r'\nARG Z=$V.1\nFROM node:$Z", {}, "", "node:3.1", ""),
        ("ARG V=3.12.1\nFROM python:${V%.*}", {}, "", "python:3.12", ""),
        ("ARG V=3.12.1\nFROM python:${V%%.*}", {}, "", "python:3", ""),
        ("ARG V=v3.12\nFROM python:${V#v}", {}, "", "python:3.12", ""),
        ("ARG V=1\nFROM a AS x\nARG V=2\nFROM b:$V", {}, "", "b:1", ""),
        ("FROM a:$TARGETARCH", {"TARGETARCH": "arm64"}, "", "a:arm64", ""),
        ('ARG I="a:1"\nFROM "$I"', {}, "", "a:1", ""),
        ("FROM \\\n# a comment\n\n  a:1 \\\n AS x\nRUN y", {}, "", "a:1", ""),
        ("# escape=`\nFROM `\na:1\nRUN dir c:\\\nFROM b:1", {}, "", "b:1", ""),
        ("# a\n# escape=`\nFROM \\\na:1", {}, "", "a:1", ""),
        (HEREDOC, {}, "", "b", ""),
        ("FROM a\nRUN cat <<EOF\nFROM b\n", {}, "", "b", ""),
        ("FROM a\nRUN x=$((1<<2)) && [ 1 << 2 ]\nFROM b", {}, "", "b", ""),
        (
            "FROM a\nRUN --mount=type=bind,from=m:1,target=/m --mount=from=n true",
            {},
            "",
            "a",
            "m:1 n",
        ),
        (
            "FROM x AS t\nFROM a\nRUN --network=none --mount=type=cache,from=T,target=/c go",
            {},
            "",
            "a",
            "x",
        ),
        ("FROM a\nFROM b\nRUN --mount=from=0,target=/x true", {}, "", "b", "0"),
        ("FROM a AS p\nONBUILD COPY --from=late / /\nFROM p", {}, "", "a", "late"),
        ("FROM a\nONBUILD COPY --from=late / /", {}, "", "a", ""),
        (f"FROM a:1@{D}", {}, "", f"a:1@{D}", ""),
        ("FROM localhost:5000/Q/a", {}, "", "", ""),
        ("FROM LOCALhost:5000/a_b/c--d:T_1", {}, "", "LOCALhost:5000/a_b/c--d:T_1", ""),
    ],
)
def test_images_that_a_target_needs(
    text: str, args: dict[str, str], target: str, runtime: str, build: str
) -> None:
    """The target's FROMs give the runtime image, what it copies or mounts the build images."""
    found = base_images(text, args, target)
    assert (found.runtime, found.build) == (tuple(runtime.split()), tuple(build.split()))
    assert bool(found.unknown) is (not runtime and not build)


@pytest.mark.parametrize(
    ("text", "line", "written", "why"),
    [
        ("", 1, "", "no FROM"),
        ("# only\nRUN true", 1, "", "no FROM"),
        ("ARG V\n\nFROM a:$V AS x", 3, "a:$V", "V has no value"),
        ("FROM a:$TARGETARCH", 1, "a:$TARGETARCH", "TARGETARCH is set by the builder"),
        ("FROM a:${TARGETARCH:-amd64}", 1, "a:${TARGETARCH:-amd64}", "set by the builder"),
        ("ARG A=$B\nFROM a:$A", 2, "a:$A", "B has no value"),
        ("FROM a:${V:?wanted}", 1, "a:${V:?wanted}", "V: wanted"),
        ("FROM a:${V", 1, "a:${V", "V has no value|not a form"),
        ("FROM a:${V:-", 1, "a:${V:-", "} is missing"),
        ("FROM a:${V/1/2}", 1, "a:${V/1/2}", "not a form"),
        ("FROM 'a", 1, "'a", "not closed"),
        ('FROM "a', 1, '"a', "not closed"),
        ("FROM a b", 1, "a b", "FROM takes an image"),
        ("FROM a:", 1, "a:", "not the name of an image"),
        ("FROM a\nCOPY --from=$X / /", 2, "$X", "no variable"),
        ("FROM a\nCOPY --from=7 / /", 2, "7", "no stage 7"),
        ("ARG A=aaaaaaaaaaaaaaaa\n" + "ARG A=$A$A$A$A\n" * 9 + "FROM $A", 11, "$A", "longer than"),
        ("FROM " + "${A:-" * 60 + "x" + "}" * 60, 1, None, "nested too deep"),
    ],
)
def test_what_cannot_be_told_is_unknown(text: str, line: int, written: str, why: str) -> None:
    """An image that the text and the arguments do not tell is unknown, with its line and why."""
    (unknown,) = base_images(text, {}).unknown
    assert unknown.line == line
    assert written is None or unknown.text == written
    assert any(part in unknown.why for part in why.split("|"))


def test_missing_target_is_unknown() -> None:
    """A target that no stage has is unknown, not the last stage."""
    found = base_images("FROM a AS x", {}, "y")
    assert (found.runtime, found.build, len(found.unknown)) == ((), (), 1)


def test_pinned_changes_the_names_alone() -> None:
    """Digests are written after the names; line ends, comments and here-documents stay."""
    text = (
        "\ufeffARG V=1\r\nFROM --platform=linux/amd64 node:$V AS Build # no comment here\r\n"
        "FROM node:$V AS build\r\n# FROM node:1\r\nRUN <<E\r\nFROM node:1\r\nE\r\n"
        "FROM bus\\\r\n# between\r\nybox\r\nCOPY --from=build / /\r\n"
        'COPY --from="x:2" / /\r\nRUN --mount=from=x:2,target=/x a\r\nONBUILD COPY --from=x:2 / /'
    )
    wanted = text.replace("FROM node:$V AS build", f"FROM node:1@{D} AS build")
    wanted = wanted.replace("bus\\\r\n# between\r\nybox", f"busybox:latest@{D}\\\r\n# between\r\n")
    wanted = wanted.replace('"x:2"', f'"x:2@{D}"').replace("=x:2,", f"=x:2@{D},")
    assert pinned(text, {}, {"node:1": D, "busybox": D, "x:2": D, "build": D}) == wanted


def test_pinned_image_keeps_its_digest() -> None:
    """An image that the Dockerfile pins is left alone."""
    text = f"FROM a:1@{D}\n"
    assert pinned(text, {}, {f"a:1@{D}": "sha256:" + "e" * 64}) == text


pieces = st.sampled_from(
    [
        *("FROM ", "COPY ", "RUN ", "ARG ", "ONBUILD ", "--from=", "--mount=from=", " AS ", "0"),
        *(
            "a",
            "b:1",
            "x",
            "$X",
            "${X:-b:1}",
            "${X",
            "}",
            "<<E",
            "E",
            "\\",
            "`",
            "'",
            '"',
            ",",
            "=",
        ),
        *("\n", "\r\n", " ", "\t", "#", "# escape=`\n", "scratch", "\ufeff", "${X%*}", "@"),
    ]
)
texts = st.one_of(st.lists(pieces, max_size=40).map("".join), st.text(max_size=80))
sane = st.lists(
    st.sampled_from(
        [
            *("FROM a:1 AS x\n", "FROM x\n", "FROM b\n", "FROM r.io/c:${X:-2} AS y\n", "FROM y\n"),
            *("COPY --from=x / /\n", "COPY --from=i:3 / /\n", "RUN --mount=from=b true\n"),
            *(
                "RUN <<E\nFROM no\nE\n",
                "# FROM no\n",
                "COPY --from=0 / /\n",
                "FROM \\\n d:1 AS z\n",
            ),
        ]
    ),
    max_size=14,
).map(lambda lines: "ARG X=1\nFROM first\n" + "".join(lines))


@given(texts, st.dictionaries(st.sampled_from(["X", "TARGETARCH"]), st.text(max_size=9)), texts)
def test_any_text_has_an_answer(text: str, args: dict[str, str], target: str) -> None:
    """No text is too broken, and one that nothing is pinned in stays what it is."""
    assert isinstance(base_images(text, args, target), BaseImages)
    assert pinned(text, args, {}) == text


def repositories(images: tuple[str, ...]) -> set[str]:
    return {parse_image(image).repository for image in images}


@given(st.one_of(sane, texts), st.sampled_from([{}, {"X": "7"}]))
def test_pinned_text_names_the_same_images(text: str, args: dict[str, str]) -> None:
    """A pinned Dockerfile needs the same repositories, all by digest, on as many lines."""
    before = base_images(text, args)
    after_text = pinned(text, args, dict.fromkeys((*before.runtime, *before.build), D))
    after = base_images(after_text, args)
    assert repositories(after.runtime) == repositories(before.runtime)
    assert repositories((*after.runtime, *after.build)) == repositories(
        (*before.runtime, *before.build)
    )
    assert all(parse_image(image).digest or "ONBUILD" in text for image in after.runtime)
    assert after_text.count("\n") == text.count("\n")


def test_stages_that_were_given_a_secret() -> None:
    """Stages that mount a secret or an agent are known, and those that take from them."""
    text = (
        "FROM busybox AS plain\nRUN make\n"
        "FROM plain AS deps\nRUN --mount=type=secret,id=npm npm ci\n"
        "FROM busybox AS keys\nRUN --mount=target=/x,type=ssh git clone x\n"
        "FROM deps AS app\nRUN make\n"
        "FROM busybox AS copied\nCOPY --from=keys /x /x\n"
        "FROM busybox AS clean\nCOPY --from=plain /x /x\nRUN --mount=type=cache,target=/c make\n"
    )
    assert secret_stages(text) == {"deps", "keys", "app", "copied"}
