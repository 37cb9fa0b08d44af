"""A gateway's configuration as text: what it holds, tells and refuses; and statistics read."""

from __future__ import annotations

import hashlib
import re

import pytest

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.gateway.challenges import challenge_map, mark
from gitops.drivers.gateway.codec import decode_all, encode
from gitops.drivers.gateway.header import pages, parse_page, seal, stamp, unpack, unseal
from gitops.drivers.gateway.names import NAMES
from gitops.drivers.gateway.render import render
from gitops.drivers.gateway.states import parse_health, server_states
from gitops.drivers.gateway.words import quote
from gitops.model.routes import Check, Route, Rules, Server

CHECK = Check("/health", ((200, 299), (404, 404)), 5.0, 2.0, 3)
RULES = Rules(
    prefixes=("/api", "/v.1"),
    strip_prefix=True,
    affinity=True,
    body_limit=1000,
    timeout=12.5,
    compression=True,
    maintenance="<h1>bald zurück</h1>\n\"'\\",
    users=(("ann", "0A" * 32), ("bob é\n", "1B" * 32)),
    allow=("10.0.0.0/8", "::1"),
    certificate="shop.pem",
    redirect=True,
)
FULL = Route(
    "shop",
    ("shop.localhost", "shop.example"),
    (Server("shop-1", 8000, "172.20.0.2"), Server("shop-2", 8000, "172.20.0.3")),
    12.5,
    CHECK,
    RULES,
    (("shop-staging", 10.0),),
)


def routes(number: int) -> tuple[Route, ...]:
    return tuple(
        Route(
            f"app{each:04}",
            (f"app{each}.localhost",),
            (Server(f"shop-app{each}-81aa", 8000, f"172.20.{each // 200}.{each % 200 + 1}"),),
            check=CHECK,
        )
        for each in range(number)
    )


@pytest.mark.parametrize("number", [0, 1, 400])
def test_file_tells_its_routes(number: int) -> None:
    """What was sealed is read back: the routes and the revision."""
    made = render(reversed(routes(number)))
    assert unseal(made.text) == made
    assert made.routes == routes(number)
    assert made == render(routes(number))


def test_every_field_of_a_route_is_kept() -> None:
    """A route with all that it may have is the same, to its types, in the file and in the pages."""
    made = render((FULL,))
    found = unseal(made.text)
    assert found is not None
    assert found.routes == (FULL,)
    assert repr(decode_all([encode(FULL)])) == repr((FULL,))


@pytest.mark.parametrize("line", ["", "[]", '["shop"]', "nonsense", "{}", "7"])
def test_line_that_is_no_route(line: str) -> None:
    """A line that is not a route of ours is an error that a reader knows, not a route."""
    with pytest.raises((ValueError, TypeError)):
        decode_all([line, encode(FULL)])


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


def test_revision_changes_with_a_certificate_and_the_https_port() -> None:
    """A renewed certificate has another name, so it is another revision; so is another port."""
    renewed = FULL._replace(rules=RULES._replace(certificate="shop-2.pem"))
    revisions = {
        render((FULL,)).revision,
        render((renewed,)).revision,
        render((FULL,), 443).revision,
    }
    assert len(revisions) == 3


def large(number: int) -> tuple[Route, ...]:
    """Return routes with maintenance pages that do not pack well."""
    return tuple(
        route._replace(
            rules=Rules(
                maintenance="".join(
                    hashlib.sha256(f"{route.app} {each}".encode()).hexdigest()
                    for each in range(128)
                )
            )
        )
        for route in routes(number)
    )


@pytest.mark.parametrize("made", [routes(400), large(5), ()])
def test_pages_hold_all_routes_in_small_answers(made: tuple[Route, ...]) -> None:
    """Routes are told in pages that fit HAProxy's buffer, the last one says that it is the last."""
    texts = pages(made, "c0ffee")
    assert all(len(text) < 12_000 and "'" not in text for text in texts)
    found = [page for text in texts if (page := parse_page(text))]
    assert unpack("".join(page.packed for page in found)) == made
    assert [page.more for page in found] == [True] * (len(found) - 1) + [False]
    assert {page.revision for page in found} == {"c0ffee"}


