"""What an answer says of when to ask again."""

from __future__ import annotations

import pytest

from gitops.drivers.registry.limits import asked_to_wait

START = 1_700_000_000.0


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (200, {}, 0),
        (200, {"retry-after": "5"}, 0),
        (429, {"retry-after": "5"}, 5),
        (429, {"retry-after": "soon"}, 0),
        (429, {"retry-after": "9" * 40}, 86400),
        (429, {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        (200, {"ratelimit-remaining": "1;w=21600"}, 0),
        (200, {"ratelimit-remaining": "0;w=21600"}, 21600),
        (429, {"ratelimit-remaining": "0", "ratelimit-limit": "100;w=60"}, 60),
        (200, {"ratelimit-remaining": "0;w=21600", "ratelimit-reset": "12"}, 12),
        (200, {"ratelimit-remaining": "none"}, 0),
    ],
)
def test_wish_of_an_answer(status: int, headers: dict[str, str], wait: float) -> None:
    """Retry-After counts with 429 and 503, an exhausted allowance with any status."""
    assert asked_to_wait(status, headers, START) == wait
