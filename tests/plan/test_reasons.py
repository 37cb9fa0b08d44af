"""Why a task runs again, in words."""

from __future__ import annotations

import pytest

from gitops.model.task_inputs import BuildInputs
from gitops.model.task_runs import Cause, CauseKind
from gitops.plan.builds.reasons import causes_of, short, urgent

OLD = BuildInputs(
    "tree",
    "recipe",
    "config",
    commit="1a2b3c4d5e",
    bases={"node:22": "sha256:81aa81aa81aa", "debian:12": "sha256:deb1deb1deb1"},
    scheduled={"nightly": "2026-01-09T02:00Z"},
    after={"BuildTask/base": "f1"},
)
NODE = {**OLD.bases, "node:22": "sha256:3f9c3f9c3f9c"}


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (OLD._replace(tree="t", commit="5e6f7a8b9c"), ["COMMIT 1a2b3c4d→5e6f7a8b"]),
        (OLD._replace(tree="t", commit=""), ["COMMIT the folder was changed"]),
        (OLD._replace(recipe="r"), ["CONFIG dockerfile"]),
        (OLD._replace(config="c"), ["CONFIG spec"]),
        (OLD._replace(bases=NODE), ["BASE_IMAGE node:22 81aa81aa→3f9c3f9c"]),
        (OLD._replace(bases={**OLD.bases, "a:1": "sha256:a1"}), ["BASE_IMAGE a:1 ?→a1"]),
        (OLD._replace(scheduled={"nightly": "2026-01-10T02:00Z"}), ["SCHEDULE nightly"]),
        (OLD._replace(after={"BuildTask/base": "f2"}), ["AFTER BuildTask/base"]),
        (
            OLD._replace(commit="5e6f7a8b9c"),
            ["MISSING the registry has no image of these inputs any more"],
        ),
    ],
)
def test_each_difference_has_its_words(new: BuildInputs, words: list[str]) -> None:
    """A part of the inputs that is another is one cause; a commit without a file is none."""
    assert [str(cause) for cause in causes_of(new, OLD)] == words


def test_the_weightiest_cause_comes_first() -> None:
    """Of several causes, the change of the source comes first, and each is told."""
    new = OLD._replace(
        tree="t", recipe="r", bases=NODE, scheduled={"nightly": "x"}, after={"BuildTask/base": "y"}
    )
    kinds = [cause.kind for cause in causes_of(new, OLD)]
    assert kinds == ["COMMIT", "CONFIG", "BASE_IMAGE", "SCHEDULE", "AFTER"]


def test_without_a_run_before_there_is_no_cause() -> None:
    """Nothing is made up about a task that never ran."""
    assert causes_of(OLD, None) == ()


def test_what_was_taken_away_is_no_cause_by_itself() -> None:
    """A base image that is not built on any more came with another Dockerfile, which is told."""
    new = OLD._replace(recipe="r", bases={"node:22": OLD.bases["node:22"]})
    assert [str(cause) for cause in causes_of(new, OLD)] == ["CONFIG dockerfile"]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], True),
        ([CauseKind.COMMIT], True),
        ([CauseKind.MISSING], True),
        ([CauseKind.BASE_IMAGE], False),
        ([CauseKind.SCHEDULE, CauseKind.AFTER], False),
        ([CauseKind.BASE_IMAGE, CauseKind.COMMIT], True),
    ],
)
def test_a_change_of_a_source_is_urgent(kinds: list[CauseKind], *, expected: bool) -> None:
    """A run for which somebody waits is urgent; base images and schedules can wait."""
    assert urgent(tuple(map(Cause, kinds))) is expected


def test_digests_and_our_tags_are_cut_to_eight_digits() -> None:
    """A digest, a commit and a tag of ours read alike; nothing known is a question mark."""
    assert short("sha256:0123456789ab") == short("0123456789") == "01234567"
    assert short("gitops-0123456789") == "01234567"
    assert short("") == "?"
