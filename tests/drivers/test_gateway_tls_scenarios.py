"""Certificates of a gateway, and its answers to certificate authorities, on a real HAProxy."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from engine_fixtures import Lab, eventually, lab
from gateway_fixtures import App, Bench, bench, create_gateway, running

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.gateway.names import CERTIFICATE_FOLDER, CHALLENGE_PATH
from gitops.model.routes import Route, Rules

pytestmark = pytest.mark.scenario
__all__ = ["bench", "lab"]

HOST = "shop.localhost"


@pytest.fixture
def app(bench: Bench) -> Iterator[App]:
    """Give an app that runs."""
    made = App(bench.machine(), "one")
    with running(made):
        yield made


def certificate(folder: Path, host: str) -> bytes:
    """Return a new self-signed certificate and its key, PEM."""
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout key"
        f" -out cert -subj /CN={host} -addext subjectAltName=DNS:{host}"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return (folder / "key").read_bytes() + (folder / "cert").read_bytes()


def secured(app: App, name: str, host: str = HOST, **rules: object) -> Route:
    """Return a route that is served with a certificate."""
    made = Rules(certificate=name, **rules)  # type: ignore[arg-type]
    return Route(host.partition(".")[0], (host,), (app.as_server(),), 5.0, rules=made)


def greet(bench: Bench, host: str, protocols: tuple[str, ...] = ()) -> tuple[bytes, str, str]:
    """Return (certificate, protocol of TLS, protocol in it) that a user is given for `host`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(protocols)
    with (
        socket.create_connection(("127.0.0.1", bench.https), 5) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        found = secure.getpeercert(binary_form=True) or b""
        return found, secure.version() or "", secure.selected_alpn_protocol() or ""


def leaf(pem: bytes) -> bytes:
    """Return the certificate of a PEM as TLS gives it."""
    text = pem.decode()
    return ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERTIFICATE") :])


def test_each_host_is_given_its_certificate(bench: Bench, app: App, tmp_path: Path) -> None:
    """HTTPS is spoken with the certificate of the host that is asked for, in HTTP/2 as well."""
    pems = {host: certificate(tmp_path, host) for host in (HOST, "blog.localhost")}
    for host, pem in pems.items():
        bench.writer.put_certificate(bench.gateway, f"{host}.pem", pem)
    routes = [secured(app, f"{host}.pem", host) for host in pems]
    bench.writer.switch(bench.gateway, {route.app: route for route in routes})
    for host, pem in pems.items():
        found, version, protocol = greet(bench, host, ("h2", "http/1.1"))
        assert found == leaf(pem)
        assert version in ("TLSv1.2", "TLSv1.3")
        assert protocol == "h2"
    context = ssl.create_default_context(cadata=pems[HOST].decode())
    with (
        socket.create_connection(("127.0.0.1", bench.https), 5) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as secure,
    ):
        request = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
        secure.sendall(request.encode())
        answer = secure.makefile("rb").read()
    assert answer.endswith(b"one")
    assert app.seen[-1].headers["x-forwarded-proto"] == "https"


def test_keys_are_for_the_gateway_alone(bench: Bench, app: App, tmp_path: Path) -> None:
    """A certificate's file is the gateway's own, read by no other user, and on its volume."""
    bench.writer.put_certificate(bench.gateway, "a.pem", certificate(tmp_path, HOST))
    path = f"{CERTIFICATE_FOLDER}/a.pem"
    _, listed = bench.lab.engine.execute(bench.gateway, ("ls", "-ln", path))
    assert listed.startswith("-rw------- ")
    bench.lab.engine.remove(bench.gateway)
    again = create_gateway(bench.lab)
    again.writer.restore(again.gateway, (secured(app, "a.pem"),))
    again.lab.engine.start(again.gateway)
    eventually(lambda: again.get(HOST)[0] == 200)
    assert greet(again, HOST)[0]


def test_certificate_is_changed_without_a_break(bench: Bench, app: App, tmp_path: Path) -> None:
    """A route that names another certificate is served with it; the old file goes, others stay."""
    first, second = certificate(tmp_path, HOST), certificate(tmp_path, HOST)
    for name, pem in (("1.pem", first), ("2.pem", second), ("later.pem", second)):
        bench.writer.put_certificate(bench.gateway, name, pem)
    bench.writer.switch(bench.gateway, {"shop": secured(app, "1.pem")})
    assert greet(bench, HOST)[0] == leaf(first)
    bench.writer.switch(bench.gateway, {"shop": secured(app, "2.pem")})
    assert greet(bench, HOST)[0] == leaf(second)

    def files() -> list[str]:
        return bench.lab.engine.execute(bench.gateway, ("ls", CERTIFICATE_FOLDER))[1].split()

    eventually(lambda: files() == ["2.pem", "later.pem"])
    # Without a certificate there is no HTTPS.
    bench.writer.switch(bench.gateway, {"shop": secured(app, "")})

    def refused() -> bool:
        try:
            greet(bench, HOST)
        except (OSError, ssl.SSLError):
            return True
        return False

    eventually(refused)
    assert bench.get(HOST)[0] == 200


def test_certificate_that_is_not_there(bench: Bench, app: App, tmp_path: Path) -> None:
    """A switch to a certificate that was not put is refused; a restore serves without it."""
    route = secured(app, "none.pem", redirect=True)
    with pytest.raises(DriverError, match="is refused") as caught:
        bench.writer.switch(bench.gateway, {"shop": route})
    assert caught.value.kind is ErrorKind.INVALID
    bench.writer.restore(bench.gateway, (route,))
    assert bench.get(HOST)[0] == 200
    state = bench.reader.state(bench.gateway)
    assert state.routes is not None
    assert [each.rules.certificate for each in state.routes] == [""]
    bench.writer.put_certificate(bench.gateway, "none.pem", certificate(tmp_path, HOST))
    bench.writer.restore(bench.gateway, (route,))
    assert bench.reader.state(bench.gateway).routes == (route,)
    assert bench.get(HOST)[0] == 308


def test_gateway_of_another_user(lab: Lab, tmp_path: Path) -> None:
    """A gateway that does not run as root, as the official image's, does the same."""
    bench = create_gateway(lab, "99:99")
    bench.writer.restore(bench.gateway, ())
    lab.engine.start(bench.gateway)
    eventually(lambda: bench.reader.state(bench.gateway).served != "")
    app = App(bench.machine(), "one")
    with running(app):
        for name in ("1.pem", "2.pem"):
            bench.writer.put_certificate(bench.gateway, name, certificate(tmp_path, HOST))
            bench.writer.switch(bench.gateway, {"shop": secured(app, name)})
            assert greet(bench, HOST)[0]
        bench.writer.answer_challenges(bench.gateway, {"t": "t.key"})
        assert bench.get(HOST, f"{CHALLENGE_PATH}t") == (200, "t.key")
    listing = ("ls", CERTIFICATE_FOLDER)
    eventually(lambda: lab.engine.execute(bench.gateway, listing)[1].split() == ["2.pem"])


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, which speaks HTTP/2")
def test_limit_holds_for_http_2(bench: Bench, app: App, tmp_path: Path) -> None:
    """By HTTP/2, which tells no length when a body is sent as it comes, the limit is kept too."""
    bench.writer.put_certificate(bench.gateway, "a.pem", certificate(tmp_path, HOST))
    bench.writer.switch(bench.gateway, {"shop": secured(app, "a.pem", body_limit=10)})
    url = f"https://{HOST}:{bench.https}/"
    curl = ["curl", "-sk", "--http2", "--resolve", f"{HOST}:{bench.https}:127.0.0.1", url]

    def status(*words: str) -> str:
        answer = subprocess.run(
            [*curl, "-o", str(tmp_path / "body"), "-w", "%{http_version} %{http_code}", *words],
            input=b"x" * 11,
            capture_output=True,
            check=False,
        )
        return answer.stdout.decode()

    assert status() == "2 200"
    assert status("-d", "short") == "2 200"
    assert status("-d", "longer than ten") == "2 413"
    for method in ("POST", "GET"):
        # What is still being sent is cut off, sometimes before the answer is read.
        assert status("-X", method, "-T", "-") in ("2 411", "0 000", "2 000")
    assert {len(seen.body) for seen in app.seen} == {0, len("short")}


def test_certificate_name_is_a_name(bench: Bench) -> None:
    """A certificate is not put under a name that would be more than a file's."""
    for name in ("../a.pem", "a b", "", "a\nb"):
        with pytest.raises(DriverError, match="is not a name"):
            bench.writer.put_certificate(bench.gateway, name, b"")


def test_http_is_redirected_to_https(bench: Bench, app: App, tmp_path: Path) -> None:
    """With `redirect` a request by HTTP is sent, with method and query, to the published port."""
    bench.writer.put_certificate(bench.gateway, "a.pem", certificate(tmp_path, HOST))
    bench.writer.switch(bench.gateway, {"shop": secured(app, "a.pem", redirect=True)})
    answer = bench.ask(f"{HOST}:{bench.port}", "/a/b?c=d", method="POST", body=b"x")
    assert answer.status == 308
    assert answer.headers["location"] == f"https://{HOST}:{bench.https}/a/b?c=d"
    # A certificate authority may ask by HTTP only; without an answer of ours the app is asked.
    assert bench.get(HOST, f"{CHALLENGE_PATH}token") == (200, "one")
    assert greet(bench, HOST)[0]


def test_challenges_are_answered_and_end(bench: Bench, app: App) -> None:
    """Challenges are answered on every host name when the call returns, until they are ended."""
    bench.writer.switch(bench.gateway, {"shop": Route("shop", (HOST,), (app.as_server(),))})
    before = bench.reader.state(bench.gateway)
    answers = {"to-ken_1": "to-ken_1.key-AUTH_x", "t2": "t2.key"}
    bench.writer.answer_challenges(bench.gateway, answers)
    for token, text in answers.items():
        for host in (HOST, "nobody.example"):
            assert bench.get(host, CHALLENGE_PATH + token) == (200, text)
    assert bench.get("nobody.example", f"{CHALLENGE_PATH}other")[0] == 404
    bench.lab.calls.clear()
    bench.writer.answer_challenges(bench.gateway, answers)
    assert {method for method, _ in bench.lab.calls} == {"GET", "HEAD"}
    # They outlive a change of routes.
    bench.writer.switch(bench.gateway, {"shop": None})
    assert bench.get(HOST, f"{CHALLENGE_PATH}t2") == (200, "t2.key")
    bench.writer.switch(bench.gateway, {"shop": Route("shop", (HOST,), (app.as_server(),))})
    bench.writer.answer_challenges(bench.gateway, {})
    assert bench.get("nobody.example", f"{CHALLENGE_PATH}t2")[0] == 404
    assert bench.reader.state(bench.gateway) == before


def test_challenges_and_switches_at_once(bench: Bench, app: App) -> None:
    """Challenges that are set while routes are changed are answered, and the routes hold."""
    threads = [
        Thread(
            target=bench.writer.switch,
            args=(bench.gateway, {name: secured(app, "", f"{name}.localhost")}),
        )
        for name in ("a", "b", "c")
    ]
    for thread in threads:
        thread.start()
    bench.writer.answer_challenges(bench.gateway, {"t": "t.key"})
    assert bench.get(HOST, f"{CHALLENGE_PATH}t") == (200, "t.key")
    for thread in threads:
        thread.join()
    assert [bench.get(f"{name}.localhost")[0] for name in ("a", "b", "c")] == [200] * 3
    assert bench.get(HOST, f"{CHALLENGE_PATH}t") == (200, "t.key")


def test_challenge_that_is_more_than_a_word(bench: Bench) -> None:
    """A token or an answer that would add a line to the map is refused."""
    with pytest.raises(DriverError, match="cannot be given") as caught:
        bench.writer.answer_challenges(bench.gateway, {"t": "a\n/ b"})
    assert caught.value.kind is ErrorKind.INVALID
