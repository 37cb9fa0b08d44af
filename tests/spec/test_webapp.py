"""What the fields of a web app and a target become."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops.model.bundle import Loaded
from gitops.model.resources import Acme, Gateway
from gitops.model.secret import EnvSecret, FileSecret
from gitops.model.webapp import (
    Autoscale,
    Confinement,
    Deploy,
    File,
    Front,
    Health,
    Hook,
    Hooks,
    Mount,
    NamedImage,
    Resources,
    Runtime,
    Sidecar,
    Slot,
    Tls,
    Tmpfs,
    WebApp,
    Window,
)
from gitops.spec.assembly import LoadRequest, load_texts
from gitops.spec.limits import FILES_BYTES, PAGE_BYTES
from gitops.spec.load import load
from gitops.spec.report import as_text

HEAD = (
    "apiVersion: gitops/v1\nkind: WebApp\nmetadata: {name: shop}\nspec:\n  image: {name: nginx}\n"
)


def told(spec: str) -> Loaded:
    """Return what an app with these lines under `spec` loads to."""
    lines = "".join(f"  {line}\n" for line in spec.splitlines())
    return load_texts({"a.yaml": HEAD + lines}, LoadRequest("demo"))


def app(spec: str) -> WebApp:
    """Return the app with these lines under `spec`."""
    loaded = told(spec)
    assert loaded.bundle is not None, as_text(loaded.diagnostics)
    return loaded.bundle.apps[0]


def gateway(spec: str) -> Gateway:
    """Return the gateway of a target with these keys."""
    head = "apiVersion: gitops/v1\nkind: Target\nmetadata: {name: a}\nspec: {gateway: {%s}}\n"
    loaded = load_texts({"a.yaml": head % spec}, LoadRequest("demo"))
    assert loaded.bundle is not None, as_text(loaded.diagnostics)
    return loaded.bundle.targets[0].gateway


def test_an_app_with_an_image_alone_has_every_default() -> None:
    """An app that says nothing more is one replica, rolled back when it fails, without a probe."""
    found = app("")
    health = Health("", (), 1.0, 5.0, 230.0, 5.0, 3, (), tcp=False)
    assert found.runtime == Runtime((), 0, {}, (), Resources(), health)
    assert found.deploy == Deploy("", 30.0, 10.0, 1, 0, 5, "rollback")
    assert found.front == Front(("/",), timeout=60.0)
    assert (found.replicas, found.autoscale, found.slots, found.windows) == (1, None, (), ())
    assert (found.sticky, found.traffic, found.active_slot) == (frozenset(), (), "")


def test_health_is_one_probe() -> None:
    """A path has statuses, of 2xx when none are written; a command and a port have none."""
    assert app("health: {path: /up}").runtime.health.statuses == ((200, 299),)
    found = app("health: {command: [check, 1], failures: 5}").runtime.health
    assert (found.path, found.statuses, found.command, found.failures) == (
        "",
        (),
        ("check", "1"),
        5,
    )
    assert app("health: {tcp: true}").runtime.health.tcp


def test_deploys_and_numbers() -> None:
    """How many run, how they are replaced and what runs around that is taken as written."""
    found = app(
        "replicas: 0\n"
        "deploy: {order: stopFirst, parallelism: 2, maxUnavailable: 1, keep: 9, onFailure: pause}\n"
        "hooks: {preDeploy: [{command: [migrate, 2]}], postDeploy: [{command: [a], timeout: 5s}]}\n"
    )
    assert found.replicas == 0
    assert found.deploy == Deploy("stopFirst", 30.0, 10.0, 2, 1, 9, "pause")
    assert found.runtime.hooks == Hooks((Hook(("migrate", "2"), 600.0),), (Hook(("a",), 5.0),))


def test_autoscale_begins_with_the_least() -> None:
    """An app that is scaled starts with the least number, one when none is written."""
    found = app("autoscale: {max: 5, cpu: 70.5}\nslots: [{name: next}]")
    assert found.autoscale == Autoscale(1, 5, 70.5)
    assert (found.replicas, found.slots[0].replicas) == (1, 1)
    assert app("autoscale: {min: 3, max: 3, cpu: 1}").replicas == 3


def test_windows_have_plain_schedules() -> None:
    """A window's schedule has single spaces; its time zone is UTC when none is written."""
    found = app("windows: [{allow: '0  2 * * sat', duration: 4h}]")
    assert found.windows == (
        Window(allow=True, cron="0 2 * * sat", duration=14400.0, time_zone="UTC"),
    )
    zone = "windows: [{deny: 0 8 L * MON-FRI, duration: 1m, timeZone: Europe/Berlin}]"
    assert app(zone).windows[0][0::3] == (False, "Europe/Berlin")


