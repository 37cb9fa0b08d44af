"""The read path, whose imports every run pays for; and the pure parts of the gateway."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gitops.drivers.gateway.header import pages, parse_page, seal, stamp, unseal
from gitops.drivers.gateway.render import render
from gitops.model.routes import Route

READ_PATH = """
import sys
import gitops.drivers.engine_connection
import gitops.drivers.engine_reader
import gitops.drivers.gateway.reader
import gitops.drivers.gateway.writer
import gitops.drivers.lease
import gitops.drivers.oci_registry
import gitops.drivers.processes
import gitops.drivers.secret_reader
print(*sys.modules)
"""


def test_read_path_imports_nothing_heavy() -> None:
    """Looking at engine, gateway, lease and registry imports no library beyond the standard one."""
    found = subprocess.run(
        [sys.executable, "-c", READ_PATH], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"docker", "requests", "httpx", "jinja2", "asyncio", "urllib3", "concurrent.futures"}
    assert heavy.isdisjoint(found)
    assert "gitops.drivers.oci_registry" in found


def routes(number: int) -> tuple[Route, ...]:
    return tuple(
        Route(f"app{each:04}", (f"app{each}.localhost",), f"shop-app{each}-81aa", 8000)
        for each in range(number)
    )


@pytest.mark.parametrize("number", [0, 1, 400])
def test_file_tells_its_routes(number: int) -> None:
    """What was sealed is read back: the routes and the revision."""
    made = render(reversed(routes(number)))
    assert unseal(made.text) == made
    assert made.routes == routes(number)
    assert made == render(routes(number))


def test_any_change_of_the_file_is_seen() -> None:
    """A file with one character changed, added or taken away is not ours any more."""
    text = render(routes(3)).text
    for changed in (text + "\n", text[:-1], text.replace("8000", "8001", 1), "", "{}\n"):
        assert unseal(changed) is None


def test_revision_changes_with_the_routes() -> None:
    """Two sets of routes have two revisions and two stamps, in a time that no clock shows."""
    one, two = render(routes(1)), render(routes(2))
    assert one.revision != two.revision
    assert stamp(one.revision) != stamp(two.revision)
    assert 1_000_000_000 <= stamp("fffffff") < 1_300_000_000


def test_pages_hold_all_routes_in_small_answers() -> None:
    """Routes are told in pages that fit HAProxy's buffer, the last one says that it is the last."""
    made = [parse_page(page) for page in pages(routes(400))]
    assert all(len(page) < 12_000 for page in pages(routes(400)))
    assert tuple(route for page in made if page for route in page.routes) == routes(400)
    assert [page.more for page in made if page] == [True] * (len(made) - 1) + [False]
    assert len(made) > 1
    assert parse_page("[]") is None
    assert parse_page("nonsense") is None


def test_longest_drain_bounds_old_workers() -> None:
    """Workers of earlier configurations end ten seconds after the longest drain."""
    long = routes(1)[0]._replace(drain=45.5)
    assert "hard-stop-after 56s" in render((long, routes(2)[1])).text
    assert seal("x", ()).routes == ()
