from __future__ import annotations

from support.steps import EMPTY, INPUTS, start

from gitops.cli.pages.why import ago, page
from gitops.engine.decide import Decision
from gitops.engine.looks.seen import Glimpse
from gitops.engine.reports.why import Past, explain
from gitops.model.address import Address
from gitops.model.explanation import Explanation
from gitops.model.observed import ContainerState, EngineSnapshot, Observed, ObservedContainer
from gitops.model.outcomes import Found
from gitops.model.plan import Plan, Step
from gitops.model.records import EventRecord, EventType, Quarantine, StepRecord, StepState
from gitops.model.routes import ServerHealth
from gitops.model.wanted import Blocked, Wanted

SHOP = Address("WebApp", "shop")
TASK = Address("BuildTask", "shop")
NOON = 1_800_000_000.0
WHAT = "shop-2: the process ended"
DETAIL = (
    "cause: it exits at once\nwhat to do: correct it\nattempts: 2\nlast answer: refused\n"
    "exit code: 3\nlast log lines:\n  no database"
)
BAD = Blocked("DeployFailed", f"{WHAT}\n{DETAIL}", fatal=True)
FAILED = StepRecord(
    "run-1", 7, SHOP, "WaitHealthy", "to prove", StepState.STALLED, WHAT, DETAIL, NOON, NOON + 9
)  # fmt: skip
QUARANTINE = Quarantine("shop", SHOP, "hash", BAD.message, "run-1", NOON + 10)
LABELS = {
    "gitops.project": "shop",
    "gitops.kind": "WebApp",
    "gitops.name": "shop",
    "gitops.revision": "0523090aaa",
}
EMPTY_PAST = Past(known=True)
UP = ObservedContainer("1", "shop-1", "shop", "running", "Up 3 hours", LABELS, 1)


def decision(
    *steps: Step,
    blocked: Blocked | None = None,
    container: ObservedContainer | None = None,
    health: ServerHealth | None = None,
    address: Address = SHOP,
) -> Decision:
    """Return a decision about one resource: in sync, if nothing else is said."""
    settled = not steps and blocked is None
    plan = Plan(
        "shop", steps, {address: "it serves"} if settled else {},
        {address: blocked} if blocked else {}, {},
    )  # fmt: skip
    wanted = Wanted("shop", frozenset({address}), (), (), (), (), {}, frozenset())
    engine = EngineSnapshot((container,) if container else (), {}, frozenset())
    observed = Observed({"local": Found(engine)}, {}, {}, {"local": (health,) if health else ()})
    resources = {**EMPTY.resources, address: next(iter(EMPTY.resources.values()))}
    return Decision(EMPTY._replace(resources=resources), INPUTS, wanted, observed, plan)


def why(decided: Decision, past: Past = EMPTY_PAST, **looks: Glimpse) -> Explanation:
    """Return the page's content."""
    named = {name.replace("_", "-"): look for name, look in looks.items()}
    address = next(iter((*decided.plan.in_sync, *decided.plan.blocked, SHOP)))
    found = explain(decided, address, past, named)
    assert found is not None
    return found


def text(found: Explanation) -> str:
    """Return the page without colours."""
    return page(found, NOON + 130, color=False)


def test_all_is_well_in_two_lines() -> None:
    """What is ready takes two lines, and old failures are not told."""
    found = why(decision(container=UP), Past(FAILED, (), (), known=True))
    assert text(found).splitlines()[0] == "WebApp/shop is ready: it serves"
    assert len(text(found).splitlines()) == 2
    assert found.failure is None


def test_failed_deployment_is_told_in_full() -> None:
    """A bad version is told with its cause, answer, exit code, log, time, run and what to do."""
    past = Past(FAILED, ("from the step",), (QUARANTINE,), known=True)
    lines = text(why(decision(blocked=BAD, container=UP), past)).splitlines()
    head, _, retry = lines[0], lines.pop(0), lines.pop()
    assert head.startswith("WebApp/shop is not ready: DeployFailed: this version failed when it")
    assert head.endswith(", since 2027-01-15T08:00:10Z (2 min ago)")
    assert retry.endswith("gitops reconcile --retry WebApp/shop")
    assert lines[:-1] == [
        "",
        "running    shop-1 running (Up 3 hours), revision 0523090a",
        "",
        "failed     wait-healthy: shop-2: the process ended",
        "           2027-01-15T08:00:10Z (2 min ago), run run-1, step 7",
        "cause      it exits at once",
        "answer     refused",
        "exit code  3",
        "details    attempts: 2",
        "log        | no database",
        "",
        "what to do - correct it",
    ]


def test_failure_outlives_its_run() -> None:
    """When the run is forgotten, what is remembered of the bad version still tells all."""
    found = why(decision(blocked=BAD), Past(quarantines=(QUARANTINE,), known=True))
    assert found.failure is not None
    assert (found.failure.cause, found.failure.step) == ("it exits at once", 0)
    assert found.since == NOON + 10


