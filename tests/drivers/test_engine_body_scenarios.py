"""What a container is created from, and what its processes then find, on a real engine."""

from __future__ import annotations

import pytest
from engine_fixtures import Lab, eventually, inspect, lab

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.reader import DockerEngineReader
from gitops.model.secret import FileSecret, Secret
from gitops.model.wanted import EngineCheck
from gitops.model.webapp import Confinement, Tmpfs

pytestmark = pytest.mark.scenario
__all__ = ["lab"]

MEGABYTE = 1024 * 1024


def said(lab: Lab, name: str, script: str) -> str:
    """Return what a shell in a container prints."""
    code, output = lab.engine.execute(name, ("sh", "-c", script))
    assert code == 0, output
    return output.strip()


def test_container_is_confined(lab: Lab) -> None:
    """User, capabilities, read-only root, memory folders, hosts and init are as asked for."""
    confinement = Confinement(
        user="1000:1000",
        read_only=True,
        add=("NET_ADMIN",),
        drop=("ALL",),
        init=True,
        stop_signal="SIGUSR1",
        tmpfs=(Tmpfs("/scratch", 4 * MEGABYTE), Tmpfs("/more")),
        extra_hosts=(("db.internal", "10.1.2.3"), ("six.internal", "fd00::1")),
    )
    name = lab.run(confinement=confinement)
    assert said(lab, name, "id -u; id -g").split() == ["1000", "1000"]
    assert "Read-only file system" in said(lab, name, "touch /x 2>&1 || true")
    assert (
        said(lab, name, "touch /scratch/x /more/x; df -k /scratch | tail -1").split()[1] == "4096"
    )
    assert said(lab, name, "cat /proc/1/comm") in ("docker-init", "tini")
    hosts = [line.split() for line in said(lab, name, "cat /etc/hosts").splitlines()]
    assert ["10.1.2.3", "db.internal"] in hosts
    assert ["fd00::1", "six.internal"] in hosts
    made = inspect(lab, name)
    host = made["HostConfig"]
    assert (host["CapAdd"], host["CapDrop"]) == (["NET_ADMIN"], ["ALL"])
    assert made["Config"]["StopSignal"] == "SIGUSR1"


def test_defaults_are_safe(lab: Lab) -> None:
    """A container is not privileged and gains no privileges, whatever is not said about it."""
    made = inspect(lab, lab.run())
    host = made["HostConfig"]
    assert host["Privileged"] is False
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert not host["CapAdd"]
    assert said(lab, lab.name, "grep NoNewPrivs /proc/1/status").split()[1] == "1"


def test_variables_come_from_files(lab: Lab) -> None:
    """Variables of secret files reach the container, later files over earlier, its own over all."""
    base, more = FileSecret("/base.env"), FileSecret("/more.env")
    secrets = {base: Secret("A=base\nB=base\nC=base"), more: Secret("B=more\nC=more\nD=a $b #c")}
    wanted = lab.container(env_files=(base, more), env=(("C", "own"),))
    lab.engine.create_container(wanted, secrets)
    lab.engine.start(wanted.name)
    assert said(lab, wanted.name, 'echo "$A $B $C $D"') == "base more own a $b #c"


def test_file_of_variables_without_value_is_refused(lab: Lab) -> None:
    """A container whose file of variables could not be read is not created, and says which."""
    wanted = lab.container(env_files=(FileSecret("/gone.env"),))
    with pytest.raises(DriverError, match=r"file /gone\.env") as caught:
        lab.engine.create_container(wanted, {})
    assert caught.value.kind is ErrorKind.INVALID


def test_healthcheck_is_run_and_told(lab: Lab) -> None:
    """The engine runs the check that a container was given; state and snapshot tell the result."""
    check = EngineCheck(
        ("sh", "-c", "echo looked; test -e /ok"), interval=0.2, timeout=1.5, failures=2, grace=0
    )
    name = lab.run(check=check)
    made = inspect(lab, name)["Config"]["Healthcheck"]
    assert (made["Interval"], made["Timeout"], made["Retries"]) == (200_000_000, 1_500_000_000, 2)  # type: ignore[index, call-overload]
    assert lab.engine.state(name).health in ("starting", "unhealthy")
    eventually(lambda: lab.engine.state(name).health == "unhealthy")
    assert lab.engine.state(name).health_log == "looked\n"
    lab.engine.execute(name, ("touch", "/ok"))
    eventually(lambda: lab.engine.state(name).health == "healthy")
    seen = DockerEngineReader(lab.http).snapshot(lab.name).containers
    assert [one.health for one in seen if one.name == name] == ["healthy"]


def test_container_without_check_has_no_health(lab: Lab) -> None:
    """A container without a check has no health, in its state and in a snapshot."""
    name = lab.run()
    assert (lab.engine.state(name).health, lab.engine.state(name).health_log) == ("", "")
    seen = DockerEngineReader(lab.http).snapshot(lab.name).containers
    assert [one.health for one in seen if one.name == name] == [""]


def test_joined_network_is_shared(lab: Lab) -> None:
    """A container that joins another's network reaches it on the loopback."""
    first = lab.serve("first", "hello")
    second = lab.run("second", joins=first, aliases=("unused",))
    eventually(lambda: "hello" in said(lab, second, "wget -qO- 127.0.0.1:8000 || true"))


def test_further_networks_are_joined(lab: Lab) -> None:
    """A container is in its further networks too, under its aliases."""
    other = f"{lab.name}-other"
    lab.engine.create_network(other, {})
    try:
        server = lab.run(
            "server",
            networks=(other,),
            aliases=("web",),
            command=("sh", "-c", "echo hello > /index.html; exec httpd -f -p 8000 -h /"),
        )
        client = lab.run("client", network=other)
        eventually(lambda: "hello" in said(lab, client, "wget -qO- http://web:8000 || true"))
        assert set(inspect(lab, server)["NetworkSettings"]["Networks"]) == {lab.name, other}  # type: ignore[call-overload]
    finally:
        for name in ("server", "client"):
            lab.engine.remove(f"{lab.name}-{name}")
        lab.engine.remove_network(other)


def test_missing_further_network_leaves_nothing(lab: Lab) -> None:
    """A container whose further network is missing is not left, and the error names the network."""
    wanted = lab.container(networks=(f"{lab.name}-gone",))
    with pytest.raises(DriverError, match=f"network {lab.name}-gone.*docker network create") as got:
        lab.engine.create_container(wanted, {})
    assert got.value.kind is ErrorKind.MISSING
    for name in (wanted.name, f"{wanted.name}.new"):
        assert lab.http.call("GET", f"/containers/{name}/json").status == 404


def test_unfinished_container_does_not_have_the_name(lab: Lab) -> None:
    """A container that a killed process left between two networks is replaced by a whole one."""
    lab.run("it.new")
    other = f"{lab.name}-other"
    lab.engine.create_network(other, {})
    try:
        name = lab.run("it", networks=(other,))
        assert lab.http.call("GET", f"/containers/{name}.new/json").status == 404
        with pytest.raises(DriverError, match="in use") as caught:
            lab.run("it", networks=(other,))
        assert caught.value.kind is ErrorKind.CONFLICT
        assert lab.engine.state(name).state == "running"
    finally:
        lab.engine.remove(f"{lab.name}-it")
        lab.engine.remove_network(other)
