from __future__ import annotations

import pytest

from gitops.drivers.base import DriverError
from gitops.drivers.sources.ignore import Matcher, parse_ignore

TABLE = [
    ("*.md", "a.md", True),
    ("*.md", "docs/a.md", False),
    ("**/*.md", "docs/x/a.md", True),
    ("**/*.md", "a.md", True),
    ("docs", "docs/x/a.md", True),
    ("/docs/", "docs/a.md", True),
    ("./docs/../docs", "docs/a.md", True),
    ("docs/**", "docs/a/b", True),
    ("docs/**", "docs", False),
    ("**/node_modules", "node_modules/x.js", True),
    ("**/node_modules", "a/b/node_modules/c/x.js", True),
    ("a/**/z", "a/z", True),
    ("a/**/z", "a/b/c/z", True),
    ("a/**/z", "az", False),
    ("temp?", "tempa", True),
    ("temp?", "temp", False),
    ("temp?", "temp/", False),
    ("*/temp*", "a/temporary.txt", True),
    ("*/temp*", "a/b/temporary.txt", False),
    ("[a-c]x", "bx", True),
    ("[^a-c]x", "bx", False),
    ("[!a]x", "!x", True),
    ("\\*", "*", True),
    ("\\*", "a", False),
    ("# no\n #yes", "#yes", True),
    ("# no", "# no", False),
    ("\ufeffsecret", "secret", True),
    ("  secret  ", "secret", True),
    (".", "a", False),
    ("*\n!README.md", "README.md", False),
    ("*\n!README.md", "other", True),
    ("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", True),
    ("*.md\nREADME-secret.md\n!README*.md", "README-secret.md", False),
    ("docs\n!docs/keep", "docs/keep/a", False),
    ("docs\n!docs/keep", "docs/a", True),
    ("! a\n", "a", False),
    ("**", "a/b", True),
    ("**foo", "a/barfoo", True),
    ("a.b", "aXb", False),
    ("a+(b){c}|$", "a+(b){c}|$", True),
    (".dockerignore", ".dockerignore", True),
    ("", ".git/config", True),
    ("!.git", ".git/config", False),
    ("", "sub/.git", True),
    ("", ".gitignore", False),
]


@pytest.mark.parametrize(("text", "path", "ignored"), TABLE)
def test_a_pattern_means_what_it_means_to_the_engine(text: str, path: str, ignored: bool) -> None:  # noqa: FBT001
    """A `.dockerignore` line matches as https://docs.docker.com/build/concepts/context/ says."""
    assert Matcher(parse_ignore(text)).ignored(path) is ignored


@pytest.mark.parametrize("text", ["[a", "!", "a[]"])
def test_a_pattern_that_means_nothing_is_an_error(text: str) -> None:
    """A malformed pattern is refused instead of matching nothing."""
    with pytest.raises(DriverError, match=r"\.dockerignore"):
        Matcher(parse_ignore(text))


def test_an_ignored_folder_is_read_only_when_something_in_it_may_come_back() -> None:
    """`node_modules` is not walked unless an exception can lie in it."""
    assert Matcher(parse_ignore("a")).closed("a")
    assert not Matcher(parse_ignore("a\n!a/b")).closed("a")
    assert not Matcher(parse_ignore("a\n!**/b")).closed("a")
    assert Matcher(parse_ignore("a\n!c/b")).closed("a")
