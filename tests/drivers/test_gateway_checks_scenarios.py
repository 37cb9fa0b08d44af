"""Several servers behind one route: who gets requests, over failures, kills and reloads."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Thread

import pytest
from engine_fixtures import eventually
from gateway_fixtures import CHECK, App, Bench, Load, bench, running

from gitops.model.routes import Route, Rules

pytestmark = pytest.mark.scenario
__all__ = ["bench"]

HOST = "shop.localhost"


@pytest.fixture
def apps(bench: Bench) -> Iterator[list[App]]:
    """Give three apps that run."""
    made = [App(bench.machine(), name) for name in ("one", "two", "three")]
    with running(*made):
        yield made


def route(*apps: App) -> Route:
    return Route("shop", (HOST,), tuple(app.as_server() for app in apps), 5.0, CHECK)


def is_up(bench: Bench, *names: str) -> bool:
    """Say whether exactly these servers are up, and have been asked."""
    found = bench.health()
    asked = all(not each.why.endswith("asked yet") for each in found.values())
    return asked and {name for name, each in found.items() if each.up} == set(names)


def answered(bench: Bench, number: int = 12) -> set[str]:
    """Return who answers a number of requests."""
    return {bench.get(HOST)[1] for _ in range(number)}


def test_all_servers_of_a_route_get_requests(bench: Bench, apps: list[App]) -> None:
    """Requests are spread over the servers of a route, and a check is known by its User-Agent."""
    bench.writer.switch(bench.gateway, {"shop": route(*apps)})
    assert answered(bench) == {"one", "two", "three"}
    eventually(lambda: all(app.checks > 1 for app in apps))


def test_failing_server_is_out_and_comes_back(bench: Bench, apps: list[App]) -> None:
    """A server gets no requests after `failures` bad checks in a row, and some after a good one."""
    bench.writer.switch(bench.gateway, {"shop": route(*apps)})
    eventually(lambda: is_up(bench, "one", "two", "three"))
    apps[0].health = 500
    eventually(lambda: is_up(bench, "two", "three"))
    assert answered(bench) == {"two", "three"}
    assert bench.health()["one"].why == "HTTP status 500"
    apps[0].health = 204
    eventually(lambda: is_up(bench, "one", "two", "three"))
    assert answered(bench) == {"one", "two", "three"}


def test_fewer_bad_checks_than_failures_change_nothing(bench: Bench, apps: list[App]) -> None:
    """A server is not taken out by one bad check less than `failures`."""
    patient = CHECK._replace(failures=1000)
    bench.writer.switch(bench.gateway, {"shop": route(*apps)._replace(check=patient)})
    eventually(lambda: is_up(bench, "one", "two", "three"))
    asked = apps[0].checks
    apps[0].health = 500
    eventually(lambda: apps[0].checks > asked + 5)
    assert bench.health()["one"].up
    assert bench.health()["one"].why == "HTTP status 500"


def test_server_that_hangs_is_out(bench: Bench, apps: list[App]) -> None:
    """A server that does not answer its checks in time is out, and the reason says so."""
    bench.writer.switch(bench.gateway, {"shop": route(*apps)})
    apps[1].health = 0
    eventually(lambda: is_up(bench, "one", "three"))
    assert bench.health()["two"].why == "no answer in time"


def test_servers_that_are_all_out_are_asked(bench: Bench, apps: list[App]) -> None:
    """When no server is well, users get the answers of the servers and not the gateway's 503."""
    for each in (route(*apps), route(apps[0])):
        for app in apps:
            app.health, app.status = 500, 418
        bench.writer.switch(bench.gateway, {"shop": each})
        eventually(lambda: is_up(bench))
        assert {bench.get(HOST)[0] for _ in range(6)} == {418}


def test_server_that_closed_fails_no_request(bench: Bench, apps: list[App]) -> None:
    """Under load, a server that stops listening fails no request that it did not hold."""
    slow_check = CHECK._replace(interval=60.0)
    bench.writer.switch(bench.gateway, {"shop": route(*apps)._replace(check=slow_check)})
    with Load(bench, HOST) as load:
        eventually(lambda: load.answers > 100)
        # Connections that it has are answered on; new ones are refused.
        apps[0].socket.close()
        before = load.answers
        eventually(lambda: load.answers > before + 300)
    assert load.failures == []


def test_killed_container_fails_only_what_it_held(bench: Bench) -> None:
    """Under load, a killed container of three fails at most the requests that were in it."""
    names = [bench.lab.serve(name, name) for name in ("a", "b", "c")]
    wanted = bench.route(*names)._replace(check=CHECK._replace(path="/", interval=5.0))
    bench.writer.switch(bench.gateway, {"shop": wanted})
    with Load(bench, HOST, clients=8, pause=0.02) as load:
        eventually(lambda: load.answers > 100)
        bench.lab.engine.signal(names[0], "SIGKILL")
        before = load.answers
        eventually(lambda: load.answers > before + 400, 20)
    assert len(load.failures) <= 3
    assert not bench.health()[names[0]].up


def test_reload_under_load_with_a_server_out(bench: Bench, apps: list[App]) -> None:
    """Under load, reloads fail no request and bring none to a server that was taken out before."""
    # Its check in the new worker is a minute away: only what was handed on can keep it out.
    wanted = route(*apps)
    bench.writer.switch(bench.gateway, {"shop": wanted})
    apps[0].health = 500
    eventually(lambda: is_up(bench, "two", "three"))
    before = len(apps[0].seen)
    with Load(bench, HOST) as load:
        for number in range(5):
            check = CHECK._replace(interval=60.0 + number)
            bench.writer.switch(bench.gateway, {"shop": wanted._replace(check=check)})
            found = bench.health()["one"]
            assert not found.up
            answers = load.answers
            eventually(lambda before=answers: load.answers > before + 60)  # type: ignore[misc]
    assert load.failures == []
    assert load.bodies == {"two", "three"}
    assert len(apps[0].seen) == before


