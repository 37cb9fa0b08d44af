"""Obligation: HTTPS is had, kept and renewed, whoever signs, and costs no request."""

from __future__ import annotations

import re
import shutil
import time
from contextlib import closing
from typing import Any

import pytest
from support.bench_app import IMAGE
from support.bench_story import HEALTH, LIGHT
from support.engine_proxy import engine_address
from support.https import ask, redirect
from support.own_certificate import write_certificate
from support.pebble import Ports, authority, directory_at, free_ports, write_root
from support.scenario import World, document, free_port
from support.storm import Aim, Storm

from gitops.drivers.engine.connection import connect_engine
from gitops.drivers.engine.notes import VolumeNotes, latest_notes
from gitops.model.certificates import Certificate
from gitops.model.notes import CERTIFICATE, Note
from gitops.plan.encoding import decode, encode

pytestmark = pytest.mark.scenario

DAY = 86_400
PUBLIC = "shop.gitops-scenario.com"


class Secured:
    """Apps with TLS in a world: its target, and what they are asked."""

    def __init__(self, world: World, **gateway: object) -> None:
        self.world = world
        self.port = free_port()
        settings = {"http": world.gateway_port, "https": self.port, **gateway}
        self.target = document("Target", "local", {"gateway": settings})

    def write(self, tls: dict[str, Any], **hosts: str) -> None:
        """Write an app for each host."""
        name, _, tag = IMAGE.partition(":")
        shared = {"image": {"name": name, "tag": tag}, "health": HEALTH, "tls": tls}
        shared["deploy"] = {"drain": "1s", "stop": "1s"}
        apps = [
            document("WebApp", app, {**shared, "host": host, "env": {"VERSION": app}})
            for app, host in hosts.items()
        ]
        self.world.documents(self.target, *apps)

    def in_sync(self) -> None:
        """Check that a run finds nothing to do, with what is remembered and without."""
        for _ in range(2):
            said = self.world.gitops("reconcile").out
            assert re.findall(r"^Plan for \S+: (\d+) steps?\b", said, re.MULTILINE) == ["0"], said
            shutil.rmtree(self.world.state, ignore_errors=True)
            shutil.rmtree(self.world.cache, ignore_errors=True)

    def age(self, app: str) -> Certificate:
        """Have the note of an app's certificate say that ten of its ninety days are left."""
        found = self.world.engine.volumes(
            filters={"label": [f"gitops.project={self.world.project}"]}
        )
        note = next(
            one
            for one in latest_notes(found["Volumes"])
            if (one.topic, one.name) == (CERTIFICATE, app)
        )
        now = int(time.time())
        old = decode(Certificate, note.text)
        old = old._replace(not_before=now - 80 * DAY, not_after=now + 10 * DAY)
        engine = connect_engine(engine_address(), self.world.environ)
        with closing(engine):
            aged = Note(CERTIFICATE, app, note.version + 1, encode(old))
            VolumeNotes(engine).write(self.world.project, aged)
        return old


def test_a_public_name(world: World) -> None:
    """An authority that is away costs no more than a new certificate; one that is there signs."""
    ports = Ports(*free_ports(2))
    root = write_root(world.folder)
    acme = {"directory": directory_at(ports), "root": str(root), "email": "ops@example.com"}
    shop = Secured(world, acme=acme)
    shop.write({"auto": True}, shop=PUBLIC)
    failed = world.gitops("reconcile", ok=False)
    assert f"{acme['directory']} cannot be reached" in failed.err, str(failed)
    assert world.ask(PUBLIC).body.startswith("shop "), "it serves by HTTP"
    page = world.gitops("why", "WebApp/shop", ok=False).out
    assert "cannot be reached" in page, page
    with authority(root, ports, world.gateway_port, PEBBLE_AUTHZREUSE="0") as pebble:
        world.gitops("reconcile")
        signer = pebble.signer().decode()
        first = ask(shop.port, PUBLIC, signer)
        assert (first.status, first.body[:5]) == (200, "shop ")
        sent = redirect(world, PUBLIC, "/x?y=1")
        assert sent == (308, f"https://{PUBLIC}:{shop.port}/x?y=1")
        shop.in_sync()
        # The authority asks by HTTP where everybody else is sent to HTTPS now.
        shop.age("shop")
        renewed = world.gitops("reconcile").out
        assert "a third of its certificate's life is left" in renewed
        second = ask(shop.port, PUBLIC, signer)
        assert (second.status, second.serial != first.serial) == (200, True)
    shop.in_sync()
    shop.age("shop")
    assert "cannot be reached" in world.gitops("reconcile", ok=False).err
    assert ask(shop.port, PUBLIC, signer).serial == second.serial, "the old one is still good"
    assert redirect(world, PUBLIC, "/") == (308, f"https://{PUBLIC}:{shop.port}/")


