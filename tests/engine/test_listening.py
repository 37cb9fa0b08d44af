from __future__ import annotations

from collections.abc import Sequence

from support.fakes import ScriptedEngine

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.deploys.listening import listeners, read_tables
from gitops.model.probing import Listener

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"
REST = "00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0"


def row(local: str, state: str = "0A") -> str:
    """Return a line of the table."""
    return f"   0: {local} 00000000:0000 {state} {REST}"


def table(*rows: str) -> str:
    """Return a whole table."""
    return "\n".join([HEAD, *rows])


class Shell(ScriptedEngine):
    """An engine whose containers print a text, or have no `cat`."""

    def __init__(self, text: str | None) -> None:
        super().__init__()
        self._text = text

    def execute(self, _container: str, _command: Sequence[str]) -> tuple[int, str]:
        """Print it."""
        if self._text is None:
            raise DriverError(ErrorKind.FAILED, "no such program")
        return 1, self._text


def test_listeners_of_both_families() -> None:
    """Ports of IPv4 and IPv6 are found, and whether they are open to others."""
    text = table(row("00000000:1F40"), row("0100007F:2328")) + "\n" + table(
        row("00000000000000000000000000000000:0BB8"), row("00000000000000000000000001000000:0050")
    )  # fmt: skip
    assert read_tables(text) == (
        Listener(80, loopback=True),
        Listener(3000, loopback=False),
        Listener(8000, loopback=False),
        Listener(9000, loopback=True),
    )


def test_port_on_all_addresses_is_open() -> None:
    """A port that listens for itself and for others is open to others."""
    found = read_tables(table(row("0100007F:1F40"), row("00000000:1F40")))
    assert found == (Listener(8000, loopback=False),)


def test_other_states_are_no_listeners() -> None:
    """A connection that is open is no listener, nor is the engine's own name server."""
    assert read_tables(table(row("00000000:1F40", "01"), row("0B00007F:9C41"))) == ()


def test_container_without_cat() -> None:
    """A container that cannot show its tables leaves it open, which is not the same as none."""
    assert listeners(Shell(None), "shop-1") is None
    assert listeners(Shell("cat: not found"), "shop-1") is None
    assert listeners(Shell(table()), "shop-1") == ()