def test_large_routes_take_several_pages() -> None:
    """Routes that do not fit one answer are told in more, and a part of them is no route."""
    texts = pages(large(5), "c0ffee")
    assert len(texts) > 1
    page = parse_page(texts[0])
    assert page is not None
    assert unpack(page.packed) is None
    assert parse_page("[]") is None
    assert parse_page("nonsense") is None


def test_longest_drain_bounds_old_workers() -> None:
    """Workers of earlier configurations end an hour after the longest drain."""
    long = routes(1)[0]._replace(drain=45.5)
    assert "hard-stop-after 3646s" in render((long, routes(2)[1])).text
    assert seal("x", ()).routes == ()


@pytest.mark.parametrize(
    "text", ["", "plain", "a b", 'it\'s "x" #1', "$HOME ${X} %[src]", "\\n\n\t\\x41", "é✓", "\0"]
)
def test_quoted_text_is_one_word(text: str) -> None:
    """Quoted text has no character that means something to HAProxy, and can be read back."""
    quoted = quote(text)
    assert re.fullmatch(r"(?:[A-Za-z0-9_./-]|\\x[0-9a-f]{2})*", quoted)
    assert quoted.encode().decode("unicode_escape").encode("latin-1").decode() == text


NEW_LINE = "a\n  bind :81"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"app": NEW_LINE}, "is not a name"),
        ({"hosts": (NEW_LINE,)}, "is not a name"),
        ({"hosts": ("a b",)}, "is not a name"),
        ({"hosts": ()}, "needs a host name"),
        ({"drain": float("nan")}, "found nan"),
        ({"servers": (Server(NEW_LINE, 80, "10.0.0.1"),)}, "is not a name"),
        ({"servers": (Server("a:any", 80, "10.0.0.1"),)}, "is not a name"),
        ({"servers": (Server("a", 0, "10.0.0.1"),)}, "needs a port"),
        ({"servers": (Server("a", -1, "10.0.0.1"),)}, "needs a port"),
        ({"servers": (Server("a", 80),)}, "needs an IPv4 address"),
        ({"servers": (Server("a", 80, "shop.example"),)}, "needs an IPv4 address"),
        ({"servers": (Server("a", 80, "10.0.0.1 backup"),)}, "needs an IPv4 address"),
        ({"servers": (Server("a", 80, "0.0.0.0"),)}, "needs an IPv4 address"),
        ({"check": CHECK._replace(path="/a b")}, "is not a path"),
        ({"check": CHECK._replace(path="/a\n")}, "is not a path"),
        ({"check": CHECK._replace(path="http://x")}, "is not a path"),
        ({"check": CHECK._replace(statuses=((200, 700),))}, "range of HTTP statuses"),
        ({"check": CHECK._replace(statuses=((300, 200),))}, "range of HTTP statuses"),
        ({"check": CHECK._replace(statuses=())}, "needs a status"),
        ({"check": CHECK._replace(failures=0)}, "failures"),
        ({"check": CHECK._replace(interval=0.0)}, "interval"),
        ({"check": CHECK._replace(timeout=float("inf"))}, "timeout"),
        ({"rules": Rules(prefixes=())}, "needs a path prefix"),
        ({"rules": Rules(prefixes=("api",))}, "is not a path prefix"),
        ({"rules": Rules(prefixes=("/api/",))}, "is not a path prefix"),
        ({"rules": Rules(prefixes=("/a b",))}, "is not a path prefix"),
        ({"rules": Rules(prefixes=("/(a)",))}, "is not a path prefix"),
        ({"rules": Rules(prefixes=("/a\n",))}, "is not a path prefix"),
        ({"rules": Rules(certificate="../a")}, "name of a certificate"),
        ({"rules": Rules(certificate=NEW_LINE)}, "name of a certificate"),
        ({"rules": Rules(body_limit=-1)}, "body limit"),
        ({"rules": Rules(timeout=-1.0)}, "timeout"),
        ({"rules": Rules(maintenance="é" * 4097)}, "maintenance page"),
        ({"rules": Rules(maintenance="\0")}, "maintenance page"),
        ({"rules": Rules(allow=("10.0.0.0/33",))}, "is not a network"),
        ({"rules": Rules(allow=("10.0.0.1 or src ::/0",))}, "is not a network"),
        ({"rules": Rules(users=(("ann", "secret"),))}, "user ann needs a hash"),
        ({"rules": Rules(users=(("ann", "0a" * 32),))}, "user ann needs a hash"),
        ({"traffic": ((NEW_LINE, 1.0),)}, "is not the name of a route"),
        ({"traffic": (("b", 101.0),)}, "from 0 to 100 percent"),
        ({"traffic": (("b", 60.0), ("c", 60.0))}, "more than 100 percent"),
    ],
)
def test_what_cannot_be_configured_is_refused(changes: dict[str, object], found: str) -> None:
    """A route that could be read as more than it is, or means nothing, is refused in words."""
    bad = routes(1)[0]._replace(**changes)  # type: ignore[arg-type]
    with pytest.raises(DriverError, match="cannot be configured") as caught:
        render((bad,))
    assert caught.value.kind is ErrorKind.INVALID
    assert found in caught.value.detail


