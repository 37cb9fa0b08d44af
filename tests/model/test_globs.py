from __future__ import annotations

import pytest

from gitops.model.globs import Globs

CASES = [
    (("web/**",), "web/a/b", True), (("web/**",), "web2/a", False), (("web",), "web/a", True),
    (("web/",), "web/a", True), (("web/",), "x/web/a", True), (("/web",), "x/web/a", False),
    (("*.md",), "a/b.md", True), (("/*.md",), "a/b.md", False), (("**/*.md",), "b.md", True),
    (("docs/*",), "docs/a", True), (("docs/*",), "docs/a/b", False), (("a/**/b",), "a/b", True),
    (("a/**/b",), "a/x/y/b", True), (("**", "!x/**"), "x/y", False), (("!x/**",), "y", True),
    (("**", "!x/**", "x/keep"), "x/keep", True), (("[a-c]?.txt",), "bz.txt", True),
    (("[!a].txt",), "a.txt", False), ((r"\*.txt",), "x.txt", False), ((), "a", False),
    (("*",), "a\nb", True), (("a[/]b",), "a/b", False),
]  # fmt: skip


@pytest.mark.parametrize(("patterns", "path", "expected"), CASES)
def test_patterns_read_as_in_gitignore(
    patterns: tuple[str, ...], path: str, *, expected: bool
) -> None:
    """Names match anywhere, paths from the top, folders all below; the last match decides."""
    assert Globs(patterns).match(path) is expected


@pytest.mark.parametrize("pattern", ["", "!", "/", "a[", "[z-a]"])
def test_a_wrong_pattern_is_refused(pattern: str) -> None:
    """What is no pattern is an error that quotes it."""
    with pytest.raises(ValueError, match="pattern"):
        Globs((pattern,))
