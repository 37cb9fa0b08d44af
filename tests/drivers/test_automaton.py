from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops.drivers.sources import ignore
from gitops.drivers.sources.ignore import Matcher

PATTERNS = st.lists(st.sampled_from(["*", "**/", "a", "b", "/", "?", "[ab]"]), min_size=1).map(
    "".join
)
PATHS = st.text("ab/", min_size=1, max_size=8)


@given(pattern=PATTERNS, path=PATHS)
def test_patterns_with_many_wildcards_match_as_those_with_few(pattern: str, path: str) -> None:
    """The automaton says of each pattern and path what the regular expression says."""
    with pytest.MonkeyPatch.context() as patch:
        answers = []
        for few in (-1, 1000):
            patch.setattr(ignore, "FEW", few)
            answers.append(ignore._compile(pattern).regex.fullmatch(path) is not None)
    assert answers[0] == answers[1]


def test_a_pattern_made_to_take_for_ever_does_not() -> None:
    """What would keep a regular expression busy for hours is answered at once."""
    assert not Matcher(("*a*a*a*a*a*a*a*b",)).ignored("a" * 255)
    assert not Matcher(("**/a/**/a/**/a/**/a/**/b",)).ignored("a/" * 1000 + "c")
    assert Matcher(("**/a/**/a/**/a/**/b",)).ignored("a/" * 1000 + "b")
