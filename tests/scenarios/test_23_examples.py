"""Obligation: every example does what its README says, and a second run of it changes nothing."""

from __future__ import annotations

import base64
import gzip
import http.client
import re
from collections.abc import Iterator
from contextlib import suppress
from threading import Event, Thread

import docker
import pytest
from support.own_certificate import write_certificate
from support.scenario import ROOT, World, eventually
from support.showing import Asking, Page, Shown

pytestmark = pytest.mark.scenario


def test_replicas(world: World) -> None:
    """Three replicas share the requests; a cookie keeps a client; each is replaced by a change."""
    shown = Shown(world, "replicas")
    first = shown.running("shop")
    assert len(first) == 3
    assert len({shown.text("shop.localhost") for _ in range(9)}) == 3
    page = shown.ask("shop.localhost")
    cookie = Asking(headers={"Cookie": page.headers["set-cookie"].partition(";")[0]})
    assert {shown.ask("shop.localhost", "/", cookie).body for _ in range(6)} == {page.body}
    shown.edit("GREETING: hello", "GREETING: good day")
    shown.changed()
    second = shown.running("shop")
    assert (len(second), second & first) == (3, set())
    assert {shown.text("shop.localhost").split(" from ")[0] for _ in range(6)} == {"good day"}
    shown.edit("replicas: 3", "replicas: 2")
    shown.changed()
    assert len(shown.running("shop")) == 2
    assert shown.running("shop") < second


def test_autoscale(world: World) -> None:
    """Under load `watch` adds a replica and says why; a later run keeps the number."""
    shown = Shown(world, "autoscale")
    assert shown.text("pi.localhost", "/cgi-bin/work").startswith("100000 steps by ")
    watching = world.start("watch")
    over = Event()
    clients = [Thread(target=_work, args=(shown, over)) for _ in range(2)]
    for client in clients:
        client.start()
    try:
        line = watching.wait_line("replicas are there; 1 -> .* replicas: CPU at", 60)
        assert re.search(r"1 -> [23] replicas: CPU at \d+ %, wanted 60 %", line)
        watching.wait_line("^in sync", 60, len(watching.lines))
    finally:
        over.set()
        for client in clients:
            client.join()
    watching.stop()
    assert len(shown.running("pi")) >= 2
    assert "replicas: CPU at" in world.gitops("status", ok=None).out
    shown.settled()


def _work(shown: Shown, over: Event) -> None:
    while not over.is_set():
        with suppress(OSError, http.client.HTTPException):
            shown.ask("pi.localhost", "/cgi-bin/work")


def test_health(world: World) -> None:
    """Path, connection and command each say that an app is well; an ill replica is passed over."""
    shown = Shown(world, "health")
    assert shown.ask("gate.localhost").status == 401
    assert shown.ask("clock.localhost").status == 404, "it has no port, so it has no route"
    assert len(shown.running("clock")) == 1
    shown.inside("web", "rm /www/healthz")
    # The two take turns: three bad answers in a row would be one of the ill one at least.
    eventually(
        lambda: all(shown.ask("web.localhost", "/healthz").status == 200 for _ in range(4)),
        what="the ill replica gets no more requests",
    )
    assert "fails its checks: HTTP status 404" in world.gitops("status", ok=None).out
    assert len(shown.running("web")) == 2


def test_slots(world: World) -> None:
    """A swap moves the version and leaves the sticky setting; a cookie keeps a client's side."""
    shown = Shown(world, "slots")
    production = Asking(headers={"Cookie": "GITOPS_SIDE_cart=cart"})
    staging = Asking(headers={"Cookie": "GITOPS_SIDE_cart=cart-staging"})
    one, two = "version 1 with the {} database\n", "version 2 with the {} database\n"
    assert shown.ask("cart.localhost", "/", production).body == one.format("real")
    assert shown.ask("cart.localhost", "/", staging).body == two.format("test")
    assert shown.ask("cart-staging.localhost").body == two.format("test")
    sides = [shown.ask("cart.localhost") for _ in range(60)]
    assert {_side(page) for page in sides} <= {"cart", "cart-staging"}
    assert 0 < sum(_side(page) == "cart-staging" for page in sides) < 30, "about ten of a hundred"
    world.gitops("swap", "WebApp/cart", "staging")
    assert shown.ask("cart.localhost", "/", production).body == two.format("real")
    assert shown.ask("cart-staging.localhost").body == one.format("test")
    shown.settled()
    world.gitops("swap", "WebApp/cart", "staging")
    assert shown.ask("cart.localhost", "/", production).body == one.format("real")
    assert shown.ask("cart-staging.localhost").body == two.format("test")
    shown.settled()


