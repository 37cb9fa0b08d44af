from __future__ import annotations

import re
import uuid
from typing import NamedTuple

import pytest
from support.quick import Quick

pytestmark = pytest.mark.scenario


def test_a_dockerfile_may_lie_outside_of_its_context(quick: Quick) -> None:
    """`-f` from outside is sent with its own ignore file, and a rerun takes the same one."""
    image = f"{quick.world.project}:outside"
    (quick.folder / "app").mkdir()
    page = f"the page {uuid.uuid4().hex}"  # see the files of test_28_contexts.py
    quick.write("app/page", f"{page}\n")
    quick.write("app/not-sent", "x\n")
    quick.write("Other", "FROM busybox\nCOPY . /ctx\nRUN cat /ctx/page; ls -A /ctx\n")
    quick.write("Other.dockerignore", "not-*\n")
    words = ("app", "-f", "Other", "-t", image, "--no-push", "--no-cache")
    made = quick.gitops("build", *words)
    assert made.code == 0, str(made)
    assert page in made.text
    assert "not-sent" not in made.text
    run = re.findall(r"^run (r\w+) Succeeded", made.err, re.MULTILINE)[0]
    again = quick.gitops("rerun", run)
    assert again.code == 0, str(again)
    assert page in again.text
    missing = quick.gitops("build", "app", "-f", "../Nothing", "--no-push")
    assert missing.code == 1
    assert "there is no Dockerfile" in missing.err
    assert quick.left() == []


def test_a_dockerfile_in_the_context_is_found_from_its_top_and_from_here(quick: Quick) -> None:
    """`-f` names a path in the context first, then one from the current folder."""
    image = f"{quick.world.project}:inside"
    (quick.folder / "app").mkdir()
    own = uuid.uuid4().hex
    quick.write("app/Other", f"FROM busybox\nRUN echo $((1 + 1)) from the inside {own}\n")
    for name in ("Other", "app/Other"):
        words = ("app", "-f", name, "-t", image, "--no-push", "--no-cache")
        made = quick.gitops("build", *words)
        assert f"2 from the inside {own}" in made.text, str(made)


class Sent(NamedTuple):
    """Files of a context, the options that name its Dockerfile, and what COPY finds."""

    files: dict[str, str]
    found: set[str]
    options: tuple[str, ...] = (".",)


MANY = {f"data/{number}": "x" for number in range(300)}
RECIPE = "FROM busybox\nCOPY . /ctx\nRUN cd /ctx && find . -mindepth 1 | sed 's/^/found /'\n"
SENT = {
    "ignored": Sent({"Dockerfile": RECIPE, ".dockerignore": "*\n!src", "src/a": ""}, {"src/a"}),
    "ignored by its name": Sent(
        {"Dockerfile": RECIPE, ".dockerignore": "Dockerfile\n", "a": ""}, {".dockerignore", "a"}
    ),
    "ignored among many": Sent(
        {"Dockerfile": RECIPE, ".dockerignore": "Dockerfile\n.dockerignore\n", **MANY}, {*MANY}
    ),
    "in an ignored folder": Sent(
        {"docker/D": RECIPE, ".dockerignore": "docker\n.docker*", "a": ""},
        {"a"},
        ("-f", "docker/D", "."),
    ),
    "with an ignore file of its own": Sent(
        {
            "docker/D": RECIPE,
            "docker/D.dockerignore": "b\ndocker\n",
            ".dockerignore": "a\n",
            "a": "",
            "b": "",
            "c": "",
        },
        {".dockerignore", "a", "c"},
        ("-f", "docker/D", "."),
    ),
    "outside, with an ignore file of its own": Sent(
        {
            "docker/D": RECIPE,
            "docker/D.dockerignore": "b\n",
            "app/.dockerignore": "a\n",
            "app/a": "",
            "app/b": "",
            "app/c": "",
        },
        {".dockerignore", "a", "c"},
        ("-f", "docker/D", "app"),
    ),
    "in small letters": Sent({"dockerfile": RECIPE, "a": ""}, {"a", "dockerfile"}),
}


@pytest.mark.parametrize("builder", ["buildkit", "engine"])
@pytest.mark.parametrize("case", SENT)
def test_no_build_finds_what_is_no_part_of_its_context(
    quick: Quick, case: str, builder: str
) -> None:
    """COPY finds the files of the context, each once, and no Dockerfile that is none of them."""
    sent = SENT[case]
    quick.world.environ["GITOPS_BUILDER"] = builder
    for name, text in sent.files.items():
        quick.folder.joinpath(name).parent.mkdir(exist_ok=True)
        quick.write(name, text)
    made = quick.gitops("build", *sent.options, "--no-push", "--no-cache", "-t", "a:{{.Run.ID}}")
    assert made.code == 0, str(made)
    found = set(re.findall(r"(?m)found \./(.*?)\s*$", made.text))
    folders = {name.rpartition("/")[0] for name in sent.found} - {""}
    assert found == sent.found | folders, str(made)
    assert quick.left() == []
