from __future__ import annotations

import pytest

from gitops.model.dockerfile.strangers import FORBIDDEN_ARGS, objections

FROM = "FROM busybox\n"
REFUSED = {
    "add-url": (f"{FROM}ADD http://127.0.0.1:5000/v2/_catalog /x\n", "ADD of a URL"),
    "add-git": (f"{FROM}ADD git@example.com:x.git /x\n", "ADD of a URL"),
    "add-variable": (f"ARG U\n{FROM}ADD ${{U}} /x\n", "ADD of a URL"),
    "add-continued": (f"{FROM}add --chown=1 \\\n # a comment\n  https://x/y /x\n", "ADD of a URL"),
    "add-escape": (f"# escape=`\n{FROM}ADD `\n http://x/y /x\n", "ADD of a URL"),
    "add-later": (f"{FROM}ONBUILD ADD http://x/y /x\n", "line 2: ADD of a URL"),
    "add-heredoc": (f"{FROM}RUN cat <<'RUN id'\nADD \\\nhttp://x/y /x\nRUN id\n", "ADD of a URL"),
    "syntax": ("# syntax=evil/frontend:1\nFROM busybox\n", "evil/frontend:1"),
    "syntax-second": ("# escape=`\n#SYNTAX = evil/f\nFROM busybox\n", "evil/f"),
    "syntax-slashes": ("// syntax=evil/f\nFROM busybox\n", "evil/f"),
    "syntax-json": ('{"syntax": "evil/f"}\n', "JSON"),
    "long": (FROM + "#" * (1 << 20), "more than 1048576 characters"),
    "many": (FROM + "RUN a\n" * 2001, "more than 2000 instructions"),
    "bomb": (
        "ARG a0=aaaaaaaa\n"
        + "".join(f"ARG a{n + 1}=${{a{n}}}${{a{n}}}${{a{n}}}${{a{n}}}\n" for n in range(20))
        + "FROM ${a20}\n",
        "come to more than 65536 characters",
    ),
    "bomb-env": (
        FROM + "ENV a=aaaaaaaa\n" + "".join('ENV a="$a$a$a" b="${a:-$a}$a"\n' for _ in range(30)),
        "come to more than 65536 characters",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_stranger_may_not_build(name: str) -> None:
    """A Dockerfile that would use the engine itself, or stop it, is refused with the reason."""
    text, said = REFUSED[name]
    assert said in "; ".join(objections(text, {}))


@pytest.mark.parametrize(
    "text",
    [
        f"{FROM}RUN wget http://example.com/x\nCOPY . /x\nADD x.tar /x\n",
        "# syntax=docker/dockerfile:1.7\nFROM busybox\n",
        f"# syntax=docker.io/docker/dockerfile@sha256:{'a' * 64}\nFROM busybox\n",
        "ARG V=1\nFROM busybox:$V\nENV A=$V B=${A}$V\nRUN <<EOF\nmake\nEOF\n",
        f"{FROM}# syntax=evil/f\n",
    ],
)
def test_what_a_stranger_may_build(text: str) -> None:
    """Ordinary Dockerfiles are built, also those with the official frontend."""
    assert list(objections(text, {"V": "2"})) == []


@pytest.mark.parametrize(
    ("name", "forbidden"),
    [("http_proxy", 1), ("HTTPS_PROXY", 1), ("No_Proxy", 1), ("BUILDKIT_SYNTAX", 1), ("V", 0)],
)
def test_args_that_lead_elsewhere(name: str, forbidden: int) -> None:
    """Args that the builder leaves out of the keys of its cache are none for strangers."""
    assert bool(FORBIDDEN_ARGS.fullmatch(name)) == bool(forbidden)
