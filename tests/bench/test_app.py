from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import docker
import pytest
from support.bench_app import IMAGE, BenchApp
from support.eventual import eventually
from support.held import slow_request, stream, web_socket
from support.scenario import Answer

pytestmark = pytest.mark.scenario

Launch = Callable[..., BenchApp]
HOST = os.uname().nodename


def test_pages_say_who_answers(launch: Launch) -> None:
    """Pages tell who answers, its health and environment, the request, and a body's length."""
    app = launch(COLOUR="blue")
    me = f"one {HOST} {app.process.pid}\n"
    assert app.said == f"listening on {app.port} as one\n"
    assert app.ask() == app.ask("/burn?ms=1") == app.ask("/slow?s=0") == Answer(200, me)
    assert app.ask("/healthz") == Answer(200, "ok\n")
    assert "COLOUR=blue\n" in app.ask("/env").body
    assert f"Host: 127.0.0.1:{app.port}\r\n" in app.ask("/echo").body
    assert app.ask("/", "POST", b"x" * 300_000) == Answer(200, "received 300000 bytes\n")
    assert app.ask("/", "HEAD") == Answer(200, "")


def test_replica_can_become_unwell(launch: Launch, tmp_path: Path) -> None:
    """A replica's health fails from /unwell until /well, and while the file it was told of is."""
    file = tmp_path / "unwell"
    app = launch(UNWELL_FILE=file)
    assert app.ask("/unwell") == Answer(200, f"unwell {HOST}\n")
    assert app.ask("/healthz").status == 503
    assert app.ask().status == 200
    app.ask("/well")
    assert app.ask("/healthz").status == 200
    file.touch()
    assert app.ask("/healthz").status == 503


def test_it_is_late_as_told(launch: Launch) -> None:
    """It refuses connections before it listens, and says that it is not ready before it is."""
    app = launch(LISTEN_AFTER=0.5, READY_AFTER=0.5, listens=False)
    assert not app.accepts()
    app.wait_line()
    assert time.monotonic() - app.began >= 0.5
    assert app.ask() == Answer(200, f"NOT READY {HOST}\n")
    assert app.ask("/healthz").status == 503
    eventually(lambda: app.ask("/healthz").status == 200, what="it is ready")
    assert time.monotonic() - app.began >= 1
    assert app.ask().body.startswith("one ")


@pytest.mark.parametrize(
    ("environ", "code", "said"),
    [
        ({"EXIT_AFTER": 0}, 1, "EXIT_AFTER is over"),
        ({"EXIT_AFTER": 0.2, "EXIT_CODE": 7}, 7, "EXIT_AFTER is over"),
        ({"REQUIRE": "PORT,DATABASE_URL"}, 3, "the variable DATABASE_URL is missing"),
        ({"PORT": 70000}, 1, "PORT has to be from 1 to 65535"),
    ],
    ids=["at once", "later", "variable", "port"],
)
def test_it_ends_as_told(launch: Launch, environ: dict[str, object], code: int, said: str) -> None:
    """It ends with the code it was told to, and says why."""
    app = launch(**environ, listens=False)
    assert app.ended() == code
    assert said in app.said
    assert time.monotonic() - app.began >= float(str(environ.get("EXIT_AFTER", 0)))


def test_bad_answers_and_sudden_ends(launch: Launch) -> None:
    """STATUS is that of every answer, HANG gives none, and /exit ends it with a code."""
    assert launch(STATUS=500).ask("/healthz") == Answer(500, "ok\n")
    app = launch(HANG=1)
    hanging = slow_request(app.aim, 0)
    app.stop()
    assert not hanging.wait().whole
    app = launch()
    assert app.ask("/exit?code=9").status == 200
    assert app.ended() == 9


def test_requests_are_finished_when_it_is_told_to_end(launch: Launch) -> None:
    """Told to end, it takes no new client, finishes requests, closes WebSockets and exits 0."""
    app = launch()
    slow, lines, talk = slow_request(app.aim, 1), stream(app.aim, 1), web_socket(app.aim)
    app.process.send_signal(signal.SIGTERM)
    eventually(lambda: not app.accepts(), what="it listens no more")
    assert app.process.poll() is None
    assert talk.wait().reason == "WebSocketError: the server closed it with 1001"
    assert lines.wait() == lines.wait()._replace(whole=True, text="end\n", host=HOST)
    assert slow.wait().whole
    assert slow.wait().host == HOST
    assert slow.wait().seconds >= 1
    assert app.ended() == 0


def test_without_grace_it_drops_what_is_open(launch: Launch) -> None:
    """With GRACE=0 it ends at once, and each helper tells that its request was cut."""
    app = launch(GRACE=0)
    held = [slow_request(app.aim, 5), stream(app.aim, 5), web_socket(app.aim)]
    app.process.send_signal(signal.SIGTERM)
    assert app.ended(2) == 0
    outcomes = [one.wait(2) for one in held]
    assert [one.whole for one in outcomes] == [False, False, False]
    assert all(one.reason for one in outcomes)


def test_web_socket_comes_to_its_end(launch: Launch) -> None:
    """A WebSocket that its client closes is whole, and has sent back what it was sent."""
    talk = web_socket(launch().aim)
    outcome = talk.close()
    assert outcome.whole, outcome
    assert outcome.host == HOST
    assert int(outcome.text.split()[0]) >= 1


def test_container_runs_out_of_memory(engine: docker.APIClient) -> None:
    """The image runs by itself, answers soon, and is ended by the engine when it takes too much."""
    limits = engine.create_host_config(mem_limit="24m", memswap_limit="24m")
    made = engine.create_container(IMAGE, environment={"EAT_MB": "64"}, host_config=limits)["Id"]
    try:
        engine.start(made)
        state = eventually(
            lambda: (
                (found := engine.inspect_container(made)["State"])["Status"] == "exited" and found
            )
        )
        assert state["OOMKilled"]
        assert b"listening on 8000" in engine.logs(made)
    finally:
        engine.remove_container(made, force=True)
