from __future__ import annotations

import re
import uuid

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