@pytest.mark.parametrize(
    ("own", "slot", "hosts"),
    [
        ("port: 80", "", ("shop-next.localhost",)),
        ("host: www.localhost", "", ("shop-next.localhost",)),
        ("host: shop.example.com", "", ("shop-next.example.com",)),
        ("hosts: [www.example.com, example.com]", "", ("www-next.example.com",)),
        ("host: intranet", "", ("intranet-next",)),
        ("port: 80", ", host: next.example.com", ("next.example.com",)),
        ("port: 80", ", hosts: [a.example.com, b.example.com]", ("a.example.com", "b.example.com")),
    ],
)
def test_the_hosts_of_a_slot(own: str, slot: str, hosts: tuple[str, ...]) -> None:
    """A slot without hosts has one beside that of the app."""
    assert app(f"{own}\nslots: [{{name: next{slot}}}]").slots[0].hosts == hosts


def test_slots_take_the_rest_from_the_app() -> None:
    """A slot has the app's number of replicas, and an image only if it names one."""
    found = app(
        "replicas: 3\nenv: {A: 1}\nactiveSlot: b\nsticky: [A, B]\ntraffic: {b: 10, a: 0.5, c: 0}\n"
        "slots:\n- {name: a, env: {B: {env: X}}, image: {name: nginx, tag: next}, autoSwap: true}\n"
        "- {name: b, replicas: 0}\n- {name: c}\n"
    )
    first = ("shop-a.localhost",)
    image = NamedImage("nginx", "next", "")
    assert found.slots[0] == Slot("a", image, {"B": EnvSecret("X")}, first, 3, auto_swap=True)
    assert found.slots[1] == Slot("b", None, {}, ("shop-b.localhost",), 0, auto_swap=False)
    assert found.sticky == {"A", "B"}
    assert found.traffic == (("a", 0.5), ("b", 10.0))
    assert found.active_slot == "b"
    assert app("activeSlot: production").active_slot == ""


def test_what_surrounds_a_container() -> None:
    """User, capabilities, signals, hosts, memory folders, labels and networks are plain texts."""
    found = app(
        "user: 1000\nreadOnlyRootFilesystem: true\ninit: true\nstopSignal: SIGRTMIN+3\n"
        "capabilities: {add: [SETUID, CHOWN], drop: [ALL]}\nnetworks: [b, a]\n"
        "tmpfs: [/tmp/, {mount: //run, size: 16Mi}]\nlabels: {b: 1.10, a: true}\n"
        "extraHosts: {db: '::1', a_b: 10.0.0.1, me: host-gateway}\n"
    ).runtime
    assert found.confinement == Confinement(
        "1000",
        read_only=True,
        add=("CHOWN", "SETUID"),
        drop=("ALL",),
        init=True,
        stop_signal="SIGRTMIN+3",
        tmpfs=(Tmpfs("/tmp"), Tmpfs("/run", 16 * 2**20)),  # noqa: S108 - in the container
        extra_hosts=(("a_b", "10.0.0.1"), ("db", "::1"), ("me", "host-gateway")),
    )
    assert found.labels == (("a", "true"), ("b", "1.10"))
    assert found.networks == ("b", "a")


@pytest.mark.parametrize("written", ["1000", "1000.0", '"1000"'])
def test_a_user_may_be_a_number(written: str) -> None:
    """A user's number is its digits, however it is written."""
    assert app(f"user: {written}").runtime.confinement.user == "1000"


def test_sidecars_are_containers_of_their_own() -> None:
    """A sidecar has its own image, command, env, volumes and limits."""
    found = app(
        "volumes: [{name: logs, mount: /logs, shared: true}]\nsidecars:\n"
        "- {name: ship, image: {name: fluent, tag: 2}, command: [run], env: {A: {file: s}},"
        " volumes: [{name: logs, mount: /in, readOnly: true}], resources: {memory: 32Mi}}\n"
    ).runtime
    assert found.volumes == (Mount("/logs", "logs", shared=True),)
    assert found.sidecars == (
        Sidecar(
            "ship",
            NamedImage("fluent", "2", ""),
            ("run",),
            {"A": FileSecret("/spec/s")},
            (Mount("/in", "logs", read_only=True),),
            Resources(0.0, 32 * 2**20),
        ),
    )


def test_the_front() -> None:
    """Prefixes are longest first and without a slash at the end; networks are in short form."""
    found = app(
        "pathPrefixes: [/, /api/, /a/b/c]\nstripPathPrefix: true\naffinity: true\n"
        "compression: true\nlimits: {body: 1Mi, response: 0s}\nmaintenance: {page: hello}\n"
        "auth: {basic: [{username: ada, password: {env: P}}]}\n"
        "allow: [10.0.0.0/8, 192.0.2.7/32, 2001:DB8::/32, 192.0.2.7]\ntls: {auto: true}\n"
    ).front
    assert found == Front(
        ("/a/b/c", "/api", "/"),
        strip_prefix=True,
        affinity=True,
        tls=Tls(),
        body_limit=2**20,
        timeout=0.0,
        compression=True,
        maintenance="hello",
        users=(("ada", EnvSecret("P")),),
        allow=("10.0.0.0/8", "192.0.2.7", "2001:db8::/32"),
    )