def test_failed_build_quotes_its_log() -> None:
    """A failed build is told with the last lines of its log."""
    blocked = Blocked("BuildFailed", "RUN make: exit code 2", fatal=True)
    step = FAILED._replace(address=TASK, action="Build", reason="RUN make: exit code 2", detail="")
    found = why(decision(blocked=blocked, address=TASK), Past(step, ("no rule",), (), known=True))
    assert found.failure is not None
    assert found.failure.log == ("no rule",)
    assert "gitops logs BuildTask/shop has the whole log of the build" in found.todo


def test_failed_build_names_its_step() -> None:
    """The step of the Dockerfile that failed is the cause, and what it printed is quoted once."""
    message = "the build of shop failed\n > [2/2] RUN make:\nno rule"
    blocked = Blocked("BuildFailed", message, fatal=True)
    found = why(decision(blocked=blocked, address=TASK), Past(known=True))
    assert found.failure is not None
    assert found.failure.cause == "the step [2/2] RUN make failed"
    assert (found.failure.facts[-1], found.failure.log) == ("no rule", ())


def test_step_that_may_be_tried_again() -> None:
    """What is to be done and failed last time is told with that failure, explained."""
    step = FAILED._replace(
        state=StepState.RETRY, reason="no container", detail="write x: no space left on device"
    )
    found = why(decision(start(1)), Past(step, (), (), known=True))
    assert found.failure is not None
    assert found.failure.cause == "the disk of the engine's machine is full"
    assert "gitops reconcile" in found.todo
    assert found.next_step == "start c1: a test"


def test_container_that_stopped_is_diagnosed() -> None:
    """A container that does not run says why it ended, with its last lines."""
    gone = UP._replace(state="exited", status="Exited (137) 2 minutes ago")
    state = ContainerState("exited", 137, oom_killed=True, restarts=2, error="", memory=32 << 20)
    found = why(decision(start(1), container=gone), shop_1=Glimpse(state, ("eating",)))
    (one,) = found.running
    assert "more than its limit of 32Mi" in one.cause
    assert "raise resources.memory in the spec, or let the app use less" in found.todo
    shown = text(found)
    assert "shop-1 exited (Exited (137) 2 minutes ago), revision 0523090a, restarts: 2" in shown
    assert "| eating" in shown


def test_failure_of_other_inputs_is_not_told() -> None:
    """A bad version that is not wanted any more explains nothing about the one that is."""
    found = why(decision(start(1)), Past(FAILED, (), (QUARANTINE,), known=True))
    assert (found.failure, found.since) == (None, 0.0)


def test_restart_by_the_engine_is_explained() -> None:
    """One that runs again after the engine restarted it says why it had ended."""
    state = ContainerState("running", 137, oom_killed=True, restarts=1, error="", memory=32 << 20)
    found = why(decision(start(1), container=UP), shop_1=Glimpse(state, ()))
    assert found.running[0].cause.startswith("before its last restart: it ran out of memory")
    well = why(decision(container=UP), shop_1=Glimpse(state, ()))
    lines = text(well).splitlines()
    assert lines[1] == "shop-1: Up 3 hours, restarts: 1"
    assert lines[2].startswith("shop-1: before its last restart: it ran out of memory")


def test_memory_kill_outlives_a_start() -> None:
    """An engine that was told to start it counts no restart, but still knows of the kill."""
    state = ContainerState("running", 0, oom_killed=True, restarts=0, error="", memory=32 << 20)
    (one,) = why(decision(container=UP), shop_1=Glimpse(state, ())).running
    assert one.cause.startswith("before its last restart: it ran out of memory")


def test_memory_kill_that_only_we_know() -> None:
    """What was heard of a kill is told when the engine has forgotten it, also when all is well."""
    killed = EventRecord(
        1, "shop", SHOP, EventType.WARNING, "OutOfMemory", "shop-1: it ate", 3, NOON, NOON + 60, ""
    )
    state = ContainerState("running", 0, oom_killed=False, restarts=0, error="")
    past = Past(known=True, killed=killed)
    for steps in ((), (start(1),)):
        shown = text(why(decision(*steps, container=UP), past, shop_1=Glimpse(state, ())))
        (line,) = [one for one in shown.splitlines() if one.startswith("killed     ")]
        assert line.startswith("killed     shop-1: it ate; ")
        assert ", 3 times since " in line


def test_gateway_says_how_it_finds_it() -> None:
    """What the gateway's checks say of a container stands beside it."""
    down = ServerHealth("shop", "shop-1", False, 45.0, "HTTP status 500", 9, 9, 0, 1.0)  # noqa: FBT003 - of a record
    found = why(decision(start(1), container=UP, health=down))
    assert found.running[0].gateway == "down for 45 s: HTTP status 500"
    assert found.running[0].cause == "it fails its checks: HTTP status 500"


def test_no_memory_is_said() -> None:
    """Without a database it says that the history is not here."""
    assert "history    none on this machine" in text(why(decision(start(1)), Past()))


def test_unknown_resource_has_no_page() -> None:
    """What neither the specs nor the plan know is not explained."""
    assert explain(decision(), Address("WebApp", "other"), Past(), {}) is None


def test_ages() -> None:
    """An age is told in the largest unit of which there are two."""
    assert [ago(seconds) for seconds in (0, 1, 119, 120, 7200, 172800)] == [
        "0 s ago", "1 s ago", "119 s ago", "2 min ago", "2 h ago", "2 d ago",
    ]  # fmt: skip