def _side(page: Page) -> str:
    """Return the side that a new client was given."""
    found = re.match(r"GITOPS_SIDE_cart=([^;]+);", page.headers.get("set-cookie", ""))
    return found.group(1) if found else ""


def test_auto_swap(world: World) -> None:
    """A version that is well in the slot goes into production; one that is not stays out of it."""
    shown = Shown(world, "auto-swap")
    assert shown.text("blog.localhost") == "edition 1, live"
    assert shown.text("blog-next.localhost") == "edition 1, rehearsal"
    shown.edit('EDITION: "1"', 'EDITION: "2"')
    shown.changed()
    assert shown.text("blog.localhost") == "edition 2, live"
    assert shown.text("blog-next.localhost") == "edition 2, rehearsal"
    shown.edit("deadline: 10s", "deadline: 2s")
    shown.edit("> /www/index.html", "> /www/other.html")
    production = shown.running("blog")
    assert "WebApp/blog-next: FAILED" in shown.reconcile(ok=False).text
    assert shown.running("blog") == production
    assert shown.text("blog-next.localhost") == "edition 2, rehearsal"


def test_blue_green(world: World) -> None:
    """`activeSlot` says which side serves, there and back."""
    shown = Shown(world, "blue-green")
    assert (shown.text("bank.localhost"), shown.text("bank-green.localhost")) == ("blue", "green")
    shown.edit("activeSlot: production", "activeSlot: green")
    shown.changed()
    assert (shown.text("bank.localhost"), shown.text("bank-green.localhost")) == ("green", "blue")
    shown.edit("activeSlot: green", "activeSlot: production")
    shown.changed()
    assert (shown.text("bank.localhost"), shown.text("bank-green.localhost")) == ("blue", "green")


REPORT = """log level: info
key: 14 characters
user: 1000:1000
capabilities: 0000000000000000
papers: a paper of the machine
mail: 10.0.0.25
/: read-only
/scratch: writable
/papers: read-only"""


def test_configuration(world: World) -> None:
    """The program finds its variables, files, folders and limits; a change of one is rolled out."""
    shown = Shown(world, "configuration", "--set", "motto=less is more")
    assert shown.text("notes.localhost") == f"notes of {world.project}, less is more"
    assert shown.text("notes.localhost", "/cgi-bin/report") == REPORT
    (one,) = world.containers("notes")
    assert one["Labels"]["team"] == "paper"
    assert "/data" in {mount["Destination"] for mount in one["Mounts"]}
    shown.edit("not-a-real-key", "another-key", "notes.env")
    shown.edit("log level: ", "level: ", "report.sh")
    shown.changed()
    report = shown.text("notes.localhost", "/cgi-bin/report")
    assert report.startswith("level: info\nkey: 11 characters\n")


def test_sidecar(world: World) -> None:
    """An app reaches its sidecar at localhost when it starts; both are replaced together."""
    shown = Shown(world, "sidecar")
    assert shown.text("mill.localhost") == "flour costs 3"
    first = shown.running("mill")
    assert len(first) == 4, "two replicas, and a sidecar of each"
    shown.edit('PRICE: "3"', 'PRICE: "4"')
    shown.changed()
    assert {shown.text("mill.localhost") for _ in range(4)} == {"flour costs 4"}
    assert (len(shown.running("mill")), shown.running("mill") & first) == (4, set())


def test_deploys(world: World) -> None:
    """A migration runs before a version and a word after it; one that fails changes nothing."""
    shown = Shown(world, "deploys")
    assert shown.text("ledger.localhost") == "schema 1"
    shown.edit('SCHEMA: "1"', 'SCHEMA: "0"')
    before = shown.running("ledger")
    failed = shown.reconcile(ok=False)
    assert "so nothing was deployed" in failed.text
    assert (shown.text("ledger.localhost"), shown.running("ledger")) == ("schema 1", before)
    shown.edit('SCHEMA: "0"', 'SCHEMA: "2"')
    shown.changed()
    assert shown.text("ledger.localhost") == "schema 2"
    log = shown.inside("ledger", "cat /data/log")
    assert log.splitlines() == ["deployed schema 1", "deployed schema 2"], "once a deploy"
    shown.edit('deny: "0 18 24 12 *"', 'deny: "* * * * *"')
    shown.edit('SCHEMA: "2"', 'SCHEMA: "3"')
    shown.reconcile(ok=False)
    assert shown.text("ledger.localhost") == "schema 2"
    assert "forbids changes until" in world.gitops("status", ok=None).out


