from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from support.bench_app import BenchApp
from support.storm import Aim, Shape, Storm

pytestmark = [pytest.mark.scenario, pytest.mark.timed]

Launch = Callable[..., BenchApp]
SMALL = Shape(busy=4, rate=80, slow=2, single=2, single_rate=20)


def test_five_hundred_a_second_are_reached(launch: Launch) -> None:
    """A storm reaches 500 requests a second without a failure, and knows who answered."""
    app = launch()
    with Storm(app.aim) as storm:
        storm.until(lambda seen: seen.seconds > 1.5 and seen.achieved >= 500)
    report = storm.stop()
    assert report.failures == []
    assert report.versions == ["one"]
    assert report.hosts == [app.aim.host]
    assert report.share("one") == 1
    assert report.gap < 1
    assert 0 < report.latency.median <= report.latency.p99 <= report.latency.longest


def test_dead_server_is_seen(launch: Launch) -> None:
    """What fails while a server is dead is told with its reason, and how long that was."""
    app = launch()
    with Storm(app.aim, SMALL) as storm:
        storm.serves("one")
        app.process.kill()
        storm.until(lambda seen: seen.failed > 20)
        launch(VERSION="two", PORT=app.port)
        storm.serves("two")
    report = storm.stop()
    assert report.failed == len(report.failures) >= 20
    assert any("ConnectionRefusedError" in one.reason for one in report.failures)
    assert report.gap >= 0.1
    assert report.versions == ["one", "two"]
    assert report.of("one")[0].last < report.failures[-1].at < report.of("two")[0].last


def test_replica_that_is_not_ready_is_seen(launch: Launch) -> None:
    """An answer from a replica that is not ready is a failure, though its status is 200."""
    app = launch(READY_AFTER=60)
    with Storm(app.aim, SMALL) as storm:
        report = storm.until(lambda seen: seen.failed > 3)
    assert report.failures == report.not_ready
    assert report.failures[0].reason == f"NOT READY {app.aim.host}"
    assert report.answers == 0


def test_bad_answers_and_none_are_failures(launch: Launch) -> None:
    """An answer with a bad status is a failure, unless it is expected, and so is none in time."""
    bad, mute = launch(STATUS=500).aim, launch(HANG=1).aim
    for aim, reason in [
        (bad, "status 500: one"),
        (mute._replace(patience=0.2), "no answer in 0.2 s"),
    ]:
        with Storm(aim, SMALL) as storm:
            report = storm.until(lambda seen: seen.failed > 3)
        assert all(one.reason.startswith(reason) for one in report.failures), report
        assert report.answers == 0
    with Storm(bad._replace(statuses=(500,)), SMALL) as storm:
        assert storm.serves("one").failures == []


def test_storm_ends_by_itself(launch: Launch) -> None:
    """A storm is over after its longest time, and its report says so."""
    storm = Storm(launch().aim, SMALL, longest=0.3).start()
    assert 0.3 <= storm.wait().seconds < 2


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[Aim, Callable[[], str]]]:
    """Give a server with TLS, and a function that gives it another certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "pair.pem"

    def renew() -> str:
        serial = x509.random_serial_number()
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(private + certificate(key, serial))
        context.load_cert_chain(path)
        return f"{serial:x}"

    with Server(("127.0.0.1", 0), Page) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        yield Aim(server.server_port, "shop.localhost", tls=True, ca=str(path)), renew
        server.shutdown()


class Server(ThreadingHTTPServer):
    """A server that takes it well when a storm ends in the middle of a request."""

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


class Page(BaseHTTPRequestHandler):
    """Answers as the application does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer who it is."""
        self.send_response(200)
        self.send_header("Content-Length", "8")
        self.end_headers()
        self.wfile.write(b"one me 1")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def certificate(key: ec.EllipticCurvePrivateKey, serial: int) -> bytes:
    """Return a certificate for shop.localhost that its key has signed itself."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(name, name, key.public_key(), serial)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("shop.localhost")]), critical=False
        )
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )


def test_certificates_are_recorded(secure: tuple[Aim, Callable[[], str]]) -> None:
    """Over TLS a storm checks the certificate, and records which serial numbers it was shown."""
    aim, renew = secure
    first = renew()
    with Storm(aim._replace(ca=""), SMALL) as storm:
        storm.serves("one")
        second = renew()
        storm.until(lambda seen: len(seen.serials) == 2)
    report = storm.stop()
    assert report.failures == []
    assert [one.serial for one in report.serials] == [first, second]
    with Storm(aim._replace(host="other.localhost"), SMALL) as storm:
        report = storm.until(lambda seen: seen.failed > 3)
    assert report.answers == 0
    assert "SSLCertVerificationError" in report.failures[0].reason
    with Storm(aim, SMALL) as storm:
        assert storm.serves("one").failures == []
