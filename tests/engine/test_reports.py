from __future__ import annotations

from gitops.engine.reports.failures import Told, as_text, hook_text, read, with_cause
from gitops.model.probing import Diagnosis, Fault, GateReport, Trouble

CAUSE = Diagnosis("it exits at once", "correct it")
REPORT = GateReport(
    "shop-1",
    ended=True,
    seconds=0.1,
    attempts=2,
    port=80,
    last=Trouble("connection refused: nothing listens", Fault.REFUSED),
    exit_code=137,
    oom=True,
    error="no: such thing",
    log=("cause: of the app's own", "last log lines:", "  indented"),
)


def test_report_is_read_back() -> None:
    """What is kept for people can be read again, whatever the app wrote in its log."""
    assert read(as_text(REPORT, CAUSE)) == Told(
        cause="it exits at once",
        todo="correct it",
        answer="connection refused: nothing listens",
        exit_code="137",
        facts=(
            "attempts: 2",
            "killed by the kernel: out of memory (raise resources.memory)",
            "engine: no: such thing",
        ),
        log=REPORT.log,
    )


def test_hook_is_read_back() -> None:
    """A hook's failure is kept in the same form; one that never ended has no exit code."""
    assert read(hook_text(CAUSE, 3, ("bye",))) == Told(
        "it exits at once", "correct it", exit_code="3", log=("bye",)
    )
    late = read(hook_text(CAUSE, None, ()))
    assert (late.exit_code, late.facts) == ("", ("it logged nothing",))


def test_other_words_are_facts() -> None:
    """A driver's words are kept as they are, below the cause if one is known."""
    assert read("exec format error\nat line 3").facts == ("exec format error", "at line 3")
    told = read(with_cause(CAUSE, "exec format error"))
    assert (told.cause, told.facts) == ("it exits at once", ("exec format error",))
    assert with_cause(None, "as it is") == "as it is"
    assert read("") == Told()
