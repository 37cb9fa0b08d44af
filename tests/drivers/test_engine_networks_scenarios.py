"""Networks with addresses of ours, on a real engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, ip_network

import pytest
from engine_fixtures import ADDRESS, Lab, inspect, lab, laboratory

from gitops.drivers.base import DriverError, ErrorKind

pytestmark = pytest.mark.scenario
__all__ = ["lab"]


def ours(lab: Lab, number: int) -> str:
    """Return an address of the lab's network that is for containers."""
    return str(ip_network(lab.engine.subnet(lab.name))[number])


def address_of(lab: Lab, name: str) -> str:
    networks = inspect(lab, name)["NetworkSettings"]["Networks"]
    return str(networks[lab.name]["IPAddress"])  # type: ignore[index]


def test_container_keeps_its_address(lab: Lab) -> None:
    """A container keeps its address over stops and restarts, whoever joins the network then."""
    wanted = ours(lab, 2)
    name = lab.run("first", address=wanted)
    assert address_of(lab, name) == wanted
    lab.engine.stop(name, 0)
    stranger = lab.run("stranger")
    lab.engine.start(name)
    assert address_of(lab, name) == wanted
    assert lab.http.call("POST", f"/containers/{name}/restart?t=0").status == 204
    assert address_of(lab, name) == wanted
    assert IPv4Address(address_of(lab, stranger)) not in IPv4Network(lab.engine.subnet(lab.name))


def test_last_address_of_ours_can_be_used(lab: Lab) -> None:
    """The last address of the part that is ours is as good as the first."""
    last = ours(lab, -1)
    assert address_of(lab, lab.run(address=last)) == last


def test_taken_address_is_a_conflict(lab: Lab) -> None:
    """Two containers of one address cannot run at the same time, and the error says why."""
    lab.run("first", address=ours(lab, 2))
    with pytest.raises(DriverError, match="ddress already in use") as caught:
        lab.run("second", address=ours(lab, 2))
    assert caught.value.kind is ErrorKind.CONFLICT


def test_network_without_a_subnet_is_refused(lab: Lab) -> None:
    """A network of an earlier version has no addresses for us, and the error says what to do."""
    name = f"{lab.name}-plain"
    made = lab.http.call("POST", "/networks/create", {"Name": name})
    assert made.status == 201, made.message
    try:
        with pytest.raises(DriverError, match="gitops down") as caught:
            lab.engine.subnet(name)
        assert caught.value.kind is ErrorKind.INVALID
    finally:
        lab.engine.remove_network(name)


def test_missing_network_has_no_subnet(lab: Lab) -> None:
    """A network that is not there is MISSING."""
    with pytest.raises(DriverError, match=f"{lab.name}-gone") as caught:
        lab.engine.subnet(f"{lab.name}-gone")
    assert caught.value.kind is ErrorKind.MISSING


def test_taken_network_name_is_a_conflict(lab: Lab) -> None:
    """A network whose name is taken is a conflict, and leaves no other network behind."""
    with pytest.raises(DriverError, match=lab.name) as caught:
        lab.engine.create_network(lab.name, {})
    assert caught.value.kind is ErrorKind.CONFLICT
    assert lab.http.call("GET", f"/networks/{lab.name}.subnet").status == 404


def test_creation_that_was_cut_off_is_taken_up(lab: Lab) -> None:
    """A network that was to find a subnet, left by a process that died, is used and removed."""
    name = f"{lab.name}-again"
    lab.http.call("POST", "/networks/create", {"Name": f"{name}.subnet"})
    left = lab.http.call("GET", f"/networks/{name}.subnet").json()["IPAM"]["Config"][0]["Subnet"]  # type: ignore[index]
    lab.engine.create_network(name, {"a": "b"})
    try:
        made = lab.http.call("GET", f"/networks/{name}").json()
        assert made["IPAM"]["Config"][0]["Subnet"] == left  # type: ignore[index]
        assert made["Labels"] == {"a": "b"}  # type: ignore[index]
        assert lab.http.call("GET", f"/networks/{name}.subnet").status == 404
    finally:
        lab.engine.remove_network(name)


def test_networks_made_together_do_not_overlap() -> None:
    """Networks that are made at the same time each get a subnet of their own."""
    with laboratory() as lab, ThreadPoolExecutor() as pool:
        names = [f"{lab.name}-{number}" for number in range(4)]
        try:
            list(pool.map(lambda name: lab.engine.create_network(name, {}), names))
            subnets = [ip_network(lab.engine.subnet(name)) for name in names]
        finally:
            for name in names:
                lab.engine.remove_network(name)
    pairs = [(one, two) for one in subnets for two in subnets if one is not two]
    assert not any(one.overlaps(two) for one, two in pairs), ADDRESS