def test_certificates_of_ones_own() -> None:
    """Certificate and key are files beside the spec; HTTP goes to HTTPS unless that is refused."""
    tls = app("tls: {cert: a.pem, key: /k.pem, redirect: false}").front.tls
    assert tls == Tls(FileSecret("/spec/a.pem"), FileSecret("/k.pem"), redirect=False)
    assert not tls.auto


def test_a_plain_page_of_maintenance() -> None:
    """`maintenance: true` is a page of ours, `false` is none; one of 8 KiB is the largest."""
    assert "<h1>" in app("maintenance: true").front.maintenance
    assert app("maintenance: false").front.maintenance == ""
    page = "x" * PAGE_BYTES
    assert app(f"maintenance: {{page: {page}}}").front.maintenance == page
    found = as_text(told(f"maintenance: {{page: {page}x}}").diagnostics)
    assert "spec.maintenance.page: 8193 bytes, where at most 8192 are served" in found


def test_env_files_are_secrets() -> None:
    """One file or several are read where and when secrets are, from beside the spec."""
    assert app("envFile: a.env").runtime.env_files == (FileSecret("/spec/a.env"),)
    assert app("envFile: [/b, c]").runtime.env_files == (FileSecret("/b"), FileSecret("/spec/c"))


def test_files_are_rendered_with_the_values_of_the_load(tmp_path: Path) -> None:
    """A content, and a file beside the spec, know the app, the project and the values."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.ini").write_text("b = {{ values.b }}\n")
    (tmp_path / "sub" / "page.html").write_text("<p>{{ soon }}")
    text = (
        'files:\n- {path: /a/../a.ini, content: "{{ app }} of {{ project }}\\n{{ true }}", '
        'mode: "0555"}\n- {path: /b, file: sub/b.ini}\n- {path: /c, content: plain}\n'
        "maintenance: {file: sub/page.html}\n"
    )
    path = tmp_path / "a.yaml"
    path.write_text(HEAD + "".join(f"  {line}\n" for line in text.splitlines()))
    loaded = load([path], LoadRequest("demo", {"b": 1}))
    assert loaded.bundle is not None, as_text(loaded.diagnostics)
    found = loaded.bundle.apps[0]
    assert found.runtime.files == (
        File("/a.ini", "shop of demo\ntrue", 0o555),
        File("/b", "b = 1\n", 0o444),
        File("/c", "plain", 0o444),
    )
    assert found.front.maintenance == "<p>{{ soon }}"
    read = [str(path), str(tmp_path / "sub/b.ini"), str(tmp_path / "sub/page.html")]
    assert list(loaded.files) == read


def test_files_hold_a_quarter_of_a_megabyte(tmp_path: Path) -> None:
    """The files of an app hold 256 KiB and not a byte more, with those that are read."""
    path = tmp_path / "a.yaml"
    path.write_text(HEAD + "  files: [{path: /a, file: a}, {path: /b, content: é}]\n")
    (tmp_path / "a").write_text("x" * (FILES_BYTES - 2))
    assert load([path], LoadRequest("demo")).bundle is not None
    (tmp_path / "a").write_text("x" * (FILES_BYTES - 1))
    found = as_text(load([path], LoadRequest("demo")).diagnostics)
    assert "spec.files[1]: the files up to this one hold more than 256 KiB together" in found
    (tmp_path / "a").write_bytes(b"x" * (FILES_BYTES + 1))
    found = as_text(load([path], LoadRequest("demo")).diagnostics)
    assert "the file a: too large: 262145 bytes, where at most 262144 are read" in found
    (tmp_path / "a").write_bytes(b"\xff")
    found = as_text(load([path], LoadRequest("demo")).diagnostics)
    assert "the file a: not UTF-8" in found


def test_the_gateway_of_a_target() -> None:
    """Without `https` there is no port for it yet; without `acme` there is no public authority."""
    assert gateway("") == Gateway(8080, "haproxy:lts", "127.0.0.1", 0, None)
    found = gateway("http: 80, https: 443, acme: {root: ca.pem, email: ops@example.com}")
    directory = "https://acme-v02.api.letsencrypt.org/directory"
    assert found.https == 443
    assert found.acme == Acme(directory, "ops@example.com", FileSecret("/spec/ca.pem"))
    assert gateway("acme: {}").acme == Acme(directory)