@pytest.fixture
def office(world: World) -> Iterator[str]:
    """Give a network that was not made by gitops."""
    name = f"{world.project}-office"
    world.engine.create_network(name)
    yield name
    for one in world.engine.inspect_network(name)["Containers"] or ():
        with suppress(docker.errors.NotFound):
            world.engine.disconnect_container_from_network(one, name, force=True)
    world.engine.remove_network(name)


def test_networks(world: World, office: str) -> None:
    """Apps reach each other by name, where the gateway lets nobody in; others' networks as well."""
    shown = Shown(world, "networks", instead={"office": office})
    assert shown.text("store.localhost", "/cgi-bin/stock") == "we have 12 apples"
    assert shown.ask("stock.localhost").status == 403
    asked = world.engine.create_container(
        "busybox:latest",
        ["wget", "-qO-", "http://store:8000/"],
        host_config=world.engine.create_host_config(network_mode=office),
    )["Id"]
    world.strangers.append(asked)
    world.engine.start(asked)
    assert world.engine.wait(asked)["StatusCode"] == 0
    assert world.engine.logs(asked) == b"open\n"


def test_tls(world: World) -> None:
    """HTTP is sent to HTTPS, where both hosts have a certificate of the project's authority."""
    shown = Shown(world, "tls")
    page = shown.ask("safe.localhost", "/x?y=1")
    wanted = f"https://safe.localhost:{shown.https_port}/x?y=1"
    assert (page.status, page.headers["location"]) == (308, wanted)
    trusted = Asking(trusting=world.gitops("authority").out)
    assert shown.ask("safe.localhost", "/", trusted).body == "locked\n"
    assert shown.ask("vault.safe.localhost", "/", trusted).body == "locked\n"


def test_own_certificate(world: World) -> None:
    """A certificate of one's own, in two files, is served in place of one that is made."""
    write_certificate(world.specs, "safe.localhost")
    pem = (world.specs / "own.pem").read_text()
    instead = {
        "auto: true": "cert: own.pem\n    key: own.key",
        ", vault.safe.localhost": "",
    }
    shown = Shown(world, "tls", instead=instead)
    assert shown.ask("safe.localhost", "/", Asking(trusting=pem)).body == "locked\n"


def test_front(world: World) -> None:
    """Three apps share a host; one is compressed, one is for who has a password, one is away."""
    shown = Shown(world, "front")
    page = shown.text("portal.localhost")
    assert page.splitlines() == ["welcome to the portal"] * 100
    packed = shown.ask("portal.localhost", "/", Asking(headers={"Accept-Encoding": "gzip"}))
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.data).decode().strip() == page
    assert shown.ask("portal.localhost", "/admin/users").status == 401
    login = base64.b64encode(b"ada:only-an-example").decode()
    ada = {"Authorization": f"Basic {login}"}
    assert shown.ask("portal.localhost", "/admin/users", Asking(headers=ada)).body == "ada, grace\n"
    large = Asking("POST", ada, b"x" * (64 * 1024 + 1))
    assert shown.ask("portal.localhost", "/admin/users", large).status == 413
    away = shown.ask("portal.localhost", "/forum")
    assert (away.status, away.body) == (503, "<h1>The forum is back at noon</h1>")
    shown.edit(
        "allow: [127.0.0.0/8, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]", "allow: [203.0.113.0/24]"
    )
    shown.edit("maintenance:", "# maintenance:")
    shown.changed()
    assert shown.ask("portal.localhost", "/admin/users", Asking(headers=ada)).status == 403
    assert shown.ask("portal.localhost", "/forum").status == 404, "the app answers, without a page"


def test_each_example_is_shown() -> None:
    """Each folder of examples is run by a test that has its name."""
    folders = {path.parent.name for path in ROOT.glob("examples/*/registry.yaml*")}
    files = (ROOT / "tests/scenarios").glob("test_23_examples*.py")
    tests = {name for file in files for name in re.findall(r"def test_(\w+)\(", file.read_text())}
    assert folders
    assert {name.replace("-", "_") for name in folders} - tests == set()
