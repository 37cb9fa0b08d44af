"""The gateway: a real HAProxy in front of real containers."""

from __future__ import annotations

import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from threading import Thread

import pytest
from engine_fixtures import eventually, lab
from gateway_fixtures import App, Bench, Load, bench, create_gateway, running

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.gateway.names import CONFIG_FILE, NAMES
from gitops.drivers.gateway.render import render
from gitops.model.probing import Fault

pytestmark = pytest.mark.scenario
__all__ = ["bench", "lab"]

LISTENING = ("sh", "-c", "netstat -ltn | grep -q :8000")


def test_switch_is_served_when_it_returns(bench: Bench) -> None:
    """When a switch returns, a request for the app's host gets the new container's answer."""
    first, second = bench.lab.serve("a", "one"), bench.lab.serve("b", "two")
    for container, text in ((first, "one"), (second, "two")):
        revision = bench.writer.switch(bench.gateway, {"shop": bench.route(container)})
        assert bench.get("shop.localhost") == (200, f"{text}\n")
        state = bench.reader.state(bench.gateway)
        assert (state.served, state.revision) == (revision, revision)
        assert state.routes == (bench.route(container),)


def test_host_is_matched_as_browsers_send_it(bench: Bench) -> None:
    """A host name is matched whatever its case and with its port."""
    bench.writer.switch(bench.gateway, {"shop": bench.route(bench.lab.serve("a", "one"))})
    assert bench.get(f"SHOP.localhost:{bench.port}") == (200, "one\n")


def test_unknown_host_is_named(bench: Bench) -> None:
    """A host name that no app has is answered 404 with a text that names it."""
    status, body = bench.get("nobody.localhost")
    assert status == 404
    assert "nobody.localhost" in body


def test_removed_route_is_gone(bench: Bench) -> None:
    """A route that is taken away is answered as an unknown host, the others are untouched."""
    one = bench.lab.serve("a", "one")
    bench.writer.switch(
        bench.gateway, {"shop": bench.route(one), "blog": bench.route(one, app="blog")}
    )
    bench.writer.switch(bench.gateway, {"shop": None})
    assert bench.get("shop.localhost")[0] == 404
    assert bench.get("blog.localhost")[0] == 200


def test_unchanged_routes_write_nothing(bench: Bench) -> None:
    """A switch or restore to what is served already makes no write to the engine."""
    route = bench.route(bench.lab.serve("a", "one"))
    bench.writer.switch(bench.gateway, {"shop": route})
    bench.lab.calls.clear()
    bench.writer.switch(bench.gateway, {"shop": route})
    bench.writer.restore(bench.gateway, (route,))
    bench.reader.state(bench.gateway)
    assert {method for method, _ in bench.lab.calls} == {"GET", "HEAD"}


def test_no_request_fails_over_ten_switches(bench: Bench) -> None:
    """Under a constant load on kept connections, ten switches between two apps fail no request."""
    apps = [bench.lab.serve("a", "one"), bench.lab.serve("b", "two")]
    bench.writer.switch(bench.gateway, {"shop": bench.route(apps[0])})
    with Load(bench, "shop.localhost") as load:
        for number in range(10):
            answered = load.answers
            bench.writer.switch(bench.gateway, {"shop": bench.route(apps[(number + 1) % 2])})
            eventually(lambda before=answered: load.answers > before + 60)  # type: ignore[misc]
    assert load.failures == []
    assert load.bodies == {"one", "two"}