def test_files_of_a_certificate_that_change(world: World) -> None:
    """Files that are renewed while `watch` runs are served soon, even one after the other."""
    shop = Secured(world)
    first = write_certificate(world.specs, "shop.localhost")
    shop.write({"cert": "own.pem", "key": "own.key"}, shop="shop.localhost")
    watch = world.start("watch")
    watch.wait_line("in sync: ", timeout=60)
    trusted = str(world.specs / "trusted.pem")
    certificate, key = world.specs / "own.pem", world.specs / "own.key"
    second = write_certificate(world.folder, "shop.localhost")
    third = write_certificate(world.folder / "home", "shop.localhost")
    with (world.specs / "trusted.pem").open("a") as roots:
        roots.write((world.folder / "own.pem").read_text())
        roots.write((world.folder / "home" / "own.pem").read_text())
    aim = Aim(shop.port, "shop.localhost", tls=True, ca=trusted)
    with Storm(aim, LIGHT) as load:
        load.until(lambda report: [one.serial for one in report.serials] == [first])
        certificate.write_bytes((world.folder / "own.pem").read_bytes())
        key.write_bytes((world.folder / "own.key").read_bytes())
        load.until(lambda report: [one.serial for one in report.serials] == [first, second], 8)
        certificate.write_bytes((world.folder / "home" / "own.pem").read_bytes())
        watch.wait_line("the key belongs to another certificate")
        key.write_bytes((world.folder / "home" / "own.key").read_bytes())
        load.until(lambda report: len(report.serials) == 3, 8)
        report = load.stop()
    assert [one.serial for one in report.serials] == [first, second, third]
    assert report.failures == []
    watch.interrupt()
    assert watch.wait() == 0, watch.text
    shop.in_sync()


def test_private_names(world: World) -> None:
    """Two apps have one authority of the project's own, which renews what is nearly over."""
    shop = Secured(world)
    hosts = {"shop": "shop.localhost", "blog": "blog.internal"}
    shop.write({"auto": True}, **hosts)
    world.gitops("reconcile")
    trusting = world.gitops("authority").out
    for app, host in hosts.items():
        assert ask(shop.port, host, trusting).body.startswith(f"{app} ")
    kept = ask(shop.port, hosts["blog"], trusting).serial
    shop.in_sync()
    (world.folder / "authority.pem").write_text(trusting)
    aim = Aim(shop.port, hosts["shop"], tls=True, ca=str(world.folder / "authority.pem"))
    shop.age("shop")
    with Storm(aim, LIGHT) as load:
        (first,) = load.until(lambda report: report.serials).serials
        assert "a third of its certificate's life is left" in world.gitops("plan").out
        world.gitops("reconcile")
        load.until(lambda report: len(report.serials) == 2)
        report = load.stop()
    assert report.failures == []
    assert report.serials[0] == first._replace(
        count=report.serials[0].count, last=report.serials[0].last
    )
    assert report.serials[0].last < report.serials[1].last
    assert ask(shop.port, hosts["blog"], trusting).serial == kept
    assert world.gitops("authority").out == trusting
    shop.in_sync()