HEAD = (
    "# pxname,svname,scur,stot,econ,eresp,hrsp_5xx,status,lastchg,check_status,check_code,last_chk,"
    "check_rise,check_fall,check_health,rtime,"
)
STATS = f"""{HEAD}
web,FRONTEND,1,9,,,,OPEN,,,,,,,,,
probe,container,0,0,0,0,0,no check,1,,,,,,,0,
app_shop,shop-1,1,10,1,2,3,UP,70,* L7OK,200,,1,3,3,20,
app_shop,shop-2,0,0,0,0,0,DOWN,9,L4CON,,"Connection refused, so",1,3,0,0,
app_shop,shop-3,0,0,0,0,0,UP 1/3,70,L7STS,500,,1,3,1,0,
app_shop,shop-1:any,2,30,0,0,1,no check,70,,,,,,,40,
app_shop,shop-2:any,0,0,0,0,0,no check,70,,,,,,,0,
app_shop,BACKEND,3,40,1,2,4,UP,70,,,,,,,30,
app_blog,blog,0,0,0,0,0,no check,3,,,,,,,0,
"""


def test_statistics_are_read_by_server() -> None:
    """Each server's state, reason and counters are read; those of its unchecked twin are added."""
    found = {each.container: each for each in parse_health(STATS)}
    assert set(found) == {"shop-1", "shop-2", "shop-3", "blog"}
    assert found["shop-1"] == ("shop", "shop-1", True, 70, "HTTP status 200", 40, 7, 3, 35.0)
    assert found["shop-2"].why == "no connection: Connection refused, so"
    assert [found[name].up for name in ("shop-2", "shop-3", "blog")] == [False, True, True]
    assert (found["shop-3"].why, found["blog"].why) == ("HTTP status 500", "")


def test_what_was_down_is_handed_on() -> None:
    """The next worker is told what is down and for how long; what began to fail is close to it."""
    names = ("shop-1", "shop-2", "shop-3", "shop-4")
    servers = tuple(Server(name, 8000, "10.0.0.1") for name in names)
    text = server_states(STATS, [FULL._replace(servers=servers)]).decode()
    version, fields, *lines = text.splitlines()
    assert version == "1"
    columns = fields.removeprefix("# ").split()
    rows = [dict(zip(columns, line.split(), strict=True)) for line in lines]
    states = {row["srv_name"]: (row["srv_op_state"], row["srv_check_health"]) for row in rows}
    assert states == {"shop-1": ("2", "0"), "shop-2": ("0", "0"), "shop-4": ("2", "0")}
    assert rows[1]["srv_time_since_last_change"] == "9"
    assert {row["be_name"] for row in rows} == {"app_shop"}


def test_statistics_of_nobody() -> None:
    """No statistics are no servers, and hand nothing on but that all are well."""
    assert parse_health("") == ()
    assert b" shop-1 172.20.0.2 2 " in server_states("", [FULL])


def test_challenges_are_a_map_with_a_mark() -> None:
    """The map of challenges has a line for each token, and a mark that changes with them."""
    text = challenge_map({"b": "b.key", "a": "a.key"}).decode()
    assert text.splitlines() == [
        f"{NAMES.challenges_path} {mark({'a': 'a.key', 'b': 'b.key'})}",
        "/.well-known/acme-challenge/a a.key",
        "/.well-known/acme-challenge/b b.key",
    ]
    assert mark({}) == "none"
    assert mark({"a": "a.key"}) != mark({"b": "b.key"})
