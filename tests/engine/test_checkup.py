from __future__ import annotations

from threading import Event

import pytest

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.looks import checkup
from gitops.model.checkup import EngineFacts, Grade, Holder, Space

GIB = 1024**3
FACTS = EngineFacts("unix:///run/e", "20.10.24", "1.41", "linux/amd64", "/data", 100.0, 100.0, ())


def test_look_that_hangs_is_left_behind() -> None:
    """A look that does not end is a TIMEOUT after the limit; the others keep their answers."""
    never = Event()

    def broken() -> int:
        raise DriverError(ErrorKind.DENIED, "no")

    found = checkup.bounded({"hangs": never.wait, "good": lambda: True, "bad": broken}, 0.2)
    never.set()
    assert found["good"] is True
    assert isinstance(found["hangs"], DriverError)
    assert (found["hangs"].kind, str(found["hangs"])) == (ErrorKind.TIMEOUT, "no answer in 0.2 s")
    assert isinstance(found["bad"], DriverError)
    assert found["bad"].kind is ErrorKind.DENIED


def test_bug_in_a_check_flies() -> None:
    """A fault of the program is not taken for a failed check."""

    def bug() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        checkup.bounded({"bug": bug}, 1.0)


@pytest.mark.parametrize(("api", "grade"), [("1.40", "failed"), ("1.41", "ok"), ("1.100", "ok")])
def test_engine_has_to_be_new_enough(api: str, grade: str) -> None:
    """An engine older than 20.10 fails the check; versions are compared as numbers."""
    assert checkup.engine(FACTS._replace(api=api)).grade == grade


@pytest.mark.parametrize(
    ("apart", "grade", "words"),
    [
        (0, "ok", "agree"),
        (5, "ok", "agree"),
        (6, "warning", "6 s ahead of"),
        (-90, "warning", "90 s behind"),
    ],
)
def test_clocks_have_to_agree(apart: float, grade: str, words: str) -> None:
    """More than five seconds between two clocks is a warning that says which is ahead."""
    verdict = checkup.clock(FACTS._replace(clock=100.0 + apart))
    assert verdict.grade == grade
    assert words in verdict.found


@pytest.mark.parametrize(
    ("free", "total", "grade"),
    [
        (3 * GIB, 20 * GIB, "ok"),
        (2 * GIB - 1, 4 * GIB, "warning"),
        (9 * GIB, 100 * GIB, "warning"),
        (0, 0, "warning"),
    ],
)
def test_disk_has_to_have_room(free: int, total: int, grade: str) -> None:
    """Less than 2 GiB, or less than a tenth, is a warning that says how to make room."""
    verdict = checkup.disk("/data", Space(free, total))
    assert verdict.grade == grade
    assert bool(verdict.mend) is (grade != "ok")


def test_taken_port_names_its_holder() -> None:
    """A port that a container has is named with that container, another's with how to find it."""
    holder = Holder("other", "", None, running=True, ports=frozenset({8080}))
    taken = checkup.port(8080, FACTS._replace(containers=(holder,)), free=False)
    assert taken.grade is Grade.FAILED
    assert "taken by container other" in taken.found
    process = checkup.port(8080, FACTS, free=False)
    assert process.grade is Grade.FAILED
    assert "ss -ltnp" in process.mend
    assert checkup.port(8080, FACTS, free=True).grade is Grade.OK
