"""`{{ commit }}` and its like, filled in from a source."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops.model.sources import Source
from gitops.plan.builds.placeholders import fill, fill_tag

FOLDER = Source(tree="t", dockerfile="d", location="/app")
COMMIT = FOLDER._replace(
    commit="0123456789abcdef0123456789abcdef01234567", branch="feature/x", tag="v1.2", date=86400
)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("{{ commit }}", COMMIT.commit),
        ("{{short_commit}}", "01234567"),
        ("{{ branch }}-{{ date }}", "feature/x-19700102"),
        ("{{ tag }}", "v1.2"),
        ("{ commit }", "{ commit }"),
    ],
)
def test_placeholders_are_filled_in(text: str, filled: str) -> None:
    """Each known name is replaced, with or without blanks; other text stays."""
    assert fill(text, COMMIT) == filled


@pytest.mark.parametrize("name", ["commit", "short_commit", "branch", "tag", "date"])
def test_a_folder_has_no_values(name: str) -> None:
    """A value that the source does not have is an error that names it."""
    with pytest.raises(ValueError, match=f"needs a {name}, which this source does not have"):
        fill(f"x-{{{{ {name} }}}}", FOLDER)


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    """A wrong name is answered with the right ones."""
    with pytest.raises(ValueError, match="names 'sha'; known are branch, commit, date"):
        fill("{{ sha }}", COMMIT)


def test_a_value_is_not_filled_in_again() -> None:
    """A branch that is named like a placeholder stays what it is."""
    assert fill("{{ branch }}", COMMIT._replace(branch="{{ commit }}")) == "{{ commit }}"


@pytest.mark.parametrize(
    ("branch", "tag"),
    [
        ("feature/x", "feature-x"),
        ("größe", "gr--e"),
        ("-dash", "dash"),
        (".hidden", "hidden"),
        ("a" * 200, "a" * 128),
    ],
)
def test_a_tag_holds_only_what_a_tag_may_hold(branch: str, tag: str) -> None:
    """What may not stand in a tag becomes a dash, or falls away at its beginning."""
    assert fill_tag("{{ branch }}", COMMIT._replace(branch=branch)) == tag


@given(st.text(min_size=1))
def test_every_tag_is_valid(branch: str) -> None:
    """Whatever a branch is called, what begins with a letter gives a tag."""
    tag = fill_tag("b{{ branch }}", COMMIT._replace(branch=branch))
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", tag)


def test_a_branch_without_a_character_for_a_tag_is_an_error() -> None:
    """A tag that would be empty is refused in words."""
    with pytest.raises(ValueError, match="gives no tag"):
        fill_tag("{{ branch }}", COMMIT._replace(branch="\u00e4\u00f6"))
