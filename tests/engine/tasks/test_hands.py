from __future__ import annotations

from threading import Event

import pytest

from gitops.engine.tasks.hands import Crew, Line


def test_work_is_done_at_the_same_time() -> None:
    """What ends first is given first, whenever it was begun."""
    go = Event()
    with Crew[str]() as crew:
        crew.begin("slow", lambda: "late" if go.wait(10) else "never")
        crew.begin("quick", lambda: "early")
        assert crew.next() == ("quick", "early")
        go.set()
        assert crew.next() == ("slow", "late")


def test_an_error_flies_where_it_is_waited_for() -> None:
    """A fault of one piece of work is raised when its turn comes, and ends no other."""

    def wrong() -> str:
        raise ValueError("a fault")

    with Crew[str]() as crew:
        crew.begin("wrong", wrong)
        with pytest.raises(ValueError, match="a fault"):
            crew.next()
        crew.begin("right", lambda: "done")
        assert crew.next() == ("right", "done")


def test_chores_are_done_one_after_the_other() -> None:
    """A line keeps its order, tells of errors to whoever waits, and is done when it is closed."""
    done: list[int] = []
    line, go = Line("chores"), Event()

    def first() -> None:
        go.wait(10)
        done.append(1)

    def wrong() -> None:
        raise OSError("a fault")

    line.add(first)
    failing = line.add(wrong)
    last = line.add(lambda: done.append(3))
    assert done == []
    go.set()
    with pytest.raises(OSError, match="a fault"):
        failing.result()
    line.close()
    last.result()
    assert done == [1, 3]
    Line("unused").close()
