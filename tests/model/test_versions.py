from __future__ import annotations

import pytest

from gitops.model.versions import newest, newest_tag, parse_range

TAGS = ["v0.1.0", "v0.1.9", "v0.2.0", "1.0.0", "v1.2.3", "v1.2.10", "v1.9.0", "v2.0.0", "v1.2"]
TAGS += ["v2.0.0-rc.1", "v3.0.0-beta.2", "v3.0.0-beta.10", "nightly"]


@pytest.mark.parametrize(
    ("wanted", "tag"),
    [
        ("^1.2", "v1.9.0"),
        ("~1.2", "v1.2.10"),
        ("~1.2.4", "v1.2.10"),
        ("1.x", "v1.9.0"),
        ("1", "v1.9.0"),
        ("1.2.*", "v1.2.10"),
        ("*", "v2.0.0"),
        (">=1.2 <2", "v1.9.0"),
        (">=1.2, <1.9.0", "v1.2.10"),
        (">= 1.2.3 <= 1.2.9", "v1.2.3"),
        ("<=1.2", "v1.2.10"),
        (">1.9", "v2.0.0"),
        (">1.2.3 <1.3", "v1.2.10"),
        ("1.0.0", "1.0.0"),
        ("=v1.2.3", "v1.2.3"),
        ("^0.1.0", "v0.1.9"),
        ("<0.1.0", None),
        ("^3", None),
        (">=3.0.0-beta.1", "v3.0.0-beta.10"),
        ("2.0.0-rc.1", "v2.0.0-rc.1"),
        ("~0.2 || ~0.1", "v0.2.0"),
    ],
)
def test_a_range_picks_the_highest_version(wanted: str, tag: str | None) -> None:
    """The highest tag in an npm-style range is followed; pre-releases only where one is named."""
    assert newest(TAGS, wanted) == tag


@pytest.mark.parametrize("text", ["", "latest", "1.2.3.4", "1..2", ">=", "1.2 - 2.0"])
def test_a_range_that_is_none_is_an_error(text: str) -> None:
    """What is no range is refused with the text in the message."""
    with pytest.raises(ValueError, match="version"):
        parse_range(text)


@pytest.mark.parametrize(
    ("wanted", "tag"),
    [
        ("v*", "v3.0.0-beta.10"),
        ("v1.*", "v1.9.0"),
        ("1.*", "v1.9.0"),
        ("^1", "v1.9.0"),
        ("night*", "nightly"),
        ("nightly", "nightly"),
        ("weekly", None),
        ("v9*", None),
        ("v[12].*", "v2.0.0"),
    ],
)
def test_tags_are_followed_by_glob_or_range(wanted: str, tag: str | None) -> None:
    """A glob takes what it matches, pre-releases too; versions decide the order."""
    assert newest_tag(TAGS, wanted) == tag


def test_tags_without_versions_are_compared_by_their_numbers() -> None:
    """Numbers in tags that are no versions count as numbers, and a version beats them all."""
    assert newest_tag(["r9", "r10", "r2"], "r*") == "r10"
    assert newest_tag(["app-1.9.0", "app-1.10.0", "app-2024"], "app-*") == "app-1.10.0"
    assert newest_tag(["2024-01-31", "2024-02-01"], "2024-*") == "2024-02-01"
