"""What a gateway does with requests before and after an app sees them, on a real HAProxy."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import re
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from engine_fixtures import eventually
from gateway_fixtures import App, Bench, bench, running

from gitops.model.routes import Route, Rules

pytestmark = pytest.mark.scenario
__all__ = ["bench"]

HOST = "shop.localhost"


@pytest.fixture
def apps(bench: Bench) -> Iterator[list[App]]:
    """Give two apps that run."""
    made = [App(bench.machine(), name) for name in ("one", "two")]
    with running(*made):
        yield made


def serve(bench: Bench, *apps: App, **rules: object) -> None:
    """Route the shop to apps, with rules."""
    made = Rules(**rules)  # type: ignore[arg-type]
    route = Route("shop", (HOST,), tuple(app.as_server() for app in apps), 5.0, rules=made)
    bench.writer.switch(bench.gateway, {"shop": route})


def test_longest_prefix_of_whole_segments_wins(bench: Bench, apps: list[App]) -> None:
    """Of all apps under a host name, the one with the longest prefix of the path is asked."""
    api = Route("api", (HOST,), (apps[1].as_server(),), rules=Rules(("/api", "/shop/v.1")))
    serve(bench, apps[0])
    bench.writer.switch(bench.gateway, {"api": api})
    for path, name in (
        ("/", "one"),
        ("/api", "two"),
        ("/api/", "two"),
        ("/api?x=/", "two"),
        ("/api/orders", "two"),
        ("/apis", "one"),
        ("/shop", "one"),
        ("/shop/v.1/x", "two"),
        ("/shop/vx1/x", "one"),
    ):
        assert bench.get(HOST, path) == (200, name), path


def test_paths_of_nobody_are_answered_404(bench: Bench, apps: list[App]) -> None:
    """A path that no app of a host name has is answered 404 by the gateway, which names it."""
    serve(bench, apps[0], prefixes=("/api",))
    status, text = bench.get(HOST, "/other")
    assert status == 404
    assert f"{HOST}/other" in text


def test_prefix_is_taken_off(bench: Bench, apps: list[App]) -> None:
    """With `strip_prefix` an app sees the path below its prefix, and the prefix in a header."""
    serve(bench, apps[0], prefixes=("/v.1/api", "/api"), strip_prefix=True)
    for path, seen, prefix in (
        ("/api", "/", "/api"),
        ("/api/", "/", "/api"),
        ("/api/api/x?y=/api", "/api/x?y=/api", "/api"),
        ("/v.1/api/api", "/api", "/v.1/api"),
        ("/api//x", "/x", "/api"),
    ):
        bench.get(HOST, path)
        last = apps[0].seen[-1]
        assert (last.path, last.headers["x-forwarded-prefix"]) == (seen, prefix), path


def test_affinity_keeps_a_client_at_its_server(bench: Bench, apps: list[App]) -> None:
    """With `affinity` a client that keeps its cookie is answered by one server; names are kept."""
    serve(bench, *apps, affinity=True)
    first = bench.ask(HOST)
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    value = re.match(r"GITOPS_AFFINITY=([0-9a-f]{16});", cookie)
    assert value is not None
    headers = {"Cookie": f"GITOPS_AFFINITY={value[1]}"}
    assert {bench.ask(HOST, headers=headers).text for _ in range(8)} == {first.text}
    assert {bench.get(HOST)[1] for _ in range(8)} == {"one", "two"}
    assert all("GITOPS_AFFINITY" not in seen.headers.get("cookie", "") for seen in apps[0].seen)
    # A server that is gone takes nobody with it.
    other = next(app for app in apps if app.name != first.text)
    serve(bench, other, affinity=True)
    assert bench.ask(HOST, headers=headers)[:2] == (200, other.name)


def test_large_requests_are_refused(bench: Bench, apps: list[App]) -> None:
    """A body over the limit is answered 413, one of unknown length 411; no app sees them."""
    serve(bench, apps[0], body_limit=1000)
    assert bench.ask(HOST, method="POST", body=b"x" * 1000).status == 200
    large = bench.ask(HOST, method="POST", body=b"x" * 1001)
    assert (large.status, "1000 bytes" in large.text) == (413, True)
    assert bench.ask(HOST, method="POST", body=iter([b"x" * 10])).status == 411
    assert [len(seen.body) for seen in apps[0].seen] == [1000]


def test_slow_answers_are_given_up(bench: Bench, apps: list[App]) -> None:
    """An app that does not answer within `timeout` is given up with 504; others may take longer."""
    serve(bench, apps[0], timeout=0.3)
    assert bench.get(HOST, "/slow")[0] == 504
    serve(bench, apps[0], timeout=0.0)
    assert bench.get(HOST)[0] == 200


def test_text_is_compressed_for_those_who_ask(bench: Bench, apps: list[App]) -> None:
    """With `compression` text is sent as gzip to who takes it, and other types as they are."""
    serve(bench, apps[0], compression=True)
    apps[0].text = "shop " * 1000
    ask = {"Accept-Encoding": "gzip, br"}

    def raw(headers: dict[str, str]) -> tuple[str, bytes]:
        connection = HTTPConnection("127.0.0.1", bench.port, timeout=10)
        connection.request("GET", "/", headers={"Host": HOST, **headers})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.headers.get("Content-Encoding", ""), body

    encoding, body = raw(ask)
    assert encoding == "gzip"
    assert len(body) < 500
    assert gzip.decompress(body).decode() == apps[0].text
    assert raw({}) == ("", apps[0].text.encode())
    apps[0].content_type = "image/png"
    assert raw(ask) == ("", apps[0].text.encode())


def test_maintenance_page_is_given_in_the_apps_place(bench: Bench, apps: list[App]) -> None:
    """A maintenance page is given with 503, to the byte as written; the app is not asked."""
    page = "<h1>It's \"down\" # $HOME \\n %[src] %% \\ 'x'</h1>\r\n\tBald zurück ✓\n"
    page += "é" * ((8192 - len(page.encode())) // 2)
    serve(bench, *apps, maintenance=page)
    answer = bench.ask(HOST, "/any")
    assert (answer.status, answer.text) == (503, page)
    assert answer.headers["content-type"] == "text/html;charset=utf-8"
    assert int(answer.headers["retry-after"]) > 0
    assert apps[0].seen == []
    routes = bench.reader.state(bench.gateway).routes
    assert routes is not None
    assert routes[0].rules.maintenance == page
    serve(bench, *apps)
    assert bench.get(HOST)[0] == 200


def login(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_users_have_to_log_in(bench: Bench, apps: list[App]) -> None:
    """Without a known name and password the answer is 401 with a realm; an app never sees them."""
    names = [(f"user{number}", f"pa:ss word{number}é") for number in range(30)]
    users = tuple(
        (name, hmac.new(b"shop", login(name, word).encode(), hashlib.sha256).hexdigest().upper())
        for name, word in names
    )
    serve(bench, apps[0], users=users)
    asked = bench.ask(HOST)
    assert asked.status == 401
    assert asked.headers["www-authenticate"] == 'Basic realm="shop", charset="UTF-8"'
    for word in ("wrong", "", names[1][1]):
        headers = {"Authorization": login("user0", word)}
        assert bench.ask(HOST, headers=headers).status == 401
    for name, word in (names[0], names[29]):
        assert bench.ask(HOST, headers={"Authorization": login(name, word)}).status == 200
    assert len(apps[0].seen) == 2
    assert all("authorization" not in seen.headers for seen in apps[0].seen)
    # Apps that do not ask the gateway for a login are passed theirs.
    serve(bench, apps[0])
    bench.ask(HOST, headers={"Authorization": "Bearer x"})
    assert apps[0].seen[-1].headers["authorization"] == "Bearer x"


def test_only_allowed_networks_may_ask(bench: Bench, apps: list[App]) -> None:
    """An address outside of the allowed networks is answered 403; its app is not asked."""
    serve(bench, apps[0], allow=("203.0.113.0/24", "2001:db8::/32"))
    assert bench.get(HOST)[0] == 403
    assert apps[0].seen == []
    everyone = ("0.0.0.0/1", "128.0.0.0/1")
    serve(bench, apps[0], allow=("203.0.113.7", *everyone))
    assert bench.get(HOST)[0] == 200


def split(apps: list[App], percent: float) -> dict[str, Route | None]:
    """Return a shop of which a slot gets a share."""
    slot = Route("shop-staging", ("staging.localhost",), (apps[1].as_server(),), 5.0)
    shop = Route("shop", (HOST,), (apps[0].as_server(),), 5.0)
    return {
        "shop": shop._replace(
            traffic=(("shop-staging", percent), ("shop-gone", min(20.0, 100 - percent)))
        ),
        "shop-staging": slot,
    }


def test_traffic_is_split_and_clients_stay(bench: Bench, apps: list[App]) -> None:
    """A share of new clients goes to the other route; a cookie keeps each on its side."""
    bench.writer.switch(bench.gateway, split(apps, 30.0))
    answers = [bench.ask(HOST) for _ in range(200)]
    others = [answer for answer in answers if answer.text == "two"]
    # 30 % of 200 is 60; 25 and 100 are more than five standard deviations away.
    assert 25 < len(others) < 100
    for answer in (others[0], next(each for each in answers if each.text == "one")):
        cookie, _, rest = answer.headers["set-cookie"].partition(";")
        assert cookie.startswith("GITOPS_SIDE_shop=")
        assert "Max-Age=3600" in rest
        again = [bench.ask(HOST, headers={"Cookie": cookie}) for _ in range(10)]
        assert {each.text for each in again} == {answer.text}
        assert all("set-cookie" not in each.headers for each in again)
    assert bench.get("staging.localhost") == (200, "two")


def test_side_that_is_gone_falls_back(bench: Bench, apps: list[App]) -> None:
    """A client whose side is gone is answered by production."""
    bench.writer.switch(bench.gateway, split(apps, 100.0))
    answer = bench.ask(HOST)
    assert answer.text == "two"
    headers = {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
    bench.writer.switch(bench.gateway, {"shop-staging": None})
    assert bench.ask(HOST, headers=headers)[:2] == (200, "one")
    assert bench.get(HOST) == (200, "one")


def test_route_without_a_server_says_so(bench: Bench) -> None:
    """A route whose app has no container is answered 503 with a text that names the app."""
    serve(bench)
    status, text = bench.get(HOST)
    assert (status, text) == (503, "No container of shop runs.\n")


def test_apps_are_told_who_asks_and_how(bench: Bench, apps: list[App]) -> None:
    """An app is told the client's address and that it came by HTTP, whatever the client claims."""
    serve(bench, apps[0])
    bench.ask(HOST, headers={"X-Forwarded-Proto": "https"})
    seen = apps[0].seen[-1].headers
    assert seen["x-forwarded-proto"] == "http"
    assert re.fullmatch(r"[0-9.]+", seen["x-forwarded-for"])


def test_more_hosts_than_a_line_holds(bench: Bench, apps: list[App]) -> None:
    """A route may have more host names than HAProxy reads words in a line."""
    hosts = tuple(f"host{number}.localhost" for number in range(150))
    route = Route("shop", hosts, (apps[0].as_server(),), 5.0)
    bench.writer.switch(bench.gateway, {"shop": route})
    eventually(lambda: bench.get(hosts[0])[0] == 200)
    assert bench.get(hosts[-1]) == (200, "one")