def test_server_that_was_out_comes_back_after_a_reload(bench: Bench, apps: list[App]) -> None:
    """A server that was out before a reload is asked again by the new worker, and put back."""
    bench.writer.switch(bench.gateway, {"shop": route(*apps)})
    apps[0].health = 500
    eventually(lambda: is_up(bench, "two", "three"))
    blog = route(apps[1])._replace(app="blog", hosts=("blog.localhost",))
    bench.writer.switch(bench.gateway, {"blog": blog})
    assert not bench.health()["one"].up
    assert bench.health()["one"].seconds < 30
    apps[0].health = 200
    eventually(lambda: bench.health()["one"].up)
    assert answered(bench) == {"one", "two", "three"}


def test_new_server_and_lost_state_start_well(bench: Bench, apps: list[App]) -> None:
    """A server that joins gets requests at once, and one that leaves takes its state with it."""
    bench.writer.switch(bench.gateway, {"shop": route(apps[0])})
    bench.writer.switch(bench.gateway, {"shop": route(*apps)})
    assert answered(bench) == {"one", "two", "three"}
    apps[0].health = 500
    eventually(lambda: is_up(bench, "two", "three"))
    bench.writer.switch(bench.gateway, {"shop": route(*apps[1:])})
    assert set(bench.health()) == {"two", "three"}


def test_tcp_check_asks_only_for_a_connection(bench: Bench, apps: list[App]) -> None:
    """A check without a path takes out what refuses connections, and makes no request."""
    tcp = CHECK._replace(path="", statuses=())
    bench.writer.switch(bench.gateway, {"shop": route(*apps)._replace(check=tcp)})
    eventually(lambda: bench.health()["one"].why == "the port takes connections")
    apps[0].socket.close()
    eventually(lambda: is_up(bench, "two", "three"))
    assert bench.health()["one"].why.startswith("no connection: ")
    assert [app.checks for app in apps] == [0, 0, 0]


def test_counters_tell_requests_errors_and_times(bench: Bench, apps: list[App]) -> None:
    """Health counts requests, open ones, errors (5xx and no answer) and the time of answers."""
    bench.writer.switch(bench.gateway, {"shop": route(apps[0])})
    for _ in range(3):
        bench.get(HOST)
    apps[0].status = 503
    bench.get(HOST)
    bench.get(HOST, "/break")
    found = bench.health()["one"]
    assert (found.app, found.requests, found.errors, found.open) == ("shop", 5, 2, 0)
    assert 0 <= found.milliseconds < 1000
    user = Thread(target=bench.get, args=(HOST, "/slow"))
    user.start()
    eventually(lambda: bench.health()["one"].open == 1)
    apps[0].release.set()
    user.join()
    assert bench.health()["one"].open == 0


def test_health_of_a_gateway_that_does_not_run(bench: Bench, apps: list[App]) -> None:
    """A gateway that does not answer tells of no server."""
    bench.writer.switch(bench.gateway, {"shop": route(*apps)})
    bench.lab.engine.stop(bench.gateway, 1)
    assert bench.reader.health(bench.gateway) == ()


def test_tunnel_and_slow_answer_survive_a_reload(bench: Bench, apps: list[App]) -> None:
    """A tunnel such as a WebSocket, and a slow answer, go on over a change of their route."""
    limited = route(apps[0])._replace(rules=Rules(body_limit=1000, compression=True))
    bench.writer.switch(bench.gateway, {"shop": limited})
    with ExitStack() as stack:
        tunnel = stack.enter_context(socket.create_connection(("127.0.0.1", bench.port), 10))
        ask = f"GET /ws HTTP/1.1\r\nHost: {HOST}\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"
        tunnel.sendall(ask.encode())
        assert b" 101 " in tunnel.recv(1000)
        answers: list[tuple[int, str]] = []
        user = Thread(target=lambda: answers.append(bench.get(HOST, "/slow")))
        user.start()
        eventually(lambda: any(seen.path == "/slow" for seen in apps[0].seen))
        bench.writer.switch(bench.gateway, {"shop": route(apps[1])})
        assert bench.get(HOST) == (200, "two")
        tunnel.sendall(b"still there")
        assert tunnel.recv(1000) == b"still there"
        apps[0].release.set()
        user.join()
        assert answers == [(200, "one")]
        assert bench.writer.draining(bench.gateway) == 1
    eventually(lambda: bench.writer.draining(bench.gateway) == 0)


def test_state_of_many_apps_is_handed_on(bench: Bench, apps: list[App]) -> None:
    """Of a hundred routes, each with a server that is out, all are still out after a reload."""
    routes = {
        f"app{number}": route(*apps[:2])._replace(
            app=f"app{number}", hosts=(f"app{number}.localhost",)
        )
        for number in range(100)
    }
    apps[0].socket.close()
    bench.writer.switch(bench.gateway, routes)

    def out() -> int:
        found = bench.reader.health(bench.gateway)
        return len([each for each in found if not each.up and each.container == "one"])

    eventually(lambda: out() == 100, 20)
    rare = CHECK._replace(interval=60.0)
    later = {app: each._replace(check=rare) for app, each in routes.items()}
    bench.writer.switch(bench.gateway, later)
    assert out() == 100