def test_concurrent_switches_all_hold(bench: Bench) -> None:
    """Switches of many apps at once are all served, by fewer reloads than switches."""
    one = bench.lab.serve("a", "one")
    apps = [f"app{number}" for number in range(8)]
    bench.lab.calls.clear()
    threads = [
        Thread(target=bench.writer.switch, args=(bench.gateway, {app: bench.route(one, app=app)}))
        for app in apps
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [bench.get(f"{app}.localhost")[0] for app in apps] == [200] * 8
    assert len([path for _, path in bench.lab.calls if "/kill" in path]) < len(apps)


def test_changed_file_is_noticed_and_restored(bench: Bench) -> None:
    """A file changed by hand has no routes, takes no switch, and is as it was after a restore."""
    route = bench.route(bench.lab.serve("a", "one"))
    bench.writer.switch(bench.gateway, {"shop": route})
    state = bench.reader.state(bench.gateway)
    changed = render((route,)).text.replace("maxconn 4096", "maxconn 4095")
    bench.lab.engine.write_files(bench.gateway, {CONFIG_FILE: changed.encode()})
    assert bench.reader.state(bench.gateway).routes is None
    with pytest.raises(DriverError, match="not as gitops wrote it") as caught:
        bench.writer.switch(bench.gateway, {"shop": None})
    assert caught.value.kind is ErrorKind.CONFLICT
    bench.writer.restore(bench.gateway, (route,))
    assert bench.reader.state(bench.gateway) == state


def test_refused_configuration_leaves_the_old_one(bench: Bench) -> None:
    """A configuration that HAProxy refuses is INVALID with its words, and the old one serves on."""
    route = bench.route(bench.lab.serve("a", "one"))
    bench.writer.switch(bench.gateway, {"shop": route})
    before = bench.reader.state(bench.gateway)
    twice = route._replace(servers=route.servers * 2)
    with pytest.raises(DriverError, match="is refused") as caught:
        bench.writer.switch(bench.gateway, {"shop": twice})
    assert caught.value.kind is ErrorKind.INVALID
    assert "please use distinct names" in caught.value.detail
    assert bench.reader.state(bench.gateway) == before
    assert bench.get("shop.localhost") == (200, "one\n")


def test_probe_asks_what_is_not_routed(bench: Bench) -> None:
    """A probe gets the answer of a container that has no route, with the app's own status."""
    upstream = bench.upstream(bench.lab.serve("a", "one"))
    eventually(lambda: bench.writer.probe(bench.gateway, upstream, "/", 5)[:2] == (200, "one\n"))
    assert bench.writer.probe(bench.gateway, upstream, "/none", 5).status == 404


def test_probe_tells_the_apps_503_from_its_own(bench: Bench) -> None:
    """An app that answers 503 is a status; one that does not listen is an error in words."""
    reply = "printf 'HTTP/1.1 503 No\\r\\nContent-Length: 4\\r\\n\\r\\nbusy'"
    command = f"while true; do {reply} | nc -l -p 8000 -w 1 >/dev/null; done"
    name = bench.lab.run("busy", command=("sh", "-c", command))
    upstream = bench.upstream(name)
    eventually(lambda: bench.writer.probe(bench.gateway, upstream, "/", 5)[:2] == (503, "busy"))
    closed = bench.writer.probe(bench.gateway, bench.upstream(name, 9999), "/", 5)
    words = f"connection refused: nothing listens on port 9999 of {name}"
    assert closed == (0, "", words, Fault.REFUSED)


def test_probe_of_a_container_that_does_not_run(bench: Bench) -> None:
    """A probe of an address that nobody has, or of no address, says so."""
    upstream = bench.upstream(bench.lab.run("gone"))
    bench.lab.engine.remove(upstream.server.container)
    answer = bench.writer.probe(bench.gateway, upstream, "/", 5)
    assert (answer.status, answer.fault) == (0, Fault.SILENT)
    assert "it may not run" in answer.error
    assert upstream.server.address in answer.error
    nowhere = upstream._replace(server=upstream.server._replace(address=""))
    answer = bench.writer.probe(bench.gateway, nowhere, "/", 5)
    assert "has no address" in answer.error


def test_connection_taken_is_told_from_one_refused(bench: Bench) -> None:
    """A port that takes connections is well whatever it speaks; a closed one says why it is not."""
    listen = "nc -l -p 8000 -e sleep 5 & nc -l -p 8001 -e echo hello & exec sleep 600"
    name = bench.lab.run("tcp", command=("sh", "-c", listen))
    eventually(lambda: bench.lab.engine.execute(name, LISTENING)[0] == 0)
    for port in (8000, 8001):
        assert bench.writer.connects(bench.gateway, bench.upstream(name, port), 5) == ""
    error = bench.writer.connects(bench.gateway, bench.upstream(name, 9999), 5)
    assert error == f"connection refused: nothing listens on port 9999 of {name}"
    upstream = bench.upstream(name)
    bench.lab.engine.remove(name)
    assert "it may not run" in bench.writer.connects(bench.gateway, upstream, 5)


def test_probe_gives_up_in_time(bench: Bench) -> None:
    """A probe of an app that accepts and says nothing ends after its timeout."""
    name = bench.lab.run("mute", command=("sh", "-c", "sleep 600 | nc -l -p 8000"))
    upstream = bench.upstream(name)
    started = time.monotonic()
    eventually(
        lambda: (
            bench.writer.probe(bench.gateway, upstream, "/", 0.5).error == "no answer within 0.5 s"
        )
    )
    assert time.monotonic() - started < 10


def test_probe_token_is_not_the_apps_to_see(bench: Bench) -> None:
    """Neither a probe nor a user's request carries a header of ours to an app."""
    command = "nc -l -p 8000 > /seen & sleep 600"
    for asked, headers in ((True, {}), (False, {NAMES.token: "guess"})):
        name = bench.lab.run(f"echo-{asked}".lower(), command=("sh", "-c", command))
        eventually(lambda n=name: bench.lab.engine.execute(n, LISTENING)[0] == 0)  # type: ignore[misc]
        if asked:
            bench.writer.probe(bench.gateway, bench.upstream(name), "/", 0.5)
        else:
            bench.writer.switch(bench.gateway, {"shop": bench.route(name)})
            _ask(bench, headers)
        _, seen = bench.lab.engine.execute(name, ("cat", "/seen"))
        assert "shop.localhost" in seen
        assert NAMES.prefix not in seen.lower()


def _ask(bench: Bench, headers: dict[str, str]) -> None:
    """Send a request as a user; what listens answers nothing, or hangs up."""
    connection = HTTPConnection("127.0.0.1", bench.port, timeout=0.5)
    connection.request("GET", "/", headers={"Host": "shop.localhost", **headers})
    with suppress(OSError, HTTPException):
        connection.getresponse().read()
    connection.close()


def test_users_cannot_probe(bench: Bench) -> None:
    """Without the token, the headers of a probe and the gateway's own paths do nothing."""
    server = bench.server(bench.lab.serve("a", "one"))
    for token in ("", "wrong"):
        headers = {NAMES.token: token, NAMES.address: server.address, NAMES.port: "8000"}
        for path in (NAMES.revision_path, f"{NAMES.stats_path};csv", f"{NAMES.routes_path}0", "/"):
            assert bench.ask("x", path, headers=headers).status == 404


def test_previous_configuration_drains(bench: Bench) -> None:
    """A request under way counts as draining after a switch, ends well, and then nothing drains."""
    app = App(bench.machine(), "slow")
    first = bench.route(bench.lab.serve("b", "two"))
    with running(app):
        bench.writer.switch(
            bench.gateway, {"shop": first._replace(servers=(app.as_server(),), drain=60.0)}
        )
        eventually(lambda: bench.writer.draining(bench.gateway) == 0)
        answers: list[tuple[int, str]] = []
        user = Thread(target=lambda: answers.append(bench.get("shop.localhost", "/slow")))
        user.start()
        eventually(lambda: app.seen != [])
        bench.writer.switch(bench.gateway, {"shop": first})
        draining = bench.writer.draining(bench.gateway)
        app.release.set()
        user.join()
    eventually(lambda: bench.writer.draining(bench.gateway) == 0)
    assert draining == 1
    assert answers == [(200, "slow")]


def test_gateway_that_was_never_written_has_no_routes(bench: Bench) -> None:
    """A container that holds no configuration is a state without routes, not an error."""
    with pytest.raises(DriverError, match="could not be looked at") as caught:
        bench.reader.state(f"{bench.gateway}-none")
    assert caught.value.kind is ErrorKind.MISSING
    bench.lab.engine.remove(bench.gateway)
    state = create_gateway(bench.lab).reader.state(bench.gateway)
    assert state == ("", None, "", "", "its container does not run")
